"""Coverage, gaps and status: as views over planted rows and a small lake, and as the records of `lake.coverage`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from views_kit import AUTUMN, MIDNIGHTS, NOW, day, event, hourly, intervals, plant, records

from ingest.registry import sources
from lake import coverage
from lake.config import Settings
from lake.errors import NoLake
from lake.home import Lake
from lake.pipeline import open_lake

pytest_plugins = ("views_plugin",)


@pytest.mark.parametrize(("hours", "complete"), [(24, False), (25, True)])
def test_the_day_of_the_autumn_change_needs_25_hours(
    rows: duckdb.DuckDBPyConnection, hours: int, complete: bool
) -> None:
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[1], hours))
    (row,) = records(rows, "FROM meta.coverage")
    assert (row["intervals"], row["intervals_expected"], row["complete"]) == (hours, 25, complete)
    assert (row["minutes"], row["minutes_expected"]) == (hours * 60, 1500)


def test_the_day_of_the_spring_change_needs_23_hours(rows: duckdb.DuckDBPyConnection) -> None:
    midnight = datetime(2025, 3, 9, 5, tzinfo=UTC)
    edges = [(midnight + timedelta(hours=n), midnight + timedelta(hours=n + 1)) for n in range(23)]
    for start, end in edges:
        words = {
            "iso": "NYISO",
            "table_name": "energy_prices",
            "series": "da_energy_hourly",
            "market_type": "DA",
        }
        times = {"delivery_date": date(2025, 3, 9), "interval_start_utc": start, "interval_end_utc": end}
        plant(rows, "meta.current_rows", {**words, **times, "interval_minutes": 60, "place": "A"})
    (row,) = records(rows, "FROM meta.coverage")
    assert (row["intervals"], row["intervals_expected"], row["complete"]) == (23, 23, True)


def test_as_many_intervals_as_a_day_has_do_not_make_it_complete(rows: duckdb.DuckDBPyConnection) -> None:
    edges = [(MIDNIGHTS[0] + timedelta(hours=n), MIDNIGHTS[0] + timedelta(hours=n + 1)) for n in range(23)]
    edges.append((MIDNIGHTS[0] + timedelta(minutes=30), MIDNIGHTS[0] + timedelta(minutes=90)))
    plant(rows, "meta.current_rows", *intervals(edges))
    (row,) = records(rows, "FROM meta.coverage")
    assert (row["intervals"], row["minutes"], row["complete"]) == (24, 23 * 60, False)


def test_rows_that_some_locations_lack_are_counted(rows: duckdb.DuckDBPyConnection) -> None:
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[0], 24), *hourly(MIDNIGHTS[0], 20, place="B"))
    (row,) = records(rows, "FROM meta.coverage")
    assert (row["rows"], row["locations"], row["rows_lacking"], row["complete"]) == (44, 2, 4, True)


def run_of(start: datetime, end: datetime, *lengths: int) -> list[tuple[datetime, datetime]]:
    """Intervals of five minutes, or of these lengths first, from one moment to another."""
    edges, at, given = [], start, list(lengths)
    while at < end:
        following = at + timedelta(minutes=given.pop(0) if given else 5)
        edges.append((at, following))
        at = following
    return edges


RT = {"series": "rt_energy_5min", "market_type": "RT", "interval_minutes": 5}


def test_off_the_grid_minutes_are_counted_and_not_intervals(rows: duckdb.DuckDBPyConnection) -> None:
    edges = run_of(MIDNIGHTS[0], MIDNIGHTS[1], 3, 2, 7, 8)
    plant(rows, "meta.current_rows", *intervals(edges, **RT))
    (row,) = records(rows, "FROM meta.coverage")
    assert row["intervals_expected"] is None
    assert (row["minutes"], row["minutes_expected"], row["complete"]) == (1440, 1440, True)


def test_what_reaches_over_midnight_belongs_to_the_day_it_lies_in(rows: duckdb.DuckDBPyConnection) -> None:
    late = MIDNIGHTS[1] - timedelta(minutes=4)
    edges = [*run_of(MIDNIGHTS[0], late), (late, late + timedelta(minutes=14))]
    edges += run_of(edges[-1][1], MIDNIGHTS[2])
    plant(rows, "meta.current_rows", *intervals(edges, **RT))
    first, second = records(rows, "FROM meta.coverage ORDER BY delivery_date")
    assert (first["minutes"], first["complete"]) == (1440, True)
    assert (second["minutes"], second["complete"]) == (1500, True)


def test_a_hole_off_the_grid_is_seen(rows: duckdb.DuckDBPyConnection) -> None:
    edges = run_of(MIDNIGHTS[0], MIDNIGHTS[1])
    del edges[100:102]
    plant(rows, "meta.current_rows", *intervals(edges, **RT))
    (row,) = records(rows, "FROM meta.coverage")
    assert (row["minutes"], row["complete"]) == (1430, False)


def test_overlaps_do_not_hide_a_hole(rows: duckdb.DuckDBPyConnection) -> None:
    edges = run_of(MIDNIGHTS[0], MIDNIGHTS[1])
    start, end = edges[0]
    edges[100] = (start + timedelta(minutes=1), end + timedelta(minutes=1))
    plant(rows, "meta.current_rows", *intervals(edges, **RT))
    (row,) = records(rows, "FROM meta.coverage")
    assert (row["minutes"], row["complete"]) == (1435, False)


def test_coverage_of_the_lake_is_that_of_its_days(bare: duckdb.DuckDBPyConnection) -> None:
    told = {
        (row["iso"], row["series"], row["delivery_date"]): (row["intervals"], row["complete"])
        for row in records(bare, "FROM power.meta.coverage WHERE table_name <> 'price_adders'")
    }
    assert told[("CAISO", "da_as_hourly", AUTUMN)] == (25, True)
    assert told[("CAISO", "da_energy_hourly", day(1))] == (24, True)
    assert told[("NYISO", "rt_energy_5min", AUTUMN)][1] is True
    # The month's zip holds the first hour of the running day.
    assert told[("NYISO", "rt_energy_5min", day(5))] == (12, False)
    assert ("CAISO", "da_as_hourly", day(3)) not in told
    assert ("NYISO", "da_as_hourly", day(1)) not in told


def test_coverage_counts_every_row_of_the_tables(bare: duckdb.DuckDBPyConnection) -> None:
    for table in ("energy_prices", "ancillary_services", "price_adders"):
        held = bare.execute(f"SELECT count(*) FROM power.market.{table}").fetchone()
        assert (
            bare.execute(f"SELECT sum(rows) FROM power.meta.coverage WHERE table_name = '{table}'").fetchone()
            == held
        )


# What is lacking


def test_a_day_without_rows_that_nobody_asked_for_is_a_gap(rows: duckdb.DuckDBPyConnection) -> None:
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[0], 24), *hourly(MIDNIGHTS[2], 24))
    (gap,) = records(rows, "FROM meta.gaps")
    assert (gap["first_date"], gap["last_date"], gap["days"], gap["status"]) == (
        AUTUMN,
        AUTUMN,
        1,
        "never_asked",
    )
    assert (gap["dataset"], gap["series"], gap["table_name"]) == (
        "da_energy_hourly",
        "da_energy_hourly",
        "energy_prices",
    )


def test_a_day_that_was_obtained_without_rows_is_absent(rows: duckdb.DuckDBPyConnection) -> None:
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[0], 24), *hourly(MIDNIGHTS[2], 24))
    plant(
        rows,
        "meta.raw_files",
        event(1, "ok", raw_key="raw/a", period_start=MIDNIGHTS[1], period_end=MIDNIGHTS[2]),
    )
    assert [gap["status"] for gap in records(rows, "FROM meta.gaps")] == ["absent"]


def test_a_day_that_the_source_says_is_empty_is_told_so(rows: duckdb.DuckDBPyConnection) -> None:
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[0], 24), *hourly(MIDNIGHTS[2], 24))
    plant(rows, "meta.raw_files", event(1, "empty", period_start=MIDNIGHTS[1], period_end=MIDNIGHTS[2]))
    assert [gap["status"] for gap in records(rows, "FROM meta.gaps")] == ["empty"]


def test_a_day_with_some_intervals_says_how_many(rows: duckdb.DuckDBPyConnection) -> None:
    plant(
        rows,
        "meta.current_rows",
        *hourly(MIDNIGHTS[0], 24),
        *hourly(MIDNIGHTS[1], 24),
        *hourly(MIDNIGHTS[2], 24),
    )
    (gap,) = records(rows, "FROM meta.gaps")
    assert (gap["status"], gap["reason"]) == ("incomplete", "24 of 25 intervals of 60 minutes are there")


def test_what_the_ledger_explains_is_not_told_twice(rows: duckdb.DuckDBPyConnection) -> None:
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[0], 24), *hourly(MIDNIGHTS[2], 24))
    throttled = event(1, "throttled", message="too fast", period_start=MIDNIGHTS[1], period_end=MIDNIGHTS[2])
    plant(rows, "meta.raw_files", throttled)
    (gap,) = records(rows, "FROM meta.gaps")
    assert (gap["status"], gap["reason"], gap["table_name"]) == ("throttled", "too fast", None)


def test_two_tables_that_lack_the_same_day_are_one_gap(rows: duckdb.DuckDBPyConnection) -> None:
    rows.execute(
        "INSERT INTO meta.datasets SELECT * REPLACE ('price_adders' AS table_name) FROM meta.datasets "
        "WHERE dataset = 'da_energy_hourly'"
    )
    for table in ("energy_prices", "price_adders"):
        held = [*hourly(MIDNIGHTS[0], 24, table_name=table), *hourly(MIDNIGHTS[2], 24, table_name=table)]
        plant(rows, "meta.current_rows", *held)
    assert [gap["table_name"] for gap in records(rows, "FROM meta.gaps")] == ["energy_prices, price_adders"]


def test_days_in_a_row_with_one_reason_are_one_gap(rows: duckdb.DuckDBPyConnection) -> None:
    plant(rows, "meta.raw_files", event(1, "expired", message="gone", period_end=MIDNIGHTS[2], road=""))
    plant(
        rows,
        "meta.raw_files",
        event(
            2,
            "expired",
            message="gone",
            period_start=datetime(2025, 11, 5, 5, tzinfo=UTC),
            period_end=datetime(2025, 11, 6, 5, tzinfo=UTC),
        ),
    )
    told = records(rows, "FROM meta.gaps ORDER BY first_date")
    assert [(gap["first_date"], gap["last_date"], gap["days"]) for gap in told] == [
        (day(1), AUTUMN, 2),
        (day(5), day(5), 1),
    ]


def test_the_gaps_of_the_lake_are_those_that_were_made(bare: duckdb.DuckDBPyConnection) -> None:
    told = {
        (gap["iso"], gap["dataset"], gap["first_date"], gap["last_date"], gap["status"])
        for gap in records(bare, "FROM power.meta.gaps")
    }
    assert told == {
        ("CAISO", "da_as_hourly", day(3), day(3), "throttled"),
        ("CAISO", "da_energy_hourly", date(2019, 3, 9), date(2019, 3, 11), "expired"),
        ("CAISO", "da_energy_hourly", AUTUMN, AUTUMN, "never_asked"),
        ("CAISO", "da_energy_hourly", day(20), day(20), "not_published"),
        ("NYISO", "da_as_hourly", day(1), day(1), "quarantined"),
        ("NYISO", "rt_energy_5min", day(5), day(30), "not_published"),
    }


def test_stages_of_one_series_are_one_line_of_status(rows: duckdb.DuckDBPyConnection) -> None:
    rows.execute(
        "INSERT INTO meta.datasets SELECT * REPLACE ('da_settled' AS dataset, 'settled' AS stage) "
        "FROM meta.datasets WHERE dataset = 'da_energy_hourly'"
    )
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[0], 24))
    # The settled stage is not out yet, but the day is complete.
    plant(
        rows,
        "meta.raw_files",
        event(1, "ok", raw_key="raw/a", bytes=5),
        event(2, "not_published", dataset="da_settled"),
    )
    (line,) = records(rows, "FROM meta.status")
    assert line["datasets"] == ["da_energy_hourly", "da_settled"]
    assert (line["days_complete"], line["days_lacking"], line["days_not_published"]) == (1, 0, 0)
    assert (line["rows"], line["raw_objects"], line["raw_bytes"]) == (24, 1, 5)


def test_a_day_with_every_interval_lacks_the_part_that_did_not_come(rows: duckdb.DuckDBPyConnection) -> None:
    plant(rows, "meta.current_rows", *hourly(MIDNIGHTS[0], 24))
    hubs = event(1, "ok", road="types", part="HUB/1", raw_key="raw/a", bytes=5)
    plant(rows, "meta.raw_files", hubs, event(2, "throttled", road="types", part="ZONE"))
    (line,) = records(rows, "FROM meta.status")
    assert (line["days_complete"], line["days_lacking"], line["rows"]) == (0, 1, 24)


def test_days_that_can_still_be_had_are_told_apart_from_the_others(rows: duckdb.DuckDBPyConnection) -> None:
    spans = zip(
        ("expired", "not_published", "throttled"),
        [*MIDNIGHTS, MIDNIGHTS[2] + timedelta(days=1)],
        strict=False,
    )
    for number, (status, start) in enumerate(spans):
        end = [*MIDNIGHTS, MIDNIGHTS[2] + timedelta(days=1)][number + 1]
        plant(rows, "meta.raw_files", event(number, status, period_start=start, period_end=end))
    (line,) = records(rows, "FROM meta.status")
    assert (line["days_expired"], line["days_not_published"], line["days_lacking"]) == (1, 1, 1)


# The same as records


def test_the_records_are_what_the_views_say(small_lake: Lake, bare: duckdb.DuckDBPyConnection) -> None:
    lines = records(bare, "FROM power.meta.status ORDER BY iso, series")
    told = coverage.status(small_lake)
    assert [
        (
            line.iso,
            line.series,
            line.first_date,
            line.days_complete,
            line.days_lacking,
            line.rows,
            line.raw_bytes,
        )
        for line in told
    ] == [
        (
            line["iso"],
            line["series"],
            line["first_date"],
            line["days_complete"],
            line["days_lacking"],
            line["rows"],
            line["raw_bytes"],
        )
        for line in lines
    ]
    gaps = records(bare, "FROM power.meta.gaps ORDER BY iso, dataset, first_date, table_name, status")
    assert [vars(gap) for gap in coverage.gaps(small_lake)] == gaps


def test_status_tells_what_is_there_and_what_is_lacking(small_lake: Lake) -> None:
    lines = {(line.iso, line.series): line for line in coverage.status(small_lake)}
    energy = lines["CAISO", "da_energy_hourly"]
    assert (energy.first_date, energy.last_date) == (day(0), day(4))
    assert (energy.days_complete, energy.days_lacking) == (4, 1)
    assert (energy.days_expired, energy.days_not_published) == (3, 1)
    reserves = lines["NYISO", "da_as_hourly"]
    assert (reserves.raw_objects, reserves.quarantined, reserves.days_lacking) == (2, 1, 1)
    assert reserves.last_fetched_at == NOW


def test_one_operator_can_be_asked_for(small_lake: Lake) -> None:
    assert {line.iso for line in coverage.status(small_lake, "NYISO")} == {"NYISO"}
    assert {gap.iso for gap in coverage.gaps(small_lake, "NYISO")} == {"NYISO"}
    assert coverage.status(small_lake, "PJM") == []


def test_a_place_without_a_lake_is_said_to_be_none(tmp_path: Path) -> None:
    with (
        Lake(Settings(uri=str(tmp_path / "nothing"))) as lake,
        pytest.raises(NoLake, match="There is no lake"),
    ):
        coverage.status(lake)


def test_a_lake_without_its_views_says_what_to_run(tmp_path: Path) -> None:
    with Lake(Settings(uri=str(tmp_path / "lake"))) as lake:
        open_lake(lake)
        (tmp_path / "lake" / "lake.duckdb").unlink()
        with pytest.raises(NoLake, match="Run `pmp init`"):
            coverage.status(lake)


def test_the_catalog_lists_every_dataset_with_its_roads() -> None:
    entries = {(entry.iso, entry.dataset): entry for entry in coverage.catalog_listing()}
    assert len(entries) == sum(len(source.datasets) for source in sources().values())
    energy = entries["CAISO", "da_energy_hourly"]
    assert energy.roads == "single: 39 months (not confirmed); group: 64 months (not confirmed)"
    assert energy.since == date(2009, 4, 1)
    assert "monthly: everything" in entries["NYISO", "da_energy_hourly"].roads
    assert {entry.iso for entry in coverage.catalog_listing("PJM")} == {"PJM"}
