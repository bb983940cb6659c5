"""The Data Miner 2 stand-in: keys, formats, rows, filters and pages."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from simulator_kit import API, MINER, NOW, feed, genuine, header_of, key, refusal, rows, utc

from ingest.simulator import Simulator, expected
from ingest.simulator.pjm_feeds import FEEDS
from ingest.simulator.pjm_locations import HUBS, ZONES, nodes

DAY = {"datetime_beginning_ept": "9/15/2026 00:00 to 9/15/2026 23:59"}


@pytest.fixture(scope="module")
def calm() -> Iterator[Simulator]:
    """A simulator that no test changes."""
    with Simulator(now=NOW, nodes=5) as simulator:
        yield simulator


# --- keys and addresses


def test_the_settings_hold_a_key_that_the_api_accepts(calm: Simulator) -> None:
    assert len(key(calm)) == 32
    assert feed(calm, "da_hrl_lmps", **DAY).status_code == 200
    assert requests.get(f"{calm.url}/{MINER}/config/other.json", timeout=30).status_code == 404


def test_a_request_without_a_good_key_is_401_and_an_unknown_feed_404_even_so(calm: Simulator) -> None:
    base = f"{calm.url}/{API}/api/v1"
    words = {"rowCount": 1, "startRow": 1} | DAY
    assert requests.get(f"{base}/da_hrl_lmps", params=words, timeout=30).status_code == 401
    wrong = {"Ocp-Apim-Subscription-Key": "no-such-key"}
    assert requests.get(f"{base}/da_hrl_lmps", params=words, headers=wrong, timeout=30).status_code == 401
    assert requests.get(f"{base}/rt_fivemin_lmps", params=words, timeout=30).status_code == 404


def test_more_keys_can_be_given_and_the_key_may_stand_in_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PJM_API_KEY", "from-the-environment")
    with Simulator(now=NOW, nodes=0, keys=["my-own-key"]) as sim:
        for own in ("my-own-key", "from-the-environment"):
            words = {"rowCount": 1, "startRow": 1, "subscription-key": own} | DAY
            answer = requests.get(f"{sim.url}/{API}/api/v1/da_hrl_lmps", params=words, timeout=30)
            assert answer.status_code == 200


# --- headers and formats

LMP = "datetime_beginning_utc,datetime_beginning_ept,pnode_id,pnode_name,voltage,equipment,type,zone,"
PARTS = "system_energy_price_{0},total_lmp_{0},congestion_price_{0},marginal_loss_price_{0}"
BEGINNING = "datetime_beginning_utc,datetime_beginning_ept,"
SERVICE = "datetime_beginning_utc,datetime_beginning_ept,ancillary_service,unit,value,"
RESERVE = "datetime_beginning_utc,datetime_beginning_ept,locale,service,mcp,mcp_capped,"
UNVERIFIED = (
    "datetime_beginning_utc,datetime_beginning_ept,pnode_id,pnode_name,type,total_lmp_rt,congestion_price_rt,"
    "marginal_loss_price_rt"
)
HEADERS: dict[str, tuple[str, str]] = {
    "da_hrl_lmps": (LMP + PARTS.format("da") + ",row_is_current,version_nbr", "pjm/da_hrl_lmps/*.csv"),
    "rt_hrl_lmps": (LMP + PARTS.format("rt") + ",row_is_current,version_nbr", "pjm/rt_hrl_lmps/*.csv"),
    "rt_fivemin_hrl_lmps": (
        LMP + PARTS.format("rt") + ",row_is_current,version_nbr",
        "pjm/_derived/first_rows/rt_fivemin_hrl_lmps*.csv",
    ),
    "rt_da_monthly_lmps": (
        LMP + PARTS.format("rt") + "," + PARTS.format("da"),
        "pjm/_derived/first_rows/rt_da_monthly_lmps*.csv",
    ),
    "rt_fivemin_mnt_lmps": (LMP + PARTS.format("rt"), ""),
    "rt_unverified_fivemin_lmps": (UNVERIFIED + ",occ_check,ref_caseid_used_multi_interval", ""),
    "rt_unverified_hrl_lmps": (UNVERIFIED, ""),
    "ancillary_services": (SERVICE + "row_is_current,version_nbr", "pjm/ancillary_services/*.csv"),
    "ancillary_services_fivemin_hrl": (SERVICE + "version_nbr,row_is_current", ""),
    "da_ancillary_services": (SERVICE + "row_is_current,version_nbr", ""),
    "reserve_market_results": (
        RESERVE + "reg_ccp,reg_pcp,as_req_mw,total_mw,as_mw,ss_mw,tier1_mw,ircmwt2,dsr_as_mw,nsr_mw,regd_mw",
        "pjm/reserve_market_results/*.csv",
    ),
    "da_reserve_market_results": (RESERVE + "as_req_mw,total_mw,as_mw,ss_mw,ircmwt2,dsr_as_mw,nsr_mw", ""),
    "hrl_load_metered": (
        BEGINNING + "nerc_region,mkt_region,zone,load_area,mw,is_verified",
        "pjm/hrl_load_metered/*.csv",
    ),
    "hrl_load_prelim": (
        BEGINNING + "datetime_ending_utc,datetime_ending_ept,load_area,prelim_load_avg_hourly",
        "pjm/hrl_load_prelim/*.csv",
    ),
    "inst_load": (BEGINNING + "area,instantaneous_load", "pjm/inst_load/*.csv"),
    "load_frcstd_hist": (
        "evaluated_at_utc,evaluated_at_ept,forecast_hour_beginning_utc,forecast_hour_beginning_ept,"
        "forecast_area,forecast_load_mw",
        "",
    ),
    "load_frcstd_7_day": (
        "evaluated_at_datetime_utc,evaluated_at_datetime_ept,forecast_datetime_beginning_utc,"
        "forecast_datetime_beginning_ept,forecast_datetime_ending_utc,forecast_datetime_ending_ept,"
        "forecast_area,forecast_load_mw",
        "",
    ),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_has_the_header_of_the_genuine_one(calm: Simulator, name: str) -> None:
    header, pattern = HEADERS[name]
    kept = FEEDS[name].history_days
    day = NOW.date() - timedelta(days=min(60 if kept is None else kept, 5))
    words = {FEEDS[name].dates[1]: f"{day:%m/%d/%Y} 00:00 to {day:%m/%d/%Y} 23:59"}
    answer = feed(calm, name, **(DAY if kept is None and DAY.keys() <= set(FEEDS[name].dates) else words))
    assert answer.text.split("\r\n", 1)[0] == header
    assert len(answer.text.splitlines()) > 24
    for sample in genuine(pattern) if pattern else []:
        assert header_of(sample) == header, sample


def test_a_csv_is_written_as_the_genuine_one(calm: Simulator) -> None:
    text = feed(calm, "da_hrl_lmps", **DAY, pnode_id=1).content.decode()
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert "\n" not in "".join(lines)
    first = lines[1].split(",")
    assert first[:8] == ["9/15/2026 4:00:00 AM", "9/15/2026 12:00:00 AM", "1", "PJM-RTO", "", "", "ZONE", ""]
    assert first[-2:] == ["True", "1"]
    assert [len(cell.split(".")[1]) for cell in first[8:12]] == [2, 6, 6, 6]
    for sample in genuine("pjm/da_hrl_lmps/da_hrl_lmps_2025*.csv"):
        real = sample.read_bytes().decode().split("\r\n")[1].split(",")
        assert real[2:8] == first[2:8]
        assert [len(cell.split(".")[1]) for cell in real[8:12]] == [2, 6, 6, 6]


def test_real_time_energy_has_six_decimals_and_reserves_two(calm: Simulator) -> None:
    hourly = rows(feed(calm, "rt_hrl_lmps", **DAY, pnode_id=1).text)
    assert all(len(row["system_energy_price_rt"].split(".")[1]) == 6 for row in hourly)
    reserve = rows(feed(calm, "reserve_market_results", **DAY, service="REG").text)
    assert all(len(row["mcp"].split(".")[1]) == 2 and row["nsr_mw"] == "" for row in reserve)
    assert all(Decimal(r["mcp"]) == Decimal(r["reg_ccp"]) + Decimal(r["reg_pcp"]) for r in reserve)


def test_json_has_the_envelope_of_the_genuine_one(calm: Simulator) -> None:
    words = {"rowCount": 600, "startRow": 1, "format": None, "download": None, "type": "ZONE"}
    fields = "datetime_beginning_utc,pnode_id,pnode_name,type,total_lmp_da"
    answer = feed(calm, "da_hrl_lmps", **DAY, **words, fields=fields)
    found = answer.json()
    assert list(found) == ["links", "items", "searchSpecification", "totalRows"]
    assert found["totalRows"] == len(found["items"]) == 24 * 23
    assert list(found["items"][0]) == fields.split(",")
    assert found["items"][0]["datetime_beginning_utc"] == "2026-09-15T04:00:00"
    for sample in genuine("pjm/da_hrl_lmps/*.json"):
        real = json.loads(sample.read_text())
        assert list(real) == list(found)
        assert list(real["searchSpecification"]) == list(found["searchSpecification"])
        assert list(real["items"][0]) == list(found["items"][0])
        assert [item["pnode_name"] for item in real["items"][:23]] == [
            i["pnode_name"] for i in found["items"][:23]
        ]


def test_json_and_csv_say_the_same(calm: Simulator) -> None:
    table = rows(feed(calm, "rt_hrl_lmps", **DAY).text)
    items = json.loads(feed(calm, "rt_hrl_lmps", **DAY, format="json").text, parse_float=str)
    assert len(items) == len(table)
    for item, row in zip(items, table, strict=True):
        assert item["total_lmp_rt"] == row["total_lmp_rt"]
        assert (item["zone"] or "") == row["zone"]
        assert item["row_is_current"] is True
        assert datetime.fromisoformat(item["datetime_beginning_utc"]).replace(tzinfo=UTC) == utc(row)


def test_a_download_says_how_many_rows_there_are(calm: Simulator) -> None:
    answer = feed(calm, "da_hrl_lmps", **DAY, rowCount=10)
    assert answer.headers["X-TotalRows"] == str(24 * len(nodes(5)))
    assert 'filename="da_hrl_lmps.csv"' in answer.headers["Content-Disposition"]
    assert len(rows(answer.text)) == 10
    plain = feed(calm, "da_hrl_lmps", **DAY, rowCount=10, download=None)
    assert "X-TotalRows" not in plain.headers


def test_answers_are_packed_when_asked_but_not_always(calm: Simulator) -> None:
    packed = set()
    for hour in range(24):
        words = {"datetime_beginning_ept": f"9/15/2026 {hour}:00 to 9/15/2026 {hour}:00"}
        answer = feed(calm, "da_hrl_lmps", **words)
        packed.add(answer.headers.get("Content-Encoding"))
        assert len(rows(answer.text)) == len(nodes(5))
    assert packed == {"gzip", None}
    plain = requests.get(
        f"{calm.url}/{API}/api/v1/da_hrl_lmps/metadata",
        headers={"Ocp-Apim-Subscription-Key": key(calm), "Accept-Encoding": "identity"},
        timeout=30,
    )
    assert "Content-Encoding" not in plain.headers
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(plain.content)


# --- rows


def test_a_day_has_every_node_of_every_hour_at_the_expected_price(calm: Simulator) -> None:
    found = rows(feed(calm, "da_hrl_lmps", **DAY).text)
    assert Counter(utc(row).hour for row in found) == dict.fromkeys(range(24), len(nodes(5)))
    for row in found:
        want = expected.printed("PJM", "da_hrl_lmps", row["pnode_id"], utc(row))
        assert {name: row[name] for name in want} == want


@pytest.mark.parametrize("name", ["rt_unverified_fivemin_lmps", "rt_unverified_hrl_lmps"])
def test_unverified_prices_have_no_energy_column_but_imply_one(calm: Simulator, name: str) -> None:
    recent = {"datetime_beginning_ept": "11/15/2026 00:00 to 11/15/2026 23:59"}
    found = rows(feed(calm, name, **recent, pnode_id="1;51288").text)
    energy: dict[datetime, set[Decimal]] = {}
    for row in found:
        parts = Decimal(row["congestion_price_rt"]) + Decimal(row["marginal_loss_price_rt"])
        energy.setdefault(utc(row), set()).add(Decimal(row["total_lmp_rt"]) - parts)
    assert all(len(values) == 1 for values in energy.values())
    verified = [expected.printed("PJM", "rt_hrl_lmps", "1", when)["total_lmp_rt"] for when in energy]
    assert verified != [row["total_lmp_rt"] for row in found if row["pnode_id"] == "1"]


def test_after_month_close_zones_settle_elsewhere_and_hubs_where_they_were(calm: Simulator) -> None:
    found = rows(feed(calm, "rt_da_monthly_lmps", **DAY, pnode_id="51291;51288").text)
    assert [utc(row) for row in found] == sorted((utc(row) for row in found), reverse=True)
    for row in found:
        before = expected.printed("PJM", "rt_hrl_lmps", row["pnode_id"], utc(row))
        assert (before["total_lmp_rt"] == row["total_lmp_rt"]) is (row["pnode_id"] == "51288")
        day_ahead = expected.printed("PJM", "da_hrl_lmps", row["pnode_id"], utc(row))
        assert Decimal(day_ahead["total_lmp_da"]) == Decimal(row["total_lmp_da"])


def test_the_clock_changes_have_23_and_25_hours(calm: Simulator) -> None:
    spring = rows(
        feed(calm, "da_hrl_lmps", datetime_beginning_ept="3/8/2026 00:00 to 3/8/2026 23:59", pnode_id=1).text
    )
    assert len(spring) == 23
    assert not any(" 2:00:00 AM" in row["datetime_beginning_ept"] for row in spring)
    autumn = rows(
        feed(
            calm, "da_hrl_lmps", datetime_beginning_ept="11/1/2026 00:00 to 11/1/2026 23:59", pnode_id=1
        ).text
    )
    assert len({utc(row) for row in autumn}) == len(autumn) == 25
    assert [row["datetime_beginning_ept"] for row in autumn].count("11/1/2026 1:00:00 AM") == 2


def test_the_asked_end_is_included(calm: Simulator) -> None:
    words = {"datetime_beginning_ept": "9/15/2026 00:00 to 9/16/2026 00:00", "pnode_id": 1}
    assert len(rows(feed(calm, "da_hrl_lmps", **words).text)) == 25


@pytest.mark.parametrize(
    "spelling",
    [
        "9/15/2026 00:00 to 9/15/2026 23:59",
        "09/15/2026 00:00to09/15/2026 23:59",
        "2026-09-15 00:00 to 2026-09-15 23:59",
        "2026-09-15T00:00to2026-09-15T23:59",
    ],
)
def test_a_range_has_many_spellings(calm: Simulator, spelling: str) -> None:
    found = rows(feed(calm, "da_hrl_lmps", datetime_beginning_ept=spelling, pnode_id=1).text)
    assert len(found) == 24


def test_ranges_have_names(calm: Simulator) -> None:
    today = rows(feed(calm, "da_hrl_lmps", datetime_beginning_ept="Today", pnode_id=1).text)
    assert (len(today), today[0]["datetime_beginning_ept"]) == (24, "11/20/2026 12:00:00 AM")
    tomorrow = rows(feed(calm, "da_hrl_lmps", datetime_beginning_ept="Tomorrow", pnode_id=1).text)
    assert tomorrow[0]["datetime_beginning_ept"] == "11/21/2026 12:00:00 AM"
    month = rows(feed(calm, "da_hrl_lmps", datetime_beginning_utc="LastMonth", pnode_id=1).text)
    assert len(month) == 31 * 24


# --- filters and pages


def test_numbers_match_exactly_and_text_partly(calm: Simulator) -> None:
    hubs = rows(feed(calm, "da_hrl_lmps", **DAY, type="hub").text)
    assert {int(row["pnode_id"]): row["pnode_name"] for row in hubs} == HUBS
    zones = rows(feed(calm, "da_hrl_lmps", **DAY, type="ZONE").text)
    assert {int(row["pnode_id"]): row["pnode_name"] for row in zones} == ZONES
    assert len(rows(feed(calm, "da_hrl_lmps", **DAY, pnode_id="1;51288").text)) == 48
    assert {r["pnode_id"] for r in rows(feed(calm, "da_hrl_lmps", **DAY, pnode_id=5).text)} == set()
    assert {r["zone"] for r in rows(feed(calm, "da_hrl_lmps", **DAY, zone="aeco").text)} == {"AECO"}
    both = rows(feed(calm, "da_hrl_lmps", **DAY, pnode_name="OHIO").text)
    assert {row["pnode_name"] for row in both} == {"OHIO HUB"}
    services = rows(feed(calm, "ancillary_services", **DAY, ancillary_service="Synchronized").text)
    assert {row["ancillary_service"] for row in services} == {
        "RTO Synchronized Reserve",
        "RTO Non-Synchronized Reserve",
        "MAD Synchronized Reserve",
        "MAD Non-Synchronized Reserve",
    }
    exact = rows(
        feed(calm, "ancillary_services", **DAY, ancillary_service="RTO Synchronized Reserveexact").text
    )
    assert {row["ancillary_service"] for row in exact} == {"RTO Synchronized Reserve"}


def test_synthetic_buses_have_voltage_equipment_and_zone(calm: Simulator) -> None:
    buses = [row for row in rows(feed(calm, "da_hrl_lmps", **DAY).text) if row["type"] in ("LOAD", "GEN")]
    assert len({row["pnode_id"] for row in buses}) == 5
    assert all(row["voltage"].endswith(" KV") and row["equipment"] and row["zone"] for row in buses)


def test_pages_join_to_the_whole(calm: Simulator) -> None:
    whole = feed(calm, "da_hrl_lmps", **DAY).text.splitlines()[1:]
    pages: list[str] = []
    start = 1
    while page := feed(calm, "da_hrl_lmps", **DAY, rowCount=333, startRow=start).text.splitlines()[1:]:
        pages += page
        start += 333
    assert pages == whole
    assert len(set(pages)) == len(pages)


def test_json_links_to_the_next_page(calm: Simulator) -> None:
    words = {"format": "json", "download": None, "rowCount": 500}
    first = feed(calm, "da_hrl_lmps", **DAY, **words).json()
    (following,) = [link["href"] for link in first["links"] if link["rel"] == "next"]
    headers = {"Ocp-Apim-Subscription-Key": key(calm)}
    second = requests.get(following, headers=headers, timeout=30).json()
    assert first["items"][-1] != second["items"][0]
    assert second["searchSpecification"]["startRow"] == 501


def test_more_than_fifty_thousand_rows_come_in_two_pages() -> None:
    with Simulator(now=NOW, nodes=2200) as sim:
        first = feed(sim, "da_hrl_lmps", **DAY)
        total = int(first.headers["X-TotalRows"])
        assert total == 24 * len(nodes(2200)) > 50_000
        second = feed(sim, "da_hrl_lmps", **DAY, startRow=50_001)
        lines = first.text.splitlines()[1:] + second.text.splitlines()[1:]
        assert len(set(lines)) == len(lines) == total


def test_rows_can_be_sorted_by_the_allowed_fields(calm: Simulator) -> None:
    newest = rows(
        feed(calm, "da_hrl_lmps", **DAY, pnode_id=1, sort="datetime_beginning_ept", order="Desc").text
    )
    assert [utc(row) for row in newest] == sorted((utc(row) for row in newest), reverse=True)
    by_node = rows(feed(calm, "da_hrl_lmps", **DAY, sort="pnode_id").text)
    assert [int(row["pnode_id"]) for row in by_node] == sorted(int(row["pnode_id"]) for row in by_node)
    assert "not a sort field" in refusal(feed(calm, "da_hrl_lmps", **DAY, sort="total_lmp_da"))
