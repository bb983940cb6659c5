"""MISO's load: a workbook a day with the load of the day before, and what is expected of that day and the six after it.

The layout since 2026-04-27 is known by description only: the header two lines lower, and blank columns between the
others. Here one stands behind the hour and behind every pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from ingest.simulator import prices
from ingest.simulator.old_book import Cell, old_book
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import World

REPORT = "df_al"
# Groups of zones with what they take in a mild hour, MW.
ZONES: Mapping[str, int] = {
    "LRZ1": 10_000,
    "LRZ2_7": 15_500,
    "LRZ3_5": 8_900,
    "LRZ4": 4_300,
    "LRZ6": 9_500,
    "LRZ8_9_10": 17_000,
}
TOTAL = "MISO"
DAYS = 7
SPREAD_SINCE = date(2026, 4, 27)
BEHIND = timedelta(hours=5)
# After midnight of the day that the report is named after, and how many days it stays.
LAG, KEPT_DAYS = timedelta(hours=8), 1300
_FILE = re.compile(r"^/marketreports/(?P<named>\d{8})_df_al\.xls$")
_DISCLAIMER = (
    "MISO MAKES NO REPRESENTATIONS OR WARRANTIES OF ANY KIND, EXPRESS OR IMPLIED, WITH RESPECT TO THIS."
)


def file_of(path: str, world: World, drift: bool = False) -> tuple[bytes, datetime] | None:
    """A report and when it was written, or nothing where there is none."""
    found = _FILE.match(path)
    try:
        named = datetime.strptime(found["named"], "%Y%m%d").date() if found else None
    except ValueError:
        named = None
    if named is None:
        return None
    due = datetime.combine(named, time(), UTC) + BEHIND + LAG
    today = (world.now - BEHIND).date()
    if world.now < due or named <= today - timedelta(days=KEPT_DAYS):
        return None
    revision = world.revisions.current("MISO", REPORT, named - timedelta(days=1))
    return _book(named, revision, drift), max(due, revision.at)


@lru_cache(maxsize=64)
def _book(named: date, revision: Revision, drift: bool) -> bytes:
    rows = rows_of(named, revision, drift)
    if named >= SPREAD_SINCE:
        rows = _spread(rows)
    return old_book("Sheet1", list(rows))


def rows_of(named: date, revision: Revision = ORIGINAL, drift: bool = False) -> Iterator[list[Cell]]:
    """The lines of a report as the genuine file of March 2025 has them."""
    first = named - timedelta(days=1)
    header: list[Cell] = ["Market Day", "HourEnding"]
    for area in (*ZONES, TOTAL):
        header += [f"{area} MTLF (MWh)", f"{area} ActualLoad (MWh)"]
    yield ["FORECASTED AND "]
    yield ["ACTUAL LOAD REPORT"]
    yield ["Published Date:", named]
    yield ["Reporting Period:", first, "through", first + timedelta(days=DAYS - 1)]
    for number in range(DAYS):
        day = first + timedelta(days=number)
        yield [*header, "NEW_COLUMN"] if drift else header
        yield [f"{day:%B %d, %Y}"]
        for hour in range(24):
            start = datetime.combine(day, time(hour), UTC) + BEHIND
            row: list[Cell] = [day, float(hour + 1)]
            for area in (*ZONES, TOTAL):
                row.append(float(forecast_cell(area, named, start, revision)))
                row.append(float(load_cell(area, start, revision)) if day == first else None)
            yield [*row, 1.0] if drift else row
    yield [_DISCLAIMER]


def _spread(rows: Iterator[list[Cell]]) -> Iterator[list[Cell]]:
    yield []
    for number, row in enumerate(rows):
        yield [cell for place, cell in enumerate(row) for cell in ([cell, None] if place % 2 else [cell])]
        if number == 3:
            yield []


def load_cell(area: str, start: datetime, revision: Revision = ORIGINAL) -> str:
    """The load of a group of zones, or of all, in an hour: MWh, with up to two decimals."""
    if area == TOTAL:
        return f"{sum(float(load_cell(zone, start, revision)) for zone in ZONES):.2f}"
    return f"{_amount('load', area, start, revision):.2f}"


def forecast_cell(area: str, named: date, start: datetime, revision: Revision = ORIGINAL) -> str:
    """What the report of a day expects of a group of zones in an hour: whole MWh."""
    if area == TOTAL:
        return str(sum(int(forecast_cell(zone, named, start, revision)) for zone in ZONES))
    return str(round(_amount(f"expected {named}", area, start, revision)))


def _amount(series: str, area: str, start: datetime, revision: Revision) -> float:
    hour, minute = (start - BEHIND).hour, int(start.timestamp()) // 60
    draw = prices.mix(prices.seed("MISO", series, area), minute) % 400 - 200
    amount = ZONES[area] * (112 - abs(17 - hour) * 2) / 100 * (1 + draw / 5000)
    return amount + revision.amount_for(area, hour) / prices.DOLLAR
