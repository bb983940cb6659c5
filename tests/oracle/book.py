"""Independent reader of spreadsheets: each sheet as CSV, read whole."""

from __future__ import annotations

import csv
import io
import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

SPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Every sheet with a row, by its title."""
    names = {name.lower(): name for name in archive.namelist()}

    def part(name: str) -> ElementTree.Element:
        return ElementTree.fromstring(archive.read(names[name.lower()]))

    texts = []
    if "xl/sharedstrings.xml" in names:
        texts = ["".join(entry.itertext()) for entry in part("xl/sharedStrings.xml").findall("x:si", SPACE)]
    links = {link.attrib["Id"]: link.attrib["Target"] for link in part("xl/_rels/workbook.xml.rels")}
    for sheet in part("xl/workbook.xml").iterfind("x:sheets/x:sheet", SPACE):
        grid = [
            [_said(cell, texts) for cell in row.findall("x:c", SPACE)]
            for row in part(posixpath.join("xl", links[sheet.attrib[LINK]])).iterfind(".//x:row", SPACE)
        ]
        if grid:
            out = io.StringIO()
            csv.writer(out).writerows(grid)
            yield sheet.attrib["name"], out.getvalue().encode()


def _said(cell: ElementTree.Element, texts: list[str]) -> str:
    value = cell.findtext("x:v", "", SPACE)
    return texts[int(value)] if cell.attrib.get("t") == "s" else value or "".join(cell.itertext())
