"""The MIS stand-in: headers by era, stamps, prices."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator_kit import NOW, archive, daily, genuine, header_of, monthly, rows, stamps_of

from ingest.simulator import Simulator, expected
from ingest.simulator.nyiso_files import LONG_ERA, PUBLICATIONS
from ingest.simulator.nyiso_rows import file_text, off_grid
from ingest.simulator.revisions import ORIGINAL

EASTERN = ZoneInfo("America/New_York")
LBMP = "Time Stamp,Name,PTID,LBMP ($/MWHr),Marginal Cost Losses ($/MWHr),Marginal Cost Congestion ($/MWHr)"
LONG = (
    "Time Stamp,Time Zone,Name,PTID,10 Min Spinning Reserve ($/MWHr),10 Min Non-Synchronous Reserve ($/MWHr),"
    "30 Min Operating Reserve ($/MWHr),NYCA Regulation Capacity ($/MWHr)"
)
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


def day_of(sim: Simulator, stem: str, day: date) -> str:
    """A day's file, from the archive where it is old."""
    recent = daily(sim, stem, day)
    if recent.status_code == 200:
        return recent.content.decode()
    return archive(monthly(sim, stem, day.replace(day=1))).read(f"{day:%Y%m%d}{stem}.csv").decode()


# --- headers and formats


@pytest.mark.parametrize(
    ("stem", "header", "pattern"),
    [
        ("damlbmp_zone", LBMP, "nyiso/damlbmp_zone/*.csv"),
        ("damlbmp_gen", LBMP, ""),
        ("rtlbmp_zone", LBMP, ""),
        ("rtlbmp_gen", LBMP, ""),
        ("realtime_zone", ",".join(f'"{name}"' for name in LBMP.split(",")), "nyiso/realtime_zone/20*.csv"),
        ("realtime_gen", ",".join(f'"{name}"' for name in LBMP.split(",")), ""),
        ("damasp", LONG, "nyiso/damasp/*.csv"),
        ("rtasp", LONG + ",NYCA Regulation Movement ($/MW)", "nyiso/rtasp/*.csv"),
    ],
)
def test_a_file_has_the_header_of_the_genuine_one(
    calm: Simulator, stem: str, header: str, pattern: str
) -> None:
    text = daily(calm, stem, date(2026, 11, 18)).content.decode()
    assert text.split("\r\n", 1)[0] == header
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n")
    for sample in genuine(pattern) if pattern else []:
        assert header_of(sample) == header, sample


@pytest.mark.parametrize(
    ("stem", "line", "pattern"),
    [
        ("damlbmp_zone", "11/18/2026 00:00,CAPITL,61757,", "nyiso/damlbmp_zone/20170101*.csv"),
        ("rtlbmp_zone", "11/18/2026 00:00,CAPITL,61757,", ""),
        ("realtime_zone", '"11/18/2026 00:05:00","CAPITL",61757,', "nyiso/realtime_zone/20161025*.csv"),
        ("damasp", "11/18/2026 00:00,EST,CAPITL,61757,", "nyiso/damasp/*.csv"),
        ("rtasp", "11/18/2026 00:05:00,EST,CAPITL,61757,", "nyiso/rtasp/*.csv"),
    ],
)
def test_the_first_row_is_written_as_the_genuine_one(
    calm: Simulator, stem: str, line: str, pattern: str
) -> None:
    ours = daily(calm, stem, date(2026, 11, 18)).text.splitlines()[1]
    assert ours.startswith(line)
    for sample in genuine(pattern) if pattern else []:
        real = sample.read_text().splitlines()[1]
        assert shape(real) == shape(ours), sample


def shape(line: str) -> list[str]:
    """A row with its digits, words and season blotted out."""
    cells = line.replace("EDT", "EST").rstrip("\r").split(",")
    return ["".join("9" if c.isdigit() else c for c in cell.lstrip("-")) for cell in cells[:3]] + [
        cell.partition(".")[2].translate(str.maketrans("0123456789", "9999999999")) for cell in cells[4:]
    ]


def test_the_points_of_a_file_are_those_of_the_genuine_one_in_its_order(calm: Simulator) -> None:
    for stem, count in (("damlbmp_zone", 15), ("realtime_zone", 15), ("damasp", 11), ("rtasp", 11)):
        found = rows(daily(calm, stem, date(2026, 11, 18)).content.decode())
        points = [(row["Name"], row["PTID"]) for row in found[:count]]
        assert len(set(points)) == count
        for sample in genuine(f"nyiso/{stem}/2*.csv"):
            real = rows(sample.read_bytes().decode())
            assert [(row["Name"], row["PTID"]) for row in real[:count]] == points


