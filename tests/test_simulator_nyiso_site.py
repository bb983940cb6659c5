"""The MIS stand-in as a site: retention, archives, publication, tags and parts, corrections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest
import requests
from simulator_kit import NOW, archive, daily, mis, monthly, rows, stamps_of

from ingest.simulator import Simulator
from ingest.simulator.nyiso_rows import off_grid

EASTERN = ZoneInfo("America/New_York")
LBMP = "Time Stamp,Name,PTID,LBMP ($/MWHr),Marginal Cost Losses ($/MWHr),Marginal Cost Congestion ($/MWHr)"
COLUMNS = ("LBMP ($/MWHr)", "Marginal Cost Losses ($/MWHr)", "Marginal Cost Congestion ($/MWHr)")


@pytest.fixture(scope="module")
def calm() -> Iterator[Simulator]:
    """A simulator that no test changes."""
    with Simulator(now=NOW, nodes=3) as simulator:
        yield simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as simulator:
        yield simulator


# --- what is there, and since when


def test_daily_files_stay_nine_days_and_then_only_the_archive(calm: Simulator) -> None:
    assert daily(calm, "damlbmp_zone", date(2026, 11, 11)).status_code == 200
    assert daily(calm, "damlbmp_zone", date(2026, 11, 10)).status_code == 404
    with archive(monthly(calm, "damlbmp_zone", date(2026, 11, 1))) as running:
        assert "20261110damlbmp_zone.csv" in running.namelist()


@pytest.mark.parametrize(
    "path",
    [
        "csv/damlbmp/20261018damlbmp_zone_csv.zip",
        "csv/damlbmp/20261201damlbmp_zone_csv.zip",
        "csv/damlbmp/20261318damlbmp_zone.csv",
        "csv/realtime/20261118damlbmp_zone.csv",
        "csv/damlbmp/20261118nothing.csv",
        "csv/damlbmp/19991101damlbmp_zone.csv",
        "nothing.htm",
    ],
)
def test_what_is_not_there_is_404_without_a_word(calm: Simulator, path: str) -> None:
    answer = mis(calm, path)
    assert (answer.status_code, answer.content) == (404, b"")


def test_folders_are_forbidden(calm: Simulator) -> None:
    assert mis(calm, "csv/damlbmp/").status_code == 403
    assert mis(calm, "dss/").status_code == 403


def test_an_archive_holds_the_month_in_no_order_with_the_times_of_publication(calm: Simulator) -> None:
    with archive(monthly(calm, "realtime_zone", date(2026, 9, 1))) as month:
        names = month.namelist()
        assert sorted(names) == [f"202609{day:02d}realtime_zone.csv" for day in range(1, 31)]
        assert names != sorted(names)
        for info in month.infolist():
            day = datetime.strptime(info.filename[:8], "%Y%m%d")
            assert (
                timedelta(days=1, minutes=10)
                < datetime(*info.date_time) - day
                < timedelta(days=1, minutes=21)
            )
        assert month.read("20260915realtime_zone.csv") == month.read("20260915realtime_zone.csv")


def test_the_archive_of_the_running_month_grows_and_ends_in_a_piece_of_a_day(sim: Simulator) -> None:
    with archive(monthly(sim, "realtime_zone", date(2026, 11, 1))) as running:
        assert max(running.namelist()) == "20261120realtime_zone.csv"
        last = rows(running.read("20261120realtime_zone.csv").decode())
        assert len({row["Time Stamp"] for row in last}) < 30
        complete = running.read("20261119realtime_zone.csv")
    assert complete == daily(sim, "realtime_zone", date(2026, 11, 19)).content
    sim.now = NOW + timedelta(days=1)
    with archive(monthly(sim, "realtime_zone", date(2026, 11, 1))) as later:
        assert max(later.namelist()) == "20261121realtime_zone.csv"
        assert (
            len({row["Time Stamp"] for row in rows(later.read("20261120realtime_zone.csv").decode())}) >= 288
        )


def test_day_ahead_appears_before_noon_of_the_day_before(sim: Simulator) -> None:
    sim.now = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)
    assert daily(sim, "damlbmp_zone", date(2026, 11, 21)).status_code == 404
    sim.now = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert daily(sim, "damlbmp_zone", date(2026, 11, 21)).status_code == 200
    assert daily(sim, "damasp", date(2026, 11, 21)).status_code == 200
    assert daily(sim, "realtime_zone", date(2026, 11, 21)).status_code == 404


def test_the_running_day_ends_with_a_look_ahead_that_nothing_marks(calm: Simulator) -> None:
    found = daily(calm, "realtime_zone", date(2026, 11, 20))
    local = [datetime.strptime(text, "%m/%d/%Y %H:%M:%S") for text in stamps_of(found)]
    ahead = [stamp for stamp in local if stamp > datetime(2026, 11, 20, 15, 0)]
    assert ahead == [datetime(2026, 11, 20, 15, 15) + n * timedelta(minutes=15) for n in range(8)]
    hourly = rows(daily(calm, "rtlbmp_zone", date(2026, 11, 20)).content.decode())
    assert hourly[-1]["Time Stamp"] == "11/20/2026 14:00"
    latest = rows(mis(calm, "realtime/realtime_zone_lbmp.csv").content.decode())
    assert {row["Time Stamp"] for row in latest} == {"11/20/2026 15:00:00"}
    assert len(latest) == 15


def test_a_look_ahead_is_not_the_price_that_comes(sim: Simulator) -> None:
    def at(stamp: str) -> list[str]:
        found = rows(daily(sim, "realtime_zone", date(2026, 11, 20)).content.decode())
        return [row[COLUMNS[0]] for row in found if row["Time Stamp"] == stamp]

    advisory = at("11/20/2026 15:30:00")
    sim.now = NOW + timedelta(hours=1)
    assert len(advisory) == 15
    assert at("11/20/2026 15:30:00") != advisory


def test_the_generator_list_names_the_generators_of_the_price_file(calm: Simulator) -> None:
    listed = rows(mis(calm, "csv/generator/generator.csv").content.decode())
    priced = {row["PTID"] for row in rows(daily(calm, "damlbmp_gen", date(2026, 11, 18)).content.decode())}
    assert {row["Generator PTID"] for row in listed} == priced - {"24008"}
    assert {row["Active"] for row in listed} <= {"Y", "N"}


# --- a file server


def test_a_file_has_a_tag_and_a_date_and_can_be_asked_for_again(calm: Simulator) -> None:
    path = "csv/damlbmp/20261118damlbmp_zone.csv"
    first = mis(calm, path)
    written = parsedate_to_datetime(first.headers["Last-Modified"]).astimezone(EASTERN)
    assert (written.date(), written.hour) == (date(2026, 11, 17), 10)
    assert mis(calm, path, **{"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert mis(calm, path, **{"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    assert mis(calm, path, **{"If-None-Match": '"another"'}).status_code == 200


def test_a_part_of_a_file_can_be_asked_for(calm: Simulator) -> None:
    path = "csv/damlbmp/20261118damlbmp_zone.csv"
    whole = mis(calm, path).content
    middle = mis(calm, path, Range="bytes=100-199")
    assert (middle.status_code, middle.content) == (206, whole[100:200])
    assert middle.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert mis(calm, path, Range="bytes=-50").content == whole[-50:]
    assert mis(calm, path, Range=f"bytes={len(whole)}-").status_code == 416
    head = requests.head(f"{calm.url}/mis.nyiso.com/public/{path}", timeout=30)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(whole)), b"")


# --- corrections


def test_a_correction_rewrites_the_file_under_its_name(sim: Simulator) -> None:
    day = date(2026, 11, 18)
    before = daily(sim, "damlbmp_zone", day)
    sim.correct("NYISO", "damlbmp_zone", day, amount="4", locations=["WEST"])
    after = daily(sim, "damlbmp_zone", day)
    assert before.headers["ETag"] != after.headers["ETag"]
    assert parsedate_to_datetime(after.headers["Last-Modified"]) == NOW
    for old, new in zip(rows(before.content.decode()), rows(after.content.decode()), strict=True):
        step = Decimal(4) if old["Name"] == "WEST" else Decimal(0)
        assert Decimal(new[COLUMNS[0]]) - Decimal(old[COLUMNS[0]]) == step
        assert Decimal(old[COLUMNS[2]]) - Decimal(new[COLUMNS[2]]) == step
    sim.uncorrect("NYISO", "damlbmp_zone", day)
    assert daily(sim, "damlbmp_zone", day).content == before.content


def test_a_correction_reaches_the_archive_and_its_member_times(sim: Simulator) -> None:
    day = date(2026, 9, 15)
    before = monthly(sim, "damlbmp_zone", day.replace(day=1))
    sim.correct("NYISO", "damlbmp_zone", day)
    after = monthly(sim, "damlbmp_zone", day.replace(day=1))
    assert before.headers["ETag"] != after.headers["ETag"]
    with archive(before) as old, archive(after) as new:
        changed = [name for name in old.namelist() if old.read(name) != new.read(name)]
        assert changed == ["20260915damlbmp_zone.csv"]
        assert new.getinfo(changed[0]).date_time == (2026, 11, 20, 15, 0, 0)


def test_a_correction_may_drop_and_add_runs(sim: Simulator) -> None:
    day = next(day for day in (date(2026, 11, 12) + timedelta(days=n) for n in range(8)) if off_grid(day))
    gone = f"{off_grid(day)[0].astimezone(EASTERN):%H:%M:%S}"
    sim.correct("NYISO", "realtime", day, amount=0, drop=[gone], add=["14:02:11"])
    for stem in ("realtime_zone", "realtime_gen"):
        stamps = stamps_of(daily(sim, stem, day))
        assert f"{day:%m/%d/%Y} {gone}" not in stamps
        assert f"{day:%m/%d/%Y} 14:02:11" in stamps
        assert stamps == sorted(stamps)


def test_drift_keeps_the_quotes_of_the_file(sim: Simulator) -> None:
    sim.fail("mis.nyiso.com", "drift", times=2)
    assert daily(sim, "realtime_zone", date(2026, 11, 18)).text.split("\r\n", 1)[0].endswith(',"NEW_COLUMN"')
    with archive(monthly(sim, "damasp", date(2026, 9, 1))) as month:
        assert all(
            month.read(name).split(b"\r\n", 1)[0].endswith(b",NEW_COLUMN") for name in month.namelist()
        )
