"""Reading the lake from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from catalog.duck import open_duckdb
from catalog.errors import CatalogError
from ingest.errors import UnknownName
from lake.config import load_settings
from lake.errors import NoLake
from lake.home import Lake
from lake.scratch import new_place

if TYPE_CHECKING:
    import polars


def connect(**settings: Any) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with the lake attached as ``lake`` and chosen, so that ``market.energy_prices`` is enough.

    Sessions follow the lake: what is committed after this is seen by the next query. All stamps are in UTC.

    Args:
        settings: in place of the environment: ``uri``, ``memory_limit``, ``threads`` …

    Raises:
        NoLake: there is no lake at LAKE_URI.
        ConfigurationError: a setting that cannot be right.
    """
    with Lake(load_settings(**settings)) as lake:
        lake.require()
        spill = new_place(lake.settings.scratch, "reader")
        connection = open_duckdb(
            s3=lake.s3_access(),
            memory_limit=lake.settings.memory_limit,
            threads=lake.settings.threads,
            temp_directory=spill,
        )
        place = f"{lake.settings.root}/lake.duckdb".replace("'", "''")
        try:
            connection.execute(f"ATTACH '{place}' AS lake (READ_ONLY)")
            connection.execute("USE lake")
        except duckdb.Error as error:
            connection.close()
            raise NoLake(
                f"{lake.settings.root} has no readable lake.duckdb ({str(error).splitlines()[0]}). Run `pmp init`."
            ) from None
        return connection


def scan(table: str, *, every_version: bool = False, **settings: Any) -> polars.LazyFrame:
    """A Polars LazyFrame over a table of the lake, read lazily through Iceberg.

    Args:
        table: ``energy_prices``, ``energy_prices_ex_ante``, ``ancillary_services``, ``price_adders``, ``load`` or
            ``load_forecast``.
        every_version: all versions instead of the current rows.
        settings: in place of the environment: ``uri`` …

    Raises:
        UnknownName: there is no such table.
        NoLake: there is no lake at LAKE_URI.
    """
    import polars

    with Lake(load_settings(**settings)) as lake:
        lake.require()
        contract = lake.contracts.get(table)
        if contract is None:
            raise UnknownName("table", table, lake.contracts)
        try:
            location = lake.catalog.table(contract).metadata_location
        except CatalogError as error:
            raise NoLake(str(error)) from None
        frame = polars.scan_iceberg(location, storage_options=_storage_options(lake))
        if contract.versioned and not every_version:
            frame = frame.filter(polars.col("is_current"))
        return frame


def _storage_options(lake: Lake) -> dict[str, str] | None:
    return dict(lake.settings.iceberg_properties) or None
