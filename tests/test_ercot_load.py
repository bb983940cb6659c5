"""ERCOT's actual load: which zones a row is of whatever is blank in it, and days that the archive lacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import World, stamp
from oracle import ercot
from oracle.shell import Case, assert_same, case_of, derived, genuine, lay_out, published

from ingest.clock import market_days
from ingest.routes import ercot_documents
from ingest.simulator import Simulator, ercot_api, ercot_rows

NOW = stamp("2026-11-20 08:00")
WEATHER = "OperDay,HourEnding,COAST,EAST,FAR_WEST,NORTH,NORTH_C,SOUTHERN,SOUTH_C,WEST,TOTAL,DSTFlag"
FORECAST = "OperDay,HourEnding,NORTH,SOUTH,WEST,HOUSTON,TOTAL,DSTFlag"
FIELDS = ("interval_start_utc", "load_type", "area", "area_type", "area_id", "load_mw")
TRANSFORMS = {WEATHER: "ercot/actual_load", FORECAST: "ercot/actual_load_by_forecast_zone"}


def made(*lines: str) -> Case:
    return Case(lines[1], {"made.csv": "\n".join([*lines, ""]).encode()})


CASES = [
    made(WEATHER, "11/02/2025,02:00,1,2,3,4,5,6,7,8,36,N", "11/02/2025,02:00,1.5,2,3,4,5,6,7,8,36.5,Y"),
    # A zone without a number: the others are what they were, and so is the total.
    made(WEATHER, "11/03/2025,24:00,,2,3,4,5,6,7,8,35,N"),
    made(FORECAST, "11/03/2025,24:00,1,2,3,4,10,N", "11/04/2025,1:00,1,2,3,,6,N"),
]
GENUINE = [
    *(case_of(path) for path in genuine("ercot/actual_load_weather_zone")),
    *(
        case_of(path)
        for month in ("202102", "202403", "202411")
        for path in derived(f"ercot/_derived/actual_load_forecast_zone_merged/NP6-346-CD_{month}.csv")
    ),
]


@pytest.mark.parametrize("case", [*CASES, *GENUINE], ids=lambda case: case.name)
def test_a_zone_is_what_its_report_says(case: Case, tmp_path: Path) -> None:
    (text,) = (case.text(name) for name in case.members)
    transform = TRANSFORMS[WEATHER if "COAST" in text.splitlines()[0] else FORECAST]
    assert_same(published(transform, lay_out(tmp_path, case)), ercot.load(case), *FIELDS)


@pytest.fixture
def member(tmp_path: Path) -> Iterator[World]:
    with (
        Simulator(now=NOW, nodes=2) as sim,
        World(tmp_path / "lake", sim, NOW, ercot_api.ACCOUNT) as made,
    ):
        yield made


def test_a_document_of_actual_load_is_of_its_own_day() -> None:
    day = date(2026, 9, 3)
    head = f"{WEATHER}\n09/03/2026,01:00,1,2,3,4,5,6,7,8,36,N\n"
    assert ercot_documents.first_interval(head, "America/Chicago") == market_days(day, day, "America/Chicago")


def test_a_day_of_load_that_the_archive_lacks_is_asked_for_again(
    member: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = ercot_rows.documents, date(2026, 9, 3)
    monkeypatch.setattr(
        ercot_rows, "documents", lambda report, day: iter([]) if day == lost else real(report, day)
    )
    report = member.ingest("ERCOT", date(2026, 9, 1), date(2026, 9, 5), ["load_hourly"])
    assert not report.complete
    assert report.landing is not None
    (failed,) = [event for event in report.landing.events if event.status == "failed"]
    assert failed.period_start == market_days(lost, lost, "America/Chicago").start
    monkeypatch.setattr(ercot_rows, "documents", real)
    assert member.ingest("ERCOT", date(2026, 9, 1), date(2026, 9, 5), ["load_hourly"]).complete
    rows = member.query("SELECT count(DISTINCT delivery_date) AS n FROM market.load")
    assert rows == [{"n": 5}]


SCED = "SCEDTimestamp,RepeatedHourFlag"
UNDATED = [
    ("actual_load", WEATHER, ",,1,2,3,4,5,6,7,8,,N"),
    ("actual_load_by_forecast_zone", FORECAST, ",,1,2,3,4,,N"),
    (
        "load_forecast_by_forecast_zone",
        "DeliveryDate,HourEnding,North,South,West,Houston,SystemTotal,DSTFlag",
        ",,1,2,3,4,,N",
    ),
    (
        "dam_mcpc_yearly",
        "Delivery Date,Hour Ending,Repeated Hour Flag,REGDN,REGUP ,RRS,NSPIN,ECRS",
        ",,,1,,3,4,",
    ),
    ("sced_adders", f"{SCED},RTORPA,RTOFFPA,RTORDPA", ",,1,2,3"),
    ("sced_lambda", "SCEDTimeStamp,RepeatedHourFlag,SystemLambda", ",,20"),
]


@pytest.mark.parametrize(("transform", "header", "line"), UNDATED, ids=lambda word: word[:20])
def test_a_row_with_a_number_and_no_time_is_objected_to_and_a_blank_one_is_none(
    transform: str, header: str, line: str, tmp_path: Path
) -> None:
    blank = "," * line.count(",")
    rows = published(f"ercot/{transform}", lay_out(tmp_path, made(header, line, blank, "")))
    assert rows
    assert {row["objection"].partition(" ")[0] for row in rows} == {"no"}
