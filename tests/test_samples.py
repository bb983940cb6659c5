"""Files as the sources really served them: imported, built, and equal to an independent reading of their bytes.

Genuine files are found by folder (PMP_SAMPLES); files of the simulated sites stand beside them, one at least
for every shape of every dataset, so that nothing here needs the genuine ones.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pytest
import requests
from behaviour_kit import (
    ISOS,
    SERIES,
    World,
    assert_series,
    declared,
    feeds,
    read,
    served,
    small,
    source_word,
    stamp,
    thin,
    written,
)
from oracle import caiso, contract
from oracle.shell import Case, Row, case_of, samples, unpack

from ingest import registry
from ingest.clock import market_days
from ingest.registry import Dataset, Source
from ingest.simulator import Simulator
from lake.build import BuildReport
from lake.errors import SchemaDrift
from lake.recognise import recognise
from lake.stage import lay_out

NOW = stamp("2026-11-20 08:00")
# A 25-hour day that every road still reaches at some clock, and days of the layouts before it.
DAY = date(2025, 11, 2)
ERAS = {"NYISO": (date(2003, 10, 26), date(2010, 11, 7), date(2014, 11, 2))}
# Trouble that an independent reader has with a file of another kind.
UNREADABLE = (LookupError, ValueError, StopIteration, ParseError, AssertionError, UnicodeDecodeError)


@dataclass(frozen=True)
class Sample:
    """A file to import as a dataset."""

    iso: str
    dataset: str
    path: Path
    name: str


def owner(source: Source, folder: str) -> str | None:
    """The dataset that a folder of genuine files is named after: the longest of the sources' own words that fits."""
    words = {source_word(dataset).lower(): name for name, dataset in source.datasets.items() if dataset.feeds}
    fitting = [word for word in words if folder == word or folder.startswith(f"{word}_")]
    return words[max(fitting, key=len)] if fitting else None


@cache
def genuine() -> tuple[Sample, ...]:
    """Every genuine file of a declared dataset, and the first rows of such files that somebody kept."""
    found = []
    for source in registry.sources().values():
        root = samples() / source.iso.lower()
        for path in sorted(root.glob("*/*")) + sorted(root.glob("_derived/first_rows/*")):
            folder = path.parent.name
            name = owner(source, path.name.lower() if folder == "first_rows" else folder.lower())
            if name and path.is_file():
                found.append(Sample(source.iso, name, path, str(path.relative_to(samples()))))
    return tuple(found)


def foreign() -> Iterator[tuple[str, Path]]:
    """Genuine files of these sources that are no declared dataset: other reports, documents, pages, errors."""
    own = {sample.path for sample in genuine()}
    for iso in ISOS:
        root = samples() / iso.lower()
        for path in sorted(root.glob("*/*")):
            if path.is_file() and path not in own and path.parent.name != "_derived":
                yield iso, path


@dataclass
class Imported:
    """A lake with every sample in it."""

    world: World
    samples: list[Sample]
    reports: dict[str, BuildReport] = field(default_factory=dict)
    told: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)

    def key_of(self, sample: Sample) -> str:
        """The raw object that a sample became."""
        rows = self.world.query(
            "SELECT DISTINCT raw_key FROM meta.raw_files WHERE iso = $iso AND dataset = $dataset AND url = $url "
            "AND raw_key IS NOT NULL",
            iso=sample.iso,
            dataset=sample.dataset,
            url=f"file:{sample.path.name}",
        )
        return str(rows[0]["raw_key"]) if rows else ""


