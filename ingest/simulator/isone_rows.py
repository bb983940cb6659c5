"""ISO New England: the places, prices, loads and vintages that its reports and web services print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import prices
from ingest.simulator.prices import Price
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import EASTERN

CENT = 10_000
FIRST_DAY = date(2003, 3, 1)
SYSTEM = "32"
HUB = ("4000", ".H.INTERNAL_HUB", "HUB")
ZONES = {
    "4001": ".Z.MAINE",
    "4002": ".Z.NEWHAMPSHIRE",
    "4003": ".Z.VERMONT",
    "4004": ".Z.CONNECTICUT",
    "4005": ".Z.RHODEISLAND",
    "4006": ".Z.SEMASS",
    "4007": ".Z.WCMASS",
    "4008": ".Z.NEMASSBOST",
}
EXTERNAL = {"4010": ".I.SALBRYNB345 1", "4011": ".I.ROSETON 345 1"}
RESERVE_ZONES = {"7000": "ROS", "7001": "SWCT", "7002": "CT", "7003": "NEMABSTN"}
REAL_TIME_RESERVES = {"TMSR": "Tmsr", "TMNSR": "Tmnsr", "TMOR": "Tmor"}
DAY_AHEAD_RESERVES = ("TMSR", "TMNSR", "TMOR", "FER", "EIR")
REGULATION = {
    "Regulation Capacity": "RegCapacityClearingPrice",
    "Regulation Service": "RegServiceClearingPrice",
}
_ZONE = ZoneInfo(EASTERN)


@dataclass(frozen=True)
class Feed:
    """A publication: its kind, its step, when a day's comes out, and the series that its stages share."""

    name: str
    kind: str
    minutes: int
    lag: timedelta
    series: str
    final: bool = True


FEEDS: Mapping[str, Feed] = {
    item.name: item
    for item in (
        Feed("da_lmp_hourly", "lmp", 60, timedelta(hours=-11), "da"),
        Feed("rt_lmp_hourly_final", "lmp", 60, timedelta(days=1, hours=12, minutes=40), "rt"),
        Feed("rt_lmp_hourly_prelim", "lmp", 60, timedelta(days=1, minutes=30), "rt", final=False),
        Feed("fiveminutelmp_final", "lmp", 5, timedelta(days=2, hours=11), "rt5"),
        Feed("fiveminutelmp_prelim", "lmp", 5, timedelta(days=1, minutes=10), "rt5", final=False),
        Feed("daasreservedata", "day-ahead reserves", 60, timedelta(hours=-11), "daas"),
        Feed("hourlyfinalreserveprice", "reserves", 60, timedelta(days=1, hours=13), "rtas"),
        Feed("hourlyprelimreserveprice", "reserves", 60, timedelta(days=1, minutes=30), "rtas", final=False),
        Feed("fiveminutereserveprice", "reserves", 5, timedelta(days=2, hours=11), "rtas5"),
        Feed("fiveminutercp", "regulation", 5, timedelta(days=2, hours=11), "rcp"),
        Feed("hourlysysload", "load", 60, timedelta(days=1, hours=2), "load"),
        Feed("realtimehourlydemand", "demand", 60, timedelta(days=6, hours=11), "demand"),
        Feed("fiveminutesystemload", "load", 5, timedelta(days=1, minutes=10), "load5"),
        Feed("fiveminuteestimatedzonalload", "estimate", 5, timedelta(days=1, minutes=10), "estimate"),
        Feed("hourlyloadforecast", "forecast", 60, timedelta(hours=-15), "forecast"),
        Feed("reliabilityregionloadforecast", "forecast", 60, timedelta(hours=-15), "forecast"),
    )
}


def starts(day: date, minutes: int) -> list[datetime]:
    """The beginnings of a market day's intervals, in UTC."""
    instant, end = clock.midnight(day, EASTERN), clock.midnight(day + timedelta(days=1), EASTERN)
    found = []
    while instant < end:
        found.append(instant.astimezone(UTC))
        instant += timedelta(minutes=minutes)
    return found


def due(feed: Feed, day: date) -> datetime:
    """When a day's publication appears."""
    wall = datetime.combine(day, time()) + feed.lag
    return wall.replace(tzinfo=_ZONE).astimezone(UTC)


def iso_stamp(instant: datetime, seconds: int = 0) -> str:
    """An instant as the web services print it: on the local clock, with its offset."""
    return (instant + timedelta(seconds=seconds)).astimezone(_ZONE).isoformat(timespec="milliseconds")


