"""ERCOT's files of a year: books of hub and zone prices with a sheet a month, and a CSV of clearing prices."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import ercot_rows
from ingest.simulator.answers import Member, zipped
from ingest.simulator.ercot_rows import ECRS_SINCE, POINTS, REPORTS, Report
from ingest.simulator.revisions import Revision, Revisions
from ingest.simulator.world import CENTRAL

_ZONE = ZoneInfo(CENTRAL)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
# The file of the running year is written anew on Mondays, with the days until the Saturday before.
WRITTEN_AT = time(8)

Row = Sequence[str | float]


@dataclass(frozen=True)
class Year:
    """The files of years that repeat a report: their number in lists, the word in their names, their columns."""

    report: Report
    number: str
    word: str
    columns: tuple[str, ...]


YEARS: Mapping[str, Year] = {
    item.number: item
    for item in (
        Year(
            REPORTS["NP4-190-CD"],
            "13060",
            "DAMLZHBSPP",
            (
                "Delivery Date",
                "Hour Ending",
                "Repeated Hour Flag",
                "Settlement Point",
                "Settlement Point Price",
            ),
        ),
        Year(
            REPORTS["NP6-905-CD"],
            "13061",
            "RTMLZHBSPP",
            (
                "Delivery Date",
                "Delivery Hour",
                "Delivery Interval",
                "Repeated Hour Flag",
                "Settlement Point Name",
                "Settlement Point Type",
                "Settlement Point Price",
            ),
        ),
        Year(
            REPORTS["NP4-188-CD"],
            "13091",
            "DAMASMCPC",
            ("Delivery Date", "Hour Ending", "Repeated Hour Flag", "REGDN", "REGUP ", "RRS", "NSPIN"),
        ),
    )
}


def written(year: int, now: datetime) -> datetime:
    """When the file of a year was written last, in UTC."""
    today = clock.local_date(now, CENTRAL)
    monday = today - timedelta(days=today.weekday())
    if now < datetime.combine(monday, WRITTEN_AT, _ZONE):
        monday -= timedelta(days=7)
    return datetime.combine(min(monday, date(year + 1, 1, 5)), WRITTEN_AT, _ZONE).astimezone(UTC)


def last_day(year: int, now: datetime) -> date:
    """The last day in the file of a year."""
    return min(clock.local_date(written(year, now), CENTRAL) - timedelta(days=2), date(year, 12, 31))


def years(now: datetime) -> Iterator[int]:
    """The years that have a file, newest first."""
    newest = clock.local_date(now, CENTRAL).year
    return (year for year in range(newest, 2009, -1) if last_day(year, now) >= date(year, 1, 1))


def archive(kind: Year, year: int, now: datetime, revisions: Revisions) -> bytes:
    """The zip of a year's file."""
    last = last_day(year, now)
    first = max(date(year, 1, 1), ercot_rows.FIRST_DAY)
    days = tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
    changed = tuple(revisions.current("ERCOT", kind.report.name, day) for day in days)
    stamp = written(year, now).astimezone(_ZONE).replace(tzinfo=None)
    name = f"rpt.{kind.number:>08}.0000000000000000.{kind.word}_{year}"
    if kind.report.holds == "services":
        return zipped([Member(f"{name}.csv", _table(kind, days, changed).encode(), stamp)])
    return zipped([Member(f"{name}.xlsx", _book(kind, year, days, changed), stamp)])


@lru_cache(maxsize=4)
def _book(kind: Year, year: int, days: tuple[date, ...], changed: tuple[Revision, ...]) -> bytes:
    """A workbook: a sheet for every month, those to come without a row."""
    texts: dict[str, int] = {}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:

        def put(name: str, text: str) -> None:
            book.writestr(zipfile.ZipInfo(name), _HEAD + text, zipfile.ZIP_DEFLATED)

        for month in range(1, 13):
            own = [(day, state) for day, state in zip(days, changed, strict=True) if day.month == month]
            rows: list[Row] = [kind.columns] if own else []
            rows += [row for day, state in own for row in _rows(kind, day, state)]
            put(f"xl/worksheets/Sheet{month}.xml", _sheet(rows, texts))
        names = "".join(
            f'<sheet name="{title}" sheetId="{number}" r:id="rId{number}"/>'
            for number, title in enumerate(MONTHS, start=1)
        )
        put(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>',
        )
        links = "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/Sheet{number}.xml"/>'
            for number in range(1, 13)
        )
        put("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>')
        words = "".join(f"<si><t>{escape(word)}</t></si>" for word in texts)
        put("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{words}</sst>')
    return sink.getvalue()


def _sheet(rows: Sequence[Row], texts: dict[str, int]) -> str:
    """A sheet. What it says of its own size is wrong, as in the genuine books."""
    body = []
    for number, row in enumerate(rows, start=1):
        cells = [
            f'<c r="{chr(65 + place)}{number}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'
            if isinstance(value, str)
            else f'<c r="{chr(65 + place)}{number}"><v>{value!r}</v></c>'
            for place, value in enumerate(row)
        ]
        body.append(f'<row r="{number}">{"".join(cells)}</row>')
    return (
        f'<worksheet xmlns="{_MAIN}"><dimension ref="A1" /><sheetData>{"".join(body)}</sheetData></worksheet>'
    )


def _rows(kind: Year, day: date, revision: Revision) -> Iterator[Row]:
    for start in ercot_rows.starts(kind.report, day):
        local = start.astimezone(_ZONE)
        flag = "Y" if local.fold else "N"
        for name, kinds in POINTS.items():
            if name.startswith("DC"):
                continue
            if kind.report.kind == "day":
                value = float(ercot_rows.price(kind.report, name, start, revision))
                yield f"{local:%m/%d/%Y}", f"{local.hour + 1:02d}:00", flag, name, value
                continue
            for sense in kinds:
                place = f"{name}:{sense}" if sense.endswith("EW") else name
                value = float(ercot_rows.price(kind.report, place, start, revision))
                quarter = local.minute // 15 + 1
                yield f"{local:%m/%d/%Y}", local.hour + 1, quarter, flag, name, sense, value


def _table(kind: Year, days: Sequence[date], changed: Sequence[Revision]) -> str:
    """The CSV of a year: a column for every product that there was at the end of it."""
    columns = [*kind.columns, *(["ECRS"] if days[-1] >= ECRS_SINCE else [])]
    lines = [",".join(columns)]
    for day, revision in zip(days, changed, strict=True):
        for start in ercot_rows.starts(kind.report, day):
            local = start.astimezone(_ZONE)
            cells = [
                ercot_rows.price(kind.report, product.strip(), start, revision)
                if product.strip() in ercot_rows.services(day)
                else ""
                for product in columns[3:]
            ]
            flag = "Y" if local.fold else "N"
            lines.append(",".join([f"{local:%m/%d/%Y}", f"{local.hour + 1:02d}:00", flag, *cells]))
    return "\n".join([*lines, ""])
