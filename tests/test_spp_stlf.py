"""SPP's short-term load forecast: a file every five minutes, in the folder of an hour that is not its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from behaviour_kit import World, stamp
from oracle import spp
from oracle.shell import Case, assert_same, lay_out, objections, published

from ingest import registry
from ingest.clock import Period, hours_of, market_days
from ingest.events import Request
from ingest.plan import plan
from ingest.routes.spp_portal import _interval, _path
from ingest.simulator import Simulator, spp_load

FORECAST = (
    "area",
    "area_type",
    "area_id",
    "forecast",
    "forecast_mw",
    "published_at_utc",
    "interval_start_utc",
    "interval_end_utc",
)
CLOCK = "America/Chicago"
PLAIN = (
    b"Interval,GMTInterval,STLF,Actual\n"
    b"11/02/2025 01:10:00,11/02/2025 07:10:00,28123.5,\n"
    b"11/02/2025 01:05:00,11/02/2025 07:05:00,28100,28090.25\n"
    b"11/02/2025 02:00:00,11/02/2025 07:00:00,,28080\n"
)
CASES = [
    # Noon, both passes of the repeated hour, the end of the hour that spring leaves out, a name that tells nothing.
    *(
        Case(name, {name: PLAIN})
        for name in (
            "OP-STLF-202511021200.csv",
            "OP-STLF-202511020105.csv",
            "OP-STLF-202511020105d.csv",
            "OP-STLF-202511020200.csv",
            "OP-STLF-202511020200d.csv",
            "OP-STLF-202603080300.csv",
            "stlf.csv",
        )
    ),
    Case(
        "OP-STLF-202607150005.csv",
        {
            "OP-STLF-202607150005.csv": (
                b"Interval,GMTInterval,STLF,Actual,BAA\r\n"
                b"7/15/2026 0:05,7/15/2026 5:05,38091,20432,SPP\r\n"
                b"7/15/2026 0:05,7/15/2026 5:05,4100,,SWPW\r\n\r\n"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_forecasts_are_those_of_the_file_and_made_when_its_name_says(case: Case, tmp_path: Path) -> None:
    assert_same(
        published("spp/stlf", lay_out(tmp_path, case)), spp.load_forecast(_with_numbers(case)), *FORECAST
    )


def _with_numbers(case: Case) -> Case:
    """Without the lines that expect nothing."""
    kept = {
        name: b"\n".join(line for line in text.splitlines() if line.split(b",")[2:3] != [b""])
        for name, text in case.members.items()
    }
    return Case(case.name, kept)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("11/02/2025 02:00:00,tomorrow,1,,SPP", "not a stamp"),
        ("11/02/2025 04:00:00,11/02/2025 07:00:00,1,,SPP", "do not agree"),
        ("11/02/2025 02:01:00,11/02/2025 07:01:00,1,,SPP", "off the grid"),
        ("11/02/2025 02:00:00,11/02/2025 07:00:00,n/a,,SPP", "not a number"),
    ],
)
def test_a_forecast_that_cannot_be_vouched_for_is_objected_to(line: str, words: str, tmp_path: Path) -> None:
    case = Case("x", {"x.csv": f"Interval,GMTInterval,STLF,Actual,BAA\n{line}\n".encode()})
    (said,) = objections(published("spp/stlf", lay_out(tmp_path, case)))
    assert words in said


@pytest.mark.parametrize(
    ("transform", "header"),
    [
        ("stlf", "Interval,GMTInterval,STLF,Actual,BAA"),
        ("mtlf", "Interval,GMTIntervalEnd,MTLF,Averaged Actual,BAA"),
    ],
)
def test_a_row_without_an_authority_beside_rows_that_have_one_is_objected_to(
    transform: str, header: str, tmp_path: Path
) -> None:
    line = "07/15/2026 01:00:00,07/15/2026 06:00:00,4100,,"
    text = f"{header}\n{line}SPP\n{line}\n{line.replace(',4100,', ',,')}\n"
    (said,) = objections(
        published(f"spp/{transform}", lay_out(tmp_path, Case("x", {"x.csv": text.encode()})))
    )
    assert "no balancing authority" in said


def path_of(hour: datetime, part: str) -> str:
    span = Period(hour, hour + timedelta(hours=1))
    request = Request("SPP", "load_forecast_5min", "interval", span, "all", part)
    return _path({"made": "OP-STLF"}, _interval(request), CLOCK)


@pytest.mark.parametrize(
    ("hour", "part", "path"),
    [
        ("2023-02-25 20:00", "35", "/2023/02/25/15/OP-STLF-202302251435.csv"),
        ("2023-03-02 05:00", "30", "/2023/03/01/00/OP-STLF-202303012330.csv"),
        ("2023-03-02 16:00", "60", "/2023/03/02/12/OP-STLF-202303021100.csv"),
        ("2025-11-02 06:00", "05", "/2025/11/02/02/OP-STLF-202511020105.csv"),
        ("2025-11-02 07:00", "05", "/2025/11/02/02/OP-STLF-202511020105d.csv"),
        ("2025-11-02 07:00", "55", "/2025/11/02/02/OP-STLF-202511020155d.csv"),
    ],
)
def test_a_file_lies_in_the_folder_of_the_next_hour(hour: str, part: str, path: str) -> None:
    """The first three are genuine paths, as others found them."""
    assert path_of(stamp(hour), part) == path


@pytest.mark.parametrize("day", [date(2025, 11, 2), date(2026, 3, 8)])
def test_every_file_of_a_day_of_the_clock_change_is_where_the_simulator_has_it(day: date) -> None:
    parts = registry.source("SPP").dataset("load_forecast_5min").road("interval").parts
    hours = [hour.start for hour in hours_of(market_days(day, day, CLOCK))]
    asked = {path_of(hour, part): hour + timedelta(minutes=int(part)) for hour in hours for part in parts}
    assert len(asked) == len(hours) * 12
    assert asked == {spp_load.forecast_path(spp_load.SHORT, made): made for made in asked.values()}
    # The name says to whoever imports the file what the planner asked for.
    for path, made in asked.items():
        assert spp.made_at(path.rpartition("/")[2], 5) == made.replace(tzinfo=None)


def test_its_price_is_told_and_it_is_asked_for_by_name_only() -> None:
    source = registry.source("SPP")
    entry = source.dataset("load_forecast_5min")
    assert entry not in source.pick(["load_forecast"])
    job = plan(
        source, [entry], date(2026, 11, 2), date(2026, 11, 2), "hubs", datetime(2026, 11, 20, tzinfo=UTC)
    )
    assert len(job.requests) == 288


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    now = stamp("2026-11-20 08:00")
    with Simulator(now=now, nodes=2) as sim, World(tmp_path / "lake", sim, now) as made:
        yield made


def test_every_vintage_of_a_day_is_kept(world: World) -> None:
    day = date(2026, 11, 10)
    assert world.ingest("SPP", day, day, ["load_forecast_5min"]).complete
    found = world.query(
        "SELECT area, count(*) AS n, count(DISTINCT published_at_utc) AS files, "
        "min(horizon_minutes) AS first, max(horizon_minutes) AS last, any_value(published_at_basis) AS basis "
        "FROM market.load_forecast GROUP BY ALL ORDER BY 1"
    )
    # Two intervals before and two after that which ends when a file is made; the days beside this one are not built.
    assert [list(row.values())[2:] for row in found] == [[288, -15, 5, "source"], [288, -15, 5, "source"]]
    assert [row["area"] for row in found] == ["SPP", "SWPW"]
