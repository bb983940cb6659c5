"""MIS prices: what the transforms say equals what an independent reader says, also in the repeated hour."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import nyiso
from oracle import synthetic as make
from oracle.shell import (
    Case,
    assert_same,
    case_of,
    derived,
    genuine,
    lay_out,
    objections,
    parameters,
    published,
)

PRICE = (
    "settlement_location",
    "settlement_location_id",
    "settlement_location_type",
    "zone",
    "lmp_total",
    "lmp_energy",
    "lmp_congestion",
    "lmp_loss",
)
SERVICE = ("as_product", "as_product_standard", "as_region", "unit", "market_clearing_price")
PROXIES = [("H Q", "61844"), ("NPX", "61845"), ("O H", "61846"), ("PJM", "61847")]
ZONAL = [(name, ptid) for ptid, name in sorted(nyiso.ZONES.items(), key=lambda pair: pair[1])] + [
    ("H Q", "61844")
]
GENERATORS = [
    ("ADK HUDSON___FALLS", "24011"),
    ("NYISO_LBMP_REFERENCE", "24008"),
    ("BESS, NEW", "323750"),
    ("ODD", "617520"),
]

# Days of New York in UTC: the old rule's changes, the new rule's, the year's edge, an ordinary day.
DAYS = {
    "autumn 2005": (datetime(2005, 10, 30, 4), 25),
    "spring 2006": (datetime(2006, 4, 2, 5), 23),
    "autumn 2007": (datetime(2007, 11, 4, 4), 25),
    "spring 2007": (datetime(2007, 3, 11, 5), 23),
    "autumn 2021": (datetime(2021, 11, 7, 4), 25),
    "new year": (datetime(2021, 12, 31, 5), 24),
}


def starts(day: str, minutes: int = 60) -> list[datetime]:
    first, hours = DAYS[day]
    return list(make.instants(first, first + timedelta(hours=hours), minutes))


def ends(day: str) -> list[datetime]:
    """Five-minute stamps that close their interval, with runs off the grid between them."""
    grid = [start + timedelta(minutes=5) for start in starts(day, 5)]
    odd = [start + timedelta(minutes=2, seconds=48) for start in grid[::7]] + [
        grid[20] + timedelta(seconds=1)
    ]
    return sorted({*grid, *odd})


def quoted_names(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, ptid) for name, ptid in names if "," not in name]


HOURLY = [
    make.single(f"{day}.csv", make.mis_prices(starts(day), quoted_names(ZONAL), seconds=False, quoted=False))
    for day in DAYS
] + [
    make.single(
        "rtlbmp_gen.csv", make.mis_prices(starts("autumn 2021"), GENERATORS, seconds=True, quoted=True)
    ),
    make.single(
        "cut header.csv",
        make.mis_prices(
            starts("autumn 2007"), ZONAL, seconds=False, quoted=False, cut_header=True, line_end="\n"
        ).replace("($/MWH\n", '($/MWH"\n'),
    ),
]
REAL_TIME = [
    make.single(
        f"{day}.csv",
        make.mis_prices(ends(day), [*ZONAL[:2], *PROXIES, *GENERATORS], seconds=True, quoted=True),
    )
    for day in DAYS
] + [
    make.single(
        "blank line first, header cut.csv",
        "\n"
        + make.mis_prices(
            ends("spring 2006"), ZONAL, seconds=True, quoted=True, cut_header=True, line_end="\n"
        ),
    )
]


def genuine_prices(*folders: str) -> list[Case]:
    """Genuine files of the six columns; anything else is another shape, told before."""
    cases = [case_of(path) for path in genuine(*(f"nyiso/{folder}" for folder in folders))]
    return [
        case
        for case in cases
        if all("Marginal Cost Losses" in case.text(name)[:300] for name in case.members)
    ]


EXCERPTS = derived(
    "nyiso/_derived/_excerpts/damlbmp_zone_20251102_CAPITL_0100.csv",
    "nyiso/_derived/damlbmp_zone_resaved/20240413damlbmp_zone.csv",
)
HOURLY += [*map(case_of, EXCERPTS), *genuine_prices("damlbmp*", "rtlbmp*", "refbus*")]
REAL_TIME += genuine_prices("realtime*")


@pytest.mark.parametrize("case", parameters(HOURLY))
def test_every_hourly_price_arrives_and_no_other(case: Case, tmp_path: Path) -> None:
    rows = published("nyiso/lbmp_hourly", lay_out(tmp_path, case))
    assert_same(rows, nyiso.energy_prices(case), "interval_start_utc", *PRICE)


@pytest.mark.parametrize("case", parameters(REAL_TIME))
def test_every_real_time_price_arrives_under_its_own_stamp(case: Case, tmp_path: Path) -> None:
    rows = published("nyiso/lbmp_realtime", lay_out(tmp_path, case))
    assert_same(rows, nyiso.energy_prices(case), "stamp_utc", *PRICE)


@pytest.mark.parametrize("compressed", [False, True])
def test_many_files_in_one_run_keep_their_own_clocks(compressed: bool, tmp_path: Path) -> None:
    cases = [*REAL_TIME[:3], REAL_TIME[4], REAL_TIME[0]]
    rows = published("nyiso/lbmp_realtime", lay_out(tmp_path, *cases, compressed=compressed))
    for number, case in enumerate(cases):
        mine = [row for row in rows if row["raw_folder"] == str(tmp_path / str(number))]
        assert_same(mine, nyiso.energy_prices(case), "stamp_utc", *PRICE)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_files_with_other_line_ends_are_read_together(first: int, tmp_path: Path) -> None:
    cases = make.retyped(HOURLY[4])
    rows = published("nyiso/lbmp_hourly", lay_out(tmp_path, *cases[first:], *cases[:first]))
    assert_same(
        rows, [row for case in cases for row in nyiso.energy_prices(case)], "interval_start_utc", *PRICE
    )


def test_the_days_of_a_monthly_zip_are_read_member_by_member(tmp_path: Path) -> None:
    case = Case("zip", {f"{number:02}.csv": one.members[one.name] for number, one in enumerate(HOURLY[:6])})
    rows = published("nyiso/lbmp_hourly", lay_out(tmp_path, case))
    assert_same(rows, nyiso.energy_prices(case), "interval_start_utc", *PRICE)


@pytest.mark.parametrize("day", list(DAYS))
def test_the_moments_of_a_day_are_those_it_was_made_of(day: str, tmp_path: Path) -> None:
    number = list(DAYS).index(day)
    hours = published("nyiso/lbmp_hourly", lay_out(tmp_path / "h", HOURLY[number]))
    assert sorted({row["interval_start_utc"] for row in hours}) == starts(day)
    stamps = published("nyiso/lbmp_realtime", lay_out(tmp_path / "r", REAL_TIME[number]))
    assert sorted({row["stamp_utc"] for row in stamps}) == ends(day)


def test_a_stamp_that_occurs_once_after_the_step_back_is_standard_time(tmp_path: Path) -> None:
    shown = [
        "00:55:00",
        "01:00:00",
        "01:55:00",
        "01:57:48",
        "01:00:00",
        "01:02:48",
        "01:05:00",
        "01:55:00",
        "02:00:00",
    ]
    text = make.mis_prices([], [], seconds=True, quoted=True)
    text += "".join(f'"11/07/2021 {stamp}","WEST",61752,1.00,0.10,0.00\r\n' for stamp in shown)
    rows = published("nyiso/lbmp_realtime", lay_out(tmp_path, make.single("x.csv", text)))
    utc = [
        "04:55:00",
        "05:00:00",
        "05:55:00",
        "05:57:48",
        "06:00:00",
        "06:02:48",
        "06:05:00",
        "06:55:00",
        "07:00:00",
    ]
    assert sorted(f"{row['stamp_utc']:%H:%M:%S}" for row in rows) == utc


def test_the_second_hour_is_read_per_location_where_a_file_goes_location_by_location(tmp_path: Path) -> None:
    text = make.mis_prices([], [], seconds=False, quoted=False)
    for ptid in ("61752", "61753"):
        for hour in ("00", "01", "01", "02"):
            text += f"11/07/2021 {hour}:00,X,{ptid},1.00,0.10,0.00\r\n"
    rows = published("nyiso/lbmp_hourly", lay_out(tmp_path, make.single("x.csv", text)))
    for ptid in ("61752", "61753"):
        found = sorted(
            row["interval_start_utc"].hour for row in rows if row["settlement_location_id"] == ptid
        )
        assert found == [4, 5, 6, 7]


@settings(max_examples=25, deadline=None)
@given(
    day=st.sampled_from(list(DAYS)),
    odd=st.lists(st.integers(0, 25 * 3600 - 1), max_size=40, unique=True),
    dropped=st.sets(st.integers(0, 280), max_size=3),
)
def test_any_runs_off_the_grid_keep_their_moments(
    day: str, odd: list[int], dropped: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, hours = DAYS[day]
    grid = [stamp for number, stamp in enumerate(starts(day, 5)) if number not in dropped]
    runs = {first + timedelta(seconds=second) for second in odd if second < hours * 3600}
    moments = sorted({*grid, *runs})
    case = make.single("x.csv", make.mis_prices(moments, [("WEST", "61752")], seconds=True, quoted=True))
    rows = published("nyiso/lbmp_realtime", lay_out(tmp_path_factory.mktemp("runs"), case))
    assert sorted(row["stamp_utc"] for row in rows) == moments


def test_congestion_has_the_sign_of_everybody_else_and_no_negative_zero(tmp_path: Path) -> None:
    rows = published("nyiso/lbmp_hourly", lay_out(tmp_path, HOURLY[0]))
    for row in rows:
        total = row["lmp_energy"] + row["lmp_congestion"] + row["lmp_loss"]
        assert math.isclose(total, row["lmp_total"], abs_tol=1e-9)
    zeros = [row["lmp_congestion"] for row in rows if row["lmp_congestion"] == 0]
    assert zeros
    assert all(math.copysign(1, zero) == 1 for zero in zeros)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("03/14/2021 02:30,WEST,61752,1,1,1", "no clock in New York ever showed the stamp 03/14/2021 02:30"),
        ("14/03/2021 01:30,WEST,61752,1,1,1", "no clock in New York ever showed the stamp 14/03/2021"),
        (",WEST,61752,1,1,1", "no clock in New York ever showed the stamp (blank)"),
        ("03/14/2021 01:00,WEST,61752,n/a,1,1", "is not a price: n/a"),
        ("03/14/2021 01:00,WEST,61752,,1,1", "is not a price: blank"),
        ("03/14/2021 01:00,WEST,,1,1,1", "a row has no PTID"),
    ],
)
@pytest.mark.parametrize("transform", ["lbmp_hourly", "lbmp_realtime"])
def test_a_row_that_cannot_be_read_is_objected_to(
    transform: str, row: str, words: str, tmp_path: Path
) -> None:
    text = make.mis_prices([], [], seconds=False, quoted=False) + row + "\r\n"
    said = objections(published(f"nyiso/{transform}", lay_out(tmp_path, make.single("x.csv", text))))
    assert any(words in objection for objection in said), said


LONG = (
    "Time Stamp,Time Zone,Name,PTID,10 Min Spinning Reserve ($/MWHr),10 Min Non-Synchronous Reserve ($/MWHr),"
    "30 Min Operating Reserve ($/MWHr),NYCA Regulation Capacity ($/MWHr)"
)
MOVEMENT = "NYCA Regulation Movement ($/MW)"
CUT = (
    "10 Min Spinning Reserve ($/MWHr",
    "10 Min Non-Synchronous Reserve",
    "30 Min Operating Reserve ($/MWH",
    "Regulation ($/MWHr",
)
CLOSED = (
    "10 Min Spinning Reserve ($/MWHr)",
    "10 Min Non-Synchronous Reserve",
    "30 Min Operating Reserve ($/MWH)",
    "Regulation ($/MWHr)",
)
WIDE_DAM = ",".join(["Time Stamp", *(f"{region} {title}" for region in ("East", "West") for title in CUT)])
WIDE_RT = ",".join(["Time Stamp", *(f"{region} {title}" for region in ("East", "West") for title in CLOSED)])
SINGLE = "Time Stamp, " + ", ".join(CUT)


def genuine_services(stem: str, *words: str) -> list[tuple[str, Case]]:
    """Genuine files of the zonal era; earlier layouts have no file at hand and are told by their header."""
    cases = [case_of(path) for path in genuine(f"nyiso/{stem}*")]
    return [
        (f"{stem}_zonal", case)
        for case in cases
        if all("Time Zone" in case.text(name)[:200] for name in case.members)
    ]


SERVICES: list[tuple[str, Case]] = []
for one in DAYS:
    SERVICES += [
        (
            "damasp_zonal",
            make.single(f"zonal {one}.csv", make.mis_services(LONG, starts(one), seconds=False)),
        ),
        (
            "rtasp_zonal",
            make.single(f"zonal {one}.csv", make.mis_services(f"{LONG},{MOVEMENT}", ends(one), seconds=True)),
        ),
        (
            "damasp_east_west",
            make.single(f"wide {one}.csv", make.mis_services(WIDE_DAM, starts(one), seconds=False)),
        ),
        (
            "rtasp_east_west",
            make.single(f"wide {one}.csv", make.mis_services(WIDE_RT, ends(one), seconds=True)),
        ),
        (
            "rtasp_east_west_movement",
            make.single(
                f"move {one}.csv", make.mis_services(f"{WIDE_RT}, {MOVEMENT}", ends(one), seconds=True)
            ),
        ),
        (
            "damasp_single",
            make.single(f"single {one}.csv", make.mis_services(SINGLE, starts(one), seconds=False)),
        ),
    ]
SERVICES += [*genuine_services("damasp"), *genuine_services("rtasp")]


@pytest.mark.parametrize(
    ("transform", "case"), [pytest.param(*pair, id=f"{pair[0]} {pair[1].name}") for pair in SERVICES]
)
def test_every_price_of_a_service_arrives_and_no_other(transform: str, case: Case, tmp_path: Path) -> None:
    rows = published(f"nyiso/{transform}", lay_out(tmp_path, case))
    stamp = "stamp_utc" if transform.startswith("rtasp") else "interval_start_utc"
    assert_same(rows, nyiso.ancillary_services(case), stamp, *SERVICE)


def test_files_of_one_run_are_walked_on_their_own(tmp_path: Path) -> None:
    autumn = [case for transform, case in SERVICES if transform == "damasp_east_west"]
    case = Case("zip", {f"{number}.csv": one.members[one.name] for number, one in enumerate(autumn)})
    rows = published("nyiso/damasp_east_west", lay_out(tmp_path, case))
    assert_same(rows, nyiso.ancillary_services(case), "interval_start_utc", *SERVICE)


@pytest.mark.parametrize("zone", ["EST", "EDX", ""])
def test_a_time_zone_that_the_clock_did_not_show_is_objected_to(zone: str, tmp_path: Path) -> None:
    text = f"{LONG}\r\n07/01/2024 00:00,{zone},WEST,61752,1,1,1,1\r\n"
    said = objections(published("nyiso/damasp_zonal", lay_out(tmp_path, make.single("x.csv", text))))
    assert said == {f"no clock in New York ever showed the stamp 07/01/2024 00:00 {zone}".strip()}


@pytest.mark.parametrize("transform", ["lbmp_hourly", "lbmp_realtime"])
def test_a_file_without_rows_gives_none(transform: str, tmp_path: Path) -> None:
    text = make.mis_prices([], [], seconds=True, quoted=True)
    assert published(f"nyiso/{transform}", lay_out(tmp_path, make.single("x.csv", text))) == []
