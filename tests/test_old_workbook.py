"""Workbooks of the old format laid out as CSV: what a cell says, two calendars, zips with books, damage, size."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date
from pathlib import Path

import pytest

from ingest.content import kind_of, whole_compound
from ingest.errors import Refused
from ingest.simulator.old_book import Cell, old_book
from lake import old_workbook
from lake.errors import UnreadableFile
from lake.stage import Member, lay_out

ROWS: list[list[Cell]] = [
    ["Day", "Load", 'a "quoted", one'],
    [date(2025, 3, 9), 9015.300000000001, "two\nlines"],
    [],
    [None, 24.0, None, -0.1],
]
BOOK = old_book("Load 1", ROWS)


def laid(folder: Path, content: bytes, name: str = "report.xls") -> list[Member]:
    raw = folder / "raw-object"
    raw.write_bytes(content)
    return lay_out(raw, name, folder / "members" / "0")


def changed(old: bytes, new: bytes) -> bytes:
    assert BOOK.count(old) == 1
    return BOOK.replace(old, new)


def test_a_sheet_is_a_csv_by_its_title_with_numbers_to_the_last_bit(tmp_path: Path) -> None:
    (member,) = laid(tmp_path, BOOK)
    assert (member.name, member.format) == ("report_Load 1.csv", "csv")
    assert member.path.read_text().splitlines() == [
        'Day,Load,"a ""quoted"", one",',
        "2025-03-09,9015.300000000001,two lines,",
        ",24,,-0.1",
    ]


@pytest.mark.parametrize(
    "number", [0.1 + 0.2, 1e300, -2.5e-8, 9007199254740993.0, 1e16, -0.0, 4281.7300000000005]
)
def test_a_number_comes_back_as_the_same_double(number: float, tmp_path: Path) -> None:
    (member,) = laid(tmp_path, old_book("Sheet1", [[number]]))
    text = member.path.read_text().strip()
    assert struct.pack("<d", float(text)) == struct.pack("<d", number)


def test_days_are_counted_from_the_calendar_that_the_book_says(tmp_path: Path) -> None:
    (member,) = laid(tmp_path, changed(b"\x22\x00\x02\x00\x00\x00", b"\x22\x00\x02\x00\x01\x00"))
    assert member.path.read_text().splitlines()[1].startswith("2029-03-10,")


def test_a_book_in_an_archive_is_opened_like_any_other(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inner.xls", BOOK)
        archive.writestr("plain.csv", "a,b\n1,2\n")
    assert [one.name for one in laid(tmp_path, out.getvalue(), "all.zip")] == [
        "inner_Load 1.csv",
        "plain.csv",
    ]


def test_a_sheet_without_a_row_is_no_file(tmp_path: Path) -> None:
    assert laid(tmp_path, old_book("Sheet1", [])) == []


DAMAGED = {
    "half of it": BOOK[: len(BOOK) // 2],
    "its beginning": BOOK[:600],
    "an encrypted book": changed(b"\x42\x00\x02\x00\xb0\x04", b"\x2f\x00\x02\x00\xb0\x04"),
    "another document": changed("Workbook".encode("utf-16-le"), "Document".encode("utf-16-le")),
    "a text with NUL bytes": old_book("Sheet1", [["a\0b"]]),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_book_that_can_be_read_is_a_sentence(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadableFile, match=r"^report\.xls is no workbook that can be read \(.*\)\. Get it"):
        laid(tmp_path, content)
    # The library would print its opinion.
    assert capsys.readouterr() == ("", "")


def test_a_book_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_workbook, "LARGEST", 4000)
    with pytest.raises(UnreadableFile, match=r"more than 4,000 are not read\. Save it as \.xlsx or CSV\."):
        laid(tmp_path, BOOK)


def test_a_cell_far_out_does_not_fill_the_memory(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[]] * 60_000
    (member,) = laid(tmp_path, old_book("Sheet1", [["first"], *rows, [*[None] * 250, "last"]]))
    assert member.path.read_text().splitlines() == ["first" + "," * 250, "," * 250 + "last"]


@pytest.mark.parametrize("rows", [1, 300, 20_000], ids=["small", "some", "many tables"])
def test_the_length_of_a_book_is_held_to_its_own_table(rows: int, tmp_path: Path) -> None:
    path = tmp_path / "book.xls"
    content = old_book("Sheet1", [[float(number), "text"] for number in range(rows)])
    path.write_bytes(content)
    assert kind_of(path) == "compound"
    whole_compound(path)
    for length in (len(content) - 512, len(content) // 2, 600, 100):
        path.write_bytes(content[:length])
        with pytest.raises(Refused, match="an old workbook that ends early") as caught:
            whole_compound(path)
        assert caught.value.again
