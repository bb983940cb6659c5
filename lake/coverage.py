"""What the lake holds, what it lacks, what there is to bring: the questions of ``status``, ``gaps``, ``catalog``.

The answers are those of the views in ``sql/views``, which anybody can ask through ``lake.duckdb``. Here the same
SELECTs are run one after the other, each over the kept result of those before it, so that the ledger and the
tables are read once (a view over views reads them as often as they are named). Rows are counted in DuckDB, out
of core; what leaves it are records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import duckdb

from catalog.contract import sql_folder
from catalog.duck import open_duckdb, quoted
from ingest.registry import Road, sources
from lake.errors import NoLake
from lake.home import Lake
from lake.ledger import keep_ledger
from lake.scratch import new_place, sweep

Record = TypeVar("Record")

# Each is worked out from those before it and from the registry's views; two of them read the lake.
STEPS = (
    "raw_files",
    "raw_objects",
    "asked",
    "obtained",
    "unanswered",
    "coverage",
    "unfilled",
    "gaps",
    "status",
)
READ = ("raw_files", "coverage")
REGISTRY = ("markets", "datasets", "roads")


@dataclass(frozen=True)
class SeriesStatus:
    """One series: what is there, what is lacking. Bytes are those served by the source; stamps are UTC."""

    iso: str
    series: str
    datasets: str
    first_date: date | None
    last_date: date | None
    days_complete: int
    days_lacking: int
    days_expired: int
    days_not_published: int
    rows: int
    raw_objects: int
    quarantined: int
    raw_bytes: int
    last_fetched_at: datetime | None


@dataclass(frozen=True)
class Gap:
    """Delivery dates, both ends included, that the lake lacks for one reason.

    ``table_name`` is None where the ledger told of the gap, else the table that lacks the days; ``scope`` is what
    was asked for, None where nobody asked.
    """

    iso: str
    dataset: str | None
    series: str | None
    first_date: date
    last_date: date
    days: int
    status: str
    reason: str
    scope: str | None
    table_name: str | None


@dataclass(frozen=True)
class CatalogEntry:
    """One dataset of the registry: what there is to bring, and how far back each road reaches."""

    iso: str
    dataset: str
    title: str
    source_name: str
    data_type: str
    market_type: str | None
    interval_minutes: int
    by_default: bool
    scopes: str
    since: date | None
    until: date | None
    roads: str
    redistribute: str


@contextmanager
def reading(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the lake's own views attached as ``lake``, as anybody would attach them.

    Raises:
        NoLake: there is no lake, or its ``lake.duckdb`` cannot be read.
    """
    lake.require()
    spill = new_place(lake.settings.scratch, "spill")
    # An instance of its own: what is worked out here stands under the names of the lake's views.
    connection = open_duckdb(
        s3=lake.s3_access(),
        memory_limit=lake.settings.memory_limit,
        threads=lake.settings.threads,
        temp_directory=spill,
    )
    try:
        _attach(connection, f"{lake.settings.root}/lake.duckdb")
        yield connection
    finally:
        connection.close()
        sweep(spill)


def _attach(connection: duckdb.DuckDBPyConnection, place: str) -> None:
    try:
        connection.execute(f"ATTACH '{quoted(place)}' AS lake (READ_ONLY)")
        connection.execute("FROM lake.meta.contracts LIMIT 0")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise NoLake(
            f"{place} cannot be read, or is of an earlier version ({reason}). Run `pmp init`."
        ) from None


def status(lake: Lake, iso: str | None = None) -> list[SeriesStatus]:
    """One record per series that was ever asked for or has rows, in the order of operator and series.

    Args:
        lake: where.
        iso: only this operator.

    Raises:
        NoLake: there is no lake, or its ``lake.duckdb`` cannot be read.
    """
    columns = (
        "iso, series, array_to_string(datasets, ', '), first_date, last_date, days_complete, days_lacking, "
        "days_expired, days_not_published, rows, raw_objects, quarantined, raw_bytes, last_fetched_at"
    )
    return _records(lake, SeriesStatus, columns, "status", "iso, series", iso)


def gaps(lake: Lake, iso: str | None = None) -> list[Gap]:
    """One record per run of delivery dates that the lake lacks, in the order of operator, dataset and date.

    Args:
        lake: where.
        iso: only this operator.

    Raises:
        NoLake: there is no lake, or its ``lake.duckdb`` cannot be read.
    """
    columns = "iso, dataset, series, first_date, last_date, days, status, reason, scope, table_name"
    return _records(lake, Gap, columns, "gaps", "iso, dataset, first_date, table_name, status", iso)


def catalog_listing(iso: str | None = None) -> list[CatalogEntry]:
    """One record per dataset that the registry knows; needs no lake.

    Args:
        iso: only this operator.
    """
    return [
        CatalogEntry(
            iso=source.iso,
            dataset=dataset.name,
            title=dataset.title,
            source_name=dataset.source_name,
            data_type=dataset.data_type,
            market_type=dataset.market,
            interval_minutes=dataset.interval_minutes,
            by_default=dataset.default,
            scopes=", ".join(dataset.scopes),
            since=dataset.since,
            until=dataset.until,
            roads="; ".join(f"{road.name}: {retention_words(road)}" for road in dataset.roads),
            redistribute=source.terms.redistribute,
        )
        for source in sources().values()
        if iso in (None, source.iso)
        for dataset in source.datasets.values()
    ]


def retention_words(road: Road) -> str:
    """How far back a road reaches, for a person: ``39 months (not confirmed)``."""
    kept = road.retention
    limits = [
        f"{kept.months} months" if kept.months is not None else "",
        f"{kept.days} days" if kept.days is not None else "",
        f"since {kept.since}" if kept.since else "",
    ]
    words = ", ".join(limit for limit in limits if limit) or "everything"
    return words if kept.confirmed else f"{words} (not confirmed)"


def _records(
    lake: Lake, kind: type[Record], columns: str, view: str, order: str, iso: str | None
) -> list[Record]:
    with reading(lake) as connection:
        work_out(connection, view, iso)
        rows: Sequence[tuple[object, ...]] = connection.execute(
            f"SELECT {columns} FROM meta.{view} ORDER BY {order}"
        ).fetchall()
    return [kind(*row) for row in rows]


def work_out(connection: duckdb.DuckDBPyConnection, view: str, iso: str | None) -> None:
    """Give a connection of :func:`reading` the table ``meta.<view>`` of its own, and those that it is made of.

    Args:
        connection: with the lake attached.
        view: one of ``STEPS``.
        iso: only this operator.
    """
    connection.execute("CREATE SCHEMA IF NOT EXISTS meta")
    for name in REGISTRY:
        connection.execute(f"CREATE OR REPLACE VIEW meta.{name} AS FROM lake.meta.{name}")
    where, values = ("WHERE iso = $iso", {"iso": iso}) if iso else ("", {})
    for name in STEPS[: STEPS.index(view) + 1]:
        if name in READ:
            keep_ledger(
                connection, f"CREATE OR REPLACE TABLE meta.{name} AS FROM lake.meta.{name} {where}", values
            )
        else:
            select = (sql_folder() / "views" / f"{name}.sql").read_text(encoding="utf-8")
            connection.execute(f"CREATE OR REPLACE TABLE meta.{name} AS {select}")
