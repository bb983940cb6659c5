"""Independent reader of Data Miner 2: LMP and ancillary services, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from oracle.shell import Case, Row

NEW_YORK = ZoneInfo("America/New_York")
TYPES = {
    "HUB": "HUB",
    "ZONE": "ZONE",
    "INTERFACE": "INTERFACE",
    "TIE": "INTERFACE",
    "AGGREGATE": "AGGREGATE",
    "EHV": "AGGREGATE",
    "RESIDUAL_METERED_EDC": "AGGREGATE",
    "GEN": "RESOURCE_NODE",
}
Record = dict[str, str | None]


def records(case: Case) -> Iterator[Record]:
    """The records of a raw object, every value as the text that was printed; None for blank and absent."""
    for name in case.members:
        text = case.text(name)
        if text.lstrip()[:1] in "[{":
            answer = json.loads(text, parse_float=str, parse_int=str)
            for item in answer if isinstance(answer, list) else answer["items"]:
                yield {key: _text(value) for key, value in item.items()}
        else:
            for row in csv.DictReader(io.StringIO(text)):
                yield {key: value or None for key, value in row.items()}


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def utc(record: Record) -> datetime:
    """Start of the interval. Where the local stamp is there too, it must agree with New York's clock."""
    start = stamp(record["datetime_beginning_utc"] or "")
    local = record.get("datetime_beginning_ept")
    if local is not None:
        assert start.replace(tzinfo=UTC).astimezone(NEW_YORK).replace(tzinfo=None) == stamp(local)
    return start


@lru_cache(maxsize=100_000)
def stamp(text: str) -> datetime:
    """A stamp of the CSV (7/2/2018 4:00:00 AM) or of the JSON (2026-06-09T04:00:00)."""
    return datetime.fromisoformat(text) if "T" in text else datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p")


def number(text: str | None) -> float | None:
    """The double nearest to a printed decimal."""
    return None if text is None else float(text)


def voltage(label: str | None) -> float | None:
    """69 KV -> 69.0; a label that is no number of kV -> None."""
    try:
        return float((label or "").upper().removesuffix("KV").strip())
    except ValueError:
        return None


def _area(name: str) -> Row:
    kind = "SYSTEM" if name in ("RTO", "PJM RTO", "RTO_COMBINED") else "AREA"
    return {"area": name, "area_id": name, "area_type": "REGION" if "REGION" in name else kind}


def load(case: Case) -> list[Row]:
    """One row per area and stamp; meters say whether they are verified, which is the source's version."""
    kinds = {
        "mw": ("load_area", "metered"),
        "prelim_load_avg_hourly": ("load_area", "preliminary"),
        "instantaneous_load": ("area", "actual"),
    }
    rows = []
    for record in records(case):
        column = next(name for name in kinds if name in record)
        area, kind = kinds[column]
        start = utc(record)
        row = {
            "interval_start_utc": start,
            "stamp_utc": start,
            "load_type": kind,
            **_area(record[area] or ""),
            "load_mw": number(record[column]),
        }
        if column == "mw":
            row["source_version"] = {"True": 2, "False": 1}[record["is_verified"] or ""]
        if row["load_mw"] is not None:
            rows.append(row)
    return rows


def load_forecast(case: Case) -> list[Row]:
    """One row per area, hour and evaluation."""
    rows = []
    for record in records(case):
        kept = "evaluated_at_utc" in record
        made, start = (
            ("evaluated_at_utc", "forecast_hour_beginning_utc")
            if kept
            else ("evaluated_at_datetime_utc", "forecast_datetime_beginning_utc")
        )
        rows.append(
            {
                "interval_start_utc": stamp(record[start] or ""),
                "forecast": "load_frcstd_hist" if kept else "load_frcstd_7_day",
                "published_at_utc": stamp(record[made] or ""),
                **_area(record["forecast_area"] or ""),
                "forecast_mw": number(record["forecast_load_mw"]),
            }
        )
    return rows


def energy_prices(
    case: Case, market: str, derived: bool = False, known: Mapping[str, str] | None = None
) -> list[Row]:
    """One row per record. ``derived``: energy is what the total leaves, where all three others are there."""
    rows = []
    for record in records(case):
        total = record.get(f"total_lmp_{market}")
        congestion, loss = (
            record.get(f"congestion_price_{market}"),
            record.get(f"marginal_loss_price_{market}"),
        )
        energy = number(record.get(f"system_energy_price_{market}"))
        if derived:
            parts = (total, congestion, loss)
            printed = [Decimal(part) for part in parts if part is not None]
            energy = float(printed[0] - printed[1] - printed[2]) if len(printed) == 3 else None
        pnode = record["pnode_id"] or ""
        kind = record.get("type") or (known or {}).get(pnode, "")
        version = record.get("version_nbr")
        rows.append(
            {
                "interval_start_utc": utc(record),
                "settlement_location": record["pnode_name"],
                "settlement_location_id": pnode,
                "settlement_location_type": TYPES.get(kind, "NODE"),
                "zone": record.get("zone"),
                "voltage_kv": voltage(record.get("voltage")),
                "lmp_total": number(total),
                "lmp_energy": energy,
                "lmp_congestion": number(congestion),
                "lmp_loss": number(loss),
                "source_version": None if version is None else int(version),
            }
        )
    return rows


def long_services(case: Case) -> list[Row]:
    """Ancillary services in long form: price and quantity of a service in one row, other units apart."""
    rows: dict[tuple[Any, ...], Row] = {}
    for record in records(case):
        unit, service = record["unit"] or "", record["ancillary_service"] or ""
        known = unit.lower() in ("price", "mw")
        product = service if known else f"{service} ({unit})"
        version = None if record.get("version_nbr") is None else int(record["version_nbr"] or 0)
        start = utc(record)
        row = rows.setdefault(
            (start, product, version),
            {
                "interval_start_utc": start,
                "as_product": product,
                "unit": "$/MWh" if known else unit,
                "source_version": version,
            },
        )
        row["cleared_quantity_mw" if unit.lower() == "mw" else "market_clearing_price"] = number(
            record["value"]
        )
    return list(rows.values())


def reserve_results(case: Case) -> list[Row]:
    """Results of the reserve markets: up to four prices of a service, the quantity beside the plain one."""
    found = list(records(case))
    stamps = sorted({utc(record) for record in found})
    off_hour = [start for start in stamps if start.minute]
    steps: dict[datetime, int] = defaultdict(lambda: 60)
    for start in stamps:
        if any(abs(start - other) <= timedelta(minutes=59) for other in _around(off_hour, start)):
            steps[start] = 5
    kinds = {"mcp": "", "mcp_capped": " capped", "reg_ccp": " capability", "reg_pcp": " performance"}
    return [
        {
            "interval_start_utc": utc(record),
            "interval_minutes": steps[utc(record)],
            "as_product": f"{record['service']}{suffix}",
            "as_region": record.get("locale") or "SYSTEM",
            "unit": "$/MWh",
            "market_clearing_price": number(record[column]),
            "cleared_quantity_mw": number(record.get("total_mw")) if column == "mcp" else None,
        }
        for record in found
        for column, suffix in kinds.items()
        if record.get(column) is not None
    ]


def _around(stamps: list[datetime], start: datetime) -> list[datetime]:
    """The stamps nearest to a moment, on both sides (``stamps`` is sorted)."""
    low, high = 0, len(stamps)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if stamps[middle] < start else (low, middle)
    return stamps[max(low - 1, 0) : low + 1]
