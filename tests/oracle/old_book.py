"""Independent reader of old workbooks (.xls): each sheet as CSV, numbers by their digits, days as ISO dates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

import xlrd


def sheets(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every sheet with a row, by its title."""
    with xlrd.open_workbook(file_contents=content, logfile=io.StringIO()) as book:
        # Serials count from 1 March 1900 on, which is 61; or from 1904.
        origin = date(1904, 1, 1) if book.datemode else date(1900, 3, 1) - timedelta(days=61)
        for sheet in book.sheets():
            grid = [
                [
                    str(origin + timedelta(days=cell.value))
                    if cell.ctype == xlrd.XL_CELL_DATE
                    else str(cell.value)
                    for cell in row
                ]
                for row in sheet.get_rows()
            ]
            if grid:
                out = io.StringIO()
                csv.writer(out).writerows(grid)
                yield sheet.name, out.getvalue().encode()
