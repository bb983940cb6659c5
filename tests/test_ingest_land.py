"""Landing: from a request to a raw object and its event, in that order, whatever happens on the way."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import zstandard
from ingest_kit import NOW, Bench, caiso, nyiso, pjm, statuses

from ingest.events import Status
from ingest.fetch import CIRCUIT_OPENS_AFTER
from ingest.simulator import Pace as SimulatedPace
from ingest.simulator import Simulator

OASIS = "oasis.caiso.com"
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


def test_a_request_becomes_an_object_and_an_event(bench: Bench) -> None:
    landing = bench.land(bench.request(DAY))
    (event,) = landing.events
    assert event.status is Status.OK
    assert (event.period_start, event.period_end) == (
        datetime(2026, 11, 10, 8, tzinfo=UTC),
        datetime(2026, 11, 11, 8, tzinfo=UTC),
    )
    assert event.raw_key is not None
    assert bench.raw == [event.raw_key]
    folder, name = event.raw_key.rsplit("/", 1)
    assert folder == "raw/caiso/da_energy_hourly/2026-11-10"
    served = bench.store.read_bytes(event.raw_key)
    assert hashlib.sha256(served).hexdigest() == event.sha256
    assert name.startswith(f"{event.sha256[:12]}_")
    assert event.bytes == len(served)
    assert zipfile.ZipFile(io.BytesIO(served)).testzip() is None
    assert (event.http_status, event.attempts, event.published_at_basis) == (200, 1, "fetch")
    assert event.fetched_at == NOW
    assert landing.complete
    assert landing.sentences == []


def test_downloaded_text_is_landed_compressed_and_hashed_as_served(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(nyiso(), sim, tmp_path)
    (event,) = bench.land(bench.request(date(2026, 11, 15))).events
    assert event.raw_key is not None
    assert event.raw_key.endswith("20261115damlbmp_zone.csv.zst")
    with bench.store.open(event.raw_key) as packed:
        text = zstandard.ZstdDecompressor().stream_reader(packed).read()
    assert hashlib.sha256(text).hexdigest() == event.sha256
    assert len(text) == event.bytes
    assert event.last_modified is not None
    assert event.published_at == event.last_modified
    assert event.published_at_basis == "source"


def test_the_object_comes_before_its_event_and_the_event_before_the_next_request(bench: Bench) -> None:
    seen: list[tuple[str, int, int]] = []
    requests = [bench.request(DAY), bench.request(DAY + timedelta(days=1))]
    bench.land(*requests, on_step=lambda name: seen.append((name, len(bench.raw), len(bench.sink.events))))
    steps = [step for step in seen if step[0] != "downloading"]
    assert steps == [
        ("asking", 0, 0),
        ("downloaded", 0, 0),
        ("stored", 1, 0),
        ("told", 1, 1),
        ("asking", 1, 1),
        ("downloaded", 1, 1),
        ("stored", 2, 1),
        ("told", 2, 2),
    ]


def test_the_same_content_again_is_unchanged_although_the_archive_is_stamped(
    bench: Bench, sim: Simulator
) -> None:
    (first,) = bench.land(bench.request(DAY)).events
    sim.now = NOW + timedelta(hours=3)
    (second,) = bench.land(bench.request(DAY)).events
    assert second.status is Status.UNCHANGED
    assert second.sha256 != first.sha256
    assert second.content_sha256 == first.content_sha256
    assert second.raw_key == first.raw_key
    assert bench.raw == [first.raw_key]


def test_a_changed_answer_lands_beside_the_old_one(bench: Bench, sim: Simulator) -> None:
    bench.land(bench.request(DAY))
    sim.correct("CAISO", "DAM", DAY)
    (second,) = bench.land(bench.request(DAY)).events
    assert second.status is Status.OK
    assert len(bench.raw) == 2


def test_a_price_that_changes_and_changes_back_leaves_three_observations(
    sim: Simulator, tmp_path: Path
) -> None:
    bench = Bench(nyiso(), sim, tmp_path)
    day = date(2026, 11, 15)
    first = bench.land(bench.request(day)).events[0]
    sim.correct("NYISO", "damlbmp_zone", day)
    second = bench.land(bench.request(day)).events[0]
    sim.uncorrect("NYISO", "damlbmp_zone", day)
    third = bench.land(bench.request(day)).events[0]
    assert [event.status for event in (first, second, third)] == [Status.OK] * 3
    assert first.sha256 == third.sha256
    assert first.raw_key == third.raw_key != second.raw_key
    assert len(bench.raw) == 2


def test_an_object_that_was_stored_but_not_told_is_told_by_the_next_run(bench: Bench) -> None:
    class Killed(BaseException):
        pass

    def kill(name: str) -> None:
        if name == "stored":
            raise Killed

    with pytest.raises(Killed):
        bench.land(bench.request(DAY), on_step=kill)
    assert len(bench.raw) == 1
    assert bench.sink.events == []
    (event,) = bench.land(bench.request(DAY)).events
    assert event.status is Status.OK
    assert bench.raw == [event.raw_key]


def test_ctrl_c_leaves_nothing_half_done(bench: Bench) -> None:
    def interrupt(name: str) -> None:
        if name == "downloading":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.land(bench.request(DAY), on_step=interrupt)
    assert list((bench.folder / "temp").iterdir()) == []
    assert bench.raw == []
    assert bench.sink.events == []


def test_a_failed_request_leaves_an_event_and_the_next_is_asked(bench: Bench, sim: Simulator) -> None:
    sim.fail(OASIS, "no_data_1000", times=None, match="20261110")
    landing = bench.land(bench.request(DAY), bench.request(DAY + timedelta(days=1)))
    assert statuses(landing) == [Status.FAILED, Status.OK]
    assert not landing.complete
    assert len(landing.sentences) == 1
    assert "2026-11-10" in landing.sentences[0]


def test_a_host_that_never_answers_is_left_alone_after_a_few_requests(tmp_path: Path) -> None:
    bench = Bench(caiso(), None, tmp_path, url="http://127.0.0.1:9")
    days = [DAY + timedelta(days=number) for number in range(8)]
    landing = bench.land(*[bench.request(day) for day in days])
    failed = [event for event in landing.events if event.status is Status.FAILED]
    rest = [event for event in landing.events if event.status is Status.NOT_ASKED]
    assert len(failed) == CIRCUIT_OPENS_AFTER
    assert [event.attempts for event in failed] == [4, 1, 1]
    assert len(rest) == 8 - CIRCUIT_OPENS_AFTER
    assert all(event.attempts == 0 for event in rest)
    # The requests that were not sent are told in one write.
    assert [len(batch) for batch in bench.sink.writes] == [1, 1, 1, 5]
    assert len(landing.sentences) == 2
    assert "cannot be reached" in landing.sentences[0]
    assert "Run again" in landing.sentences[1]


def test_what_an_outage_left_out_is_fetched_by_the_next_run(bench: Bench, sim: Simulator) -> None:
    bench.land(bench.request(DAY))
    sim.stop()
    assert Status.FAILED in statuses(bench.land(bench.request(DAY + timedelta(days=1))))
    sim.start()
    (event,) = bench.land(bench.request(DAY + timedelta(days=1))).events
    assert event.status is Status.OK


def test_other_hosts_are_still_asked_when_one_is_down(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(pjm(), sim, tmp_path)
    sim.fail("dataminer2.pjm.com", "error_500", times=None)
    days = [DAY + timedelta(days=number) for number in range(5)]
    landing = bench.land(*[bench.request(day, part="HUB") for day in days])
    assert statuses(landing) == [Status.FAILED] * 3 + [Status.NOT_ASKED] * 2
    assert all("api.pjm.com" not in seen.host for seen in sim.requests)


def test_progress_is_told_of_every_request(bench: Bench) -> None:
    from ingest.land import land

    told: list[int] = []
    with bench.session() as session:
        land(
            [bench.request(DAY), bench.request(DAY + timedelta(days=1))],
            bench.source,
            bench.store,
            bench.sink,
            session,
            bench.sink.latest,
            progress=lambda request, events: told.append(len(events)),
        )
    assert told == [1, 1]


def test_a_raw_object_that_vanished_is_stored_again(bench: Bench) -> None:
    (first,) = bench.land(bench.request(DAY)).events
    path = bench.store.local_path(first.raw_key or "")
    assert path is not None
    path.unlink()
    (second,) = bench.land(bench.request(DAY)).events
    assert second.status is Status.OK
    assert bench.raw == [second.raw_key]


@pytest.mark.long
def test_two_runs_at_once_stay_within_what_the_host_allows(tmp_path: Path) -> None:
    # Requests that leave in time may arrive closer together on a busy machine. Two runs that did not know of each other
    # would be twice as fast, and too fast all the same.
    told = {OASIS: SimulatedPace(requests=2, seconds=0.8)}
    limit = {OASIS: SimulatedPace(requests=2, seconds=0.5)}
    with Simulator(now=NOW, nodes=1, pace=told, enforced_pace=limit) as sim:
        benches = [Bench(caiso(), sim, tmp_path, sleep=time.sleep) for _ in range(2)]
        runs = [
            Thread(target=bench.land, args=[bench.request(DAY + timedelta(days=n)) for n in range(3)])
            for bench in benches
        ]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert [seen.status for seen in sim.requests] == [200] * 6
    assert all(event.attempts == 1 for bench in benches for event in bench.sink.events)
