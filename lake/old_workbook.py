"""Workbooks of the old binary format (.xls) as CSV, one sheet a file, like those of :mod:`lake.workbook`.

The library reads such a book as a whole, so a book beyond ``LARGEST`` is refused; what markets publish in this format
has some tens of kilobytes. Numbers are handed on as the shortest digits that give the same double, a whole number
without a point; days as ISO dates where the cell's format says that its number is a date; errors by their names.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import UnreadableFile

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet

# The container of all old office documents.
OLD_BOOK = b"\xd0\xcf\x11\xe0"
# Bytes. A cell takes 14 in the file, and some 50 in memory.
LARGEST = 16 << 20
# Below this every whole number is a double of its own; above, digits would say more than the number does.
EXACT = 2**53


def old_sheets(raw: Path, name: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """Every sheet that holds a row as a CSV in ``folder``, with a name of the workbook's and the sheet's.

    Raises:
        UnreadableFile: the book is too large, damaged, encrypted, or another document than a workbook.
    """
    if (size := raw.stat().st_size) > LARGEST:
        raise UnreadableFile(
            f"{name} is a workbook of the old format with {size:,} bytes, and more than {LARGEST:,} are not read. "
            "Save it as .xlsx or CSV."
        )
    # Books of this format are rare; nobody else waits for the library.
    import xlrd
    from xlrd.compdoc import CompDocError

    try:
        book = xlrd.open_workbook(
            str(raw),
            # The library prints what it thinks of a book.
            logfile=io.StringIO(),
            on_demand=True,
            # One cell far out would have every row filled up to it.
            ragged_rows=True,
        )
        with book:
            stem = name.removesuffix(".xls")
            for number, title in enumerate(book.sheet_names()):
                target = folder / f"sheet-{number:03d}.part"
                if _written(book, book.sheet_by_index(number), target):
                    yield target, f"{stem}_{title}.csv"
                target.unlink(missing_ok=True)
                book.unload_sheet(number)
    # What the library raises at bytes that are not what it takes them for.
    except (
        xlrd.XLRDError,
        CompDocError,
        struct.error,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise UnreadableFile(f"{name} is no workbook that can be read ({reason}). Get it again.") from error


def _written(book: Book, sheet: Sheet, target: Path) -> int:
    """Write the rows of a sheet, all equally wide; how many there are."""
    width = max((sheet.row_len(number) for number in range(sheet.nrows)), default=0)
    count = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number in range(sheet.nrows):
            kinds, values = sheet.row_types(number), sheet.row_values(number)
            row = [_said(kind, value, book.datemode) for kind, value in zip(kinds, values, strict=True)]
            if any(row):
                writer.writerow(row + [""] * (width - len(row)))
                count += 1
    return count


def _said(kind: int, value: str | float, datemode: int) -> str:
    import xlrd

    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a text in it holds NUL bytes")
        # A line of a sheet is a line of the CSV: who looks for a header reads lines.
        return " ".join(value.splitlines()) if "\n" in value or "\r" in value else value
    if kind == xlrd.XL_CELL_DATE:
        return _day(value, datemode)
    if kind == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(int(value), f"error {int(value)}"))
    return _digits(value)


def _digits(value: float) -> str:
    whole = float(value).is_integer() and abs(value) < EXACT and str(value) != "-0.0"
    return str(int(value)) if whole else repr(float(value))


def _day(value: float, datemode: int) -> str:
    """A date, a moment or a time of day in ISO 8601; a number that is none of them stays a number."""
    from xlrd.xldate import XLDateError, xldate_as_datetime, xldate_as_tuple

    try:
        # It refuses what the two calendars of such books do not agree on.
        xldate_as_tuple(value, datemode)
        moment: datetime = xldate_as_datetime(value, datemode)
    except XLDateError:
        return _digits(value)
    if 0 <= value < 1:
        return moment.time().isoformat()
    return f"{moment.date()}" if moment.time() == time() else moment.isoformat()
