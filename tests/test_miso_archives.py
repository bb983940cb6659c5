"""MISO's zips: five-minute prices of a week, whose own edges say what their stamps mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from behaviour_kit import World, assert_series, stamp, written
from oracle import miso_archives as reader
from oracle.shell import Case, Row, lay_out, published

from ingest import registry
from ingest.routes import miso_reports
from ingest.simulator import Simulator, miso_archives
from ingest.simulator.answers import Member, zipped
from lake.recognise import candidates
from lake.stage import lay_out as stage

KNOWN = {"INDIANA.HUB": "HUB"}
MONDAY = datetime(2025, 10, 27)
FIVE = timedelta(minutes=5)
HEADER = "MKTHOUR_EST,PNODENAME,LMP,CON_LMP,LOSS_LMP"
PREAMBLE = ("Real-Time 5-Minute LMP", "11/10/2025", "", ",,,All times are Eastern Standard Time (EST)")
NOW = stamp("2026-01-20 08:00")


def printed(moment: datetime) -> str:
    return f"{moment.month}/{moment.day}/{moment.year} {moment.hour}:{moment:%M}"


def week(
    first: datetime = MONDAY,
    days: int = 7,
    more: Iterable[str] = (),
    end: Iterable[str] = ("", "disclaimer"),
    nodes: Iterable[str] = ("INDIANA.HUB", "NEW.HUB", "AECI.ALTW"),
) -> str:
    rows = [
        f"{printed(first + FIVE * number)},{node},32.34,9.42,-.09"
        for number in range(288 * days)
        for node in nodes
    ]
    return "\r\n".join([*PREAMBLE, HEADER, *rows, *more, *end, ""])


def read(tmp_path: Path, *texts: str) -> list[Row]:
    cases = [Case(f"{number}.zip", {f"{number}.csv": text.encode()}) for number, text in enumerate(texts)]
    return published("miso/lmp_5min", lay_out(tmp_path, *cases), known_locations=KNOWN)


def objections(rows: Iterable[Row]) -> set[str | None]:
    return {row["objection"] for row in rows}


@pytest.mark.parametrize("first", [MONDAY, MONDAY + FIVE])
def test_the_first_and_the_last_stamp_say_which_edge_of_five_minutes_they_are(
    first: datetime, tmp_path: Path
) -> None:
    """From 00:00 to 23:55 they begin, from 00:05 to 00:00 they end: the intervals are the same."""
    rows = read(tmp_path, week(first))
    assert objections(rows) == {None}
    starts = sorted({row["interval_start_utc"] for row in rows})
    assert starts == [MONDAY + timedelta(hours=5) + FIVE * number for number in range(7 * 288)]
    assert len(rows) == 3 * len(starts)
    expected = reader.energy_prices(Case("a", {"a.csv": week(first).encode()}), KNOWN)
    columns = list(expected[0])
    assert sorted(str([row[name] for name in columns]) for row in rows) == sorted(
        str([row[name] for name in columns]) for row in expected
    )


def test_each_file_speaks_for_itself(tmp_path: Path) -> None:
    """Labels changed one day: a file that begins intervals says nothing of the one that ends them."""
    rows = read(tmp_path, week(MONDAY), week(MONDAY + timedelta(days=7) + FIVE))
    assert objections(rows) == {None}
    starts = {row["interval_start_utc"] for row in rows}
    assert len(starts) == 2 * 7 * 288
    assert max(starts) - min(starts) == timedelta(days=14) - FIVE


@pytest.mark.parametrize(
    ("first", "left_out"),
    [
        (MONDAY + 2 * FIVE, 0),
        (MONDAY - FIVE, 0),
        (MONDAY, 1),
        (MONDAY + FIVE, 1),
    ],
    ids=["from 00:10", "from 23:55", "until 23:50", "from 00:05 until 23:55"],
)
def test_a_file_whose_edges_say_nothing_is_objected_to(
    first: datetime, left_out: int, tmp_path: Path
) -> None:
    """A guess would move every price by five minutes."""
    lines = week(first, days=1, end=(), nodes=["A"]).splitlines()
    rows = read(tmp_path, "\r\n".join([*lines[: len(lines) - left_out], ""]))
    assert len(rows) == 288 - left_out
    (words,) = objections(rows)
    assert words is not None
    assert "do not say whether they begin or end" in words


def test_lines_around_the_rows_are_no_prices(tmp_path: Path) -> None:
    text = week(days=1, nodes=["A"], end=("", "288 rows", "© MISO,,,,"))
    assert len(read(tmp_path, text)) == 288


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("10/27/2025 12:00,B,many,0,0", "a price of B at 10/27/2025 12:00 is not a number"),
        ("10/27/2025 12:00,B,1,x,0", "a price of B at 10/27/2025 12:00 is not a number"),
        ("10/27/2025 12:00,B,,0,0", "a price of B at 10/27/2025 12:00 is not a number"),
        ("10/27/2025 12:00,,1,0,0", "a row of 10/27/2025 12:00 names no node"),
        ("noon,B,1,0,0", "a row has no readable time: noon at B"),
        (",,1,0,0", "a row has no readable time:  at "),
    ],
)
def test_a_row_that_cannot_be_vouched_for_is_objected_to(row: str, words: str, tmp_path: Path) -> None:
    rows = read(tmp_path, week(days=1, nodes=["A"], more=[row]))
    assert objections(rows) == {None, words}


def test_prices_of_thousands_may_have_a_comma_and_blank_parts_are_none(tmp_path: Path) -> None:
    more = ['10/27/2025 12:00,B,"1,234.56","-1,000",.5', "10/27/2025 12:05,B,7.5,,"]
    rows = [
        row
        for row in read(tmp_path, week(days=1, nodes=["A"], more=more))
        if row["settlement_location"] == "B"
    ]
    columns = ("lmp_total", "lmp_energy", "lmp_congestion", "lmp_loss")
    assert sorted(tuple(row[name] for name in columns) for row in rows) == [
        (7.5, None, None, None),
        (1234.56, 2234.06, -1000.0, 0.5),
    ]


def test_only_hubs_are_told_by_their_names(tmp_path: Path) -> None:
    """A week's file names no types: the day-ahead prices do."""
    rows = read(tmp_path, week(days=1))
    assert {row["settlement_location"]: row["settlement_location_type"] for row in rows} == {
        "INDIANA.HUB": "HUB",
        "NEW.HUB": "HUB",
        "AECI.ALTW": "NODE",
    }


