"""Independent reader of the MIS files: LBMP and ancillary services, New York's clock walked row by row."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from oracle.shell import Case, Row

NEW_YORK = ZoneInfo("America/New_York")
ZONES = {
    "61752": "WEST",
    "61753": "GENESE",
    "61754": "CENTRL",
    "61755": "NORTH",
    "61756": "MHK VL",
    "61757": "CAPITL",
    "61758": "HUD VL",
    "61759": "MILLWD",
    "61760": "DUNWOD",
    "61761": "N.Y.C.",
    "61762": "LONGIL",
}
PROXIES = {"61844", "61845", "61846", "61847"}
STANDARD = {
    "10 Min Spinning Reserve": "SPIN",
    "10 Min Non-Synchronous Reserve": "NON_SPIN",
    "30 Min Operating Reserve": "SUPPLEMENTAL",
    "Regulation": "REG",
    "NYCA Regulation Capacity": "REG",
    "NYCA Regulation Movement": "REG_MILEAGE",
}


class Clock:
    """New York's wall clock in file order: once an entity's time does not increase, its second pass began."""

    def __init__(self) -> None:
        self.last: dict[Hashable, datetime] = {}
        self.second: set[Hashable] = set()

    def utc(self, stamp: str, entity: Hashable) -> datetime:
        wall = local(stamp)
        repeated = both(wall)[0] != both(wall)[1]
        if repeated and entity in self.last and wall <= self.last[entity]:
            self.second.add(entity)
        self.last[entity] = wall
        return both(wall)[1 if repeated and entity in self.second else 0]


@lru_cache(maxsize=100_000)
def local(stamp: str) -> datetime:
    """A stamp with or without seconds."""
    return datetime.strptime(stamp, "%m/%d/%Y %H:%M:%S" if stamp.count(":") == 2 else "%m/%d/%Y %H:%M")


@lru_cache(maxsize=100_000)
def both(wall: datetime) -> tuple[datetime, datetime]:
    """The first and the second moment at which New York's clock shows a wall time, naive UTC."""
    found = [wall.replace(tzinfo=NEW_YORK, fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)]
    return found[0], found[1]


def lines(case: Case) -> Iterator[tuple[str, list[str], list[str]]]:
    """Member, header and fields of every row, in file order; blank lines left out."""
    for name in case.members:
        rows = [row for row in csv.reader(io.StringIO(case.text(name), newline="")) if row]
        for row in rows[1:]:
            yield name, rows[0], row


def energy_prices(case: Case) -> list[Row]:
    """One row per location and stamp; energy and the sign of congestion from the printed decimals."""
    clock = Clock()
    rows = []
    for member, _, (stamp, name, ptid, lbmp, losses, congestion) in lines(case):
        moment = clock.utc(stamp, (member, ptid))
        if ptid in ZONES:
            kind = "ZONE"
        elif ptid in PROXIES:
            kind = "INTERFACE"
        else:
            kind = "BUS" if name == "NYISO_LBMP_REFERENCE" else "RESOURCE_NODE"
        rows.append(
            {
                "interval_start_utc": moment,
                "stamp_utc": moment,
                "settlement_location": name,
                "settlement_location_id": ptid,
                "settlement_location_type": kind,
                "zone": ZONES.get(ptid),
                "lmp_total": float(lbmp),
                "lmp_energy": float(Decimal(lbmp) - Decimal(losses) + Decimal(congestion)),
                "lmp_congestion": float(-Decimal(congestion)),
                "lmp_loss": float(losses),
            }
        )
    return rows


def ancillary_services(case: Case) -> list[Row]:
    """One row per product, region and stamp, from the zonal files and from the regional ones before."""
    clock = Clock()
    rows = []
    for member, header, fields in lines(case):
        row = dict(zip((name.strip() for name in header), fields, strict=True))
        zonal = "Time Zone" in row
        moment = both(local(row["Time Stamp"]))[0] if zonal else clock.utc(row["Time Stamp"], member)
        if zonal:
            wall = local(row["Time Stamp"]).replace(tzinfo=NEW_YORK)
            readings = {wall.replace(fold=fold).tzname(): wall.replace(fold=fold) for fold in (0, 1)}
            moment = readings[row["Time Zone"]].astimezone(UTC).replace(tzinfo=None)
        for title, price in row.items():
            if title in ("Time Stamp", "Time Zone", "Name", "PTID") or price == "":
                continue
            region, product = ("", title.partition(" ($")[0])
            if not zonal and product.split(" ")[0] in ("East", "West"):
                region, product = product.split(" ", 1)
            if not zonal and not region:
                region = "NYCA" if product.startswith("NYCA") else "SYSTEM"
            rows.append(
                {
                    "interval_start_utc": moment,
                    "stamp_utc": moment,
                    "as_product": product,
                    "as_product_standard": STANDARD[product],
                    "as_region": row["Name"] if zonal else region,
                    "unit": "$/MW" if "Movement" in product else "$/MWh",
                    "market_clearing_price": float(price),
                }
            )
    return rows


def load(case: Case) -> list[Row]:
    """One row per zone and stamp; a stamp that comes twice with other numbers is the source's second version."""
    clock = Clock()
    told: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    printed = list(lines(case))
    stamps = {row[0] for _, _, row in printed}
    repeated = {stamp for stamp in stamps if len(set(both(local(stamp)))) > 1}
    labelled = {member for member, _, row in printed if row[0] in repeated and row[1] == "EST"}
    for member, _, (stamp, zone, name, ptid, megawatts) in printed:
        moment = clock.utc(stamp, (member, name))
        if stamp in repeated and member in labelled:
            moment = both(local(stamp))[zone == "EST"]
        if megawatts == "":
            continue
        told[member, moment, name].append(
            {
                "interval_start_utc": moment,
                "stamp_utc": moment,
                "load_type": "actual",
                "area": name,
                "area_type": "ZONE",
                "area_id": ptid or name,
                "load_mw": float(megawatts),
            }
        )
    for rows in told.values():
        early = rows[0]["interval_start_utc"] < datetime(2005, 4, 1, 5)
        if early and len({row["load_mw"] for row in rows}) > 1:
            for number, row in enumerate(rows, start=1):
                row["source_version"] = number
    return [row for rows in told.values() for row in rows]


def load_forecast(case: Case) -> list[Row]:
    """One row per area and hour of every issue; an archive's stamp of a member is when it was published."""
    ids = {name: ptid for ptid, name in ZONES.items()}
    clock = Clock()
    rows = []
    for member, header, (stamp, *cells) in lines(case):
        moment = clock.utc(stamp, member)
        written = case.written.get(member)
        published = both(written.replace(second=0))[0] if written else None
        for area, cell in zip(header[1:], cells, strict=True):
            if cell == "":
                continue
            rows.append(
                {
                    "interval_start_utc": moment,
                    "forecast": "isolf",
                    "published_at_utc": published,
                    "area": area,
                    "area_type": "SYSTEM" if area == "NYISO" else "ZONE",
                    "area_id": ids.get(area.upper(), area),
                    "forecast_mw": float(cell),
                }
            )
    return rows
