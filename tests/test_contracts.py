"""The contracts: what DESIGN promises about names and order, and that every reader can rely on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from catalog_kit import CONTRACTS, count, price_rows
from pyiceberg.transforms import IdentityTransform, YearTransform

from catalog.contract import Contract, load_contracts, sql_folder
from catalog.errors import ContractError
from catalog.schema import iceberg_schema, partition_spec, sort_order

ENERGY_PRICES = (
    "datetime_utc datetime_local interval_start_utc interval_end_utc delivery_date delivery_hour "
    "delivery_interval interval_minutes iso market_type settlement_location settlement_location_type "
    "settlement_location_id zone voltage_kv lmp_total lmp_energy lmp_congestion lmp_loss "
    "system_lambda dst_flag data_source version is_current"
).split()

ANCILLARY_SERVICES = (
    "datetime_utc datetime_local interval_start_utc interval_end_utc delivery_date delivery_hour "
    "interval_minutes iso market_type as_product as_product_standard as_region market_clearing_price "
    "cleared_quantity_mw unit data_source version is_current"
).split()

TIME_COLUMNS = {
    "datetime_utc": "TIMESTAMP WITH TIME ZONE",
    "datetime_local": "TIMESTAMP",
    "interval_start_utc": "TIMESTAMP WITH TIME ZONE",
    "interval_end_utc": "TIMESTAMP WITH TIME ZONE",
    "delivery_date": "DATE",
    "delivery_hour": "INTEGER",
    "interval_minutes": "INTEGER",
}

every_contract = pytest.mark.parametrize(
    "contract", CONTRACTS.values(), ids=lambda contract: contract.full_name
)
market_contract = pytest.mark.parametrize(
    "contract",
    [contract for contract in CONTRACTS.values() if contract.namespace == "market"],
    ids=lambda contract: contract.name,
)


def test_energy_prices_have_exactly_these_24_columns_in_this_order() -> None:
    assert list(CONTRACTS["energy_prices"].column_names) == ENERGY_PRICES


def test_ex_ante_prices_are_a_table_of_their_own_under_the_same_contract() -> None:
    """An ex-ante price is no early version of the ex-post one: nothing binds the two but their columns."""
    settled, before = CONTRACTS["energy_prices"], CONTRACTS["energy_prices_ex_ante"]
    assert [(one.name, one.type, one.nullable) for one in before.columns] == [
        (one.name, one.type, one.nullable) for one in settled.columns
    ]
    assert (before.key, before.checks) == (settled.key, settled.checks)
    assert len(ENERGY_PRICES) == 24


def test_ancillary_services_have_exactly_these_18_columns_in_this_order() -> None:
    assert list(CONTRACTS["ancillary_services"].column_names) == ANCILLARY_SERVICES
    assert len(ANCILLARY_SERVICES) == 18


LOAD = (
    "datetime_utc datetime_local interval_start_utc interval_end_utc delivery_date delivery_hour "
    "delivery_interval interval_minutes iso load_type area area_type area_id load_mw "
    "dst_flag data_source version is_current"
).split()

LOAD_FORECAST = (
    "datetime_utc datetime_local interval_start_utc interval_end_utc delivery_date delivery_hour "
    "delivery_interval interval_minutes iso forecast published_at_utc published_at_basis horizon_minutes "
    "is_in_use area area_type area_id forecast_mw dst_flag data_source version is_current"
).split()


def test_load_and_its_forecast_have_exactly_these_columns_in_this_order() -> None:
    assert list(CONTRACTS["load"].column_names) == LOAD
    assert list(CONTRACTS["load_forecast"].column_names) == LOAD_FORECAST


def test_a_vintage_belongs_to_the_identity_of_a_forecast() -> None:
    assert CONTRACTS["load"].grain == (
        "iso",
        "load_type",
        "interval_minutes",
        "area_type",
        "area_id",
        "interval_start_utc",
    )
    assert CONTRACTS["load_forecast"].grain == (
        "iso",
        "interval_minutes",
        "forecast",
        "area_type",
        "area_id",
        "published_at_utc",
        "interval_start_utc",
    )


def test_the_tables_are_the_ones_the_lake_knows() -> None:
    assert {contract.full_name for contract in CONTRACTS.values()} == {
        "market.energy_prices",
        "market.energy_prices_ex_ante",
        "market.ancillary_services",
        "market.price_adders",
        "market.load",
        "market.load_forecast",
        "market.locations",
        "meta.raw_files",
    }


@market_contract
def test_time_is_the_same_in_every_market_table(contract: Contract) -> None:
    assert {name: contract.column(name).type for name in TIME_COLUMNS} == TIME_COLUMNS
    assert not any(contract.column(name).nullable for name in TIME_COLUMNS)


def test_keys_are_what_the_design_says() -> None:
    assert CONTRACTS["energy_prices"].key == (
        "iso",
        "market_type",
        "interval_minutes",
        "settlement_location_id",
        "interval_start_utc",
        "version",
    )
    assert CONTRACTS["ancillary_services"].key == (
        "iso",
        "market_type",
        "interval_minutes",
        "as_product",
        "as_region",
        "interval_start_utc",
        "version",
    )
    assert CONTRACTS["price_adders"].grain == (
        "iso",
        "market_type",
        "interval_minutes",
        "settlement_location_id",
        "component",
        "interval_start_utc",
    )


@every_contract
def test_the_key_is_never_null(contract: Contract) -> None:
    assert not [name for name in contract.key if contract.column(name).nullable]


def test_only_prices_and_what_a_source_may_lack_are_nullable() -> None:
    nullable = {column.name for column in CONTRACTS["energy_prices"].columns if column.nullable}
    assert nullable == {"zone", "voltage_kv", "lmp_energy", "lmp_congestion", "lmp_loss", "system_lambda"}


def test_measures_are_the_published_values() -> None:
    assert CONTRACTS["energy_prices"].measures == (
        "lmp_total",
        "lmp_energy",
        "lmp_congestion",
        "lmp_loss",
        "system_lambda",
    )
    assert CONTRACTS["ancillary_services"].measures == ("market_clearing_price", "cleared_quantity_mw")
    assert CONTRACTS["price_adders"].measures == ("price",)


def test_files_are_sorted_by_place_then_time() -> None:
    assert CONTRACTS["energy_prices"].sort_columns == (
        "settlement_location_id",
        "interval_start_utc",
        "version",
    )
    assert CONTRACTS["ancillary_services"].sort_columns == (
        "as_product",
        "as_region",
        "interval_start_utc",
        "version",
    )


@every_contract
def test_every_table_and_column_says_what_it_means(contract: Contract) -> None:
    assert contract.comment.endswith(".")
    assert all(column.comment.endswith(".") for column in contract.columns)


@every_contract
def test_field_ids_are_positions(contract: Contract) -> None:
    schema = iceberg_schema(contract)
    assert [field.field_id for field in schema.fields] == list(range(1, len(contract.columns) + 1))
    assert [field.name for field in schema.fields] == list(contract.column_names)
    assert [field.doc for field in schema.fields] == [column.comment for column in contract.columns]


@every_contract
def test_no_iceberg_field_is_required(contract: Contract) -> None:
    assert not [field.name for field in iceberg_schema(contract).fields if field.required]


@market_contract
def test_market_tables_are_partitioned_by_operator_and_year(contract: Contract) -> None:
    fields = partition_spec(contract).fields
    assert [(field.name, type(field.transform)) for field in fields] == [
        ("iso", IdentityTransform),
        ("delivery_date_year", YearTransform),
    ]
    assert len(sort_order(contract).fields) == len(contract.sort_columns)


def test_the_ledger_is_not_partitioned() -> None:
    assert partition_spec(CONTRACTS["raw_files"]).is_unpartitioned()


def test_field_ids_are_written_as_duckdb_takes_them() -> None:
    assert CONTRACTS["price_adders"].field_ids_sql().startswith("{datetime_utc: 1, datetime_local: 2, ")


def test_the_sql_of_a_checkout_is_found_beside_the_packages() -> None:
    assert sql_folder() == Path(__file__).resolve().parent.parent / "sql"


@pytest.fixture
def prices() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty table under the contract of energy prices."""
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA market")
        connection.execute((sql_folder() / "tables" / "energy_prices.sql").read_text(encoding="utf-8"))
        yield connection


