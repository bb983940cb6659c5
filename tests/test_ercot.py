"""ERCOT: transforms against genuine files, its lists and its archive, the repeated hour, the account."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from behaviour_kit import World, assert_series, stamp
from ingest_kit import statuses
from oracle import ercot
from oracle.shell import Case, assert_same, case_of, genuine, lay_out, objections, published
from oracle.shell import samples as samples_folder

from ingest import registry
from ingest.clock import Period, market_days
from ingest.errors import Refused
from ingest.routes import ercot_documents, route
from ingest.simulator import Simulator, ercot_api, ercot_rows, ercot_site
from ingest.simulator.world import World as Sites

PRICE = (
    "settlement_location",
    "settlement_location_id",
    "settlement_location_type",
    "zone",
    "lmp_total",
)
SERVICE = (
    "as_product",
    "as_product_standard",
    "as_region",
    "unit",
    "market_clearing_price",
    "interval_start_utc",
)
CLOCK = "America/Chicago"
KNOWN = {key: kind for kind, ids in registry.source("ERCOT").locations.known.items() for key in ids}
LISTS, API, LOGIN = "www.ercot.com", "api.ercot.com", "ercotb2c.b2clogin.com"
NOW = stamp("2026-11-20 08:00")

DAM = "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag"
QUARTERS = (
    "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,"
    "SettlementPointPrice,DSTFlag"
)
RUNS = "SCEDTimestamp,RepeatedHourFlag,SettlementPoint,LMP"


def made(name: str, *lines: str) -> Case:
    return Case(name, {"made.csv": "\n".join([*lines, ""]).encode()})


DAY_AHEAD = [
    made(
        "both hours and the last one",
        DAM,
        "11/02/2025,02:00,HB_NORTH, 20,N",
        "11/02/2025,02:00,HB_NORTH, -.5,Y",
        "11/02/2025,24:00,DC_E, 1000.25,N",
        "11/02/2025,1:00,SOME_RN,0,N",
    ),
    made(
        "before the flag",
        DAM.removesuffix(",DSTFlag"),
        "01/15/2011,01:00,LZ_NEW, 20",
        "01/15/2011,24:00,HB_NEW, 20.5",
    ),
    made("a padded header", DAM + "    ", "03/09/2025,04:00,LZ_WEST, 3,N"),
]
QUARTER_HOURS = [
    made(
        "one name in two senses",
        QUARTERS,
        "11/02/2025,2,1,LZ_HOUSTON,LZ,20,N",
        "11/02/2025,2,1,LZ_HOUSTON,LZEW,20.01,N",
        "11/02/2025,2,1,LZ_HOUSTON,LZ,21,Y",
        "11/02/2025,2,1,DC_E,LZ_DC,3,Y",
        "11/02/2025,2,1,DC_E,LZ_DCEW,3,Y",
        "11/02/2025,24,4,HB_HUBAVG,AH,.5,N",
        "11/02/2025,24,4,SOMETHING,NEW,-7,N",
    ),
    made("before the flag", QUARTERS.removesuffix(",DSTFlag"), "02/01/2011,1,1,HB_BUSAVG,SH,20"),
]
FIVE_MINUTES = [
    made(
        "the hour that comes twice",
        RUNS,
        "11/02/2025 01:55:12,N,HB_WEST,       27.04",
        "11/02/2025 01:00:13,Y,HB_WEST,      -27.04",
        "11/02/2025 02:00:11,N,LZ_AEN,           0",
    )
]


def cases(*folders: str) -> list[Case]:
    return [case_of(path) for path in genuine(*(f"ercot/{folder}" for folder in folders))]


def by_name(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", [*DAY_AHEAD, *cases("dam_spp")], ids=by_name)
def test_day_ahead_prices_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("ercot/dam_spp", lay_out(tmp_path, case), known_locations=KNOWN)
    assert_same(rows, ercot.energy_prices(case, KNOWN), *PRICE, "interval_start_utc")


@pytest.mark.parametrize("case", cases("dam_spp_yearly"), ids=by_name)
def test_the_book_of_a_year_says_what_its_sheets_say(case: Case, tmp_path: Path) -> None:
    rows = published("ercot/dam_spp_yearly", lay_out(tmp_path, case), known_locations=KNOWN)
    assert_same(rows, ercot.energy_prices(case, KNOWN), *PRICE, "interval_start_utc")
    days = Counter(
        row["interval_start_utc"].date() for row in rows if row["settlement_location"] == "HB_NORTH"
    )
    assert sum(days.values()) == 8760


@pytest.mark.parametrize("case", [*QUARTER_HOURS, *cases("rtm_spp")], ids=by_name)
def test_prices_of_15_minutes_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("ercot/rtm_spp", lay_out(tmp_path, case), known_locations=KNOWN)
    assert_same(rows, ercot.energy_prices(case, KNOWN), *PRICE, "interval_start_utc")


@pytest.mark.parametrize("case", [*FIVE_MINUTES, *cases("sced_lmp")], ids=by_name)
def test_prices_of_a_run_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("ercot/sced_lmp", lay_out(tmp_path, case), known_locations=KNOWN)
    assert_same(rows, ercot.energy_prices(case, KNOWN), *PRICE, "stamp_utc")


@pytest.mark.parametrize("case", cases("dam_mcpc", "dam_mcpc/*"), ids=by_name)
def test_clearing_prices_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("ercot/dam_mcpc", lay_out(tmp_path, case))
    assert_same(rows, ercot.ancillary_services(case), *SERVICE)


@pytest.mark.parametrize("case", cases("dam_mcpc_yearly"), ids=by_name)
def test_the_clearing_prices_of_a_year_are_those_of_the_file(case: Case, tmp_path: Path) -> None:
    rows = published("ercot/dam_mcpc_yearly", lay_out(tmp_path, case))
    assert_same(rows, ercot.ancillary_services(case), *SERVICE)


def test_a_whole_day_of_15_minutes_and_of_runs_is_read_to_the_last_row(tmp_path: Path) -> None:
    for transform, folder, time in (
        ("ercot/rtm_spp", "rtm_spp/20220131", "interval_start_utc"),
        ("ercot/sced_lmp", "sced_lmp_resource_node_hub_zone/20230126", "stamp_utc"),
    ):
        files = genuine(f"ercot/{folder}")
        if not files:
            continue
        whole = [case_of(path) for path in files]
        rows = published(transform, lay_out(tmp_path / folder, *whole), known_locations=KNOWN)
        expected = [row for case in whole for row in ercot.energy_prices(case, KNOWN)]
        assert_same(rows, expected, *PRICE, time)
        assert len({row[time] for row in rows}) == len(files)
        keys = Counter((row["settlement_location_id"], row[time]) for row in rows)
        assert max(keys.values()) == 1


@pytest.mark.parametrize(
    ("transform", "line", "words"),
    [
        ("dam_spp", "03/09/2025,03:00,A, 1,N", "no hour of Central time ends at 03/09/2025 03:00"),
        ("dam_spp", "03/09/2025,25:00,A, 1,N", "no hour"),
        ("dam_spp", ",01:00,A, 1,N", "no hour"),
        ("dam_spp", "11/02/2025,02:00,A, 1,", "no hour"),
        ("dam_spp", "11/03/2025,02:00,, 1,N", "no settlement point"),
        ("dam_spp", "11/03/2025,02:00,A, n/a,N", "not a number"),
        ("rtm_spp", "11/03/2025,2,5,A,RN,1,N", "no interval of Central time is 11/03/2025 2 5 N"),
        ("rtm_spp", "11/03/2025,2,1,A,,1,N", "has no type"),
        ("rtm_spp", "11/03/2025,2,1,A,RN,,N", "not a number"),
        ("sced_lmp", "03/09/2025 02:05:00,N,A,1", "no clock in Chicago"),
        ("sced_lmp", "03/09/2025 04:05:00,N,A,", "not a number"),
        ("dam_mcpc", "03/09/2025,03:00,RRS,1,N", "no hour"),
        ("dam_mcpc", "03/09/2025,04:00,,1,N", "no product"),
        ("dam_mcpc", "03/09/2025,04:00,RRS,,N", "not a number"),
    ],
)
def test_a_row_that_cannot_be_vouched_for_is_objected_to(
    transform: str, line: str, words: str, tmp_path: Path
) -> None:
    headers = {"dam_spp": DAM, "rtm_spp": QUARTERS, "sced_lmp": RUNS, "dam_mcpc": DAM}
    case = made("bad", headers[transform], line)
    (said,) = objections(published(f"ercot/{transform}", lay_out(tmp_path, case), known_locations={}))
    assert words in said


@pytest.mark.parametrize(
    ("report", "folder", "day"),
    [
        ("NP4-190-CD", "dam_spp", date(2026, 6, 12)),
        ("NP6-905-CD", "rtm_spp", date(2026, 6, 11)),
        ("NP6-788-CD", "sced_lmp", date(2023, 1, 26)),
        ("NP4-188-CD", "dam_mcpc", date(2023, 1, 25)),
    ],
)
def test_the_simulator_prints_like_the_genuine_files(report: str, folder: str, day: date) -> None:
    document = next(ercot_rows.documents(ercot_rows.REPORTS[report], day))
    header, line = ercot_rows.text(document, 2, ercot_rows.ORIGINAL).splitlines()[:2]
    for case in cases(folder):
        for name in case.members:
            genuine_header, genuine_line = case.text(name).splitlines()[:2]
            assert header == genuine_header
            assert len(line.split(",")) == len(genuine_line.split(","))
            price = next(cell for cell in genuine_line.split(",")[::-1] if cell not in ("N", "Y"))
            own = next(cell for cell in line.split(",")[::-1] if cell not in ("N", "Y"))
            assert (own[0] == " ") == (price[0] == " ")


def test_the_simulators_list_looks_like_the_genuine_one() -> None:
    paths = sorted(samples_folder().glob("ercot/mis_listing/IceDocListJsonWS_123*.json"))
    sites = Sites(lambda: stamp("2026-06-11 18:35"), 1)
    for path in paths:
        listing = json.loads(path.read_bytes())["ListDocsByRptTypeRes"]["DocumentList"]
        entry = listing[0]["Document"]
        report = next(one for one in ercot_rows.REPORTS.values() if one.number == entry["ReportTypeID"])
        request = ercot_site.Request(LISTS, ercot_site.LIST, {"reportTypeId": report.number}, {})
        own = json.loads(ercot_site.answer(request, sites).body)["ListDocsByRptTypeRes"]["DocumentList"]
        assert own[0]["Document"].keys() == entry.keys()
        assert own[0]["Document"]["FriendlyName"] == entry["FriendlyName"]
        for name in ("ExpiredDate", "Extension", "Prefix", "ILMStatus"):
            assert own[0]["Document"][name] == entry[name]
        # Every document twice; how many are shown.
        assert abs(len(own) - len(listing)) <= 24


@pytest.mark.parametrize("path", genuine("ercot/mis_listing"), ids=lambda path: path.name)
def test_a_genuine_list_gives_each_interval_its_document(path: Path) -> None:
    entries = json.loads(path.read_bytes())["ListDocsByRptTypeRes"]["DocumentList"]
    listed = [
        ercot_documents.document(
            entry["Document"]["DocID"],
            entry["Document"]["FriendlyName"],
            entry["Document"]["ConstructedName"],
            entry["Document"]["PublishDate"],
            CLOCK,
            entry["Document"]["ContentSize"],
        )
        for entry in entries
    ]
    assert all(one.size for one in listed)
    if "12301" not in path.name:
        return
    words = {"names": "end"}
    for day, count in ((date(2026, 6, 5), 96), (date(2026, 6, 4), 95), (date(2026, 6, 10), 96)):
        found = ercot_documents.wanted(listed, words, market_days(day, day, CLOCK), CLOCK)
        assert len(found) == count
        assert all("_csv" in one.name for one in found)


@pytest.mark.parametrize(
    ("name", "hour", "is_wanted"),
    [
        ("SPPHLZNP6905_20251102_0115_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_20251102_0115xhr_csv", "2025-11-02 07:00", True),
        ("SPPHLZNP6905_xhr_20251102_0115_csv", "2025-11-02 07:00", True),
        # How the end of the first pass is called is not known: the rows decide.
        ("SPPHLZNP6905_20251102_0100_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_20251102_0200_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_retry_20251102_0200_csv", "2025-11-02 07:00", True),
        ("SPPHLZNP6905_20251102_0215_csv", "2025-11-02 07:00", False),
        ("SPPHLZNP6905_20251103_0000_csv", "2025-11-03 05:00", True),
        ("SPPHLZNP6905_20251103_0000_csv", "2025-11-03 06:00", False),
        ("SPPHLZNP6905_20251103_0100_xml", "2025-11-03 06:00", False),
        # Without a time the publication counts, here at 06:20 in UTC.
        ("SPPHLZNP6905_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_csv", "2025-11-02 05:00", True),
        ("SPPHLZNP6905_csv", "2025-11-03 06:00", False),
    ],
)
def test_a_document_is_sought_by_the_end_in_its_name(name: str, hour: str, is_wanted: bool) -> None:
    one = ercot_documents.document("1", name, "x.zip", "2025-11-02T01:20:00-05:00", CLOCK)
    start = stamp(hour)
    period = Period(start, start + timedelta(hours=1))
    found = ercot_documents.wanted([one], {"names": "end"}, period, CLOCK)
    assert bool(found) == is_wanted


def test_the_offset_of_a_list_is_not_believed() -> None:
    winter = ercot_documents.document("1", "DAMSPNP4190_csv", "x", "2025-03-06T12:33:00-05:00", CLOCK)
    assert winter.published_at == datetime(2025, 3, 6, 18, 33, tzinfo=UTC)
    second = ercot_documents.document("1", "X_20251102_0115xhr_csv", "x", "2025-11-02T01:17:00-05:00", CLOCK)
    assert second.published_at == datetime(2025, 11, 2, 7, 17, tzinfo=UTC)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=2) as running:
        yield running


@pytest.fixture
def world(sim: Simulator, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", sim, NOW) as made:
        yield made


@pytest.fixture
def member(sim: Simulator, tmp_path: Path) -> Iterator[World]:
    """A user with an account."""
    with World(tmp_path / "lake", sim, NOW, ercot_api.ACCOUNT) as made:
        yield made


def test_a_hole_in_a_list_is_filled_when_it_closes_and_only_its_hour_is_asked_again(world: World) -> None:
    day = date(2026, 11, 17)
    assert world.sim is not None
    world.sim.correct("ERCOT", "NP6-905-CD", day, amount=0, drop=["13:15:00"])
    landing = world.download("ERCOT", day, day, ["rt_energy_15min"]).landing
    assert landing is not None
    assert Counter(statuses(landing)) == {"ok": 96, "failed": 1}
    (failed,) = [event for event in landing.events if event.status == "failed"]
    assert failed.period_end == failed.period_start + timedelta(minutes=15)
    assert "lists no document" in failed.message
    world.sim.uncorrect("ERCOT", "NP6-905-CD", day)
    asked_from = len(world.sim.requests)
    again = world.ingest("ERCOT", day, day, ["rt_energy_15min"])
    assert again.complete
    assert len(world.sim.requests) - asked_from == 1 + 4
    assert assert_series(world, "ERCOT", "energy_prices", "rt_energy_15min") == 96 * 9


def test_the_same_day_by_its_list_and_by_the_archive_is_one_version(member: World) -> None:
    """Lists first, the archive later: documents are the same, and a hole in the list is filled."""
    day, names = date(2026, 11, 18), ["da_energy_hourly", "rt_energy_5min", "da_as_hourly"]
    assert member.sim is not None
    member.now = stamp("2026-11-19 08:00")
    runs = [f"05:{minute:02d}:{second:02d}" for minute in (0, 5, 10) for second in range(60)]
    member.sim.correct("ERCOT", "NP6-788-CD", day, amount=0, drop=runs)
    first = member.ingest("ERCOT", day, day, names)
    assert {leg.road.name for leg in first.plan.legs} == {"display"}
    assert first.landing is not None
    assert first.landing.counts["not_published"] == 1
    assert first.landing.counts["ok"] == 2 + 288 - 3
    member.now = stamp("2026-11-22 08:00")
    later = member.ingest("ERCOT", day, day, names)
    assert later.complete, later.landing and later.landing.sentences
    for name in names:
        table = "ancillary_services" if "_as_" in name else "energy_prices"
        assert assert_series(member, "ERCOT", table, name) > 0
        assert {row["version"] for row in member.series("ERCOT", table, name)} == {1}


def test_the_archive_is_asked_for_many_documents_at_once(member: World) -> None:
    assert member.sim is not None
    report = member.ingest("ERCOT", date(2026, 9, 1), date(2026, 9, 30), ["rt_energy_15min"], scope="all")
    assert report.complete, report.landing and report.landing.sentences
    asked = Counter(seen.path.rpartition("/")[2] for seen in member.sim.requests if seen.host == API)
    # 2,880 intervals, and one of every day published twice: each of its two states on its own.
    assert asked == {"np6-905-cd": 3, "download": 3 + 2 * 30}
    assert sum(seen.host == LOGIN for seen in member.sim.requests) == 1
    rows = member.query(
        "SELECT count(*) AS n, count(DISTINCT datetime_utc) AS times FROM market.energy_prices"
    )
    assert rows == [{"n": 2880 * 11, "times": 2880}]


def test_a_token_that_is_over_is_renewed_once(member: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert member.sim is not None
    over = iter([False, True, False, True, True])
    real = ercot_api._refusal

    def refuse(request: ercot_api.Request, sites: Sites) -> ercot_api.Answer | None:
        return ercot_api._said(401, "Unauthorized") if next(over, False) else real(request, sites)

    monkeypatch.setattr(ercot_api, "_refusal", refuse)
    day = date(2026, 9, 1)
    assert member.download("ERCOT", day, day, ["da_energy_hourly"], scope="all").complete
    assert [seen.status for seen in member.sim.requests if seen.host == API] == [200, 401, 200]
    assert sum(seen.host == LOGIN for seen in member.sim.requests) == 2
    report = member.download(
        "ERCOT", day + timedelta(days=1), day + timedelta(days=1), ["da_energy_hourly"], "all"
    )
    assert report.landing is not None
    assert statuses(report.landing) == ["failed"]
    assert "does not accept the credentials" in report.landing.events[0].message


@pytest.mark.parametrize("name", ["ERCOT_PASSWORD", "ERCOT_SUBSCRIPTION_KEY"])
def test_a_wrong_account_is_one_sentence_and_nothing_secret(member: World, name: str) -> None:
    member.accounts = {**ercot_api.ACCOUNT, name: "battery-horse-staple"}
    said = member.pmp(
        "ingest --iso ercot --start-date 2026-09-01 --end-date 2026-09-01 --locations all --data-types as"
    )
    # The yearly file brings every product without an account.
    assert said.code == 0, said.text
    said = member.pmp(
        "ingest --iso ercot --start-date 2026-09-01 --end-date 2026-09-01 --locations all --data-types lmp"
    )
    assert said.code == 3
    words = "Check ERCOT_USERNAME, ERCOT_PASSWORD and ERCOT_SUBSCRIPTION_KEY (free at apiexplorer.ercot.com"
    assert words in said.err
    assert "battery" not in said.text
    assert "simulated-" not in said.text


def test_without_an_account_the_lists_keep_working_and_the_rest_is_said(world: World) -> None:
    said = world.pmp(
        "ingest --iso ercot --start-date 2026-10-18 --end-date 2026-10-23 --locations all --data-types lmp"
    )
    assert said.code == 3
    words = "Not asked: api.ercot.com needs an account: set ERCOT_USERNAME, ERCOT_PASSWORD and ERCOT_SUBSCRIPTION_KEY"
    assert said.err.count(words) == 1
    (row,) = world.query(
        "SELECT min(delivery_date) AS first, max(delivery_date) AS last FROM market.energy_prices"
    )
    assert row == {"first": date(2026, 10, 21), "last": date(2026, 10, 23)}
    told = world.query("SELECT DISTINCT dataset FROM meta.raw_files WHERE status = 'not_asked' ORDER BY ALL")
    assert {"dataset": "da_energy_hourly"} in told


def test_a_year_of_hubs_comes_from_its_books_without_an_account(world: World) -> None:
    assert world.sim is not None
    report = world.ingest("ERCOT", date(2024, 1, 1), date(2024, 12, 31), ["da_energy_hourly", "da_as_hourly"])
    assert report.complete
    assert [(leg.road.name, len(leg.requests)) for leg in report.plan.legs] == [("yearly", 1), ("yearly", 1)]
    (row,) = world.query(
        "SELECT count(*) AS n, count(DISTINCT delivery_date) AS days FROM market.energy_prices"
    )
    assert row == {"n": 8784 * 5, "days": 366}
    (row,) = world.query("SELECT count(*) AS n FROM market.ancillary_services")
    assert row == {"n": 8784 * 5}
    asked_from = len(world.sim.requests)
    again = world.ingest("ERCOT", date(2024, 1, 1), date(2024, 12, 31), ["da_energy_hourly", "da_as_hourly"])
    assert again.complete
    assert len(world.sim.requests) == asked_from


def test_the_running_year_is_a_book_and_the_last_days_a_list(world: World) -> None:
    report = world.ingest("ERCOT", date(2026, 10, 25), date(2026, 11, 19), ["da_energy_hourly"])
    assert report.complete, report.landing and report.landing.sentences
    roads = [(leg.road.name, leg.first, leg.last) for leg in report.plan.legs]
    assert [name for name, *_ in roads] == ["yearly", "display"]
    assert roads[0][2] == date(2026, 11, 11)
    days = world.query("SELECT DISTINCT delivery_date AS day FROM market.energy_prices ORDER BY ALL")
    assert {row["day"] for row in days} >= {date(2026, 10, 25) + timedelta(days=n) for n in range(26)}


@pytest.mark.parametrize(
    ("name", "words"), [("ercot_mis", "numeric ReportTypeId"), ("ercot_api", "refuses the request")]
)
def test_a_fault_is_told_in_the_sites_own_words(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(ercot_site.FAULT)
    with pytest.raises(Refused, match=words):
        route(name).judge(path)
