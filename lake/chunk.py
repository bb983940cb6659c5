"""Building one chunk: raw objects of one series and one delivery month (or day) -> one Parquet file.

    lay out -> recognise -> transform and finish (one streaming statement) -> read back and check -> a file

A chunk is independent of every other, so ``build_chunk`` runs in this process, in a pool or on another machine: its
job and its result can be pickled. It writes a file and commits nothing.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar

import duckdb

from catalog.contract import Contract, load_contracts, sql_folder
from ingest.clock import Period
from ingest.registry import Dataset, Feed, source
from lake import finish
from lake.config import Settings
from lake.engine import bare, raw_file, set_clock
from lake.errors import BuildError, SchemaDrift, UnreadableFile
from lake.recognise import Recognised, is_empty_answer, recognise
from lake.scratch import new_place, sweep
from lake.stage import lay_out

Result = TypeVar("Result")
# A pivot of this many bytes of text stays well under the smallest sensible memory limit.
BATCH_BYTES = 256 << 20
VARIABLE = re.compile(r"getvariable\('(raw_files|source_market|known_locations)'\)")


@dataclass(frozen=True)
class Sighting:
    """A raw object as seen once: its place in the order of what is known, and the stage it speaks of."""

    observation_no: int
    stage_rank: int
    advisory_after: datetime | None = None


@dataclass(frozen=True)
class RawFile:
    """A raw object of a chunk. ``whole`` where all its rows are wanted, else only those of the scope hubs."""

    number: int
    raw_key: str
    dataset: str
    whole: bool
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class ChunkJob:
    """All that a worker needs to build a chunk. ``period`` is None to ask the files for their own span only."""

    settings: Settings
    iso: str
    table: str
    series: str
    chunk: str
    period: Period | None
    files: tuple[RawFile, ...]
    revised: bool
    target: str = ""


@dataclass
class ChunkResult:
    """What came of a chunk: the file (None where no row belongs to it), and what could not be read."""

    chunk: str
    path: Path | None = None
    rows: int = 0
    revised: bool = False
    seconds: float = 0.0
    quarantined: dict[str, str] = field(default_factory=dict)
    spans: dict[str, Period | None] = field(default_factory=dict)
    locations: int = 0


@dataclass(frozen=True)
class Group:
    """Members that one statement reads: same dataset, feed and header, and the same part of their rows wanted."""

    dataset: str
    feed: str
    sql: str
    header: tuple[str, ...]
    whole: bool
    pivots: bool


def feeds_of(iso: str, table: str, series: str) -> Iterator[tuple[Dataset, str, Feed]]:
    """The feeds that make a series of a table, with their datasets."""
    for dataset in source(iso).datasets.values():
        for name, feed in dataset.feeds.items():
            if feed.table == table and feed.series == series:
                yield dataset, name, feed


def _batches(paths: list[str]) -> list[list[str]]:
    """Paths in their order, cut between raw objects into parts of about BATCH_BYTES."""
    batches: list[list[str]] = [[]]
    weight, folder = 0, ""
    for path in paths:
        size = Path(path).stat().st_size
        if weight + size > BATCH_BYTES and batches[-1] and str(Path(path).parent) != folder:
            batches.append([])
            weight = 0
        batches[-1].append(path)
        weight, folder = weight + size, str(Path(path).parent)
    return batches


@cache
def _contracts() -> dict[str, Contract]:
    """The contracts, read once by a process that builds many chunks."""
    return load_contracts()


class Workshop:
    """The scratch folder, the connection and the recognised members of one job."""

    def __init__(self, job: ChunkJob) -> None:
        self.job = job
        self.source = source(job.iso)
        self.contract: Contract = _contracts()[job.table]
        self.feeds = [
            (dataset, name, feed) for dataset, name, feed in feeds_of(job.iso, job.table, job.series)
        ]
        self.folder = new_place(job.settings.scratch, f"build-{job.chunk}")
        self.quarantined: dict[str, str] = {}
        self.members: dict[int, list[Recognised]] = {}
        self.connection = bare(job.settings, self.folder / "spill")

    def __enter__(self) -> Workshop:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.connection.execute(
            "CREATE TEMP TABLE objects (object_no INTEGER, raw_key VARCHAR, advisory_after TIMESTAMP)"
        )
        self.connection.execute(
            "CREATE TEMP TABLE observations (object_no INTEGER, observation_no INTEGER, stage_rank INTEGER)"
        )
        for raw in self.job.files:
            self._lay_out(raw)
        keys = [raw.raw_key for raw in sorted(self.job.files, key=lambda raw: raw.number)]
        self.connection.execute("SET VARIABLE raw_keys = $keys", {"keys": keys})
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        sweep(self.folder)

    def _lay_out(self, raw: RawFile) -> None:
        name = raw.raw_key.rsplit("/", 1)[-1].split("_", 1)[-1]
        dataset = self.source.dataset(raw.dataset)
        try:
            local = raw_file(self.job.settings, raw.raw_key, self.folder / "raw")
            members = lay_out(local, name, self.folder / "members" / str(raw.number))
            self.members[raw.number] = [
                recognise(member, dataset, self.source) for member in members if not is_empty_answer(member)
            ]
        except (UnreadableFile, SchemaDrift) as error:
            self.quarantined[raw.raw_key] = str(error)
            return
        advisory = max(
            (sight.advisory_after for sight in raw.sightings if sight.advisory_after), default=None
        )
        self.connection.execute(
            "INSERT INTO objects VALUES (?, ?, ?)",
            [raw.number, raw.raw_key, advisory.replace(tzinfo=None) if advisory else None],
        )
        self.connection.executemany(
            "INSERT INTO observations VALUES (?, ?, ?)",
            [[raw.number, sight.observation_no, sight.stage_rank] for sight in raw.sightings],
        )

    def drop(self, raw: RawFile, reason: str) -> None:
        """Leave a raw file out, and say why."""
        self.quarantined[raw.raw_key] = reason
        self.members.pop(raw.number, None)

    def groups(self, only: RawFile | None = None) -> dict[Group, list[str]]:
        """The members of the job (or of one raw file) by the statement that reads them."""
        found: dict[Group, list[str]] = defaultdict(list)
        for raw in [only] if only else self.job.files:
            for dataset, name, _ in self.feeds:
                if dataset.name != raw.dataset:
                    continue
                for member in self.members.get(raw.number, []):
                    shape = dataset.shapes[member.shape]
                    sql = shape.sql.get(name)
                    if sql:
                        group = Group(dataset.name, name, sql, member.header, raw.whole, shape.pivots)
                        found[group].append(str(member.member.path))
        return found

    def reads(self, only: RawFile | None = None) -> list[finish.Read]:
        """The transforms to run, with their variables set on the connection."""
        made = []
        for number, (group, paths) in enumerate(self.groups(only).items()):
            feed = self.source.dataset(group.dataset).feeds[group.feed]
            text = (sql_folder() / "transforms" / group.sql).read_text(encoding="utf-8").rstrip().rstrip(";")
            text = VARIABLE.sub(rf"getvariable('\g<1>_{number}')", text)
            known = {key: kind for kind, ids in self.source.locations.known.items() for key in ids}
            self.connection.execute(f"SET VARIABLE raw_files_{number} = $paths", {"paths": paths})
            self.connection.execute(
                f"SET VARIABLE source_market_{number} = $word", {"word": feed.source_market}
            )
            self.connection.execute(
                f"SET VARIABLE known_locations_{number} = MAP($ids, $kinds)",
                {"ids": list(known), "kinds": list(known.values())},
            )
            columns = tuple(row[0] for row in self.connection.execute(f"DESCRIBE {text}").fetchall())
            types = () if group.whole else tuple(self.source.locations.hub_types)
            read = finish.Read(text, columns, types)
            if group.pivots and only is None:
                read = self._in_batches(number, read, paths)
            made.append(read)
        return made

    def _in_batches(self, number: int, read: finish.Read, paths: list[str]) -> finish.Read:
        """A pivot over many large files, made a few raw objects at a time: its rows wait in files of their own.

        The members of one raw object stay together; that is all that a transform may bring together.
        """
        batches = _batches(paths)
        if len(batches) == 1:
            return read
        waiting = []
        for batch in batches:
            self.connection.execute(f"SET VARIABLE raw_files_{number} = $paths", {"paths": batch})
            waiting.append(str(self.folder / f"batch-{secrets.token_hex(4)}.parquet"))
            self.connection.execute(f"COPY ({finish.wanted_sql(read)}) TO '{waiting[-1]}' (FORMAT parquet)")
        self.connection.execute(f"SET VARIABLE batches_{number} = $paths", {"paths": waiting})
        sql = f"SELECT * FROM read_parquet(getvariable('batches_{number}'))"
        return finish.Read(sql, read.columns, read.location_types)

    def publish(self, only: RawFile | None = None) -> list[finish.Read]:
        """(Re)define the view ``published`` over the files that can still be read."""
        reads = self.reads(only)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW published AS {finish.published_sql(self.contract, reads)}"
        )
        return reads


def build_chunk(job: ChunkJob) -> ChunkResult:
    """Build a chunk's file, leaving out (and naming) the raw files that cannot be read.

    Raises:
        BuildError: the rows break the contract, or the statement fails for a reason that no single file explains.
    """
    started = time.monotonic()
    result = ChunkResult(job.chunk)
    with Workshop(job) as shop:
        if job.period is None:
            result.spans = _retry_without_culprits(shop, _spans)
        else:
            set_clock(shop.connection, shop.source.clock, job.period)
            feed = shop.feeds[0][2]
            shop.connection.execute("SET VARIABLE iso = $iso", {"iso": job.iso})
            shop.connection.execute("SET VARIABLE market_type = $word", {"word": feed.market})
            shop.connection.execute("SET VARIABLE interval_minutes = $n", {"n": feed.interval_minutes})
            _retry_without_culprits(shop, lambda inner: _write(inner, feed, result))
        result.quarantined = shop.quarantined
    result.seconds = time.monotonic() - started
    return result


def _retry_without_culprits(shop: Workshop, work: Callable[[Workshop], Result]) -> Result:
    """Run a statement; where it fails, find the files that make it fail, leave them out and run it again."""
    for _ in range(len(shop.job.files) + 1):
        try:
            return work(shop)
        except duckdb.OutOfMemoryException as error:
            raise _too_small(shop) from error
        except duckdb.Error as error:
            if not _drop_culprits(shop):
                raise BuildError(
                    f"{shop.job.iso} {shop.job.series} {shop.job.chunk} cannot be built: {_short(error)}"
                ) from error
    raise BuildError(f"{shop.job.iso} {shop.job.series} {shop.job.chunk}: no raw file can be read.")


def _too_small(shop: Workshop) -> BuildError:
    """The error of a chunk that does not fit into the memory it may use: no file's fault."""
    return BuildError(
        f"{shop.job.iso} {shop.job.series} {shop.job.chunk} needs more than "
        f"LAKE_MEMORY_LIMIT={shop.job.settings.memory_limit}: raise it, or lower LAKE_THREADS."
    )


