"""Sample files: the genuine ones by folder, those of the simulated sites, and whether anybody can read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import ParseError

import pytest
import requests
from behaviour_kit import ISOS, read, served, stamp
from oracle import caiso, contract
from oracle.shell import Case, samples, stamps, unpack
from registry_kit import is_list, served_when, source_word, thin

from ingest import registry
from ingest.clock import market_days
from ingest.registry import Dataset, Source
from ingest.simulator import Simulator
from lake.errors import SchemaDrift
from lake.recognise import recognise
from lake.stage import lay_out

NOW = stamp("2026-11-20 08:00")
# A 25-hour day that every road still reaches at some clock, and days of the layouts before it.
DAY = date(2025, 11, 2)
MOMENTS = {
    "on the day": "2025-11-02 12:00",
    "next": "2025-11-04 20:00",
    "soon": "2025-11-06 08:00",
    "final": "2025-11-09 08:00",
    "late": "2026-01-20 08:00",
}
ERAS = {"NYISO": (date(2003, 10, 26), date(2010, 11, 7), date(2014, 11, 2))}
# Folders of genuine files that bear a name of their own and not the source's word.
FOLDERS = {
    "ERCOT": {
        "dam_spp": "da_energy_hourly",
        "dam_spp_yearly": "da_energy_hourly",
        "rtm_spp": "rt_energy_15min",
        "sced_lmp": "rt_energy_5min",
        "sced_lmp_resource_node_hub_zone": "rt_energy_5min",
        "settlement_points_mapping": "settlement_points",
        "dam_mcpc": "da_as_hourly",
        "actual_load_weather_zone": "load_hourly",
        "load_forecast_by_model_weather_zone": "load_forecast_hourly",
        "load_forecast_by_forecast_zone": "load_forecast_by_forecast_zone_hourly",
        "dam_mcpc_yearly": "da_as_hourly",
    },
    # The name that the dataset had once.
    "MISO": {"da_lmp": "da_energy_hourly"},
}
# Trouble that an independent reader has with a file of another kind.
UNREADABLE = (LookupError, ValueError, StopIteration, ParseError, AssertionError, UnicodeDecodeError)


@dataclass(frozen=True)
class Sample:
    """A file to import as a dataset."""

    iso: str
    dataset: str
    path: Path
    name: str


def owner(source: Source, folder: str, file: str = "") -> str | None:
    """The dataset that a folder of genuine files is named after: the longest of the sources' own words that fits.

    A folder may hold several datasets of one report; then the names of the files go on where that of the folder ends.
    Lists of locations may stand in one folder, whatever its name.
    """
    if name := FOLDERS.get(source.iso, {}).get(folder):
        return name
    words = {source_word(dataset).lower(): name for name, dataset in source.datasets.items() if dataset.feeds}
    lists = {word for word, name in words.items() if is_list(source.dataset(name))}
    fitting = [
        word
        for word in words
        if folder == word
        or (folder.startswith(f"{word}_") and word not in lists)
        or (word.startswith(f"{folder}_") and word in file.lower())
        or (word in lists and f"_{word}_" in file.lower())
    ]
    return words[max(fitting, key=len)] if fitting else None


def files_below(root: Path) -> Iterator[Path]:
    """Genuine files of a source, in folders of one or two levels; what was derived from such stands in ``_derived``."""
    for path in [*root.glob("*/*"), *root.glob("*/*/*")]:
        if path.is_file() and path.relative_to(root).parts[0] not in ("_derived", "_schema"):
            yield path


def some_of_many(paths: Iterable[Path]) -> list[Path]:
    """Paths in order; of folders with a file an interval, one in forty."""
    folders: dict[Path, list[Path]] = {}
    for path in sorted(paths):
        folders.setdefault(path.parent, []).append(path)
    return [path for found in folders.values() for path in found[:: 40 if len(found) > 80 else 1]]


def owner_of(source: Source, root: Path, path: Path) -> str | None:
    """The dataset of a file, by its folder, or by the folder that holds those of its days."""
    folders = [one.lower() for one in path.relative_to(root).parts[:-1]]
    if folders[-1] == "first_rows":
        folders = [path.name.lower()]
    names = (owner(source, folder, path.name) for folder in reversed(folders))
    return next((name for name in names if name), None)


@cache
def genuine() -> tuple[Sample, ...]:
    """Every genuine file of a declared dataset, and the first rows of such files that somebody kept."""
    found = []
    for source in registry.sources().values():
        root = samples() / source.iso.lower()
        for path in some_of_many(files_below(root)) + sorted(root.glob("_derived/first_rows/*")):
            if (name := owner_of(source, root, path)) and path.is_file():
                found.append(Sample(source.iso, name, path, str(path.relative_to(samples()))))
    return tuple(found)


def foreign() -> Iterator[tuple[str, Path]]:
    """Genuine files of these sources that are no declared dataset: other reports, documents, pages, errors."""
    for iso in ISOS:
        root = samples() / iso.lower()
        for path in sorted(files_below(root)):
            if not owner_of(registry.source(iso), root, path):
                yield iso, path


def simulated_files(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    sim.now = stamp(MOMENTS[served_when(dataset)])
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
    words |= {
        "startdatetime": f"{period.start:%Y%m%dT%H:%M}-0000",
        "enddatetime": f"{period.end:%Y%m%dT%H:%M}-0000",
    }
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
        dataset.roads[0].ask.get(
            "date", "datetime_beginning_utc"
        ): f"{begin:%m/%d/%Y %H:%M} to {begin + timedelta(hours=3):%m/%d/%Y %H:%M}",
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
    for day in ERAS["NYISO"]:
        road = dataset.roads[0]
        if dataset.data_type == "as" and (dataset.since is None or day >= dataset.since):
            sim.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=2)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("LAKE_NOW", sim.now.isoformat())
                yield from served(sim, source, dataset, road, day)


def _portal(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """The daily file of real time, which comes later, the header of 2026, and that of single days in capitals."""
    stem, road = dataset.file_stem, dataset.roads[-1]
    if "repriced" in dataset.name and "daily" in dataset.shapes:
        corrected = source.dataset(dataset.name.removesuffix("_repriced"))
        yield served(sim, source, corrected, corrected.roads[0], DAY)[0]
    if dataset.data_type.startswith("load"):
        if "long" in dataset.shapes:
            sim.now = stamp("2026-04-05 20:00")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("LAKE_NOW", sim.now.isoformat())
                yield from served(sim, source, dataset, dataset.roads[0], date(2026, 4, 2))
        return
    for day in (DAY, date(2026, 4, 2)):
        sim.now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=8)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAKE_NOW", sim.now.isoformat())
            ((name, content),) = served(sim, source, dataset, road, day)
        header, *lines = content.splitlines(keepends=True)
        few = header + b"".join(lines[:200])
        yield name, few
        if "upper_case" in dataset.shapes:
            place = b"PNODE" if "by-bus" in dataset.source_name else b"SETTLEMENT_LOCATION,PNODE"
            capitals = b"INTERVAL,GMTINTERVALEND," + place + b",LMP,MLC,MCC,MEC"
            if header.count(b",") > capitals.count(b","):
                capitals += b",BAA" if dataset.market == "RT" else b""
            if header.count(b",") == capitals.count(b","):
                yield f"{stem}-capitals-{day}.csv", capitals + b"\n" + b"".join(lines[:200])


def _reports(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """The title of the years before ex-ante and ex-post prices were told apart, another spelling, and a quarter."""
    if "hyphenated" in dataset.shapes:
        ((_, content),) = served(sim, source, dataset, dataset.roads[0], DAY)
        yield "20251102_ex-ante.csv", content.replace(b"ExAnte", b"Ex-Ante", 1)
    if "quarter" in dataset.shapes:
        yield from served(sim, source, dataset, dataset.road("quarterly"), date(2024, 2, 10))
    if "before_ex_post" in dataset.shapes:
        ((_, content),) = served(sim, source, dataset, dataset.roads[0], DAY)
        yield "20111102_da_lmp.csv", content.replace(b"ExPost ", b"", 1)


def _documents(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """A document from before the column for the repeated hour, which comes last; the hubs of a network model."""
    if "hub_names" in dataset.shapes:
        yield "Hub_Name_AND_DC_Ties_11022025_174625.csv", b"NAME\r\nHB_NORTH\r\nDC_E\r\n"
    if "before_dst_flag" in dataset.shapes:
        (_, content), *_ = served(sim, source, dataset, dataset.roads[0], DAY - timedelta(days=1))
        ((name, text),) = unpack("", content)
        yield name, b"\n".join(line.rpartition(b",")[0] for line in text.splitlines()) + b"\n"
    if {"capped", "reliability"} & set(dataset.shapes):
        sim.now = stamp("2025-12-08 12:00")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAKE_NOW", sim.now.isoformat())
            yield served(sim, source, dataset, dataset.roads[0], date(2025, 12, 6))[0]
    if "yearly" in dataset.shapes:
        sim.now = stamp("2025-01-29 12:00")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAKE_NOW", sim.now.isoformat())
            yield from served(sim, source, dataset, dataset.road("yearly"), date(2025, 1, 2))


def _services(sim: Simulator, source: Source, dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """What the web services say where reports are cheaper."""
    if len(dataset.roads) > 1:
        yield from served(sim, source, dataset, dataset.road("webservices"), DAY)


OTHER_LAYOUTS: Mapping[str, Callable[[Simulator, Source, Dataset], Iterator[tuple[str, bytes]]]] = {
    "CAISO": _oasis,
    "ERCOT": _documents,
    "PJM": _data_miner,
    "ISONE": _services,
    "MISO": _reports,
    "NYISO": _mis,
    "SPP": _portal,
}


def is_passed_over(sample: Sample) -> bool:
    """Whether all that a file holds is declared, and of no table."""
    source = registry.source(sample.iso)
    dataset = source.dataset(sample.dataset)
    with TemporaryDirectory() as folder:
        try:
            shapes = [
                dataset.shapes[recognise(member, dataset, source).shape]
                for member in lay_out(sample.path, sample.path.name, Path(folder))
            ]
        except SchemaDrift:
            return False
    return not any(shape.sql for shape in shapes)


@cache
def is_readable(sample: Sample) -> bool:
    """Whether an independent reader finds the dataset's rows in a file: another report, an error page has none."""
    source = registry.source(sample.iso)
    dataset = source.dataset(sample.dataset)
    case = Case(
        sample.name, {name: _beginning(text) for name, text in case_of_sample(sample).members.items()}
    )
    for feed in dataset.feeds.values():
        try:
            if feed.source_market and caiso.markets(case) != {feed.source_market}:
                return False
            rows = read(source, dataset, feed, case)
        except UNREADABLE:
            return False
        if any(row.get(contract.VALUES[feed.table][0]) is not None for row in rows):
            return True
    return False


def case_of_sample(sample: Sample) -> Case:
    content = sample.path.read_bytes()
    return Case(sample.name, dict(unpack(sample.path.name, content)), stamps(content))


def _beginning(text: bytes) -> bytes:
    """The first rows of a CSV; documents are not cut, nor a file of which the last stamp tells what the first means."""
    whole = text.lstrip()[:1] in (b"<", b"{", b"[") or b"MKTHOUR_EST" in text[:4096]
    return text if whole else b"\n".join(text.split(b"\n", 40)[:40])
