"""What the ingest tests share: small registries of three sites, a remembering sink, a bench around them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ingest.clock import market_days
from ingest.events import Event, Request, Status
from ingest.fetch import Session
from ingest.land import Landing, land
from ingest.registry import Source
from ingest.simulator import Simulator, ercot_api
from ingest.storage import Store

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
# Where no stand-in declares a pace (a dead address, a plain proxy), the registry's holds.
FAST = {"requests": 1000, "seconds": 1, "first_wait_seconds": 0.01, "max_wait_seconds": 0.05}


def dataset(name: str, roads: Sequence[Mapping[str, Any]], **words: Any) -> dict[str, Any]:
    """A registry entry with the least that the models ask for."""
    return {
        "name": name,
        "title": name,
        "source_name": name,
        "data_type": "lmp",
        "market": "DA",
        "interval_minutes": 60,
        "published": {"day": -1, "at": "13:00"},
        "roads": [{"brings": "hubs", "span": "day", "megabytes": 1, **road} for road in roads],
        **words,
    }


def source(
    iso: str, clock: str, hosts: Mapping[str, Any], known: Mapping[str, Any], *entries: dict[str, Any]
) -> Source:
    """An ISO with the least that the models ask for."""
    return Source.model_validate(
        {
            "iso": iso,
            "title": iso,
            "clock": clock,
            "regions": "",
            "data_since": "2000-01-01",
            "terms": {"redistribute": "unknown", "note": ""},
            "locations": {"hub_types": ["HUB"], "known": known},
            "hosts": hosts,
            "datasets": {entry["name"]: entry for entry in entries},
        }
    )


PRC_LMP = {
    "path": "SingleZip",
    "queryname": "PRC_LMP",
    "market_run_id": "DAM",
    "version": "12",
    "resultformat": "6",
}
HUBS = {"TH_NP15_GEN-APND": "NP15", "TH_SP15_GEN-APND": "SP15", "TH_ZP26_GEN-APND": "ZP26"}


def caiso(hubs: Mapping[str, str] = HUBS, **words: Any) -> Source:
    """OASIS: the node query, the day's group, and the list of corrections."""
    node = {"name": "node", "route": "oasis", "host": "oasis", "retention": {"months": 39}}
    group = {
        "name": "group",
        "route": "oasis",
        "host": "oasis",
        "brings": "all",
        "ask": {"path": "GroupZip", "groupid": "DAM_LMP_GRP", "version": "12", "resultformat": "6"},
    }
    listed = {
        "name": "group",
        "route": "oasis",
        "host": "oasis",
        "ask": {"path": "GroupZip", "groupid": "PRC_CORR_GRP", "version": "1", "resultformat": "6"},
    }
    return source(
        "CAISO",
        "America/Los_Angeles",
        {"oasis": {"base": "https://oasis.caiso.com", "pace": FAST}},
        {"HUB": hubs},
        dataset("da_energy_hourly", [{**node, "ask": {**PRC_LMP, "node": "@hubs"}}, group], **words),
        dataset("corrections", [listed], data_type="control", published={"day": 1, "at": "00:00"}),
    )


def pjm(page_rows: str = "50000", **words: Any) -> Source:
    """Data Miner: a feed by type, by id, and whole."""
    road = {"route": "data_miner", "host": "api"}
    feed = {"feed": "da_hrl_lmps", "page_rows": page_rows}
    return source(
        "PJM",
        "America/New_York",
        {
            "api": {"base": "https://api.pjm.com", "pace": FAST, "credential": "PJM_API_KEY"},
            "site": {"base": "https://dataminer2.pjm.com", "pace": FAST},
        },
        {"HUB": {"51288": "WESTERN HUB", "51217": "EASTERN HUB"}, "ZONE": {"1": "PJM-RTO"}},
        dataset(
            "da_energy_hourly",
            [
                {**road, "name": "types", "ask": {**feed, "type": "@part"}, "parts": ["HUB", "ZONE"]},
                {**road, "name": "pnodes", "ask": {**feed, "pnode_id": "@hubs"}},
                {**road, "name": "all", "brings": "all", "ask": feed},
            ],
            **words,
        ),
    )


