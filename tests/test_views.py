"""The metadata views: what the registry says, places, tables and files; all of them for a stranger's session."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from stores import Store
from views_kit import MIDNIGHTS, bench, day, hours_of_a_price, plant, put_file, records

from catalog.contract import sql_folder
from ingest.registry import sources
from lake import checks, coverage
from lake.config import Settings
from lake.home import Lake
from lake.pipeline import open_lake
from lake.views import ORDER, literal_rows, meta_views

pytest_plugins = ("views_plugin",)


def test_every_file_of_sql_views_is_published() -> None:
    assert sorted(ORDER) == sorted(path.stem for path in (sql_folder() / "views").glob("*.sql"))


def test_a_stranger_can_ask_every_view_of_the_file_by_any_name(
    bare: duckdb.DuckDBPyConnection, small_lake: Lake
) -> None:
    names = [name for name, _ in meta_views(small_lake)]
    assert len(names) == len(set(names))
    for name in names:
        bare.execute(f"SELECT * FROM power.{name} LIMIT 1").fetchall()


def test_the_file_holds_no_table(bare: duckdb.DuckDBPyConnection) -> None:
    assert bare.execute("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'power'").fetchone() == (
        0,
    )


def test_an_empty_lake_answers_every_view(tmp_path: Path) -> None:
    with Lake(Settings(uri=str(tmp_path / "lake"))) as lake:
        open_lake(lake)
        with lake.reader() as connection:
            connection.execute(f"ATTACH '{tmp_path / 'lake' / 'lake.duckdb'}' AS fresh (READ_ONLY)")
            for name, _ in meta_views(lake):
                connection.execute(f"SELECT * FROM fresh.{name}").fetchall()
            assert connection.execute("SELECT sum(rows), sum(files) FROM fresh.meta.tables").fetchone() == (
                0,
                0,
            )


# What the registry says


def test_every_feed_of_the_registry_is_a_row_of_datasets(bare: duckdb.DuckDBPyConnection) -> None:
    told = {
        (row["iso"], row["dataset"], row["feed"], row["series"], row["stage"])
        for row in records(bare, "FROM power.meta.datasets WHERE feed IS NOT NULL")
    }
    assert told == {
        (source.iso, dataset.name, name, feed.series, feed.stage)
        for source in sources().values()
        for dataset in source.datasets.values()
        for name, feed in dataset.feeds.items()
    }


def test_a_dataset_without_a_feed_is_listed_once(bare: duckdb.DuckDBPyConnection) -> None:
    rows = records(bare, "FROM power.meta.datasets WHERE dataset = 'price_corrections'")
    assert [(row["feed"], row["table_name"]) for row in rows] == [(None, None)]


def test_stages_are_told_in_their_order(bare: duckdb.DuckDBPyConnection) -> None:
    rows = records(
        bare,
        "SELECT DISTINCT stage, stage_order FROM power.meta.datasets "
        "WHERE iso = 'PJM' AND series = 'rt_energy_hourly' ORDER BY stage_order",
    )
    assert [row["stage"] for row in rows] == ["unverified", "verified", "settled"]


def test_markets_tell_clock_terms_and_resolutions(bare: duckdb.DuckDBPyConnection) -> None:
    (row,) = records(bare, "FROM power.meta.markets WHERE iso = 'CAISO'")
    assert row["clock"] == "America/Los_Angeles"
    assert row["full_name"] == "California Independent System Operator"
    assert row["regions"]
    assert row["data_since"] == date(2009, 4, 1)
    assert row["redistribute"] == "yes"
    assert row["markets"] == ["DA 60 min", "RT 5 min", "RT 15 min"]
    assert row["time_zones"] == ["PST", "PDT"]
    assert (row["day_ahead_minutes"], row["real_time_minutes"]) == ([60], [5, 15])


def test_regions_name_the_region_around_them(bare: duckdb.DuckDBPyConnection) -> None:
    around = {
        row["as_region"]: row["within"]
        for row in records(bare, "FROM power.meta.as_regions WHERE iso = 'CAISO'")
    }
    assert around["AS_NP26"] == "AS_NP26_EXP"
    assert around["AS_NP26_EXP"] == "AS_CAISO_EXP"
    assert around["AS_CAISO_EXP"] is None


def test_products_roads_and_declared_gaps_are_those_of_the_registry(bare: duckdb.DuckDBPyConnection) -> None:
    assert bare.execute("SELECT count(*) FROM power.meta.as_products").fetchone() == (
        sum(len(source.as_products) for source in sources().values()),
    )
    assert bare.execute("SELECT count(*) FROM power.meta.roads").fetchone() == (
        sum(len(dataset.roads) for source in sources().values() for dataset in source.datasets.values()),
    )
    assert {
        (row["iso"], row["gap"]): row["reason"] for row in records(bare, "FROM power.meta.declared_gaps")
    } == {(source.iso, name): reason for source in sources().values() for name, reason in source.gaps.items()}


def test_literal_rows_keep_their_types_and_quotes_also_without_a_row() -> None:
    columns = {"name": "VARCHAR", "since": "DATE", "many": "VARCHAR[]", "count": "INTEGER"}
    with closing(duckdb.connect()) as connection:
        select = literal_rows(columns, [("it's", date(2020, 1, 2), ["a", "b'c"], None)])
        assert connection.execute(select).fetchall() == [("it's", date(2020, 1, 2), ["a", "b'c"], None)]
        for sql in (select, literal_rows(columns, [])):
            types = [row[1] for row in connection.execute(f"DESCRIBE {sql}").fetchall()]
            assert types == list(columns.values())
        assert connection.execute(literal_rows(columns, [])).fetchall() == []


# Places, tables, files


def test_hubs_zones_and_nodes_together_are_the_locations(bare: duckdb.DuckDBPyConnection) -> None:
    def names(view: str) -> set[tuple[object, object]]:
        return {
            (row["iso"], row["settlement_location_id"]) for row in records(bare, f"FROM power.meta.{view}")
        }

    hubs, zones, nodes = names("hubs"), names("zones"), names("nodes")
    assert ("CAISO", "TH_NP15_GEN-APND") in hubs
    assert ("NYISO", "61752") in zones
    assert ("NYISO", "61844") in nodes
    assert hubs | zones | nodes == names("locations")
    assert len(hubs) + len(zones) + len(nodes) == len(names("locations"))


def test_a_location_is_known_by_its_latest_name_and_all_its_markets() -> None:
    with closing(bench("locations")) as connection:
        for market, minutes, number, name, zone in (
            ("DA", 60, 1, "OLD", "WEST"),
            ("DA", 60, 2, "NEW", None),
            ("RT", 5, 1, "OLD", None),
        ):
            plant(
                connection,
                "market.energy_prices",
                {
                    "iso": "PJM",
                    "market_type": market,
                    "interval_minutes": minutes,
                    "settlement_location_id": "1",
                    "settlement_location": name,
                    "settlement_location_type": "ZONE",
                    "zone": zone,
                    "delivery_date": day(number),
                    "interval_start_utc": datetime(2025, 11, number, 12, tzinfo=UTC),
                },
            )
        (row,) = records(connection, "FROM meta.locations")
    assert (row["settlement_location"], row["zone"]) == ("NEW", "WEST")
    assert row["markets"] == ["DA 60 min", "RT 5 min"]
    assert (row["first_delivery_date"], row["last_delivery_date"]) == (day(1), day(2))


def test_a_files_place_says_what_it_is(bare: duckdb.DuckDBPyConnection) -> None:
    rows = records(
        bare, "FROM power.meta.files WHERE table_name = 'energy_prices' AND iso = 'CAISO' ORDER BY chunk"
    )
    assert [(row["delivery_year"], row["series"], row["chunk"]) for row in rows] == [
        (2025, "da_energy_hourly", "2025-10"),
        (2025, "da_energy_hourly", "2025-11"),
    ]
    assert all(len(str(row["fingerprint"])) == 16 for row in rows)
    assert [(row["first_delivery_date"], row["last_delivery_date"]) for row in rows] == [
        (day(0), day(0)),
        (day(1), day(4)),
    ]
    assert all(int(str(row["bytes"])) > 0 for row in rows)


def test_tables_count_the_rows_of_their_files(bare: duckdb.DuckDBPyConnection) -> None:
    for row in records(bare, "FROM power.meta.tables"):
        every = "raw_files" if row["table_name"] == "meta.raw_files" else None
        view = f"power.{row['table_name']}" if every else f"power.{row['table_name']}_all"
        assert bare.execute(f"SELECT count(*) FROM {view}").fetchone() == (row["rows"],)
        assert row["description"]


def test_each_table_has_one_current_snapshot(bare: duckdb.DuckDBPyConnection) -> None:
    rows = records(
        bare,
        "SELECT table_name, count(*) FILTER (WHERE is_current) AS current, min(committed_at) AS first "
        "FROM power.meta.snapshots GROUP BY table_name",
    )
    assert {row["table_name"]: row["current"] for row in rows} == {
        "ancillary_services": 1,
        "energy_prices": 1,
        "price_adders": 1,
        "raw_files": 1,
    }
    assert all(isinstance(row["first"], datetime) for row in rows)


def test_a_replaced_file_is_no_file_of_the_table(tmp_path: Path) -> None:
    with Lake(Settings(uri=str(tmp_path / "lake"))) as lake:
        open_lake(lake)
        folder = "iso=NYISO/delivery_date_year=2025/da_energy_hourly"
        put_file(
            lake, "energy_prices", f"{folder}/2025-11-{'a' * 16}-0.parquet", hours_of_a_price(MIDNIGHTS[0], 3)
        )
        prices = hours_of_a_price(MIDNIGHTS[0], 5)
        put_file(lake, "energy_prices", f"{folder}/2025-11-{'b' * 16}-0.parquet", prices, replaces="a" * 16)
        with coverage.reading(lake) as connection:
            (file,) = records(connection, "FROM lake.meta.files WHERE series IS NOT NULL")
            assert (file["fingerprint"], file["rows"]) == ("b" * 16, 5)
            (table,) = records(connection, "FROM lake.meta.tables WHERE table_name = 'market.energy_prices'")
            assert (table["files"], table["rows"], table["snapshots"]) == (1, 5, 2)


@pytest.mark.long
def test_a_lake_in_object_storage_answers_every_view(
    s3_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_store.environment.items():
        monkeypatch.setenv(name, value)
    with Lake(Settings()) as lake:
        open_lake(lake)
        place = "iso=NYISO/delivery_date_year=2025/da_energy_hourly/2025-11-" + "a" * 16 + "-0.parquet"
        put_file(lake, "energy_prices", place, hours_of_a_price(MIDNIGHTS[0], 24))
        (line,) = coverage.status(lake)
        assert (line.iso, line.days_complete, line.rows) == ("NYISO", 1, 24)
        checks.run(lake, names=["no_duplicate_keys"])
        with coverage.reading(lake) as connection:
            for name, _ in meta_views(lake):
                connection.execute(f"SELECT * FROM lake.{name}").fetchall()
            (result,) = records(connection, "FROM lake.meta.checks")
        assert result["passed"] is True
