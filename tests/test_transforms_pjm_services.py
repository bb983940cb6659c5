"""Data Miner's ancillary services: what the transforms say equals what an independent reader says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from oracle import pjm
from oracle import synthetic as make
from oracle.shell import Case, assert_same, case_of, genuine, lay_out, objections, parameters, published

SERVICE = ("interval_start_utc", "as_product", "unit", "market_clearing_price", "cleared_quantity_mw")


def genuine_cases(column: str, *folders: str) -> list[Case]:
    """Genuine CSV files of these feeds; a file without the feed's columns is another shape, told before."""
    cases = [case_of(path) for path in genuine(*(f"pjm/{folder}" for folder in folders))]
    return [case for case in cases if all(column in case.text(name)[:5000] for name in case.members)]


def long_form(header: str, rows: Sequence[tuple[str, ...]]) -> Case:
    start = datetime(2025, 1, 1, 5)
    text = [header]
    for hours in range(24):
        for service, unit, value in rows:
            cells: dict[str, str] = {
                "datetime_beginning_utc": make.csv_stamp(start + timedelta(hours=hours)),
                "datetime_beginning_ept": make.csv_stamp(start + timedelta(hours=hours - 5)),
                "ancillary_service": service,
                "unit": unit,
                "value": value,
                "row_is_current": "True",
                "version_nbr": "1",
            }
            text.append(",".join(cells[name] for name in header.split(",")))
    return make.single("services.csv", "\r\n".join([*text, ""]))


LONG = "datetime_beginning_utc,datetime_beginning_ept,ancillary_service,unit,value,row_is_current,version_nbr"
SWAPPED = (
    "datetime_beginning_utc,datetime_beginning_ept,ancillary_service,unit,value,version_nbr,row_is_current"
)
MIXED = [
    ("RTO Synchronized Reserve", "Price", "0.030000"),
    ("RTO Synchronized Reserve", "MW", "1512.300000"),
    ("RTO Regulation Capability", "Price", "21.1"),
    ("RTO Regulation Mileage", "Price", "0.1"),
    ("RTO Mileage Ratio", "Ratio", "3.5"),
    ("MAD Secondary Reserve", "price", "0"),
    ("PJM RTO Thirty Minutes Reserve", "Price", "0.7"),
    ("PJM RTO Primary Reserve", "MW", "2400"),
    ("Mid-Atlantic/Dominion Synchronized Reserve", "Price", "5.5"),
    ("MAD Non-Synchronized Reserve", "Price", "1.25"),
    ("Black Start", "Price", ""),
    ("Reactive", "Price", "2"),
]
SERVICES = [
    long_form(LONG, MIXED),
    long_form(SWAPPED, MIXED[:2]),
    long_form(",".join(SWAPPED.split(",")[:5]), MIXED[2:]),
    *genuine_cases("ancillary_service,unit,value", "ancillary_services*", "da_ancillary_services*"),
]


@pytest.mark.parametrize("case", parameters(SERVICES))
def test_every_value_of_a_service_arrives_and_no_other(case: Case, tmp_path: Path) -> None:
    rows = published("pjm/as_long_csv", lay_out(tmp_path, case))
    expected = [row for row in pjm.long_services(case) if len(row.keys() & set(SERVICE)) > 3]
    expected = [row for row in expected if any(row.get(name) is not None for name in SERVICE[3:])]
    assert_same(rows, expected, *SERVICE, "source_version")


@pytest.mark.parametrize("first", [0, 1, 2])
def test_files_with_other_line_ends_are_read_together(first: int, tmp_path: Path) -> None:
    cases = make.retyped(SERVICES[1])
    rows = published("pjm/as_long_csv", lay_out(tmp_path, *cases[first:], *cases[:first]))
    assert_same(rows, [row for case in cases for row in pjm.long_services(case)], *SERVICE)


