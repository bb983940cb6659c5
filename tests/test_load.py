"""Load and its forecasts: chosen without a market, vintages kept apart, days counted by vintage."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from behaviour_kit import World, assert_series, pmp, stamp
from oracle import contract
from views_kit import MIDNIGHTS, hourly, records

from ingest import registry
from ingest.errors import RegistryError
from ingest.registry import load_source
from ingest.simulator import Simulator

pytest_plugins = ("views_plugin",)

SERIES = ("NYISO", "load_forecast", "load_forecast_hourly")
FORECAST = ["load_forecast_hourly"]
NOW = stamp("2025-11-07 18:00")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())
    with Simulator(now=NOW, nodes=0) as sim, World(tmp_path / "lake", sim, NOW) as made:
        yield made


# --- choosing


@pytest.mark.parametrize("iso", registry.sources())
@pytest.mark.parametrize("markets", [None, ["da"], ["rt"], ["da", "rt"]])
def test_load_is_chosen_whatever_the_markets_are(iso: str, markets: list[str] | None) -> None:
    source = registry.source(iso)
    found = source.pick(["load", "load_forecast"], markets)
    assert found == [one for one in source.datasets.values() if one.data_type.startswith("load")]
    assert all(one.market is None for one in found)


@pytest.mark.parametrize("iso", registry.sources())
def test_load_is_not_brought_unless_it_is_asked_for(iso: str) -> None:
    assert not [one.name for one in registry.source(iso).pick() if one.data_type.startswith("load")]


@pytest.mark.parametrize("entry", ["    market: DA\n", ", market: DA, "])
def test_a_price_without_a_market_is_refused(tmp_path: Path, entry: str) -> None:
    text = (registry.SOURCES / "nyiso.yaml").read_text(encoding="utf-8")
    path = tmp_path / "nyiso.yaml"
    path.write_text(text.replace(entry, "\n" if entry.endswith("\n") else ", ", 1), encoding="utf-8")
    with pytest.raises(RegistryError, match="prices need a market"):
        load_source(path)


def test_load_is_ingested_by_its_data_types(world: World) -> None:
    said = world.pmp(
        "ingest --iso nyiso --start-date 2025-11-05 --end-date 2025-11-05 --data-types load,load_forecast"
    )
    assert said.code == 0, said.text
    held = {
        table: world.query(f"SELECT count(*) AS n FROM market.{table}")[0]["n"] for table in contract.PLACE
    }
    assert [table for table, count in held.items() if count] == ["load", "load_forecast"]
    listed = pmp("catalog", "--iso", "nyiso", LAKE_URI=str(world.folder))
    assert "load_forecast_hourly" in listed.out


# --- vintages


def test_a_forecast_reaches_into_the_next_month(world: World) -> None:
    """The last issues of a month speak of days that nobody asked for: those are built as well."""
    world.now = stamp("2025-11-01 18:00")
    first, last = date(2025, 10, 30), date(2025, 10, 31)
    for day in (first, last):
        # One day at a time comes from its own file, not from the month's.
        assert world.ingest("NYISO", day, day, FORECAST).complete
    days = world.query("SELECT DISTINCT delivery_date AS day FROM market.load_forecast ORDER BY day")
    assert [row["day"] for row in days] == [first + timedelta(days=n) for n in range(7)]
    assert assert_series(world, *SERIES) == 12 * (145 + 145)
    again = world.build("NYISO", FORECAST)
    assert not again.built


def test_every_issue_is_a_vintage_and_no_revision(world: World) -> None:
    assert world.ingest("NYISO", date(2025, 11, 1), date(2025, 11, 5), FORECAST).complete
    rows = world.query(
        "SELECT count(DISTINCT published_at_utc) AS vintages, max(version) AS versions, bool_and(is_current) AS all "
        "FROM market.load_forecast_all WHERE delivery_date = '2025-11-05' AND area = 'NYISO'"
    )
    assert rows == [{"vintages": 5, "versions": 1, "all": True}]
    horizons = world.query(
        "SELECT DISTINCT delivery_date - CAST(timezone('America/New_York', published_at_utc) AS DATE) AS days, "
        "min(horizon_minutes) > 0 AS ahead FROM market.load_forecast GROUP BY days ORDER BY days"
    )
    assert horizons == [{"days": days, "ahead": True} for days in range(1, 7)]


@pytest.mark.long
def test_one_issue_by_two_roads_is_one_vintage(world: World) -> None:
    """The day's file tells when it was written, the month's archive when its member was: to the minute the same."""
    day = date(2025, 11, 3)
    assert world.ingest("NYISO", day, day, FORECAST).complete
    before = world.series(*SERIES)
    world.now = stamp("2026-01-20 18:00")
    source = registry.source("NYISO")
    monthly = source.model_copy(
        update={
            "datasets": {
                **source.datasets,
                "load_forecast_hourly": source.dataset("load_forecast_hourly").model_copy(
                    update={"roads": [source.dataset("load_forecast_hourly").road("monthly")]}
                ),
            }
        }
    )
    registry_of = {**registry.sources(), "NYISO": monthly}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "sources", lambda folder=None: registry_of)
        assert world.ingest("NYISO", date(2025, 11, 1), date(2025, 11, 30), FORECAST).complete
    rows = world.series(*SERIES)
    vintages = Counter(row["published_at_utc"] for row in rows)
    assert len(vintages) == 30
    assert {row["version"] for row in rows} == {1}
    assert {row["published_at_utc"] for row in before} <= set(vintages)
    assert {row["published_at_basis"] for row in rows} == {"source"}
    assert_series(world, *SERIES)


def test_the_same_file_again_is_unchanged_and_no_vintage(world: World) -> None:
    day = date(2025, 11, 7)
    assert world.ingest("NYISO", day, day, FORECAST).complete
    before = world.series(*SERIES)
    world.now = NOW + timedelta(hours=30)
    again = world.ingest("NYISO", day, day, FORECAST)
    assert again.landing is not None
    assert {str(event.status) for event in again.landing.events} <= {"unchanged"}
    assert not again.build.built
    assert world.series(*SERIES) == before


def test_what_does_not_say_when_it_was_published_was_known_when_it_was_fetched(world: World) -> None:
    names = ["load_forecast_da_hourly"]
    assert world.ingest("CAISO", date(2025, 11, 7), date(2025, 11, 7), names).complete
    rows = world.query(
        "SELECT DISTINCT published_at_utc, published_at_basis, forecast FROM market.load_forecast"
    )
    assert rows == [{"published_at_utc": NOW, "published_at_basis": "fetch", "forecast": "DAM"}]


def test_the_own_time_of_an_imported_file_is_told_as_such(world: World, tmp_path: Path) -> None:
    assert world.download("NYISO", date(2025, 11, 7), date(2025, 11, 7), FORECAST).landing is not None
    (seen,) = world.seen("NYISO", FORECAST)
    ((_, text),) = world.case(seen["raw_key"]).members.items()
    path = tmp_path / "20251107isolf.csv"
    path.write_bytes(text)
    moment = datetime(2025, 11, 6, 13, 5, 59, tzinfo=UTC)
    os.utime(path, (moment.timestamp(),) * 2)
    world.take("NYISO", "load_forecast_hourly", [path])
    assert world.build("NYISO", FORECAST).complete
    rows = world.query(
        "SELECT DISTINCT published_at_utc AS at, published_at_basis AS basis FROM market.load_forecast ORDER BY basis"
    )
    assert rows[0] == {"at": moment.replace(second=0), "basis": "file"}
    assert [row["basis"] for row in rows] == ["file", "source"]


# --- coverage


def vintage(number: int, start: datetime, hours: int) -> list[dict[str, object]]:
    return hourly(
        start,
        hours,
        table_name="load_forecast",
        series="load_forecast_hourly",
        market_type=None,
        place=f"A {number}",
        vintage=datetime(2025, 10, number, tzinfo=UTC),
    )


def covered(rows: duckdb.DuckDBPyConnection, *planted: dict[str, object]) -> dict[str, object]:
    for row in planted:
        names = ", ".join(row)
        rows.execute(
            f"INSERT INTO meta.current_rows ({names}) VALUES ({', '.join(f'${name}' for name in row)})", row
        )
    (found,) = records(rows, "FROM meta.coverage")
    return found


def test_pieces_of_several_vintages_make_no_day(rows: duckdb.DuckDBPyConnection) -> None:
    half = MIDNIGHTS[0] + timedelta(hours=12)
    found = covered(rows, *vintage(1, MIDNIGHTS[0], 13), *vintage(2, half, 12))
    assert (found["intervals"], found["intervals_expected"], found["complete"]) == (13, 24, False)
    assert found["rows"] == 25


def test_one_whole_vintage_makes_a_day(rows: duckdb.DuckDBPyConnection) -> None:
    found = covered(rows, *vintage(1, MIDNIGHTS[0], 24), *vintage(2, MIDNIGHTS[0], 3))
    assert (found["intervals"], found["minutes"], found["complete"]) == (24, 1440, True)