def nyiso(market: str = "DA", **words: Any) -> Source:
    """MIS: a daily file and a monthly zip, of the day-ahead or the real-time market."""
    files = (
        {"folder": "damlbmp", "stem": "damlbmp_zone"}
        if market == "DA"
        else {"folder": "rtlbmp", "stem": "rtlbmp_zone"}
    )
    road = {"route": "mis", "host": "mis"}
    timing = {"day": -1, "at": "11:00"} if market == "DA" else {"day": 1, "at": "00:30"}
    return source(
        "NYISO",
        "America/New_York",
        {"mis": {"base": "http://mis.nyiso.com", "pace": FAST}},
        {"ZONE": {"61752": "WEST"}},
        dataset(
            "energy",
            [
                {**road, "name": "daily", "ask": {**files, "kind": "daily"}, "retention": {"days": 9}},
                {**road, "name": "monthly", "span": "month", "ask": {**files, "kind": "monthly"}},
            ],
            market=market,
            published=timing,
            **words,
        ),
    )


@dataclass
class MemorySink:
    """A ledger in memory that remembers its writes one by one."""

    run_id: str = "run"
    writes: list[list[Event]] = field(default_factory=list)
    ids: int = 0

    def next_id(self) -> str:
        self.ids += 1
        return f"{self.run_id}-{self.ids:05d}"

    def write(self, events: Sequence[Event]) -> None:
        self.writes.append(list(events))

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.writes for event in batch]

    def latest(self, request: Request, part: str) -> Event | None:
        """The newest observation of the same request that names a raw object."""
        return next(
            (
                event
                for event in reversed(self.events)
                if (event.dataset, event.road, event.part) == (request.dataset, request.road, part)
                and event.raw_key
                and event.period_start is not None
                and event.period_end is not None
                and request.period.start <= event.period_start
                and event.period_end <= request.period.end
            ),
            None,
        )


def accounts(*sources: Source) -> dict[str, str]:
    """What every host that wants an account is told; the simulated ones know any."""
    hosts = [host for source in sources for host in source.hosts.values() if host.credentials]
    names = [name for host in hosts for name in host.credentials.variables]  # type: ignore[union-attr]
    return {name: ercot_api.ACCOUNT.get(name, f"simulated-{name.lower()}") for name in names}


@dataclass
class Bench:
    """One ISO's registry, a lake's store and ledger, and the simulator behind the wire."""

    source: Source
    sim: Simulator | None
    folder: Path
    url: str = ""
    sink: MemorySink = field(default_factory=MemorySink)
    slept: list[float] = field(default_factory=list)
    sleep: Callable[[float], None] | None = None
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = Store(str(self.folder / "lake"))
        if self.sim is not None:
            self.url = self.sim.url

    @property
    def environ(self) -> dict[str, str]:
        return {
            f"LAKE_SOURCE_{self.source.iso}": self.url,
            "LAKE_PACE_DIR": str(self.folder / "pace"),
            "LAKE_TEMP_DIR": str(self.folder / "temp"),
            **accounts(self.source),
            **self.extra,
        }

    def session(self) -> Session:
        return Session(self.source, self.environ, sleep=self.sleep or self.slept.append)

    def request(
        self, first: date, last: date | None = None, road: str = "", name: str = "", **words: str
    ) -> Request:
        entry = self.source.dataset(name) if name else next(iter(self.source.datasets.values()))
        period = market_days(first, last or first, self.source.clock)
        return Request(
            self.source.iso,
            entry.name,
            road or entry.roads[0].name,
            period,
            words.get("scope", "hubs"),
            words.get("part", ""),
        )

    def land(self, *requests: Request, on_step: Callable[[str], None] | None = None) -> Landing:
        with self.session() as session:
            return land(
                requests, self.source, self.store, self.sink, session, self.sink.latest, on_step=on_step
            )

    @property
    def raw(self) -> list[str]:
        return self.store.list("raw")


def statuses(landing: Landing) -> list[Status]:
    """The statuses of a landing's events, in order."""
    return [event.status for event in landing.events]


class FileSink:
    """A ledger in a folder: what it was told survives the process."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self.run_id = run_id
        self._store = Store(str(folder))
        self._count = 0

    def next_id(self) -> str:
        self._count += 1
        return f"{self.run_id}-{self._count:05d}"

    def write(self, events: Sequence[Event]) -> None:
        lines = json.dumps([event.as_record() for event in events])
        self._store.write_bytes(f"{self.run_id}/{events[0].event_id}.json", lines.encode())

    def told(self) -> list[dict[str, Any]]:
        """Every event of every run, in order."""
        return [event for key in self._store.list() for event in json.loads(self._store.read_bytes(key))]
