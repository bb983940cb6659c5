"""The metadata views: what a relational database used to answer.

    registry (YAML)  ──> views over literal rows: datasets, roads, markets, products, regions, declared gaps
    contracts (DDL)  ──> a view over literal rows: contracts
    places           ──> views that name the lake's folders: raw_files, every_row, file_columns, snapshots, checks
                                             │
    sql/views/*.sql  ──> everything else, over those: coverage, gaps, status, locations, tables, files …

Only the views that must know a folder, or that say what the registry says, are written here. They hold no data:
those over literal rows are made anew when the registry changes, all others follow the lake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from catalog.contract import Contract, sql_folder
from catalog.views import identifier, scan_sql, text
from ingest.registry import Dataset, Feed, Source, sources
from lake.checks import plant, results_sql
from lake.coverage import retention_words
from lake.ledger import ledger_sql

if TYPE_CHECKING:
    from lake.home import Lake

# Views in sql/views in the order of what they read.
ORDER = (
    "current_rows",
    "raw_objects",
    "files",
    "tables",
    "coverage",
    "asked",
    "obtained",
    "unanswered",
    "unfilled",
    "gaps",
    "status",
    "location_history",
    "locations",
    "hubs",
    "zones",
    "nodes",
)

# What a column of literal rows is, so that a view without any row still has its columns.
Columns = Mapping[str, str]


def meta_views(lake: Lake) -> list[tuple[str, str]]:
    """Every metadata view as (schema.name, SELECT), in the order in which they can be created.

    Puts the object without which DuckDB would find no file under ``checks/``.

    Raises:
        StorageError: the lake's storage cannot be written.
    """
    plant(lake.store)
    known = list(sources().values())
    contracts = list(lake.contracts.values())
    market = [contract for contract in contracts if contract.versioned]
    folders = {contract.name: lake.folder(contract) for contract in contracts}
    views = {
        "raw_files": ledger_sql(lake.settings.root, folders["raw_files"]),
        "contracts": contracts_sql(contracts),
        "datasets": datasets_sql(known),
        "roads": roads_sql(known),
        "markets": markets_sql(known),
        "as_products": as_products_sql(known),
        "as_regions": as_regions_sql(known),
        "declared_gaps": declared_gaps_sql(known),
        "every_row": every_row_sql(market, folders),
        "file_columns": file_columns_sql(contracts, folders),
        "snapshots": snapshots_sql(contracts, folders),
        "checks": results_sql(lake.settings.root),
    }
    views |= {name: (sql_folder() / "views" / f"{name}.sql").read_text(encoding="utf-8") for name in ORDER}
    return [(f"meta.{name}", sql) for name, sql in views.items()]


def datasets_sql(known: Iterable[Source]) -> str:
    """One row per dataset and feed, as the registry declares it; a dataset that feeds no table has one row too."""
    columns = {
        "iso": "VARCHAR",
        "dataset": "VARCHAR",
        "feed": "VARCHAR",
        "title": "VARCHAR",
        "source_name": "VARCHAR",
        "data_type": "VARCHAR",
        "market_type": "VARCHAR",
        "interval_minutes": "INTEGER",
        "table_name": "VARCHAR",
        "series": "VARCHAR",
        "stage": "VARCHAR",
        "stage_order": "INTEGER",
        "stamp": "VARCHAR",
        "by_default": "BOOLEAN",
        "since": "DATE",
        "until": "DATE",
        "since_reason": "VARCHAR",
        "published_day": "INTEGER",
        "published_at": "TIME",
        "settles_days": "INTEGER",
        "may_be_empty": "BOOLEAN",
        "redistribute": "VARCHAR",
    }
    rows = (_dataset_row(source, dataset, name, feed) for source, dataset, name, feed in _feeds(known))
    return literal_rows(columns, rows)


def _feeds(known: Iterable[Source]) -> Iterator[tuple[Source, Dataset, str | None, Feed | None]]:
    for source in known:
        for dataset in source.datasets.values():
            for name, feed in dataset.feeds.items():
                yield source, dataset, name, feed
            if not dataset.feeds:
                yield source, dataset, None, None


def _dataset_row(source: Source, dataset: Dataset, name: str | None, feed: Feed | None) -> tuple[object, ...]:
    return (
        source.iso,
        dataset.name,
        name,
        dataset.title,
        dataset.source_name,
        dataset.data_type,
        feed.market if feed else dataset.market,
        feed.interval_minutes if feed else dataset.interval_minutes,
        feed.table if feed else None,
        feed.series if feed else None,
        feed.stage if feed else None,
        source.stage_order(feed.series).index(feed.stage) + 1 if feed else None,
        feed.stamp if feed else None,
        dataset.default,
        dataset.since,
        dataset.until,
        dataset.since_reason or None,
        dataset.published.day,
        dataset.published.at,
        dataset.settles_days,
        dataset.may_be_empty,
        source.terms.redistribute,
    )


def roads_sql(known: Iterable[Source]) -> str:
    """One row per dataset and road: what it brings, how much at once, and how far back it reaches."""
    columns = {
        "iso": "VARCHAR",
        "dataset": "VARCHAR",
        "road": "VARCHAR",
        "brings": "VARCHAR",
        "span": "VARCHAR",
        "parts": "INTEGER",
        "kept_months": "INTEGER",
        "kept_days": "INTEGER",
        "kept_since": "DATE",
        "retention_confirmed": "BOOLEAN",
        "retention": "VARCHAR",
        "megabytes": "DOUBLE",
        "host": "VARCHAR",
        "note": "VARCHAR",
    }
    rows = (
        (
            source.iso,
            dataset.name,
            road.name,
            road.brings,
            road.span,
            len(road.parts),
            road.retention.months,
            road.retention.days,
            road.retention.since,
            road.retention.confirmed,
            retention_words(road),
            road.megabytes,
            source.hosts[road.host].base,
            road.note or None,
        )
        for source in known
        for dataset in source.datasets.values()
        for road in dataset.roads
    )
    return literal_rows(columns, rows)


def markets_sql(known: Iterable[Source]) -> str:
    """One row per market operator, with its clock, its terms and the markets and resolutions that there are."""
    columns = {
        "iso": "VARCHAR",
        "full_name": "VARCHAR",
        "clock": "VARCHAR",
        "regions": "VARCHAR",
        "data_since": "DATE",
        "redistribute": "VARCHAR",
        "terms": "VARCHAR",
        "markets": "VARCHAR[]",
        "time_zones": "VARCHAR[]",
        "day_ahead_minutes": "INTEGER[]",
        "real_time_minutes": "INTEGER[]",
    }
    rows = []
    for source in known:
        resolutions = {
            (feed.market, feed.interval_minutes)
            for dataset in source.datasets.values()
            for feed in dataset.feeds.values()
            if feed.market
        }
        words = [f"{market} {minutes} min" for market, minutes in sorted(resolutions)]
        terms = source.terms
        lengths = {
            side: sorted(minutes for market, minutes in resolutions if market == side)
            for side in ("DA", "RT")
        }
        rows.append(
            (
                source.iso,
                source.title,
                source.clock,
                source.regions,
                source.data_since,
                terms.redistribute,
                terms.note,
                words,
                zone_names(source.clock),
                lengths["DA"],
                lengths["RT"],
            )
        )
    return literal_rows(columns, rows)


def zone_names(clock: str) -> list[str]:
    """What a clock's time is called, in winter and, where it changes, in summer: EST and EDT, say."""
    zone = ZoneInfo(clock)
    moments = (datetime(2025, 1, 1, tzinfo=zone), datetime(2025, 7, 1, tzinfo=zone))
    names = list(dict.fromkeys(moment.tzname() or clock for moment in moments))
    # A clock that never changes has no name of its own: "-05" is said as people write it.
    return [f"UTC{name}:00" if name[0] in "+-" else name for name in names]


