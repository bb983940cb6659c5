"""Data Miner prices: what the transforms say equals what an independent reader of the raw file says."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from oracle import pjm
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
    "settlement_location",
    "settlement_location_id",
    "settlement_location_type",
    "lmp_total",
    "lmp_energy",
    "lmp_congestion",
    "lmp_loss",
)
DETAIL = ("zone", "voltage_kv", "source_version")
KNOWN = {"1": "ZONE", "51217": "HUB", "5413134": "INTERFACE", "51291": "ZONE"}
LABELS = "datetime_beginning_utc,datetime_beginning_ept,pnode_id,pnode_name,voltage,equipment,type,zone"
NODAL = f"{LABELS},system_energy_price_{{0}},total_lmp_{{0}},congestion_price_{{0}},marginal_loss_price_{{0}}"
VERSIONED = f"{NODAL},row_is_current,version_nbr"
PLACES = (
    ("1", "PJM-RTO", "", "", "ZONE", ""),
    ("51217", "EASTERN HUB", "", "", "HUB", ""),
    ("5413134", "NYIS", "", "", "INTERFACE", ""),
    ("49791", "BUTLER", "69 KV", "LOAD1", "LOAD", "AECO"),
    ("50390", "PLANT, THE", "34.5 KV", "GEN 1", "GEN", "DPL"),
    ("93136", "KEYSTONE", "500 KV", "", "EHV", ""),
    ("1258625176", "AEP_RESID_AGG", "", "", "RESIDUAL_METERED_EDC", "AEP"),
    ("40243801", "SOME AGG", "", "", "AGGREGATE", "PSEG"),
    ("7", "TIE LINE", "13.8", "X", "TIE", "OVEC"),
    ("8", "OUTSIDE", "AREA KV", "X", "EXT", "MISO"),
)


def nodal(
    header: str, first: datetime, hours: int, minutes: int = 60, version: str = "1", line_end: str = "\r\n"
) -> str:
    """A CSV of the LMP feeds: every place in every interval."""
    rows = [header]
    for number, start in enumerate(make.instants(first, first + timedelta(hours=hours), minutes)):
        local = datetime.strptime(make.wall(start, "America/New_York", "%Y%m%d%H%M"), "%Y%m%d%H%M")
        for place, (pnode, name, voltage, equipment, kind, zone) in enumerate(PLACES):
            cells = {
                "datetime_beginning_utc": make.csv_stamp(start),
                "datetime_beginning_ept": make.csv_stamp(local),
                "pnode_id": pnode,
                "pnode_name": f'"{name}"' if "," in name else name,
                "voltage": voltage,
                "equipment": equipment,
                "type": kind,
                "zone": zone,
                "row_is_current": "True",
                "version_nbr": version,
            }
            prices = {
                column: f"{((number + 1) * (place + 3) * (position + 2)) % 99991 / 611 - 20:.6f}"
                for position, column in enumerate(header.split(","))
            }
            rows.append(",".join({**prices, **cells}[column] for column in header.split(",")))
    return line_end.join([*rows, ""])


def answer(case: Case, fields: list[str], envelope: bool, fraction: str = "") -> Case:
    """The same records as the API's JSON would say them, with these fields only; numbers as printed."""
    items = []
    for record in pjm.records(case):
        pairs: list[str] = []
        for field in fields:
            value = record.get(field)
            if field.startswith("datetime") and value is not None:
                value = f'"{pjm.stamp(value).isoformat()}{fraction}"'
            elif value is None:
                value = "null"
            elif field in ("pnode_name", "voltage", "type", "zone", "equipment"):
                value = json.dumps(value)
            elif value in ("True", "False"):
                value = value.lower()
            pairs.append(f'"{field}":{value}')
        items.append("{" + ",".join(pairs) + "}")
    text = "[" + ",".join(items) + "]"
    if envelope:
        text = f'{{"links":[{{"rel":"self"}}],"items":{text},"totalRows":{len(items)}}}'
    return make.single("answer.json", text)


AUTUMN, SPRING = datetime(2025, 11, 2, 4), datetime(2025, 3, 9, 5)
DAY_AHEAD = make.single("da autumn.csv", nodal(VERSIONED.format("da"), AUTUMN, 25))
REAL_TIME = make.single("rt spring.csv", nodal(VERSIONED.format("rt"), SPRING, 23, line_end="\n"))
FIVE = make.single("rt five minutes.csv", nodal(VERSIONED.format("rt"), AUTUMN, 25, minutes=5, version="2"))
SETTLED = make.single(
    "settled.csv",
    nodal(",".join([NODAL.format("rt"), *NODAL.format("da").split(",")[8:]]), AUTUMN, 25),
)
SETTLED_FIVE = make.single("settled five minutes.csv", nodal(NODAL.format("rt"), SPRING, 3, minutes=5))
UNVERIFIED = make.single(
    "unverified.csv",
    nodal(
        "datetime_beginning_utc,datetime_beginning_ept,pnode_id,pnode_name,type,occ_check,"
        "ref_caseid_used_multi_interval,total_lmp_rt,congestion_price_rt,marginal_loss_price_rt",
        AUTUMN,
        25,
        minutes=5,
    ),
)
EVERY_FIELD = VERSIONED.format("da").split(",")