def _drop_culprits(shop: Workshop) -> int:
    """Read every raw file alone and drop those that fail or object; how many there were."""
    found = 0
    for raw in [raw for raw in shop.job.files if shop.members.get(raw.number)]:
        try:
            reads = shop.publish(raw)
            if any("objection" in read.columns for read in reads):
                row = shop.connection.execute(
                    "SELECT any_value(objection) FROM published HAVING any_value(objection) IS NOT NULL"
                ).fetchone()
                if row:
                    shop.drop(raw, f"{raw.raw_key}: {row[0]}.")
                    found += 1
                    continue
            shop.connection.execute("SELECT count(COLUMNS(*)) FROM published").fetchall()
        except duckdb.OutOfMemoryException as error:
            raise _too_small(shop) from error
        except duckdb.Error as error:
            shop.drop(raw, f"{raw.raw_key} cannot be read: {_short(error)}")
            found += 1
    return found


def _short(error: duckdb.Error) -> str:
    """The first line of DuckDB's message, without the place of the scratch file."""
    line = str(error).strip().splitlines()[0]
    return re.sub(r"(?:/[^/\s\"']+)+/", "", line)


def _spans(shop: Workshop) -> dict[str, Period | None]:
    """The first and the last instant that each raw file speaks of."""
    shop.publish()
    rows = shop.connection.execute(
        """
        SELECT raw_key, min(instant), max(instant)
        FROM (SELECT object_no, coalesce(interval_start_utc, stamp_utc) AS instant FROM published)
        RIGHT JOIN objects USING (object_no)
        GROUP BY raw_key
        """
    ).fetchall()
    # One microsecond past the last start: the span is half-open and holds its last row.
    return {
        key: Period(low.replace(tzinfo=UTC), high.replace(tzinfo=UTC) + timedelta(microseconds=1))
        if low
        else None
        for key, low, high in rows
    }


