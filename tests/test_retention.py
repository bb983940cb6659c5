"""Retention is planned for: which road reaches a year, what no road reaches, and the sites agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from behaviour_kit import World, stamp
from ingest_kit import MemorySink

from ingest import registry
from ingest.clock import hours_of, local_date, market_days
from ingest.events import Event, Request, Status
from ingest.fetch import Session
from ingest.land import land
from ingest.plan import oldest_day, plan
from ingest.simulator import Simulator, ercot_api
from ingest.storage import Store

NOW = stamp("2026-11-20 08:00")
DAY = timedelta(days=1)
ROADS = [
    pytest.param(source.iso, dataset.name, road.name, id=f"{source.iso.lower()} {dataset.name} {road.name}")
    for source in registry.sources().values()
    for dataset in source.datasets.values()
    for road in dataset.roads
    if road.retention.days or road.retention.months
]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())
    with Simulator(now=NOW, nodes=1) as running:
        yield running


@pytest.fixture
def world(site: Simulator, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", site, NOW) as made:
        yield made


def test_a_year_that_single_requests_no_longer_reach_goes_by_group_files_and_says_why(world: World) -> None:
    """CAISO 2022 in November 2026: outside 39 months, inside 64."""
    said = world.pmp("plan --iso caiso --year 2022")
    assert said.code == 0
    lines = [line for line in said.out.splitlines() if line.startswith("da_energy_hourly ")]
    assert len(lines) == 1
    assert " group " in lines[0]
    assert "365" in lines[0]
    assert "single reaches back to 2023-08-20 only" in lines[0]
    assert "expired" not in said.out
    # What more would cost, and the flag that adds it.
    assert "With --markets da,rt: " in said.out
    assert "With --locations all: " in said.out
    assert world.sim is not None
    assert not world.sim.requests
    record = json.loads(world.pmp("ingest --iso CAISO --year 2022 --dry-run --json").out)
    assert {(leg["dataset"], leg["road"]) for leg in record["legs"]} == {
        ("da_energy_hourly", "group"),
        ("da_as_hourly", "group"),
    }
    assert record["requests"] == 730
    assert not record["missing"]


def test_a_plan_needs_no_lake_and_makes_none(site: Simulator, tmp_path: Path) -> None:
    world = World(tmp_path / "nowhere", site, NOW)
    assert world.pmp("plan --iso nyiso --year 2025").code == 0
    assert not (tmp_path / "nowhere").exists()
    world.__exit__()


def test_a_year_that_no_road_reaches_is_said_once_and_never_asked_for(world: World) -> None:
    """CAISO 2020: expired before the run starts, one event a dataset, exit code 0, not a single request."""
    for _ in range(2):
        said = world.pmp("ingest --iso caiso --year 2020")
        assert said.code == 0, said.text
        expired = [line for line in said.out.splitlines() if ": expired." in line]
        assert len(expired) == 2
        assert all("2020-01-01 to 2020-12-31" in line and "pmp import" in line for line in expired)
    assert world.sim is not None
    assert not world.sim.requests
    told = world.query(
        "SELECT dataset, status, period_start, period_end, message FROM meta.raw_files ORDER BY dataset"
    )
    assert [(row["dataset"], row["status"]) for row in told] == [
        ("da_as_hourly", "expired"),
        ("da_energy_hourly", "expired"),
    ]
    year = market_days(date(2020, 1, 1), date(2020, 12, 31), "America/Los_Angeles")
    assert {(row["period_start"], row["period_end"]) for row in told} == {(year.start, year.end)}
    assert all("no longer served" in row["message"] for row in told)


def test_a_range_across_the_edges_is_split_at_them(world: World) -> None:
    source = registry.source("CAISO")
    entry = source.dataset("da_energy_hourly")
    single, group = (oldest_day(source, entry.road(name), NOW) for name in ("single", "group"))
    assert single is not None
    assert group is not None
    assert (single, group) == (date(2023, 8, 20), date(2021, 7, 20))
    job = plan(source, [entry], group - 10 * DAY, single + 10 * DAY, "hubs", NOW)
    assert [(gap.first, gap.last, gap.status) for gap in job.missing] == [
        (group - 10 * DAY, group - DAY, "expired")
    ]
    assert [(leg.road.name, leg.first, leg.last) for leg in job.legs] == [
        ("group", group, single - DAY),
        ("single", single, single + 10 * DAY),
    ]
    # Three days around each edge, through the command line: what is served lands, the rest is told.
    for edge, days in ((group, 2), (single, 5)):
        said = world.pmp(
            f"ingest --iso caiso --start-date {edge - 3 * DAY} --end-date {edge + DAY} --data-types lmp"
        )
        assert said.code == 0, said.text
        (row,) = world.query(
            "SELECT count(DISTINCT delivery_date) AS days FROM market.energy_prices "
            "WHERE delivery_date BETWEEN $low AND $high",
            low=edge - 3 * DAY,
            high=edge + DAY,
        )
        assert row["days"] == days


def asked(sim: Simulator, iso: str, dataset: str, road: str, day: date, folder: Path) -> list[Event]:
    """What comes of asking one road for a day (or its first hour), whatever the planner thinks of it."""
    source = registry.source(iso)
    entry = source.dataset(dataset)
    period = market_days(day, day, source.clock)
    if entry.road(road).span == "hour":
        period = next(hours_of(period))
    sink = MemorySink()
    environ = {f"LAKE_SOURCE_{iso}": sim.url, "LAKE_PACE_DIR": str(folder / "pace"), **ercot_api.ACCOUNT}
    with Session(source, environ, sleep=lambda seconds: None) as session:
        request = Request(iso, dataset, road, period, "hubs", entry.road(road).parts[0])
        land([request], source, Store(str(folder / "lake")), sink, session, sink.latest)
    return sink.events


@pytest.mark.parametrize(("iso", "dataset", "road"), ROADS)
def test_the_sites_serve_what_the_planner_reaches_and_refuse_what_it_calls_expired(
    site: Simulator, iso: str, dataset: str, road: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = registry.source(iso)
    entry = source.dataset(dataset)
    oldest = oldest_day(source, entry.road(road), NOW)
    assert oldest is not None
    assert {event.status for event in asked(site, iso, dataset, road, oldest, tmp_path)} == {Status.OK}
    # The windows are not the sites' own words; a month past ours nothing is served by either.
    gone = oldest - 32 * DAY
    told = {event.status for event in asked(site, iso, dataset, road, gone, tmp_path)}
    assert told <= {Status.EXPIRED, Status.FAILED}
    # The clock decides, not the date: when it was fresh the same day was served.
    earlier = NOW - 33 * DAY
    monkeypatch.setenv("LAKE_NOW", earlier.isoformat())
    site.now = earlier
    assert {event.status for event in asked(site, iso, dataset, road, gone, tmp_path)} == {Status.OK}


def test_archived_rows_are_asked_for_by_what_they_can_be_filtered_by(world: World) -> None:
    """PJM: until 731 days ago by type, later by id; the day of the cutoff alone; never across a UTC year."""
    source = registry.source("PJM")
    entry = source.dataset("da_energy_hourly")
    cutoff = local_date(NOW - timedelta(days=731), source.clock)
    job = plan(source, [entry], cutoff - 20 * DAY, cutoff + 20 * DAY, "hubs", NOW)
    assert [leg.road.name for leg in job.legs] == ["types", "pnodes"]
    days = [
        (request.period.start, request.period.end)
        for request in job.legs[0].requests
        if request.part == "HUB"
    ]
    alone = market_days(cutoff, cutoff, source.clock)
    assert (alone.start, alone.end) in days
    # The site refuses a filter on archived rows and a range across the cutoff: all of it must be served.
    assert world.sim is not None
    report = world.download("PJM", cutoff - 20 * DAY, cutoff + 20 * DAY, ["da_energy_hourly"])
    assert report.landing is not None
    assert set(report.landing.counts) == {Status.OK}, report.landing.sentences
    assert not [seen for seen in world.sim.requests if seen.status == 400]


def test_an_archived_year_is_split_at_the_utc_year() -> None:
    source = registry.source("PJM")
    job = plan(
        source, [source.dataset("da_energy_hourly")], date(2022, 12, 30), date(2023, 1, 2), "hubs", NOW
    )
    edge = stamp("2023-01-01 00:00")
    assert {leg.road.name for leg in job.legs} == {"types"}
    periods = sorted({(request.period.start, request.period.end) for request in job.requests})
    assert all(end <= edge or start >= edge for start, end in periods)
    assert (periods[0][0], periods[-1][1]) == (stamp("2022-12-01 05:00"), stamp("2023-02-01 05:00"))


@pytest.mark.parametrize(
    ("first", "last", "roads"),
    [
        (date(2026, 11, 18), date(2026, 11, 19), ["monthly"]),
        (date(2026, 11, 19), date(2026, 11, 19), ["daily"]),
        (date(2026, 10, 1), date(2026, 10, 31), ["monthly"]),
        (date(2026, 10, 30), date(2026, 10, 30), ["monthly"]),
        (date(2022, 1, 1), date(2022, 12, 31), ["monthly"]),
    ],
    ids=["two recent days", "one recent day", "a month", "one day too old for its file", "a year"],
)
def test_nyiso_goes_by_days_or_months_whichever_is_cheaper(first: date, last: date, roads: list[str]) -> None:
    source = registry.source("NYISO")
    job = plan(source, [source.dataset("da_energy_hourly")], first, last, "hubs", NOW)
    assert [leg.road.name for leg in job.legs] == roads
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    assert len(job.requests) == (months if roads == ["monthly"] else (last - first).days + 1)
    assert all(leg.reason for leg in job.legs)
    big = plan(source, [source.dataset("rt_energy_generators_5min")], first, last, "all", NOW)
    recent = first >= date(2026, 11, 13)
    assert [leg.road.name for leg in big.legs] == (["daily"] if recent else ["monthly"])


def test_an_impossible_now_is_refused(world: World) -> None:
    said = world.pmp("plan --iso caiso --year 2022", LAKE_NOW="yesterday")
    assert said.code == 1
    assert "LAKE_NOW='yesterday' is not a time" in said.err
