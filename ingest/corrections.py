"""Lists of corrected trade dates: which delivery days to ask for again, and since when.

CAISO's ``PRC_CORR_GRP`` prints every combination of market and method for a trade date; those that nothing
happened to carry a placeholder reason and are not corrections. The price reports themselves show nothing of a
correction: OASIS overwrites in place.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.content import kind_of
from ingest.errors import Refused

NEEDED = ("TRADE_DATE", "MARKET", "CORRECTION_REASON", "REPORT_GENERATED")
PLACEHOLDER = "no records found"
_FORMATS = (
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
)


@dataclass(frozen=True, order=True)
class Correction:
    """A trade date of a market (the list's own word) that was corrected, by the list of this instant."""

    trade_date: date
    market: str
    generated_at: datetime


def read_corrections(path: Path, clock: str) -> list[Correction]:
    """The corrections in a landed list (a zip of CSVs, or one CSV): each trade date and market once.

    Args:
        path: the list as it was served.
        clock: the market's clock, in which the list writes its times without an offset.

    Raises:
        Refused: a column is missing, or a stamp is not one.
    """
    found: dict[tuple[date, str], Correction] = {}
    for name, text in _texts(path):
        for entry in _entries(name, text, clock):
            before = found.get((entry.trade_date, entry.market))
            if before is None or before.generated_at < entry.generated_at:
                found[entry.trade_date, entry.market] = entry
    return sorted(found.values())


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if kind_of(path) != "zip":
        yield path.name, path.read_text(encoding="utf-8-sig")
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".csv"):
                yield name, archive.read(name).decode("utf-8-sig")


def _entries(name: str, text: str, clock: str) -> Iterator[Correction]:
    rows = csv.DictReader(io.StringIO(text))
    missing = [column for column in NEEDED if column not in (rows.fieldnames or ())]
    if missing:
        raise Refused(f"{name} is not a list of price corrections: it lacks {', '.join(missing)}.")
    for row in rows:
        reason = (row["CORRECTION_REASON"] or "").strip()
        if not reason or reason.lower().startswith(PLACEHOLDER):
            continue
        generated = _stamp(row["REPORT_GENERATED"], name).replace(tzinfo=ZoneInfo(clock)).astimezone(UTC)
        yield Correction(_stamp(row["TRADE_DATE"], name).date(), row["MARKET"].strip(), generated)


def _stamp(text: str | None, name: str) -> datetime:
    words = (text or "").strip().split(".")[0]
    for form in _FORMATS:
        try:
            return datetime.strptime(words, form)
        except ValueError:
            continue
    raise Refused(f"{name} holds '{text}' where a time should be.")


def corrected_days(corrections: Sequence[Correction], markets: Sequence[str]) -> dict[date, datetime]:
    """The corrected trade dates of some markets, each with the instant of the latest list that names it."""
    days: dict[date, datetime] = {}
    for entry in corrections:
        if entry.market in markets:
            days[entry.trade_date] = max(entry.generated_at, days.get(entry.trade_date, entry.generated_at))
    return days
