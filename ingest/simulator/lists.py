"""Lists of locations as the sites print them: one row a location (or a location in a group), no stamps of time.

A correction of a list changes what it says of every location in one column, since a list has no price to change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from ingest.clock import local_date
from ingest.simulator import isone_rows, nyiso_files, pjm_locations
from ingest.simulator.answers import Answer, Request, with_extra_column
from ingest.simulator.caiso_reports import locations as caiso_locations
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import CENTRAL, EASTERN, PACIFIC, World

Cells = dict[str, str]

# The end of what has none, as OASIS prints it on both clocks.
_OPEN, _OPEN_GMT = "2030-12-31T23:59:59", "2031-01-01T07:59:59-00:00"
_EFFECTIVE = ("EFF_START_DT", "EFF_END_DT", "EFF_START_DT_GMT", "EFF_END_DT_GMT")


@dataclass(frozen=True)
class LocationList:
    """A list: its columns, which of them names a location and tells it apart, and the rows for so many nodes."""

    columns: tuple[str, ...]
    key: str
    name: str
    rows: Callable[[int, Revision], Sequence[Cells]]
    clock: str
    line_end: str = "\r\n"
    # A column of which every name is a location too.
    also: str = ""

    def text(self, nodes: int, revision: Revision) -> str:
        """The list as CSV."""
        lines = [",".join(self.columns)]
        lines += [",".join(row.get(name, "") for name in self.columns) for row in self.rows(nodes, revision)]
        return self.line_end.join(lines) + self.line_end


def _said(words: str, revision: Revision) -> str:
    """A word of the list, or the one that a correction puts in its place."""
    return f"{words} R{revision.amount}" if revision.amount else words


def _pnodes(nodes: int, revision: Revision) -> list[Cells]:
    """Every second node has a row that has ended, beside the one that holds."""
    buses = {"LOAD": "BUS", "GEN": "BUS"}
    changed, never = "7/1/2016 12:00:00 AM", "12/31/9999 12:00:00 AM"
    found = []
    for node in pjm_locations.nodes(nodes):
        row = {
            "pnode_id": node.key,
            "pnode_name": node.long_name,
            "pnode_type": buses.get(node.type, "AGGREGATE"),
            "pnode_subtype": node.type,
            "zone": _said(node.zone, revision).strip(),
            "voltage_level": node.voltage,
        }
        if node.id % 2:
            found.append(row | {"effective_date": "4/1/1998 12:00:00 AM", "termination_date": changed})
        found.append(row | {"effective_date": changed, "termination_date": never})
    return found


def _generators(nodes: int, revision: Revision) -> list[Cells]:
    return [
        {
            "Generator Name": place.name,
            "Generator PTID": str(place.ptid),
            "Aggregation PTID": "" if place.ptid % 3 else str(place.ptid + 300_000),
            "Subzone": _said(place.zone, revision),
            "Zone": place.zone,
            "Latitude": f"{41 + place.ptid % 300 / 100:.4f}",
            "Longitude": f"{-74 - place.ptid % 500 / 100:.4f}",
            "Active": "N" if place.ptid % 7 == 0 else "Y",
        }
        for place in nyiso_files.places(True, nodes)
        if place.zone
    ]


def _web_service(nodes: int, revision: Revision) -> list[Cells]:
    """The places of the prices, the nodes of the hub, and types that have no price."""
    kinds = {"HUB": "HUB", "LOAD ZONE": "LOAD ZONE", "EXT. NODE": "EXT. NODE"}
    more = [
        ("32", "NEPOOL AREA", "INT. AREA"),
        ("6352", "HC.SIM     13.8", "HUB NODE"),
        ("7000", "ROS", "RESERVE ZONE"),
    ]
    found = []
    for key, name, kind in [*isone_rows.places(nodes), *more]:
        row = {"LocationID": key, "LocationType": kinds.get(kind, kind), "LocationName": name}
        row["AreaType"] = _said("EXTERNAL" if kind == "EXT. NODE" else "INTERNAL", revision)
        found.append(row | ({"NetworkNodeType": "UNIT"} if kind == "NETWORK NODE" else {}))
    return found


def _buses(nodes: int, revision: Revision) -> list[Cells]:
    """Two buses for every resource node, and some of a hub."""
    found = []
    for number in range(2 * max(nodes, 1) + 2):
        hub = number >= 2 * max(nodes, 1)
        found.append(
            {
                "ELECTRICAL_BUS": f"BUS{number:04d}",
                "NODE_NAME": f"N{number:04d}",
                "PSSE_BUS_NAME": f"PSSE_{number:04d}",
                "VOLTAGE_LEVEL": "345" if hub else "13.8",
                "SUBSTATION": _said(f"SUB{number // 2:03d}", revision),
                "SETTLEMENT_LOAD_ZONE": ("LZ_NORTH", "LZ_WEST")[number // 2 % 2],
                "RESOURCE_NODE": "" if hub else f"SIM_RN{number // 2:03d}",
                "HUB_BUS_NAME": "SIMHUB" if hub else "",
                "HUB": "HB_NORTH" if hub else "",
                "PSSE_BUS_NUMBER": str(7000 + number),
            }
        )
    return found


def _atlas(identity: Cells, remark: str, number: int) -> Cells:
    """A row of the atlas: what it is of, and from when until when, on both clocks."""
    return {
        **identity,
        "DESCRIPTION": remark,
        "COMMENTS": "",
        "EFF_START_DT": "2019-02-07T00:00:00" if number % 2 else "2017-10-01T00:00:00",
        "EFF_START_DT_GMT": "2019-02-07T08:00:00-00:00" if number % 2 else "2017-10-01T07:00:00-00:00",
        "EFF_END_DT": _OPEN,
        "EFF_END_DT_GMT": _OPEN_GMT,
    }


def _nodes_of(count: int) -> list[str]:
    return [name for name in caiso_locations(count) if not name.endswith("-APND")]


def _atlas_nodes(nodes: int, revision: Revision) -> list[Cells]:
    return [
        _atlas({"PNODE_ID": name, "CB_NODE_FLAG": "N"}, _said(name, revision), number)
        for number, name in enumerate(caiso_locations(nodes))
    ]


def _atlas_hubs(nodes: int, revision: Revision) -> list[Cells]:
    hubs = ("TH_NP15_GEN-APND", "TH_SP15_GEN-APND", "TH_ZP26_GEN-APND")
    found = []
    for number, name in enumerate(_nodes_of(nodes)):
        hub = hubs[number % 3]
        found.append(_atlas({"APNODE_ID": hub, "PNODE_ID": name}, _said(hub, revision), number))
    return found


def _atlas_areas(nodes: int, revision: Revision) -> list[Cells]:
    """Every third node is in a second area, and one pair has two rows that differ in their end only."""
    found = []
    for number, name in enumerate(_nodes_of(nodes)):
        for area in ("TAC_NORTH", "TAC_ECNTR")[: 2 if number % 3 == 0 else 1]:
            row = _atlas({"TAC_AREA_ID": area, "PNODE_ID": name}, _said(area, revision), number)
            found.append(row)
            if number == 0:
                ends = {"EFF_END_DT": "2027-09-21T23:59:59", "EFF_END_DT_GMT": "2027-09-22T06:59:59-00:00"}
                found.append(row | ends)
    return found


_GMT_FIRST = (*_EFFECTIVE[2:], *_EFFECTIVE[:2])
LISTS: Mapping[tuple[str, str], LocationList] = {
    ("PJM", "pnode"): LocationList(
        (
            *("pnode_id", "pnode_name", "pnode_type", "pnode_subtype"),
            *("zone", "voltage_level", "effective_date", "termination_date"),
        ),
        "pnode_id",
        "pnode_name",
        _pnodes,
        EASTERN,
    ),
    ("NYISO", "generator"): LocationList(
        (
            *("Generator Name", "Generator PTID", "Aggregation PTID", "Subzone"),
            *("Zone", "Latitude", "Longitude", "Active"),
        ),
        "Generator PTID",
        "Generator Name",
        _generators,
        EASTERN,
    ),
    ("ERCOT", "NP4-160-SG"): LocationList(
        (
            *("ELECTRICAL_BUS", "NODE_NAME", "PSSE_BUS_NAME", "VOLTAGE_LEVEL", "SUBSTATION"),
            *("SETTLEMENT_LOAD_ZONE", "RESOURCE_NODE", "HUB_BUS_NAME", "HUB", "PSSE_BUS_NUMBER"),
        ),
        "ELECTRICAL_BUS",
        "ELECTRICAL_BUS",
        _buses,
        CENTRAL,
        also="RESOURCE_NODE",
    ),
    ("ISONE", "locations"): LocationList(
        ("LocationID", "LocationType", "LocationName", "AreaType", "NetworkNodeType"),
        "LocationID",
        "LocationName",
        _web_service,
        EASTERN,
    ),
    ("CAISO", "ATL_PNODE"): LocationList(
        (
            *("PNODE_ID", "PNODE_TYPE", "DESCRIPTION", "COMMENTS", *_EFFECTIVE, "CB_NODE_FLAG", "MAX_CB_MW"),
            *("MAX_CB_MW_EFF_START_DT", "MAX_CB_MW_EFF_END_DT"),
            *("MAX_CB_MW_EFF_START_DT_GMT", "MAX_CB_MW_EFF_END_DT_GMT"),
        ),
        "PNODE_ID",
        "PNODE_ID",
        _atlas_nodes,
        PACIFIC,
        "\n",
    ),
    ("CAISO", "ATL_PNODE_MAP"): LocationList(
        ("APNODE_ID", "PNODE_ID", "DESCRIPTION", "COMMENTS", *_GMT_FIRST),
        "PNODE_ID",
        "PNODE_ID",
        _atlas_hubs,
        PACIFIC,
        "\n",
    ),
    ("CAISO", "ATL_TAC_AREA_MAP"): LocationList(
        ("TAC_AREA_ID", "PNODE_ID", "DESCRIPTION", "COMMENTS", *_EFFECTIVE),
        "PNODE_ID",
        "PNODE_ID",
        _atlas_areas,
        PACIFIC,
        "\n",
    ),
}


def page(iso: str, word: str, request: Request, world: World) -> Answer:
    """A page of today's list, by ``startRow`` and ``rowCount``, and how many rows there are in all.

    CSV where it is asked for, else JSON: the items of a page, or as a download the bare array.
    """
    found = LISTS[iso, word]
    revision = world.revisions.current(iso, word, local_date(world.now, found.clock))
    rows = (
        []
        if request.late
        else [
            {name: row.get(name, "") for name in found.columns} for row in found.rows(world.nodes, revision)
        ]
    )
    start, count = (
        int(request.query.get(name, most)) for name, most in (("startRow", "1"), ("rowCount", "50000"))
    )
    asked = rows[start - 1 : start - 1 + count]
    if request.query.get("format") == "csv":
        lines = [found.columns, *(row.values() for row in asked), ()]
        text = found.line_end.join(",".join(line) for line in lines)
        text = with_extra_column(text, found.line_end) if request.drift else text
        return Answer(200, text.encode(), "text/csv; charset=utf-8", (("X-TotalRows", str(len(rows))),))
    items: list[dict[str, object]] = [{name: _plain(cell) for name, cell in row.items()} for row in asked]
    items = [item | {"new_column": 1} for item in items] if request.drift else items
    links = [{"rel": "self", "href": f"{world.url}/{request.host}{request.path}?startRow={start}"}]
    body = (
        items if request.query.get("download") else {"links": links, "items": items, "totalRows": len(rows)}
    )
    text = json.dumps(body, separators=(",", ":"))
    return Answer(200, text.encode(), "application/json; charset=utf-8", (("X-TotalRows", str(len(rows))),))


def _plain(cell: str) -> str | int | None:
    """A cell as JSON: ids are numbers, stamps are of ISO 8601, and blank is null."""
    try:
        return f"{datetime.strptime(cell, '%m/%d/%Y %I:%M:%S %p'):%Y-%m-%dT%H:%M:%S}"
    except ValueError:
        return int(cell) if cell.isdigit() else cell or None


def named(iso: str, word: str) -> LocationList | None:
    """The list of that name, where there is one."""
    return LISTS.get((iso, word))


@cache
def _named_in(iso: str, word: str, nodes: int, revision: Revision) -> dict[str, str]:
    found = LISTS[iso, word]
    rows = found.rows(nodes, revision)
    more = {row[found.also]: row[found.also] for row in rows} if found.also else {}
    return more | {row[found.key]: row[found.name] for row in rows}


def printed(iso: str, word: str, key: str, nodes: int, revision: Revision = ORIGINAL) -> dict[str, str]:
    """What a list prints of a location.

    Raises:
        KeyError: it has no such location.
    """
    return {"name": _named_in(iso, word, nodes, revision)[key]}
