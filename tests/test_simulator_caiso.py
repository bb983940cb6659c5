"""The OASIS stand-in: names, members, headers, formats and what an answer holds."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from simulator_kit import NOW, genuine, header_of, members, name_of, oasis, only, rows

from ingest.simulator import Simulator, expected
from ingest.simulator.caiso_reports import locations

HUB = "TH_NP15_GEN-APND"
DAM = {"queryname": "PRC_LMP", "market_run_id": "DAM", "version": 12}
RTPD = {"queryname": "PRC_RTPD_LMP", "market_run_id": "RTPD", "version": 2}
RTM = {"queryname": "PRC_INTVL_LMP", "market_run_id": "RTM", "version": 3}
DAY = {"startdatetime": "20260105T08:00-0000", "enddatetime": "20260106T08:00-0000"}
GROUP = {"groupid": "DAM_LMP_GRP", "startdatetime": "20260105T08:00-0000", "version": 12}


@pytest.fixture(scope="module")
def calm() -> Iterator[Simulator]:
    """A simulator that no test changes."""
    with Simulator(now=NOW, nodes=3) as simulator:
        yield simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as simulator:
        yield simulator


# --- headers and names


DAM_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,"
    "LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP"
)
RT_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,LMP_TYPE,"
    "XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,{},OPR_INTERVAL,GROUP"
)


@pytest.mark.parametrize(
    ("query", "header", "samples"),
    [
        (DAM | {"version": 1}, DAM_HEADER, ("caiso/prc_lmp_dam/2018*.csv", "caiso/prc_lmp_dam/2024*.zip")),
        (DAM, DAM_HEADER, ("caiso/prc_lmp_dam/20[12][90]*.csv",)),
        (RTPD, RT_HEADER.format("PRC"), ("caiso/prc_rtpd_lmp/*.csv",)),
        (RTPD | {"version": 3}, RT_HEADER.format("PRC"), ()),
        (RTM, RT_HEADER.format("VALUE"), ("caiso/_derived/quoted_rows/PRC_INTVL_LMP_RTM*.csv",)),
        (RTM | {"version": 2}, RT_HEADER.format("MW"), ()),
        (RTM | {"version": 1}, RT_HEADER.format("MW"), ()),
    ],
)
def test_a_price_report_has_the_header_of_the_genuine_one(
    calm: Simulator, query: dict[str, object], header: str, samples: tuple[str, ...]
) -> None:
    answer = oasis(calm, "SingleZip", node=HUB, **DAY, **query)
    for text in members(answer).values():
        assert text.split("\n", 1)[0] == header
    for sample in genuine(*samples):
        assert header_of(sample) == header, sample


def test_the_reserve_reports_have_the_documented_headers(calm: Simulator) -> None:
    day_ahead = oasis(
        calm,
        "SingleZip",
        queryname="PRC_AS",
        market_run_id="DAM",
        version=12,
        anc_type="NR",
        anc_region="ALL",
        **DAY,
    )
    assert only(day_ahead).split("\n", 1)[0] == (
        "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,OPR_TYPE,ANC_TYPE,ANC_REGION,"
        "MARKET_RUN_ID,XML_DATA_ITEM,MW,GROUP"
    )
    real_time = oasis(calm, "SingleZip", queryname="PRC_INTVL_AS", market_run_id="RTM", version=1, **DAY)
    assert only(real_time).split("\n", 1)[0] == (
        "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_TYPE,ANC_TYPE,XML_DATA_ITEM,MARKET_RUN_ID,MW,"
        "ANC_REGION,OPR_INTERVAL,GROUP"
    )


def test_lines_end_with_lf_and_nothing_is_quoted(calm: Simulator) -> None:
    text = only(oasis(calm, "SingleZip", node=HUB, **DAY, **DAM))
    assert text.endswith("\n")
    assert "\r" not in text
    assert '"' not in text


def test_a_single_zip_is_named_after_the_pacific_dates_and_the_second_of_the_request(calm: Simulator) -> None:
    span = {"startdatetime": "20230918T00:00-0000", "enddatetime": "20230920T00:00-0000"}
    answer = oasis(calm, "SingleZip", node=HUB, **span, **RTPD)
    assert name_of(answer) == "20230917_20230919_PRC_RTPD_LMP_RTPD_20261120_12_00_00_v2.zip"
    assert list(members(answer)) == ["20230917_20230919_PRC_RTPD_LMP_RTPD_20261120_12_00_00_v2.csv"]
    for sample in genuine("caiso/prc_rtpd_lmp/20230917_20230919*.csv"):
        stamps = sorted(row["INTERVALSTARTTIME_GMT"] for row in rows(sample.read_text()))
        ours = sorted(row["INTERVALSTARTTIME_GMT"] for row in rows(only(answer)))
        assert stamps == ours, "the genuine file of that name holds other instants"


def test_version_three_has_a_member_for_each_component(calm: Simulator) -> None:
    parts = members(oasis(calm, "SingleZip", node=HUB, **DAY, **RTM))
    assert sorted(name.split("_")[6] for name in parts) == ["LMP", "MCC", "MCE", "MCL", "MGHG"]
    for name, text in parts.items():
        assert {row["LMP_TYPE"] for row in rows(text)} == {name.split("_")[6]}


def test_version_three_of_real_time_keeps_trailing_zeros_and_the_others_do_not(calm: Simulator) -> None:
    fixed = [
        row["VALUE"]
        for text in members(oasis(calm, "SingleZip", node=HUB, **DAY, **RTM)).values()
        for row in rows(text)
    ]
    assert all(len(value.split(".")[1]) == 5 for value in fixed)
    bare = [row["MW"] for row in rows(only(oasis(calm, "SingleZip", node=HUB, **DAY, **DAM)))]
    assert "0" in bare
    assert not any("." in value and value.endswith("0") for value in bare)
    for sample in genuine("caiso/prc_lmp_dam/2018*.csv"):
        genuine_values = [row["MW"] for row in rows(sample.read_text())]
        assert not any("." in value and value.endswith("0") for value in genuine_values)


# --- what an answer holds


def test_a_day_has_every_component_of_every_hour_at_the_expected_price(calm: Simulator) -> None:
    found = rows(only(oasis(calm, "SingleZip", node=f"{HUB},MALIN_5_N101", **DAY, **DAM)))
    assert len(found) == 2 * 5 * 24
    for row in found:
        when = datetime.fromisoformat(row["INTERVALSTARTTIME_GMT"]).astimezone(UTC)
        assert row["MW"] == expected.printed("CAISO", "PRC_LMP", row["NODE"], when)[row["LMP_TYPE"]]
        assert row["OPR_DT"] == "2026-01-05"
    assert {(row["NODE"], row["GRP_TYPE"], row["POS"]) for row in found} == {
        (HUB, "ALL_APNODES", "0"),
        ("MALIN_5_N101", "ALL", "1"),
    }


def test_rows_are_not_in_order_of_time_and_each_series_has_a_group(calm: Simulator) -> None:
    found = rows(only(oasis(calm, "SingleZip", node=HUB, **DAY, **DAM)))
    first = [row["INTERVALSTARTTIME_GMT"] for row in found if row["GROUP"] == "1"]
    assert first != sorted(first)
    kinds = {(row["GROUP"], row["LMP_TYPE"]) for row in found}
    assert kinds == {("1", "LMP"), ("2", "MCC"), ("3", "MCE"), ("4", "MCL"), ("5", "MGHG")}


def test_spring_skips_hour_three_and_autumn_repeats_an_hour_as_twenty_five(calm: Simulator) -> None:
    spring = {"startdatetime": "20260308T08:00-0000", "enddatetime": "20260309T07:00-0000"}
    autumn = {"startdatetime": "20261101T07:00-0000", "enddatetime": "20261102T08:00-0000"}
    hours = [
        int(r["OPR_HR"])
        for r in rows(only(oasis(calm, "SingleZip", node=HUB, **spring, **DAM)))
        if r["GROUP"] == "1"
    ]
    assert sorted(hours) == [1, 2, *range(4, 25)]
    by_time = sorted(
        (r["INTERVALSTARTTIME_GMT"], int(r["OPR_HR"]))
        for r in rows(only(oasis(calm, "SingleZip", node=HUB, **autumn, **DAM)))
        if r["GROUP"] == "1"
    )
    assert [hour for _, hour in by_time] == [1, 2, 25, *range(3, 25)]
    for sample in genuine("caiso/prc_lmp_dam/2019*.csv"):
        day = [r for r in rows(sample.read_text()) if r["OPR_DT"] == "2019-11-03"]
        assert {r["OPR_HR"]: r["INTERVALSTARTTIME_GMT"] for r in day}["25"] == "2019-11-03T09:00:00-00:00"


def test_real_time_pads_the_hour_and_counts_the_intervals(calm: Simulator) -> None:
    quarter = rows(only(oasis(calm, "SingleZip", node=HUB, **DAY, **RTPD)))
    assert Counter(row["OPR_INTERVAL"] for row in quarter) == {str(i): 24 * 5 for i in range(1, 5)}
    assert {row["OPR_HR"] for row in quarter} == {f"{hour:02d}" for hour in range(1, 25)}
    five = rows(members(oasis(calm, "SingleZip", node=HUB, **DAY, **RTM)).popitem()[1])
    assert Counter(row["OPR_INTERVAL"] for row in five) == {str(i): 24 for i in range(1, 13)}


def test_an_offset_of_the_wrong_season_loses_one_hour_and_leaks_another(calm: Simulator) -> None:
    summer = {"startdatetime": "20260105T07:00-0000", "enddatetime": "20260106T07:00-0000"}
    found = rows(only(oasis(calm, "SingleZip", node=HUB, **summer, **DAM)))
    assert {(row["OPR_DT"], row["OPR_HR"]) for row in found if row["OPR_DT"] != "2026-01-05"} == {
        ("2026-01-04", "24")
    }
    assert len({row["OPR_HR"] for row in found if row["OPR_DT"] == "2026-01-05"}) == 23


def test_all_nodes_are_asked_by_group_type_for_a_day_or_an_hour(calm: Simulator) -> None:
    day = rows(only(oasis(calm, "SingleZip", grp_type="ALL", startdatetime=DAY["startdatetime"], **DAM)))
    assert {row["NODE"] for row in day} == set(locations(3))
    assert len({row["INTERVALSTARTTIME_GMT"] for row in day}) == 24
    hour = oasis(calm, "SingleZip", grp_type="ALL_APNODES", **DAY, **RTM)
    found = [row for text in members(hour).values() for row in rows(text)]
    assert {row["GRP_TYPE"] for row in found} == {"ALL_APNODES"}
    assert len({row["INTERVALSTARTTIME_GMT"] for row in found}) == 12


def test_xml_is_what_comes_without_a_result_format(calm: Simulator) -> None:
    answer = oasis(calm, "SingleZip", resultformat=None, node=HUB, **DAY, **(DAM | {"version": 1}))
    ((name, text),) = members(answer).items()
    assert name.endswith("_v1.xml")
    assert text.count("<REPORT_ITEM>") == 5
    assert text.count("<REPORT_DATA>") == 5 * 24
    for sample in genuine("caiso/prc_lmp_dam/*.zip"):
        with zipfile.ZipFile(sample) as archive:
            if not archive.namelist()[0].endswith(".xml"):
                continue
            real = archive.read(archive.namelist()[0]).decode()
        assert tags(real) == tags(text)
        assert real.splitlines()[0] == text.splitlines()[0]


def tags(text: str) -> set[str]:
    """The opening tags of a document."""
    return {part.split(">")[0] for part in text.split("<") if part and part[0].isalpha()}


# --- groups


def test_a_day_ahead_group_is_a_trade_day_with_a_member_per_component(calm: Simulator) -> None:
    answer = oasis(calm, "GroupZip", **GROUP)
    assert name_of(answer) == "20260105_20260105_DAM_LMP_GRP_N_N_v12_csv.zip"
    parts = members(answer)
    assert list(parts) == [
        f"20260105_20260105_PRC_LMP_DAM_{kind}_v12.csv" for kind in ("LMP", "MCC", "MCE", "MCL", "MGHG")
    ]
    for text in parts.values():
        found = rows(text)
        assert len(found) == 24 * len(locations(3))
        assert {row["OPR_DT"] for row in found} == {"2026-01-05"}


@pytest.mark.parametrize("version", [1, 12])
def test_the_greenhouse_gas_member_begins_with_2023(calm: Simulator, version: int) -> None:
    old = oasis(calm, "GroupZip", **(GROUP | {"startdatetime": "20221231T08:00-0000", "version": version}))
    new = oasis(calm, "GroupZip", **(GROUP | {"startdatetime": "20230101T08:00-0000", "version": version}))
    assert (len(members(old)), len(members(new))) == (4, 5)


def test_components_of_a_group_add_up_to_the_price(calm: Simulator) -> None:
    for start in ("20220601T07:00-0000", "20260105T08:00-0000"):
        parts = members(oasis(calm, "GroupZip", **(GROUP | {"startdatetime": start})))
        total: dict[tuple[str, str], Decimal] = {}
        for text in parts.values():
            for row in rows(text):
                sign = -1 if row["LMP_TYPE"] == "LMP" else 1
                key = (row["NODE"], row["INTERVALSTARTTIME_GMT"])
                total[key] = total.get(key, Decimal(0)) + sign * Decimal(row["MW"])
        assert set(total.values()) == {Decimal(0)}


def test_the_same_old_group_has_the_same_bytes(sim: Simulator) -> None:
    before = oasis(sim, "GroupZip", **GROUP).content
    sim.now = NOW + timedelta(days=3)
    assert oasis(sim, "GroupZip", **GROUP).content == before


def test_a_real_time_group_is_one_operating_hour(calm: Simulator) -> None:
    for hour, index in (
        ("20261101T08:00-0000", "02"),
        ("20261101T09:00-0000", "25"),
        ("20261101T10:00-0000", "03"),
    ):
        answer = oasis(calm, "GroupZip", groupid="RTM_LMP_GRP", version=3, startdatetime=hour)
        assert name_of(answer) == f"20261101_20261101_RTM_LMP_GRP_{index}_N_v3_csv.zip"
        parts = members(answer)
        assert sorted(parts) == [
            f"20261101_20261101_PRC_INTVL_LMP_RTM_{kind}_{index}_v3.csv"
            for kind in ("LMP", "MCC", "MCE", "MCL", "MGHG")
        ]
        assert all(len(rows(text)) == 12 * len(locations(3)) for text in parts.values())


def test_version_one_of_a_real_time_group_has_one_member_without_greenhouse_gas(calm: Simulator) -> None:
    answer = oasis(calm, "GroupZip", groupid="RTM_LMP_GRP", version=1, startdatetime="20261105T08:00-0000")
    ((name, text),) = members(answer).items()
    assert name == "20261105_20261105_PRC_INTVL_LMP_RTM_01_v1.csv"
    assert {row["LMP_TYPE"] for row in rows(text)} == {"LMP", "MCC", "MCE", "MCL"}


def test_a_quarter_hour_group_serves_both_versions(calm: Simulator) -> None:
    for version, count in ((1, 1), (3, 5)):
        answer = oasis(
            calm, "GroupZip", groupid="RTPD_LMP_GRP", version=version, startdatetime="20261105T08:00-0000"
        )
        assert len(members(answer)) == count


def test_all_reserves_at_once_are_redirected_to_the_group(calm: Simulator) -> None:
    answer = oasis(
        calm,
        "SingleZip",
        queryname="PRC_AS",
        market_run_id="DAM",
        version=12,
        anc_type="ALL",
        anc_region="ALL",
        **DAY,
    )
    assert answer.history[0].status_code == 302
    assert "groupid=DAM_PRC_AS_GRP" in answer.url
    found = rows(only(answer))
    assert Counter(row["ANC_TYPE"] for row in found) == {
        "NR": 144,
        "RD": 144,
        "RMD": 24,
        "RMU": 24,
        "RU": 144,
        "SR": 144,
    }
    row = found[0]
    when = datetime.fromisoformat(row["INTERVALSTARTTIME_GMT"])
    assert (
        row["MW"] == expected.printed("CAISO", "PRC_AS", f"{row['ANC_REGION']} {row['ANC_TYPE']}", when)["MW"]
    )


def test_the_real_time_reserve_group_is_a_day_of_quarter_hours(calm: Simulator) -> None:
    answer = oasis(calm, "GroupZip", groupid="RTM_PRC_AS_GRP", version=1, startdatetime="20261105T08:00-0000")
    assert len({row["INTERVALSTARTTIME_GMT"] for row in rows(only(answer))}) == 96
