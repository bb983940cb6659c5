"""Data Miner 2 rows: the price at a stage, and the cells that a feed prints for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest.simulator import prices
from ingest.simulator.pjm_feeds import MEGAWATTS, Feed, Service
from ingest.simulator.pjm_locations import Node
from ingest.simulator.prices import Price
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import EASTERN

CENT = 10_000


@dataclass(frozen=True)
class Moment:
    """An instant with its words on the eastern clock and in the feeds' two spellings."""

    start: datetime
    minute: int
    local: datetime
    utc_csv: str
    ept_csv: str

    @property
    def day(self) -> date:
        """The delivery day."""
        return self.local.date()


@lru_cache(maxsize=200_000)
def moment(start: datetime) -> Moment:
    """The words for an instant."""
    local = start.astimezone(ZoneInfo(EASTERN))
    return Moment(start, int(start.timestamp()) // 60, local, csv_stamp(start), csv_stamp(local))


def csv_stamp(when: datetime) -> str:
    """``1/5/2025 5:00:00 AM``: no padding."""
    hour = when.hour % 12 or 12
    return f"{when.month}/{when.day}/{when.year} {hour}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"


def verified(feed: str, node: str, at: Moment, revision: Revision = ORIGINAL) -> Price:
    """The price of a node in a verified or day-ahead feed: energy in cents, the rest with six decimals."""
    series = prices.seed("PJM", feed)
    place = prices.seed("PJM", node)
    energy, worst = _system(series, at)
    jam = prices.congestion(series, place, at.minute, worst, 1) + revision.amount_for(node, at.local.hour)
    return Price(energy, jam, prices.loss(place, energy, 1))


@lru_cache(maxsize=20_000)
def _system(series: int, at: Moment) -> tuple[int, int]:
    energy = prices.energy(series, at.minute, at.local.hour, at.local.month, CENT)
    return energy, prices.severity(series, at.minute)


def unverified(feed: Feed, node: Node, at: Moment, revision: Revision = ORIGINAL) -> Price:
    """The price before verification: in cents, and for one node and interval in six not what it will be."""
    settled = verified(feed.series, node.key, at)
    draw = prices.mix(prices.seed("PJM", feed.name, node.key), at.minute)
    wrong = CENT * (draw % 61 - 30) if draw % 6 == 0 else 0
    extra = wrong + revision.amount_for(node.key, at.local.hour)
    return Price(
        settled.energy, prices.rounded(settled.congestion, CENT) + extra, prices.rounded(settled.loss, CENT)
    )


def settlement(feed: Feed, node: Node, at: Moment, revision: Revision = ORIGINAL) -> Price:
    """The price after month close: zones are weighted again with metered load, the others stay."""
    settled = verified(feed.series, node.key, at)
    extra = revision.amount_for(node.key, at.local.hour)
    if node.type == "ZONE":
        extra += prices.mix(prices.seed("PJM", feed.name, node.key), at.minute) % 400_000 - 200_000
    return replace(settled, congestion=settled.congestion + extra)


def service_value(feed: str, service: Service, at: Moment, revision: Revision = ORIGINAL) -> int:
    """A reserve price in cents, or a mileage ratio."""
    series = prices.seed("PJM", feed)
    amount = prices.reserve(series, prices.seed("PJM", service.key), at.minute, at.local.hour, CENT)
    return amount + revision.amount_for(service.key, at.local.hour)


def lmp_cells(feed: Feed, node: Node, at: Moment, revision: Revision) -> dict[str, str]:
    """The price columns of an LMP feed, as printed."""
    if feed.kind == "unverified":
        price = unverified(feed, node, at, revision)
        cells = _lmp("rt", price, 6)
        del cells["system_energy_price_rt"]
        return cells
    if feed.kind == "monthly":
        cells = _lmp("rt", settlement(feed, node, at, revision), 6)
        if "total_lmp_da" in feed.columns:
            cells |= _lmp("da", verified("da_hrl_lmps", node.key, at), 6)
        return cells
    market = "da" if feed.name.startswith("da_") else "rt"
    return _lmp(market, verified(feed.name, node.key, at, revision), 2 if market == "da" else 6)


def _lmp(market: str, price: Price, energy_places: int) -> dict[str, str]:
    return {
        f"system_energy_price_{market}": prices.decimals(price.energy, energy_places),
        f"total_lmp_{market}": prices.decimals(price.total, 6),
        f"congestion_price_{market}": prices.decimals(price.congestion, 6),
        f"marginal_loss_price_{market}": prices.decimals(price.loss, 6),
    }


def reserve_cells(feed: Feed, service: Service, at: Moment, revision: Revision) -> dict[str, str]:
    """The columns of a reserve results feed: two decimals, blank where a product has no such number."""
    price = service_value(feed.name, service, at, revision)
    draw = prices.mix(prices.seed("PJM", feed.name, service.key, "mw"), at.minute)
    needed = (
        (800 if 5 <= at.local.hour < 9 or at.local.hour >= 17 else 525) if service.product == "REG" else 1800
    )
    cleared = needed * 100 + draw % 20_000
    regulation = service.product == "REG"
    capability = price * 9 // 10 // CENT * CENT
    cells = {
        "mcp": prices.decimals(price, 2),
        "mcp_capped": prices.decimals(price, 2),
        "reg_ccp": prices.decimals(capability, 2) if regulation else "",
        "reg_pcp": prices.decimals(price - capability, 2) if regulation else "",
        "as_req_mw": f"{needed:.2f}",
        "total_mw": f"{cleared / 100:.2f}",
        "as_mw": f"{cleared / 100:.2f}",
        "ss_mw": f"{cleared // 3 / 100:.2f}",
        "tier1_mw": "0.00",
        "ircmwt2": "0.00",
        "dsr_as_mw": f"{draw % 9000 / 100:.2f}",
        "nsr_mw": "" if regulation else f"{draw % 50_000 / 100:.2f}",
        "regd_mw": f"{draw % 24_000 / 100:.2f}" if regulation else "",
    }
    return {name: text for name, text in cells.items() if name in feed.columns}


def load_cells(
    feed: Feed, area: Service, at: Moment, revision: Revision, evaluated: str = ""
) -> dict[str, str]:
    """The load of an area, or what was expected of it when it was ``evaluated``; some rows are verified yet."""
    place = prices.seed("PJM", "load", area.key)
    draw = prices.mix(prices.seed("PJM", feed.name, evaluated) ^ place, at.minute)
    evening = 100 + 12 * (17 <= at.local.hour <= 21) - 15 * (at.local.hour < 6)
    thousandths = (900 + place % 12_000) * evening * 10 * (10_000 + draw % 400 - 200) // 10_000
    thousandths += revision.amount_for(area.key, at.local.hour) // 1000
    decimals = {"inst_load": 6, "hrl_load_metered": 3, "hrl_load_prelim": 1}.get(feed.name, 0)
    end = at.start + timedelta(minutes=feed.minutes)
    cells = {
        MEGAWATTS[feed.name]: f"{thousandths / 1000:.{decimals}f}",
        "is_verified": str(place % 2 == 0),
        **{f"{name}datetime_ending_utc": csv_stamp(end) for name in ("", "forecast_")},
        **{
            f"{name}datetime_ending_ept": csv_stamp(end.astimezone(ZoneInfo(EASTERN)))
            for name in ("", "forecast_")
        },
    }
    return {name: text for name, text in cells.items() if name in feed.columns}


def evaluated(feed: Feed, at: Moment, number: int) -> datetime:
    """When a forecast was made, in UTC: a half hour counted from 1970, or one of the snapshots of the day before."""
    if feed.appears == "week_before":
        return datetime.fromtimestamp(number * 1800 - 727, UTC)
    midnight = datetime.combine(at.day - timedelta(days=1), time(), ZoneInfo(EASTERN)).astimezone(UTC)
    return midnight + timedelta(hours=6 * number, minutes=-15, seconds=7)


def item_cells(feed: Feed, item: Node | Service) -> dict[str, str]:
    """The columns that name what a row is about; filters work on these."""
    if isinstance(item, Service):
        if feed.kind in ("load", "forecast"):
            region = "RTO" if item.place == "RTO" else "RFC"
            named = {"nerc_region": region, "mkt_region": region, "zone": item.place}
            named |= dict.fromkeys(("load_area", "area", "forecast_area"), item.product)
            return {name: text for name, text in named.items() if name in feed.columns}
        if feed.kind == "service":
            return {"ancillary_service": item.product, "unit": item.unit}
        return {"locale": item.place, "service": item.product}
    name = item.long_name if feed.kind == "unverified" else item.name
    cells = {
        "pnode_id": item.key,
        "pnode_name": name,
        "voltage": item.voltage,
        "equipment": item.equipment,
        "type": item.type,
        "zone": item.zone,
    }
    return {name: text for name, text in cells.items() if name in feed.columns}


def value_cells(feed: Feed, item: Node | Service, at: Moment, revision: Revision) -> dict[str, str]:
    """The columns that a price makes."""
    if isinstance(item, Node):
        cells = lmp_cells(feed, item, at, revision)
        if "occ_check" in feed.columns:
            cells |= {"occ_check": "False", "ref_caseid_used_multi_interval": "True"}
        return cells
    if feed.kind in ("load", "forecast"):
        return load_cells(feed, item, at, revision)
    if feed.kind == "reserve":
        return reserve_cells(feed, item, at, revision)
    return {"value": prices.decimals(service_value(feed.name, item, at, revision), 6)}
