"""PJM's pricing nodes: the genuine hubs, zones and some interfaces, and synthetic buses beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

HUBS: Mapping[int, str] = {
    51217: "EASTERN HUB",
    51287: "WEST INT HUB",
    51288: "WESTERN HUB",
    4669664: "NEW JERSEY HUB",
    33092311: "CHICAGO GEN HUB",
    33092313: "CHICAGO HUB",
    33092315: "N ILLINOIS HUB",
    34497125: "AEP GEN HUB",
    34497127: "AEP-DAYTON HUB",
    34497151: "OHIO HUB",
    35010337: "DOMINION HUB",
    116013751: "ATSI GEN HUB",
}
ZONES: Mapping[int, str] = {
    1: "PJM-RTO",
    3: "MID-ATL/APS",
    51291: "AECO",
    51292: "BGE",
    51293: "DPL",
    51295: "JCPL",
    51296: "METED",
    51297: "PECO",
    51298: "PEPCO",
    51299: "PPL",
    51300: "PENELEC",
    51301: "PSEG",
    7633629: "RECO",
    8394954: "APS",
    8445784: "AEP",
    33092371: "COMED",
    34508503: "DAY",
    34964545: "DOM",
    37737283: "DUQ",
    116013753: "ATSI",
    124076095: "DEOK",
    970242670: "EKPC",
    1709725933: "OVEC",
}
INTERFACES: Mapping[int, str] = {
    5413134: "NYIS",
    31252687: "IMO",
    40523629: "MISO",
    50981067: "SOUTHIMP",
    50981069: "SOUTHEXP",
    56958967: "NEPTUNE",
    81436855: "LINDENVFT",
    1124361945: "HUDSONTP",
}
EXTRA_HIGH_VOLTAGE: Mapping[int, tuple[str, str]] = {
    52450: ("CONEMAUGH", "PENELEC"),
    52455: ("HOSENSACK", "PPL"),
}
_VOLTAGES = ("12 KV", "13 KV", "34.5 KV", "69 KV", "115 KV", "138 KV", "230 KV", "345 KV", "500 KV")
_FIRST_SYNTHETIC = 2_200_000_001


@dataclass(frozen=True)
class Node:
    """A pricing node with the columns that the LMP feeds have for it."""

    id: int
    name: str
    type: str
    voltage: str = ""
    equipment: str = ""
    zone: str = ""

    @property
    def key(self) -> str:
        """The id as text."""
        return str(self.id)

    @property
    def long_name(self) -> str:
        """The name as the unverified feeds print it, with voltage and equipment: ``BUTLER  69 KV   A``."""
        if not self.voltage:
            return self.name
        return f"{self.name:<8}{self.voltage:<8}{self.equipment}".rstrip()

    @property
    def aggregate(self) -> bool:
        """Whether the node is more than a bus: the unverified and monthly feeds have only these."""
        return self.type not in ("LOAD", "GEN")


@lru_cache(maxsize=8)
def nodes(count: int) -> tuple[Node, ...]:
    """Every pricing node by ascending id, ``count`` of them synthetic buses."""
    zones = [name for number, name in ZONES.items() if number > 3]
    found = [Node(number, name, "HUB") for number, name in HUBS.items()]
    found += [Node(number, name, "ZONE") for number, name in ZONES.items()]
    found += [Node(number, name, "INTERFACE") for number, name in INTERFACES.items()]
    found += [Node(n, name, "EHV", "500 KV", "", zone) for n, (name, zone) in EXTRA_HIGH_VOLTAGE.items()]
    for index in range(count):
        generator = index % 5 == 0
        found.append(
            Node(
                id=_FIRST_SYNTHETIC + 7 * index,
                name=f"SIM{index:05d}",
                type="GEN" if generator else "LOAD",
                voltage=_VOLTAGES[index % len(_VOLTAGES)],
                equipment=f"UNIT{index % 4 + 1}" if generator else f"LOAD{index % 3 + 1}",
                zone=zones[index % len(zones)],
            )
        )
    return tuple(sorted(found, key=lambda node: node.id))
