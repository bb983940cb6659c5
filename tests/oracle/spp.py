"""Independent reader of the portal's files: prices by settlement location and by reserve zone."""

from __future__ import annotations

import csv
import io
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
    """One row per settlement location and interval."""
    rows = []
    for row, end in lines(case):
        minutes = 60 if market == "DA" else 5
        name = row.get("settlementlocation") or row["settlementlocationname"]
        kind = known.get(name) or ("AGGREGATE" if name.endswith("_HUB") else "NODE")
        rows.append(
            {
                "interval_start_utc": end - timedelta(minutes=minutes),
                "interval_end_utc": end,
                "settlement_location": name,
                "settlement_location_id": name,
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
