"""The checks: nothing is found in good rows, each planted defect by the check that is for it, results are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from defects import DEFECTS, HUB_HOUR, NEW_YORK
from views_kit import AUTUMN, MIDNIGHTS, day, define, hours_of_a_price, put_file, records

from ingest.errors import UnknownName
from lake import checks
from lake.checks import Check, load_checks, offenders
from lake.config import Settings
from lake.coverage import reading
from lake.home import Lake
from lake.pipeline import open_lake

pytest_plugins = ("views_plugin",)

NAMES = [check.name for check in load_checks()]
TABLES = (
    *("energy_prices", "energy_prices_ex_ante", "ancillary_services", "price_adders"),
    *("load", "load_forecast", "locations"),
)
REGISTRY = ("markets", "datasets", "roads", "as_products", "as_regions", "raw_files")
LAST_HOUR = (MIDNIGHTS[1] - timedelta(hours=1)).isoformat()


def check(name: str) -> Check:
    (found,) = load_checks([name])
    return found


@pytest.fixture(scope="module")
def copy(bare: duckdb.DuckDBPyConnection, small_lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """The rows of the small lake as tables that a test may break, under the names that checks use."""
    with closing(bare.cursor()) as source, closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for schema in ("market", "meta", "every"):
            connection.execute(f"CREATE SCHEMA {schema}")
        for table in TABLES:
            connection.register("told", source.execute(f"FROM power.market.{table}_all").to_arrow_table())
            connection.execute(f"CREATE TABLE every.{table} AS FROM told")
            connection.execute(f"CREATE VIEW market.{table}_all AS FROM every.{table}")
            connection.execute(f"CREATE VIEW market.{table} AS FROM every.{table} WHERE is_current")
        for name in REGISTRY:
            connection.register("told", source.execute(f"FROM power.meta.{name}").to_arrow_table())
            connection.execute(f"CREATE TABLE meta.{name} AS FROM told")
        places = dict.fromkeys(TABLES, "settlement_location_id")
        places |= {
            "ancillary_services": "concat_ws(' ', as_product, as_region)",
            "load": "concat_ws(' ', load_type, area_type, area_id)",
            "load_forecast": "concat_ws(' ', forecast, area_type, area_id, published_at_utc)",
        }
        markets = dict.fromkeys(TABLES, "market_type") | dict.fromkeys(TABLES[4:], "NULL")
        vintages = dict.fromkeys(TABLES, "NULL::TIMESTAMPTZ") | dict.fromkeys(TABLES[5:], "published_at_utc")
        connection.execute(
            "CREATE VIEW meta.every_row AS "
            + " UNION ALL ".join(
                f"SELECT '{table}' AS table_name, split_part(data_source, '/', 3) AS series, iso, "
                f"{markets[table]} AS market_type, {vintages[table]} AS vintage, interval_minutes, "
                f"delivery_date, interval_start_utc, interval_end_utc, {place} AS place, "
                f"data_source, version, is_current FROM every.{table}"
                for table, place in places.items()
            )
        )
        define(
            connection,
            [
                "current_rows",
                "raw_objects",
                "coverage",
                "asked",
                "obtained",
                "unanswered",
                "unfilled",
                "gaps",
            ],
        )
        yield connection


@pytest.fixture
def broken(copy: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, mended after the test."""
    copy.execute("BEGIN")
    yield copy
    copy.execute("ROLLBACK")


@pytest.mark.parametrize("name", NAMES)
def test_good_rows_have_no_offenders(copy: duckdb.DuckDBPyConnection, name: str) -> None:
    assert offenders(copy, check(name)) == (0, [])


@pytest.mark.parametrize("name", NAMES)
def test_every_check_says_what_it_finds_and_why(name: str) -> None:
    one = check(name)
    assert one.title
    assert one.severity in ("error", "warning")
    for word in ("-- Severity:", "-- Finds:", "-- Reads:", "-- Why:"):
        assert word in one.sql
    assert one.reads


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(broken: duckdb.DuckDBPyConnection, defect: str) -> None:
    name, expected, statements = DEFECTS[defect]
    for statement in statements:
        changed = broken.execute(statement).fetchone()
        assert changed is not None
        assert changed[0] > 0, f"the defect was not planted: {statement}"
    count, examples = offenders(broken, check(name))
    assert count == expected
    assert len(examples) == min(expected, checks.EXAMPLES)
    assert all({"iso", "delivery_date"} <= example.keys() for example in examples)


def test_every_check_has_a_planted_defect() -> None:
    assert {name for name, _, _ in DEFECTS.values()} == set(NAMES)


def test_components_with_their_adder_add_up(broken: duckdb.DuckDBPyConnection) -> None:
    broken.execute(f"UPDATE every.energy_prices SET lmp_total = lmp_total + 3 WHERE {HUB_HOUR}")
    broken.execute(f"UPDATE every.price_adders SET price = 3 WHERE {HUB_HOUR}")
    assert offenders(broken, check("components_add_up")) == (0, [])


def test_what_a_newer_file_of_stamps_leaves_out_needs_no_current_version(
    broken: duckdb.DuckDBPyConnection,
) -> None:
    broken.execute(
        "UPDATE every.energy_prices SET is_current = false WHERE iso = 'NYISO' AND interval_minutes = 5 "
        "AND delivery_hour = 3"
    )
    assert offenders(broken, check("one_current_version")) == (0, [])


