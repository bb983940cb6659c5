"""PJM Data Miner 2: keys, pages, refusals in PJM's own words, and what stands in front of the site."""

from __future__ import annotations

import csv
import io
import itertools
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from ingest_kit import NOW, Bench, pjm, statuses

from ingest.clock import Period
from ingest.errors import Refused, Throttled
from ingest.events import Event, Request, Status
from ingest.routes.data_miner import DataMiner
from ingest.simulator import Simulator
from ingest.simulator.pjm_site import PUBLIC_KEY

API, SITE = "api.pjm.com", "dataminer2.pjm.com"
DAY = date(2026, 11, 10)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3, keys=["my-own-key"]) as running:
        yield running


@pytest.fixture
def bench(sim: Simulator, tmp_path: Path) -> Bench:
    return Bench(pjm(), sim, tmp_path)


def rows(bench: Bench, event: Event) -> list[Mapping[str, str]]:
    with bench.store.open(event.raw_key or "") as packed:
        text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_day_is_asked_in_utc_to_its_last_minute_with_the_part_as_type(bench: Bench, sim: Simulator) -> None:
    (event,) = bench.land(bench.request(DAY, part="HUB")).events
    asked = sim.requests[-1]
    assert asked.path == "/api/v1/da_hrl_lmps"
    assert asked.query == {
        "datetime_beginning_utc": "11/10/2026 05:00 to 11/11/2026 04:59",
        "type": "HUB",
        "rowCount": "50000",
        "startRow": "1",
        "format": "csv",
        "download": "true",
    }
    found = rows(bench, event)
    assert {row["type"] for row in found} == {"HUB"}
    assert len({row["datetime_beginning_utc"] for row in found}) == 24
    assert event.part == "HUB/1"
    assert event.raw_key is not None
    assert event.raw_key.endswith("_da_hrl_lmps_HUB_20261110T0500_p1.csv.zst")


def test_hubs_are_asked_by_their_ids(bench: Bench, sim: Simulator) -> None:
    (event,) = bench.land(bench.request(DAY, road="pnodes")).events
    assert sim.requests[-1].query["pnode_id"] == "51288;51217;1"
    assert {row["pnode_id"] for row in rows(bench, event)} == {"51288", "51217", "1"}


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_the_days_of_the_clock_change_have_their_own_hours(bench: Bench, day: date, hours: int) -> None:
    (event,) = bench.land(bench.request(day, road="pnodes")).events
    assert len(rows(bench, event)) == 3 * hours


