"""The simulator as an object: start it, look at what was asked, correct prices, break things."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Thread
from types import TracebackType
from typing import Self

from ingest import clock
from ingest.simulator import (
    caiso_site,
    ercot_api,
    ercot_site,
    expected,
    isone_site,
    miso_archives,
    nyiso_site,
    pjm_site,
    spp_site,
)
from ingest.simulator.faults import Fault, FaultBook, Kind, Stall
from ingest.simulator.pace import Pace, PaceKeeper
from ingest.simulator.prices import DOLLAR
from ingest.simulator.revisions import Revision
from ingest.simulator.server import Board, Seen, Server, Site
from ingest.simulator.world import World

HOSTS: Mapping[str, Site] = {
    "oasis.caiso.com": caiso_site.answer,
    "api.pjm.com": pjm_site.answer,
    "dataminer2.pjm.com": pjm_site.answer_settings,
    "www.ercot.com": ercot_site.answer,
    "api.ercot.com": ercot_api.answer,
    "ercotb2c.b2clogin.com": ercot_api.answer_login,
    "www.iso-ne.com": isone_site.answer_report,
    "webservices.iso-ne.com": isone_site.answer_service,
    "docs.misoenergy.org": miso_archives.answer,
    "mis.nyiso.com": nyiso_site.answer,
    "portal.spp.org": spp_site.answer,
}

# What may be corrected, by the source's own names; a folder stands for every file in it.
CORRECTABLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "CAISO": caiso_site.CORRECTABLE,
    "ERCOT": ercot_site.CORRECTABLE,
    "PJM": pjm_site.CORRECTABLE,
    "ISONE": isone_site.CORRECTABLE,
    "MISO": miso_archives.CORRECTABLE,
    "NYISO": nyiso_site.CORRECTABLE,
    "SPP": spp_site.CORRECTABLE,
}


class Simulator:
    """Every simulated site on one port of localhost.

    ``now`` freezes the clock (otherwise ``LAKE_NOW``, otherwise the real time); ``nodes`` is the number of
    synthetic nodes of each market. ``pace`` is what ``/pace.json`` declares per host; ``enforced_pace``
    answers 429 to whoever is faster, and is declared too where ``pace`` says nothing. ``keys`` are accepted
    beside the public subscription key and the one in ``PJM_API_KEY``.
    """

    def __init__(
        self,
        now: datetime | None = None,
        nodes: int = 25,
        *,
        port: int = 0,
        pace: Mapping[str, Pace] | None = None,
        enforced_pace: Mapping[str, Pace] | None = None,
        keys: Iterable[str] = (),
    ) -> None:
        self._now = _in_utc(now)
        self.world = World(lambda: self.now, nodes, keys=_keys(keys))
        enforced = dict(enforced_pace or {})
        declared = {host: Pace() for host in HOSTS} | enforced | dict(pace or {})
        self.faults = FaultBook()
        self._board = Board(self.world, HOSTS, self.faults, declared, PaceKeeper(enforced))
        self._port = port
        self._server: Server | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen, in a thread of this process."""
        self._server = Server(self._port, self._board)
        self._port = int(self._server.server_address[1])
        self.world.url = self.url
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close the connections. A second start listens on the same port."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    @property
    def url(self) -> str:
        """What ``LAKE_SOURCE_<ISO>`` must say."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[Seen]:
        """Every request so far, but not those for ``/pace.json``."""
        return self._board.requests

    @property
    def connections(self) -> list[object]:
        """The connections that clients keep open."""
        return [] if self._server is None else list(self._server.connections)

    @property
    def now(self) -> datetime:
        """The simulator's clock, in UTC. Set it to freeze it."""
        return self._now or clock.now()

    @now.setter
    def now(self, instant: datetime) -> None:
        self._now = _in_utc(instant)

    def correct(
        self,
        iso: str,
        dataset: str,
        day: date,
        *,
        amount: Decimal | str | int = "1.25",
        locations: Iterable[str] | None = None,
        hours: Iterable[int] | None = None,
        identical: bool = False,
        drop: Iterable[str] = (),
        add: Iterable[str] = (),
    ) -> Revision:
        """Publish a delivery day again with other prices, from now on.

        ``amount`` in dollars is added, to what was first published, in the congestion part and so in the
        total (in a reserve price: to the price). ``identical`` publishes the same prices as another version,
        which only a source with version numbers shows. ``drop`` and ``add`` are local clock stamps
        (``13:06:38``) of runs off the grid.

        Raises:
            ValueError: the ISO or the dataset cannot be corrected; the known ones are listed.
        """
        change = Revision(
            amount=0 if identical else int(Decimal(amount) * DOLLAR),
            locations=None if locations is None else frozenset(locations),
            hours=None if hours is None else frozenset(hours),
            dropped=frozenset(drop),
            added=frozenset(add),
            at=self.now,
        )
        for name in _correctable(iso, dataset):
            before = self.world.revisions.current(iso.upper(), name, day)
            revision = replace(before, at=self.now) if identical else change
            self.world.revisions.add(iso.upper(), name, day, revision)
        return change

    def uncorrect(self, iso: str, dataset: str, day: date) -> None:
        """Publish a corrected day again as it was before its last correction: A, B, A."""
        for name in _correctable(iso, dataset):
            history = self.world.revisions.history(iso.upper(), name, day)
            if len(history) > 1:
                self.world.revisions.add(iso.upper(), name, day, replace(history[-2], at=self.now))

    def fail(
        self, host: str, kind: Kind, times: int | None = 1, match: str | None = None, retry_after: int = 1
    ) -> Fault:
        """Put a fault in the host's queue; ``match`` is sought in the path and the decoded query."""
        _known("host", host, HOSTS)
        return self.faults.add(Fault(host, kind, times, match, retry_after))

    def stall(self, host: str, after_bytes: int = 0, match: str | None = None) -> Stall:
        """Hold the next matching answer after so many bytes of its body; see :class:`Stall`."""
        _known("host", host, HOSTS)
        return self.faults.add_stall(Stall(host, after_bytes, match))

    def heal(self) -> None:
        """Forget every fault and let go of every stall."""
        self.faults.clear()

    def expected(self, iso: str, dataset: str, location: str, instant: datetime) -> dict[str, str]:
        """The numbers that the source prints now for a location at an instant, corrections included."""
        return expected.printed(iso, dataset, location, instant, revisions=self.world.revisions)


def _keys(more: Iterable[str]) -> frozenset[str]:
    own = os.environ.get("PJM_API_KEY")
    return frozenset({pjm_site.PUBLIC_KEY, *more, *([own] if own else [])})


def _in_utc(instant: datetime | None) -> datetime | None:
    if instant is None:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _known(kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise ValueError(f"{kind} '{name}' is not known. Known: {', '.join(sorted(known))}.")


def _correctable(iso: str, dataset: str) -> tuple[str, ...]:
    _known("ISO", iso.upper(), CORRECTABLE)
    names = CORRECTABLE[iso.upper()]
    _known("dataset", dataset, names)
    return names[dataset]
