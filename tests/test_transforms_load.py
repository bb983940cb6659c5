"""Transforms of load and its forecasts: equal to an independent reading of genuine files, oddities included."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from oracle import caiso, nyiso, pjm
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
    shell,
)

LOAD = ("interval_start_utc", "load_type", "area", "area_type", "area_id", "load_mw", "source_version")
FORECAST = (
    "interval_start_utc",
    "forecast",
    "area",
    "area_type",
    "area_id",
    "forecast_mw",
    "published_at_utc",
)

PAL = '"Time Stamp","Time Zone","Name","PTID","Load"\r\n'
ISOLF = (
    '"Time Stamp","Capitl","Centrl","Dunwod","Genese","Hud Vl","Longil","Mhk Vl","Millwd","N.Y.C.","North",'
    '"West","NYISO"\r\n'
)
# Two days of the clock changes under the rule until 2006, as the hourly file prints them: the label lags by hours.
SPRING = PAL + "".join(
    f'"04/02/2006 {hour:02}:00:00","{"EST" if hour < 7 else "EDT"}","CAPITL",61757,{900 + hour}\r\n'
    for hour in (0, 1, 3, 4, 5, 6, 7, 8)
)
AUTUMN = PAL + "".join(
    f'"10/29/2006 {hour:02}:00:00","{"EDT" if hour < 6 else "EST"}","{zone}",{ptid},{number}\r\n'
    for number, (hour, zone, ptid) in enumerate(
        (hour, zone, ptid)
        for hour in (0, 1, 1, 2, 5, 6)
        for zone, ptid in (("CAPITL", 61757), ("N.Y.C._LONGIL", ""))
    )
)
LABELLED = PAL + "".join(
    f'"11/02/2025 01:{minute:02}:{second:02}","{label}","WEST",61752,{minute}.25\r\n'
    for label in ("EDT", "EST")
    for minute, second in ((0, 0), (5, 0), (7, 31))
)


def case(name: str, text: str) -> Case:
    return Case(name, {name: text.encode()})


def read(folder: Path, transform: str, one: Case, market: str | None = None) -> list[dict[str, object]]:
    files = lay_out(folder, one)
    stamps = {path: one.written[Path(path).name] for path in files if Path(path).name in one.written}
    shell().execute(
        "SET VARIABLE members_written = MAP($paths::VARCHAR[], $stamps::TIMESTAMP[])",
        {"paths": list(stamps), "stamps": list(stamps.values())},
    )
    return published(transform, files, market)


@pytest.mark.parametrize(
    "one",
    [
        *parameters([case("spring.csv", SPRING), case("autumn.csv", AUTUMN), case("labelled.csv", LABELLED)]),
        *parameters(map(case_of, genuine("nyiso/palIntegrated"))),
        *parameters(case_of(path) for path in genuine("nyiso/pal") if path.suffix == ".csv"),
    ],
)
def test_new_york_s_load_is_what_the_file_says(tmp_path: Path, one: Case) -> None:
    assert_same(read(tmp_path, "nyiso/load", one), nyiso.load(one), *LOAD)


def test_a_label_that_lags_behind_the_clock_moves_nothing(tmp_path: Path) -> None:
    rows = read(tmp_path, "nyiso/load", case("spring.csv", SPRING))
    hours = {row["interval_start_utc"] for row in rows}
    assert sorted(hours, key=str) == [datetime(2006, 4, 2, hour) for hour in range(5, 13)]
    rows = read(tmp_path, "nyiso/load", case("autumn.csv", AUTUMN))
    city = [row for row in rows if row["area_id"] == "N.Y.C._LONGIL"]
    assert sorted((row["interval_start_utc"].hour, row["load_mw"]) for row in city) == [  # type: ignore[attr-defined]
        (4, 1),
        (5, 3),
        (6, 5),
        (7, 7),
        (10, 9),
        (11, 11),
    ]


def test_a_stamp_told_twice_before_2005_is_two_versions_and_later_a_contradiction(tmp_path: Path) -> None:
    for year, versions in ((2003, [1, 2]), (2013, [None, None])):
        text = PAL + "".join(
            f'"06/21/{year} 09:00:00","EDT","WEST",61752,{load}\r\n' for load in (1500.5, 1600)
        )
        rows = read(tmp_path / str(year), "nyiso/load", case("twice.csv", text))
        assert [row["source_version"] for row in rows] == versions


@pytest.mark.parametrize(
    "line",
    [
        '"11/02/2025 02:00:00","CST","WEST",61752,1',
        '"03/09/2025 02:30:00","EDT","WEST",61752,1',
        '"11/02/2025 03:00:00","EST","",61752,1',
        '"11/02/2025 03:00:00","EST","WEST",61752,n/a',
    ],
)
def test_a_row_that_cannot_be_vouched_for_is_objected_to(tmp_path: Path, line: str) -> None:
    rows = read(tmp_path, "nyiso/load", case("odd.csv", PAL + line + "\r\n"))
    assert len(objections(rows)) == 1


FORECASTS = [
    case(
        "20041031isolf.csv",
        ISOLF
        + "".join(
            f'"10/31/2004 {hour:02}:00",{",".join(str(1000 + 20 * hour + place) for place in range(12))}\r\n'
            for hour in (0, 1, 1, 2, 3)
        ),
    )
]


@pytest.mark.parametrize("one", [*parameters(FORECASTS), *parameters(map(case_of, genuine("nyiso/isolf")))])
def test_every_issue_of_new_york_s_forecast_is_what_the_file_says(tmp_path: Path, one: Case) -> None:
    """Also where both passes of the repeated hour print the same numbers, and with the archive's stamps."""
    assert_same(read(tmp_path, "nyiso/isolf", one), nyiso.load_forecast(one), *FORECAST)


