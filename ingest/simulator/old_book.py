"""Workbooks of the old binary format (.xls), as small as programs still read them.

The book is a stream of records (BIFF8: a kind, a length, the bytes) in a container of sectors (a compound file:
header, the stream, a directory, the table that chains the sectors). Cells are texts and numbers; a day is a number of
days whose format says that it is one. Sources: Microsoft's [MS-XLS] and [MS-CFB].
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import date

Cell = str | float | date | None

SECTOR = 512
# Shorter streams would live in another part of the container.
SHORTEST = 4096
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
# Days are counted so that 1900, which was no leap year, has a 29 February: right from March 1900 on.
EPOCH = date(1899, 12, 30)
# Formats by their place in the book: plain, and month/day/year.
PLAIN, DAY = 0, 1
_FORMATS = (0, 14)


def old_book(title: str, rows: Sequence[Sequence[Cell]]) -> bytes:
    """A workbook of one sheet."""
    width = max((len(row) for row in rows), default=0)
    sheet = [_begin(0x0010), _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))]
    for number, row in enumerate(rows):
        sheet += [_cell(number, place, cell) for place, cell in enumerate(row) if cell is not None]
    sheet.append(_record(0x000A))
    head = [
        _begin(0x0005),
        _record(0x0042, struct.pack("<H", 1200)),
        _record(0x0022, struct.pack("<H", 0)),
        *(_record(0x00E0, struct.pack("<HH16x", 0, number)) for number in _FORMATS),
    ]
    # Where the sheet begins is said before it: after this record and the end of the head.
    name = struct.pack("<BB", len(title), 0) + title.encode("latin-1")
    offset = sum(map(len, head)) + 4 + 6 + len(name) + 4
    head += [_record(0x0085, struct.pack("<IBB", offset, 0, 0) + name), _record(0x000A)]
    return _container(b"".join([*head, *sheet]))


def _begin(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 6))


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _cell(row: int, column: int, cell: Cell) -> bytes:
    if isinstance(cell, str):
        text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
        return _record(0x0204, struct.pack("<HHH", row, column, PLAIN) + text)
    if isinstance(cell, date):
        return _record(0x0203, struct.pack("<HHHd", row, column, DAY, (cell - EPOCH).days))
    return _record(0x0203, struct.pack("<HHHd", row, column, PLAIN, cell))


def _container(stream: bytes) -> bytes:
    stream = stream.ljust(SHORTEST, b"\0")
    sectors = -(-len(stream) // SECTOR)
    # The table has an entry for every sector, its own among them; a sector holds 128.
    tables = 1
    while tables * 128 < sectors + 1 + tables:
        tables += 1
    chain = [*range(1, sectors), END, END, *[TABLE] * tables]
    chain += [FREE] * (tables * 128 - len(chain))
    places = [sectors + 1 + number for number in range(tables)]
    header = struct.pack(
        "<8s16xHHHHH6x9I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x003E, 3, 0xFFFE, 9, 6),
        *(0, tables, sectors, 0, SHORTEST, END, 0, END, 0),
    )
    header += struct.pack("<109I", *places, *[FREE] * (109 - tables))
    entries = [
        _entry("Root Entry", 5, END, 0, child=1),
        _entry("Workbook", 2, 0, len(stream)),
        *[_entry("", 0, 0, 0)] * 2,
    ]
    parts: Iterable[bytes] = (
        header,
        stream.ljust(sectors * SECTOR, b"\0"),
        *entries,
        struct.pack(f"<{len(chain)}I", *chain),
    )
    return b"".join(parts)


def _entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    """A line of the directory."""
    text = f"{name}\0".encode("utf-16-le") if name else b""
    links = struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
    return text.ljust(64, b"\0") + links + struct.pack("<36xIQ", start, size)
