"""Independent reader of ERCOT's reports: prices by settlement point, clearing prices for capacity."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from oracle.shell import Case, Row

CENTRAL = ZoneInfo("America/Chicago")
STANDARD = {"REGUP": "REG_UP", "REGDN": "REG_DOWN", "RRS": "SPIN", "NSPIN": "NON_SPIN", "ECRS": "CONTINGENCY"}
TYPES = {
    **dict.fromkeys(("HU", "SH", "AH"), "HUB"),
    **dict.fromkeys(("LZ", "LZEW"), "ZONE"),
    **dict.fromkeys(("LZ_DC", "LZ_DCEW"), "INTERFACE"),
    **dict.fromkeys(("RN", "PCCRN", "LCCRN", "PUN"), "RESOURCE_NODE"),
}


def utc(wall: datetime, flag: str | None) -> datetime:
    """The (naive) moment in UTC at which Central clocks showed a time; the flag Y means the second one."""
    both = [wall.replace(tzinfo=CENTRAL, fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)]
    shown = [one.replace(tzinfo=UTC).astimezone(CENTRAL).replace(tzinfo=None) == wall for one in both]
    if not all(shown):
        raise ValueError(f"no clock ever showed {wall}")
    if flag is None and both[0] != both[1]:
        raise ValueError(f"{wall} is shown twice and nothing says which is meant")
    return both[1] if flag == "Y" else both[0]


def lines(case: Case) -> Iterator[dict[str, str]]:
    """Every row by the plain names of its columns."""
    for name in case.members:
        rows = [row for row in csv.reader(io.StringIO(case.text(name), newline="")) if any(row)]
        header = [title.strip().replace(" ", "").lower() for title in rows[0]]
        for values in rows[1:]:
            yield {key: value.strip() for key, value in zip(header, values, strict=True)}


def flag_of(row: Mapping[str, str]) -> str | None:
    """Y or N, or None where the file has no such column."""
    return next((row[key] for key in ("dstflag", "repeatedhourflag", "repeathourflag") if key in row), None)


def start_of(row: Mapping[str, str]) -> datetime:
    """The beginning of the interval of a row that tells its hour, and perhaps its quarter."""
    day = datetime.strptime(row["deliverydate"], "%m/%d/%Y")
    hour = int((row.get("hourending") or row["deliveryhour"]).removesuffix(":00"))
    quarter = int(row.get("deliveryinterval", "1"))
    assert 1 <= hour <= 24
    assert 1 <= quarter <= 4
    return utc(day + timedelta(hours=hour - 1, minutes=15 * (quarter - 1)), flag_of(row))


def kind_by_name(name: str, known: Mapping[str, str]) -> str:
    """The type of a settlement point where the file does not print it."""
    prefixes = {"HB_": "HUB", "LZ_": "ZONE"}
    return known.get(name) or prefixes.get(name[:3], "RESOURCE_NODE")


def energy_prices(case: Case, known: Mapping[str, str]) -> list[Row]:
    """One row per settlement point (or bus) and interval or run."""
    rows = []
    for row in lines(case):
        name = next(row[key] for key in PLACES if key in row)
        printed = row.get("settlementpointtype")
        bus = "busname" in row or "electricalbus" in row
        kind = TYPES.get(printed, "NODE") if printed else "BUS" if bus else kind_by_name(name, known)
        mark = "BUS" if bus else printed if printed in ("LZEW", "LZ_DCEW") else ""
        price = float(next(row[key] for key in ("settlementpointprice", "sppcorrected", "lmp") if key in row))
        found = {
            "settlement_location": name,
            "settlement_location_id": f"{name}:{mark}" if mark else name,
            "settlement_location_type": kind,
            "zone": name if kind == "ZONE" else None,
            "lmp_total": price,
        }
        if "scedtimestamp" in row:
            found["stamp_utc"] = utc(
                datetime.strptime(row["scedtimestamp"], "%m/%d/%Y %H:%M:%S"), flag_of(row)
            )
        else:
            found["interval_start_utc"] = start_of(row)
        rows.append(found)
    return rows


PLACES = ("settlementpoint", "settlementpointname", "busname", "electricalbus")


def ancillary_services(case: Case) -> list[Row]:
    """One row per product and interval, whether products stand in a column or each has its own."""
    rows = []
    for row in lines(case):
        product = row.get("ancillarytype") or row.get("astype")
        prices = (
            {product: row.get("mcpc") or row["mcpccorrected"]}
            if product
            else {key.upper(): row[key] for key in row if key.upper() in STANDARD}
        )
        for name, price in prices.items():
            if price:
                rows.append(
                    {
                        "interval_start_utc": start_of(row),
                        "as_product": name,
                        "as_product_standard": STANDARD.get(str(name), "OTHER"),
                        "as_region": "SYSTEM",
                        "unit": "$/MW",
                        "market_clearing_price": float(price),
                    }
                )
    return rows


LAMBDAS = {
    "systemlambda": "SYSTEM_LAMBDA",
    "cappedsystemlambda": "SYSTEM_LAMBDA_CAPPED",
    "uncappedsystemlambda": "SYSTEM_LAMBDA_UNCAPPED",
}
ADDERS = (
    "rtorpa rtoffpa rtordpa rtrdpa rtrdparus rtrdpards rtrdparrs rtrdpaecrs rtrdpanss "
    "rtrsvpor rtrsvpoff rtrdp rtrdpru rtrdprd rtrdprrs rtrdpecrs rtrdpns"
).split()


def price_adders(case: Case) -> list[Row]:
    """One row per component of the system's price and hour or run; a lambda beside adders is told elsewhere."""
    rows = []
    for row in lines(case):
        names = {key: key.upper() for key in ADDERS if key in row} or LAMBDAS
        for key, component in names.items():
            if row.get(key):
                found: Row = {
                    "settlement_location_id": "SYSTEM",
                    "component": component,
                    "price": float(row[key]),
                }
                if stamp := row.get("scedtimestamp"):
                    found["stamp_utc"] = utc(datetime.strptime(stamp, "%m/%d/%Y %H:%M:%S"), flag_of(row))
                else:
                    found["interval_start_utc"] = start_of(row)
                rows.append(found)
    return rows


