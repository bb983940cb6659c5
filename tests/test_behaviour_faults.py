"""What a site does wrong, for every dataset of the registry: throttles, silence, empty files, new columns."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from behaviour_kit import DATASETS, ISOS, NEEDED, TABLES, TABULAR, World, served, stamp, written
from ingest_kit import MemorySink
from registry_kit import as_text, declared, is_list, servable_day, small

from catalog.contract import sql_folder
from ingest import registry
from ingest.clock import first_of_span
from ingest.credentials import closed_hosts
from ingest.events import INCOMPLETE, Event, Status
from ingest.fetch import Session
from ingest.land import land
from ingest.plan import plan
from ingest.registry import Dataset, Shape, Source
from ingest.simulator import Simulator
from ingest.storage import Store
from lake import chunks, engine, workshop

NOW = stamp("2025-11-20 08:00")
# Within reach of every road: near-live feeds are kept for days only, others come out weeks later.
DAYS = {False: date(2025, 11, 14), True: date(2025, 10, 8)}


@pytest.fixture(scope="module")
def site() -> Iterator[Simulator]:
    with (
        declared(*(small(source) for source in registry.sources().values())),
        Simulator(now=NOW, nodes=2) as running,
    ):
        yield running


@pytest.fixture(autouse=True)
def _healthy(site: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())
    site.now = NOW
    yield
    site.heal()


def day_of(dataset: Dataset) -> date:
    """A day that a dataset's first road serves at NOW."""
    return servable_day(dataset, DAYS[dataset.published.day > 30], NOW)


def host_of(source: Source, dataset: Dataset) -> str:
    return urlsplit(source.hosts[dataset.roads[0].host].base).netloc


def asked(sim: Simulator, source: Source, dataset: Dataset, folder: Path) -> list[Event]:
    """What comes of asking for one day of a dataset."""
    day, scope = day_of(dataset), dataset.scopes[0]
    sink = MemorySink()
    environ = {f"LAKE_SOURCE_{source.iso}": sim.url, "LAKE_PACE_DIR": str(folder / "pace"), **NEEDED}
    job = plan(source, [dataset], day, day, scope, NOW, closed=closed_hosts(source, environ))
    assert job.requests
    with Session(source, environ, sleep=lambda seconds: None) as session:
        land(job.requests, source, Store(str(folder / "lake")), sink, session, sink.latest)
    return sink.events


@pytest.mark.parametrize("kind", ["throttle_429", "aup_html", "throttle_text"])
@pytest.mark.parametrize(("iso", "dataset"), DATASETS)
def test_a_throttle_is_never_an_empty_day(
    site: Simulator, iso: str, dataset: str, kind: str, tmp_path: Path
) -> None:
    source = registry.source(iso)
    entry = source.dataset(dataset)
    site.fail(host_of(source, entry), kind, times=None)  # type: ignore[arg-type]
    told = {event.status for event in asked(site, source, entry, tmp_path)}
    assert told <= {Status.THROTTLED, Status.NOT_ASKED}
    assert told <= INCOMPLETE


@pytest.mark.parametrize(("iso", "dataset"), DATASETS)
def test_nothing_is_believed_only_where_there_may_be_nothing(
    site: Simulator, iso: str, dataset: str, tmp_path: Path
) -> None:
    source = registry.source(iso)
    entry = source.dataset(dataset)
    site.fail(host_of(source, entry), "late", times=None)
    told = {event.status for event in asked(site, source, entry, tmp_path)}
    assert told == ({Status.EMPTY} if entry.may_be_empty else {Status.FAILED})


# What a site says when it is asked too fast differs; each ISO is met with another, the rest in the long run.
THROTTLES = [
    pytest.param(
        iso, kind, marks=[] if number % 3 == place else [pytest.mark.long], id=f"{iso.lower()} {kind}"
    )
    for place, iso in enumerate(ISOS)
    for number, kind in enumerate(["aup_html", "throttle_text", "throttle_429"])
]


@pytest.mark.parametrize(("iso", "kind"), THROTTLES)
def test_after_a_throttled_run_only_what_was_missing_is_asked_for(
    site: Simulator, iso: str, kind: str, tmp_path: Path
) -> None:
    """A day is there, the next is throttled: exit code 3, and the next run asks for that one alone."""
    source = registry.source(iso)
    host = host_of(source, source.pick()[0])
    command = f"ingest --iso {iso.lower()} --start-date 2025-11-13"
    with World(tmp_path / "lake", site, NOW) as world:
        asked_from = len(site.requests)
        first = world.pmp(f"{command} --end-date 2025-11-13")
        assert first.code == 0, first.text
        a_day = len([seen for seen in site.requests[asked_from:] if seen.host == host])
        site.fail(host, kind, times=None)  # type: ignore[arg-type]
        throttled = world.pmp(f"{command} --end-date 2025-11-14")
        assert throttled.code == 3
        assert "throttled" in throttled.err
        assert "Run the same command again" in throttled.err
        site.heal()
        healed_from = len(site.requests)
        last = world.pmp(f"{command} --end-date 2025-11-14")
        assert last.code == 0, last.text
        fetched = [seen for seen in site.requests[healed_from:] if seen.host == host]
        assert len(fetched) == a_day
        days = world.query(
            "SELECT delivery_date, count(*) AS n FROM market.energy_prices WHERE iso = $iso GROUP BY ALL ORDER BY ALL",
            iso=iso,
        )
        assert [row["delivery_date"].day for row in days] == [13, 14]
        assert len({row["n"] for row in days}) == 1
        told = world.query("SELECT status, count(*) AS n FROM meta.raw_files GROUP BY ALL")
        assert {row["status"] for row in told} == {"ok", "throttled"} | (
            {"not_asked"} if any(row["status"] == "not_asked" for row in told) else set()
        )


