"""What the tests of views, checks and coverage share: planted rows, a bench for views, files put by hand."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from catalog.commit import commit
from catalog.contract import load_contracts, sql_folder
from lake.home import Lake

ISOS = ("CAISO", "NYISO")
OASIS, MIS = "oasis.caiso.com", "mis.nyiso.com"
NOW = datetime(2025, 11, 5, 20, 0, tzinfo=UTC)
AUTUMN = date(2025, 11, 2)


def day(number: int) -> date:
    """A day of November 2025, or of the end of October (0 is the 31st)."""
    return date.fromordinal(date(2025, 10, 31).toordinal() + number)


def bench(*views: str) -> duckdb.DuckDBPyConnection:
    """An empty database with the contracts' tables (without keys and rules) and the SQL of some views over them.

    What a view reads and is not among them must be planted before.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for schema in ("market", "meta"):
        connection.execute(f"CREATE SCHEMA {schema}")
    for contract in load_contracts().values():
        columns = ", ".join(f'"{column.name}" {column.type}' for column in contract.columns)
        connection.execute(f"CREATE TABLE {contract.full_name} ({columns})")
    define(connection, views)
    return connection


def define(connection: duckdb.DuckDBPyConnection, views: Iterable[str]) -> None:
    """Make views of ``sql/views`` in a database that has what they read."""
    for name in views:
        select = (sql_folder() / "views" / f"{name}.sql").read_text(encoding="utf-8")
        connection.execute(f"CREATE OR REPLACE VIEW meta.{name} AS {select}")


def plant(connection: duckdb.DuckDBPyConnection, table: str, *rows: dict[str, object]) -> None:
    """Insert rows by column name; what is not named is NULL."""
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f"${name}" for name in row)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", row)


def records(connection: duckdb.DuckDBPyConnection, query: str, **values: object) -> list[dict[str, object]]:
    """The rows of a query by column name."""
    result = connection.execute(query, values or None)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


# Midnight in New York on the day before, the day of and the day after the clock change of autumn 2025.
MIDNIGHTS = [
    datetime(2025, 11, 1, 4, tzinfo=UTC),
    datetime(2025, 11, 2, 4, tzinfo=UTC),
    datetime(2025, 11, 3, 5, tzinfo=UTC),
]


def event(number: int, status: str, **words: object) -> dict[str, object]:
    """A row of the ledger; by default of the whole of one day of a day-ahead dataset of New York."""
    return {
        "event_id": f"run-{number:04d}",
        "run_id": "run",
        "iso": "NYISO",
        "dataset": "da_energy_hourly",
        "road": "daily",
        "part": "",
        "period_start": MIDNIGHTS[0],
        "period_end": MIDNIGHTS[1],
        "scope": "hubs",
        "status": status,
        "message": "",
        "fetched_at": datetime(2025, 12, 1, tzinfo=UTC) + timedelta(hours=number),
        **words,
    }


def hourly(start: datetime, hours: int, **words: object) -> list[dict[str, object]]:
    """Current rows of one place, an hour each."""
    return intervals(
        [(start + timedelta(hours=n), start + timedelta(hours=n + 1)) for n in range(hours)], **words
    )


def intervals(edges: list[tuple[datetime, datetime]], **words: object) -> list[dict[str, object]]:
    """Current rows of one place with these edges, on the day in New York that each begins in."""
    return [
        {
            "table_name": "energy_prices",
            "series": "da_energy_hourly",
            "iso": "NYISO",
            "market_type": "DA",
            "interval_minutes": 60,
            "delivery_date": max(at for at in MIDNIGHTS if at <= start).date(),
            "interval_start_utc": start,
            "interval_end_utc": end,
            "place": "A",
            **words,
        }
        for start, end in edges
    ]


def put_file(lake: Lake, table: str, place: str, select: str, replaces: str = "nothing") -> str:
    """Commit the rows of a SELECT as a data file at a place under ``data/``, instead of files whose path has a word."""
    contract = lake.contracts[table]
    target = f"{lake.catalog.location(contract)}/data/{place}"
    columns = ", ".join(
        f'CAST("{column.name}" AS {column.type}) AS "{column.name}"' for column in contract.columns
    )
    with closing(duckdb.connect()) as connection, TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"COPY (SELECT {columns} FROM ({select})) TO '{file}' "
            f"(FORMAT parquet, FIELD_IDS {contract.field_ids_sql()})"
        )
        lake.put_data_file(file, target)
    commit(lake.catalog, contract, [target], lambda now: [path for path in now if replaces in path])
    return target


def hours_of_a_price(first: datetime, hours: int, **words: str) -> str:
    """A SELECT of hourly day-ahead prices of one zone in New York; ``words`` are SQL expressions by column."""
    columns = {
        "datetime_utc": "moment",
        "datetime_local": "timezone('America/New_York', moment)",
        "interval_start_utc": "moment",
        "interval_end_utc": "moment + INTERVAL 1 HOUR",
        "delivery_date": "CAST(timezone('America/New_York', moment) AS DATE)",
        "delivery_hour": "hour(timezone('America/New_York', moment)) + 1",
        "delivery_interval": "0",
        "interval_minutes": "60",
        "iso": "'NYISO'",
        "market_type": "'DA'",
        "settlement_location": "'WEST'",
        "settlement_location_type": "'ZONE'",
        "settlement_location_id": "'61752'",
        "zone": "'WEST'",
        "voltage_kv": "NULL",
        "lmp_total": "30.0",
        "lmp_energy": "28.0",
        "lmp_congestion": "1.5",
        "lmp_loss": "0.5",
        "system_lambda": "NULL",
        "dst_flag": "CASE WHEN moment < TIMESTAMPTZ '2025-11-02 06:00:00+00' THEN 'Y' ELSE 'N' END",
        "data_source": "'raw/nyiso/da_energy_hourly/2025-11-01/abc_prices.csv'",
        "version": "1",
        "is_current": "true",
        **words,
    }
    listed = ", ".join(f'{value} AS "{name}"' for name, value in columns.items())
    return (
        f"SELECT {listed} FROM (SELECT TIMESTAMPTZ '{first.isoformat()}' + to_hours(n) AS moment "
        f"FROM range({hours}) AS hours (n))"
    )