def test_generator_files_hold_the_reference_bus_without_losses_or_congestion(calm: Simulator) -> None:
    found = rows(daily(calm, "damlbmp_gen", date(2026, 11, 18)).content.decode())
    assert Counter(Counter(row["Name"] for row in found).values()) == {24: 4}
    bus = [row for row in found if row["Name"] == "NYISO_LBMP_REFERENCE"]
    assert {(row[COLUMNS[1]], row[COLUMNS[2]]) for row in bus} == {("0.00", "0.00")}


def test_the_last_header_is_cut_before_july_2016(calm: Simulator) -> None:
    june, july = (
        day_of(calm, "damlbmp_zone", date(2016, 6, 30)),
        day_of(calm, "damlbmp_zone", date(2016, 7, 1)),
    )
    assert june.split("\r\n", 1)[0] == LBMP.removesuffix("r)")
    assert july.split("\r\n", 1)[0] == LBMP
    quoted = day_of(calm, "realtime_zone", date(2016, 6, 30)).split("\r\n", 1)[0]
    assert quoted.endswith('"Marginal Cost Congestion ($/MWH"')


def test_reserve_prices_were_by_region_before_they_were_by_zone(calm: Simulator) -> None:
    with archive(monthly(calm, "damasp", date(2016, 6, 1))) as june:
        before = june.read("20160622damasp.csv").decode().split("\r\n", 1)[0].split(",")
        after = june.read("20160623damasp.csv").decode().split("\r\n", 1)[0]
    assert after == LONG
    assert len(set(before)) < len(before), "some names occur twice"
    assert before[1] == "SENY 10 Min Spinning Reserve ($/MWHr"
    wide = day_of(calm, "damasp", date(2014, 5, 1)).split("\r\n", 1)[0]
    assert wide == (
        "Time Stamp,East 10 Min Spinning Reserve ($/MWHr,East 10 Min Non-Synchronous Reserve,"
        "East 30 Min Operating Reserve ($/MWH,East Regulation ($/MWHr),West 10 Min Spinning Reserve ($/MWHr,"
        "West 10 Min Non-Synchronous Reserve,West 30 Min Operating Reserve ($/MWH,West Regulation ($/MWHr)"
    )
    real_time = day_of(calm, "rtasp", date(2014, 5, 1)).split("\r\n", 1)[0]
    assert real_time.endswith(
        "West 30 Min Operating Reserve ($/MWH),West Regulation ($/MWHr),NYCA Regulation Movement ($/MW)"
    )
    assert "Movement" not in day_of(calm, "rtasp", date(2012, 5, 1)).split("\r\n", 1)[0]
    assert "East" not in day_of(calm, "damasp", date(2003, 5, 1)).split("\r\n", 1)[0]


def test_every_row_has_as_many_cells_as_the_header() -> None:
    for stem, publication in PUBLICATIONS.items():
        for day in (date(2003, 5, 1), date(2014, 5, 1), date(2016, 5, 1), LONG_ERA, date(2026, 11, 18)):
            text = file_text(publication, day, 3, ORIGINAL, NOW)
            table = list(csv.reader(io.StringIO(text)))
            assert len(table) > 24
            assert {len(line) for line in table} == {len(table[0])}, (stem, day)


# --- stamps


def test_a_real_time_day_runs_from_five_past_to_midnight_of_the_next_day(calm: Simulator) -> None:
    found = rows(daily(calm, "realtime_zone", date(2026, 11, 18)).content.decode())
    assert (found[0]["Time Stamp"], found[-1]["Time Stamp"]) == ("11/18/2026 00:05:00", "11/19/2026 00:00:00")
    for sample in genuine("nyiso/realtime_zone/20161025*.csv"):
        real = rows(sample.read_text())
        assert (real[0]["Time Stamp"], real[-1]["Time Stamp"]) == (
            "10/25/2016 00:05:00",
            "10/26/2016 00:00:00",
        )


def test_hourly_days_run_from_midnight(calm: Simulator) -> None:
    for stem in ("damlbmp_zone", "rtlbmp_zone", "damasp"):
        found = rows(daily(calm, stem, date(2026, 11, 18)).content.decode())
        assert (found[0]["Time Stamp"], found[-1]["Time Stamp"]) == ("11/18/2026 00:00", "11/18/2026 23:00")


def test_some_days_have_runs_off_the_grid_in_every_five_minute_file(calm: Simulator) -> None:
    busy = next(day for day in (date(2026, 11, 12) + timedelta(days=n) for n in range(8)) if off_grid(day))
    quiet = next(
        day for day in (date(2026, 11, 12) + timedelta(days=n) for n in range(8)) if not off_grid(day)
    )
    stamps: dict[str, set[str]] = {}
    for stem in ("realtime_zone", "realtime_gen", "rtasp"):
        assert len(stamps_of(daily(calm, stem, quiet))) == 288
        stamps[stem] = set(stamps_of(daily(calm, stem, busy)))
        assert len(stamps[stem]) == 288 + len(off_grid(busy))
    assert stamps["realtime_zone"] == stamps["realtime_gen"] == stamps["rtasp"]


