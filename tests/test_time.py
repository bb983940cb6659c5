"""Time, over all dates and clocks: what the finish step makes of instants equals what zoneinfo says.

Property tests. The other side of every comparison is ``oracle.contract``: zoneinfo and lists, no SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from behaviour_kit import assert_equal_rows
from hypothesis import given, settings
from hypothesis import strategies as some
from oracle import contract
from oracle.shell import Row

from catalog.contract import Contract, load_contracts
from ingest import registry
from ingest.clock import Period, days_of, market_days
from ingest.events import Event, Status
from lake import finish
from lake.chunks import chunks_of
from lake.config import Settings
from lake.engine import bare, set_clock
from lake.ledger import Observation

CONTRACTS = load_contracts()
ENERGY = CONTRACTS["energy_prices"]
# The clocks of the seven markets; one of them keeps standard time all year.
CLOCKS = ("America/Los_Angeles", "America/New_York", "America/Chicago", "Etc/GMT+5")
few = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("time")
    made = bare(Settings(uri=str(folder), memory_limit="500MB", threads=1), folder / "spill")
    yield made
    made.close()


def built(
    connection: duckdb.DuckDBPyConnection,
    market: contract.Market,
    period: Period,
    tellings: Sequence[contract.Telling],
) -> list[Row]:
    """Rows as a chunk writes them: placed, versions numbered, finished."""
    table: Contract = CONTRACTS[market.table]
    ordered = sorted(tellings, key=lambda one: (one.stage, one.known_at, one.raw_key))
    keys = list(dict.fromkeys(one.raw_key for one in ordered))
    set_clock(connection, market.clock, period)
    for name, value in {"iso": market.iso, "market_type": market.market_type, "raw_keys": keys}.items():
        connection.execute(f"SET VARIABLE {name} = $value", {"value": value})
    connection.execute("SET VARIABLE interval_minutes = $value", {"value": market.minutes})
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE objects (object_no INTEGER, raw_key VARCHAR, advisory_after TIMESTAMP)"
    )
    connection.executemany(
        "INSERT INTO objects VALUES (?, ?, NULL)", [[no, key] for no, key in enumerate(keys)]
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE observations (object_no INTEGER, observation_no INTEGER, stage_rank INTEGER)"
    )
    connection.executemany(
        "INSERT INTO observations VALUES (?, ?, ?)",
        [[keys.index(one.raw_key), number, one.stage] for number, one in enumerate(ordered, start=1)],
    )
    names = (
        "interval_start_utc",
        "stamp_utc",
        "settlement_location_id",
        "lmp_total",
        "lmp_loss",
        "source_version",
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE told (raw_folder VARCHAR, interval_start_utc TIMESTAMP, stamp_utc TIMESTAMP, "
        "settlement_location_id VARCHAR, lmp_total DOUBLE, lmp_loss DOUBLE, source_version INTEGER)"
    )
    once = {one.raw_key: one.rows for one in ordered}
    rows = [
        [f"/members/{keys.index(key)}", *(row.get(name) for name in names)]
        for key, said in once.items()
        for row in said
    ]
    if rows:
        connection.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    sql = (
        "SELECT *, settlement_location_id AS settlement_location, 'HUB' AS settlement_location_type FROM told"
    )
    columns = tuple(row[0] for row in connection.execute(f"DESCRIBE {sql}").fetchall())
    reads = [finish.Read(sql, columns)]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW published AS {finish.published_sql(table, reads)}")
    placed = finish.placed_sql(table, reads, market.stamp, advisory=False)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE placed AS {placed}")
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW numbered AS {finish.numbered_sql(table, bool(market.stamp))}"
    )
    result = connection.execute(finish.finished_sql(table, "numbered", numbered=True))
    titles = [column[0] for column in result.description]
    return [dict(zip(titles, values, strict=True)) for values in result.fetchall()]


def price_row(instant: datetime, place: str = "HUB", price: float = 1.0, **more: Any) -> Row:
    """A published row; the instant is its start and, where the feed stamps its runs, its stamp."""
    return {
        "interval_start_utc": instant,
        "stamp_utc": instant,
        "settlement_location": place,
        "settlement_location_id": place,
        "settlement_location_type": "HUB",
        "lmp_total": price,
        **more,
    }


def same(rows: Sequence[Row], expected: Sequence[Row], period: Period) -> None:
    inside = [row for row in expected if period.start <= row["interval_start_utc"] < period.end]
    assert_equal_rows(rows, inside, [column.name for column in ENERGY.columns])


def month_of(year: int, month: int, clock: str) -> Period:
    first = date(year, month, 1)
    return market_days(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), clock)


KNOWN_AT = datetime(2038, 1, 1, tzinfo=UTC)


@few
@given(data=some.data(), clock=some.sampled_from(CLOCKS), minutes=some.sampled_from([5, 15, 60]))
def test_local_time_and_the_names_of_hours_are_those_of_the_market_s_clock(
    connection: duckdb.DuckDBPyConnection, data: some.DataObject, clock: str, minutes: int
) -> None:
    # March, April, October and November hold every change of these clocks since 1990.
    month = data.draw(some.sampled_from([1, 3, 3, 4, 7, 10, 11, 11, 12]))
    period = month_of(data.draw(some.integers(1990, 2037)), month, clock)
    steps = int((period.end - period.start) / timedelta(minutes=minutes))
    numbers = data.draw(some.sets(some.integers(0, steps - 1), min_size=1, max_size=40))
    begin = period.start.replace(tzinfo=None)
    rows = [price_row(begin + number * timedelta(minutes=minutes)) for number in numbers]
    market = contract.Market("PJM", "energy_prices", "DA", minutes, clock)
    telling = contract.Telling("raw/a", KNOWN_AT, 0, rows)
    same(built(connection, market, period, [telling]), contract.contract_rows(market, [telling]), period)


@few
@given(year=some.integers(1990, 2037), clock=some.sampled_from(CLOCKS))
def test_both_edges_of_every_change_of_the_clock_are_told_right(
    connection: duckdb.DuckDBPyConnection, year: int, clock: str
) -> None:
    """Every minute for an hour on both sides of a change, and the first and last minute of the month."""
    zone = ZoneInfo(clock)
    for month in (3, 4, 10, 11):
        period = month_of(year, month, clock)
        hours = [
            period.start + timedelta(hours=hour)
            for hour in range(int((period.end - period.start) / timedelta(hours=1)))
        ]
        changes = [
            later
            for earlier, later in pairwise(hours)
            if earlier.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset()
        ]
        around = [change + timedelta(minutes=minute) for change in changes for minute in range(-60, 61, 5)]
        instants = {*around, period.start, period.end - timedelta(minutes=5)}
        rows = [price_row(instant.replace(tzinfo=None)) for instant in instants]
        market = contract.Market("PJM", "energy_prices", "RT", 5, clock)
        telling = contract.Telling("raw/a", KNOWN_AT, 0, rows)
        same(built(connection, market, period, [telling]), contract.contract_rows(market, [telling]), period)


prices = some.sampled_from([1.0, 2.0, 3.0])


@settings(max_examples=60, deadline=None)
@given(data=some.data())
def test_any_history_is_numbered_as_the_contract_says(
    connection: duckdb.DuckDBPyConnection, data: some.DataObject
) -> None:
    """Stages, the source's versions, files without a column, files seen again, in any order."""
    clock = "America/New_York"
    period = month_of(2025, 11, clock)
    begin = period.start.replace(tzinfo=None)
    tellings = []
    for number in range(data.draw(some.integers(1, 5))):
        versioned = data.draw(some.booleans())
        keys = data.draw(
            some.sets(
                some.tuples(some.integers(0, 2), some.sampled_from([1, 2] if versioned else [None])),
                min_size=1,
                max_size=4,
            )
        )
        rows = [
            price_row(
                begin + timedelta(hours=hour),
                price=data.draw(prices),
                lmp_loss=data.draw(some.none() | prices),
                source_version=version,
            )
            for hour, version in keys
        ]
        stage = data.draw(some.integers(0, 2))
        # Seen again: the same content at another moment is another observation.
        for moment in data.draw(some.sets(some.integers(0, 6), min_size=1, max_size=2)):
            tellings.append(
                contract.Telling(
                    f"raw/{number}", KNOWN_AT + timedelta(hours=10 * moment + number), stage, rows
                )
            )
    market = contract.Market("PJM", "energy_prices", "RT", 60, clock)
    rows = built(connection, market, period, tellings)
    same(rows, contract.contract_rows(market, tellings), period)
    by_key: dict[datetime, list[Row]] = {}
    for row in rows:
        by_key.setdefault(row["datetime_utc"], []).append(row)
    for history in by_key.values():
        assert sorted(row["version"] for row in history) == list(range(1, len(history) + 1))
        assert [row["version"] for row in history if row["is_current"]] == [len(history)]


