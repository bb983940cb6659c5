"""Every road of the registry, asked once: what the YAML says must bring a raw object from its site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ingest_kit import NOW, Bench

from ingest.clock import Period, calendar_span, hours_of, local_date, market_days
from ingest.events import Request, Status
from ingest.plan import oldest_day
from ingest.registry import Dataset, Road, Source, sources
from ingest.routes import ROUTES
from ingest.simulator import Simulator, ercot_api
from ingest.simulator.simulator import HOSTS

ROADS = [
    pytest.param(
        source,
        dataset,
        road,
        id=f"{source.iso}-{dataset.name}-{road.name}",
        # The simulator needs seconds to make up a month of five-minute prices.
        marks=[pytest.mark.long] if (road.span, dataset.interval_minutes) == ("month", 5) else [],
    )
    for source in sources().values()
    for dataset in source.datasets.values()
    for road in dataset.roads
]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as running:
        yield running


def a_day(source: Source, dataset: Dataset, road: Road) -> date:
    """A past day that the road serves: a few days ago, or the last one that the dataset has."""
    today = local_date(NOW, source.clock)
    if road.retention.days == 0:
        return today
    back = 6 + max(dataset.published.day, 0)
    day = today - timedelta(days=min(back, (road.retention.days or back + 1) - 1))
    if road.span == "month":
        day = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        if dataset.published.day > 20:
            day = (day - timedelta(days=1)).replace(day=1)
    if road.span in ("week", "quarter"):
        # The first day of one that is whole and out: no span is longer than 92 days.
        out = today - timedelta(days=(road.behind_days or 0) + dataset.published.day + 92)
        day = calendar_span(out, road.span)[0]
    if road.span == "year":
        day = today.replace(year=today.year - 1, month=1, day=1)
    return min(day, dataset.until.replace(day=1)) if dataset.until else day


def one_request(source: Source, dataset: Dataset, road: Road) -> list[Period]:
    day = a_day(source, dataset, road)
    last = (day + timedelta(days=31)).replace(day=1) - timedelta(days=1) if road.span == "month" else day
    last = last.replace(month=12, day=31) if road.span == "year" else last
    if road.span in ("week", "quarter"):
        last = calendar_span(day, road.span)[1] - timedelta(days=1)
    whole = market_days(day, last, source.clock)
    return [next(hours_of(whole))] if road.span == "hour" else [whole]


@pytest.mark.parametrize(("source", "dataset", "road"), ROADS)
def test_a_road_brings_what_it_says(
    sim: Simulator, tmp_path: Path, source: Source, dataset: Dataset, road: Road
) -> None:
    missing = [host.base for host in source.hosts.values() if urlsplit(host.base).netloc not in HOSTS]
    assert not missing, f"the simulator has no stand-in for {missing}"
    assert road.route in ROUTES
    bench = Bench(source, sim, tmp_path, extra=dict(ercot_api.ACCOUNT))
    (period,) = one_request(source, dataset, road)
    oldest = oldest_day(source, road, NOW)
    assert oldest is None or oldest <= local_date(period.start, source.clock)
    requests = [
        Request(source.iso, dataset.name, road.name, period, road.brings, part) for part in road.parts
    ]
    landing = bench.land(*requests)
    assert landing.sentences == []
    assert {event.status for event in landing.events} == {Status.OK}
    assert len({event.raw_key for event in landing.events}) == len(bench.raw) >= len(road.parts)
