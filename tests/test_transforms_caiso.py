"""OASIS prices: what the transforms say equals what an independent reader of the raw file says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from oracle import caiso
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
    "interval_start_utc",
    "interval_end_utc",
    "settlement_location",
    "settlement_location_id",
    "settlement_location_type",
    "lmp_total",
    "lmp_energy",
    "lmp_congestion",
    "lmp_loss",
)
ADDER = ("interval_start_utc", "interval_end_utc", "settlement_location_id", "component", "price")
SERVICE = (
    "interval_start_utc",
    "interval_end_utc",
    "as_product",
    "as_product_standard",
    "as_region",
    "unit",
    "market_clearing_price",
)
AUTUMN = (datetime(2021, 11, 7, 7), datetime(2021, 11, 8, 8))
SPRING = (datetime(2022, 3, 13, 8), datetime(2022, 3, 14, 7))
ALL = tuple(make.ITEMS)
FOUR = ALL[:4]


def groups(header: str, market: str, minutes: int) -> dict[str, bytes]:
    """A group zip: one member per component."""
    return {
        f"20211107_20211107_PRC_LMP_{market}_{component}_v12.csv": make.oasis(
            header, market, *AUTUMN, minutes, [component]
        ).encode()
        for component in ALL
    }


PREFIXED = make.oasis_xml(
    [
        (item, node, start, 60, make.price(number + 5 * place))
        for number, start in enumerate(make.instants(*AUTUMN, 60))
        for node in make.NODES
        for place, item in enumerate(make.ITEMS.values())
    ],
    prefix="m",
)
ONE_LINE = make.oasis_xml(
    [(item, "DLAP_SCE-APND", AUTUMN[0], 60, "12.5") for item in make.ITEMS.values()], line_ends=""
)
SYNTHETIC_LMP = [
    Case("a day-ahead group of five members", groups(make.DAY_AHEAD, "DAM", 60)),
    make.single(
        "day-ahead v1 without greenhouse gas.csv", make.oasis(make.DAY_AHEAD, "DAM", *SPRING, 60, FOUR)
    ),
    make.single("15 minutes.csv", make.oasis(make.REAL_TIME.format(price="PRC"), "RTPD", *AUTUMN, 15, ALL)),
    Case("a five-minute group v3", groups(make.REAL_TIME.format(price="VALUE"), "RTM", 5)),
    make.single("5 minutes v1.csv", make.oasis(make.REAL_TIME.format(price="MW"), "RTM", *SPRING, 5, FOUR)),
    make.single("prefixed.xml", PREFIXED),
    make.single("on one line.xml", ONE_LINE),
]
SYNTHETIC_AS = [
    make.single("day-ahead.csv", make.oasis_services(make.DAY_AHEAD_AS, "DAM", *AUTUMN, 60)),
    make.single("real time.csv", make.oasis_services(make.REAL_TIME_AS, "RTM", *SPRING, 15)),
    make.single(
        "services.xml",
        make.oasis_xml(
            [(item, "AS_CAISO", AUTUMN[0], 60, "0.1") for item in caiso.PRODUCTS if item.endswith("_PRC")],
            report="PRC_AS",
        ),
    ),
]


def readable(case: Case, *words: str) -> bool:
    """Whether every member is a report of these words: error documents and other reports are told before."""
    return all(all(word in case.text(name)[:4000] for word in words) for name in case.members)


def genuine_cases(*folders: str) -> list[Case]:
    cases = [case_of(path) for path in genuine(*folders)]
    return [
        case
        for case in cases
        if readable(case, "INTERVALSTARTTIME_GMT") or readable(case, "OASISReport", "REPORT_DATA")
    ]


QUOTED = (
    "caiso/_derived/quoted_rows/PRC_INTVL_LMP_RTM_20250718_rows.csv",
    "caiso/_derived/quoted_rows/seed_all_apnodes_20200101_excerpt.csv",
)
LMP = [*SYNTHETIC_LMP, *map(case_of, derived(*QUOTED))]
LMP += genuine_cases("caiso/prc_lmp*", "caiso/prc_rtpd_lmp*", "caiso/prc_intvl_lmp*")
AS = [*SYNTHETIC_AS, *genuine_cases("caiso/prc_as*", "caiso/prc_intvl_as*")]


def form(case: Case) -> str:
    return "xml" if next(iter(case.members)).endswith(".xml") else "csv"


def market(case: Case) -> str:
    (found,) = caiso.markets(case)
    return found


@pytest.mark.parametrize("case", parameters(LMP))
def test_every_price_of_an_energy_file_arrives_and_no_other(case: Case, tmp_path: Path) -> None:
    rows = published(f"caiso/lmp_{form(case)}", lay_out(tmp_path, case), market(case))
    assert_same(rows, caiso.energy_prices(case), *PRICE)


@pytest.mark.parametrize("case", parameters(LMP))
def test_every_greenhouse_gas_component_becomes_an_adder(case: Case, tmp_path: Path) -> None:
    rows = published(f"caiso/lmp_adders_{form(case)}", lay_out(tmp_path, case), market(case))
    expected = caiso.price_adders(case)
    if expected:
        assert_same(rows, expected, *ADDER)
    else:
        assert rows == []


@pytest.mark.parametrize("case", parameters(AS))
def test_every_price_of_a_service_arrives_and_no_other(case: Case, tmp_path: Path) -> None:
    rows = published(f"caiso/as_{form(case)}", lay_out(tmp_path, case), market(case))
    assert_same(rows, caiso.ancillary_services(case), *SERVICE)


# Compressed XML is expanded by the engine when it lays a raw object out; CSV is read as it is.
@pytest.mark.parametrize("case", parameters([SYNTHETIC_LMP[0]]))
def test_compressed_members_say_the_same(case: Case, tmp_path: Path) -> None:
    rows = published(f"caiso/lmp_{form(case)}", lay_out(tmp_path, case, compressed=True), market(case))
    assert_same(rows, caiso.energy_prices(case), *PRICE)


@pytest.mark.parametrize("name", ["lmp_csv", "lmp_xml"])
def test_two_raw_objects_are_never_mixed(name: str, tmp_path: Path) -> None:
    case = SYNTHETIC_LMP[0 if name == "lmp_csv" else 5]
    other = Case("other", {key: value.replace(b"1000.1", b"77") for key, value in case.members.items()})
    rows = published(f"caiso/{name}", lay_out(tmp_path, case, other), "DAM")
    for number, one in enumerate((case, other)):
        mine = [row for row in rows if row["raw_folder"] == str(tmp_path / str(number))]
        assert_same(mine, caiso.energy_prices(one), *PRICE)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_files_with_other_line_ends_are_read_together(first: int, tmp_path: Path) -> None:
    energy, services = make.retyped(SYNTHETIC_LMP[1]), make.retyped(SYNTHETIC_AS[0])
    rows = published("caiso/lmp_csv", lay_out(tmp_path / "e", *energy[first:], *energy[:first]), "DAM")
    assert_same(rows, [row for case in energy for row in caiso.energy_prices(case)], *PRICE)
    rows = published("caiso/as_csv", lay_out(tmp_path / "s", *services[first:], *services[:first]), "DAM")
    assert_same(rows, [row for case in services for row in caiso.ancillary_services(case)], *SERVICE)


def test_the_autumn_day_has_25_hours_and_the_spring_day_23(tmp_path: Path) -> None:
    for case, hours in ((SYNTHETIC_LMP[0], 25), (SYNTHETIC_LMP[1], 23)):
        rows = published("caiso/lmp_csv", lay_out(tmp_path / str(hours), case), "DAM")
        assert len({row["interval_start_utc"] for row in rows}) == hours


def test_the_location_s_type_is_told_by_its_name(tmp_path: Path) -> None:
    rows = published("caiso/lmp_csv", lay_out(tmp_path, SYNTHETIC_LMP[0]))
    assert {row["settlement_location"]: row["settlement_location_type"] for row in rows} == {
        "TH_NP15_GEN-APND": "HUB",
        "DLAP_PGAE-APND": "ZONE",
        "SLAP_PGCC-APND": "AGGREGATE",
        "ELAP_PACE-APND": "AGGREGATE",
        "MALIN_5_N101": "NODE",
        "NO_TH_1_N001": "NODE",
    }


ROW = (
    "2021-11-07T07:00:00-00:00,2021-11-07T08:00:00-00:00,2021-11-07,1,0,MALIN_5_N101,MALIN_5_N101,"
    "MALIN_5_N101,DAM,{kind},X,MALIN_5_N101,ALL,1,{price},1"
)


def hour(*rows: str) -> Case:
    return make.single("hour.csv", "\n".join([make.DAY_AHEAD, *rows]) + "\n")


def of(kind: str, price: str = "10.5") -> str:
    return ROW.format(kind=kind, price=price)


GOOD = [of("LMP"), of("MCE"), of("MCC"), of("MCL")]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*GOOD, of("MCC", "10.6")], "two different MCC of MALIN_5_N101"),
        ([*GOOD, of("LMP", "-10.5")], "two different LMP of MALIN_5_N101"),
        ([*GOOD, of("MCX")], "component MCX is unknown"),
        ([of("MCE"), of("MCC")], "components but no LMP"),
        ([*GOOD[1:], of("LMP", "ten")], "LMP of MALIN_5_N101 has no readable price"),
        (
            [row.replace("T07:00:00-00:00", "T07:00:00-07:00") for row in GOOD],
            "no readable start or end in UTC",
        ),
        ([row.replace(",DAM,", ",RUC,") for row in GOOD], "market run RUC"),
    ],
)
def test_rows_that_cannot_be_vouched_for_are_objected_to(rows: list[str], words: str, tmp_path: Path) -> None:
    said = objections(published("caiso/lmp_csv", lay_out(tmp_path, hour(*rows)), "DAM"))
    assert any(words in objection for objection in said), said


def test_exact_repeats_are_no_conflict(tmp_path: Path) -> None:
    rows = published("caiso/lmp_csv", lay_out(tmp_path, hour(*GOOD, *GOOD)), "DAM")
    assert [row["lmp_total"] for row in rows] == [10.5]
    assert not objections(rows)


def test_any_market_run_is_taken_where_none_is_expected(tmp_path: Path) -> None:
    case = SYNTHETIC_LMP[2]
    files = lay_out(tmp_path, case)
    assert_same(published("caiso/lmp_csv", files), caiso.energy_prices(case), *PRICE)
    assert objections(published("caiso/lmp_csv", files, "DAM")) == {"a row is of the market run RTPD"}
    assert objections(published("caiso/lmp_adders_csv", files, "DAM")) == {"a row is of the market run RTPD"}


def test_xml_is_held_to_the_same_rules(tmp_path: Path) -> None:
    start = AUTUMN[0]
    twice = [("LMP_PRC", "A", start, 60, "1"), ("LMP_PRC", "A", start, 60, "2")]
    cases = {
        "two different LMP_PRC of A": make.oasis_xml(twice),
        "market run RTM": make.oasis_xml([("LMP_PRC", "A", start, 60, "1")], market="RTM"),
        "component LMP_NEW_PRC is unknown": make.oasis_xml([("LMP_NEW_PRC", "A", start, 60, "1")]),
        "no readable price": make.oasis_xml([("LMP_PRC", "A", start, 60, "none")]),
        "components but no LMP_PRC": make.oasis_xml([("LMP_ENE_PRC", "A", start, 60, "1")]),
    }
    for number, (words, text) in enumerate(cases.items()):
        files = lay_out(tmp_path / str(number), make.single("x.xml", text))
        assert any(words in said for said in objections(published("caiso/lmp_xml", files, "DAM"))), words


def test_an_unknown_service_is_kept_under_its_own_name(tmp_path: Path) -> None:
    text = make.oasis_services(make.DAY_AHEAD_AS, "DAM", *AUTUMN, 60).replace(",RMD,", ",XX,")
    rows = published("caiso/as_csv", lay_out(tmp_path, make.single("x.csv", text)), "DAM")
    assert {row["as_product_standard"] for row in rows if row["as_product"] == "XX"} == {"OTHER"}


@pytest.mark.parametrize(
    ("transform", "text"),
    [
        ("lmp_csv", make.DAY_AHEAD + "\n"),
        ("lmp_adders_csv", make.REAL_TIME.format(price="PRC") + "\n"),
        ("as_csv", make.DAY_AHEAD_AS + "\n"),
        ("lmp_xml", make.oasis_xml([])),
        ("lmp_adders_xml", "<m:OASISReport><m:ERROR><m:ERR_CODE>1000</m:ERR_CODE></m:ERROR></m:OASISReport>"),
        ("as_xml", make.oasis_xml([])),
    ],
)
def test_a_file_without_rows_gives_none(transform: str, text: str, tmp_path: Path) -> None:
    assert published(f"caiso/{transform}", lay_out(tmp_path, make.single("x", text))) == []
