"""Independent reader of MISO's prices in whichever layout a file has: of a day, or of a week in five minutes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from oracle import miso
from oracle.shell import Case, Row

FIVE = timedelta(minutes=5)


def energy_prices(case: Case, known: Mapping[str, str]) -> list[Row]:
    """Every price of a file, by the header that it has."""
    rows: list[Row] = []
    for member, content in case.members.items():
        part = Case(case.name, {member: content})
        if b"MKTHOUR_EST" in content[:4096]:
            rows += five_minutes(part, member, known)
        else:
            rows += miso.energy_prices(part)
    return rows


def five_minutes(case: Case, member: str, known: Mapping[str, str]) -> list[Row]:
    """One row per node and stamp; the stamps of the whole file say which edge of an interval they are."""
    lines = csv.reader(io.StringIO(case.text(member), newline=""))
    told = [
        (_moment(line[0]), line[1], *(cell.replace(",", "").strip() for cell in line[2:]))
        for line in lines
        if len(line) == 5 and line[0][:1].isdigit()
    ]
    first, last = min(row[0] for row in told), max(row[0] for row in told)
    edges = f"{first:%H:%M} {last:%H:%M}"
    assert edges in ("00:00 23:55", "00:05 00:00")
    behind = FIVE if edges.startswith("00:05") else timedelta()
    return [
        row_of(stamp - behind, node, kind_of(node, known), lmp, mcc, mlc)
        for stamp, node, lmp, mcc, mlc in told
    ]


def kind_of(node: str, known: Mapping[str, str]) -> str:
    return known.get(node) or ("HUB" if node.endswith(".HUB") else "NODE")


def row_of(start_est: datetime, node: str, kind: str, lmp: str, mcc: str, mlc: str) -> Row:
    """A price as the source prints it, with what its parts leave of it."""
    return {
        "interval_start_utc": start_est + miso.BEHIND,
        "settlement_location": node,
        "settlement_location_id": node,
        "settlement_location_type": kind,
        "lmp_total": float(lmp),
        "lmp_energy": float(Decimal(lmp) - Decimal(mcc) - Decimal(mlc)) if mcc and mlc else None,
        "lmp_congestion": float(mcc) if mcc else None,
        "lmp_loss": float(mlc) if mlc else None,
    }


def _moment(stamp: str) -> datetime:
    day, clock = stamp.split(" ")
    month, of_month, year = map(int, day.split("/"))
    hour, minute = map(int, clock.split(":")[:2])
    return datetime(year, month, of_month, hour, minute)
