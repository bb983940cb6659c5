"""Independent reader of the portal's files: prices by place and by reserve zone, load and its forecasts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from oracle.shell import Case, Row

CENTRAL = ZoneInfo("America/Chicago")
UTC = ZoneInfo("UTC")
STANDARD = {
    "regup": "REG_UP",
    "regupservice": "REG_UP",
    "regdn": "REG_DOWN",
    "regdnservice": "REG_DOWN",
    "regupmile": "REG_MILEAGE_UP",
    "regdnmile": "REG_MILEAGE_DOWN",
    "spin": "SPIN",
    "supp": "NON_SPIN",
    "rampup": "RAMP_UP",
    "rampdn": "RAMP_DOWN",
    "uncup": "UNCERTAINTY_UP",
}
# As the products are written in most files.
WRITTEN = {
    name.lower(): name
    for name in (
        "RegUP RegDN RegUPService RegDNService RegUpMile RegDNMile Spin Supp RampUP RampDN UncUP".split()
    )
}


def stamp(text: str) -> datetime:
    """Month first, with or without zeros before and seconds behind."""
    day, clock = text.strip().split(" ")
    month, date, year = (int(part) for part in day.split("/"))
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return datetime(year, month, date, hour, minute, *second)


def lines(case: Case) -> Iterator[tuple[Row, datetime]]:
    """Every row by plain names, with the end of its interval."""
    for name in case.members:
        rows = [row for row in csv.reader(io.StringIO(case.text(name), newline="")) if any(row)]
        header = [title.strip().lower().replace(" ", "").replace("_", "") for title in rows[0]]
        for values in rows[1:]:
            row = dict(zip(header, values, strict=True))
            end = stamp(row.get("gmtintervalend") or row["gmtinterval"])
            # Where the clock changes, the end is told as the hour before or the hour after calls it.
            near = (end - timedelta(minutes=1), end)
            offsets = {one.replace(tzinfo=UTC).astimezone(CENTRAL).utcoffset() for one in near}
            assert stamp(row["interval"]) - end in offsets, f"two clocks at {row['interval']}"
            yield row, end


def energy_prices(case: Case, market: str, known: Mapping[str, str]) -> list[Row]:
    """One row per settlement location and interval, or per pnode in files that print no other place."""
    rows = []
    for row, end in lines(case):
        minutes = 60 if market == "DA" else 5
        name = row.get("settlementlocation") or row.get("settlementlocationname")
        bus = name is None
        name = name or row.get("pnode") or row["pnodename"]
        kind = "BUS" if bus else known.get(name) or ("AGGREGATE" if name.endswith("_HUB") else "NODE")
        rows.append(
            {
                "interval_start_utc": end - timedelta(minutes=minutes),
                "interval_end_utc": end,
                "settlement_location": name,
                "settlement_location_id": f"{name}:BUS" if bus else name,
                "settlement_location_type": kind,
                "zone": row.get("baa") or None,
                "lmp_total": float(row["lmp"]),
                "lmp_energy": float(row["mec"]),
                "lmp_congestion": float(row["mcc"]),
                "lmp_loss": float(row["mlc"]),
            }
        )
    return rows


def ancillary_services(case: Case, market: str) -> list[Row]:
    """One row per product, reserve zone and interval."""
    rows = []
    for row, end in lines(case):
        minutes = 60 if market == "DA" else 5
        for column, price in row.items():
            if column in STANDARD and price.strip():
                rows.append(
                    {
                        "interval_start_utc": end - timedelta(minutes=minutes),
                        "interval_end_utc": end,
                        "as_product": WRITTEN[column],
                        "as_product_standard": STANDARD[column],
                        "as_region": row["reservezone"],
                        "unit": "$/MW-mile" if "mile" in column else "$/MW",
                        "market_clearing_price": float(price),
                    }
                )
    return rows


def load(case: Case) -> list[Row]:
    """Hours by control zone: a column a zone, or a row a part of a zone."""
    rows = []
    for member in case.members:
        lines = [row for row in csv.reader(io.StringIO(case.text(member), newline="")) if any(row)]
        titles = [title.strip() for title in lines[0]]
        for line in lines[1:]:
            end = hour_end(line[0])
            if titles[0] == "MarketHour":
                told = [(zone, "ZONE", zone, text) for zone, text in zip(titles[1:], line[1:], strict=True)]
            else:
                _, _, zone, kind, text = line
                told = [(zone, "AREA", f"{zone} {kind}", text)]
            for area, area_type, area_id, text in told:
                if text:
                    rows.append(
                        {
                            "interval_start_utc": end - timedelta(hours=1),
                            "interval_end_utc": end,
                            "load_type": "actual",
                            "area": area,
                            "area_type": area_type,
                            "area_id": area_id,
                            "load_mw": float(text),
                        }
                    )
    return rows


def hour_end(text: str) -> datetime:
    """GMT; a midnight may lack its time, a year its century."""
    day, _, clock = text.strip().partition(" ")
    found = stamp(f"{day} {clock or '0:00'}")
    return found if found.year > 100 else found.replace(year=found.year + 2000)


def made_at(name: str) -> datetime | None:
    """When a file was made, by its name: the hour that ends then calls it so. Who renamed it took that away."""
    found = re.search(r"(\d{12})(d?)", name)
    if not found:
        return None
    before = datetime.strptime(found[1], "%Y%m%d%H%M") - timedelta(hours=1)
    begin = before.replace(tzinfo=CENTRAL, fold=int(bool(found[2]))).astimezone(UTC)
    if begin.astimezone(CENTRAL).replace(tzinfo=None, fold=0) == before:
        return (begin + timedelta(hours=1)).replace(tzinfo=None)
    return (before + timedelta(hours=1)).replace(tzinfo=CENTRAL).astimezone(UTC).replace(tzinfo=None)


def load_forecast(case: Case) -> list[Row]:
    """Every hour of a file, made when its name says."""
    rows = []
    for member in case.members:
        made = made_at(member)
        for row, end in lines(Case(case.name, {member: case.members[member]})):
            rows.append(
                {
                    "interval_start_utc": end - timedelta(hours=1),
                    "interval_end_utc": end,
                    "published_at_utc": made,
                    "forecast": "MTLF",
                    "area": row.get("baa") or "SPP",
                    "area_type": "SYSTEM",
                    "area_id": row.get("baa") or "SPP",
                    "forecast_mw": float(row["mtlf"]),
                }
            )
    return rows