@pytest.mark.parametrize("one", parameters(map(case_of, genuine("caiso/sld_fcst"))))
def test_california_s_forecasts_are_what_the_file_says(tmp_path: Path, one: Case) -> None:
    (kind,) = {Path(name).suffix.removeprefix(".") for name in one.members}
    (market,) = caiso.markets(one)
    rows = read(tmp_path, f"caiso/load_forecast_{kind}", one, market)
    assert_same(rows, caiso.load_forecast(one), *FORECAST)


@pytest.mark.parametrize(
    "one",
    parameters(map(case_of, derived("caiso/_derived/quoted_rows/caiso_sld_fcst_actual_20251102_sample.csv"))),
)
def test_california_s_load_is_what_the_file_says(tmp_path: Path, one: Case) -> None:
    assert_same(read(tmp_path, "caiso/load_csv", one, "ACTUAL"), caiso.load(one), *LOAD)


PJM = {
    "hrl_load_metered": "load_metered_csv",
    "hrl_load_prelim": "load_prelim_csv",
    "inst_load": "inst_load_csv",
}


@pytest.mark.parametrize(
    ("transform", "one"),
    [
        pytest.param(name, one, id=one.name)
        for folder, name in PJM.items()
        for one in map(case_of, genuine(f"pjm/{folder}"))
    ],
)
def test_pjm_s_load_is_what_the_file_says(tmp_path: Path, transform: str, one: Case) -> None:
    rows = read(tmp_path, f"pjm/{transform}", one)
    for row in rows:
        row["interval_start_utc"] = row.get("interval_start_utc") or row["stamp_utc"]
    assert_same(rows, pjm.load(one), *LOAD)


@pytest.mark.parametrize("one", parameters(map(case_of, genuine("pjm/load_frcstd_7_day"))))
def test_pjm_s_newest_forecast_is_what_the_file_says(tmp_path: Path, one: Case) -> None:
    assert_same(read(tmp_path, "pjm/load_forecast_json", one), pjm.load_forecast(one), *FORECAST)


def test_what_a_meter_has_verified_is_a_second_version(tmp_path: Path) -> None:
    header = (
        "datetime_beginning_utc,datetime_beginning_ept,nerc_region,mkt_region,zone,load_area,mw,is_verified\n"
    )
    rows = read(
        tmp_path,
        "pjm/load_metered_csv",
        case(
            "metered.csv",
            header
            + "".join(
                f"12/1/2022 5:00:00 AM,12/1/2022 12:00:00 AM,RFC,MIDATL,AE,AECO,892.178,{word}\n"
                for word in ("False", "True", "maybe")
            ),
        ),
    )
    assert [row["source_version"] for row in rows] == [1, 2, None]
    assert len(objections(rows)) == 1
