"""Independent reader of ISO New England: lettered rows by csv, documents by json, clocks by zoneinfo."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oracle.shell import Case, Row

NEW_YORK = ZoneInfo("America/New_York")
KINDS = {
    "HUB": "HUB",
    "LOAD ZONE": "ZONE",
    "EXT. NODE": "INTERFACE",
    "DRRAZ": "AGGREGATE",
    "DISPATCH ZONE": "AGGREGATE",
    "INT. AREA": "AGGREGATE",
}
STANDARDS = {"TMSR": "SPIN", "TMNSR": "NON_SPIN", "TMOR": "SUPPLEMENTAL", "FER": "OTHER", "EIR": "OTHER"}
PRICES = ("HourlyLmp", "FiveMinLmp")
RESERVES = ("FinalHourlyReservePrice", "PrelimHourlyReservePrice", "FiveMinReservePrice")
LOADS = {
    "HourlySystemLoad": "actual",
    "FiveMinSystemLoad": "actual",
    "HourlyRtDemand": "metered",
    "five_min_estimated_zonal_load": "estimated",
}
FORECASTS = ("HourlyLoadForecast", "ReliabilityRegionLoadForecast")


def under(document: object, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The items below one of some keys, wherever in a document they stand; one item may stand without a list."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in names:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from under(value, names)


def documents(case: Case) -> Iterator[object]:
    for member in case.members:
        # Numbers stay as they are printed until they are wanted.
        yield json.loads(case.text(member), parse_float=str, parse_int=str)


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found.astimezone(UTC).replace(tzinfo=None)


def begin(text: str) -> datetime:
    """The beginning of five minutes or of an hour, without the seconds that it was printed late."""
    found = moment(text)
    return found.replace(second=0, microsecond=0) if found.minute % 5 == 0 else found


def hour_start(day: datetime, ending: str) -> datetime:
    """The beginning of an hour by its ending: 02X is the hour after 02 on the day when the clock goes back."""
    wall = day + timedelta(hours=int(ending.rstrip("X")) - 1)
    found = wall.replace(tzinfo=NEW_YORK, fold=int(ending.endswith("X"))).astimezone(UTC)
    assert found.astimezone(NEW_YORK).replace(tzinfo=None, fold=0) == wall
    return found.replace(tzinfo=None)


def number(text: str | None) -> float | None:
    return None if text in (None, "") else float(text)  # type: ignore[arg-type]


def energy_prices(case: Case) -> list[Row]:
    rows: list[Row] = []
    for member in case.members:
        if case.text(member).lstrip()[:1] == "{":
            continue
        lines = list(csv.reader(io.StringIO(case.text(member), newline="")))
        assert {line[0] for line in lines if line} <= set("CHDT")
        for kind, day, ending, key, name, place, *parts in (
            line for line in lines if line and line[0] == "D"
        ):
            assert kind == "D"
            start = hour_start(datetime.strptime(day, "%m/%d/%Y"), ending)
            rows.append(_price(start, key, name, place, parts))
    if not rows:
        for document in documents(case):
            for item in under(document, PRICES):
                place = item["Location"]
                parts = [
                    item[name]
                    for name in ("LmpTotal", "EnergyComponent", "CongestionComponent", "LossComponent")
                ]
                start = moment(item["BeginDate"])
                rows.append(_price(start, place["@LocId"], place["$"], place["@LocType"], parts))
    return rows


def _price(start: datetime, key: str, name: str, place: str, parts: list[str]) -> Row:
    total, energy, congestion, loss = map(number, parts)
    return {
        "interval_start_utc": start,
        "settlement_location": name,
        "settlement_location_id": key,
        "settlement_location_type": KINDS.get(place, "NODE"),
        "lmp_total": total,
        "lmp_energy": energy,
        "lmp_congestion": congestion,
        "lmp_loss": loss,
    }


def _service(start: datetime, product: str, region: str, price: str | None, quantity: str | None) -> Row:
    return {
        "interval_start_utc": start,
        "as_product": product,
        "as_product_standard": STANDARDS[product],
        "as_region": region,
        "unit": "$/MWh",
        "market_clearing_price": number(price),
        "cleared_quantity_mw": number(quantity),
    }


def ancillary_services(case: Case) -> list[Row]:
    rows = []
    for document in documents(case):
        for item in under(document, RESERVES):
            for product in ("TMSR", "TMNSR", "TMOR"):
                short = product.capitalize()
                cells = item.get(f"{short}ClearingPrice"), item.get(f"{short}DesignatedMw")
                if cells != (None, None):
                    rows.append(_service(begin(item["BeginDate"]), product, item["ReserveZoneName"], *cells))
        for item in under(document, ("day_ahead_reserve",)):
            hour = item["market_hour"]
            start = moment(hour["local_day"])
            local = datetime.fromisoformat(hour["local_day"])
            assert int(hour["local_hour_end"].rstrip("X")) == local.hour + 1
            for product in STANDARDS:
                word = product.lower()
                cells = item.get(f"{word}_clearing_price"), item.get(f"{word}_designation_mw")
                if cells != (None, None):
                    rows.append(_service(start, product, "SYSTEM", *cells))
        for item in under(document, ("FiveMinRcp",)):
            start = begin(item["BeginDate"])
            for product, standard, unit, name in (
                ("Regulation Capacity", "REG", "$/MWh", "RegCapacityClearingPrice"),
                ("Regulation Service", "REG_MILEAGE", "$/MW", "RegServiceClearingPrice"),
            ):
                rows.append(
                    {
                        "interval_start_utc": start,
                        "as_product": product,
                        "as_product_standard": standard,
                        "as_region": "SYSTEM",
                        "unit": unit,
                        "market_clearing_price": number(item[name]),
                    }
                )
    return rows


def load(case: Case) -> list[Row]:
    rows = []
    for document in documents(case):
        for envelope, kind in LOADS.items():
            for item in under(document, (envelope,)):
                place = item.get("Location", {})
                key = place.get("@LocId") or item.get("load_zone_id") or "32"
                name = place.get("$") or item.get("load_zone_name") or "NEPOOL AREA"
                amount = item.get("Load") or item.get("LoadMw") or item.get("estimated_load_mw")
                rows.append(
                    {
                        "interval_start_utc": begin(item.get("BeginDate") or item["interval_begin_date"]),
                        "load_type": kind,
                        "area": name,
                        "area_type": "SYSTEM" if kind == "actual" else "ZONE",
                        "area_id": key,
                        "load_mw": number(amount),
                    }
                )
    return rows


ZONES = "MAINE NEWHAMPSHIRE VERMONT CONNECTICUT RHODEISLAND SEMASS WCMASS NEMASSBOST".split()


def load_forecast(case: Case) -> list[Row]:
    rows = []
    for document in documents(case):
        for item in under(document, FORECASTS):
            region = item.get("ReliabilityRegion")
            rows.append(
                {
                    "interval_start_utc": moment(item["BeginDate"]),
                    "published_at_utc": moment(item["CreationDate"]),
                    "forecast": "reliability regions" if region else "system",
                    "area": region or "NEPOOL AREA",
                    "area_type": "ZONE" if region else "SYSTEM",
                    "area_id": str(4001 + ZONES.index(region.removeprefix(".Z."))) if region else "32",
                    "forecast_mw": number(item["LoadMw"]),
                }
            )
    return rows
