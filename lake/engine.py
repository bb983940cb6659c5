"""DuckDB connections for builds and for reading, and the variables that every statement of a chunk shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from catalog.contract import sql_folder
from ingest.clock import Period
from ingest.storage import Store
from lake.config import Settings


def bare(settings: Settings, spill: Path) -> duckdb.DuckDBPyConnection:
    """A connection that transforms run on: the macros loaded, the memory bounded, no extension and no network."""
    spill.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "memory_limit": settings.build_memory,
            "threads": settings.threads,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    for path in sorted((sql_folder() / "macros").glob("*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))
    return connection


def raw_file(settings: Settings, raw_key: str, folder: Path) -> Path:
    """A raw object as a file on this machine: the object itself, or a copy where the lake is in object storage."""
    store = Store(settings.root, settings.storage_options)
    local = store.local_path(raw_key)
    if local is not None:
        return local
    target = folder / raw_key.replace("/", "__")
    target.parent.mkdir(parents=True, exist_ok=True)
    store.fetch_to(raw_key, target)
    return target


def set_clock(connection: duckdb.DuckDBPyConnection, clock: str, period: Period) -> None:
    """Bind the chunk's span and the market's clock in it: two offsets and the instant between them.

    A chunk is at most a month, and a clock changes at most once in a month, so a local time is one comparison and one
    addition instead of a calendar look-up per row.
    """
    before, after, change = _offsets(clock, period)
    zone = ZoneInfo(clock)
    values = {
        "chunk_from": period.start.replace(tzinfo=None),
        "chunk_until": period.end.replace(tzinfo=None),
        "clock_change": change.replace(tzinfo=None),
        "offset_before": before,
        "offset_after": after,
        "dst_before": _dst(zone, period.start),
        "dst_after": _dst(zone, change) if change < period.end else _dst(zone, period.start),
    }
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = $value", {"value": value})


def _dst(zone: ZoneInfo, instant: datetime) -> str:
    return "Y" if instant.astimezone(zone).dst() else "N"


def _offsets(clock: str, period: Period) -> tuple[timedelta, timedelta, datetime]:
    """The clock's offset at the start and the end of a period, and the instant of change (the end if none)."""
    zone = ZoneInfo(clock)

    def offset(instant: datetime) -> timedelta:
        return instant.astimezone(zone).utcoffset() or timedelta()

    before, after = offset(period.start), offset(period.end - timedelta(microseconds=1))
    if before == after:
        return before, after, period.end.astimezone(UTC)
    low, high = period.start, period.end
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    # Clocks change on a full minute; the search ends within one.
    change = high.replace(second=0, microsecond=0)
    return before, after, change if offset(change) == after else change + timedelta(minutes=1)
