"""Building one chunk: raw objects of one series and one delivery month (or day) -> one Parquet file.

    lay out -> recognise -> transform and finish (one streaming statement) -> read back and check -> a file

A chunk is independent of every other, so ``build_chunk`` runs in this process, in a pool or on another machine: its
job and its result can be pickled. It writes a file and commits nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb

from ingest.clock import Period
from ingest.registry import Feed
from lake import finish
from lake.engine import set_clock
from lake.errors import BuildError
from lake.scratch import new_place
from lake.workshop import ChunkJob, Workshop

Result = TypeVar("Result")


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
    """What DuckDB says is wrong, without its advice, the raw line and the place of the scratch file."""
    lines = str(error).strip().split("\n\n")[0].split("\nPossible ")[0].splitlines()
    said = "; ".join(line.strip() for line in lines if not line.startswith("Original Line"))[:400]
    return re.sub(r"(?:/[^/\s\"']+)+/", "", said).rstrip(". ") + "."


def _spans(shop: Workshop) -> dict[str, Period | None]:
    """The first and the last instant that each raw file speaks of."""
    shop.publish()
    rows = shop.connection.execute(
        f"""
        SELECT raw_key, min(instant), max(instant), any_value(objection)
        FROM (
            SELECT object_no, coalesce(interval_start_utc, stamp_utc) AS instant, objection
            FROM {finish.dated_sql(shop.contract)}
        )
        RIGHT JOIN objects USING (object_no)
        GROUP BY raw_key
        """
    ).fetchall()
    # Rows without any readable time are no file without rows.
    timeless = {key: objection for key, low, _, objection in rows if low is None and objection}
    for raw in [raw for raw in shop.job.files if raw.raw_key in timeless]:
        shop.drop(raw, f"{raw.raw_key}: {timeless[raw.raw_key]}.")
    # One microsecond past the last start: the span is half-open and holds its last row.
    return {
        key: Period(low.replace(tzinfo=UTC), high.replace(tzinfo=UTC) + timedelta(microseconds=1))
        if low
        else None
        for key, low, high, _ in rows
        if key not in timeless
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
