"""Chunks: what of a series is built as one, from which observations, and under which name.

A chunk's fingerprint stands in its data file's name: the ordered observations of its raw objects, their scope, and
the versions of the transform, the contract and the finish step. So a second run does nothing, a file that a killed
run left is taken as it is, and a changed transform rebuilds exactly what it feeds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from catalog.contract import sql_folder
from ingest.clock import Period, days_of, local_date, market_days
from ingest.registry import Dataset, Source
from lake import finish
from lake.home import Lake
from lake.ledger import Observation
from lake.workshop import ChunkJob, RawFile, Sighting, feeds_of

# Stamps need their neighbour across the edge of the chunk: one file on each side.
CONTEXT = timedelta(minutes=15)


@dataclass(frozen=True)
class Chunk:
    """A unit of work: one series, one delivery month or day, and the observations it is made of."""

    table: str
    series: str
    name: str
    period: Period
    seen: tuple[Observation, ...]
    fingerprint: str

    @property
    def year(self) -> str:
        """The year of the delivery dates, which is the partition."""
        return self.name[:4]


def chunks_of(
    lake: Lake, source: Source, table: str, series: str, seen: Sequence[Observation]
) -> Iterator[Chunk]:
    """The chunks of a series, oldest first, each with its observations and fingerprint."""
    feeds = list(feeds_of(source.iso, table, series))
    names = {dataset.name for dataset, _, _ in feeds}
    by_day = any(dataset.chunk == "day" for dataset, _, _ in feeds)
    stamped = any(feed.stamp for _, _, feed in feeds)
    own = [one for one in seen if one.dataset in names and one.periods]
    reaches = {dataset.name: (dataset.days_before, dataset.days_after) for dataset, _, _ in feeds}
    spoken = {id(one): _spoken_of(one, *reaches[one.dataset], source.clock) for one in own}
    spans: dict[str, Period] = {}
    for one in own:
        for period in spoken[id(one)]:
            for day in days_of(period, source.clock):
                name, first, last = (f"{day}", day, day) if by_day else (f"{day:%Y-%m}", *_month(day))
                if name not in spans:
                    spans[name] = market_days(first, last, source.clock)
    rules = _rules(lake, source, table, feeds)
    for name in sorted(spans):
        period = spans[name]
        reach = Period(period.start - CONTEXT, period.end + CONTEXT) if stamped else period
        parts = tuple(one for one in own if any(reach.overlaps(span) for span in spoken[id(one)]))
        yield Chunk(
            table, series, name, period, parts, _fingerprint(source.iso, table, series, name, parts, rules)
        )


def _spoken_of(one: Observation, before: int, after: int, clock: str) -> tuple[Period, ...]:
    """The spans that the rows of an observation may lie in: what was asked for, and the days around it."""
    if not before and not after:
        return one.periods
    spans = []
    for period in one.periods:
        days = list(days_of(period, clock))
        around = market_days(days[0] - timedelta(days=before), days[-1] + timedelta(days=after), clock)
        spans.append(Period(min(around.start, period.start), max(around.end, period.end)))
    return tuple(spans)


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _fingerprint(
    iso: str, table: str, series: str, name: str, parts: Iterable[Observation], rules: str
) -> str:
    told = [[one.dataset, one.raw_key, one.known_at.isoformat(), one.scope] for one in parts]
    return hashlib.sha256(json.dumps([iso, table, series, name, told, rules]).encode()).hexdigest()[:16]


def _rules(lake: Lake, source: Source, table: str, feeds: Sequence[tuple[Dataset, str, object]]) -> str:
    """What a chunk depends on besides its raw objects; comments of the SQL are no part of it."""
    parts = [
        str(finish.VERSION),
        lake.contracts[table].digest,
        source.clock,
        json.dumps(source.stages, sort_keys=True),
    ]
    parts += [json.dumps(source.locations.model_dump(mode="json"), sort_keys=True)]
    files = set((sql_folder() / "macros").glob("*.sql"))
    for dataset, name, _ in feeds:
        shapes = {
            key: shape.model_dump(mode="json") for key, shape in dataset.shapes.items() if name in shape.sql
        }
        parts.append(
            json.dumps([dataset.name, dataset.feeds[name].model_dump(mode="json"), shapes], sort_keys=True)
        )
        files |= {
            sql_folder() / "transforms" / shape.sql[name]
            for shape in dataset.shapes.values()
            if name in shape.sql
        }
    for path in sorted(files):
        lines = path.read_text(encoding="utf-8").splitlines()
        parts += [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("--")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def raw_files(source: Source, table: str, series: str, seen: Sequence[Observation]) -> tuple[RawFile, ...]:
    """The raw objects of observations, each with its sightings in the order stage, known at."""
    stages = source.stage_order(series)
    rank = {
        dataset.name: stages.index(feed.stage) for dataset, _, feed in feeds_of(source.iso, table, series)
    }
    ordered = sorted(
        (one for one in seen if one.dataset in rank),
        key=lambda one: (rank[one.dataset], one.known_at, one.raw_key),
    )
    sightings: dict[str, list[Sighting]] = defaultdict(list)
    first: dict[str, Observation] = {}
    for number, one in enumerate(ordered, start=1):
        advisory = one.published_by_source if one.road != "import" else None
        basis = one.event.published_at_basis or "fetch"
        day = _day_of(one, source.clock)
        sightings[one.raw_key].append(Sighting(number, rank[one.dataset], advisory, one.known_at, basis, day))
        first.setdefault(one.raw_key, one)
    return tuple(
        RawFile(number, key, first[key].dataset, first[key].scope == "all", tuple(sights))
        for number, (key, sights) in enumerate(sightings.items())
    )


def _day_of(one: Observation, clock: str) -> Period:
    """The market day that an observation speaks of: the first that was asked for, else that of its being known."""
    start = min((period.start for period in one.periods), default=one.known_at)
    day = local_date(start, clock)
    return market_days(day, day, clock)


def target_of(lake: Lake, source: Source, chunk: Chunk) -> str:
    """The data file of a chunk, by its fingerprint."""
    location = lake.catalog.location(lake.contracts[chunk.table])
    partition = f"iso={source.iso}/delivery_date_year={chunk.year}"
    return f"{location}/data/{partition}/{chunk.series}/{chunk.name}-{chunk.fingerprint}-0.parquet"


def files_of(source: Source, chunk: Chunk) -> re.Pattern[str]:
    """Every data file of a chunk, whatever its fingerprint."""
    place = f"/iso={source.iso}/delivery_date_year={chunk.year}/{chunk.series}/{chunk.name}-"
    return re.compile(re.escape(place) + r"[0-9a-f]{16}-\d+\.parquet$")


def job_of(lake: Lake, source: Source, chunk: Chunk) -> ChunkJob:
    """What a worker is told of a chunk."""
    files = raw_files(source, chunk.table, chunk.series, chunk.seen)
    revised = any(len(raw.sightings) > 1 for raw in files)
    return ChunkJob(
        lake.settings, source.iso, chunk.table, chunk.series, chunk.name, chunk.period, files, revised
    )


def empty_note(source: Source, chunk: Chunk) -> str:
    """The object that says that a chunk, built of just these observations, has no row: it adds no file to its table."""
    return f"notes/empty/{source.iso}/{chunk.table}/{chunk.series}/{chunk.name}-{chunk.fingerprint}"


def quarantine_note(source: Source, chunk: Chunk) -> str:
    """The object that says which raw objects a chunk was built without, and why: the reasons by raw key, as JSON."""
    return (
        f"notes/quarantined/{source.iso}/{chunk.table}/{chunk.series}/{chunk.name}-{chunk.fingerprint}.json"
    )