def without_rows(name: str, content: bytes) -> bytes:
    """The same file with its header and no row."""
    content = as_text(name, content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {each: archive.read(each) for each in archive.namelist()}
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for each, text in members.items():
                archive.writestr(each, without_rows(each, text))
        return out.getvalue()
    if content[:1] == b"{" and b'"items"' not in content[:400]:
        return json.dumps({key: {} for key in json.loads(content)}).encode()
    lines = content.splitlines(keepends=True)
    # Titles may stand before the header; they are no rows of a table.
    header = max(range(len(lines)), key=lambda number: lines[number].count(b","))
    kept = lines[: (header if lines[0].count(b",") < 5 else 0) + 1]
    return b"".join(kept) + (b'"T","0 lines"' if lines[-1].startswith(b'"T"') else b"")


@pytest.fixture(scope="module")
def emptied(site: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A lake into which files without rows were imported."""
    folder = tmp_path_factory.mktemp("without-rows")
    with World(tmp_path_factory.mktemp("lake"), site, NOW) as world:
        for param in TABULAR:
            iso, name = (str(value) for value in param.values)
            source = registry.source(iso)
            entry = source.dataset(name)
            files = served(site, source, entry, entry.roads[0], day_of(entry))[:1]
            paths = written(
                folder / iso / name, [(title, without_rows(title, text)) for title, text in files]
            )
            adoption = world.take(iso, name, paths)
            assert adoption.complete, adoption.problems
        for iso in ISOS:
            report = world.build(iso)
            assert report.complete, (report.quarantined, report.failed)
        yield world


@pytest.mark.parametrize(("iso", "dataset"), TABULAR)
def test_a_file_without_rows_is_empty_and_no_failure(emptied: World, iso: str, dataset: str) -> None:
    told = emptied.query(
        "SELECT status FROM meta.raw_files WHERE iso = $iso AND dataset = $dataset ORDER BY event_id",
        iso=iso,
        dataset=dataset,
    )
    assert told[-1]["status"] == "empty"
    assert emptied.snapshots() == dict.fromkeys(TABLES, 0)


class Drift:
    """A lake that landed two days, the second with a column that nobody announced."""

    def __init__(self, site: Simulator, iso: str, folder: Path) -> None:
        source = registry.source(iso)
        self.iso = iso
        self.world = World(folder, site, NOW).__enter__()
        fed = {name: one for name, one in source.datasets.items() if one.feeds}
        # A road that brings weeks lands the week before, whole; its bad file begins on a Monday.
        self.weekly = {name for name, one in fed.items() if one.roads[0].span == "week"}
        self.bad = {
            name: first_of_span(day_of(one), "week")
            if name in self.weekly
            else day_of(one) + timedelta(days=1)
            for name, one in fed.items()
        }
        for scope in ("hubs", "all"):
            for day in sorted(set(self.bad.values())):
                chosen = [
                    name
                    for name, bad in self.bad.items()
                    if bad == day and source.dataset(name).scopes[0] == scope
                ]
                if chosen:
                    self._land(site, source, chosen, scope)
        self.report = self.world.build(iso)

    def _land(self, site: Simulator, source: Source, names: list[str], scope: str) -> None:
        day = self.bad[names[0]]
        assert self.world.download(
            self.iso, day - timedelta(days=1), day - timedelta(days=1), names, scope
        ).complete
        for host in {host_of(source, source.dataset(name)) for name in names}:
            site.fail(host, "drift", times=None)
        # The next list is there on the next day.
        self.world.now = max(NOW, NOW + (day - NOW.date()) * is_list(source.dataset(names[0])))
        assert self.world.download(self.iso, day, day, names, scope).complete
        self.world.now = NOW
        site.heal()

    def days(self, name: str, files: int) -> set[date]:
        """The days of the good file, or of both."""
        long = 7 if name in self.weekly else 1
        return {self.bad[name] + timedelta(days=day) for day in range(-long, (files - 1) * long)}


@pytest.fixture(scope="module")
def drifts(site: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Drift]]:
    made: dict[str, Drift] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_NOW", NOW.isoformat())
        for iso in ISOS:
            made[iso] = Drift(site, iso, tmp_path_factory.mktemp(iso))
        yield made
        for drift in reversed(made.values()):
            drift.world.__exit__()


def days_there(drift: Drift, dataset: str) -> set[date]:
    """The delivery dates of a dataset's rows."""
    found: set[date] = set()
    for table in {feed.table for feed in registry.source(drift.iso).dataset(dataset).feeds.values()}:
        rows = drift.world.query(
            f"SELECT DISTINCT delivery_date FROM market.{table}_all "
            f"WHERE data_source LIKE 'raw/{drift.iso.lower()}/{dataset}/%'"
        )
        found |= {row["delivery_date"] for row in rows}
    return found


def days_of_files(drift: Drift, dataset: str) -> set[date]:
    """The days whose files are in the tables; a forecast's files speak of other days as well."""
    if not registry.source(drift.iso).dataset(dataset).days_after:
        return days_there(drift, dataset)
    found: set[date] = set()
    for table in {feed.table for feed in registry.source(drift.iso).dataset(dataset).feeds.values()}:
        rows = drift.world.query(
            f"SELECT DISTINCT CAST(split_part(data_source, '/', 4) AS DATE) AS day FROM market.{table}_all "
            f"WHERE data_source LIKE 'raw/{drift.iso.lower()}/{dataset}/%'"
        )
        found |= {row["day"] for row in rows}
    return found


@pytest.mark.long
@pytest.mark.parametrize(("iso", "dataset"), TABULAR)
def test_a_new_column_stops_its_file_and_nothing_else(
    drifts: dict[str, Drift], iso: str, dataset: str
) -> None:
    drift = drifts[iso]
    mine = {key: reason for key, reason in drift.report.quarantined.items() if f"/{dataset}/" in key}
    assert not drift.report.failed
    assert mine
    assert all(f"/{drift.bad[dataset]}/" in key for key in mine)
    for reason in mine.values():
        assert "new columns NEW_COLUMN" in reason
        assert "It has: " in reason
        assert "has: " in reason.partition("Nearest shape")[2]
        assert f"ingest/sources/{iso.lower()}.yaml" in reason
    assert days_of_files(drift, dataset) == drift.days(dataset, 1)
    told = drift.world.query(
        "SELECT raw_key FROM meta.raw_files WHERE iso = $iso AND dataset = $dataset AND status = 'quarantined'",
        iso=iso,
        dataset=dataset,
    )
    assert Counter(row["raw_key"] for row in told) == dict.fromkeys(mine, 1)


def with_new_column(source: Source) -> Source:
    """The ISO as its YAML would be edited: the column is ignored, or where order counts, a shape of its own."""

    def edited(shapes: dict[str, Shape]) -> dict[str, Shape]:
        found = {}
        for name, shape in shapes.items():
            if not shape.fixed_order:
                found[name] = shape.model_copy(update={"ignored": [*shape.ignored, "NEW_COLUMN"]})
                continue
            sql = {feed: path.replace(".sql", "_new.sql") for feed, path in shape.sql.items()}
            columns = [*shape.columns, "NEW_COLUMN"]
            found |= {name: shape, f"{name}_new": shape.model_copy(update={"columns": columns, "sql": sql})}
        return found

    datasets = {
        name: dataset.model_copy(update={"shapes": edited(dataset.shapes)})
        for name, dataset in source.datasets.items()
    }
    return source.model_copy(update={"datasets": datasets})


def with_new_sql(folder: Path) -> Path:
    """The project's SQL, and beside each file that reads by position one with the column at the end."""
    shutil.copytree(sql_folder(), folder)
    for path in folder.glob("transforms/*/*.sql"):
        text = re.sub(
            r"('[\w ]+': '(?:VARCHAR|INTEGER|DOUBLE)')(\s*\})", r"\1, 'added': 'VARCHAR'\2", path.read_text()
        )
        path.with_name(f"{path.stem}_new.sql").write_text(text)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("iso", ISOS)
def test_once_the_shape_is_declared_the_file_is_taken(
    drifts: dict[str, Drift], iso: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drift = drifts[iso]
    folder = with_new_sql(tmp_path / "sql")
    for module in (chunks, engine, workshop):
        monkeypatch.setattr(module, "sql_folder", lambda: folder)
    with declared(with_new_column(registry.source(iso))):
        report = drift.world.build(iso)
        assert not report.quarantined
        assert report.complete, report.failed
        for dataset in drift.bad:
            assert days_of_files(drift, dataset) == drift.days(dataset, 2)
        told = drift.world.query("SELECT DISTINCT status FROM meta.raw_objects WHERE iso = $iso", iso=iso)
        assert [row["status"] for row in told] == ["ok"]
        again = drift.world.build(iso)
        assert again.complete
        assert not again.built