def as_products_sql(known: Iterable[Source]) -> str:
    """One row per operator and ancillary-service product, by the source's own word."""
    columns = {
        "iso": "VARCHAR",
        "as_product": "VARCHAR",
        "as_product_standard": "VARCHAR",
        "title": "VARCHAR",
    }
    rows = (
        (source.iso, name, product.standard, product.title)
        for source in known
        for name, product in source.as_products.items()
    )
    return literal_rows(columns, rows)


def as_regions_sql(known: Iterable[Source]) -> str:
    """One row per operator and reserve region; ``within`` is the region around it, NULL for an outermost one."""
    columns = {"iso": "VARCHAR", "as_region": "VARCHAR", "within": "VARCHAR", "note": "VARCHAR"}
    rows = (
        (source.iso, name, around, source.as_regions_note or None)
        for source in known
        for name, around in source.as_regions.items()
    )
    return literal_rows(columns, rows)


def declared_gaps_sql(known: Iterable[Source]) -> str:
    """One row per gap that the registry declares: what is known to be missing from this system, and why."""
    columns = {"iso": "VARCHAR", "gap": "VARCHAR", "reason": "VARCHAR"}
    return literal_rows(
        columns, ((source.iso, name, reason) for source in known for name, reason in source.gaps.items())
    )


