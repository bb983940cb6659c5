"""What was asked for and what came: the views over the ledger, with planted events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from views_kit import AUTUMN, MIDNIGHTS, day, event, plant, records

from ingest.events import Event, Status
from lake.config import Settings
from lake.home import Lake
from lake.pipeline import open_lake

pytest_plugins = ("views_plugin",)


def test_the_ledger_is_the_table_and_the_journal_each_event_once(tmp_path: Path) -> None:
    with Lake(Settings(uri=str(tmp_path / "lake"))) as lake:
        open_lake(lake)
        words = event(1, "ok") | {"status": Status.OK, "raw_key": "raw/nyiso/x"}
        lake.journal.write([Event(**words)])  # type: ignore[arg-type]
        with lake.reader() as connection:
            connection.execute(f"ATTACH '{tmp_path / 'lake' / 'lake.duckdb'}' AS power (READ_ONLY)")
            question = "SELECT event_id, raw_key, period_end FROM power.meta.raw_files"
            told = connection.execute(question).fetchall()
            assert told == [("run-0001", "raw/nyiso/x", MIDNIGHTS[1])]
            lake.fold_ledger()
            assert connection.execute(question).fetchall() == told
            lake.journal.write([Event(**words)])  # type: ignore[arg-type]
            assert connection.execute(question).fetchall() == told


def test_a_raw_object_is_one_row_with_its_observations(ledger: duckdb.DuckDBPyConnection) -> None:
    key = {"raw_key": "raw/nyiso/da_energy_hourly/2025-11-01/abc_x.csv", "sha256": "abc", "bytes": 7}
    plant(
        ledger, "meta.raw_files", event(1, "ok", **key), event(2, "unchanged", **key), event(3, "ok", **key)
    )
    (row,) = records(ledger, "FROM meta.raw_objects")
    assert (row["observations"], row["status"], row["scope"], row["bytes"]) == (2, "ok", "hubs", 7)
    assert row["stages"] == ["final"]
    assert (row["first_known_at"], row["last_known_at"]) == (
        datetime(2025, 12, 1, 1, tzinfo=UTC),
        datetime(2025, 12, 1, 3, tzinfo=UTC),
    )
    assert (row["period_start"], row["period_end"]) == (MIDNIGHTS[0], MIDNIGHTS[1])


def test_what_the_source_published_at_is_when_an_object_was_known(ledger: duckdb.DuckDBPyConnection) -> None:
    published = datetime(2025, 11, 2, 9, tzinfo=UTC)
    plant(ledger, "meta.raw_files", event(1, "ok", raw_key="raw/a", published_at=published))
    (row,) = records(ledger, "FROM meta.raw_objects")
    assert row["first_known_at"] == published


def test_being_seen_again_does_not_lift_a_quarantine(ledger: duckdb.DuckDBPyConnection) -> None:
    lost = event(
        2, "quarantined", raw_key="raw/a", message="a new column", period_start=None, period_end=None
    )
    plant(
        ledger,
        "meta.raw_files",
        event(1, "ok", raw_key="raw/a"),
        lost,
        event(3, "unchanged", raw_key="raw/a"),
    )
    (row,) = records(ledger, "FROM meta.raw_objects")
    assert (row["status"], row["message"]) == ("quarantined", "a new column")
    assert records(ledger, "FROM meta.obtained") == []
    (gap,) = records(ledger, "FROM meta.unanswered")
    assert (gap["delivery_date"], gap["status"], gap["reason"]) == (day(1), "quarantined", "a new column")


def test_a_quarantine_is_over_when_the_file_is_read_after_all(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(
        ledger,
        "meta.raw_files",
        event(1, "ok", raw_key="raw/a"),
        event(2, "quarantined", raw_key="raw/a", message="a new column", period_start=None, period_end=None),
        event(3, "ok", raw_key="raw/a"),
    )
    (row,) = records(ledger, "FROM meta.raw_objects")
    assert (row["status"], row["message"]) == ("ok", None)
    assert records(ledger, "FROM meta.unanswered") == []


def test_a_file_of_ones_own_is_wanted_whole(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(ledger, "meta.raw_files", event(1, "ok", road="import", raw_key="raw/a"))
    (row,) = records(ledger, "FROM meta.raw_objects")
    assert row["scope"] == "all"
    assert {row["scope"] for row in records(ledger, "FROM meta.obtained")} == {"hubs", "all"}


@pytest.mark.parametrize("status", ["throttled", "failed", "not_asked", "not_published", "expired"])
def test_what_did_not_come_is_unanswered(ledger: duckdb.DuckDBPyConnection, status: str) -> None:
    plant(ledger, "meta.raw_files", event(1, status, message="why"))
    (row,) = records(ledger, "FROM meta.unanswered")
    assert (row["delivery_date"], row["status"], row["reason"], row["scope"]) == (
        day(1),
        status,
        "why",
        "hubs",
    )


def test_the_latest_word_is_the_reason(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(
        ledger,
        "meta.raw_files",
        event(1, "not_published", message="early"),
        event(2, "throttled", message="late"),
    )
    (row,) = records(ledger, "FROM meta.unanswered")
    assert (row["status"], row["reason"]) == ("throttled", "late")


def test_the_word_of_the_source_that_there_is_nothing_is_an_answer(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(ledger, "meta.raw_files", event(1, "failed"), event(2, "empty"))
    assert records(ledger, "FROM meta.unanswered") == []


def test_another_road_brings_what_one_did_not(ledger: duckdb.DuckDBPyConnection) -> None:
    month = {"road": "monthly", "period_end": datetime(2025, 12, 1, 5, tzinfo=UTC), "raw_key": "raw/a"}
    plant(ledger, "meta.raw_files", event(1, "ok", **month), event(2, "throttled"))
    assert records(ledger, "FROM meta.unanswered") == []


def test_hubs_do_not_answer_who_asked_for_all(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(
        ledger,
        "meta.raw_files",
        event(1, "ok", road="hubs", raw_key="raw/a"),
        event(2, "failed", scope="all"),
    )
    (row,) = records(ledger, "FROM meta.unanswered")
    assert (row["scope"], row["status"]) == ("all", "failed")


def test_a_road_of_all_locations_answers_both(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(
        ledger,
        "meta.raw_files",
        event(1, "failed", scope="all"),
        event(2, "failed", road="hubs"),
        event(3, "ok", raw_key="raw/a"),
    )
    assert records(ledger, "FROM meta.unanswered") == []


def test_a_period_in_parts_needs_all_its_parts(ledger: duckdb.DuckDBPyConnection) -> None:
    types = {"road": "types"}
    plant(ledger, "meta.raw_files", event(1, "ok", part="HUB/1", raw_key="raw/a", **types))
    assert records(ledger, "FROM meta.obtained") == []
    plant(ledger, "meta.raw_files", event(2, "throttled", part="ZONE", **types))
    assert [row["status"] for row in records(ledger, "FROM meta.unanswered")] == ["throttled"]
    plant(ledger, "meta.raw_files", event(3, "ok", part="ZONE/1", raw_key="raw/b", **types))
    assert records(ledger, "FROM meta.unanswered") == []
    assert [row["scope"] for row in records(ledger, "FROM meta.obtained")] == ["hubs"]


def test_a_page_that_cannot_be_read_is_a_part_that_is_lacking(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(
        ledger,
        "meta.raw_files",
        event(1, "ok", part="1", raw_key="raw/a"),
        event(2, "ok", part="2", raw_key="raw/b"),
        event(3, "quarantined", part="2", raw_key="raw/b", period_start=None, period_end=None),
    )
    assert [row["status"] for row in records(ledger, "FROM meta.unanswered")] == ["quarantined"]
    plant(ledger, "meta.raw_files", event(4, "ok", part="2", raw_key="raw/c"))
    assert records(ledger, "FROM meta.unanswered") == []


def test_a_later_refusal_of_a_whole_request_takes_nothing_away(ledger: duckdb.DuckDBPyConnection) -> None:
    plant(ledger, "meta.raw_files", event(1, "ok", part="1", raw_key="raw/a"), event(2, "throttled"))
    assert records(ledger, "FROM meta.unanswered") == []


def test_the_long_day_lacks_the_hour_that_did_not_come(ledger: duckdb.DuckDBPyConnection) -> None:
    hours = [MIDNIGHTS[1] + timedelta(hours=number) for number in range(26)]
    for number in range(25):
        status = "throttled" if number == 1 else "ok"
        period = {"period_start": hours[number], "period_end": hours[number + 1]}
        key = {} if number == 1 else {"raw_key": f"raw/{number}"}
        plant(ledger, "meta.raw_files", event(number, status, **period, **key))
    assert hours[25] == MIDNIGHTS[2]
    assert [row["delivery_date"] for row in records(ledger, "FROM meta.unanswered")] == [AUTUMN]
    stretches = records(ledger, "FROM meta.obtained WHERE scope = 'all' ORDER BY stretch_start")
    assert [(row["stretch_start"], row["stretch_end"]) for row in stretches] == [
        (hours[0], hours[1]),
        (hours[2], hours[25]),
    ]


def test_only_the_days_of_a_month_that_did_not_come_are_lacking(ledger: duckdb.DuckDBPyConnection) -> None:
    month = {"road": "monthly", "period_end": MIDNIGHTS[2]}
    plant(ledger, "meta.raw_files", event(1, "failed", **month), event(2, "ok", raw_key="raw/a"))
    assert [row["delivery_date"] for row in records(ledger, "FROM meta.unanswered")] == [AUTUMN]