@settings(max_examples=60, deadline=None)
@given(data=some.data(), stamp=some.sampled_from(["end", "begin"]))
def test_runs_off_the_grid_keep_their_stamps_and_reach_to_their_neighbour(
    connection: duckdb.DuckDBPyConnection, data: some.DataObject, stamp: str
) -> None:
    """Gaps, extra runs, files that replace each other, files that meet at midnight: edges are real stamps."""
    clock = "America/New_York"
    day = data.draw(
        some.sampled_from([date(2025, 11, 2), date(2026, 3, 8), date(2025, 11, 30), date(2025, 7, 4)])
    )
    period = month_of(day.year, day.month, clock)
    tellings = []
    for number in range(data.draw(some.integers(1, 3))):
        own = (
            market_days(day, day, clock)
            if number < 2
            else market_days(day + timedelta(days=1), day + timedelta(days=1), clock)
        )
        first = data.draw(some.sampled_from([0, 0, 30, 140, 260]))
        grid = {first + step for step in range(data.draw(some.integers(2, 12)))}
        dropped = data.draw(some.sets(some.sampled_from(sorted(grid)), max_size=4))
        seconds = {300 * (step + 1) for step in (grid - dropped or grid)}
        seconds |= data.draw(some.sets(some.integers(first * 300 + 1, first * 300 + 4000), max_size=3))
        rows = [
            price_row((own.start + timedelta(seconds=second)).replace(tzinfo=None), price=data.draw(prices))
            for second in sorted(seconds)
        ]
        tellings.append(contract.Telling(f"raw/{number}", KNOWN_AT + timedelta(hours=number), 0, rows))
    market = contract.Market("NYISO", "energy_prices", "RT", 5, clock, stamp)
    rows = built(connection, market, period, tellings)
    same(rows, contract.contract_rows(market, tellings), period)
    for row in rows:
        length = row["interval_end_utc"] - row["interval_start_utc"]
        assert timedelta(0) < length <= timedelta(minutes=15)


