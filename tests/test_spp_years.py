"""SPP's load: yearly archives, twins inside them, and forecasts that name no balancing authority."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from behaviour_kit import World, stamp, written
from ingest_kit import statuses
from oracle.shell import Case, lay_out, objections, published

from ingest import registry
from ingest.plan import plan
from ingest.simulator import Simulator

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
ZONES = 17


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Simulator(now=NOW, nodes=2) as sim, World(tmp_path / "lake", sim, NOW) as made:
        yield made


def test_what_is_older_than_two_years_comes_by_the_archive_of_its_year() -> None:
    source = registry.source("SPP")
    job = plan(source, [source.dataset("load_hourly")], date(2012, 6, 1), date(2024, 12, 31), "hubs", NOW)
    assert [(leg.road.name, leg.first, leg.last) for leg in job.legs] == [
        ("yearly", date(2012, 6, 1), date(2024, 11, 19)),
        ("monthly", date(2024, 11, 20), date(2024, 12, 31)),
    ]
    assert len(job.legs[0].requests) == 13
    assert not job.missing


def test_an_archive_brings_both_hours_of_the_clock_change_and_its_year_is_asked_for_once(
    world: World,
) -> None:
    day = date(2023, 11, 5)
    report = world.ingest("SPP", day, day, ["load_hourly"])
    assert report.complete
    assert report.landing is not None
    assert [event.url.rpartition("path=")[2] for event in report.landing.events] == ["/2023/2023.zip"]
    hours = world.query(
        "SELECT delivery_date, count(*) AS n, count(DISTINCT datetime_utc) AS hours "
        f"FROM market.load WHERE delivery_date BETWEEN DATE '{day}' - 1 AND DATE '{day}' + 1 GROUP BY ALL ORDER BY 1"
    )
    assert [(row["n"], row["hours"]) for row in hours] == [
        (ZONES * 24, 24),
        (ZONES * 25, 25),
        (ZONES * 24, 24),
    ]
    again = world.download("SPP", date(2023, 1, 1), date(2023, 12, 31), ["load_hourly"])
    assert again.landing is None or statuses(again.landing) == []


def test_days_and_their_month_in_one_archive_are_the_same_rows(world: World) -> None:
    """The guide lets the yearly files hold both, the genuine ones of 2023 and 2024 hold months."""
    header = (
        "MarketHour, CSWS, EDE, GRDA, INDN, KACY, KCPL, LES, MPS, NPPD, OKGE, OPPD, SECI, SPRM, SPS, WFEC, WR"
    )
    lines = [
        f"1/{day}/2013 {hour}:00,{','.join(str(hour + day) for _ in range(16))}"
        for day in (5, 6)
        for hour in (9, 10)
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("2013/HOURLY_LOAD-201301.csv", "\n".join([header, *lines, ""]))
        archive.writestr("2013/DAILY_HOURLY_LOAD-20130105.csv", "\n".join([header, *lines[:2], ""]))
    path = written(world.folder.parent / "years", [("2013.zip", packed.getvalue())])
    assert world.take("SPP", "load_hourly", path, published_at=stamp("2015-02-01 12:00")).complete
    assert world.build("SPP", ["load_hourly"]).complete
    found = world.query("SELECT count(*) AS n, max(version) AS versions FROM market.load_all")
    assert list(found[0].values()) == [4 * 16, 1]


def test_a_forecast_without_an_authority_beside_some_that_have_one_is_objected_to(tmp_path: Path) -> None:
    line = "07/15/2026 01:00:00,07/15/2026 06:00:00,4100,,"
    text = f"Interval,GMTIntervalEnd,MTLF,Averaged Actual,BAA\n{line}SPP\n{line}\n{line.replace(',4100,', ',,')}\n"
    (said,) = objections(published("spp/mtlf", lay_out(tmp_path, Case("x", {"x.csv": text.encode()}))))
    assert "no balancing authority" in said