def test_pages_are_read_until_every_row_is_there(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(pjm(page_rows="30"), sim, tmp_path)
    landing = bench.land(bench.request(DAY, road="pnodes"))
    assert statuses(landing) == [Status.OK] * 3
    assert [event.part for event in landing.events] == ["1", "2", "3"]
    found = list(itertools.chain.from_iterable(rows(bench, event) for event in landing.events))
    assert len(found) == 72
    assert len({(row["datetime_beginning_utc"], row["pnode_id"]) for row in found}) == 72
    # One write for all pages: half of them must not pass for the day.
    assert [len(batch) for batch in bench.sink.writes] == [3]


def test_a_full_page_is_never_taken_for_the_last_one(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(pjm(page_rows="36"), sim, tmp_path)
    landing = bench.land(bench.request(DAY, road="pnodes"))
    assert len(landing.events) == 2
    starts = [seen.query["startRow"] for seen in sim.requests if seen.host == API]
    assert starts == ["1", "37", "73"]


def test_a_day_of_all_nodes_is_read_past_fifty_thousand_rows(tmp_path: Path) -> None:
    with Simulator(now=NOW, nodes=2100) as sim:
        bench = Bench(pjm(), sim, tmp_path)
        landing = bench.land(bench.request(DAY, road="all", scope="all"))
        assert len(landing.events) == 2
        found = [row for event in landing.events for row in rows(bench, event)]
    assert len(found) > 50_000
    assert len({(row["datetime_beginning_utc"], row["pnode_id"]) for row in found}) == len(found)


def test_a_page_that_fails_brings_no_part_of_the_day(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(pjm(page_rows="30"), sim, tmp_path)
    sim.fail(API, "error_500", times=None, match="startRow=31")
    landing = bench.land(bench.request(DAY, road="pnodes"))
    assert statuses(landing) == [Status.FAILED]
    assert bench.raw == []


def test_rows_that_change_between_pages_are_read_again(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(pjm(page_rows="30"), sim, tmp_path)
    corrected = False

    def correct(name: str) -> None:
        nonlocal corrected
        pages = [seen for seen in sim.requests if seen.host == API]
        if name == "downloaded" and len(pages) == 1 and not corrected:
            corrected = True
            sim.correct("PJM", "da_hrl_lmps", DAY)

    landing = bench.land(bench.request(DAY, road="pnodes"), on_step=correct)
    found = [row for event in landing.events for row in rows(bench, event)]
    assert len(found) == 2 * 72
    assert len({(row["datetime_beginning_utc"], row["pnode_id"], row["version_nbr"]) for row in found}) == 144


def test_the_public_key_is_found_once_with_the_headers_of_a_browser(bench: Bench, sim: Simulator) -> None:
    bench.land(bench.request(DAY, part="HUB"), bench.request(DAY, part="ZONE"))
    settings = [seen for seen in sim.requests if seen.host == SITE]
    assert len(settings) == 1
    assert settings[0].path == "/config/settings.json"
    assert "Mozilla" in settings[0].headers["user-agent"]
    asked = [seen for seen in sim.requests if seen.host == API]
    assert {seen.headers["ocp-apim-subscription-key"] for seen in asked} == {PUBLIC_KEY}


def test_an_own_key_is_used_where_there_is_one(bench: Bench, sim: Simulator) -> None:
    bench.extra = {"PJM_API_KEY": "my-own-key"}
    bench.land(bench.request(DAY, part="HUB"))
    assert [seen.host for seen in sim.requests] == [API]
    assert sim.requests[0].headers["ocp-apim-subscription-key"] == "my-own-key"


def test_a_wrong_own_key_is_said_and_not_replaced_in_silence(bench: Bench, sim: Simulator) -> None:
    bench.extra = {"PJM_API_KEY": "wrong-key"}
    (event,) = bench.land(bench.request(DAY, part="HUB")).events
    assert event.status is Status.FAILED
    assert "PJM_API_KEY" in event.message
    assert "wrong-key" not in json.dumps(event.as_record())


def test_a_page_in_front_of_the_site_is_a_failure_with_a_remedy(bench: Bench, sim: Simulator) -> None:
    sim.fail(SITE, "html_shell", times=None)
    (event,) = bench.land(bench.request(DAY, part="HUB")).events
    assert event.status is Status.FAILED
    assert "web page" in event.message
    assert "PJM_API_KEY" in event.message


@pytest.mark.parametrize("kind", ["throttle_text", "html_shell", "throttle_429", "drop", "error_500"])
def test_a_passing_trouble_is_asked_again(bench: Bench, sim: Simulator, kind: str) -> None:
    sim.fail(API, kind, times=2)  # type: ignore[arg-type]
    (event,) = bench.land(bench.request(DAY, part="HUB")).events
    assert event.status is Status.OK
    assert event.attempts == 3


def test_a_sentence_in_the_place_of_rows_is_a_throttle(bench: Bench, sim: Simulator) -> None:
    sim.fail(API, "throttle_text", times=None)
    (event,) = bench.land(bench.request(DAY, part="HUB")).events
    assert event.status is Status.THROTTLED
    assert "Rate limit is exceeded" in event.message


def test_archived_rows_refuse_ids_in_pjms_own_words(bench: Bench) -> None:
    (event,) = bench.land(bench.request(date(2023, 5, 1), road="pnodes")).events
    assert event.status is Status.FAILED
    assert event.attempts == 1
    assert event.http_status == 400
    assert "archived" in event.message.lower()
    assert "pnode_id" in event.message.lower()


def test_archived_rows_come_by_type(bench: Bench) -> None:
    (event,) = bench.land(bench.request(date(2023, 5, 1), part="ZONE")).events
    assert event.status is Status.OK


def test_a_range_over_the_archive_boundary_is_refused_in_pjms_own_words(bench: Bench) -> None:
    whole = Period(datetime(2024, 6, 1, 4, tzinfo=UTC), datetime(2025, 5, 1, 4, tzinfo=UTC))
    (event,) = bench.land(Request("PJM", "da_energy_hourly", "types", whole, "hubs", "HUB")).events
    assert event.status is Status.FAILED
    assert "archived" in event.message.lower()


def test_no_rows_yet_is_not_published(bench: Bench, sim: Simulator) -> None:
    landing = bench.land(bench.request(date(2026, 11, 23), part="HUB"))
    assert statuses(landing) == [Status.NOT_PUBLISHED]
    sim.fail(API, "late", times=None)
    assert statuses(bench.land(bench.request(date(2026, 11, 21), part="HUB"))) == [Status.NOT_PUBLISHED]


def test_no_rows_for_a_past_day_are_a_failure_unless_the_registry_allows_it(
    bench: Bench, sim: Simulator, tmp_path: Path
) -> None:
    sim.fail(API, "late", times=None)
    assert statuses(bench.land(bench.request(DAY, part="HUB"))) == [Status.FAILED]
    lenient = Bench(pjm(may_be_empty=True), sim, tmp_path / "lenient")
    assert statuses(lenient.land(lenient.request(DAY, part="HUB"))) == [Status.EMPTY]


def test_the_same_rows_again_are_unchanged_page_by_page(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(pjm(page_rows="30"), sim, tmp_path)
    bench.land(bench.request(DAY, road="pnodes"))
    assert statuses(bench.land(bench.request(DAY, road="pnodes"))) == [Status.UNCHANGED] * 3
    assert len(bench.raw) == 3


def test_a_new_version_lands_beside_the_old_one(bench: Bench, sim: Simulator) -> None:
    bench.land(bench.request(DAY, part="HUB"))
    sim.correct("PJM", "da_hrl_lmps", DAY, identical=True)
    (event,) = bench.land(bench.request(DAY, part="HUB")).events
    assert event.status is Status.OK
    assert {row["version_nbr"] for row in rows(bench, event)} == {"1", "2"}
    assert len(bench.raw) == 2


def test_an_error_document_is_told_from_rows_in_json(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text('{"errors":[{"field":"x","message":"No.","detail":["No.","Really."]}]}')
    with pytest.raises(Refused, match=r"x: No\. Really\."):
        DataMiner().judge(path)
    path.write_text('[{"datetime_beginning_utc":"2026-11-10T05:00:00"}]')
    DataMiner().judge(path)


def test_two_requests_share_the_pace_of_the_discovered_key(bench: Bench) -> None:
    bench.land(bench.request(DAY, part="HUB"))
    names = sorted(path.name for path in (bench.folder / "pace").glob("*.sqlite"))
    assert len(names) == 2
    assert PUBLIC_KEY not in "".join(names)
    assert timedelta(0) == timedelta(seconds=sum(bench.slept))


def test_a_month_that_ends_a_day_early_does_not_pass_for_the_whole_month(
    bench: Bench, sim: Simulator
) -> None:
    sim.now = datetime(2026, 11, 20, 14, tzinfo=UTC)
    landing = bench.land(bench.request(date(2026, 11, 18), date(2026, 11, 21), part="HUB"))
    assert [(event.status, event.part) for event in landing.events] == [
        (Status.NOT_PUBLISHED, "HUB"),
        (Status.OK, "HUB/1"),
    ]
    assert landing.events[1].period_end == datetime(2026, 11, 21, 5, tzinfo=UTC)


@pytest.mark.parametrize("packed", [False, True])
def test_a_sentence_about_limits_is_no_header_also_with_a_comma_or_in_a_zip(
    tmp_path: Path, packed: bool
) -> None:
    sentence = "file requested too often, please observe the throttle of 1800 seconds\r\n"
    path = tmp_path / "answer"
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("limits.csv", sentence)
    else:
        path.write_text(sentence)
    with pytest.raises(Throttled, match="throttle of 1800 seconds") as caught:
        DataMiner().judge(path)
    assert caught.value.hint == 1800
