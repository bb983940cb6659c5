"""Laying raw files out: archives in archives, odd names, blank beginnings, and every way of being broken."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import duckdb
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as some

from lake.errors import UnreadableFile
from lake.stage import Member, lay_out, open_text

TEXT = b"a,b\n1,2\n3,4\n"


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        # Two members of one name are what some of these archives are about.
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def laid(folder: Path, name: str, content: bytes) -> list[Member]:
    """The members of a raw file with this content."""
    raw = folder / "raw-object"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes(content)
    return lay_out(raw, name, folder / "members" / "0")


def texts(members: list[Member]) -> Counter[bytes]:
    """What the members say, expanded."""
    found = []
    for member in members:
        with open_text(member.path) as handle:
            found.append(handle.read())
    return Counter(found)


ALIKE = {
    "as it is": TEXT,
    "gzip": gzip.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "two frames of zstd": zstandard.compress(TEXT[:4]) + zstandard.compress(TEXT[4:]),
    "zip": zipped(("x.csv", TEXT)),
    "zip in a folder": zipped(("deep/er/", b""), ("deep/er/x.csv", TEXT)),
    "zip in zip": zipped(("inner.zip", zipped(("x.csv", TEXT)))),
    "gzip in zip": zipped(("x.csv.gz", gzip.compress(TEXT))),
    "zstd in zip in zip": zipped(("a.zip", zipped(("x.csv.zst", zstandard.compress(TEXT))))),
    "zip by another name": zipped(("data", TEXT)),
}


@pytest.mark.parametrize("name", ALIKE)
def test_the_same_text_comes_out_however_it_is_packed(name: str, tmp_path: Path) -> None:
    (member,) = laid(tmp_path, "whatever.dat", ALIKE[name])
    assert texts([member]) == {TEXT: 1}
    assert member.format == "csv"
    assert member.head.startswith("a,b\n")
    assert member.path.parent == tmp_path / "members" / "0"
    rows = duckdb.execute("SELECT * FROM read_csv($path)", {"path": str(member.path)}).fetchall()
    assert rows == [(1, 2), (3, 4)]


ODD_NAMES = [
    "a*b?.csv",
    "[2024] prices {1}.csv",
    'ümlaut ’quote’ "double".csv',
    "../../outside.csv",
    "/absolute/path.csv",
    "con$(rm -rf).csv",
    "no suffix",
    "twice.csv.csv",
    ".hidden",
    "...",
    "a" * 200 + ".csv",
    "line\nbreak.csv",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_no_name_leaves_the_folder_or_confuses_a_glob(name: str, tmp_path: Path) -> None:
    for content in (zipped((name, TEXT), ("other.csv", TEXT + b"5,6\n")), TEXT):
        place = tmp_path / str(len(content))
        members = laid(place, name, content)
        for member in members:
            assert member.path.parent == place / "members" / "0"
            count = duckdb.execute("SELECT count(*) FROM read_csv($p)", {"p": [str(member.path)]}).fetchone()
            assert count is not None
            assert count[0] >= 2
    assert not (tmp_path.parent / "outside.csv").exists()


def test_members_of_one_name_are_both_kept(tmp_path: Path) -> None:
    other = b"a,b\n5,6\n"
    members = laid(tmp_path, "x.zip", zipped(("x.csv", TEXT), ("x.csv", other), ("sub/x.csv", b"a,b\n7,8\n")))
    assert texts(members) == {TEXT: 1, other: 1, b"a,b\n7,8\n": 1}


@pytest.mark.parametrize("beginning", [b"\n", b"\r\n", b"\r\n\r\n\n"])
@pytest.mark.parametrize("packed", [bytes, gzip.compress, zstandard.compress])
def test_a_blank_beginning_is_taken_off(beginning: bytes, packed: object, tmp_path: Path) -> None:
    """DuckDB takes an empty first line for the header."""
    (member,) = laid(tmp_path, "x.csv", packed(beginning + TEXT))  # type: ignore[operator]
    assert texts([member]) == {TEXT: 1}
    assert member.head.startswith("a,b")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (member,) = laid(tmp_path, "x.csv", b"\xef\xbb\xbf" + TEXT)
    assert member.head.startswith("a,b")
    assert [row[0] for row in duckdb.execute(f"DESCRIBE FROM read_csv('{member.path}')").fetchall()] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b'{"items":[]}', "json"),
        (b" \n[{}]", "json"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b"\xef\xbb\xbf<a/>", "xml"),
        (b'"a","b"\n', "csv"),
    ],
)
def test_the_format_is_told_by_the_content(content: bytes, format: str, tmp_path: Path) -> None:
    (member,) = laid(tmp_path, "misleading.csv", content)
    assert member.format == format
    assert member.path.name.endswith(f".{format}")


def test_packed_xml_is_expanded_because_it_is_read_as_text(tmp_path: Path) -> None:
    document = b"<a>" + b"<b/>" * 100 + b"</a>"
    (member,) = laid(tmp_path, "x.xml.gz", gzip.compress(document))
    assert member.path.read_bytes() == document


def flipped(content: bytes) -> bytes:
    """The archive with a byte of its data changed."""
    place = len(content) // 3
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def locked(content: bytes) -> bytes:
    """The zip with the mark of encryption on its member, in both places where it stands."""
    found = bytearray(content)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found[found.index(magic) + offset] |= 1
    return bytes(found)


LONG = b"a,b\n" + b"".join(b"%d,%d\n" % (number * 7919 % 10007, number) for number in range(5000))
BROKEN = {
    "nothing": b"",
    "an empty zip": zipped(),
    "a cut zip": zipped(("x.csv", LONG))[:-40],
    "half a zip": zipped(("x.csv", LONG))[:2000],
    "a zip with a changed byte": flipped(zipped(("x.csv", LONG))),
    "an encrypted zip": locked(zipped(("x.csv", LONG))),
    "a cut gzip": gzip.compress(LONG)[:500],
    "a cut gzip of two letters": gzip.compress(LONG)[:12],
    "binary": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "text of two bytes a letter": "a,b\n1,2\n".encode("utf-16"),
    "an empty member": zipped(("x.csv", TEXT), ("y.csv", b"")),
    "zips too deep": zipped(
        (
            "a.zip",
            zipped(
                ("b.zip", zipped(("c.zip", zipped(("d.zip", zipped(("e.zip", zipped(("x.csv", TEXT)))))))))
            ),
        )
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_one_sentence_that_names_the_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        laid(tmp_path, "prices.zip", BROKEN[name])
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert str(tmp_path) not in text


def test_plain_text_is_linked_and_a_large_archive_never_in_memory(tmp_path: Path) -> None:
    (member,) = laid(tmp_path / "plain", "x.csv", TEXT)
    assert member.path.is_symlink()
    big = zipped(("x.csv", LONG * 700))
    tracemalloc.start()
    (member,) = laid(tmp_path / "big", "x.zip", big)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert member.path.stat().st_size == len(LONG) * 700 > 30_000_000
    assert peak < 12_000_000


contents = some.binary(min_size=1, max_size=20).map(lambda data: b"h" + data.replace(b"\0", b"0"))
trees = some.recursive(
    contents,
    lambda inner: some.lists(inner, min_size=1, max_size=3).map(lambda parts: parts),
    max_leaves=6,
)


def packed_tree(tree: object, depth: int = 0) -> bytes:
    if isinstance(tree, bytes):
        return [tree, gzip.compress(tree), zstandard.compress(tree)][len(tree) % 3]
    assert isinstance(tree, list)
    return zipped(*((f"{number}.bin", packed_tree(part, depth + 1)) for number, part in enumerate(tree)))


def leaves(tree: object) -> Counter[bytes]:
    if isinstance(tree, bytes):
        return Counter([tree])
    assert isinstance(tree, list)
    return sum((leaves(part) for part in tree), Counter())


def depth_of(tree: object) -> int:
    return 0 if isinstance(tree, bytes) else 1 + max(depth_of(part) for part in tree)  # type: ignore[attr-defined]


@settings(max_examples=60, deadline=None)
@given(tree=trees)
def test_any_tree_of_archives_gives_its_leaves(
    tree: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    if depth_of(tree) > 4:
        with pytest.raises(UnreadableFile, match="deep"):
            laid(folder, "x", packed_tree(tree))
    else:
        assert texts(laid(folder, "x", packed_tree(tree))) == leaves(tree)