def hour_ending(start: datetime) -> str:
    """The hour of the reports; the second pass of the repeated hour has an X."""
    local = start.astimezone(_ZONE)
    return f"{local.hour + 1:02d}{'X' if local.fold else ''}"


@lru_cache(maxsize=16)
def places(nodes: int) -> tuple[tuple[str, str, str], ...]:
    """Locations with name and type, by number; ``nodes`` counts the synthetic ones."""
    found = {HUB[0]: HUB}
    found |= {key: (key, name, "LOAD ZONE") for key, name in ZONES.items()}
    found |= {key: (key, name, "EXT. NODE") for key, name in EXTERNAL.items()}
    found["7602"] = ("7602", "DR.MAINE", "DRRAZ")
    found |= {
        str(70_000 + number): (str(70_000 + number), f"UN.SIM{number:04d} 34.5SIM", "NETWORK NODE")
        for number in range(nodes)
    }
    return tuple(found[key] for key in sorted(found, key=int))


def lmp_cells(feed: Feed, location: str, start: datetime, revision: Revision = ORIGINAL) -> dict[str, str]:
    """The printed price and parts of a location in an interval."""
    found = _price(feed, location, start, revision)
    amounts = {
        "LmpTotal": found.total,
        "EnergyComponent": found.energy,
        "CongestionComponent": found.congestion,
        "LossComponent": found.loss,
    }
    return {name: prices.bare(amount, 2) for name, amount in amounts.items()}


def _price(feed: Feed, location: str, start: datetime, revision: Revision) -> Price:
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    series, place = prices.seed("ISONE", feed.series), prices.seed("ISONE", location)
    energy = prices.energy(series, minute, local.hour, local.month, CENT)
    worst = prices.severity(series, minute)
    congestion = prices.congestion(series, place, minute, worst, CENT)
    congestion += revision.amount_for(location, local.hour) + _decided_later(feed, minute)
    return Price(energy, congestion, prices.loss(place, energy, CENT))


def _decided_later(feed: Feed, minute: int) -> int:
    """What the final publication decided again, in one interval of eight; others have no preliminary one."""
    again = feed.final and feed.series.startswith("rt")
    return 17 * CENT if again and prices.mix(prices.seed("ISONE", "final"), minute) % 8 == 0 else 0


def reserve_cells(
    feed: Feed, region: str, product: str, start: datetime, revision: Revision = ORIGINAL
) -> dict[str, str]:
    """The printed price and designated quantity of a product in a region and an interval."""
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    series = prices.seed("ISONE", feed.series, region)
    amount = prices.reserve(series, prices.seed("ISONE", product), minute, local.hour, CENT)
    amount += revision.amount_for(region, local.hour) + _decided_later(feed, minute)
    cells = {"price": prices.bare(amount, 2)}
    quantity = f"{300 + prices.mix(series, minute) % 15_000 / 10:.1f}"
    if product == "EIR":
        return {"quantity": quantity}
    return cells if product == "FER" or feed.kind == "regulation" else cells | {"quantity": quantity}


def megawatts(feed: Feed, area: str, start: datetime, revision: Revision = ORIGINAL, made: str = "") -> str:
    """The printed load of an area in an interval; ``made`` tells the vintages of a forecast apart."""
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    series = prices.seed("ISONE", feed.series, area)
    size = 12_000 if area == SYSTEM else 600 + series % 3000
    draw = prices.mix(prices.seed("ISONE", feed.series, area, made), minute) % 400 - 200
    swing = 100 - abs(16 - local.hour) * 2
    amount = size * swing / 100 * (1 + draw / 5000) + revision.amount_for(area, local.hour) / prices.DOLLAR
    return f"{amount:.3f}".rstrip("0").rstrip(".")


def vintages(feed: Feed, day: date, now: datetime) -> list[datetime]:
    """When the forecast of a day was made, as far as it has been made: from two days before, last on the day."""
    moments = (
        (-2, 3, 55, 29),
        (-2, 9, 17, 25),
        (-1, 4, 15, 22),
        (-1, 9, 12, 11),
        (0, 4, 14, 54),
        (0, 13, 54, 2),
    )
    late = timedelta(seconds=0 if feed.name == "hourlyloadforecast" else 41)
    found = [
        datetime.combine(day + timedelta(days=days), time(hour, minute, second), _ZONE).astimezone(UTC) + late
        for days, hour, minute, second in moments
    ]
    return [made for made in found if made <= now]