def _write(shop: Workshop, feed: Feed, result: ChunkResult) -> None:
    """Write the chunk's file the short way, or over versions where a key comes more than once."""
    contract, connection = shop.contract, shop.connection
    reads = shop.publish()
    if not reads:
        return
    placed = finish.placed_sql(contract, reads, feed.stamp, feed.advisory_after_publication)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW placed_view AS {placed}")
    out = new_place(shop.job.settings.scratch, "built", ".parquet")
    result.revised = shop.job.revised
    if not result.revised:
        rows = _copy(shop, finish.finished_sql(contract, "placed_view", numbered=False), out)
        result.revised = bool(rows) and _count(connection, finish.disorder_sql(contract, str(out))) > 0
    if result.revised:
        rows = _write_versions(shop, feed, out)
    if not rows:
        out.unlink(missing_ok=True)
        return
    _check(shop, out)
    result.path, result.rows = out, rows


def _write_versions(shop: Workshop, feed: Feed, out: Path) -> int:
    contract, connection = shop.contract, shop.connection
    connection.execute("CREATE OR REPLACE TEMP TABLE placed AS FROM placed_view")
    by_number = {raw.number: raw for raw in shop.job.files}
    for number, example in connection.execute(finish.repeated_sql(contract)).fetchall():
        raw = by_number[number]
        shop.drop(
            raw,
            f"{raw.raw_key} gives two different values for one key ({example}): an error, not a revision.",
        )
        connection.execute("DELETE FROM placed WHERE object_no = $number", {"number": number})
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW numbered AS {finish.numbered_sql(contract, bool(feed.stamp))}"
    )
    rows = _copy(shop, finish.finished_sql(contract, "numbered", numbered=True), out)
    if rows and (wrong := _count(connection, finish.disorder_sql(contract, str(out)))):
        raise BuildError(
            f"{shop.job.series} {shop.job.chunk}: {wrong} rows share a key and a version after numbering."
        )
    return rows


def _copy(shop: Workshop, select: str, out: Path) -> int:
    return _count(
        shop.connection,
        f"COPY ({select}) TO '{out}' (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {shop.contract.field_ids_sql()})",
    )


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _check(shop: Workshop, out: Path) -> None:
    """Hold the written rows against the contract.

    Raises:
        BuildError: a NOT NULL or CHECK of the contract is broken; nothing is committed.
    """
    row = shop.connection.execute(finish.violations_sql(shop.contract, str(out))).fetchone() or ()
    broken = [
        f"{count} rows: {rule}"
        for (rule, _), count in zip(finish.rules_of(shop.contract), row, strict=True)
        if count
    ]
    if broken:
        out.unlink(missing_ok=True)
        raise BuildError(
            f"{shop.job.iso} {shop.job.series} {shop.job.chunk} breaks the contract of {shop.contract.full_name}: "
            + "; ".join(broken)
            + ". Nothing was committed."
        )
