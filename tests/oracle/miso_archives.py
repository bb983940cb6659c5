"""Independent reader of MISO's prices in whichever layout a file has: a day, five minutes of a week, or a quarter."""

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
        elif is_quarter(content):
            rows += quarter(part, member)
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


def quarter(case: Case, member: str) -> list[Row]:
    """One row per node and hour of each day: the three lines of a node and a day together."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    types: dict[str, str] = {}
    for line in csv.reader(io.StringIO(case.text(member), newline="")):
        if len(line) == 28 and line[3] in ("LMP", "MCC", "MLC"):
            found.setdefault((line[0], line[1]), {})[line[3]] = [cell.replace(",", "") for cell in line[4:]]
            types[line[1]] = line[2]
    rows = []
    for (day, node), parts in found.items():
        kind = "HUB" if node.endswith(".HUB") else "AGGREGATE"
        kind = kind if types[node] == "Hub" else miso.KINDS.get(types[node], "NODE")
        blank = [""] * 24
        cells = zip(parts["LMP"], parts.get("MCC", blank), parts.get("MLC", blank), strict=True)
        for hour, (lmp, mcc, mlc) in enumerate(cells):
            if lmp:
                rows.append(row_of(_moment(f"{day} {hour}:00"), node, kind, lmp, mcc, mlc))
    return rows


def is_quarter(content: bytes) -> bool:
    """Whether a file is of a quarter, by its header."""
    return b"MARKET_DAY" in content[:4096]


def nodes_of_quarter(case: Case, member: str) -> list[Row]:
    """One row per node and day, as a list of that day."""
    found: dict[tuple[str, str], set[str]] = {}
    for line in csv.reader(io.StringIO(case.text(member), newline="")):
        if len(line) == 28 and line[3] in ("LMP", "MCC", "MLC"):
            found.setdefault((line[0], line[1]), set()).add(line[2])
    rows = []
    for (day, node), words in found.items():
        word = words.pop() if len(words) == 1 else None
        hub = "HUB" if node.endswith(".HUB") else "AGGREGATE"
        midnight = _moment(f"{day} 0:00") + miso.BEHIND
        rows.append(
            {
                "interval_start_utc": midnight,
                "interval_end_utc": midnight + timedelta(days=1),
                "location_list": "da_expost_lmp",
                "settlement_location": node,
                "settlement_location_type": hub if word == "Hub" else miso.KINDS.get(word or "", "NODE"),
                "settlement_location_id": node,
                "source_type": word,
            }
        )
    return rows


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
