"""Independent reader of the lists of locations: what a row says, as the table must hold it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from oracle import miso, miso_archives, pjm, spp
from oracle.pjm import voltage
from oracle.shell import Case, Row

CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
PNODES = {
    "GEN": "RESOURCE_NODE",
    "LOAD": "NODE",
    "EXT": "NODE",
    "HUB": "HUB",
    "ZONE": "ZONE",
    "INTERFACE": "INTERFACE",
    "TIE": "INTERFACE",
    **dict.fromkeys(("AGGREGATE", "EHV", "RESIDUAL_METERED_EDC"), "AGGREGATE"),
}
WINDOW = re.compile(r"(?:^|[_-])(\d{8})_\d{8}_")


def records(case: Case) -> Iterator[tuple[str, Row]]:
    """The rows of a CSV by the names in its header, blank as None, with the name of the member."""
    for name in case.members:
        for row in csv.DictReader(io.StringIO(case.text(name), newline="")):
            yield name, {key: (value or "").strip() or None for key, value in row.items()}


def _utc(text: str, form: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def pnodes(case: Case) -> list[Row]:
    """PJM's pricing nodes, with the dates that each row states."""
    rows = []
    for record in pjm.records(case):
        word = record["pnode_subtype"] or record["pnode_type"]
        ends = record["termination_date"]
        rows.append(
            {
                "location_list": "pnode",
                "settlement_location": record["pnode_name"],
                "settlement_location_type": PNODES.get(word, "NODE"),
                "settlement_location_id": record["pnode_id"],
                "source_type": word,
                "zone": record["zone"],
                "voltage_kv": voltage(record["voltage_level"]),
                "valid_from_utc": _eastern(record["effective_date"]),
                "valid_to_utc": None if "9999" in ends else _eastern(ends),
            }
        )
    return rows


def _eastern(text: str) -> datetime:
    return pjm.stamp(text).replace(tzinfo=NEW_YORK).astimezone(UTC).replace(tzinfo=None)


def generators(case: Case) -> list[Row]:
    """NYISO's generators; zeros for both coordinates are none."""
    rows = []
    for _, record in records(case):
        places = (_number(record["Latitude"]), _number(record["Longitude"]))
        latitude, longitude = places if any(places) else (None, None)
        rows.append(
            {
                "location_list": "generator",
                "settlement_location": record["Generator Name"],
                "settlement_location_type": "RESOURCE_NODE",
                "settlement_location_id": record["Generator PTID"],
                "zone": record["Zone"],
                "subzone": record["Subzone"],
                "member_of": record["Aggregation PTID"] or "",
                "latitude": latitude,
                "longitude": longitude,
                "is_active": {"Y": True, "N": False, None: None}[record["Active"]],
            }
        )
    return rows


def _kind_of_node(name: str) -> str:
    if name.startswith("TH_"):
        return "HUB"
    if name.startswith("DLAP_"):
        return "ZONE"
    return "AGGREGATE" if name.endswith("-APND") else "NODE"


def atlas(case: Case) -> list[Row]:
    """A list of OASIS' atlas: nodes, or nodes with the aggregate or the area that they are in."""
    rows = []
    for name, record in records(case):
        group = record.get("APNODE_ID") or record.get("TAC_AREA_ID")
        listed = "ATL_PNODE_MAP" if "APNODE_ID" in record else "ATL_TAC_AREA_MAP" if group else "ATL_PNODE"
        start, end = (
            datetime.fromisoformat(record[f"EFF_{edge}_DT_GMT"]).astimezone(UTC).replace(tzinfo=None)
            for edge in ("START", "END")
        )
        if "EFF_START_DT" in record:
            # The other clock must tell the same.
            assert _utc(record["EFF_START_DT"], "%Y-%m-%dT%H:%M:%S", LOS_ANGELES) == start
        never = end == datetime(2031, 1, 1, 7, 59, 59)
        row = {
            "location_list": listed,
            "settlement_location": record["PNODE_ID"],
            "settlement_location_type": _kind_of_node(record["PNODE_ID"]),
            "settlement_location_id": record["PNODE_ID"],
            "source_type": record.get("PNODE_TYPE"),
            "zone": record.get("TAC_AREA_ID"),
            "member_of": group or "",
            "description": record["DESCRIPTION"],
            "valid_from_utc": start,
            "valid_to_utc": None if never else end + timedelta(seconds=1),
        }
        if asked := WINDOW.search(name):
            day = datetime.strptime(asked[1], "%Y%m%d")
            row["interval_start_utc"], row["interval_end_utc"] = (
                edge.replace(tzinfo=LOS_ANGELES).astimezone(UTC).replace(tzinfo=None)
                for edge in (day, day + timedelta(days=1))
            )
        rows.append(row)
    return rows