def test_a_service_s_name_tells_product_and_region(tmp_path: Path) -> None:
    rows = published("pjm/as_long_csv", lay_out(tmp_path, SERVICES[0]))
    assert {(row["as_product"], row["as_product_standard"], row["as_region"]) for row in rows} == {
        ("RTO Synchronized Reserve", "SPIN", "PJM_RTO"),
        ("RTO Regulation Capability", "REG", "PJM_RTO"),
        ("RTO Regulation Mileage", "REG_MILEAGE", "PJM_RTO"),
        ("RTO Mileage Ratio (Ratio)", "OTHER", "PJM_RTO"),
        ("MAD Secondary Reserve", "SUPPLEMENTAL", "MAD"),
        ("PJM RTO Thirty Minutes Reserve", "SUPPLEMENTAL", "PJM_RTO"),
        ("PJM RTO Primary Reserve", "NON_SPIN", "PJM_RTO"),
        ("Mid-Atlantic/Dominion Synchronized Reserve", "SPIN", "MAD"),
        ("MAD Non-Synchronized Reserve", "NON_SPIN", "MAD"),
        ("Reactive", "OTHER", "SYSTEM"),
    }


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (("RTO Synchronized Reserve", "Price", "0.04"), "two different prices of RTO Synchronized Reserve"),
        (("RTO Synchronized Reserve", "MW", "1"), "two different quantities of RTO Synchronized Reserve"),
        (("RTO Synchronized Reserve", "Price", "n/a"), "is not a number: n/a"),
        (("RTO Synchronized Reserve", "", "1"), "names no service or no unit"),
    ],
)
def test_values_that_disagree_are_objected_to(extra: tuple[str, ...], words: str, tmp_path: Path) -> None:
    said = objections(published("pjm/as_long_csv", lay_out(tmp_path, long_form(LONG, [*MIXED, extra]))))
    assert any(words in objection for objection in said), said


def reserves(
    header: str, stamps: list[datetime], services: tuple[str, ...] = ("REG", "SR", "PR", "30MIN")
) -> Case:
    text = [header]
    for number, start in enumerate(stamps):
        for locale in ("PJM_RTO", "MAD"):
            for service in services:
                cells = {
                    "datetime_beginning_utc": make.csv_stamp(start),
                    "datetime_beginning_ept": make.csv_stamp(start - timedelta(hours=4)),
                    "locale": locale,
                    "service": service,
                    "mcp": f"{number % 17}.28",
                    "mcp_capped": f"{number % 13}.28",
                    "reg_ccp": "21.46" if service == "REG" else "",
                    "reg_pcp": "0.81" if service == "REG" else "",
                    "total_mw": f"{600 + number}.00",
                }
                text.append(",".join(cells.get(name, "0.00") for name in header.split(",")))
    return make.single("reserves.csv", "\n".join([*text, ""]))


FULL = (
    "datetime_beginning_utc,datetime_beginning_ept,locale,service,mcp,mcp_capped,reg_ccp,reg_pcp,as_req_mw,"
    "total_mw,as_mw,ss_mw,tier1_mw,ircmwt2,dsr_as_mw,nsr_mw,regd_mw"
)
SHORT = "datetime_beginning_ept,datetime_beginning_utc,service,locale,total_mw,mcp_capped,mcp"
CHANGE = datetime(2022, 10, 1, 4)
HOURLY = list(make.instants(CHANGE - timedelta(hours=28), CHANGE, 60))
FIVE_MINUTES = list(make.instants(CHANGE, CHANGE + timedelta(hours=20), 5))
RESERVES = [
    reserves(FULL, HOURLY),
    reserves(SHORT, HOURLY),
    reserves(FULL, HOURLY + FIVE_MINUTES),
    reserves(FULL, [start for start in FIVE_MINUTES if start.minute % 55 or start.hour % 3]),
    *genuine_cases("mcp_capped", "reserve_market_results*", "da_reserve_market_results*"),
]


@pytest.mark.parametrize("case", parameters(RESERVES))
def test_every_price_of_a_reserve_result_arrives_and_no_other(case: Case, tmp_path: Path) -> None:
    rows = published("pjm/reserve_results_csv", lay_out(tmp_path, case))
    assert_same(rows, pjm.reserve_results(case), *SERVICE, "as_region", "interval_minutes")


def test_the_step_changes_where_the_rows_change_it(tmp_path: Path) -> None:
    rows = published("pjm/reserve_results_csv", lay_out(tmp_path, RESERVES[2]))
    for row in rows:
        assert row["interval_minutes"] == (60 if row["interval_start_utc"] < CHANGE else 5)


def test_reserve_products_are_told_apart(tmp_path: Path) -> None:
    rows = published("pjm/reserve_results_csv", lay_out(tmp_path, RESERVES[0]))
    assert {(row["as_product"], row["as_product_standard"]) for row in rows} == {
        ("REG", "REG"),
        ("REG capped", "REG"),
        ("REG capability", "REG"),
        ("REG performance", "REG_MILEAGE"),
        ("SR", "SPIN"),
        ("SR capped", "SPIN"),
        ("PR", "NON_SPIN"),
        ("PR capped", "NON_SPIN"),
        ("30MIN", "SUPPLEMENTAL"),
        ("30MIN capped", "SUPPLEMENTAL"),
    }