def of_form(case: Case, form: str) -> bool:
    return all(case.text(name).lstrip()[:1] in "[{" for name in case.members) == (form == "json")


def genuine_cases(form: str, column: str, *folders: str) -> list[Case]:
    """Genuine files of these feeds; a file without the feed's price column is another shape, told before."""
    found = [case_of(path) for path in genuine(*(f"pjm/{folder}" for folder in folders))]
    found = [case for case in found if of_form(case, form)]
    return [case for case in found if all(column in case.text(name)[:5000] for name in case.members)]


CSV = [
    *((case, "da") for case in [DAY_AHEAD, *genuine_cases("csv", "total_lmp_da", "da_hrl_lmps*")]),
    *(
        (case, "rt")
        for case in [
            REAL_TIME,
            FIVE,
            *map(case_of, derived("pjm/_derived/first_rows/rt_fivemin_hrl_lmps_2025-09-01_PJM-RTO.csv")),
            *genuine_cases("csv", "total_lmp_rt", "rt_hrl_lmps*", "rt_fivemin_hrl_lmps*"),
        ]
    ),
]


@pytest.mark.parametrize(("case", "market"), [pytest.param(*pair, id=pair[0].name) for pair in CSV])
def test_every_price_of_a_csv_arrives_and_no_other(case: Case, market: str, tmp_path: Path) -> None:
    assert_same(
        published("pjm/lmp_csv", lay_out(tmp_path, case)), pjm.energy_prices(case, market), *PRICE, *DETAIL
    )


MONTHLY = [
    SETTLED,
    *map(case_of, derived("pjm/_derived/first_rows/rt_da_monthly_lmps_2018_hubs.csv")),
    *genuine_cases("csv", "total_lmp_rt", "rt_da_monthly_lmps*"),
]


@pytest.mark.parametrize("first", [0, 1])
def test_files_with_other_line_ends_are_read_together(first: int, tmp_path: Path) -> None:
    cases = make.retyped(DAY_AHEAD)[:2]
    rows = published("pjm/lmp_csv", lay_out(tmp_path, *cases[first:], *cases[:first]))
    assert_same(rows, [row for case in cases for row in pjm.energy_prices(case, "da")], *PRICE, *DETAIL)


@pytest.mark.parametrize("case", parameters(MONTHLY))
def test_a_settled_row_is_a_day_ahead_and_a_real_time_price(case: Case, tmp_path: Path) -> None:
    files = lay_out(tmp_path, case)
    for market in ("rt", "da"):
        rows = published(f"pjm/lmp_settled_{market}_csv", files)
        assert_same(rows, pjm.energy_prices(case, market), *PRICE, *DETAIL)


@pytest.mark.parametrize(
    "case", parameters([SETTLED_FIVE, *genuine_cases("csv", "total_lmp_rt", "rt_fivemin_mnt_lmps*")])
)
def test_settled_five_minute_prices_are_read_by_name(case: Case, tmp_path: Path) -> None:
    rows = published("pjm/lmp_settled_rt_csv", lay_out(tmp_path, case))
    assert_same(rows, pjm.energy_prices(case, "rt"), *PRICE, *DETAIL)


@pytest.mark.parametrize(
    "case", parameters([UNVERIFIED, *genuine_cases("csv", "total_lmp_rt", "*unverified*")])
)
def test_unverified_energy_is_what_the_total_leaves(case: Case, tmp_path: Path) -> None:
    rows = published("pjm/lmp_unverified_csv", lay_out(tmp_path, case), known_locations=KNOWN)
    assert_same(rows, pjm.energy_prices(case, "rt", derived=True, known=KNOWN), *PRICE)