def settlement_points(case: Case) -> list[Row]:
    """ERCOT's electrical buses and the resource nodes that they name, its hubs and ties."""
    rows: list[Row] = []
    nodes: dict[tuple[str, str], list[Row]] = {}
    for name, record in records(case):
        loaded = re.search(r"(\d{8}_\d{6})", name)
        times = _loaded(loaded[1]) if loaded else {}
        if set(record) == {"NAME"}:
            kind = {"HB": "HUB", "DC": "INTERFACE"}.get(record["NAME"][:2], "AGGREGATE")
            rows.append(
                {
                    **times,
                    "location_list": "Hub_Name_AND_DC_Ties",
                    "settlement_location": record["NAME"],
                    "settlement_location_type": kind,
                    "settlement_location_id": record["NAME"],
                    "member_of": "",
                }
            )
            continue
        if "ELECTRICAL_BUS" not in record or "HUB" not in record:
            continue
        common = {"location_list": "Settlement_Points", **times}
        rows.append(
            {
                **common,
                "settlement_location": record["ELECTRICAL_BUS"],
                "settlement_location_type": "BUS",
                "settlement_location_id": f"{record['ELECTRICAL_BUS']}:BUS",
                "source_type": "ELECTRICAL_BUS",
                "zone": record["SETTLEMENT_LOAD_ZONE"],
                "member_of": record["HUB"] or "",
                "node": record["RESOURCE_NODE"],
                "description": record["SUBSTATION"],
                "voltage_kv": _number(record["VOLTAGE_LEVEL"]),
            }
        )
        if node := record["RESOURCE_NODE"]:
            nodes.setdefault((name, node), []).append(record | {"common": common})
    for (_, node), buses in nodes.items():

        def agreed(column: str, buses: list[Row] = buses) -> str | None:
            said = {bus[column] for bus in buses if bus[column]}
            return said.pop() if len(said) == 1 else None

        rows.append(
            {
                **buses[0]["common"],
                "settlement_location": node,
                "settlement_location_type": "RESOURCE_NODE",
                "settlement_location_id": node,
                "source_type": "RESOURCE_NODE",
                "zone": agreed("SETTLEMENT_LOAD_ZONE"),
                "member_of": "",
                "description": agreed("SUBSTATION"),
                "voltage_kv": _number(agreed("VOLTAGE_LEVEL")),
            }
        )
    return rows


def _loaded(stamp: str) -> Row:
    """When the network model was loaded, and the day that this was on."""
    moment = datetime.strptime(stamp, "%m%d%Y_%H%M%S")
    start, end, published = (
        one.replace(tzinfo=CHICAGO).astimezone(UTC).replace(tzinfo=None)
        for one in (
            datetime(moment.year, moment.month, moment.day),
            datetime(moment.year, moment.month, moment.day) + timedelta(days=1),
            moment.replace(second=0),
        )
    )
    return {"interval_start_utc": start, "interval_end_utc": end, "published_at_utc": published}


def web_service_locations(case: Case) -> list[Row]:
    """ISO-NE's locations, as the web services list them."""
    kinds = {"HUB": "HUB", "LOAD ZONE": "ZONE", "EXT. NODE": "INTERFACE", "HUB NODE": "NODE"}
    rows = []
    for name in case.members:
        for place in json.loads(case.text(name))["Locations"]["Location"]:
            word, detail = place["LocationType"], place.get("NetworkNodeType")
            kind = kinds.get(word, "AGGREGATE")
            if word == "NETWORK NODE":
                kind = "RESOURCE_NODE" if detail == "UNIT" else "NODE"
            rows.append(
                {
                    "location_list": "locations",
                    "settlement_location": place["LocationName"],
                    "settlement_location_type": kind,
                    "settlement_location_id": str(place["LocationID"]),
                    "source_type": f"{word} {detail}" if detail else word,
                    "member_of": "4000" if word == "HUB NODE" else "",
                    "description": place.get("AreaType"),
                }
            )
    return rows


def priced_nodes(case: Case) -> list[Row]:
    """MISO's nodes by the day-ahead prices, with the type that their rows print."""
    rows = []
    for member, content in case.members.items():
        if miso_archives.is_quarter(content):
            rows += miso_archives.nodes_of_quarter(case, member)
            continue
        midnight, printed = miso.lines(case, member)
        words: dict[str, set[str]] = {}
        for node, word, _, *_ in printed:
            words.setdefault(node, set()).add(word)
        for node, said in words.items():
            word = said.pop() if len(said) == 1 else None
            hub = "HUB" if node.endswith(".HUB") else "AGGREGATE"
            rows.append(
                {
                    "interval_start_utc": midnight,
                    "interval_end_utc": midnight + timedelta(days=1),
                    "location_list": "da_expost_lmp",
                    "settlement_location": node,
                    "settlement_location_type": hub if word == "Hub" else miso.KINDS.get(word, "NODE"),
                    "settlement_location_id": node,
                    "source_type": word,
                }
            )
    return rows


def priced_locations(case: Case, known: Mapping[str, str]) -> list[Row]:
    """SPP's settlement locations by the day-ahead prices, with the pnode and the authority of their rows."""
    found: dict[str, list[Row]] = {}
    for row, end in spp.lines(case):
        found.setdefault(row["settlementlocation"], []).append(row | {"start": end - timedelta(hours=1)})
    first = min(row["start"] for rows in found.values() for row in rows)
    day = first.replace(tzinfo=UTC).astimezone(spp.CENTRAL).replace(hour=0, minute=0, tzinfo=None)
    edges = [
        edge.replace(tzinfo=spp.CENTRAL).astimezone(UTC).replace(tzinfo=None)
        for edge in (day, day + timedelta(days=1))
    ]
    rows = []
    for name, lines in found.items():
        authorities = {line.get("baa") for line in lines} - {None, ""}
        pnodes = {line["pnode"] for line in lines} - {""}
        rows.append(
            {
                "interval_start_utc": edges[0],
                "interval_end_utc": edges[1],
                "location_list": "da-lmp-by-settlement-location",
                "settlement_location": name,
                "settlement_location_id": name,
                "settlement_location_type": known.get(name)
                or ("AGGREGATE" if name.endswith("_HUB") else "NODE"),
                "zone": authorities.pop() if len(authorities) == 1 else None,
                "node": pnodes.pop() if len(pnodes) == 1 else None,
            }
        )
    return rows


READERS: dict[str, Callable[[Case], list[Row]]] = {
    "CAISO": atlas,
    "ERCOT": settlement_points,
    "MISO": priced_nodes,
    "ISONE": web_service_locations,
    "NYISO": generators,
    "PJM": pnodes,
}