def test_revisions_in_order_are_no_offence(broken: duckdb.DuckDBPyConnection) -> None:
    broken.execute(
        f"INSERT INTO every.energy_prices SELECT * REPLACE (2 AS version) FROM every.energy_prices WHERE {NEW_YORK}"
    )
    broken.execute(f"UPDATE every.energy_prices SET is_current = false WHERE {NEW_YORK} AND version = 1")
    for name in ("no_duplicate_keys", "one_current_version", "versions_are_consecutive"):
        assert offenders(broken, check(name)) == (0, []), name


def test_an_unknown_check_names_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="no_duplicate_keys"):
        load_checks(["no_such_check"])


# Over a lake


@pytest.fixture(scope="module")
def bad_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Three days of one zone in two series that both tell the hour of 1 Nov 23:00, which ends ten minutes late."""
    folder = tmp_path_factory.mktemp("bad")
    place = "iso=NYISO/delivery_date_year=2025/{}/2025-11-" + "0" * 16 + "-0.parquet"
    with Lake(Settings(uri=str(folder / "lake"), memory_limit="500MB", threads=2)) as lake:
        open_lake(lake)
        late = f"moment + to_minutes(CASE WHEN moment = '{LAST_HOUR}' THEN 70 ELSE 60 END)"
        put_file(
            lake,
            "energy_prices",
            place.format("da_energy_hourly"),
            hours_of_a_price(MIDNIGHTS[0], 24 + 25 + 24, interval_end_utc=late),
        )
        twice = hours_of_a_price(
            MIDNIGHTS[1] - timedelta(hours=1), 1, lmp_total="20000", interval_end_utc=late
        )
        put_file(lake, "energy_prices", place.format("da_energy_generators_hourly"), twice)
        yield lake


def test_a_run_tells_errors_and_warnings_of_each_operator(bad_lake: Lake) -> None:
    results = {result.check_name: result for result in checks.run(bad_lake, record=False)}
    assert set(results) == set(NAMES)
    assert {result.iso for result in results.values()} == {"NYISO"}
    assert {name: result.offending for name, result in results.items() if not result.passed} == {
        # The hour that both tell; it follows itself, and the next day's first hour follows too early.
        "no_duplicate_keys": 1,
        "intervals_do_not_overlap": 2,
        "components_add_up": 1,
        "prices_are_plausible": 1,
        # Of the second series there is no more than that hour.
        "gaps_inside_days": 1,
        # No file was ever landed for these three days.
        "rows_have_raw_objects": 3,
    }
    assert results["no_duplicate_keys"].is_error
    assert not results["prices_are_plausible"].is_error
    (example,) = results["no_duplicate_keys"].examples
    assert (example["place"], example["rows"]) == ("61752", 2)


def test_few_days_at_a_time_find_the_same(bad_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {result.check_name: result.offending for result in checks.run(bad_lake, record=False)}
    monkeypatch.setattr(checks, "ROWS_AT_ONCE", 1)
    with reading(bad_lake) as connection:
        assert list(checks._windows(connection, "NYISO", None, None)) == [(day(n), day(n)) for n in (1, 2, 3)]
    assert {result.check_name: result.offending for result in checks.run(bad_lake, record=False)} == whole


def test_a_run_can_be_cut_to_some_days_and_checks(bad_lake: Lake) -> None:
    names = ["no_duplicate_keys", "intervals_do_not_overlap"]
    found = checks.run(bad_lake, "NYISO", first=AUTUMN, names=names, record=False)
    # The overlap is found on the day of the later interval, the duplicate lies on the day before.
    assert {result.check_name: result.offending for result in found} == {
        "no_duplicate_keys": 0,
        "intervals_do_not_overlap": 1,
    }
    (result,) = checks.run(bad_lake, "NYISO", last=day(1), names=names[:1], record=False)
    assert (result.first_date, result.last_date, result.offending) == (None, day(1), 1)


def test_results_are_kept_and_the_latest_comes_first(bad_lake: Lake) -> None:
    names = ["no_duplicate_keys", "versions_are_consecutive"]
    for _ in range(2):
        checks.run(bad_lake, names=names)
    with reading(bad_lake) as connection:
        rows = records(connection, "FROM lake.meta.checks")
    assert [row["is_latest"] for row in rows] == [True, True, False, False]
    assert [(row["check_name"], row["passed"], row["severity"]) for row in rows[:2]] == [
        ("no_duplicate_keys", False, "error"),
        ("versions_are_consecutive", True, "error"),
    ]
    assert rows[0]["offending"] == 1
    (example,) = json.loads(str(rows[0]["examples"]))
    assert example["place"] == "61752"


def test_a_lake_without_rows_passes(tmp_path: Path) -> None:
    with Lake(Settings(uri=str(tmp_path / "lake"))) as lake:
        open_lake(lake)
        assert checks.run(lake) == []
        assert all(result.passed for result in checks.run(lake, "PJM"))


def test_the_small_lake_passes_every_check(small_lake: Lake) -> None:
    results = checks.run(small_lake, record=False)
    assert len(results) == 2 * len(NAMES)
    assert [(result.check_name, result.iso, result.examples) for result in results if not result.passed] == []
