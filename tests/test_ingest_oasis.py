"""OASIS: how it is asked, and the many ways in which it says no with HTTP 200."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from ingest_kit import HUBS, NOW, PRC_LMP, Bench, caiso, dataset, statuses

from ingest.clock import Period
from ingest.errors import NoData
from ingest.events import Request, Status
from ingest.registry import Dataset
from ingest.routes.oasis import Oasis
from ingest.simulator import Simulator

HOST = "oasis.caiso.com"
DAY = date(2026, 11, 10)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as running:
        yield running


@pytest.fixture
def bench(sim: Simulator, tmp_path: Path) -> Bench:
    return Bench(caiso(), sim, tmp_path)


def members(bench: Bench, key: str | None) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(bench.store.read_bytes(key or "")))
    return {name: archive.read(name) for name in archive.namelist()}


def test_a_node_query_asks_the_trade_day_in_gmt_with_every_word_of_the_road(
    bench: Bench, sim: Simulator
) -> None:
    bench.land(bench.request(DAY))
    (seen,) = sim.requests
    assert seen.path == "/oasisapi/SingleZip"
    assert seen.query == {
        "queryname": "PRC_LMP",
        "startdatetime": "20261110T08:00-0000",
        "enddatetime": "20261111T08:00-0000",
        "market_run_id": "DAM",
        "version": "12",
        "resultformat": "6",
        "node": ",".join(HUBS),
    }


def test_a_group_is_asked_by_its_start_alone_and_lands_with_all_its_members(
    bench: Bench, sim: Simulator
) -> None:
    (event,) = bench.land(bench.request(DAY, road="group")).events
    (seen,) = sim.requests
    assert seen.path == "/oasisapi/GroupZip"
    assert "enddatetime" not in seen.query
    assert seen.query["groupid"] == "DAM_LMP_GRP"
    assert event.raw_key is not None
    assert event.raw_key.endswith(".zip")
    assert len(members(bench, event.raw_key)) >= 4


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 3, 8), "20260308T08:00-0000", 23),
        (date(2026, 11, 1), "20261101T07:00-0000", 25),
    ],
)
def test_the_days_of_the_clock_change_have_their_own_hours(
    bench: Bench, sim: Simulator, day: date, start: str, hours: int
) -> None:
    (event,) = bench.land(bench.request(day)).events
    assert sim.requests[0].query["startdatetime"] == start
    assert event.period_end is not None
    assert event.period_start is not None
    assert event.period_end - event.period_start == timedelta(hours=hours)
    lines = next(iter(members(bench, event.raw_key).values())).decode().splitlines()
    assert len({line.split(",")[0] for line in lines[1:]}) == hours


def test_more_than_ten_nodes_are_several_requests_with_a_part_each(sim: Simulator, tmp_path: Path) -> None:
    names = {**HUBS, **{f"NODE_{number}": "" for number in range(9)}}
    bench = Bench(caiso(hubs=names), sim, tmp_path)
    landing = bench.land(bench.request(DAY))
    assert [seen.query["node"].count(",") + 1 for seen in sim.requests[:2]] == [10, 2]
    # The second request names nothing that the site knows: all of it fails rather than half of it passing.
    assert statuses(landing) == [Status.FAILED]

    sim.requests.clear()
    bench = Bench(caiso(hubs={**{f"NODE_{n}": "" for n in range(9)}, **HUBS}), sim, tmp_path / "other")
    landing = bench.land(bench.request(DAY))
    assert [(event.status, event.part) for event in landing.events] == [(Status.OK, "1"), (Status.OK, "2")]


def test_an_era_changes_what_is_asked(sim: Simulator, tmp_path: Path) -> None:
    road = {
        "name": "node",
        "route": "oasis",
        "host": "oasis",
        "ask": {**PRC_LMP, "node": "@hubs"},
        "eras": [{"until": "2026-11-11", "ask": {"version": "1"}}],
    }
    entry = Dataset.model_validate(dataset("da_energy_hourly", [road]))
    bench = Bench(caiso().model_copy(update={"datasets": {"da_energy_hourly": entry}}), sim, tmp_path)
    bench.land(bench.request(DAY), bench.request(DAY + timedelta(days=1)))
    assert [seen.query["version"] for seen in sim.requests] == ["1", "12"]


@pytest.mark.parametrize(
    "kind", ["throttle_429", "aup_html", "error_500", "truncated_zip", "no_data_1000", "drop"]
)
def test_a_passing_trouble_is_asked_again(bench: Bench, sim: Simulator, kind: str) -> None:
    sim.fail(HOST, kind, times=2)  # type: ignore[arg-type]
    (event,) = bench.land(bench.request(DAY)).events
    assert event.status is Status.OK
    assert event.attempts == 3
    assert len(sim.requests) == 3


@pytest.mark.parametrize("kind", ["throttle_429", "aup_html"])
def test_a_steady_throttle_is_throttled_and_never_empty(bench: Bench, sim: Simulator, kind: str) -> None:
    sim.fail(HOST, kind, times=None)  # type: ignore[arg-type]
    landing = bench.land(bench.request(DAY))
    (event,) = landing.events
    assert event.status is Status.THROTTLED
    assert event.attempts == 4
    assert event.raw_key is None
    assert not landing.complete


def test_no_data_for_a_past_day_is_a_failure_even_when_the_site_insists(bench: Bench, sim: Simulator) -> None:
    sim.fail(HOST, "no_data_1000", times=None)
    (event,) = bench.land(bench.request(DAY)).events
    assert event.status is Status.FAILED
    assert event.attempts == 4
    assert "No data returned for the specified selection (1000)" in event.message
    assert event.url.startswith(sim.url)


def test_no_data_is_empty_only_where_the_registry_allows_it(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(caiso(may_be_empty=True), sim, tmp_path)
    sim.fail(HOST, "no_data_1000", times=None)
    landing = bench.land(bench.request(DAY))
    assert statuses(landing) == [Status.EMPTY]
    assert landing.events[0].attempts == 4
    assert landing.complete


def test_no_data_around_the_time_of_publication_is_not_published(bench: Bench, sim: Simulator) -> None:
    sim.now = datetime(2026, 11, 20, 20, tzinfo=UTC)
    landing = bench.land(bench.request(date(2026, 11, 22)))
    assert statuses(landing) == [Status.NOT_PUBLISHED]
    assert landing.complete
    sim.fail(HOST, "late", times=None)
    assert statuses(bench.land(bench.request(date(2026, 11, 21)))) == [Status.NOT_PUBLISHED]


def test_a_group_in_preparation_is_asked_again_and_then_not_published(bench: Bench, sim: Simulator) -> None:
    sim.fail(HOST, "group_in_processing", times=1)
    assert statuses(bench.land(bench.request(DAY, road="group"))) == [Status.OK]
    sim.fail(HOST, "group_in_processing", times=None)
    (event,) = bench.land(bench.request(DAY - timedelta(days=1), road="group")).events
    assert event.status is Status.NOT_PUBLISHED
    assert event.attempts == 4


def test_a_day_before_what_the_road_serves_is_expired(bench: Bench) -> None:
    landing = bench.land(bench.request(date(2022, 1, 1)))
    assert statuses(landing) == [Status.EXPIRED]
    assert landing.complete


def test_a_request_that_oasis_refuses_is_not_repeated_and_says_why(sim: Simulator, tmp_path: Path) -> None:
    wrong = {
        "name": "node",
        "route": "oasis",
        "host": "oasis",
        "ask": {**PRC_LMP, "version": "99", "node": "@hubs"},
    }
    entry = Dataset.model_validate(dataset("da_energy_hourly", [wrong]))
    bench = Bench(caiso().model_copy(update={"datasets": {"da_energy_hourly": entry}}), sim, tmp_path)
    (event,) = bench.land(bench.request(DAY)).events
    assert event.status is Status.FAILED
    assert event.attempts == 1
    assert "(1020)" in event.message


def test_an_hour_of_a_group_is_one_request(sim: Simulator, tmp_path: Path) -> None:
    ask = {"path": "GroupZip", "groupid": "RTM_LMP_GRP", "version": "3", "resultformat": "6"}
    road = {"name": "group", "route": "oasis", "host": "oasis", "brings": "all", "span": "hour", "ask": ask}
    entry = Dataset.model_validate(dataset("rt", [road], market="RT"))
    bench = Bench(caiso().model_copy(update={"datasets": {"rt": entry}}), sim, tmp_path)
    start = datetime(2026, 11, 10, 8, tzinfo=UTC)
    request = Request("CAISO", "rt", "group", Period(start, start + timedelta(hours=1)), "all")
    (event,) = bench.land(request).events
    assert event.status is Status.OK
    assert event.raw_key is not None
    assert event.raw_key.startswith("raw/caiso/rt/2026-11-10/")


def test_the_genuine_error_document_is_no_data(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd">\n'
        "<m:RTO><m:ERROR>\n<m:ERR_CODE>1000</m:ERR_CODE>\n"
        "<m:ERR_DESC>No data returned for the specified selection</m:ERR_DESC>\n</m:ERROR></m:RTO>\n"
        "</m:OASISReport>"
    )
    path = tmp_path / "INVALID_REQUEST.xml"
    path.write_text(text)
    with pytest.raises(NoData, match="1000"):
        Oasis().judge(path)


def test_an_answer_that_ends_a_day_early_does_not_pass_for_the_whole_period(
    bench: Bench, sim: Simulator
) -> None:
    # At 19:00 in London, 11:00 in California: tomorrow's prices are not out yet, and nobody says so.
    sim.now = datetime(2026, 11, 20, 19, tzinfo=UTC)
    landing = bench.land(bench.request(date(2026, 11, 18), date(2026, 11, 21)))
    assert [(event.status, event.period_start, event.period_end) for event in landing.events] == [
        (Status.OK, datetime(2026, 11, 18, 8, tzinfo=UTC), datetime(2026, 11, 21, 8, tzinfo=UTC)),
        (Status.NOT_PUBLISHED, datetime(2026, 11, 21, 8, tzinfo=UTC), datetime(2026, 11, 22, 8, tzinfo=UTC)),
    ]
    assert landing.complete


def test_a_past_day_without_a_row_is_a_failure_of_that_day(
    bench: Bench, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.simulator import caiso_site

    published = caiso_site._published
    monkeypatch.setattr(
        caiso_site,
        "_published",
        lambda report, slot, now: slot.day.day != 11 and published(report, slot, now),
    )
    landing = bench.land(bench.request(date(2026, 11, 10), date(2026, 11, 12)))
    assert statuses(landing) == [Status.OK, Status.OK, Status.FAILED]
    assert "2026-11-11" in landing.sentences[0]
    again = bench.land(bench.request(date(2026, 11, 10), date(2026, 11, 12)))
    assert statuses(again) == [Status.UNCHANGED, Status.UNCHANGED, Status.FAILED]
