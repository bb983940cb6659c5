"""SPP: transforms and simulator against genuine files, the names of interval files, what no file means."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from behaviour_kit import World, served, stamp, written
from ingest_kit import statuses
from oracle import spp
from oracle.shell import Case, assert_same, case_of, derived, genuine, lay_out, objections, published
from oracle.shell import samples as samples_folder

from ingest import registry
from ingest.clock import Period
from ingest.events import Request
from ingest.plan import plan
from ingest.routes.spp_portal import _interval, _path
from ingest.simulator import Simulator, spp_rows

PRICE = (
    "settlement_location",
    "settlement_location_id",
    "settlement_location_type",
    "zone",
    "lmp_total",
    "lmp_energy",
    "lmp_congestion",
    "lmp_loss",
    "interval_start_utc",
    "interval_end_utc",
)
SERVICE = (
    "as_product",
    "as_product_standard",
    "as_region",
    "unit",
    "market_clearing_price",
    "interval_start_utc",
    "interval_end_utc",
)
KNOWN = {"SPPNORTH_HUB": "HUB", "AECI": "INTERFACE"}
SUBSETS = sorted(samples_folder().glob("spp/_derived/da-lmp_row_subsets/*.csv"))
CLOCK = "America/Chicago"

LMP = "Interval,GMTIntervalEnd,Settlement Location,Pnode,LMP,MLC,MCC,MEC"
LINE = "11/02/2025 02:00:00,11/02/2025 07:00:00,{0},P,{1},0.1000,-0.2000,20.3000"
DAY_AHEAD = [
    Case("plain.csv", {"plain.csv": f"{LMP}\n{LINE.format('CSWS_HUB', '20.2')}\n".encode()}),
    Case(
        "both hours.csv",
        {
            "both.csv": (
                f"{LMP}\r\n{LINE.format('AECI', '-20.2')}\r\n"
                "11/02/2025 02:00:00,11/02/2025 08:00:00,AECI,P,0.0000,.1,-.1,0\r\n\r\n"
            ).encode()
        },
    ),
    Case(
        "the west in capitals, without zeros.csv",
        {
            "west.csv": (
                b"INTERVAL,GMTINTERVALEND,BAA,SETTLEMENT_LOCATION,PNODE,LMP,MLC,MCC,MEC\n"
                b"6/4/2026 1:00,6/4/2026 6:00,SWPW,AVA,AVA,20.2211,-0.0046,-0.0021,20.2278\n"
            )
        },
    ),
]
REAL_TIME = [
    Case(
        "interval.csv",
        {
            "i.csv": (
                f"{LMP},BAA\n03/08/2026 03:00:00,03/08/2026 08:00:00,SPPNORTH_HUB,P,1.5,0,0.5,1.0,SPP\n"
            ).encode()
        },
    )
]
MCP = [
    Case(
        "first years.csv",
        {
            "mcp.csv": (
                b"Interval,GMTIntervalEnd,Reserve Zone,RegUPService,RegDNService,RegUpMile,RegDNMile,Spin,Supp\n"
                b"01/01/2019 00:05:00,01/01/2019 06:05:00,1,8.0133,,0.0100,0,3,0.5\n"
            )
        },
    )
]


def cases(*folders: str) -> list[Case]:
    return [case_of(path) for path in genuine(*(f"spp/{folder}" for folder in folders))]


@pytest.mark.parametrize(
    "case",
    [
        *DAY_AHEAD,
        *cases("da-lmp-by-settlement-location"),
        *[case_of(path) for path in derived(*(str(one.relative_to(samples_folder())) for one in SUBSETS))],
    ],
    ids=lambda case: case.name,
)
def test_day_ahead_prices_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("spp/da_lmp", lay_out(tmp_path, case), known_locations=KNOWN)
    assert_same(rows, spp.energy_prices(case, "DA", KNOWN), *PRICE)


@pytest.mark.parametrize("case", [*REAL_TIME, *cases("rtbm-lmp-by-location")], ids=lambda case: case.name)
def test_real_time_prices_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("spp/rtbm_lmp", lay_out(tmp_path, case), known_locations=KNOWN)
    assert_same(rows, spp.energy_prices(case, "RT", KNOWN), *PRICE)


@pytest.mark.parametrize("case", [*cases("da-mcp")], ids=lambda case: case.name)
def test_day_ahead_reserve_prices_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("spp/da_mcp", lay_out(tmp_path, case))
    assert_same(rows, spp.ancillary_services(case, "DA"), *SERVICE)


@pytest.mark.parametrize("case", [*MCP, *cases("rtbm-mcp")], ids=lambda case: case.name)
def test_real_time_reserve_prices_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("spp/rtbm_mcp", lay_out(tmp_path, case))
    assert_same(rows, spp.ancillary_services(case, "RT"), *SERVICE)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("11/02/2025 02:00:00,tomorrow,A,P,1,0,0,1", "not a stamp"),
        ("11/02/2025 04:00:00,11/02/2025 07:00:00,A,P,1,0,0,1", "do not agree"),
        ("11/02/2025 02:01:00,11/02/2025 07:01:00,A,P,1,0,0,1", "off the grid"),
        ("11/02/2025 02:00:00,11/02/2025 07:00:00,,P,1,0,0,1", "no settlement location"),
        ("11/02/2025 02:00:00,11/02/2025 07:00:00,A,P,n/a,0,0,1", "not a number"),
        ("11/02/2025 02:00:00,11/02/2025 07:00:00,A,P,,0,0,1", "not a number"),
    ],
)
def test_a_row_that_cannot_be_vouched_for_is_objected_to(line: str, words: str, tmp_path: Path) -> None:
    case = Case("bad.csv", {"bad.csv": f"{LMP}\n{line}\n".encode()})
    (said,) = objections(published("spp/da_lmp", lay_out(tmp_path, case)))
    assert words in said


@pytest.mark.parametrize(
    ("system", "minute", "pattern"),
    [
        ("da-lmp-by-settlement-location", "2025-02-22 06:00", "da-lmp-by-settlement-location/*.csv"),
        ("rtbm-lmp-by-location", "2025-03-31 13:35", "rtbm-lmp-by-location/*.csv"),
        ("da-mcp", "2025-03-09 06:00", "da-mcp/*.csv"),
        ("rtbm-mcp", "2026-07-27 21:20", "rtbm-mcp/*.csv"),
    ],
)
def test_the_simulator_prints_the_header_of_the_genuine_files(system: str, minute: str, pattern: str) -> None:
    entry, start = spp_rows.SYSTEMS[system], stamp(minute)
    text = spp_rows.text(entry, [start], 2, spp_rows.ORIGINAL, daily=entry.day_ahead)
    header, line = text.splitlines()[:2]
    for sample in sorted(samples_folder().glob(f"spp/{pattern}")):
        genuine_header, genuine_line = sample.read_text().splitlines()[:2]
        assert header == genuine_header
        same = next(csv.reader(io.StringIO(genuine_line)))
        assert len(line.split(",")) == len(same)
        assert [len(cell) for cell in line.split(",")[:2]] == [len(cell) for cell in same[:2]]


@pytest.mark.parametrize(
    ("hour", "part", "path"),
    [
        ("2024-07-01 04:00", "60", "/2024/06/By_Interval/30/RTBM-LMP-SL-202407010000.csv"),
        ("2025-11-02 05:00", "05", "/2025/11/By_Interval/02/RTBM-LMP-SL-202511020005.csv"),
        ("2025-11-02 06:00", "60", "/2025/11/By_Interval/02/RTBM-LMP-SL-202511020200.csv"),
        ("2025-11-02 07:00", "05", "/2025/11/By_Interval/02/RTBM-LMP-SL-202511020105d.csv"),
        ("2025-11-02 07:00", "60", "/2025/11/By_Interval/02/RTBM-LMP-SL-202511020200d.csv"),
        ("2025-11-02 08:00", "05", "/2025/11/By_Interval/02/RTBM-LMP-SL-202511020205.csv"),
        ("2026-03-08 07:00", "60", "/2026/03/By_Interval/08/RTBM-LMP-SL-202603080300.csv"),
    ],
)
def test_an_interval_lies_in_the_folder_of_its_begin_by_the_name_of_its_end(
    hour: str, part: str, path: str
) -> None:
    start = stamp(hour)
    request = Request(
        "SPP", "rt_energy_5min", "interval", Period(start, start + timedelta(hours=1)), "all", part
    )
    assert _path({"interval": "RTBM-LMP-SL"}, _interval(request), CLOCK) == path


def test_every_interval_of_both_days_of_the_clock_change_has_a_name_of_its_own() -> None:
    for day, count in ((date(2025, 11, 2), 300), (date(2026, 3, 8), 276)):
        names = set()
        for hour in {one.replace(minute=0) for one in spp_rows.starts(day, 5)}:
            for part in registry.source("SPP").dataset("rt_energy_5min").road("interval").parts:
                span = Period(hour, hour + timedelta(hours=1))
                request = Request("SPP", "rt_energy_5min", "interval", span, "all", part)
                names.add(_path({"interval": "W"}, _interval(request), CLOCK))
        assert len(names) == count


def test_the_daily_file_is_taken_once_it_is_there() -> None:
    source = registry.source("SPP")
    now = datetime(2026, 11, 20, 8, tzinfo=UTC)
    job = plan(source, [source.dataset("rt_as_5min")], date(2026, 11, 10), date(2026, 11, 18), "hubs", now)
    assert [(leg.road.name, leg.first, leg.last) for leg in job.legs] == [
        ("daily", date(2026, 11, 10), date(2026, 11, 14)),
        ("interval", date(2026, 11, 15), date(2026, 11, 18)),
    ]
    assert "daily comes 6 days later" in job.legs[1].reason
    assert len(job.legs[1].requests) == 4 * 288


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    now = stamp("2026-11-20 08:00")
    with Simulator(now=now, nodes=2) as sim, World(tmp_path / "lake", sim, now) as made:
        yield made


def test_a_hole_is_a_failure_and_an_empty_file_is_no_data(world: World) -> None:
    day = date(2026, 11, 10)
    assert world.sim is not None
    world.sim.fail("portal.spp.org", "late", match="DA-MCP-20261110", times=1)
    landing = world.download("SPP", day, day, ["da_as_hourly"]).landing
    assert landing is not None
    assert statuses(landing) == ["failed"]
    assert "DA-MCP-202611100100.csv, which should be there" in landing.events[0].message
    again = world.download("SPP", day, day, ["da_as_hourly"]).landing
    assert again is not None
    assert again.complete


def test_a_daily_file_that_corrects_its_intervals_is_another_version(world: World) -> None:
    """Fetched by interval while it is fresh, by day later: what has not changed stays as it was."""
    day = date(2026, 11, 18)
    assert world.sim is not None
    assert world.ingest("SPP", day, day, ["rt_as_5min"]).complete
    before = world.query("SELECT count(*) AS n FROM market.ancillary_services_all")[0]["n"]
    world.now = stamp("2026-11-30 08:00")
    world.sim.correct("SPP", "rtbm-mcp", day, amount="1.25", locations=["1"], hours=[12])
    source = registry.source("SPP")
    road = source.dataset("rt_as_5min").road("daily")
    path = written(
        world.folder.parent / "daily", served(world.sim, source, source.dataset("rt_as_5min"), road, day)
    )
    assert world.take("SPP", "rt_as_5min", path, published_at=world.now).complete
    assert world.build("SPP").complete
    rows = world.query(
        "SELECT as_region, delivery_hour, max(version) AS versions, count(*) AS n "
        "FROM market.ancillary_services_all GROUP BY ALL"
    )
    changed = {(row["as_region"], row["delivery_hour"]) for row in rows if row["versions"] == 2}
    assert changed == {("1", 13)}
    assert sum(row["n"] for row in rows) == before + 12 * 9