def observation(name: str, span: Period) -> Observation:
    event = Event("", "", "NYISO", name, "daily", "", None, None, "all", Status.OK, "", KNOWN_AT)
    return Observation(
        name, "daily", f"raw/{span.start:%Y%m%d%H%M}", KNOWN_AT, "all", False, (span,), None, event
    )


@few
@given(data=some.data(), series=some.sampled_from(["da_energy_hourly", "rt_energy_5min"]))
def test_every_instant_of_a_year_falls_into_exactly_one_chunk(data: some.DataObject, series: str) -> None:
    source = registry.source("NYISO")
    year = data.draw(some.integers(2001, 2036))
    whole = market_days(date(year, 1, 1), date(year, 12, 31), source.clock)
    hours = int((whole.end - whole.start) / timedelta(hours=1))
    starts = data.draw(some.sets(some.integers(0, hours - 1), min_size=1, max_size=8))
    lengths = data.draw(some.lists(some.integers(1, 1500), min_size=len(starts), max_size=len(starts)))
    seen = [
        observation(
            series,
            Period(whole.start + timedelta(hours=begin), whole.start + timedelta(hours=begin + length)),
        )
        for begin, length in zip(sorted(starts), lengths, strict=True)
    ]
    lake: Any = SimpleNamespace(contracts=CONTRACTS)
    chunks = list(chunks_of(lake, source, "energy_prices", series, seen))
    assert all(earlier.period.end <= later.period.start for earlier, later in pairwise(chunks))
    zone = ZoneInfo(source.clock)
    for one in seen:
        for day in days_of(one.periods[0], source.clock):
            instant = max(market_days(day, day, source.clock).start, one.periods[0].start)
            (home,) = [chunk for chunk in chunks if chunk.period.start <= instant < chunk.period.end]
            assert home.name == f"{instant.astimezone(zone):%Y-%m}"
            assert home.year == f"{instant.astimezone(zone):%Y}"
            assert one in home.seen


@few
@given(year=some.integers(1990, 2099), clock=some.sampled_from(CLOCKS))
def test_a_year_by_delivery_date_is_its_months_end_to_end(year: int, clock: str) -> None:
    months = [month_of(year, month, clock) for month in range(1, 13)]
    assert all(earlier.end == later.start for earlier, later in pairwise(months))
    whole = market_days(date(year, 1, 1), date(year, 12, 31), clock)
    assert (months[0].start, months[-1].end) == (whole.start, whole.end)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    # Summer's hour is lost and found within the year.
    assert whole.end - whole.start == timedelta(days=366 if leap else 365)
