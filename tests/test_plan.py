"""The planner, for every dataset: what is missing is asked for, nothing else, on a road that reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal

import pytest
from behaviour_kit import DATASETS
from hypothesis import given, settings
from hypothesis import strategies as some

from ingest import registry
from ingest.clock import Period, calendar_span, days_of, local_date, market_days
from ingest.events import Request
from ingest.plan import Landed, Plan, oldest_day, plan, published_at
from ingest.registry import Dataset, Road, Source

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def dates(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


def landed(source: Source, dataset: Dataset, day: date, fetched_at: datetime) -> Landed:
    """A whole day of a dataset as its widest road brings it."""
    road = dataset.roads[-1]
    return Landed(
        dataset.name,
        road.name,
        market_days(day, day, source.clock),
        road.brings,
        road.brings,
        fetched_at,
        "raw/x",
    )


def covered(source: Source, requests: Iterable[Request]) -> set[date]:
    """The delivery dates that some requests touch."""
    return {day for request in requests for day in days_of(request.period, source.clock)}


def longest(road: Road) -> timedelta:
    """The most that one request on a road may cover, an hour more for the day that has one."""
    days = {"hour": 0, "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
    length = days[road.span] if road.span in days else int(road.span.split()[0])
    return timedelta(days=length, hours=1)


def check_requests(source: Source, job: Plan, open_days: set[date], now: datetime) -> None:
    """Requests cover the open days and nothing else, keep to their road's rules, and never overlap."""
    whole = {day for leg in job.legs for day in dates(leg.first, leg.last)}
    assert whole == open_days
    for leg in job.legs:
        oldest = oldest_day(source, leg.road, now)
        assert oldest is None or leg.first >= oldest
        assert job.scope == "hubs" or leg.road.brings == "all"
        assert leg.reason
        asked = covered(source, leg.requests)
        own = set(dates(leg.first, leg.last))
        assert oldest is None or min(asked) >= oldest
        if leg.road.span == "month":
            assert own <= asked
            assert {(day.year, day.month) for day in asked} == {(day.year, day.month) for day in own}
        elif leg.road.span in ("week", "quarter"):
            assert own <= asked
            assert {calendar_span(day, leg.road.span) for day in asked} == {
                calendar_span(day, leg.road.span) for day in own
            }
        elif leg.road.span == "year":
            assert own <= asked
            assert {day.year for day in asked} == {day.year for day in own}
        else:
            assert asked == own
        for part in leg.road.parts:
            periods = [request.period for request in leg.requests if request.part == part]
            assert all(earlier.end <= later.start for earlier, later in pairwise(periods))
            assert sum((one.end - one.start for one in periods), timedelta()) == sum(
                (one.end - one.start for one in _days(source, asked)), timedelta()
            )
        for request in leg.requests:
            assert request.period.end - request.period.start <= longest(leg.road)
            if "utc_year" in leg.road.not_across:
                assert request.period.start.year == (request.period.end - timedelta(seconds=1)).year
            if "archive" in leg.road.not_across:
                _beside_the_cutoff(source, leg.road, request, now)


def _days(source: Source, days: Iterable[date]) -> list[Period]:
    return [market_days(day, day, source.clock) for day in days]


def _beside_the_cutoff(source: Source, road: Road, request: Request, now: datetime) -> None:
    """A request lies before the day on which rows become archived, after it, or is that day."""
    cutoff = local_date(now - timedelta(days=road.archive_after_days or 0), source.clock)
    days = set(days_of(request.period, source.clock))
    assert cutoff not in days or days == {cutoff}