def test_a_week_is_told_by_its_header_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "prices.zip"
    path.write_bytes(zipped([Member("a.csv", week(days=1).encode(), datetime(2025, 11, 10))]))
    members = list(stage(path, path.name, tmp_path / "laid"))
    assert candidates(members, registry.source("MISO"), path.name) == ["rt_energy_5min"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Simulator(now=NOW, nodes=2) as sim, World(tmp_path / "lake", sim, NOW) as made:
        yield made


def test_a_day_of_five_minutes_brings_the_week_that_it_lies_in(world: World) -> None:
    report = world.ingest("MISO", date(2025, 11, 1), date(2025, 11, 1), ["rt_energy_5min"], "all")
    assert report.complete
    assert [one.path for one in world.sim.requests] == ["/marketreports/20251110_5MIN_LMP.zip"]  # type: ignore[union-attr]
    again = world.ingest("MISO", date(2025, 10, 27), date(2025, 11, 2), ["rt_energy_5min"], "all")
    assert again.complete
    assert len(world.sim.requests) == 1  # type: ignore[union-attr]
    assert assert_series(world, "MISO", "energy_prices", "rt_energy_5min") == 7 * 288 * 9


def test_a_zip_tells_its_days_by_the_stamps_at_the_beginning_of_its_lines(tmp_path: Path) -> None:
    """Days in the words around the rows are none of its own."""
    lines = [
        "Published",
        "11/10/2025",
        "10/27/2025 0:05,A,1",
        '"10/28/2025","A",1',
        "13/45/2025,A,1",
        "x,10/30/2025,",
    ]
    path = tmp_path / "a.zip"
    path.write_bytes(zipped([Member("a.csv", "\r\n".join(lines).encode(), datetime(2025, 11, 10))]))
    hours = miso_reports._hours(path, registry.source("MISO"))
    first = stamp("2025-10-27 05:00")
    assert sorted(hours) == [first + timedelta(hours=number) for number in range(48)]


def test_a_week_that_says_nothing_of_its_edges_builds_nothing(world: World, tmp_path: Path) -> None:
    content = zipped([Member("a.csv", week(MONDAY + 2 * FIVE).encode(), datetime(2025, 11, 10))])
    (path,) = written(tmp_path, [("20251110_5MIN_LMP.zip", content)])
    world.take("MISO", None, [path])
    report = world.build("MISO")
    (words,) = report.quarantined.values()
    assert "do not say whether they begin or end" in words
    assert world.rows("MISO", "energy_prices") == []


def test_the_stand_in_of_the_site_prints_the_weeks_that_are_out() -> None:
    with Simulator(now=NOW, nodes=2) as sim:
        instant = stamp("2025-11-02 16:55")
        cells = sim.expected("MISO", miso_archives.WEEKLY.name, "INDIANA.HUB", instant)
        text = miso_archives.week_text(date(2025, 10, 27), 2)
    line = f"11/2/2025 11:55,INDIANA.HUB,{cells['LMP']},{cells['MCC']},{cells['MLC']}"
    assert line in text.splitlines()


def quarter(*rows: str, before: Iterable[str] = ("", "")) -> str:
    hours = ",".join(f"HE{hour}" for hour in range(1, 25))
    return "\r\n".join([*before, f"MARKET_DAY,NODE,TYPE,VALUE,{hours}", *rows, ""])


def of_a_day(day: str, kind: str, first: str, node: str = "A", rest: str = ".5") -> str:
    return ",".join([day, node, "Gennode", kind, first, *[rest] * 23])


def read_quarter(tmp_path: Path, text: str) -> list[Row]:
    return published("miso/lmp_quarter", lay_out(tmp_path, Case("a.zip", {"a.csv": text.encode()})))


@pytest.mark.parametrize("before", [("", ""), ("Real-Time Market LMPs,,,",), ("",), ("words", "")])
def test_what_stands_before_the_header_of_a_quarter_does_no_harm(
    before: tuple[str, ...], tmp_path: Path
) -> None:
    text = quarter(of_a_day("3/9/2014", "LMP", "1"), of_a_day("11/2/2014", "LMP", "2"), before=before)
    path = tmp_path / "2014_Jan-Mar_DA_LMPs.csv"
    path.write_text(text)
    (member,) = stage(path, path.name, tmp_path / "laid")
    assert candidates([member], registry.source("MISO"), path.name) == ["da_energy_hourly"]
    rows = published("miso/lmp_quarter", [str(member.path)])
    assert objections(rows) == {None}
    starts = sorted(row["interval_start_utc"] for row in rows)
    assert (len(starts), starts[0], starts[-1]) == (48, datetime(2014, 3, 9, 5), datetime(2014, 11, 3, 4))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("2024-Jul-Sep_DA_LMPs.zip", ["da_energy_hourly"]),
        ("2024_Jul-Sep_RT_LMPs.zip", ["rt_energy_hourly"]),
        ("prices.zip", ["da_energy_hourly", "rt_energy_hourly"]),
    ],
)
def test_only_its_name_tells_whose_prices_a_quarter_has(name: str, found: list[str], tmp_path: Path) -> None:
    path = tmp_path / name
    content = quarter(of_a_day("7/1/2024", "LMP", "1")).encode()
    path.write_bytes(zipped([Member("a.csv", content, datetime(2024, 11, 1))]))
    members = list(stage(path, path.name, tmp_path / "laid"))
    assert candidates(members, registry.source("MISO"), path.name) == found


