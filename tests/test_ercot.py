"""ERCOT: transforms and simulator against genuine files."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import stamp
from oracle import ercot
from oracle.shell import Case, assert_same, case_of, derived, genuine, lay_out, objections, published
from oracle.shell import samples as samples_folder

from ingest import registry
from ingest.simulator import ercot_rows, ercot_site
from ingest.simulator.world import World as Sites
from lake import stage
from lake.recognise import recognise

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
KNOWN = {key: kind for kind, ids in registry.source("ERCOT").locations.known.items() for key in ids}
LISTS = "www.ercot.com"

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


@pytest.mark.parametrize("path", genuine("ercot/dam_spp_yearly"), ids=lambda path: path.name)
def test_the_book_of_a_year_says_what_its_sheets_say(path: Path, tmp_path: Path) -> None:
    case = case_of(path)
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


PIT, QUOTED = "ercot/_derived/pit_lake_archive_samples", "ercot/_derived/quoted_rows"
KEPT_ROWS = [
    ("da_bus_energy_hourly", f"{QUOTED}/cdr.00012328.0000000000000000.20250804.123224.DAMHRLMPNP4183.csv"),
    ("da_as_hourly", f"{PIT}/np4-188-cd_20260929_first2h.csv"),
    ("rt_as_15min", f"{PIT}/np6-331-cd_20260929_HE12_int1.csv"),
    ("rt_as_15min", f"{QUOTED}/RTCPC_NP6331_20260925_row.csv"),
    (
        "rt_system_lambda_5min",
        f"{QUOTED}/cdr.00013114.0000000000000000.20250804.205512.SCEDSYSLAMBDANP6322_20250804_205511.csv",
    ),
    ("rt_system_lambda_5min", f"{PIT}/np6-322-cd_20260929_112517.csv"),
]


@pytest.mark.parametrize(("dataset", "name"), KEPT_ROWS)
def test_rows_that_somebody_kept_are_recognised_and_read(dataset: str, name: str, tmp_path: Path) -> None:
    """No proof of whole files, but of headers and of how values are written."""
    paths = derived(name)
    if not paths:
        pytest.skip("the samples are not here")
    source = registry.source("ERCOT")
    entry = source.dataset(dataset)
    (member,) = stage.lay_out(paths[0], paths[0].name, tmp_path / "members")
    shape = entry.shapes[recognise(member, entry, source).shape]
    ((feed, sql),) = shape.sql.items()
    case = case_of(paths[0])
    rows = published(sql.removesuffix(".sql"), lay_out(tmp_path, case), known_locations=KNOWN)
    time = "stamp_utc" if entry.feeds[feed].stamp else "interval_start_utc"
    match entry.feeds[feed].table:
        case "energy_prices":
            assert_same(rows, ercot.energy_prices(case, KNOWN), *PRICE, time)
        case "ancillary_services":
            assert_same(rows, ercot.ancillary_services(case), *SERVICE)
        case _:
            assert_same(rows, ercot.price_adders(case), "settlement_location_id", "component", "price", time)


CORRECTED = [
    (
        "dam_spp_corrections",
        "DeliveryDate,DeliveryHour,SettlementPoint,SPPOriginal,SPPCorrected,PriceCorrectionTime,DSTFlag",
        "11/02/2025,2,HB_WEST,20,21.5,11/04/2025 10:00:00,Y",
    ),
    (
        "rtm_spp_corrections",
        "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,SPPOriginal,SPPCorrected,"
        "PriceCorrectionTime",
        "11/03/2025,24,4,LZ_WEST,LZEW,20,-21.5,11/04/2025 10:00:00",
    ),
    (
        "dam_mcpc_corrections",
        "DeliveryDate,DeliveryHour,ASType,MCPCOriginal,MCPCCorrected,PriceCorrectionTime,DSTFlag",
        "11/03/2025,1,ECRS,1,0.5,11/04/2025 10:00:00,N",
    ),
]


@pytest.mark.parametrize(("transform", "header", "line"), CORRECTED)
def test_a_correction_says_the_corrected_price(
    transform: str, header: str, line: str, tmp_path: Path
) -> None:
    case = made("correction", header, line)
    rows = published(f"ercot/{transform}", lay_out(tmp_path, case), known_locations=KNOWN)
    if "mcpc" in transform:
        assert_same(rows, ercot.ancillary_services(case), *SERVICE)
    else:
        assert_same(rows, ercot.energy_prices(case, KNOWN), *PRICE, "interval_start_utc")


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