def contracts_sql(contracts: Iterable[Contract]) -> str:
    """One row per table: what it is, and its key."""
    columns = {
        "table_name": "VARCHAR",
        "full_name": "VARCHAR",
        "description": "VARCHAR",
        "key_columns": "VARCHAR[]",
        "column_count": "INTEGER",
        "contract": "VARCHAR",
    }
    rows = (
        (table.name, table.full_name, table.comment, list(table.key), len(table.columns), table.digest)
        for table in contracts
    )
    return literal_rows(columns, rows)


def every_row_sql(contracts: Iterable[Contract], folders: Mapping[str, str]) -> str:
    """Every row of every market table, in every version, by what they have in common.

    ``place`` is what a row is of: a location, a product and its region, a kind of load and its area. ``vintage`` is
    the moment of publication in tables that keep every forecast, NULL in the others; ``market_type`` is NULL where no
    market has a part. The series is the folder of the data file (one file never mixes series), which costs nothing
    to read.
    """
    selects = []
    for contract in contracts:
        names = [
            identifier(name)
            for name in contract.sort_columns
            if name not in ("interval_start_utc", "version")
        ]
        place = names[0] if len(names) == 1 else f"concat_ws(' ', {', '.join(names)})"
        market = "market_type" if "market_type" in contract.column_names else "CAST(NULL AS VARCHAR)"
        dated = "published_at_utc" in contract.column_names
        vintage = "published_at_utc" if dated else "CAST(NULL AS TIMESTAMPTZ)"
        selects.append(
            f"SELECT {text(contract.name)} AS table_name, split_part(filename, '/', -2) AS series, iso, "
            f"{market} AS market_type, interval_minutes, delivery_date, interval_start_utc, interval_end_utc, "
            f"{place} AS place, {vintage} AS vintage, "
            f'data_source, "version", is_current FROM {scan_sql(folders[contract.name])}'
        )
    return "\nUNION ALL\n".join(selects)


def file_columns_sql(contracts: Iterable[Contract], folders: Mapping[str, str]) -> str:
    """One row per data file in use and column, from the tables' manifests: no data file is opened."""
    return "\nUNION ALL\n".join(
        f"SELECT {text(contract.name)} AS table_name, file_path, column_name, column_size AS bytes, "
        "value_count AS row_count, null_value_count AS null_count, lower_bound, upper_bound "
        f"FROM iceberg_column_stats({text(folders[contract.name])}, allow_moved_paths = true) "
        "WHERE status <> 'DELETED'"
        for contract in contracts
    )


def snapshots_sql(contracts: Iterable[Contract], folders: Mapping[str, str]) -> str:
    """One row per table and snapshot that has not expired."""
    return "\nUNION ALL\n".join(
        f"SELECT {text(contract.name)} AS table_name, sequence_number, snapshot_id, "
        "timezone('UTC', timestamp_ms) AS committed_at, operation, "
        "sequence_number = max(sequence_number) OVER () AS is_current, manifest_list "
        f"FROM iceberg_snapshots({text(folders[contract.name])})"
        for contract in contracts
    )


def literal_rows(columns: Columns, rows: Iterable[Sequence[object]]) -> str:
    """A SELECT of literal rows, each column of its type also where there is no row."""
    lines = ",\n".join("(" + ", ".join(_literal(value) for value in row) + ")" for row in rows)
    if not lines:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in columns.items())
        return f"SELECT {nothing} WHERE false"
    casts = ", ".join(
        f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in columns.items()
    )
    names = ", ".join(identifier(name) for name in columns)
    return f"SELECT {casts} FROM (VALUES\n{lines}\n) AS literal({names})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date | time):
        return text(value.isoformat())
    if isinstance(value, list):
        return "[" + ", ".join(_literal(one) for one in value) + "]"
    return text(str(value))
