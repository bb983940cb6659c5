"""Market days and instants: one place that turns delivery dates into UTC periods.

A market day is the span between two local midnights: 23, 24 or 25 hours. Nothing here adds 24 hours to a midnight.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest.errors import BadPeriod

# Earlier than any US power market, later than any plan: dates outside are typing errors, not history.
FIRST_YEAR, LAST_YEAR = 1990, 2100


@dataclass(frozen=True, order=True)
class Period:
    """A half-open span of instants, both edges aware and in UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: Period) -> bool:
        """Whether the two have an instant in common."""
        return self.start < other.end and other.start < self.end


def now() -> datetime:
    """The present instant in UTC, or ``LAKE_NOW`` where it is set (planner and simulator share that clock).

    Raises:
        BadPeriod: ``LAKE_NOW`` is not an ISO 8601 stamp.
    """
    text = os.environ.get("LAKE_NOW")
    if not text:
        return datetime.now(UTC)
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadPeriod(f"LAKE_NOW='{text}' is not a time. Write it like 2026-11-20T08:00:00Z.") from error
    return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)


@lru_cache(maxsize=16384)
def midnight(day: date, clock: str) -> datetime:
    """The instant at which a delivery date begins on a market's clock, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(clock)).astimezone(UTC)


def market_days(first: date, last: date, clock: str) -> Period:
    """The span of the delivery dates ``first`` to ``last``, both included."""
    return Period(midnight(first, clock), midnight(last + timedelta(days=1), clock))


def local_date(instant: datetime, clock: str) -> date:
    """The delivery date that an instant belongs to."""
    return instant.astimezone(ZoneInfo(clock)).date()


def days_of(period: Period, clock: str) -> Iterator[date]:
    """Every delivery date that a period touches."""
    day = local_date(period.start, clock)
    while midnight(day, clock) < period.end:
        yield day
        day += timedelta(days=1)


def dates(first: date, last: date) -> Iterator[date]:
    """Every date from one to another, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Dates in order, cut where one is missing."""
    part: list[date] = []
    for day in sorted(days):
        if part and day != part[-1] + timedelta(days=1):
            yield part
            part = []
        part.append(day)
    if part:
        yield part


def hours_of(period: Period) -> Iterator[Period]:
    """The hours of a period, stepped by instants: 23 and 25 of them on the days of the clock change."""
    start = period.start.replace(minute=0, second=0, microsecond=0)
    while start < period.end:
        yield Period(start, start + timedelta(hours=1))
        start += timedelta(hours=1)


def subtract(whole: Period, covered: list[Period]) -> list[Period]:
    """What of ``whole`` no period of ``covered`` holds, in order."""
    left: list[Period] = []
    cursor = whole.start
    for part in sorted(covered):
        if part.end <= cursor or part.start >= whole.end:
            continue
        if part.start > cursor:
            left.append(Period(cursor, part.start))
        cursor = max(cursor, part.end)
    if cursor < whole.end:
        left.append(Period(cursor, whole.end))
    return left


def parse_date(text: str, what: str) -> date:
    """A calendar date written ``2022-01-31``.

    Raises:
        BadPeriod: it is not one, or no market can have it.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadPeriod(f"{what} '{text}' is not a date. Write it like 2022-01-31.") from error
    check_year(day.year, what)
    return day


def check_year(year: int, what: str) -> None:
    """Refuse a year that no market can have.

    Raises:
        BadPeriod: the year is before the first market or far in the future.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadPeriod(f"{what} {year} cannot be: give a year from {FIRST_YEAR} to {LAST_YEAR}.")


def calendar_span(day: date, span: str) -> tuple[date, date]:
    """The first day of the week (from Monday), month, quarter or year that a day lies in, and that of the next."""
    match span:
        case "week":
            first = day - timedelta(days=day.weekday())
            return first, first + timedelta(weeks=1)
        case "month":
            months = 1
        case "quarter":
            months = 3
        case _:
            months = 12
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    years, month = divmod(first.month - 1 + months, 12)
    return first, date(first.year + years, month + 1, 1)
