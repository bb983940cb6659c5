"""Transforms of the lists of locations: equal to an independent reading of genuine files, oddities included."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import contract, lists
from oracle.shell import Case, Row, assert_same, case_of, derived, genuine, lay_out, objections, published

from ingest import registry
from ingest.simulator.lists import LISTS
from ingest.simulator.revisions import ORIGINAL

FIELDS = ("location_list", "settlement_location_id", "member_of", *contract.VALUES["locations"])
TIMES = ("interval_start_utc", "interval_end_utc", "valid_from_utc", "valid_to_utc", "published_at_utc")
PNODE = (
    "pnode_id,pnode_name,pnode_type,pnode_subtype,zone,voltage_level,effective_date,termination_date\n"
    "1,PJM-RTO,AGGREGATE,ZONE,,,9/8/2017 12:00:00 AM,12/31/9999 12:00:00 AM\n"
    "2,OLD  69 KV,BUS,LOAD,PSEG,69 KV,4/1/1998 12:00:00 AM,6/1/2010 12:00:00 AM\n"
    "2,OLD  69 KV,BUS,LOAD,PECO,69 KV,6/1/2010 12:00:00 AM,12/31/9999 12:00:00 AM\n"
    "3,TIE,AGGREGATE,TIE,,odd,3/11/2012 12:00:00 AM,11/4/2012 12:00:00 AM\n"
)
PNODES = (
    '[{"pnode_id":1,"pnode_name":"PJM-RTO","pnode_type":"AGGREGATE","pnode_subtype":"ZONE","zone":null,'
    '"voltage_level":null,"effective_date":"2017-09-08T00:00:00","termination_date":"9999-12-31T00:00:00"},'
    '{"pnode_id":2,"pnode_name":"OLD  69 KV","pnode_type":"BUS","pnode_subtype":"GEN","zone":"PSEG",'
    '"voltage_level":"69 KV","effective_date":"1998-04-01T00:00:00","termination_date":"2010-06-01T00:00:00"}]'
)
GENERATORS = (
    "Generator Name,Generator PTID,Aggregation PTID,Subzone,Zone,Latitude,Longitude,Active\r\n"
    'ADK HUDSON___FALLS,24011,,CAPITL,CAPITL,43.3,-73.58,Y\r\n"A, B___1",23001,55001,,WEST,0,0,N\r\n'
    "NO PLACE,23002,55001,A,WEST,,,\r\n"
)
ATLAS = "TAC_AREA_ID,PNODE_ID,DESCRIPTION,COMMENTS,EFF_START_DT,EFF_END_DT,EFF_START_DT_GMT,EFF_END_DT_GMT\n"
OPEN = "2030-12-31T23:59:59,2019-02-07T08:00:00-00:00,2031-01-01T07:59:59-00:00"
AREAS = (
    f"{ATLAS}TAC_N,A-APND,x,,2019-02-07T00:00:00,{OPEN}\nTAC_E,A-APND,x,,2019-02-07T00:00:00,{OPEN}\n"
    "TAC_N,A-APND,x,,2019-02-07T00:00:00,2023-09-21T23:59:59,2019-02-07T08:00:00-00:00,2023-09-22T06:59:59-00:00\n"
)
BUSES = (
    "ELECTRICAL_BUS,NODE_NAME,PSSE_BUS_NAME,VOLTAGE_LEVEL,SUBSTATION,SETTLEMENT_LOAD_ZONE,RESOURCE_NODE,"
    "HUB_BUS_NAME,HUB,PSSE_BUS_NUMBER\nA,A,A,138,SUB,LZ_WEST,RN,,,1\nB,B,B,13.8,SUB,LZ_WEST,RN,,,2\n"
    "RN,C,C,345,OTHER,LZ_NORTH,,X,HB_NORTH,3\n"
)
LOCATIONS = (
    '{"Locations":{"Location":[{"LocationID":4000,"LocationType":"HUB","LocationName":".H.INTERNAL_HUB",'
    '"AreaType":"INTERNAL"},{"LocationID":6352,"LocationType":"HUB NODE","LocationName":"HC.A  13.8"},'
    '{"LocationID":321,"NetworkNodeType":"UNIT","AreaType":"INTERNAL","LocationType":"NETWORK NODE",'
    '"LocationName":"UN.EDDY    34.5AMOS"}]}}'
)
KNOWN = {"SPPNORTH_HUB": "HUB", "AECI": "INTERFACE"}
READ = {
    "pjm/pnode_csv": lists.pnodes,
    "pjm/pnode_json": lists.pnodes,
    "nyiso/generator": lists.generators,
    "caiso/atl_pnode": lists.atlas,
    "caiso/atl_pnode_map": lists.atlas,
    "caiso/atl_tac_area_map": lists.atlas,
    "ercot/settlement_points": lists.settlement_points,
    "isone/locations": lists.web_service_locations,
    "miso/nodes": lists.priced_nodes,
    "spp/locations": lambda case: lists.priced_locations(case, KNOWN),
}


def one(name: str, text: str) -> Case:
    return Case(name, {name: text.encode()})


def simulated(iso: str, word: str, name: str) -> Case:
    """A list as the stand-in prints it."""
    return one(name, LISTS[iso, word].text(12, ORIGINAL))


CASES: list[tuple[str, Case]] = [
    ("pjm/pnode_csv", one("pnode.csv", PNODE)),
    ("pjm/pnode_csv", simulated("PJM", "pnode", "pnode simulated.csv")),
    ("pjm/pnode_json", one("page.json", f'{{"links":[],"items":{PNODES},"totalRows":2}}')),
    ("pjm/pnode_json", one("download.json", PNODES)),
    ("nyiso/generator", one("generator.csv", GENERATORS)),
    ("nyiso/generator", simulated("NYISO", "generator", "generator simulated.csv")),
    ("caiso/atl_tac_area_map", one("20230917_20230918_ATL_TAC_AREA_MAP_N_20230921_10_30_28_v1.csv", AREAS)),
    ("caiso/atl_tac_area_map", one("renamed.csv", AREAS)),
    ("caiso/atl_tac_area_map", simulated("CAISO", "ATL_TAC_AREA_MAP", "20251102_20251103_ATL_areas.csv")),
    ("caiso/atl_pnode_map", simulated("CAISO", "ATL_PNODE_MAP", "20260308_20260309_ATL_PNODE_MAP_N.csv")),
    ("caiso/atl_pnode", simulated("CAISO", "ATL_PNODE", "20260308_20260309_ATL_PNODE_N.csv")),
    ("ercot/settlement_points", one("Settlement_Points_11022025_014625.csv", BUSES)),
    ("ercot/settlement_points", one("renamed.csv", BUSES)),
    ("isone/locations", one("locations.json", LOCATIONS)),
    *(("pjm/pnode_csv", case_of(path)) for path in genuine("pjm/pnode")),
    *(
        (f"caiso/{'atl_pnode_map' if 'PNODE_MAP' in path.name else 'atl_tac_area_map'}", case_of(path))
        for path in genuine("caiso/location_metadata")
        if "_ATL_PNODE_MAP" in path.name or "_ATL_TAC_AREA" in path.name
    ),
    *(
        ("ercot/settlement_points", case_of(path))
        for path in genuine("ercot/settlement_points_mapping")
        if path.name.startswith("Settlement_Points")
    ),
    *(("isone/locations", case_of(path)) for path in genuine("isone/webservices/locations")),
    *(("miso/nodes", case_of(path)) for path in genuine("miso/da_expost_lmp", "miso/da_lmp")),
    *(("spp/locations", case_of(path)) for path in genuine("spp/da-lmp-by-settlement-location")),
    *(
        ("isone/locations", case_of(path))
        for path in derived("isone/_derived/webservices/locations/locations_all_20260727.json")
    ),
]


def complete(rows: list[Row]) -> list[Row]:
    return [{**row, "member_of": row.get("member_of") or ""} for row in rows]


@pytest.mark.parametrize(
    ("transform", "case"), [pytest.param(*each, id=f"{each[0]} {each[1].name}") for each in CASES]
)
@pytest.mark.parametrize("line_end", [None, b"\r\n", b"\n"], ids=["as served", "dos", "unix"])
def test_a_list_says_what_an_independent_reader_finds(
    transform: str, case: Case, line_end: bytes | None, tmp_path: Path
) -> None:
    if line_end is not None:
        members = {
            name: b"\n".join(text.splitlines()).replace(b"\n", line_end) + line_end
            for name, text in case.members.items()
        }
        case = Case(case.name, members)
    rows = complete(published(transform, lay_out(tmp_path, case), known_locations=KNOWN))
    assert_same(rows, complete(READ[transform](case)), *FIELDS, *TIMES)


def test_rows_that_differ_in_their_end_only_are_two_rows(tmp_path: Path) -> None:
    rows = published("caiso/atl_tac_area_map", lay_out(tmp_path, one("areas.csv", AREAS)))
    assert [str(row["valid_to_utc"]) for row in rows] == ["None", "None", "2023-09-22 07:00:00"]
    assert {row["settlement_location_type"] for row in rows} == {"AGGREGATE"}


def test_a_bus_and_a_resource_node_of_one_name_are_two_locations(tmp_path: Path) -> None:
    case = one("Settlement_Points_11022025_014625.csv", BUSES)
    rows = published("ercot/settlement_points", lay_out(tmp_path, case))
    found = {row["settlement_location_id"]: row for row in rows}
    assert {"RN", "RN:BUS"} <= set(found)
    assert found["RN"]["voltage_kv"] is None
    assert (found["RN"]["zone"], found["RN:BUS"]["zone"]) == ("LZ_WEST", "LZ_NORTH")
    assert found["RN:BUS"]["member_of"] == "HB_NORTH"


def test_hubs_and_ties_are_told_by_their_names(tmp_path: Path) -> None:
    case = one("Hub_Name_AND_DC_Ties_07172021_144918.csv", "NAME\nHB_NORTH\nDC_E\n")
    rows = published("ercot/hub_names", lay_out(tmp_path, case))
    assert [(row["settlement_location_id"], row["settlement_location_type"]) for row in rows] == [
        ("HB_NORTH", "HUB"),
        ("DC_E", "INTERFACE"),
    ]
    assert {str(row["interval_start_utc"]) for row in rows} == {"2021-07-17 05:00:00"}


@pytest.mark.parametrize(
    ("transform", "text", "words"),
    [
        ("pjm/pnode_csv", PNODE.replace("\n1,", "\n,"), "a row has no pnode_id"),
        ("pjm/pnode_csv", PNODE.replace("9/8/2017", "soon"), "effective_date of node 1 is not a date"),
        (
            "pjm/pnode_csv",
            PNODE.replace("6/1/2010 12:00:00 AM,12", "6/1/2010,12"),
            "effective_date of node 2",
        ),
        ("nyiso/generator", GENERATORS.replace("24011", ""), "a row has no Generator PTID"),
        (
            "nyiso/generator",
            GENERATORS.replace("43.3", "north"),
            "latitude of generator 24011 is not a number",
        ),
        (
            "nyiso/generator",
            GENERATORS.replace(",Y\r", ",?\r"),
            "Active of generator 24011 is neither Y nor N",
        ),
        ("caiso/atl_tac_area_map", AREAS.replace("TAC_E", ""), "the row of A-APND has no TAC_AREA_ID"),
        (
            "caiso/atl_tac_area_map",
            AREAS.replace("T08:00:00-00:00", ""),
            "EFF_START_DT_GMT of A-APND is no stamp",
        ),
        ("ercot/settlement_points", BUSES.replace("13.8", "low"), "VOLTAGE_LEVEL of B is not a number"),
        ("isone/locations", LOCATIONS.replace("321", "null"), "a location has no LocationID"),
    ],
)
def test_a_row_that_cannot_be_vouched_for_is_objected_to(
    transform: str, text: str, words: str, tmp_path: Path
) -> None:
    name = "list.json" if transform.startswith("isone") else "list.csv"
    said = objections(published(transform, lay_out(tmp_path, one(name, text))))
    assert any(words in each for each in said), said


@pytest.mark.parametrize(
    ("iso", "word", "folder", "part"),
    [
        ("PJM", "pnode", "pjm/pnode", "pnode"),
        ("CAISO", "ATL_PNODE_MAP", "caiso/location_metadata", "_ATL_PNODE_MAP_"),
        ("CAISO", "ATL_TAC_AREA_MAP", "caiso/location_metadata", "_ATL_TAC_AREA_MAP_"),
    ],
)
def test_the_stand_ins_print_the_header_of_the_genuine_list(
    iso: str, word: str, folder: str, part: str
) -> None:
    for path in genuine(folder):
        if part in path.name:
            header = path.read_text(encoding="utf-8-sig").splitlines()[0]
            assert header.split(",") == list(LISTS[iso, word].columns)


def test_what_a_list_leaves_blank_is_no_statement(tmp_path: Path) -> None:
    """A name falls back to the id; a time that is not stated is left to the day of the list."""
    text = PNODE.replace("1,PJM-RTO,AGGREGATE,ZONE,,,9/8/2017 12:00:00 AM,12/31/9999 12:00:00 AM", "1,,,,,,,")
    rows = published("pjm/pnode_csv", lay_out(tmp_path, one("pnode.csv", text)))
    blank = next(row for row in rows if row["settlement_location_id"] == "1")
    assert (blank["settlement_location"], blank["settlement_location_type"]) == ("1", "NODE")
    assert (blank["source_type"], blank["valid_from_utc"], blank["valid_to_utc"]) == (None, None, None)
    assert not objections(rows)


def test_an_end_before_its_beginning_is_kept_as_stated(tmp_path: Path) -> None:
    text = AREAS.replace("2023-09-22T06", "2001-09-22T06")
    rows = published("caiso/atl_tac_area_map", lay_out(tmp_path, one("areas.csv", text)))
    assert len(rows) == 3
    assert not objections(rows)


@pytest.mark.parametrize(
    ("iso", "transform", "folder"),
    [("PJM", "pjm/pnode_csv", "pjm/pnode"), ("ISONE", "isone/locations", "isone/webservices/locations")],
)
def test_what_the_registry_calls_a_hub_or_a_zone_is_one_in_the_genuine_list(
    iso: str, transform: str, folder: str, tmp_path: Path
) -> None:
    known = {key: kind for kind, ids in registry.source(iso).locations.known.items() for key in ids}
    for number, path in enumerate(genuine(folder)):
        rows = published(transform, lay_out(tmp_path / str(number), case_of(path)))
        listed = {row["settlement_location_id"]: row["settlement_location_type"] for row in rows}
        assert {key: listed[key] for key in known.keys() & listed} == {
            key: known[key] for key in known.keys() & listed
        }
        assert {key for key, kind in listed.items() if kind == "HUB"} == {
            key for key, kind in known.items() if kind == "HUB"
        }
