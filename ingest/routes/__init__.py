"""Routes: one small class a site whose asking needs a loop, a login or an opinion on the answer."""

from __future__ import annotations

from ingest.errors import UnknownName
from ingest.routes.answer import Answer, Route
from ingest.routes.data_miner import DataMiner
from ingest.routes.ercot_api import ErcotApi
from ingest.routes.ercot_mis import ErcotMis
from ingest.routes.ercot_site import ErcotSite
from ingest.routes.isone import IsoNe
from ingest.routes.mis import Mis
from ingest.routes.miso_reports import MisoReports
from ingest.routes.oasis import Oasis
from ingest.routes.spp_portal import SppPortal

ROUTES: dict[str, Route] = {
    "oasis": Oasis(),
    "data_miner": DataMiner(),
    "isone": IsoNe(),
    "mis": Mis(),
    "miso_reports": MisoReports(),
    "ercot_mis": ErcotMis(),
    "ercot_site": ErcotSite(),
    "ercot_api": ErcotApi(),
    "spp_portal": SppPortal(),
}

__all__ = ["ROUTES", "Answer", "Route", "route"]


def route(name: str) -> Route:
    """The route of that name.

    Raises:
        UnknownName: there is none.
    """
    try:
        return ROUTES[name]
    except KeyError:
        raise UnknownName("route", name, ROUTES) from None
