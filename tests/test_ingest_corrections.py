"""Lists of corrected trade dates, as the site serves them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from ingest_kit import NOW, Bench, caiso

from ingest.corrections import Correction, corrected_days, read_corrections
from ingest.errors import Refused
from ingest.simulator import Simulator

PACIFIC = "America/Los_Angeles"
DAY = date(2026, 11, 10)
HEADER = (
    "TRADE_DATE,HOUR_ENDING,INTERVAL,MARKET,AFFECTED_AREA,CORRECTION_METHOD,CORRECTION_COUNT,"
    "ENERGY_TYPECODE,CORRECTION_REASON,REPORT_GENERATED\n"
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Simulator(now=NOW, nodes=3) as sim:
        yield Bench(caiso(), sim, tmp_path)


def fetched(bench: Bench, day: date) -> list[Correction]:
    (event,) = bench.land(bench.request(day, name="corrections")).events
    path = bench.store.local_path(event.raw_key or "")
    assert path is not None
    return read_corrections(path, PACIFIC)


def test_a_day_without_corrections_has_none_although_the_list_has_rows(bench: Bench) -> None:
    assert fetched(bench, DAY) == []


def test_a_corrected_day_is_named_once_with_its_market_and_the_lists_time(bench: Bench) -> None:
    assert bench.sim is not None
    bench.sim.correct("CAISO", "DAM", DAY)
    bench.sim.correct("CAISO", "RTPD", DAY)
    found = fetched(bench, DAY)
    assert [(entry.trade_date, entry.market) for entry in found] == [(DAY, "DAM"), (DAY, "RTPD")]
    assert all(entry.generated_at == NOW for entry in found)


def test_the_latest_list_counts(tmp_path: Path) -> None:
    path = tmp_path / "list.zip"
    rows = [
        "2026-11-10T00:00:00,1,0,DAM,CAISO,Recalculated,1,LMP,Data input failure,2026-11-12T09:00:00",
        "2026-11-10T00:00:00,2,0,DAM,CAISO,Recalculated,1,LMP,Data input failure,2026-11-13T09:00:00",
        "2026-11-10T00:00:00,,,RTD,,Replaced,,,No records found for report.,2026-11-13T09:00:00",
        "11/11/2026,,,RTD,,Replaced,,,,2026-11-13T09:00:00",
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", HEADER + "\n".join(rows) + "\n")
        archive.writestr("readme.txt", "not a list")
    (entry,) = read_corrections(path, PACIFIC)
    assert entry == Correction(DAY, "DAM", datetime(2026, 11, 13, 17, tzinfo=UTC))


def test_a_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("TRADE_DATE,MARKET\n2026-11-10,DAM\n")
    with pytest.raises(Refused, match="CORRECTION_REASON, REPORT_GENERATED"):
        read_corrections(path, PACIFIC)


def test_a_stamp_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEADER + "yesterday,1,0,DAM,CAISO,Recalculated,1,LMP,Data input failure,2026-11-12\n")
    with pytest.raises(Refused, match="'yesterday'"):
        read_corrections(path, PACIFIC)


def test_the_days_of_some_markets_are_told_with_their_latest_list() -> None:
    early, late = NOW - timedelta(days=3), NOW - timedelta(days=1)
    entries = [Correction(DAY, "DAM", late), Correction(DAY, "DAM", early), Correction(DAY, "RTD", NOW)]
    assert corrected_days(entries, ["DAM"]) == {DAY: late}
    assert corrected_days(entries, ["RTD", "DAM"]) == {DAY: NOW}
    assert corrected_days(entries, ["RTPD"]) == {}
