"""SPP rows: the places and reserve zones of the portal's files, their prices, and the lines that print them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import prices
from ingest.simulator.prices import Price
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import CENTRAL

TICK = 100
EAST, WEST = "SPP", "SWPW"
# The balancing authority in the west joined, and files print it since.
TWO_AUTHORITIES_SINCE = date(2026, 4, 1)
FIRST_DAY = date(2014, 3, 1)
HUBS = {"SPPNORTH_HUB": EAST, "SPPSOUTH_HUB": EAST, "SWPW_HUB": WEST}
# A hub of one participant, and interfaces.
INTERFACES = {"AECI": EAST, "ERCOTE": EAST, "AESO": WEST}
OTHERS = {"CSWS_HUB": EAST, **INTERFACES}
ZONES = {"1": EAST, "2": EAST, "21": WEST, EAST: EAST, WEST: WEST}
_ZONE = ZoneInfo(CENTRAL)


@dataclass(frozen=True)
class System:
    """A file system of the portal: what its files hold; ``by_bus`` of pnodes and not of settlement locations."""

    name: str
    minutes: int
    day_ahead: bool
    products: tuple[str, ...] = ()
    by_bus: bool = False


SYSTEMS: Mapping[str, System] = {
    item.name: item
    for item in (
        System("da-lmp-by-settlement-location", 60, True),
        System("rtbm-lmp-by-location", 5, False),
        System("da-lmp-by-settlement-location/RePrice", 60, True),
        System("rtbm-lmp-by-location/RePrice", 5, False),
        System("da-lmp-by-bus", 60, True, by_bus=True),
        System("rtbm-lmp-by-bus", 5, False, by_bus=True),
        System("da-mcp", 60, True, ("RegUP", "RegDN", "Spin", "Supp", "RampUP", "RampDN", "UncUP")),
        System(
            "rtbm-mcp",
            5,
            False,
            (
                "RegUPService",
                "RegDNService",
                "RegUpMile",
                "RegDNMile",
                "RampUP",
                "RampDN",
                "Spin",
                "Supp",
                "UncUP",
            ),
        ),
    )
}


def starts(day: date, minutes: int) -> list[datetime]:
    """The beginnings of a market day's intervals, in UTC."""
    instant, end = clock.midnight(day, CENTRAL), clock.midnight(day + timedelta(days=1), CENTRAL)
    found = []
    while instant < end:
        found.append(instant.astimezone(UTC))
        instant += timedelta(minutes=minutes)
    return found


def printed_end(start: datetime, minutes: int) -> datetime:
    """The Central wall clock at the end of an interval; where the clock is set back there, before it is."""
    begin, end = start.astimezone(_ZONE), (start + timedelta(minutes=minutes)).astimezone(_ZONE)
    if end.fold and not begin.fold:
        return begin.replace(tzinfo=None) + timedelta(minutes=minutes)
    return end.replace(tzinfo=None, fold=0)


@lru_cache(maxsize=16)
def places(nodes: int, both: bool) -> tuple[tuple[str, str], ...]:
    """Settlement locations with their balancing authority, by name; ``nodes`` counts the synthetic ones."""
    named = {**HUBS, **OTHERS, **{f"SIM{number:05d}_RA": EAST for number in range(nodes)}}
    return tuple((name, area) for name, area in sorted(named.items()) if both or area == EAST)


def pnode(name: str) -> str:
    """The pnode of a settlement location; that of an interface has its name."""
    return name if name in INTERFACES else f"{name}_P"


def header(system: System, day: date, daily: bool) -> list[str]:
    """The first line of a file: other words in the daily file of real time, the authority where it is printed."""
    if system.products:
        # A blank stands before this name in the genuine files.
        printed = [" RegDNMile" if name == "RegDNMile" else name for name in system.products]
        names = ["Interval", "GMTIntervalEnd", "Reserve Zone", *printed]
    elif daily and not system.day_ahead:
        names = [
            "Interval",
            "GMT Interval",
            "Settlement Location Name",
            "PNODE Name",
            "LMP",
            "MLC",
            "MCC",
            "MEC",
        ]
    else:
        names = ["Interval", "GMTIntervalEnd", "Settlement Location", "Pnode", "LMP", "MLC", "MCC", "MEC"]
    if system.by_bus:
        names = [name for name in names if not name.startswith("Settlement Location")]
    if day < TWO_AUTHORITIES_SINCE:
        return names
    if system.day_ahead and not system.products:
        return [*names[:2], "BAA", *names[2:]]
    return [*names, "BAA"]


def lines(system: System, start: datetime, nodes: int, revision: Revision) -> Iterator[str]:
    """The lines of one interval."""
    end = start + timedelta(minutes=system.minutes)
    day = clock.local_date(start, CENTRAL)
    both = day >= TWO_AUTHORITIES_SINCE
    stamps = [f"{printed_end(start, system.minutes):%m/%d/%Y %H:%M:%S}", f"{end:%m/%d/%Y %H:%M:%S}"]
    if system.products:
        for zone, area in ZONES.items():
            if both or area == EAST:
                cells = list(reserve_cells(system, zone, start, revision).values())
                yield ",".join([*stamps, zone, *cells, *([area] if both else [])])
        return
    for name, area in places(nodes, both):
        words = [pnode(name)] if system.by_bus else [name, pnode(name)]
        price = lmp_cells(system, words[0], start, revision)
        cells = [*words, *(price[part] for part in ("LMP", "MLC", "MCC", "MEC"))]
        if both and system.day_ahead:
            yield ",".join([*stamps, area, *cells])
        else:
            yield ",".join([*stamps, *cells, *([area] if both else [])])


def lmp_cells(system: System, name: str, start: datetime, revision: Revision = ORIGINAL) -> dict[str, str]:
    """The printed prices of a settlement location, or of a pnode, in an interval."""
    found = _price(system, name, start, revision)
    amounts = {"LMP": found.total, "MLC": found.loss, "MCC": found.congestion, "MEC": found.energy}
    return {part: prices.decimals(amount, 4) for part, amount in amounts.items()}


def _price(system: System, name: str, start: datetime, revision: Revision) -> Price:
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    location = name.removesuffix("_P")
    series = prices.seed("SPP", system.name, HUBS.get(location) or OTHERS.get(location) or EAST)
    place = prices.seed("SPP", name)
    energy = prices.energy(series, minute, local.hour, local.month, TICK)
    worst = prices.severity(series, minute)
    congestion = prices.congestion(series, place, minute, worst, TICK)
    congestion += revision.amount_for(name, local.hour)
    return Price(energy, congestion, prices.loss(place, energy, TICK))


def reserve_cells(
    system: System, zone: str, start: datetime, revision: Revision = ORIGINAL
) -> dict[str, str]:
    """The printed prices of a reserve zone in an interval, by product."""
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    series = prices.seed("SPP", system.name, ZONES[zone])
    return {
        product: prices.decimals(
            prices.reserve(series, prices.seed("SPP", product), minute, local.hour, TICK)
            + revision.amount_for(zone, local.hour),
            4,
        )
        for product in system.products
    }


def text(system: System, intervals: Sequence[datetime], nodes: int, revision: Revision, daily: bool) -> str:
    """A file: its header and the lines of its intervals."""
    day = clock.local_date(intervals[0], CENTRAL)
    body = [line for start in intervals for line in lines(system, start, nodes, revision)]
    return "\n".join([",".join(header(system, day, daily)), *body, ""])
