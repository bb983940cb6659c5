"""Spreadsheets laid out as CSV: what a cell says, empty sheets and cells, sheets that lie about their size, damage."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from lake.errors import UnreadableFile
from lake.stage import Member, lay_out

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADER = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>'
)
TEXTS = (
    "<si><t>Day</t></si><si><r><t>Pri</t></r><r><t>ce</t></r><rPh><t>?</t></rPh></si><si><t>Note</t></si>"
    '<si><t>a "quoted", one</t></si>'
)


def book(*sheets: tuple[str, str], texts: str = TEXTS, leave_out: str = "") -> bytes:
    """A workbook of sheets: their titles and rows."""
    names = "".join(f'<sheet name="{title}" r:id="r{n}"/>' for n, (title, _) in enumerate(sheets))
    links = "".join(f'<Relationship Id="r{n}" Target="worksheets/sheet{n}.xml"/>' for n in range(len(sheets)))
    parts = {
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
        "xl/sharedStrings.xml": f"<sst {MAIN}>{texts}</sst>",
        "docProps/app.xml": "<Properties/>",
    }
    for n, (_, rows) in enumerate(sheets):
        # With a capital, as some programs write it.
        parts[f"xl/worksheets/Sheet{n}.xml"] = (
            f'<worksheet {MAIN}><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>'
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            if name != leave_out:
                archive.writestr(name, text)
    return out.getvalue()


def laid(folder: Path, content: bytes, name: str = "prices_2021.xlsx") -> list[Member]:
    raw = folder / "raw-object"
    raw.write_bytes(content)
    return lay_out(raw, name, folder / "members" / "0")


def test_each_sheet_is_a_csv_by_its_title_and_an_empty_one_is_none(tmp_path: Path) -> None:
    day = '<c r="A2" t="inlineStr"><is><t>01/01/2021</t></is></c>'
    row = f'<row r="2">{day}<c r="B2"><v>22.099999999999998</v></c></row>'
    last = '<row r="3"><c r="A3" t="str"><v>x</v></c><c r="C3" t="s"><v>3</v></c></row><row r="4"/>'
    members = laid(tmp_path, book(("Jan", HEADER + row + last), ("Feb", ""), ("Mar 1", HEADER)))
    assert [(one.name, one.format) for one in members] == [
        ("prices_2021_Jan.csv", "csv"),
        ("prices_2021_Mar 1.csv", "csv"),
    ]
    assert members[0].path.read_text().splitlines() == [
        "Day,Price,Note",
        "01/01/2021,22.099999999999998,",
        'x,,"a ""quoted"", one"',
    ]


def test_a_book_in_an_archive_is_opened_like_any_other(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("rpt.x.xlsx", book(("Jan", HEADER)))
        archive.writestr("plain.csv", "a,b\n1,2\n")
    assert [one.name for one in laid(tmp_path, out.getvalue(), "rpt.zip")] == ["plain.csv", "rpt.x_Jan.csv"]


@pytest.mark.parametrize(
    "content",
    [
        book(("Jan", HEADER), leave_out="xl/_rels/workbook.xml.rels"),
        book(("Jan", HEADER), leave_out="xl/worksheets/Sheet0.xml"),
        book(("Jan", HEADER), texts=""),
        book(("Jan", HEADER + "<row>")),
    ],
    ids=["no links", "a sheet is missing", "a text is missing", "no XML"],
)
def test_a_damaged_book_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(
        UnreadableFile, match=r"prices_2021\.xlsx is a spreadsheet that cannot be read .* Get it again"
    ):
        laid(tmp_path, content)


def test_a_long_sheet_does_not_stay_in_memory(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>1.5</v></c></row>' for n in range(2, 60_000)
    )
    content = book(("Jan", HEADER + rows))
    del rows
    tracemalloc.start()
    (member,) = laid(tmp_path, content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000
    assert len(member.path.read_text().splitlines()) == 59_999