def test_a_row_as_the_lake_builds_it_keeps_the_contract(prices: duckdb.DuckDBPyConnection) -> None:
    prices.execute(f"INSERT INTO market.energy_prices {price_rows('2022-01-01')}")
    assert count(prices, "market.energy_prices") == 24


@pytest.mark.parametrize(
    "slip",
    [
        "'Caiso' AS iso",
        "'RTPD' AS market_type",
        "'TRADING_HUB' AS settlement_location_type",
        "'' AS settlement_location_id",
        "datetime_utc + INTERVAL 1 HOUR AS datetime_utc",
        "interval_start_utc AS interval_end_utc",
        "delivery_date + 1 AS delivery_date",
        "0 AS delivery_hour",
        "25 AS delivery_hour",
        "CAST(delivery_hour - 1 AS INTEGER) AS delivery_hour",
        "1 AS delivery_interval",
        "30 AS interval_minutes",
        "'y' AS dst_flag",
        "0 AS version",
        "NULL AS lmp_total",
        "NULL AS data_source",
    ],
)
def test_a_row_that_breaks_the_contract_is_refused(prices: duckdb.DuckDBPyConnection, slip: str) -> None:
    with pytest.raises(duckdb.ConstraintException):
        prices.execute(
            f"INSERT INTO market.energy_prices SELECT * REPLACE ({slip}) FROM ({price_rows('2022-01-01')})"
        )