JSON = [
    *(
        (case, "lmp_da_json", "da")
        for case in [
            answer(DAY_AHEAD, EVERY_FIELD, envelope=True),
            answer(DAY_AHEAD, EVERY_FIELD, envelope=False, fraction=".000"),
            answer(
                DAY_AHEAD, ["datetime_beginning_utc", "pnode_id", "pnode_name", "type", "total_lmp_da"], True
            ),
            answer(DAY_AHEAD, ["datetime_beginning_utc", "pnode_id", "pnode_name", "total_lmp_da"], False),
            answer(SETTLED, EVERY_FIELD[:12], False),
            *genuine_cases("json", "total_lmp_da", "da_hrl_lmps*", "rt_da_monthly_lmps*"),
        ]
    ),
    *(
        (case, "lmp_rt_json", "rt")
        for case in [
            answer(REAL_TIME, VERSIONED.format("rt").split(","), envelope=True),
            answer(
                FIVE,
                ["pnode_id", "total_lmp_rt", "pnode_name", "datetime_beginning_utc", "version_nbr"],
                False,
            ),
            *genuine_cases(
                "json", "total_lmp_rt", "rt_hrl*", "rt_fivemin_hrl*", "rt_fivemin_mnt*", "rt_da_monthly*"
            ),
        ]
    ),
    *(
        (case, "lmp_unverified_json", "rt")
        for case in [
            answer(UNVERIFIED, UNVERIFIED.text("unverified.csv").split("\r\n")[0].split(","), envelope=True),
            answer(
                UNVERIFIED,
                ["datetime_beginning_utc", "pnode_id", "pnode_name", "total_lmp_rt"],
                envelope=False,
            ),
            *genuine_cases("json", "total_lmp_rt", "*unverified*"),
        ]
    ),
]


@pytest.mark.parametrize(
    ("case", "transform", "market"),
    [
        pytest.param(*triple, id=f"{number} {triple[1]} {triple[0].name}")
        for number, triple in enumerate(JSON)
    ],
)
def test_every_price_of_an_answer_arrives_and_no_other(
    case: Case, transform: str, market: str, tmp_path: Path
) -> None:
    derived = transform == "lmp_unverified_json"
    expected = pjm.energy_prices(case, market, derived=derived, known=KNOWN)
    fields = PRICE if derived else (*PRICE, *DETAIL)
    for compressed in (False, True):
        files = lay_out(tmp_path / str(compressed), case, compressed=compressed)
        assert_same(published(f"pjm/{transform}", files, known_locations=KNOWN), expected, *fields)


def test_pages_and_bare_arrays_are_read_together(tmp_path: Path) -> None:
    cases = [JSON[0][0], JSON[1][0], make.single("empty.json", '{"links":[],"items":[],"totalRows":0}')]
    cases.append(make.single("none.json", "[]"))
    rows = published("pjm/lmp_da_json", lay_out(tmp_path, *cases))
    assert_same(rows, [row for case in cases for row in pjm.energy_prices(case, "da")], *PRICE, *DETAIL)


def test_a_location_of_unknown_type_is_a_node(tmp_path: Path) -> None:
    files = lay_out(tmp_path, JSON[3][0])
    assert {row["settlement_location_type"] for row in published("pjm/lmp_da_json", files)} == {"NODE"}
    known = published("pjm/lmp_da_json", files, known_locations=KNOWN)
    assert {row["settlement_location_id"]: row["settlement_location_type"] for row in known}["51217"] == "HUB"


@pytest.mark.parametrize(
    "item",
    [
        '{"pnode_id":1,"pnode_name":"A","total_lmp_da":1}',
        '{"datetime_beginning_utc":"2026-06-09T04:00:00","pnode_name":"A","total_lmp_da":1}',
        '{"datetime_beginning_utc":"2026-06-09T04:00:00","pnode_id":1,"pnode_name":"A"}',
        '{"datetime_beginning_utc":"2026-06-09T04:00:00-04:00","pnode_id":1,"total_lmp_da":1}',
    ],
)
def test_an_item_without_key_or_price_is_objected_to(item: str, tmp_path: Path) -> None:
    assert objections(published("pjm/lmp_da_json", lay_out(tmp_path, make.single("x.json", f"[{item}]"))))


def test_a_row_without_a_price_is_objected_to(tmp_path: Path) -> None:
    header = VERSIONED.format("da")
    row = "1/1/2025 5:00:00 AM,1/1/2025 12:00:00 AM,1,PJM-RTO,,,ZONE,,21.26,,0,0,True,1"
    files = lay_out(tmp_path, make.single("x.csv", f"{header}\n{row}\n"))
    assert objections(published("pjm/lmp_csv", files)) == {"a row has no total LMP"}


def test_both_versions_of_a_corrected_hour_are_rows(tmp_path: Path) -> None:
    first = nodal(VERSIONED.format("rt"), SPRING, 2).replace("True,1", "False,1")
    second = nodal(VERSIONED.format("rt"), SPRING, 2, version="2")
    case = make.single("x.csv", first + second.partition("\r\n")[2])
    rows = published("pjm/lmp_csv", lay_out(tmp_path, case))
    assert_same(rows, pjm.energy_prices(case, "rt"), *PRICE, *DETAIL)
    assert sorted(row["source_version"] for row in rows) == [1] * 20 + [2] * 20