@pytest.mark.parametrize(("stem", "count"), [("damlbmp_zone", 25), ("rtlbmp_zone", 25), ("damasp", 25)])
def test_the_repeated_hour_stands_twice_in_file_order(sim: Simulator, stem: str, count: int) -> None:
    sim.now = datetime(2026, 11, 3, 20, tzinfo=UTC)
    answer = daily(sim, stem, date(2026, 11, 1))
    stamps = [row["Time Stamp"] for row in rows(answer.content.decode()) if row["Name"] == "WEST"]
    assert len(stamps) == count
    assert stamps[1:4] == ["11/01/2026 01:00", "11/01/2026 01:00", "11/01/2026 02:00"]
    if stem == "damasp":
        zones = [row["Time Zone"] for row in rows(answer.content.decode()) if row["Name"] == "WEST"]
        assert zones[:4] == ["EDT", "EDT", "EST", "EST"]


def test_five_minute_stamps_step_back_once_when_the_hour_repeats(sim: Simulator) -> None:
    sim.now = datetime(2026, 11, 3, 20, tzinfo=UTC)
    local = [
        datetime.strptime(text, "%m/%d/%Y %H:%M:%S")
        for text in stamps_of(daily(sim, "realtime_zone", date(2026, 11, 1)))
    ]
    back = [later for earlier, later in pairwise(local) if later <= earlier]
    assert back == [datetime(2026, 11, 1, 1, 0)]


def test_spring_has_no_second_hour(calm: Simulator) -> None:
    for stem in ("damlbmp_zone", "rtlbmp_zone"):
        found = rows(day_of(calm, stem, date(2026, 3, 8)))
        assert len(found) == 23 * 15
        assert not any(" 02:" in row["Time Stamp"] for row in found)


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2026, 11, 1)))
def test_the_stamps_of_a_day_cover_it_without_a_gap(day: date) -> None:
    stamps = expected.intervals("NYISO", "realtime_zone", day)
    begin = datetime(day.year, day.month, day.day, tzinfo=EASTERN).astimezone(UTC)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=EASTERN).astimezone(UTC)
    edges = [begin, *stamps]
    assert edges[-1] == end
    assert all(timedelta(0) < b - a <= timedelta(minutes=5) for a, b in pairwise(edges))


# --- prices


def test_prices_are_the_expected_ones_and_the_sign_of_congestion_is_turned(calm: Simulator) -> None:
    for stem in ("damlbmp_zone", "realtime_zone", "rtlbmp_zone"):
        day = date(2026, 11, 18)
        found = rows(daily(calm, stem, day).content.decode())
        instants = [when for when in expected.intervals("NYISO", stem, day) for _ in range(15)]
        assert len(found) == len(instants)
        for row, when in list(zip(found, instants, strict=True))[::7]:
            want = expected.printed("NYISO", stem, row["Name"], when)
            assert tuple(row[name] for name in COLUMNS) == tuple(want.values())


def test_the_hourly_file_is_the_time_weighted_mean_of_the_runs(calm: Simulator) -> None:
    day = next(day for day in (date(2026, 11, 12) + timedelta(days=n) for n in range(8)) if off_grid(day))
    runs = rows(daily(calm, "realtime_zone", day).content.decode())
    hours = rows(daily(calm, "rtlbmp_zone", day).content.decode())
    instants = expected.intervals("NYISO", "realtime_zone", day)
    midnight = datetime(day.year, day.month, day.day, tzinfo=EASTERN).astimezone(UTC)
    sums: dict[int, Decimal] = {}
    before = midnight
    for when, row in zip(instants, (row for row in runs if row["Name"] == "N.Y.C."), strict=True):
        seconds = Decimal(int((when - before).total_seconds()))
        hour = int((when - midnight).total_seconds() - 1) // 3600
        sums[hour] = sums.get(hour, Decimal(0)) + Decimal(row[COLUMNS[0]]) * seconds
        before = when
    published = [Decimal(row[COLUMNS[0]]) for row in hours if row["Name"] == "N.Y.C."]
    for hour, value in enumerate(published):
        assert abs(sums[hour] / 3600 - value) <= Decimal("0.02")


def test_reserves_cascade_and_regulation_is_one_price(calm: Simulator) -> None:
    found = rows(daily(calm, "damasp", date(2026, 11, 18)).content.decode())
    names = LONG.split(",")
    for row in found:
        spinning, non_synchronous, operating = (Decimal(row[name]) for name in names[4:7])
        assert spinning >= non_synchronous >= operating >= 0
    by_stamp: dict[str, set[str]] = {}
    for row in found:
        by_stamp.setdefault(row["Time Stamp"], set()).add(row[names[7]])
    assert all(len(values) == 1 for values in by_stamp.values())
    want = expected.printed("NYISO", "damasp", found[0]["Name"], datetime(2026, 11, 18, 5, tzinfo=UTC))
    assert list(want.values())[:4] == [found[0][name] for name in names[4:8]]
