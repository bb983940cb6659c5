"""A lake beside simulated sites, driven as a user drives it, and what it must hold by an independent reading."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from oracle import contract, readers
from oracle.shell import Case, Row, stamps, unpack

import lake as public
from ingest import registry
from ingest.adopt import Adoption
from ingest.clock import market_days
from ingest.events import Request
from ingest.fetch import Session
from ingest.registry import Dataset, Feed, Road, Source
from ingest.routes import route
from ingest.simulator import Simulator
from lake import cli, pipeline
from lake.build import BuildReport, build
from lake.config import Settings
from lake.home import Lake
from lake.imports import import_files

ISOS = tuple(registry.sources())
DATASETS = [
    pytest.param(source.iso, name, id=f"{source.iso.lower()} {name}")
    for source in registry.sources().values()
    for name in source.datasets
]
# Datasets that feed no table, and why: everything else must go the whole way.
CONTROL = {("CAISO", "price_corrections"): "a list of trade dates to ask for again; it holds no price"}
TABULAR = [param for param in DATASETS if tuple(param.values) not in CONTROL]
TABLES = tuple(contract.PLACE)
# What is one quantity through all its stages: ISO, table, series.
SERIES = sorted(
    {
        (source.iso, feed.table, feed.series)
        for source in registry.sources().values()
        for dataset in source.datasets.values()
        for feed in dataset.feeds.values()
    }
)


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def pmp(*words: object, **environ: str) -> Said:
    """The command line in this process, from ``sys.argv`` to the exit code."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["pmp", *map(str, words)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(bool(end.code))
    said = Said(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in said.text, said.text
    return said


def source_word(dataset: Dataset) -> str:
    """The source's own name of a dataset, as its site and the simulator know it."""
    return dataset.source_name.split(" ")[0]


def is_newest_only(dataset: Dataset) -> bool:
    """Whether a source serves nothing of the past, as of a forecast only the newest one."""
    return all(road.retention.days == 0 for road in dataset.roads)


def servable_day(dataset: Dataset, usual: date, now: datetime) -> date:
    """A day that a dataset's first road serves: the usual one or the oldest; tomorrow where nothing past is served."""
    if is_newest_only(dataset):
        return now.date() + timedelta(days=1)
    kept = dataset.roads[0].retention.days
    return usual if kept is None else max(usual, now.date() - timedelta(days=kept))


def declared(*changed: Source) -> contextlib.AbstractContextManager[None]:
    """The registry with some ISOs changed, as if their YAML files had been edited."""

    @contextlib.contextmanager
    def patched() -> Iterator[None]:
        known = {**registry.sources(), **{source.iso: source for source in changed}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(registry, "sources", lambda folder=None: known)
            yield

    return patched()


def small(source: Source) -> Source:
    """The ISO with no request longer than a day where the site leaves the choice, and few hubs to ask for.

    Answers are small then; everything else is as declared.
    """
    few = {kind: dict(list(ids.items())[:1]) for kind, ids in source.locations.known.items()}
    return source.model_copy(
        update={
            "datasets": {name: _by_day(dataset) for name, dataset in source.datasets.items()},
            "locations": source.locations.model_copy(update={"known": few}),
        }
    )


def _by_day(dataset: Dataset) -> Dataset:
    roads = [
        road
        if road.ask.get("kind") or road.span in ("hour", "year")
        else road.model_copy(update={"span": "day"})
        for road in dataset.roads
    ]
    # What began after the days of these tests is told as if it had begun before them.
    since = dataset.since and min(dataset.since, date(2025, 1, 1))
    return dataset.model_copy(update={"roads": roads, "since": since})


def thin(source: Source, files: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """CSV files with the rows of a few locations only; archives and files without locations as they are."""
    ids = {key for known in source.locations.known.values() for key in list(known)[:1]}
    found = []
    for name, content in files:
        header, *lines = content.splitlines(keepends=True)
        titles = header.decode(errors="replace").replace('"', "").strip().split(",")
        place = next((titles.index(title) for title in ("pnode_id", "PTID") if title in titles), None)
        if place is None or "Time Zone" in titles:
            found.append((name, content))
            continue
        at = [line.decode().split(",")[place].strip('"\r\n') for line in lines]
        wanted = ids & set(at) or set(at[:2])
        kept = [line for line, key in zip(lines, at, strict=True) if key in wanted]
        found.append((name, b"".join([header, *kept])))
    return found


def feeds(source: Source, table: str, series: str) -> Iterator[tuple[Dataset, Feed]]:
    """The feeds of a series, with their datasets."""
    for dataset in source.datasets.values():
        for feed in dataset.feeds.values():
            if (feed.table, feed.series) == (table, series):
                yield dataset, feed


class World:
    """A lake and the simulated sites on one clock. ``now`` moves both; ``accounts`` are a user's credentials."""

    def __init__(
        self, folder: Path, sim: Simulator | None, now: datetime, accounts: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.accounts = accounts or {}
        self.sim = sim
        self._patch = pytest.MonkeyPatch()
        self.now = now

    def __enter__(self) -> World:
        self.lake.store.check()
        pipeline.open_lake(self.lake)
        return self

    def __exit__(self, *_: object) -> None:
        if "reader" in self.__dict__:
            self.reader.close()
        self.lake.close()
        self._patch.undo()

    @cached_property
    def lake(self) -> Lake:
        return Lake(Settings(uri=str(self.folder), memory_limit="500MB", threads=2))

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, instant: datetime) -> None:
        self._now = instant
        self._patch.setenv("LAKE_NOW", instant.isoformat())
        if self.sim is not None:
            self.sim.now = instant

    @property
    def environ(self) -> dict[str, str]:
        """What a user's environment would say."""
        url = self.sim.url if self.sim else "http://127.0.0.1:9"
        return {
            **{f"LAKE_SOURCE_{iso}": url for iso in ISOS},
            **self.accounts,
            "LAKE_URI": str(self.folder),
            "LAKE_PACE_DIR": os.environ["LAKE_PACE_DIR"],
            "LAKE_NOW": self.now.isoformat(),
        }

    def pmp(self, command: str, *words: object, **environ: str) -> Said:
        """A command line as a user types it, with this lake and these sites in the environment."""
        return pmp(*shlex.split(command), *words, **{**self.environ, **environ})

    def picked(self, iso: str, names: Iterable[str] | None, scope: str) -> tuple[Source, list[Dataset]]:
        source = registry.source(iso)
        if names is None:
            return source, [one for one in source.datasets.values() if scope in one.scopes]
        return source, [source.dataset(name) for name in names]

    def ingest(
        self, iso: str, first: date, last: date, names: Iterable[str] | None = None, scope: str = "hubs"
    ) -> pipeline.IngestReport:
        source, datasets = self.picked(iso, names, scope)
        return pipeline.ingest(self.lake, source, datasets, first, last, scope, self.environ)  # type: ignore[arg-type]

    def download(
        self, iso: str, first: date, last: date, names: Iterable[str] | None = None, scope: str = "hubs"
    ) -> pipeline.IngestReport:
        source, datasets = self.picked(iso, names, scope)
        return pipeline.download(self.lake, source, datasets, first, last, scope, self.environ)  # type: ignore[arg-type]

    def build(self, iso: str, names: Iterable[str] | None = None) -> BuildReport:
        source = registry.source(iso)
        datasets = [source.dataset(name) for name in names] if names else list(source.datasets.values())
        return build(self.lake, source, datasets)

    def take(
        self, iso: str, dataset: str | None, paths: Iterable[Path], published_at: datetime | None = None
    ) -> Adoption:
        """Import files."""
        source = registry.source(iso)
        known = source.dataset(dataset) if dataset else None
        return import_files(self.lake, source, known, list(paths), published_at)

    @cached_property
    def reader(self) -> duckdb.DuckDBPyConnection:
        """One open session for all looks: it must follow every commit."""
        return public.connect(uri=str(self.folder), memory_limit="500MB", threads=2)

    def query(self, sql: str, **values: Any) -> list[Row]:
        result = self.reader.execute(sql, values or None)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def rows(self, iso: str, table: str, where: str = "true", **values: Any) -> list[Row]:
        """Rows of a table in every version."""
        return self.query(f"SELECT * FROM market.{table}_all WHERE iso = '{iso}' AND {where}", **values)

    def series(self, iso: str, table: str, series: str) -> list[Row]:
        """The rows of one series, told by the folder of the data file they came in."""
        datasets = [dataset.name for dataset, _ in feeds(registry.source(iso), table, series)]
        market = next(feed.market for _, feed in feeds(registry.source(iso), table, series))
        places = " OR ".join(f"data_source LIKE 'raw/{iso.lower()}/{name}/%'" for name in datasets)
        side = f"market_type = '{market}' AND " if market else ""
        return self.rows(iso, table, f"{side}({places})")

    def snapshots(self) -> dict[str, int]:
        """How many snapshots each market table has."""
        return {name: len(self.lake.catalog.table(self.lake.contracts[name]).snapshots()) for name in TABLES}

    def seen(self, iso: str, names: Iterable[str]) -> list[Row]:
        """Every good observation of raw objects, as the ledger tells it."""
        rows = self.query(
            "SELECT DISTINCT dataset, road, raw_key, coalesce(published_at, fetched_at) AS known_at, scope, "
            "published_at_basis AS basis "
            "FROM meta.raw_files WHERE iso = $iso AND status = 'ok' AND raw_key IS NOT NULL",
            iso=iso,
        )
        wanted = set(names)
        return [row for row in rows if row["dataset"] in wanted]

    def case(self, raw_key: str) -> Case:
        """A raw object, its archive opened, as the source served it."""
        content = (self.folder / raw_key).read_bytes()
        name = raw_key.rsplit("/", 1)[-1].split("_", 1)[-1]
        if content[:4] == b"\x28\xb5\x2f\xfd":
            content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
        return Case(raw_key, dict(unpack(name.removesuffix(".zst"), content)), stamps(content))

    def told(self, iso: str, table: str, series: str, leave_out: Iterable[str] = ()) -> list[Row]:
        """What the table must hold of a series: every landed raw object read independently, versions numbered."""
        source = registry.source(iso)
        own = list(feeds(source, table, series))
        wholes = {
            row["raw_key"]
            for row in self.query("SELECT raw_key FROM meta.raw_files WHERE scope = 'all' OR road = 'import'")
        }
        order = source.stage_order(series)
        tellings = []
        for dataset, feed in own:
            for row in self.seen(iso, [dataset.name]):
                if row["raw_key"] in set(leave_out):
                    continue
                rows = read(source, dataset, feed, self.case(row["raw_key"]))
                if row["raw_key"] not in wholes:
                    rows = [one for one in rows if _is_hub(source, one)]
                known_at = row["known_at"].astimezone(UTC)
                tellings.append(
                    contract.Telling(
                        row["raw_key"], known_at, order.index(feed.stage), rows, row["basis"] or "fetch"
                    )
                )
        feed = own[0][1]
        market = contract.Market(iso, table, feed.market, feed.interval_minutes, source.clock, feed.stamp)
        return contract.contract_rows(market, tellings)


def read(source: Source, dataset: Dataset, feed: Feed, case: Case) -> list[Row]:
    """The published rows of a raw object for one feed, by an independent reader."""
    known = {key: kind for kind, ids in source.locations.known.items() for key in ids}
    return readers.published(source.iso, source_word(dataset), feed.table, feed.market, case, known)


def _is_hub(source: Source, row: Row) -> bool:
    kind = row.get("settlement_location_type")
    return kind is None or kind in source.locations.hub_types


def assert_equal_rows(rows: Sequence[Row], expected: Sequence[Row], columns: Sequence[str]) -> None:
    """Both sides hold the same rows, in every column, to the last bit."""
    held = Counter(tuple(row[name] for name in columns) for row in rows)
    true = Counter(tuple(row.get(name) for name in columns) for row in expected)
    missing, invented = list((true - held).elements()), list((held - true).elements())
    words = f"{len(missing)} missing, {len(invented)} invented of {len(expected)}"
    assert not missing, f"{words}\n{missing[:3]}\n{invented[:3]}"
    assert not invented, f"{words}\n{invented[:3]}"


def columns_of(world: World, table: str) -> list[str]:
    return [column.name for column in world.lake.contracts[table].columns]


def assert_series(world: World, iso: str, table: str, series: str, leave_out: Iterable[str] = ()) -> int:
    """The table holds of a series what its raw objects say, row for row; how many rows that are."""
    expected = world.told(iso, table, series, leave_out)
    assert_equal_rows(world.series(iso, table, series), expected, columns_of(world, table))
    return len(expected)


def served(
    sim: Simulator, source: Source, dataset: Dataset, road: Road, day: date
) -> list[tuple[str, bytes]]:
    """What a site serves for one day of a dataset, as files: name and bytes."""
    environ = {f"LAKE_SOURCE_{source.iso}": sim.url, "LAKE_PACE_DIR": os.environ["LAKE_PACE_DIR"]}
    found = []
    with Session(source, environ) as session:
        for part in road.parts:
            request = Request(
                source.iso, dataset.name, road.name, market_days(day, day, source.clock), "all", part
            )
            for answer in route(road.route).fetch(request, road, dataset, source, session):
                if answer.download is not None:
                    found.append((answer.file_name, answer.download.path.read_bytes()))
    return found


def written(folder: Path, files: Iterable[tuple[str, bytes]], prefix: str = "") -> list[Path]:
    """Files on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files:
        path = folder / f"{prefix}{name}"
        path.write_bytes(content)
        paths.append(path)
    return paths


def statuses(events: Iterable[Any]) -> Mapping[str, int]:
    """How many events of each status."""
    return Counter(str(event.status) for event in events)


def stamp(text: str) -> datetime:
    """An instant in UTC: ``2026-11-20 08:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
