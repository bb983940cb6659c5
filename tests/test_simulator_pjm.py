"""The Data Miner 2 stand-in: keys, formats, pages, filters, the archive, versions, publication."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from simulator_kit import API, MINER, NOW, feed, genuine, header_of, key, rows

from ingest.simulator import Simulator, expected
from ingest.simulator.pjm_feeds import FEEDS, SERVICES
from ingest.simulator.pjm_locations import HUBS, ZONES, nodes

DAY = {"datetime_beginning_ept": "9/15/2026 00:00 to 9/15/2026 23:59"}
OLD = {"datetime_beginning_ept": "9/15/2023 00:00 to 9/15/2023 23:59"}


@pytest.fixture(scope="module")
def calm() -> Iterator[Simulator]:
    """A simulator that no test changes."""
    with Simulator(now=NOW, nodes=5) as simulator:
        yield simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=5) as simulator:
        yield simulator


def refusal(answer: requests.Response) -> str:
    """The message of a 400."""
    assert answer.status_code == 400, answer.text[:200]
    (error,) = answer.json()["errors"]
    assert set(error) == {"field", "message", "detail"}
    return str(error["message"])


def utc(row: dict[str, str]) -> datetime:
    return datetime.strptime(row["datetime_beginning_utc"], "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)


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
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_has_the_header_of_the_genuine_one(calm: Simulator, name: str) -> None:
    header, pattern = HEADERS[name]
    recent = {"datetime_beginning_ept": "11/15/2026 00:00 to 11/15/2026 23:59"}
    answer = feed(calm, name, **(recent if "unverified" in name else DAY))
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


# --- refusals


@pytest.mark.parametrize(
    ("start", "change"),
    [
        ("A datetime is missing", {"datetime_beginning_ept": None}),
        (
            "Error: Date range cannot exceed 366 days",
            {"datetime_beginning_ept": "1/1/2025 00:00 to 1/2/2026 00:00"},
        ),
        ("rowCount must be at most 50000", {"rowCount": 50_001}),
        ("rowCount is required", {"rowCount": None, "download": None}),
        ("startRow is required", {"startRow": None, "download": None}),
        ("startRow must be", {"startRow": 0}),
        ("The API request contains invalid attribute(s)", {"colour": "red"}),
        ("The API request contains invalid attribute(s)", {"total_lmp_da": "5"}),
        ("'nothing' is not a field", {"fields": "pnode_id,nothing"}),
        ("'soon' is not a date", {"datetime_beginning_ept": "soon"}),
    ],
)
def test_a_wrong_request_is_a_400_with_a_message(
    calm: Simulator, start: str, change: dict[str, object]
) -> None:
    assert refusal(feed(calm, "da_hrl_lmps", **(DAY | change))).startswith(start)


def test_a_leap_year_is_one_request(calm: Simulator) -> None:
    words = {"datetime_beginning_ept": "11/20/2024 00:00 to 11/20/2025 23:59", "pnode_id": 1}
    assert len(rows(feed(calm, "da_hrl_lmps", **words).text)) == 366 * 24


# --- the archive


def test_the_archived_side_knows_fewer_filters_and_no_order(calm: Simulator) -> None:
    assert len(rows(feed(calm, "da_hrl_lmps", **OLD).text)) == 24 * len(nodes(5))
    assert len(rows(feed(calm, "da_hrl_lmps", **OLD, type="HUB", row_is_current="TRUE").text)) == 24 * 12
    assert refusal(feed(calm, "da_hrl_lmps", **OLD, pnode_id=1)).endswith("archived data - Pnode_Id")
    assert refusal(feed(calm, "da_hrl_lmps", **OLD, zone="AECO")).endswith("archived data - Zone")
    assert refusal(feed(calm, "da_hrl_lmps", **OLD, order="Asc")).startswith("Custom Order")
    assert refusal(feed(calm, "da_hrl_lmps", **OLD, sort="datetime_beginning_ept")).startswith("Custom Sort")
    assert refusal(feed(calm, "da_hrl_lmps", **OLD, fields="pnode_id")).startswith("Custom Fields")


def test_the_archived_side_stays_inside_a_year_of_utc(calm: Simulator) -> None:
    local = {"datetime_beginning_ept": "12/31/2022 00:00 to 12/31/2022 23:59"}
    assert "same calendar year" in refusal(feed(calm, "da_hrl_lmps", **local))
    universal = {"datetime_beginning_utc": "12/31/2022 05:00 to 12/31/2022 23:59"}
    assert feed(calm, "da_hrl_lmps", **universal).headers["X-TotalRows"] == str(19 * len(nodes(5)))


def test_the_archive_begins_after_731_days_and_must_not_be_straddled(calm: Simulator) -> None:
    cutoff = date(2026, 11, 20) - timedelta(days=731)
    assert cutoff == date(2024, 11, 19)
    day = "{0} 00:00 to {0} 23:59"
    assert (
        feed(calm, "da_hrl_lmps", datetime_beginning_ept=day.format("11/19/2024"), pnode_id=1).status_code
        == 200
    )
    assert "Pnode_Id" in refusal(
        feed(calm, "da_hrl_lmps", datetime_beginning_ept=day.format("11/18/2024"), pnode_id=1)
    )
    both = {"datetime_beginning_ept": "11/18/2024 00:00 to 11/19/2024 23:59"}
    assert "spans over archived and standard data" in refusal(feed(calm, "da_hrl_lmps", **both))


def test_five_minute_prices_are_archived_after_186_days_and_never_filter_by_type(calm: Simulator) -> None:
    recent = {"datetime_beginning_ept": "9/15/2026 00:00 to 9/15/2026 00:55"}
    assert "Type" in refusal(feed(calm, "rt_fivemin_hrl_lmps", **recent, type="HUB"))
    assert len(rows(feed(calm, "rt_fivemin_hrl_lmps", **recent, pnode_id=1).text)) == 12
    old = {"datetime_beginning_ept": "4/15/2026 00:00 to 4/15/2026 00:55"}
    assert "Pnode_Id" in refusal(feed(calm, "rt_fivemin_hrl_lmps", **old, pnode_id=1))
    assert "Type" in refusal(feed(calm, "rt_fivemin_hrl_lmps", **old, type="HUB"))
    assert feed(calm, "rt_fivemin_hrl_lmps", **old).headers["X-TotalRows"] == str(12 * len(nodes(5)))


def test_the_monthly_feeds_have_no_archive(calm: Simulator) -> None:
    assert len(rows(feed(calm, "rt_da_monthly_lmps", **OLD, pnode_id=1).text)) == 24


def test_metadata_tells_the_archive_and_its_filters(calm: Simulator) -> None:
    headers = {"Ocp-Apim-Subscription-Key": key(calm)}
    found = requests.get(
        f"{calm.url}/{API}/api/v1/rt_fivemin_hrl_lmps/metadata", headers=headers, timeout=30
    ).json()
    assert (found["enableArchiving"], found["archiveCutoffDays"]) == (True, 186)
    columns = {column["fieldName"]: column for column in found["columns"]}
    assert list(columns) == list(FEEDS["rt_fivemin_hrl_lmps"].columns)
    assert columns["pnode_id"]["enableFiltering"]
    assert not columns["pnode_id"]["enableArchiveFiltering"]
    assert not columns["type"]["enableFiltering"]


# --- publication and history


def test_day_ahead_appears_at_one_in_the_afternoon_eastern_of_the_day_before(sim: Simulator) -> None:
    words = {"datetime_beginning_ept": "11/21/2026 00:00 to 11/21/2026 23:59", "pnode_id": 1}
    sim.now = datetime(2026, 11, 20, 17, 59, tzinfo=UTC)
    assert feed(sim, "da_hrl_lmps", **words).headers["X-TotalRows"] == "0"
    sim.now = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    assert feed(sim, "da_hrl_lmps", **words).headers["X-TotalRows"] == "24"


def test_verified_real_time_waits_for_the_next_business_day(sim: Simulator) -> None:
    friday = {"datetime_beginning_ept": "11/20/2026 00:00 to 11/20/2026 23:59", "pnode_id": 1}
    sim.now = datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert feed(sim, "rt_hrl_lmps", **friday).headers["X-TotalRows"] == "0"
    sim.now = datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert feed(sim, "rt_hrl_lmps", **friday).headers["X-TotalRows"] == "24"


def test_the_settled_month_appears_five_business_days_after_it(sim: Simulator) -> None:
    words = {"datetime_beginning_ept": "10/1/2026 00:00 to 10/1/2026 23:59", "pnode_id": 1}
    sim.now = datetime(2026, 11, 6, 12, tzinfo=UTC)
    assert feed(sim, "rt_da_monthly_lmps", **words).headers["X-TotalRows"] == "0"
    sim.now = datetime(2026, 11, 6, 18, tzinfo=UTC)
    assert feed(sim, "rt_da_monthly_lmps", **words).headers["X-TotalRows"] == "24"


def test_unverified_prices_appear_at_once_and_live_for_a_month(calm: Simulator) -> None:
    today = {"datetime_beginning_ept": "11/20/2026 00:00 to 11/20/2026 23:59", "pnode_id": 1}
    found = rows(feed(calm, "rt_unverified_fivemin_lmps", **today).text)
    assert utc(found[-1]) == datetime(2026, 11, 20, 19, 50, tzinfo=UTC)
    old = {"datetime_beginning_ept": "10/15/2026 00:00 to 10/15/2026 23:59"}
    assert feed(calm, "rt_unverified_fivemin_lmps", **old).headers["X-TotalRows"] == "0"
    assert "invalid attribute" in refusal(
        feed(calm, "rt_unverified_fivemin_lmps", **today, row_is_current="TRUE")
    )


def test_the_reserve_reform_makes_the_results_five_minute_and_brings_new_feeds(calm: Simulator) -> None:
    words = {"datetime_beginning_ept": "9/30/2022 00:00 to 10/1/2022 23:59", "service": "REG"}
    found = rows(feed(calm, "reserve_market_results", **words).text)
    assert Counter(row["datetime_beginning_ept"].split(" ")[0] for row in found) == {
        "9/30/2022": 24,
        "10/1/2022": 288,
    }
    before = {"datetime_beginning_ept": "9/30/2022 00:00 to 9/30/2022 23:59"}
    for name in ("da_ancillary_services", "da_reserve_market_results"):
        assert feed(calm, name, **before).headers["X-TotalRows"] == "0"
    old = {row["ancillary_service"] for row in rows(feed(calm, "ancillary_services", **before).text)}
    assert not any("Secondary" in service for service in old)


@pytest.mark.parametrize("name", SERVICES)
def test_reserve_rows_have_the_expected_numbers(calm: Simulator, name: str) -> None:
    hour = {"datetime_beginning_ept": "9/15/2026 00:00 to 9/15/2026 00:00"}
    found = rows(feed(calm, name, **hour).text)
    assert len(found) == len(SERVICES[name])
    for row in found:
        label = row.get("ancillary_service") or f"{row['locale']} {row['service']}"
        want = expected.printed("PJM", name, label, utc(row))
        assert {column: row[column] for column in want} == want


# --- versions


def test_a_correction_adds_a_version_and_keeps_the_old_one(sim: Simulator) -> None:
    sim.correct("PJM", "rt_hrl_lmps", date(2026, 9, 15), amount="3")
    found = rows(feed(sim, "rt_hrl_lmps", **DAY, pnode_id=1).text)
    assert [(row["version_nbr"], row["row_is_current"]) for row in found[:4]] == [
        ("1", "False"),
        ("2", "True"),
    ] * 2
    assert len(found) == 48
    for old, new in zip(found[::2], found[1::2], strict=True):
        assert utc(old) == utc(new)
        assert Decimal(new["total_lmp_rt"]) - Decimal(old["total_lmp_rt"]) == 3
        assert Decimal(new["congestion_price_rt"]) - Decimal(old["congestion_price_rt"]) == 3
    for sample in genuine("pjm/rt_hrl_lmps/*two_versions.csv"):
        real = [
            row for row in rows(sample.read_text()) if row["datetime_beginning_ept"].startswith("3/5/2024 ")
        ]
        assert [(r["version_nbr"], r["row_is_current"]) for r in real[:4]] == [
            ("1", "False"),
            ("2", "True"),
        ] * 2


def test_versions_can_be_filtered(sim: Simulator) -> None:
    sim.correct("PJM", "rt_hrl_lmps", date(2026, 9, 15))
    two_days = {"datetime_beginning_ept": "9/15/2026 00:00 to 9/16/2026 23:59", "pnode_id": 1}
    current = rows(feed(sim, "rt_hrl_lmps", **two_days, row_is_current="TRUE").text)
    assert Counter(row["version_nbr"] for row in current) == {"2": 24, "1": 24}
    second = rows(feed(sim, "rt_hrl_lmps", **two_days, version_nbr=2).text)
    assert len(second) == 24
    assert feed(sim, "rt_hrl_lmps", **two_days).headers["X-TotalRows"] == "72"


def test_a_version_may_have_identical_prices(sim: Simulator) -> None:
    sim.correct("PJM", "rt_hrl_lmps", date(2026, 9, 15), identical=True)
    found = rows(feed(sim, "rt_hrl_lmps", **DAY, pnode_id=1).text)
    assert len(found) == 48
    assert all(
        old["total_lmp_rt"] == new["total_lmp_rt"] for old, new in zip(found[::2], found[1::2], strict=True)
    )


def test_taking_a_correction_back_is_a_third_version(sim: Simulator) -> None:
    sim.correct("PJM", "rt_hrl_lmps", date(2026, 9, 15), locations=["1"])
    sim.uncorrect("PJM", "rt_hrl_lmps", date(2026, 9, 15))
    found = rows(feed(sim, "rt_hrl_lmps", **DAY, pnode_id=1).text)[:3]
    assert [row["row_is_current"] for row in found] == ["False", "False", "True"]
    prices = [row["total_lmp_rt"] for row in found]
    assert prices[0] == prices[2] != prices[1]
    hub = rows(feed(sim, "rt_hrl_lmps", **DAY, pnode_id=51288).text)[:3]
    assert len({row["total_lmp_rt"] for row in hub}) == 1


def test_a_feed_without_versions_shows_the_correction_in_place(sim: Simulator) -> None:
    before = rows(feed(sim, "reserve_market_results", **DAY, service="REG").text)
    sim.correct("PJM", "reserve_market_results", date(2026, 9, 15), amount="1")
    after = rows(feed(sim, "reserve_market_results", **DAY, service="REG").text)
    assert [Decimal(row["mcp"]) + 1 for row in before] == [Decimal(row["mcp"]) for row in after]


def test_drift_is_a_column_in_csv_and_a_field_in_json(sim: Simulator) -> None:
    sim.fail(API, "drift", times=2)
    assert feed(sim, "da_hrl_lmps", **DAY).text.split("\r\n", 1)[0].endswith("version_nbr,NEW_COLUMN")
    assert "new_column" in feed(sim, "da_hrl_lmps", **DAY, format="json").json()[0]
