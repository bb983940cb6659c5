"""Spreadsheets as CSV, one sheet a file, row by row: a workbook is a zip of XML, and no sheet of it need fit in memory.

Cells are handed on as they are printed in the file: texts as texts, numbers by their own digits. What a sheet says of
its own size is not asked; some sheets say that they hold one cell.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse

from lake.errors import UnreadableFile

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BOOK, _LINKS, _TEXTS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_PLACE = re.compile(r"([A-Z]+)\d+$")


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a zip is a spreadsheet."""
    return _BOOK in archive.namelist()


def sheets(archive: zipfile.ZipFile, name: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """Every sheet that holds a row as a CSV in ``folder``, with a name of the workbook's and the sheet's.

    Raises:
        UnreadableFile: a part of the workbook is missing, or is no XML.
    """
    try:
        texts = list(_texts(archive))
        stem = name.removesuffix(".xlsx")
        for number, (title, part) in enumerate(_parts(archive)):
            target = folder / f"sheet-{number:03d}.part"
            with archive.open(part) as sheet, target.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                count = 0
                for row in _rows(sheet, texts):
                    writer.writerow(row)
                    count += 1
            if count:
                yield target, f"{stem}_{title}.csv"
            target.unlink(missing_ok=True)
    except (KeyError, IndexError, ValueError, ParseError) as error:
        raise UnreadableFile(
            f"{name} is a spreadsheet that cannot be read ({error}). Get it again."
        ) from error


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The sheets in the order of the workbook: their titles, and where they are in the zip."""
    with archive.open(_LINKS) as file:
        links = {
            link.attrib["Id"]: link.attrib["Target"] for _, link in iterparse(file) if "Target" in link.attrib
        }
    # Some programs write the folder with another case than they say.
    known = {part.lower(): part for part in archive.namelist()}
    with archive.open(_BOOK) as file:
        for _, sheet in iterparse(file):
            if sheet.tag == f"{_MAIN}sheet":
                target = links[sheet.attrib[_LINK]].lstrip("/")
                part = target if target.startswith("xl/") else f"xl/{target}"
                yield sheet.attrib["name"], known[part.lower()]


def _texts(archive: zipfile.ZipFile) -> Iterator[str]:
    """The texts that cells refer to by number."""
    if _TEXTS not in archive.namelist():
        return
    with archive.open(_TEXTS) as file:
        for _, entry in iterparse(file):
            if entry.tag == f"{_MAIN}si":
                yield _text(entry)
                entry.clear()


def _rows(sheet: IO[bytes], texts: list[str]) -> Iterator[list[str]]:
    """The rows of a sheet; each as wide as the first, unless it has more."""
    width = 0
    root: Element | None = None
    for event, element in iterparse(sheet, events=("start", "end")):
        if event == "start":
            root = root if root is not None else element
            continue
        if element.tag != f"{_MAIN}row":
            continue
        row: list[str] = []
        for cell in element.iter(f"{_MAIN}c"):
            found = _PLACE.match(cell.attrib.get("r", ""))
            place = _column(found[1]) if found else len(row)
            row += [""] * (place - len(row))
            row.append(_value(cell, texts))
        element.clear()
        assert root is not None
        _forget(root)
        if any(row):
            width = width or len(row)
            yield row + [""] * (width - len(row))


def _forget(root: Element) -> None:
    """Let go of the rows that were read: cleared, they would still be counted by the thousand."""
    for part in root:
        if part.tag == f"{_MAIN}sheetData":
            del part[:]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: Element, texts: list[str]) -> str:
    kind = cell.attrib.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    value = cell.find(f"{_MAIN}v")
    said = (value.text or "") if value is not None else ""
    return texts[int(said)] if kind == "s" and said else said


def _text(entry: Element) -> str:
    # A text may be cut into runs of different looks; how it is pronounced is no part of it.
    runs = [run.find(f"{_MAIN}t") for run in entry.findall(f"{_MAIN}r")]
    plain = entry.find(f"{_MAIN}t") if entry.tag == f"{_MAIN}si" else entry.find(f"{_MAIN}is/{_MAIN}t")
    return "".join((one.text or "") for one in [plain, *runs] if one is not None)