def test_numbers_of_a_quarter_may_have_commas_and_come_in_any_order(tmp_path: Path) -> None:
    rows = read_quarter(
        tmp_path,
        quarter(
            of_a_day("7/1/2012", "MLC", "-.37"),
            of_a_day("7/1/2012", "LMP", "1", "B", rest=""),
            of_a_day("7/1/2012", "MCC", '"-1,000.5"'),
            of_a_day("7/1/2012", "LMP", '"1,234.56"'),
        ),
    )
    assert objections(rows) == {None}
    first = {
        row["settlement_location"]: (
            row["lmp_total"],
            row["lmp_energy"],
            row["lmp_congestion"],
            row["lmp_loss"],
        )
        for row in rows
        if row["interval_start_utc"] == datetime(2012, 7, 1, 5)
    }
    assert first == {"A": (1234.56, 2235.43, -1000.5, -0.37), "B": (1.0, None, None, None)}
    assert len(rows) == 25


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([of_a_day("7/1/2012", "LMP", price) for price in "12"], "two different values for A on 7/1/2012"),
        ([of_a_day("7/1/2012", "LMP", "many")], "a price of A on 7/1/2012 in hour ending 1 is not a number"),
        ([of_a_day("7/1/2012", "MCC", "1")], "a price of A on 7/1/2012 in hour ending 1 is not a number"),
        ([of_a_day("7/1/12", "LMP", "1")], "a row is of no readable day: 7/1/12"),
        ([of_a_day("7/1/2012", "LMP", "1", node="")], "a row of 7/1/2012 names no node"),
    ],
)
def test_a_price_of_a_quarter_that_cannot_be_vouched_for_is_objected_to(
    lines: list[str], words: str, tmp_path: Path
) -> None:
    told = objections(read_quarter(tmp_path, quarter(*lines)))
    assert any(words in (objection or "") for objection in told)


