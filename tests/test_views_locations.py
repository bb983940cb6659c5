"""What lists of locations say over time: stretches, groups, and locations that prices name and lists do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from views_kit import bench, plant, records

OPEN = datetime(9999, 12, 31, tzinfo=UTC)


@pytest.fixture
def lists() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(bench("location_history", "locations", "hubs", "zones", "nodes")) as connection:
        yield connection


def moment(number: int) -> datetime:
    """The start of a day of November 2025 on New York's clock (number 3 and later: after the change)."""
    return datetime(2025, 11, number, 5, tzinfo=UTC)


def listed(connection: duckdb.DuckDBPyConnection, number: int, name: str, **words: object) -> None:
    """A row of the list of a day."""
    stated = "valid_from_utc" in words
    row: dict[str, object] = {
        "iso": "NYISO",
        "location_list": "generator",
        "settlement_location_id": name,
        "settlement_location": name,
        "settlement_location_type": "RESOURCE_NODE",
        "member_of": "",
        "interval_minutes": 1440,
        "delivery_date": date(2025, 11, number),
        "interval_start_utc": moment(number),
        "published_at_utc": moment(number) + timedelta(minutes=3),
        "valid_from_utc": moment(number),
        "valid_to_utc": OPEN,
        "validity_basis": "source" if stated else "list",
    }
    plant(connection, "market.locations", row | words)


def history(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[object, ...]]:
    return [
        (row["zone"], row["valid_from_utc"], row["valid_to_utc"])
        for row in records(
            connection,
            "FROM meta.location_history WHERE settlement_location_id = $name ORDER BY valid_from_utc, first_listed",
            name=name,
        )
    ]


def test_what_appeared_changed_went_and_came_again_can_be_told_from_lists(
    lists: duckdb.DuckDBPyConnection,
) -> None:
    for number in (3, 4, 6, 9):
        listed(lists, number, "steady", zone="WEST")
    listed(lists, 4, "new", zone="WEST")
    listed(lists, 6, "new", zone="NORTH")
    listed(lists, 9, "new", zone="NORTH")
    for number in (3, 9):
        listed(lists, number, "back", zone="WEST")
    assert history(lists, "steady") == [("WEST", moment(3), None)]
    assert history(lists, "new") == [("WEST", moment(4), moment(6)), ("NORTH", moment(6), None)]
    assert history(lists, "back") == [("WEST", moment(3), moment(4)), ("WEST", moment(9), None)]


def test_lists_are_compared_by_the_days_they_speak_of_not_by_when_they_came(
    lists: duckdb.DuckDBPyConnection,
) -> None:
    listed(lists, 4, "gone", zone="WEST", published_at_utc=moment(20))
    listed(lists, 4, "steady", zone="WEST", published_at_utc=moment(20))
    listed(lists, 6, "steady", zone="WEST", published_at_utc=moment(10))
    assert history(lists, "gone") == [("WEST", moment(4), moment(6))]


def test_what_the_source_states_of_its_time_holds(lists: duckdb.DuckDBPyConnection) -> None:
    since, until = datetime(2019, 2, 7, 8, tzinfo=UTC), datetime(2025, 11, 5, 8, tzinfo=UTC)
    listed(lists, 3, "ended", zone="WEST", valid_from_utc=since)
    # The next list states an end that was yesterday: the row did not hold until that list.
    listed(lists, 6, "ended", zone="WEST", valid_from_utc=since, valid_to_utc=until)
    # The same start in another zone is news of the day of that list.
    listed(lists, 3, "moved", zone="WEST", valid_from_utc=since)
    listed(lists, 6, "moved", zone="NORTH", valid_from_utc=since)
    assert history(lists, "ended") == [("WEST", since, until)]
    assert history(lists, "moved") == [("WEST", since, moment(6)), ("NORTH", moment(6), None)]


def test_a_location_that_only_prices_name_is_there_and_lists_add_to_the_others(
    lists: duckdb.DuckDBPyConnection,
) -> None:
    for name, kind in (("priced", "NODE"), ("both", "HUB")):
        plant(
            lists,
            "market.energy_prices",
            {
                "iso": "NYISO",
                "market_type": "DA",
                "interval_minutes": 60,
                "settlement_location_id": name,
                "settlement_location": name.upper(),
                "settlement_location_type": kind,
                "delivery_date": date(2025, 11, 3),
                "interval_start_utc": moment(3),
            },
        )
    listed(lists, 3, "both", zone="WEST", latitude=42.5, member_of="A")
    listed(lists, 3, "both", zone="WEST", latitude=42.5, member_of="B")
    listed(lists, 3, "left", zone="WEST", source_type="GEN")
    listed(lists, 4, "both", zone="WEST", latitude=42.5, member_of="B")
    found = {row["settlement_location_id"]: row for row in records(lists, "FROM meta.locations")}
    assert set(found) == {"priced", "both", "left"}
    assert (found["priced"]["lists"], found["priced"]["is_listed"]) == ([], False)
    assert found["priced"]["markets"] == ["DA 60 min"]
    # The name and the type of the prices, the zone and the groups of the newest list.
    both = found["both"]
    assert (both["settlement_location"], both["settlement_location_type"]) == ("BOTH", "HUB")
    assert (both["zone"], both["latitude"], both["member_of"]) == ("WEST", 42.5, ["B"])
    assert (both["lists"], both["is_listed"]) == (["generator"], True)
    # The newest list no longer names it; what the last one said of it stays.
    left = found["left"]
    assert (left["source_type"], left["markets"], left["is_listed"]) == ("GEN", [], False)
    names = {
        view: {row["settlement_location_id"] for row in records(lists, f"FROM meta.{view}")}
        for view in ("hubs", "zones", "nodes")
    }
    assert names == {"hubs": {"both"}, "zones": set(), "nodes": {"priced", "left"}}
