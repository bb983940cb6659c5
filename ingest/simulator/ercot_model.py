"""NP4-160-SG: the archive of each load of the network model. Here the model is loaded every evening."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import lists
from ingest.simulator.answers import Member, with_extra_column, zipped
from ingest.simulator.world import CENTRAL, World

NUMBER, NAME = "10008", "NP4-160-SG"
DAYS_SHOWN = 31
_AT = time(17, 46, 25)
_NOIE = "PHYSICAL_LOAD,NOIE,VOLTAGE_NAME,SUBSTATION,ELECTRICAL_BUS\r\nSIM_T1X,LZ_AEN,138,SUB000,BUS0000\r\n"


def loaded(day: date) -> datetime:
    """When the model of a day is loaded, and its archive published."""
    return datetime.combine(day, _AT, ZoneInfo(CENTRAL))


def shown(world: World) -> Iterator[date]:
    """The days whose archives are displayed now, newest first."""
    today = clock.local_date(world.now, CENTRAL)
    for back in range(DAYS_SHOWN + 1):
        if loaded(today - timedelta(days=back)) <= world.now:
            yield today - timedelta(days=back)


def archive(day: date, world: World, drifted: bool) -> bytes:
    """The archive of a day: the buses, and what municipal utilities take where."""
    revision = world.revisions.current("ERCOT", NAME, day)
    stamp = loaded(day).replace(tzinfo=None)
    text = lists.LISTS["ERCOT", NAME].text(world.nodes, revision)
    text = with_extra_column(text, "\r\n") if drifted else text
    names = (("Settlement_Points", text), ("NOIE_Mapping", _NOIE))
    return zipped(Member(f"{name}_{stamp:%m%d%Y_%H%M%S}.csv", one.encode(), stamp) for name, one in names)