def load(case: Case) -> list[Row]:
    """One row per zone and hour; the total is the system's, and told once, by weather zones."""
    rows = []
    for row in lines(case):
        by_weather = "coast" in row
        start = start_of({**row, "deliverydate": row["operday"]})
        for title, text in row.items():
            if title in ("operday", "hourending", "dstflag") or (title == "total" and not by_weather):
                continue
            if not text:
                continue
            kind = "SYSTEM" if title == "total" else "WEATHER_ZONE" if by_weather else "ZONE"
            rows.append(
                {
                    "interval_start_utc": start,
                    "load_type": "actual",
                    "area": title.upper(),
                    "area_type": kind,
                    "area_id": title.upper(),
                    "load_mw": float(text),
                }
            )
    return rows


# The zones of a forecast, by the ids that they have in the actual load.
WEATHER_ZONES = {
    "Coast": "COAST",
    "East": "EAST",
    "FarWest": "FAR_WEST",
    "North": "NORTH",
    "NorthCentral": "NORTH_C",
    "SouthCentral": "SOUTH_C",
    "Southern": "SOUTHERN",
    "West": "WEST",
}
FORECAST_ZONES = {name: name.upper() for name in ("North", "South", "West", "Houston")}


def named_moment(name: str) -> datetime | None:
    """When a document was published, by its name; None where it does not say so, or may mean either of two hours."""
    words = name.split(".")
    for day, time in pairwise(words):
        if len(day) == 8 and day.startswith("20") and len(time) in (6, 9) and (day + time).isdigit():
            wall = datetime.strptime(day + time[:6], "%Y%m%d%H%M%S")
            try:
                return utc(wall, "Y" if "xhr" in name.lower() else None)
            except ValueError:
                return None
    return None


def load_forecast(case: Case) -> list[Row]:
    """One row per model, zone and hour of a publication; without models the report is the forecast."""
    rows = []
    for member in case.members:
        made = named_moment(member)
        for row in lines(Case(case.name, {member: case.members[member]})):
            zones = WEATHER_ZONES if "model" in row else FORECAST_ZONES
            for area, area_id in {**zones, "SystemTotal": "TOTAL"}.items():
                if not row[area.lower()]:
                    continue
                kind = "WEATHER_ZONE" if "model" in row else "ZONE"
                found = {
                    "interval_start_utc": start_of(row),
                    "published_at_utc": made,
                    "forecast": row.get("model", "NP3-560-CD"),
                    "area": area,
                    "area_type": "SYSTEM" if area_id == "TOTAL" else kind,
                    "area_id": area_id,
                    "forecast_mw": float(row[area.lower()]),
                }
                if row.get("inuseflag"):
                    found["is_in_use"] = row["inuseflag"] == "Y"
                rows.append(found)
    return rows
