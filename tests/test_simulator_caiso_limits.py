"""The OASIS stand-in at its limits: errors, retention, publication, corrections."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from simulator_kit import NOW, error_code, genuine, members, name_of, oasis, only, rows

from ingest.simulator import Simulator
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


# --- refusals


def test_an_error_document_is_laid_out_like_the_genuine_one(calm: Simulator) -> None:
    answer = oasis(calm, "SingleZip", node="NO_SUCH_NODE", **DAY, **DAM)
    assert "INVALID_REQUEST.xml" in answer.headers["Content-Disposition"]
    ((name, text),) = members(answer).items()
    assert name.endswith(".xml")
    for sample in genuine("caiso/_errors/INVALID_REQUEST_1000_no_data.xml"):
        real = sample.read_text().splitlines()
        ours = text.splitlines()
        assert [line for line in real if "TimeDate" not in line] == [
            line for line in ours if "TimeDate" not in line
        ]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (1005, {"queryname": "PRC_NOTHING"}),
        (1020, {"version": 2}),
        (1020, {"version": None}),
        (1001, {"startdatetime": None}),
        (1002, {"startdatetime": "2026-01-05T08:00"}),
        (1002, {"startdatetime": "20261305T08:00-0000"}),
        (1001, {"market_run_id": "RTM"}),
        (1001, {"node": None}),
        (1001, {"enddatetime": "20260104T08:00-0000"}),
        (1004, {"enddatetime": "20260205T08:00-0000"}),
        (1014, {"startdatetime": "20270105T08:00-0000", "enddatetime": "20270106T08:00-0000"}),
        (1017, {"node": ",".join(f"N{index}" for index in range(11))}),
        (1000, {"node": "NO_SUCH_NODE"}),
    ],
)
def test_a_wrong_single_request_gets_its_code(calm: Simulator, code: int, change: dict[str, object]) -> None:
    assert error_code(oasis(calm, "SingleZip", **({"node": HUB} | DAY | DAM | change))) == code


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (1016, {"groupid": "NO_GRP"}),
        (1020, {"version": 3}),
        (1002, {"startdatetime": "yesterday"}),
        (1018, {"groupid": "RTM_LMP_GRP", "version": 3, "enddatetime": "20260105T10:00-0000"}),
    ],
)
def test_a_wrong_group_request_gets_its_code(calm: Simulator, code: int, change: dict[str, object]) -> None:
    assert error_code(oasis(calm, "GroupZip", **(GROUP | change))) == code


def test_thirty_days_and_ten_nodes_are_served(calm: Simulator) -> None:
    span = {"startdatetime": "20260105T08:00-0000", "enddatetime": "20260204T08:00-0000"}
    nodes = ",".join(locations(3)[:10])
    assert len(rows(only(oasis(calm, "SingleZip", node=nodes, **span, **DAM)))) == 30 * 24 * 10 * 5


# --- windows


def test_by_node_39_months_are_kept_and_in_groups_64(calm: Simulator) -> None:
    def single(day: date) -> bool:
        end = f"{day + timedelta(days=1):%Y%m%d}T07:00-0000"
        answer = oasis(
            calm, "SingleZip", node=HUB, startdatetime=f"{day:%Y%m%d}T07:00-0000", enddatetime=end, **DAM
        )
        return "INVALID" not in name_of(answer)

    def group(day: date) -> bool:
        answer = oasis(calm, "GroupZip", **(GROUP | {"startdatetime": f"{day:%Y%m%d}T07:00-0000"}))
        return "INVALID" not in name_of(answer)

    assert (single(date(2023, 8, 15)), single(date(2023, 8, 8))) == (True, False)
    assert (group(date(2021, 7, 15)), group(date(2021, 7, 8))) == (True, False)
    assert error_code(oasis(calm, "GroupZip", **(GROUP | {"startdatetime": "20200105T08:00-0000"}))) == 1000


def test_the_windows_are_those_that_were_measured(sim: Simulator) -> None:
    sim.now = datetime(2026, 7, 31, 18, tzinfo=UTC)
    for day, served in ((date(2023, 4, 19), True), (date(2023, 4, 18), False)):
        span = {
            "startdatetime": f"{day:%Y%m%d}T07:00-0000",
            "enddatetime": f"{day + timedelta(days=1):%Y%m%d}T07:00-0000",
        }
        assert ("INVALID" not in name_of(oasis(sim, "SingleZip", node=HUB, **span, **DAM))) is served
    sim.now = datetime(2026, 9, 7, 18, tzinfo=UTC)
    for start, served in (("20210427T07:00-0000", True), ("20210426T07:00-0000", False)):
        assert (
            "INVALID" not in name_of(oasis(sim, "GroupZip", **(GROUP | {"startdatetime": start})))
        ) is served


def test_day_ahead_appears_at_one_in_the_afternoon_pacific_of_the_day_before(sim: Simulator) -> None:
    asked = GROUP | {"startdatetime": "20261121T08:00-0000"}
    assert error_code(oasis(sim, "GroupZip", **asked)) == 1000
    sim.now = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
    assert len(members(oasis(sim, "GroupZip", **asked))) == 5


def test_a_span_into_the_unpublished_holds_what_is_published(calm: Simulator) -> None:
    span = {"startdatetime": "20261120T08:00-0000", "enddatetime": "20261122T08:00-0000"}
    found = rows(only(oasis(calm, "SingleZip", node=HUB, **span, **DAM)))
    assert {row["OPR_DT"] for row in found} == {"2026-11-20"}


def test_real_time_appears_interval_by_interval_and_groups_when_the_hour_is_over(calm: Simulator) -> None:
    span = {"startdatetime": "20261120T19:00-0000", "enddatetime": "20261120T22:00-0000"}
    parts = members(oasis(calm, "SingleZip", node=HUB, **span, **RTM))
    assert {row["INTERVALENDTIME_GMT"] for row in rows(parts.popitem()[1])} <= {
        f"2026-11-20T{h:02d}:{m:02d}:00-00:00" for h in (19, 20) for m in range(0, 60, 5) if h == 19 or m == 0
    }
    hour = {"groupid": "RTM_LMP_GRP", "version": 3}
    assert len(members(oasis(calm, "GroupZip", startdatetime="20261120T19:00-0000", **hour))) == 5
    assert error_code(oasis(calm, "GroupZip", startdatetime="20261120T20:00-0000", **hour)) == 1000


# --- corrections


def test_a_correction_overwrites_in_place_and_can_be_taken_back(sim: Simulator) -> None:
    def price(hour: int) -> Decimal:
        text = members(oasis(sim, "GroupZip", **GROUP))["20260105_20260105_PRC_LMP_DAM_LMP_v12.csv"]
        found = [r for r in rows(text) if r["NODE"] == HUB and r["OPR_HR"] == str(hour)]
        assert len(found) == 1
        return Decimal(found[0]["MW"])

    first, untouched = price(8), price(9)
    sim.correct("CAISO", "PRC_LMP", date(2026, 1, 5), amount="2.5", hours=[7])
    assert (price(8), price(9)) == (first + Decimal("2.5"), untouched)
    when = datetime(2026, 1, 5, 15, tzinfo=UTC)
    assert Decimal(sim.expected("CAISO", "PRC_LMP", HUB, when)["LMP"]) == first + Decimal("2.5")
    sim.uncorrect("CAISO", "PRC_LMP", date(2026, 1, 5))
    assert price(8) == first


def test_the_list_of_corrections_names_the_corrected_hours_and_only_them(sim: Simulator) -> None:
    asked = {"groupid": "PRC_CORR_GRP", "startdatetime": "20260105T08:00-0000", "version": 1}

    def listed() -> list[dict[str, str]]:
        found = rows(only(oasis(sim, "GroupZip", **asked)))
        assert found
        return [row for row in found if row["CORRECTION_REASON"] != "No records found for report."]

    assert not listed()
    sim.correct("CAISO", "DAM", date(2026, 1, 5), hours=[7, 8])
    assert [(row["MARKET"], row["HOUR_ENDING"], row["CORRECTION_COUNT"]) for row in listed()] == [
        ("DAM", "8", "1"),
        ("DAM", "9", "1"),
    ]
    sim.uncorrect("CAISO", "DAM", date(2026, 1, 5))
    assert {row["CORRECTION_COUNT"] for row in listed()} == {"2"}
    assert error_code(oasis(sim, "GroupZip", **(asked | {"startdatetime": "20261120T08:00-0000"}))) == 1000


def test_the_list_of_corrections_has_the_known_columns(calm: Simulator) -> None:
    answer = oasis(calm, "GroupZip", groupid="PRC_CORR_GRP", startdatetime="20260105T08:00-0000", version=1)
    assert only(answer).split("\n", 1)[0] == (
        "TRADE_DATE,HOUR_ENDING,INTERVAL,MARKET,AFFECTED_AREA,CORRECTION_METHOD,CORRECTION_COUNT,ENERGY_TYPECODE,"
        "CORRECTION_REASON,REPORT_GENERATED"
    )


def test_drift_reaches_every_member(sim: Simulator) -> None:
    sim.fail("oasis.caiso.com", "drift")
    parts = members(oasis(sim, "GroupZip", **GROUP))
    assert all(text.split("\n", 1)[0].endswith(",GROUP,NEW_COLUMN") for text in parts.values())


def test_an_archive_is_readable_from_its_bytes_alone(calm: Simulator) -> None:
    content = oasis(calm, "GroupZip", **GROUP).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
