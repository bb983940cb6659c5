"""NYISO MIS: days and months by name, holes told one by one, pieces of days not taken for days."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from ingest_kit import NOW, Bench, nyiso, statuses

from ingest.clock import market_days
from ingest.events import Status
from ingest.routes.mis import _flaw
from ingest.simulator import Simulator

HOST = "mis.nyiso.com"
CLOCK = "America/New_York"
DAY = date(2026, 11, 15)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as running:
        yield running


@pytest.fixture
def bench(sim: Simulator, tmp_path: Path) -> Bench:
    return Bench(nyiso(), sim, tmp_path)


def month(bench: Bench, first: date) -> list[Status]:
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return statuses(bench.land(bench.request(first, last, road="monthly")))


def test_a_day_is_one_file_by_its_name(bench: Bench, sim: Simulator) -> None:
    (event,) = bench.land(bench.request(DAY)).events
    assert sim.requests[0].path == "/public/csv/damlbmp/20261115damlbmp_zone.csv"
    assert event.status is Status.OK


def test_a_past_month_is_one_zip_with_every_day(bench: Bench, sim: Simulator) -> None:
    landing = bench.land(bench.request(date(2026, 10, 1), date(2026, 10, 31), road="monthly"))
    (event,) = landing.events
    assert sim.requests[0].path == "/public/csv/damlbmp/20261001damlbmp_zone_csv.zip"
    assert event.status is Status.OK
    whole = market_days(date(2026, 10, 1), date(2026, 10, 31), CLOCK)
    assert (event.period_start, event.period_end) == (whole.start, whole.end)
    assert event.published_at_basis == "source"
    assert event.raw_key is not None
    assert event.raw_key.endswith("_20261001damlbmp_zone_csv.zip")
    assert len(zipfile.ZipFile(io.BytesIO(bench.store.read_bytes(event.raw_key))).namelist()) == 31


def test_the_running_month_brings_the_days_that_are_there_and_says_so_of_the_rest(bench: Bench) -> None:
    landing = bench.land(bench.request(date(2026, 11, 1), date(2026, 11, 30), road="monthly"))
    first, *rest = landing.events
    there = market_days(date(2026, 11, 1), date(2026, 11, 20), CLOCK)
    assert (first.status, first.period_start, first.period_end) == (Status.OK, there.start, there.end)
    assert [event.status for event in rest] == [Status.NOT_PUBLISHED] * 10
    assert landing.complete
    # All that one request brought is told in one write.
    assert len(bench.sink.writes) == 1


def test_a_piece_of_the_running_day_is_not_taken_for_the_day(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(nyiso("RT"), sim, tmp_path)
    landing = bench.land(bench.request(date(2026, 11, 1), date(2026, 11, 30), road="monthly"))
    (ok,) = [event for event in landing.events if event.status is Status.OK]
    there = market_days(date(2026, 11, 1), date(2026, 11, 19), CLOCK)
    assert (ok.period_start, ok.period_end) == (there.start, there.end)
    names = zipfile.ZipFile(io.BytesIO(bench.store.read_bytes(ok.raw_key or ""))).namelist()
    assert "20261120rtlbmp_zone.csv" in names


def zip_without(
    bench: Bench, lost: set[str], empty: set[str] = frozenset(), wrong: dict[str, str] | None = None
) -> bytes:  # type: ignore[assignment]
    """The genuine zip of October with holes."""
    landing = bench.land(bench.request(date(2026, 10, 1), date(2026, 10, 31), road="monthly"))
    source = zipfile.ZipFile(io.BytesIO(bench.store.read_bytes(landing.events[0].raw_key or "")))
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as target:
        for member in source.infolist():
            if member.filename[:8] in lost:
                continue
            text = source.read(
                (wrong or {}).get(member.filename[:8], member.filename[:8]) + member.filename[8:]
            )
            target.writestr(
                member, text.splitlines(keepends=True)[0] if member.filename[:8] in empty else text
            )
    return sink.getvalue()


def test_a_zip_with_holes_brings_its_runs_of_days_and_one_failure_a_hole(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    holed = zip_without(bench, {"20261005"}, empty={"20261010"}, wrong={"20261020": "20261021"})
    other = Bench(nyiso(), bench.sim, tmp_path / "other")
    _serve(monkeypatch, holed)
    landing = other.land(other.request(date(2026, 10, 1), date(2026, 10, 31), road="monthly"))
    good = [event for event in landing.events if event.status is Status.OK]
    bad = [event for event in landing.events if event.status is Status.FAILED]
    runs = [(1, 4), (6, 9), (11, 19), (21, 31)]
    assert [(event.period_start, event.period_end) for event in good] == [
        (
            market_days(date(2026, 10, a), date(2026, 10, b), CLOCK).start,
            market_days(date(2026, 10, a), date(2026, 10, b), CLOCK).end,
        )
        for a, b in runs
    ]
    assert len({event.raw_key for event in good}) == 1
    assert [event.message.split("zip of the month ")[1] for event in bad] == [
        "lacks this day.",
        "holds no rows for this day.",
        "holds another day under this day's name.",
    ]
    assert not landing.complete


def _serve(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    from ingest.simulator import nyiso_site
    from ingest.simulator.answers import Answer

    monkeypatch.setattr(nyiso_site, "_monthly", lambda *words: Answer(200, body, "application/zip"))


def test_an_unchanged_month_is_unchanged_run_by_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    holed = zip_without(bench, {"20261005"})
    other = Bench(nyiso(), bench.sim, tmp_path / "other")
    _serve(monkeypatch, holed)
    assert month(other, date(2026, 10, 1)) == [Status.OK, Status.OK, Status.FAILED]
    assert month(other, date(2026, 10, 1)) == [Status.UNCHANGED, Status.UNCHANGED, Status.FAILED]


def test_a_missing_file_is_too_early_a_hole_or_too_old(bench: Bench, sim: Simulator) -> None:
    assert statuses(bench.land(bench.request(date(2026, 11, 22)))) == [Status.NOT_PUBLISHED]
    assert statuses(bench.land(bench.request(date(2026, 11, 1)))) == [Status.EXPIRED]
    sim.fail(HOST, "late", times=None)
    landing = bench.land(bench.request(DAY))
    assert statuses(landing) == [Status.FAILED]
    assert landing.events[0].http_status == 404
    assert landing.events[0].attempts == 1
    assert "20261115damlbmp_zone.csv" in landing.sentences[0]


def test_a_month_that_has_not_begun_is_not_published(bench: Bench) -> None:
    assert month(bench, date(2026, 12, 1)) == [Status.NOT_PUBLISHED]


@pytest.mark.parametrize("kind", ["truncated_zip", "html_shell", "drop", "error_500"])
def test_a_passing_trouble_is_asked_again(bench: Bench, sim: Simulator, kind: str) -> None:
    sim.fail(HOST, kind, times=2)  # type: ignore[arg-type]
    landing = bench.land(bench.request(date(2026, 10, 1), date(2026, 10, 31), road="monthly"))
    assert statuses(landing) == [Status.OK]
    assert landing.events[0].attempts == 3


@pytest.mark.parametrize(
    ("kind", "status"),
    [("html_shell", Status.FAILED), ("aup_html", Status.THROTTLED), ("throttle_text", Status.THROTTLED)],
)
def test_a_page_in_the_place_of_a_file_is_never_a_file(
    bench: Bench, sim: Simulator, kind: str, status: Status
) -> None:
    sim.fail(HOST, kind, times=None)  # type: ignore[arg-type]
    landing = bench.land(bench.request(DAY))
    assert statuses(landing) == [status]
    assert bench.raw == []


def test_a_member_without_a_stamp_is_judged_by_the_clock() -> None:
    source = nyiso("RT")
    entry = source.dataset("energy")
    head = b"Time Stamp,Name\r\n10/05/2026 00:00,WEST\r\n"
    unstamped = (1980, 1, 1, 0, 0, 0)
    assert _flaw(date(2026, 10, 5), unstamped, head, entry, source) == ""
    assert "part" in _flaw(date(2026, 11, 20), unstamped, head.replace(b"10/05", b"11/20"), entry, source)
    # Old finished files were written a minute before their midnight.
    assert _flaw(date(2026, 10, 5), (2026, 10, 5, 23, 58, 52), head, entry, source) == ""
    assert "part" in _flaw(date(2026, 10, 5), (2026, 10, 5, 14, 5, 0), head, entry, source)


def test_last_modified_says_when_it_was_published(bench: Bench) -> None:
    (event,) = bench.land(bench.request(DAY)).events
    assert event.published_at is not None
    assert datetime(2026, 11, 14, tzinfo=UTC) < event.published_at < datetime(2026, 11, 15, tzinfo=UTC)
    assert event.etag


def test_a_daily_file_of_a_day_that_still_runs_is_not_published(sim: Simulator, tmp_path: Path) -> None:
    bench = Bench(nyiso("RT"), sim, tmp_path)
    landing = bench.land(bench.request(date(2026, 11, 20)))
    assert statuses(landing) == [Status.NOT_PUBLISHED]
    assert bench.raw == []
    assert statuses(bench.land(bench.request(date(2026, 11, 19)))) == [Status.OK]
