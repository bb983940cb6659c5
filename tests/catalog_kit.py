"""What the catalog's tests share: rows of one location, files of them, processes that commit and can die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
from stores import Store, remote_access

from catalog.commit import commit
from catalog.contract import Contract, load_contracts
from catalog.tables import Catalog

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = load_contracts()
PRICES = CONTRACTS["energy_prices"]
LEDGER = CONTRACTS["raw_files"]


def price_rows(
    day: str,
    *,
    hours: int = 24,
    location: str = "NP15",
    price: float = 30.0,
    version: int = 1,
    is_current: bool = True,
    data_source: str = "raw/a",
    iso: str = "CAISO",
) -> str:
    """A SELECT of hourly prices of one location from midnight UTC of `day`, every column of the contract."""
    return f"""
        SELECT
            started AS datetime_utc,
            CAST(started AS TIMESTAMP) AS datetime_local,
            started AS interval_start_utc,
            started + INTERVAL 1 HOUR AS interval_end_utc,
            CAST(started AS DATE) AS delivery_date,
            CAST(hour(started) + 1 AS INTEGER) AS delivery_hour,
            0 AS delivery_interval,
            60 AS interval_minutes,
            '{iso}' AS iso,
            'DA' AS market_type,
            '{location}' AS settlement_location,
            'HUB' AS settlement_location_type,
            '{location}' AS settlement_location_id,
            CAST(NULL AS VARCHAR) AS zone,
            CAST(NULL AS DOUBLE) AS voltage_kv,
            CAST({price} AS DOUBLE) AS lmp_total,
            CAST(NULL AS DOUBLE) AS lmp_energy,
            CAST(NULL AS DOUBLE) AS lmp_congestion,
            CAST(NULL AS DOUBLE) AS lmp_loss,
            CAST(NULL AS DOUBLE) AS system_lambda,
            'N' AS dst_flag,
            '{data_source}' AS data_source,
            {version} AS version,
            {str(is_current).lower()} AS is_current
        FROM (
            SELECT TIMESTAMPTZ '{day} 00:00:00+00' + to_hours(CAST(n AS INTEGER)) AS started
            FROM range({hours}) AS hours_from_midnight (n)
        )
    """


JANUARY = price_rows("2022-01-01")


def sighting_row(raw_key: str, published_at: str, *, event: str, status: str = "ok") -> str:
    """A SELECT of one event of the ledger."""
    given = {
        "event_id": f"'{event}'",
        "run_id": "'run'",
        "iso": "'CAISO'",
        "dataset": "'da_energy_hourly'",
        "road": "'single'",
        "raw_key": f"'{raw_key}'",
        "status": f"'{status}'",
        "published_at": f"TIMESTAMPTZ '{published_at}'",
        "fetched_at": f"TIMESTAMPTZ '{published_at}'",
    }
    return "SELECT " + ", ".join(
        f"CAST({given.get(column.name, 'NULL')} AS {column.type}) AS {column.name}"
        for column in LEDGER.columns
    )


def write_file(connection: duckdb.DuckDBPyConnection, contract: Contract, path: str, select: str) -> str:
    """Write the rows of `select` as a data file, as a build does, and return its path."""
    if "://" not in path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    field_ids = contract.field_ids_sql()
    connection.execute(
        f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {field_ids})"
    )
    return path


def data_path(catalog: Catalog, contract: Contract, name: str) -> str:
    """Where a data file of that name goes."""
    return f"{catalog.location(contract)}/data/{name}.parquet"


def chunk_files(chunk: str) -> Callable[[Sequence[str]], list[str]]:
    """What a rebuild of a chunk replaces: every file that carries its name."""
    return lambda current: [path for path in current if f"/{chunk}-" in path]


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Rows of a table, a view or a scan."""
    row = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    assert row is not None
    return int(row[0])


def put(catalog: Catalog, connection: duckdb.DuckDBPyConnection, name: str, select: str = JANUARY) -> str:
    """Write a file of prices to its place, not committed; returns its path."""
    return write_file(connection, PRICES, data_path(catalog, PRICES, name), select)


def snapshots(catalog: Catalog) -> int:
    """How many snapshots the prices have."""
    return len(catalog.table(PRICES).snapshots())


def paths(catalog: Catalog) -> set[str]:
    """The data files of the prices."""
    return {file.path for file in catalog.data_files(PRICES)}


def scan(catalog: Catalog, contract: Contract) -> str:
    """How a reader without our catalog reads the table."""
    return f"iceberg_scan('{catalog.location(contract)}', allow_moved_paths = true)"


def start(function: str, *arguments: str, folder: Path) -> subprocess.Popen[str]:
    """A process of its own that runs a function of this module; `arguments` are strings."""
    return subprocess.Popen(
        [sys.executable, __file__, function, *arguments],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def store_arguments(store: Store) -> tuple[str, str, str]:
    """A store as arguments for `start`."""
    endpoint = store.s3.endpoint if store.s3 and store.s3.endpoint else ""
    return store.lake_uri, store.catalog_uri, endpoint


def store_of(lake_uri: str, catalog_uri: str, endpoint: str) -> Store:
    """The store that `store_arguments` wrote."""
    return Store(lake_uri, catalog_uri, {}, remote_access(endpoint) if endpoint else None)


def rebuild_often(lake_uri: str, catalog_uri: str, endpoint: str, chunk: str, times: str) -> None:
    """Write and commit one chunk so many times, each time in place of the one before."""
    store = store_of(lake_uri, catalog_uri, endpoint)
    with store.open() as catalog, store.connect() as connection:
        for turn in range(int(times)):
            path = data_path(catalog, PRICES, f"{chunk}-{turn}")
            write_file(connection, PRICES, path, price_rows("2022-01-01", location=chunk, price=turn))
            if commit(catalog, PRICES, [path], chunk_files(chunk)) is None:
                raise AssertionError(f"turn {turn} of {chunk} made no snapshot")


def commit_and_die(lake_uri: str, catalog_uri: str, endpoint: str, last_step: str) -> None:
    """Commit a second day in place of nothing, and be killed right after `last_step`."""
    store = store_of(lake_uri, catalog_uri, endpoint)

    def on_step(step: str) -> None:
        if step == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    with store.open() as catalog, store.connect() as connection:
        path = data_path(catalog, PRICES, "2022-02-b")
        write_file(connection, PRICES, path, price_rows("2022-02-01"))
        commit(catalog, PRICES, [path], chunk_files("2022-02"), on_step=on_step)


def create_tables(lake_uri: str, catalog_uri: str, endpoint: str) -> None:
    """Create the lake's tables and say which."""
    store = store_of(lake_uri, catalog_uri, endpoint)
    with store.open() as catalog:
        sys.stdout.write(" ".join(catalog.create(CONTRACTS.values())))


def hold_lease(lake_uri: str, catalog_uri: str, endpoint: str, name: str) -> None:
    """Take a lease, say so, and keep it until standard input closes."""
    from catalog.lease import lease

    store = store_of(lake_uri, catalog_uri, endpoint)
    with store.open() as catalog, lease(catalog, name):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
