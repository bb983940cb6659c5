"""The Data Miner 2 stand-in by its rules: refusals, the archive, publication, versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from simulator_kit import API, NOW, feed, genuine, key, refusal, rows, utc

from ingest.simulator import Simulator, expected
from ingest.simulator.pjm_feeds import FEEDS, SERVICES
from ingest.simulator.pjm_locations import nodes

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


@pytest.mark.parametrize("name", [name for name in SERVICES if "load" not in name])
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
