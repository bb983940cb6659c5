"""Independent reader of the market reports: hours in columns, three rows a node, one day a file."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from decimal import Decimal

from oracle.shell import Case, Row

# Eastern Standard Time, all year.
BEHIND = timedelta(hours=5)
KINDS = {"Loadzone": "ZONE", "Interface": "INTERFACE", "Gennode": "RESOURCE_NODE"}


def lines(case: Case, member: str) -> tuple[datetime, list[list[str]]]:
    """The market day's first moment in UTC, and every line with 24 hours."""
    text = case.members[member].decode("utf-8-sig")
    month, day, year = re.search(r'^"?(\d+)/(\d+)/(\d{4})', text, re.MULTILINE).groups()  # type: ignore[union-attr]
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 27]
    return datetime(int(year), int(month), int(day)) + BEHIND, [row for row in rows if "HE 1" not in row[3]]


def energy_prices(case: Case) -> list[Row]:
    """One row per node and hour; the energy component is what the others leave of the price."""
    rows = []
    for member in case.members:
        midnight, printed = lines(case, member)
        parts = {(row[0], row[2]): row for row in printed}
        for (node, part), row in parts.items():
            if part != "LMP":
                continue
            for hour in range(24):
                lmp, mcc, mlc = (
                    found[3 + hour] if (found := parts.get((node, name))) else None
                    for name in ("LMP", "MCC", "MLC")
                )
                if not lmp:
                    continue
                kind = "HUB" if node.endswith(".HUB") else "AGGREGATE"
                whole = mcc is not None and mlc is not None
                rows.append(
                    {
                        "interval_start_utc": midnight + timedelta(hours=hour),
                        "settlement_location": node,
                        "settlement_location_id": node,
                        "settlement_location_type": kind if row[1] == "Hub" else KINDS.get(row[1], "NODE"),
                        "lmp_total": float(lmp),
                        "lmp_energy": float(Decimal(lmp) - Decimal(mcc or 0) - Decimal(mlc or 0))
                        if whole
                        else None,
                        "lmp_congestion": float(mcc) if mcc else None,
                        "lmp_loss": float(mlc) if mlc else None,
                    }
                )
    return rows


def ancillary_services(case: Case) -> list[Row]:
    """One row per product, zone and hour: what every resource of a zone repeats, once."""
    rows: dict[tuple[str, str, datetime], Row] = {}
    for member in case.members:
        midnight, printed = lines(case, member)
        for place, zone, product, *cells in printed:
            region = place if zone == "-" else zone
            standard = next(
                kind
                for word, kind in (("REG", "REG"), ("SPIN", "SPIN"), ("SUPP", "NON_SPIN"))
                if word in product
            )
            for hour, price in enumerate(cells):
                if not price.strip():
                    continue
                start = midnight + timedelta(hours=hour)
                row = {
                    "interval_start_utc": start,
                    "as_product": product,
                    "as_product_standard": standard,
                    "as_region": region,
                    "unit": "$/MWh",
                    "market_clearing_price": float(price),
                }
                assert rows.setdefault((region, product, start), row) == row
    return list(rows.values())