def test_one_quantity_has_one_row_per_version(prices: duckdb.DuckDBPyConnection) -> None:
    prices.execute(f"INSERT INTO market.energy_prices {price_rows('2022-01-01')}")
    with pytest.raises(duckdb.ConstraintException, match=r"(?i)primary key"):
        prices.execute(f"INSERT INTO market.energy_prices {price_rows('2022-01-01', price=31)}")
    prices.execute(f"INSERT INTO market.energy_prices {price_rows('2022-01-01', price=31, version=2)}")


TINY = """
CREATE TABLE market.tiny (
    iso VARCHAR NOT NULL,
    price DOUBLE NOT NULL,
    PRIMARY KEY (iso),
    CHECK (price > 0)
);
COMMENT ON TABLE market.tiny IS 'Tiny.';
COMMENT ON COLUMN market.tiny.iso IS 'Operator.';
COMMENT ON COLUMN market.tiny.price IS 'Price.';
"""


def tiny(folder: Path, ddl: str = TINY) -> Contract:
    (folder / "tiny.sql").write_text(ddl, encoding="utf-8")
    return load_contracts(folder)["tiny"]


def test_a_better_comment_does_not_change_the_digest_and_a_new_rule_does(tmp_path: Path) -> None:
    first = tiny(tmp_path).digest
    assert tiny(tmp_path, TINY.replace("'Price.'", "'Price in dollars.'")).digest == first
    assert tiny(tmp_path, TINY.replace("price > 0", "price >= 0")).digest != first
    assert tiny(tmp_path, TINY.replace("price DOUBLE NOT NULL", "price DOUBLE")).digest != first


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (TINY.replace("    PRIMARY KEY (iso),\n", ""), "has no PRIMARY KEY"),
        (TINY.replace("COMMENT ON COLUMN market.tiny.price IS 'Price.';", ""), "lacks a COMMENT on price"),
        (TINY.replace("market.tiny", "market.other"), "must have the same name"),
        (TINY.replace("DOUBLE", "DUOBLE"), "is not DDL that DuckDB can run"),
    ],
)
def test_a_contract_that_leaves_something_unsaid_is_refused(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        tiny(tmp_path, wrong)


def test_a_folder_without_contracts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no contract"):
        load_contracts(tmp_path)


def test_a_type_that_iceberg_would_change_is_refused(tmp_path: Path) -> None:
    contract = tiny(tmp_path, TINY.replace("price DOUBLE", "price DECIMAL(18, 6)"))
    with pytest.raises(ContractError, match=r"market\.tiny\.price is DECIMAL"):
        iceberg_schema(contract)


def test_an_unknown_column_names_the_known_ones() -> None:
    with pytest.raises(ContractError, match="lmp_total"):
        CONTRACTS["energy_prices"].column("price")