def test_days_that_are_no_longer_had_one_by_one_come_by_quarters(world: World) -> None:
    """Both days of a clock change, and a name that changed over the years."""
    assert world.sim is not None
    for first in (date(2014, 3, 9), date(2014, 11, 2)):
        names = ["da_energy_hourly", "rt_energy_hourly"]
        report = world.ingest("MISO", first, first, names, "all")
        assert report.complete
    asked = [one.path.rpartition("/")[2] for one in world.sim.requests]
    assert sorted(asked) == sorted(
        f"2014{sign}{months}_{word}_LMPs.zip"
        for months in ("Jan-Mar", "Oct-Dec")
        for sign, word in (("-", "DA"), ("_", "RT"))
    )
    world.build("MISO")
    for name in names:
        assert assert_series(world, "MISO", "energy_prices", name) == (90 + 92) * 24 * 9
    assert assert_series(world, "MISO", "locations", "da_energy_nodes") == (90 + 92) * 9


def test_a_quarter_is_asked_for_under_its_other_name_where_the_first_is_not_there(world: World) -> None:
    """A site that has neither says so of the first."""
    assert world.sim is not None
    world.sim.fail("docs.misoenergy.org", "late", times=None, match="2014-Jan-Mar_DA")
    report = world.ingest("MISO", date(2014, 1, 1), date(2014, 1, 1), ["da_energy_hourly"])
    assert not report.complete
    assert report.landing is not None
    (words,) = report.landing.sentences
    assert "MISO has no file 2014-Jan-Mar_DA_LMPs.zip, which should be there" in words
    assert [one.path.rpartition("/")[2] for one in world.sim.requests] == [
        "2014-Jan-Mar_DA_LMPs.zip",
        "2014_Jan-Mar_DA_LMPs.zip",
    ]