@pytest.fixture(scope="module")
def site() -> Iterator[Simulator]:
    with (
        declared(*(small(source) for source in registry.sources().values())),
        Simulator(now=NOW, nodes=2) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def simulated(site: Simulator, tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Files of the simulated sites: every dataset's day, and every other layout that it has or had."""
    folder = tmp_path_factory.mktemp("simulated")
    found = []
    for source in registry.sources().values():
        for name, dataset in source.datasets.items():
            if not dataset.feeds:
                continue
            for number, (title, content) in enumerate(_files(site, source, dataset)):
                path = folder / name / f"{number}-{title}"
                written(path.parent, [(path.name, content)])
                found.append(Sample(source.iso, name, path, f"simulated {source.iso.lower()} {name} {title}"))
    return found


def _files(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    sim.now = stamp("2025-11-06 08:00") if dataset.published.day <= 30 else stamp("2026-01-20 08:00")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_NOW", sim.now.isoformat())
        files = thin(source, served(sim, source, dataset, dataset.roads[0], DAY))
    yield from files
    yield from OTHER_LAYOUTS[source.iso](sim, source, dataset)


def _oasis(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """The XML of a report, and the five-minute layout before version 3."""
    road = dataset.roads[0]
    words = {key: value for key, value in road.ask.items() if key != "path"}
    if words.get("node"):
        words["node"] = ",".join(key for ids in source.locations.known.values() for key in ids)
    period = market_days(DAY, DAY, source.clock)
    words |= {"startdatetime": f"{period.start:%Y%m%dT%H:%M}-0000", "enddatetime": f"{period.end:%Y%m%dT%H:%M}-0000"}
    for change in ({"resultformat": "5"}, *({"version": "1"} for name in dataset.shapes if "before" in name)):
        url = f"{sim.url}/oasis.caiso.com/oasisapi/{road.ask['path']}"
        answer = requests.get(url, params={**words, **change}, timeout=60)
        yield f"{'-'.join(change.values())}.zip", answer.content


def _data_miner(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """The JSON of a feed, as a page and as a download, of one hub's day."""
    if not any(shape.format == "json" for shape in dataset.shapes.values()):
        return
    settings = requests.get(f"{sim.url}/dataminer2.pjm.com/config/settings.json", timeout=60).json()
    begin = market_days(DAY, DAY, source.clock).start
    query = {
        "rowCount": "400",
        "startRow": "1",
        "datetime_beginning_utc": f"{begin:%m/%d/%Y %H:%M} to {begin + timedelta(hours=3):%m/%d/%Y %H:%M}",
    }
    for name, more in (("page.json", {}), ("download.json", {"format": "json", "download": "true"})):
        answer = requests.get(
            f"{sim.url}/api.pjm.com/api/v1/{source_word(dataset)}",
            params={**query, **more},
            headers={"Ocp-Apim-Subscription-Key": settings["subscriptionKey"]},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        yield name, answer.content


def _mis(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """Days of the layouts of earlier years, as their daily files stood then."""
    road = dataset.road("daily")
    for day in ERAS["NYISO"]:
        if dataset.data_type == "as" and (dataset.since is None or day >= dataset.since):
            sim.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=2)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("LAKE_NOW", sim.now.isoformat())
                yield from served(sim, source, dataset, road, day)


OTHER_LAYOUTS: Mapping[str, Callable[[Simulator, Source, Dataset], Iterator[tuple[str, bytes]]]] = {
    "CAISO": _oasis,
    "PJM": _data_miner,
    "NYISO": _mis,
}


@pytest.fixture(scope="module")
def imported(simulated: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """Every sample imported, each file with a time of its own, and one build an ISO."""
    folder = tmp_path_factory.mktemp("files")
    every = []
    for number, sample in enumerate([*simulated, *genuine()]):
        path = folder / sample.iso / sample.dataset / f"{number:03d}-{sample.path.name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample.path, path)
        os.utime(path, (NOW.timestamp() - 86400 * 300 + 3600 * number,) * 2)
        every.append(Sample(sample.iso, sample.dataset, path, sample.name))
    with World(tmp_path_factory.mktemp("lake"), None, NOW) as world:
        found = Imported(world, every)
        for iso in ISOS:
            source = registry.source(iso)
            for number, name in enumerate(source.datasets):
                place = folder / iso / name
                if number == 0:
                    said = world.pmp("import", "--iso", iso, "--dataset", name, place)
                    assert said.code in (0, 3), said.text
                elif place.is_dir():
                    world.take(iso, name, [place])
            found.reports[iso] = world.build(iso)
        yield found


def readable(source: Source, dataset: Dataset, case: Case) -> bool:
    """Whether an independent reader finds the dataset's rows in a file: another report, an error page has none."""
    for feed in dataset.feeds.values():
        try:
            if feed.source_market and caiso.markets(case) != {feed.source_market}:
                return False
            rows = read(source, dataset, feed, case)
        except UNREADABLE:
            return False
        if rows:
            return True
    return False


def is_gap(source: Source, dataset: Dataset, case: Case) -> bool:
    """Whether the registry declares that this layout is not read."""
    head = next(iter(case.members.values()))[:200].decode(errors="replace")
    return any(name.split("_")[0].upper() in head.upper() for name in source.gaps)


@pytest.mark.parametrize(("iso", "table", "series"), SERIES)
def test_a_table_holds_what_the_files_say_and_nothing_else(
    imported: Imported, iso: str, table: str, series: str
) -> None:
    bad = [
        imported.key_of(sample)
        for sample in imported.samples
        if sample.iso == iso
        and not readable(
            registry.source(iso), registry.source(iso).dataset(sample.dataset), _case(sample)
        )
    ]
    assert assert_series(imported.world, iso, table, series, leave_out=bad) > 0


@cache
def _case(sample: Sample) -> Case:
    return Case(sample.name, dict(unpack(sample.path.name, sample.path.read_bytes())))


@pytest.mark.parametrize("sample", [pytest.param(one, id=one.name) for one in genuine()])
def test_every_price_of_a_genuine_file_is_in_a_table(imported: Imported, sample: Sample) -> None:
    """Said once more without versions and clocks: place, instant and numbers, as printed."""
    source = registry.source(sample.iso)
    dataset = source.dataset(sample.dataset)
    case = case_of(sample.path)
    if not readable(source, dataset, case):
        assert any(sample.path.name in key for key in imported.reports[sample.iso].quarantined)
        return
    for feed in dataset.feeds.values():
        known = (sample.iso, feed.table, feed.series)
        if known not in imported.told:
            imported.told[known] = imported.world.series(*known)
        fields = (*contract.PLACE[feed.table], *contract.VALUES[feed.table])
        time = "interval_end_utc" if feed.stamp == "end" else "interval_start_utc"
        held = {(row[time].replace(tzinfo=None), *(row[name] for name in fields)) for row in imported.told[known]}
        stamped = "stamp_utc" if feed.stamp else "interval_start_utc"
        printed = {
            (row[stamped], *(row.get(name) for name in fields)) for row in read(source, dataset, feed, case)
        }
        missing = _not_told(printed, held, len(contract.PLACE[feed.table]) + 1)
        assert not missing, f"{len(missing)} of {len(printed)}: {sorted(missing, key=str)[:3]}"


def _not_told(printed: set[tuple[object, ...]], held: set[tuple[object, ...]], keys: int) -> list[tuple[object, ...]]:
    """What is printed and not held. A number that a file leaves out may be there from another."""
    missing = [row for row in printed if row not in held]
    by_key: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    if missing:
        for row in held:
            by_key.setdefault(row[:keys], []).append(row)
    return [
        row
        for row in missing
        if not any(
            all(mine is None or mine == theirs for mine, theirs in zip(row, other, strict=True))
            for other in by_key.get(row[:keys], [])
        )
    ]


@pytest.mark.parametrize("iso", ISOS)
def test_only_files_that_nobody_can_read_are_quarantined_and_each_with_a_sentence(
    imported: Imported, iso: str
) -> None:
    source = registry.source(iso)
    unread = {
        imported.key_of(sample)
        for sample in imported.samples
        if sample.iso == iso and not readable(source, source.dataset(sample.dataset), _case(sample))
    }
    report = imported.reports[iso]
    assert not report.failed
    assert set(report.quarantined) == unread - {""}
    assert all(reason.endswith(".") for reason in report.quarantined.values())


def test_every_shape_of_every_dataset_has_a_sample(imported: Imported, tmp_path: Path) -> None:
    seen: set[tuple[str, str, str]] = set()
    for number, sample in enumerate(imported.samples):
        source = registry.source(sample.iso)
        for member in lay_out(sample.path, sample.path.name, tmp_path / str(number)):
            try:
                shape = recognise(member, source.dataset(sample.dataset), source).shape
            except SchemaDrift:
                continue
            seen.add((sample.iso, sample.dataset, shape))
    declared_shapes = {
        (source.iso, name, shape)
        for source in registry.sources().values()
        for name, dataset in source.datasets.items()
        for shape in dataset.shapes
    }
    assert not declared_shapes - seen
