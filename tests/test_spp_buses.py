"""SPP's prices by pnode: read by name whatever the order, kept apart from settlement locations of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import World, stamp
from ingest_kit import statuses
from oracle import spp
from oracle.shell import Case, assert_same, lay_out, objections, published
from test_spp import PRICE

from ingest.simulator import Simulator

DAY_AHEAD = [
    Case(
        "as others print it.csv",
        {
            "b.csv": (
                b"Interval,GMTIntervalEnd,Pnode,LMP,MLC,MCC,MEC\n"
                b"11/02/2025 02:00:00,11/02/2025 07:00:00,AECI,20.2000,0.1000,-0.2000,20.3000\n"
                b"11/02/2025 02:00:00,11/02/2025 08:00:00,AECI,-20.2,.1,-.2,-20.1\n"
            )
        },
    ),
    Case(
        "another order.csv",
        {
            "b.csv": (
                b"GMTIntervalEnd,Interval,BAA,Pnode,MEC,MCC,MLC,LMP\r\n"
                b"6/4/2026 6:00,6/4/2026 1:00,SWPW,AVA,20.2278,-0.0021,-0.0046,20.2211\r\n\r\n"
            )
        },
    ),
    Case(
        "capitals.csv",
        {
            "b.csv": (
                b"INTERVAL,GMTINTERVALEND,BAA,PNODE,LMP,MLC,MCC,MEC\n"
                b"6/4/2026 1:00,6/4/2026 6:00,SPP,X,1.5,0,0.5,1.0\n"
            )
        },
    ),
]
REAL_TIME = [
    Case(
        "interval.csv",
        {
            "b.csv": (
                b"Interval,GMTIntervalEnd,Pnode,LMP,MLC,MCC,MEC,BAA\n"
                b"03/08/2026 03:00:00,03/08/2026 08:00:00,P1,1.5,0,0.5,1.0,SPP\n"
            )
        },
    ),
    Case(
        "day.csv",
        {
            "b.csv": (
                b"Interval,GMT Interval, PNODE Name,LMP,MLC,MCC,MEC\n"
                b"11/02/2025 02:00:00,11/02/2025 07:00:00,AECI,1.5,0,0.5,1.0\n"
            )
        },
    ),
]


@pytest.mark.parametrize("case", DAY_AHEAD, ids=lambda case: case.name)
def test_day_ahead_prices_by_pnode_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("spp/da_lmp_bus", lay_out(tmp_path, case))
    assert_same(rows, spp.energy_prices(case, "DA", {"AECI": "INTERFACE"}), *PRICE)


@pytest.mark.parametrize("case", REAL_TIME, ids=lambda case: case.name)
def test_real_time_prices_by_pnode_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("spp/rtbm_lmp_bus", lay_out(tmp_path, case))
    assert_same(rows, spp.energy_prices(case, "RT", {}), *PRICE)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("11/02/2025 02:00:00,tomorrow,P,1,0,0,1", "not a stamp"),
        ("11/02/2025 04:00:00,11/02/2025 07:00:00,P,1,0,0,1", "do not agree"),
        ("11/02/2025 02:01:00,11/02/2025 07:01:00,P,1,0,0,1", "off the grid"),
        ("11/02/2025 02:00:00,11/02/2025 07:00:00, ,1,0,0,1", "no pnode"),
        ("11/02/2025 02:00:00,11/02/2025 07:00:00,P,n/a,0,0,1", "not a number"),
    ],
)
@pytest.mark.parametrize("transform", ["da_lmp_bus", "rtbm_lmp_bus"])
def test_a_row_by_pnode_that_cannot_be_vouched_for_is_objected_to(
    transform: str, line: str, words: str, tmp_path: Path
) -> None:
    text = f"Interval,GMTIntervalEnd,Pnode,LMP,MLC,MCC,MEC\n{line}\n"
    (said,) = objections(
        published(f"spp/{transform}", lay_out(tmp_path, Case("b", {"b.csv": text.encode()})))
    )
    assert words in said


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    now = stamp("2026-11-20 08:00")
    with Simulator(now=now, nodes=2) as sim, World(tmp_path / "lake", sim, now) as made:
        yield made


def test_a_pnode_and_a_settlement_location_of_one_name_are_two_places(world: World) -> None:
    day = date(2026, 11, 10)
    names = ["da_energy_hourly", "da_bus_energy_hourly"]
    assert world.ingest("SPP", day, day, names, "all").complete
    found = world.query(
        "SELECT settlement_location_id AS id, settlement_location_type AS type, count(*) AS hours "
        "FROM market.energy_prices WHERE settlement_location = 'AECI' GROUP BY ALL ORDER BY id"
    )
    assert [tuple(row.values()) for row in found] == [("AECI", "INTERFACE", 24), ("AECI:BUS", "BUS", 24)]


def test_a_daily_file_by_pnode_is_found_by_either_of_its_names(world: World) -> None:
    """The simulated portal has the second name; the genuine one's is told in two ways."""
    day = date(2026, 11, 10)
    landing = world.download("SPP", day, day, ["rt_bus_energy_5min"], "all").landing
    assert landing is not None
    assert statuses(landing) == ["ok"]
    assert landing.events[0].raw_key is not None
    assert "RTBM-LMP-DAILY-B-20261110.csv" in landing.events[0].raw_key
    assert world.sim is not None
    asked = [seen.query["path"] for seen in world.sim.requests if "by-bus" in seen.path]
    assert [path.rpartition("/")[2] for path in asked] == [
        "RTBM-LMP-DAILY-BUS-20261110.csv",
        "RTBM-LMP-DAILY-B-20261110.csv",
    ]


def test_a_daily_file_by_pnode_that_has_neither_name_is_a_failure(world: World) -> None:
    day = date(2026, 11, 10)
    assert world.sim is not None
    world.sim.fail("portal.spp.org", "late", match="RTBM-LMP-DAILY-B", times=2)
    landing = world.download("SPP", day, day, ["rt_bus_energy_5min"], "all").landing
    assert landing is not None
    assert statuses(landing) == ["failed"]
    assert "DAILY-BUS-20261110.csv, which should be there" in landing.events[0].message
