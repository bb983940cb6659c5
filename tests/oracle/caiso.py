"""Independent reader of OASIS prices: CSV and XML, energy, adders and ancillary services."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from oracle.shell import Case, Row

COMPONENTS = {
    "LMP": "lmp_total",
    "MCE": "lmp_energy",
    "MCC": "lmp_congestion",
    "MCL": "lmp_loss",
    "LMP_PRC": "lmp_total",
    "LMP_ENE_PRC": "lmp_energy",
    "LMP_CONG_PRC": "lmp_congestion",
    "LMP_LOSS_PRC": "lmp_loss",
}
GREENHOUSE_GAS = {"MGHG", "LMP_GHG_PRC"}
PRODUCTS = {
    "RU": ("RU", "REG_UP", "$/MWh"),
    "RD": ("RD", "REG_DOWN", "$/MWh"),
    "SR": ("SR", "SPIN", "$/MWh"),
    "NR": ("NR", "NON_SPIN", "$/MWh"),
    "RMU": ("RMU", "REG_MILEAGE_UP", "$/MW"),
    "RMD": ("RMD", "REG_MILEAGE_DOWN", "$/MW"),
}
PRODUCTS |= {
    "RU_CLR_PRC": PRODUCTS["RU"],
    "RD_CLR_PRC": PRODUCTS["RD"],
    "SP_CLR_PRC": PRODUCTS["SR"],
    "NS_CLR_PRC": PRODUCTS["NR"],
    "RMU_CLR_PRC": PRODUCTS["RMU"],
    "RMD_CLR_PRC": PRODUCTS["RMD"],
}


@lru_cache(maxsize=100_000)
def utc(stamp: str) -> datetime:
    """A stamp with its offset as naive UTC."""
    return datetime.fromisoformat(stamp).astimezone(UTC).replace(tzinfo=None)


def location_type(node: str) -> str:
    """What kind of location an id names: OASIS itself does not say."""
    if node.startswith("TH_"):
        return "HUB"
    if node.startswith("DLAP_"):
        return "ZONE"
    return "AGGREGATE" if node.endswith("-APND") else "NODE"


def prices(case: Case) -> Iterator[tuple[datetime, datetime, str, str, str, float]]:
    """Every price of a raw object: start, end, location (or region), item, market run, price."""
    for name in case.members:
        text = case.text(name)
        if text.lstrip().startswith("<"):
            yield from _xml_prices(text)
        else:
            yield from _csv_prices(text)


def _csv_prices(text: str) -> Iterator[tuple[datetime, datetime, str, str, str, float]]:
    for row in csv.DictReader(io.StringIO(text)):
        price = next(row[name] for name in ("MW", "PRC", "VALUE") if name in row)
        yield (
            utc(row["INTERVALSTARTTIME_GMT"]),
            utc(row["INTERVALENDTIME_GMT"]),
            next(row[name] for name in ("NODE", "ANC_REGION", "TAC_AREA_NAME") if name in row),
            next(row[name] for name in ("LMP_TYPE", "ANC_TYPE", "XML_DATA_ITEM") if name in row),
            row["MARKET_RUN_ID"],
            float(price),
        )


def _xml_prices(text: str) -> Iterator[tuple[datetime, datetime, str, str, str, float]]:
    for report in ElementTree.fromstring(text).iter():
        if _bare(report.tag) != "REPORT_ITEM":
            continue
        market = next(item.text or "" for item in report.iter() if _bare(item.tag) == "MKT_TYPE")
        for element in report.iter():
            if _bare(element.tag) != "REPORT_DATA":
                continue
            said = {_bare(child.tag): (child.text or "").strip() for child in element}
            yield (
                utc(said["INTERVAL_START_GMT"]),
                utc(said["INTERVAL_END_GMT"]),
                said["RESOURCE_NAME"],
                said["DATA_ITEM"],
                market,
                float(said["VALUE"]),
            )


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def energy_prices(case: Case) -> list[Row]:
    """One row per node and interval, its components side by side."""
    rows: dict[tuple[datetime, datetime, str], Row] = {}
    for start, end, node, item, _, price in prices(case):
        if item not in COMPONENTS:
            continue
        row = rows.setdefault(
            (start, end, node),
            {
                "interval_start_utc": start,
                "interval_end_utc": end,
                "settlement_location": node,
                "settlement_location_id": node,
                "settlement_location_type": location_type(node),
            },
        )
        assert row.setdefault(COMPONENTS[item], price) == price
    return list(rows.values())


def price_adders(case: Case) -> list[Row]:
    """One row per greenhouse-gas component."""
    return [
        {
            "interval_start_utc": start,
            "interval_end_utc": end,
            "settlement_location_id": node,
            "component": "GREENHOUSE_GAS",
            "price": price,
        }
        for start, end, node, item, _, price in prices(case)
        if item in GREENHOUSE_GAS
    ]


def ancillary_services(case: Case) -> list[Row]:
    """One row per product and region."""
    return [
        {
            "interval_start_utc": start,
            "interval_end_utc": end,
            "as_product": PRODUCTS[item][0],
            "as_product_standard": PRODUCTS[item][1],
            "as_region": region,
            "unit": PRODUCTS[item][2],
            "market_clearing_price": price,
        }
        for start, end, region, item, _, price in prices(case)
    ]


FORECASTS = {
    "SYS_FCST_DA_MW": "DAM",
    "SYS_FCST_2DA_MW": "2DA",
    "SYS_FCST_7DA_MW": "7DA",
    "SYS_FCST_15MIN_MW": "RTPD",
    "SYS_FCST_5MIN_MW": "RTD",
}


def _area(name: str) -> Row:
    kind = "SYSTEM" if name == "CA ISO-TAC" else "ZONE" if name.endswith("-TAC") else "AREA"
    return {"area": name, "area_id": name, "area_type": kind}


def load(case: Case) -> list[Row]:
    """One row per area and hour."""
    return [
        {
            "interval_start_utc": start,
            "interval_end_utc": end,
            "load_type": {"SYS_FCST_ACT_MW": "actual"}[item],
            **_area(area),
            "load_mw": megawatts,
        }
        for start, end, area, item, _, megawatts in prices(case)
    ]


def load_forecast(case: Case) -> list[Row]:
    """One row per forecast, area and interval; nothing says when it was published."""
    return [
        {
            "interval_start_utc": start,
            "interval_end_utc": end,
            "forecast": FORECASTS[item],
            **_area(area),
            "forecast_mw": megawatts,
        }
        for start, end, area, item, _, megawatts in prices(case)
    ]


def markets(case: Case) -> set[str]:
    """The market runs that a raw object speaks of."""
    return {market for *_, market, _ in prices(case)}
