"""Expanding raw objects to files that DuckDB can read, member by member, never in memory.

Every raw object gets a folder of its own, named by a number, with its members flat in it; SQL groups by that folder.
Text that DuckDB reads as it is (also compressed) is linked rather than copied. Formats are told by content, never by
name: sources send zips without a suffix and CSV where JSON was asked.
"""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import zstandard

from lake.errors import UnreadableFile
from lake.old_workbook import OLD_BOOK, old_sheets
from lake.workbook import is_workbook, sheets

BLOCK = 1 << 20
ZIP, GZIP, ZSTD = b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
EMPTY_ZIP = b"PK\x05\x06"
DEEPEST = 4

Format = Literal["csv", "json", "xml"]


@dataclass(frozen=True)
class Member:
    """One readable file of a raw object: where it was laid, what it is, and its beginning as text.

    ``written`` is the stamp that the archive gives the member, on a clock that the archive does not name.
    """

    path: Path
    name: str
    format: Format
    head: str
    written: datetime | None = None


def lay_out(raw: Path, name: str, folder: Path) -> list[Member]:
    """Lay the members of a raw file flat into ``folder``.

    Args:
        raw: the raw bytes on this machine.
        name: the name under which the source served them, for messages and member names.
        folder: an empty or missing folder.

    Raises:
        UnreadableFile: a truncated or corrupt archive, an empty file, archives nested too deeply.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return list(_members(raw, name, folder, 0))
    except (
        zipfile.BadZipFile,
        EOFError,
        zstandard.ZstdError,
        gzip.BadGzipFile,
        zlib.error,
        OSError,
        NotImplementedError,
        # An encrypted zip.
        RuntimeError,
    ) as error:
        raise UnreadableFile(
            f"{name} cannot be expanded ({error}): it is truncated or damaged. Get it again."
        ) from error


def _members(
    raw: Path, name: str, folder: Path, depth: int, written: datetime | None = None
) -> Iterator[Member]:
    if depth > DEEPEST:
        raise UnreadableFile(
            f"{name} holds archives inside archives more than {DEEPEST} deep; unpack it by hand."
        )
    with raw.open("rb") as handle:
        magic = handle.read(4)
    if not magic:
        raise UnreadableFile(f"{name} is empty (0 bytes).")
    if magic == EMPTY_ZIP:
        raise UnreadableFile(f"{name} is a zip without members.")
    if magic == ZIP:
        with zipfile.ZipFile(raw) as archive:
            if is_workbook(archive):
                for sheet, title in sheets(archive, name, folder):
                    yield from _members(sheet, title, folder, depth + 1, written)
                return
            # By entry, not by name: two entries may have one name.
            entries = sorted(archive.infolist(), key=lambda entry: entry.filename)
            for number, entry in enumerate(entries):
                if entry.is_dir():
                    continue
                inner = folder / f"{depth}-{number:05d}.part"
                with archive.open(entry) as source, inner.open("wb") as target:
                    shutil.copyfileobj(source, target, BLOCK)
                yield from _members(inner, Path(entry.filename).name, folder, depth + 1, _stamp(entry))
                inner.unlink(missing_ok=True)
    elif magic == OLD_BOOK:
        for sheet, title in old_sheets(raw, name, folder):
            yield from _members(sheet, title, folder, depth + 1, written)
    else:
        yield replace(_text(raw, name, folder, magic), written=written)


def _stamp(entry: zipfile.ZipInfo) -> datetime | None:
    """When a member was written, by the archive; one that does not say so says 1980."""
    try:
        return datetime(*entry.date_time) if entry.date_time[0] > 1980 else None
    except ValueError:
        return None


def _text(raw: Path, name: str, folder: Path, magic: bytes) -> Member:
    """Lay one text file: linked as it is where DuckDB reads it so, rewritten where it does not."""
    head = read_head(raw)
    stem = _clean(name)
    kind = _format(head)
    compressed = ".zst" if magic == ZSTD else ".gz" if magic[:2] == GZIP else ""
    # DuckDB takes an empty first line for the header, and read_text does not decompress.
    rewrite = head[:1] in "\r\n" or (compressed and kind == "xml")
    suffix = "" if rewrite else compressed
    target = _free(folder / f"{stem}.{kind}{suffix}")
    if rewrite:
        with open_text(raw) as source, target.open("wb") as out:
            first = source.read(BLOCK).lstrip(b"\r\n")
            out.write(first)
            shutil.copyfileobj(source, out, BLOCK)
    elif raw.suffix == ".part":
        raw.rename(target)
    else:
        target.symlink_to(raw.resolve())
    return Member(target, name, kind, head.lstrip("\r\n"))


def _clean(name: str) -> str:
    """A file name that no glob of DuckDB reads as a pattern."""
    stem = Path(name).name
    for suffix in (".zst", ".gz", ".csv", ".json", ".xml"):
        stem = stem.removesuffix(suffix)
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stem) or "member"


def _free(path: Path) -> Path:
    """The path, or the path with a number where a member of the same name is already there."""
    number = 1
    candidate = path
    while candidate.exists() or candidate.is_symlink():
        candidate = path.with_name(f"{number}-{path.name}")
        number += 1
    return candidate


def open_text(path: Path) -> IO[bytes]:
    """Open a file for reading its text bytes, expanding gzip and zstd on the way."""
    handle = path.open("rb")
    magic = handle.read(4)
    handle.seek(0)
    if magic == ZSTD:
        return zstandard.ZstdDecompressor().stream_reader(handle, closefd=True, read_across_frames=True)
    if magic[:2] == GZIP:
        handle.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return handle


def read_head(path: Path, size: int = 1 << 18) -> str:
    """The first ``size`` bytes as text, without a byte order mark.

    Raises:
        UnreadableFile: the bytes are not text.
    """
    with open_text(path) as handle:
        data = handle.read(size)
    if b"\x00" in data:
        raise UnreadableFile(f"{path.name} is not text: it holds NUL bytes.")
    return data.decode("utf-8-sig", errors="replace")


def _format(head: str) -> Format:
    start = head.lstrip()[:1]
    if start == "<":
        return "xml"
    return "json" if start and start in "{[" else "csv"
