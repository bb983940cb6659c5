"""MISO's load reports: one workbook is load and forecast, titles between the rows, columns that move."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from behaviour_kit import World, stamp, written
from oracle import miso_load as oracle
from oracle.shell import (
    Case,
    Row,
    assert_same,
    case_of,
    genuine,
    lay_out,
    objections,
    parameters,
    published,
    unpack,
)
from samples_kit import NOW

from ingest import registry
from ingest.simulator import Simulator, miso_load
from ingest.simulator.revisions import ORIGINAL

LOAD = ("interval_start_utc", "load_type", "area", "area_type", "area_id", "load_mw")
FORECAST = (
    "interval_start_utc",
    "forecast",
    "area",
    "area_type",
    "area_id",
    "forecast_mw",
    "published_at_utc",
)
HEADER = "Market Day,HourEnding,LRZ1 MTLF (MWh),LRZ1 ActualLoad (MWh),MISO MTLF (MWh),MISO ActualLoad (MWh)"


def report(named: date) -> Case:
    content = miso_load._book(named, ORIGINAL, False)
    return Case("report", dict(unpack(f"{named:%Y%m%d}_df_al.xls", content)))


def both(folder: Path, case: Case) -> tuple[list[Row], list[Row]]:
    files = lay_out(folder, case)
    return published("miso/df_al_load", files), published("miso/df_al_forecast", files)


def sheet(*lines: str, header: str = HEADER, day: str = "Published Date:,2025-03-10") -> Case:
    return Case("sheet", {"saved.csv": "\n".join(["TITLE", day, header, *lines, ""]).encode()})


@pytest.mark.parametrize(
    "case",
    [
        *parameters(case_of(path) for path in genuine("miso/df_al")),
        # The year's edge, a day on which clocks around it change, and the layout with blank columns.
        *(
            pytest.param(report(day), id=str(day))
            for day in (date(2026, 1, 1), date(2025, 11, 3), date(2026, 4, 26), date(2026, 4, 27))
        ),
    ],
)
def test_a_report_says_what_an_independent_reader_finds(case: Case, tmp_path: Path) -> None:
    load, forecast = both(tmp_path, case)
    assert_same(load, oracle.load(case), *LOAD)
    assert_same(forecast, oracle.load_forecast(case), *FORECAST)
    assert (len(load), len(forecast)) == (24 * 7, 7 * 24 * 7)


def test_both_layouts_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for since in (date(2026, 1, 1), date(2027, 1, 1)):
        miso_load._book.cache_clear()
        monkeypatch.setattr(miso_load, "SPREAD_SINCE", since)
        case = report(date(2026, 7, 1))
        header = next(row for row in rows_of(case) if row and row[0] == "Market Day")
        told.append((header.count(""), *both(tmp_path / str(since), case)))
    miso_load._book.cache_clear()
    (blank, *spread), (none, *dense) = told
    assert (blank, none) == (7, 0)
    for found, true, columns in zip(spread, dense, (LOAD, FORECAST), strict=True):
        assert_same(found, true, *columns)


def rows_of(case: Case) -> list[list[str]]:
    (text,) = case.members.values()
    return list(csv.reader(io.StringIO(text.decode())))


@pytest.mark.parametrize("path", genuine("miso/df_al"))
def test_the_simulator_lays_out_a_report_as_the_genuine_one(path: Path) -> None:
    """Titles, header, days in words, blanks: everything but the numbers and the disclaimer."""
    true = rows_of(case_of(path))
    named = datetime.strptime(path.name[:8], "%Y%m%d").date()
    simulated = rows_of(report(named))

    def looks(rows: list[list[str]]) -> list[list[str]]:
        return [
            [
                *row[:2],
                *(
                    cell if row[1] == "" or "MW" in cell or row[2] == "through" else str(bool(cell))
                    for cell in row[2:]
                ),
            ]
            for row in rows[:-1]
        ]

    assert named < miso_load.SPREAD_SINCE
    assert looks(simulated) == looks(true)


OBJECTED: Mapping[str, tuple[Case, str]] = {
    "another day": (sheet("March 9,1,9729,,64272,"), "stands beside no market day: March 9"),
    "no day": (sheet(",1,9729,,64272,"), "stands beside no market day"),
    "hour 25": (sheet("2025-03-09,25,9729,,64272,"), "LRZ1 on 2025-03-09 is of no hour: 25"),
    "half an hour": (sheet("2025-03-09,1.5,9729,,64272,"), "is of no hour: 1.5"),
    "no hour": (sheet("2025-03-09,,9729,,64272,"), "LRZ1 on 2025-03-09 is of no hour: "),
    "words": (sheet("2025-03-09,1,n/a,,64272,"), "the forecast of LRZ1 on 2025-03-09 is not a number: n/a"),
    "beside": (sheet("2025-03-09,1,9729,,64272,,17"), "something stands under no title that is known: 17"),
    "unknown": (
        sheet("2025-03-09,1,9729,5,64272,", header=HEADER.replace("LRZ1 ActualLoad", "LRZ1 Net")),
        "something stands under no title that is known: 5",
    ),
    "two headers": (
        sheet("2025-03-09,1,9729,,64272,", HEADER.replace("LRZ1", "LRZ2"), "2025-03-10,1,9729,,64272,"),
        "the headers between the rows do not agree",
    ),
}


@pytest.mark.parametrize(("case", "words"), OBJECTED.values(), ids=OBJECTED)
def test_a_line_that_is_neither_an_hour_nor_a_title_is_objected_to(
    case: Case, words: str, tmp_path: Path
) -> None:
    load, forecast = both(tmp_path, case)
    assert any(words in text for text in objections([*load, *forecast]))


def test_titles_days_in_words_and_blank_hours_are_no_rows(tmp_path: Path) -> None:
    case = sheet(
        "Reporting Period:,2025-03-09,through,2025-03-15",
        '"March 09, 2025"',
        "2025-03-09,1,9729,11097.2,64272,65773.06",
        HEADER,
        "2025-03-10,1,9391,,63085,",
        "2025-03-10,2,,,,",
        "ALL NUMBERS ARE ESTIMATES,,,as they are",
    )
    load, forecast = both(tmp_path, case)
    assert not objections([*load, *forecast])
    assert [row["load_mw"] for row in load] == [11097.2, 65773.06]
    assert sorted(row["forecast_mw"] for row in forecast) == [9391, 9729, 63085, 64272]


@pytest.mark.parametrize(
    ("line", "name", "made"),
    [
        ("Published Date:,3/10/2025", "x.csv", datetime(2025, 3, 10, 5)),
        (",,Published Date: 03/10/2025", "x.csv", datetime(2025, 3, 10, 5)),
        ("Published:", "20250310_df_al_Sheet1.csv", datetime(2025, 3, 10, 5)),
        ("Published:", "x.csv", None),
    ],
)
def test_a_vintage_is_of_the_day_that_the_report_says_or_its_name(
    line: str, name: str, made: datetime | None, tmp_path: Path
) -> None:
    (content,) = sheet("2025-03-09,1,1,2,3,4", day=line).members.values()
    _, forecast = both(tmp_path, Case("named", {name: content}))
    assert {row["published_at_utc"] for row in forecast} == {made}


def test_a_day_is_asked_for_by_the_report_of_the_next_and_told_by_both_data_types(tmp_path: Path) -> None:
    source = registry.source("MISO")
    assert [one.name for one in source.pick(["load_forecast"])] == ["load_hourly"]
    assert [one.name for one in source.pick(["load"])] == ["load_hourly"]
    day = date(2025, 12, 31)
    with Simulator(now=stamp("2026-01-01 18:00"), nodes=0) as sim, World(tmp_path, sim, sim.now) as world:
        said = world.pmp(f"ingest --iso miso --start-date {day} --end-date {day} --data-types load_forecast")
        assert said.code == 0, said.text
        assert [one.path for one in sim.requests] == ["/marketreports/20260101_df_al.xls"]
        tables = {"load": "load_mw", "load_forecast": "forecast_mw"}
        counts = {
            table: world.query(
                f"SELECT count(*) AS n, min(delivery_date) AS first, max(delivery_date) AS last, "
                f"count({column}) AS told FROM market.{table}"
            )[0]
            for table, column in tables.items()
        }
        assert counts["load"] == {"n": 168, "first": day, "last": day, "told": 168}
        assert counts["load_forecast"] == {"n": 1176, "first": day, "last": date(2026, 1, 6), "told": 1176}


def test_a_report_is_imported_by_what_is_in_it_and_another_workbook_is_not(tmp_path: Path) -> None:
    named = date(2025, 3, 10)
    other = miso_load.old_book("Sheet1", [["Day-Ahead Report"], ["", "Demand"], ["Hour 01", 5.0]])
    paths = written(
        tmp_path / "files", [("a.xls", miso_load._book(named, ORIGINAL, False)), ("b.xls", other)]
    )
    with World(tmp_path / "lake", None, NOW) as world:
        adoption = world.take("MISO", None, paths)
        assert [(event.dataset, event.status) for event in adoption.events] == [("load_hourly", "ok")]
        (problem,) = adoption.problems
        assert problem.message.startswith(
            "No dataset of MISO has the columns of this workbook. Say with --dataset"
        )
        report = world.build("MISO")
        assert report.complete
        assert len(world.rows("MISO", "load")) == 168