@pytest.mark.parametrize(("iso", "dataset"), DATASETS)
@settings(max_examples=40, deadline=None)
@given(data=some.data())
def test_requests_cover_exactly_what_is_missing(iso: str, dataset: str, data: some.DataObject) -> None:
    source = registry.source(iso)
    entry = source.dataset(dataset)
    now = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=data.draw(some.integers(0, 700)))
    # Mostly near the present and near the ends of what roads keep; now and then anywhere.
    ends = [oldest for road in entry.roads if (oldest := oldest_day(source, road, now))] + [
        now.date(),
        date(2019, 1, 1),
    ]
    first = data.draw(some.sampled_from(ends)) + timedelta(days=data.draw(some.integers(-40, 20)))
    last = first + timedelta(days=data.draw(some.integers(0, 45)))
    scope: Literal["hubs", "all"] = data.draw(some.sampled_from(["hubs", "all"]))
    there = data.draw(some.sets(some.sampled_from(dates(first, last)), max_size=20))
    held = [landed(source, entry, day, now - timedelta(hours=1)) for day in there]
    job = plan(source, [entry], first, last, scope, now, held)
    missing = {day for gap in job.missing for day in dates(gap.first, gap.last)}
    assert sum((gap.last - gap.first).days + 1 for gap in job.missing) == len(missing)
    published = {day for day in dates(first, last) if published_at(source, entry, day) <= now}
    offered = {
        day
        for day in published
        if (not entry.since or day >= entry.since) and (not entry.until or day <= entry.until)
    }
    roads = [road for road in entry.roads if scope == "hubs" or road.brings == "all"]
    reached = {
        day
        for day in offered - there
        if any((oldest := oldest_day(source, road, now)) is None or day >= oldest for road in roads)
    }
    check_requests(source, job, reached, now)
    assert missing == set(dates(first, last)) - reached - (there & offered)
    assert job.days_there[dataset] == len(there & offered)
    told = {gap.status for gap in job.missing}
    assert told <= {"expired", "not_published", "not_offered"}
    expired = {day for gap in job.missing if gap.status == "expired" for day in dates(gap.first, gap.last)}
    assert expired == offered - there - reached


@pytest.mark.parametrize(("iso", "dataset"), DATASETS)
def test_what_has_landed_is_not_asked_for_until_it_may_have_changed(iso: str, dataset: str) -> None:
    source = registry.source(iso)
    entry = source.dataset(dataset)
    day = (NOW - timedelta(days=entry.published.day + 2)).date()
    due = published_at(source, entry, day)
    assert due <= NOW
    fresh = landed(source, entry, day, NOW - timedelta(hours=1))
    assert not plan(source, [entry], day, day, "hubs", NOW, [fresh]).requests
    # Fetched when it came out and looked at a while later: once more while it settles, never after.
    early = landed(source, entry, day, due + timedelta(hours=1))
    while_settling = due + timedelta(days=2)
    asked = plan(source, [entry], day, day, "hubs", while_settling, [early]).requests
    assert bool(asked) == (entry.settles_days > 0)
    settled = landed(source, entry, day, due + timedelta(days=entry.settles_days, hours=1))
    assert not plan(source, [entry], day, day, "hubs", due + timedelta(days=400), [settled]).requests


@pytest.mark.parametrize(
    ("iso", "dataset"),
    [
        param
        for param in DATASETS
        if "hubs" in registry.source(str(param.values[0])).dataset(str(param.values[1])).scopes
    ],
)
def test_hubs_that_have_landed_do_not_stand_for_all_locations(iso: str, dataset: str) -> None:
    """A file that holds every location is there for both scopes; one of the hubs is there for hubs only."""
    source = registry.source(iso)
    entry = source.dataset(dataset)
    day = (NOW - timedelta(days=entry.published.day + 2)).date()
    period = market_days(day, day, source.clock)
    for road in entry.roads:
        held = Landed(dataset, road.name, period, road.brings, "hubs", NOW, "raw/x")
        assert not plan(source, [entry], day, day, "hubs", NOW, [held]).requests
        wide = plan(source, [entry], day, day, "all", NOW, [held])
        assert bool(wide.requests) == (road.brings == "hubs")
        assert [one.raw_key for one in wide.widen] == ([] if road.brings == "hubs" else ["raw/x"])


def test_a_plan_is_priced_by_requests_pace_and_bytes() -> None:
    source = registry.source("CAISO")
    entry = source.dataset("da_energy_hourly")
    job = plan(source, [entry], date(2025, 1, 1), date(2025, 12, 31), "hubs", NOW)
    assert len(job.requests) == sum(len(leg.requests) for leg in job.legs) <= 24
    assert job.seconds() == pytest.approx(len(job.requests) * 5)
    assert job.megabytes == pytest.approx(sum(len(leg.requests) * leg.road.megabytes for leg in job.legs))
    wide = plan(source, [entry], date(2025, 1, 1), date(2025, 12, 31), "all", NOW)
    assert len(wide.requests) == 365
    assert wide.seconds() > job.seconds()
    assert wide.megabytes > job.megabytes
