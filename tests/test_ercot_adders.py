"""ERCOT's price adders of 15 minutes: both eras of their columns, either name of the flag."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import World, assert_series, stamp
from oracle import ercot
from oracle.shell import Case, assert_same, lay_out, objections, published

from ingest.simulator import Simulator

QUARTER = "DeliveryDate,DeliveryHour,DeliveryInterval"
RESERVES = f"{QUARTER},RTRSVPOR,RTRSVPOFF,RTRDP,DSTFlag"
RELIABILITY = f"{QUARTER},RTRDPA,RTRDPRU,RTRDPRD,RTRDPRRS,RTRDPECRS,RTRDPNS,RepeatedHourFlag"


def made(name: str, *lines: str) -> Case:
    return Case(name, {"made.csv": "\n".join([*lines, ""]).encode()})


CASES = [
    made("both hours", RESERVES, "11/02/2025,2,4,0,.01,5000,N", "11/02/2025,2,4,1.25,0.0,-1,Y"),
    made("the last quarter", RELIABILITY, "11/01/2026,24,4,0,1,2.5,3,4,5,N", "11/01/2026,2,1,1,,,,,,Y"),
    made(
        "the flag of the other era",
        RELIABILITY.replace("RepeatedHourFlag", "DSTFlag"),
        "07/17/2026,2,1,0,1,2,3,4,5,N",
    ),
    made("without a flag", RESERVES.removesuffix(",DSTFlag"), "08/14/2014,9,4,0.0,0.0,0.0"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_adders_of_15_minutes_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("ercot/rtm_adders", lay_out(tmp_path, case))
    fields = ("settlement_location_id", "component", "price", "interval_start_utc")
    assert_same(rows, ercot.price_adders(case), *fields)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("11/02/2025,2,4,0,0,1,", "no interval of Central time is 11/02/2025 2 4"),
        ("03/09/2025,3,1,0,0,1,N", "no interval"),
        ("03/09/2025,25,1,0,0,1,N", "no interval"),
        ("03/09/2025,4,5,0,0,1,N", "no interval"),
        (",,,0,0,1,N", "no interval"),
        ("03/09/2025,4,4,0,0,high,N", "RTRDP of 03/09/2025 4 4 N is not a number: high"),
    ],
)
def test_an_adder_that_cannot_be_vouched_for_is_objected_to(line: str, words: str, tmp_path: Path) -> None:
    (said,) = objections(published("ercot/rtm_adders", lay_out(tmp_path, made("bad", RESERVES, line))))
    assert words in said


@pytest.mark.parametrize(
    ("now", "day", "quarters", "adders"),
    [("2025-11-04 20:00", date(2025, 11, 2), 100, 3), ("2026-03-10 20:00", date(2026, 3, 8), 92, 6)],
    ids=["autumn, before 2025-12-05", "spring, since then"],
)
def test_a_day_of_the_clock_change_has_every_quarter(
    tmp_path: Path, now: str, day: date, quarters: int, adders: int
) -> None:
    with Simulator(now=stamp(now), nodes=2) as sim, World(tmp_path / "lake", sim, stamp(now)) as world:
        report = world.ingest("ERCOT", day, day, ["rt_price_adders_15min"])
        assert report.complete, report.landing and report.landing.sentences
        assert assert_series(world, "ERCOT", "price_adders", "rt_price_adders_15min") == quarters * adders
