"""What a file really is, told by its bytes: kinds by magic numbers, whole or broken archives, content hashes.

Names and declared types lie (a web page called .csv, a zip cut off halfway); the first bytes and the
checksums do not.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Literal, cast

import zstandard

from ingest.errors import Refused

Kind = Literal["empty", "zip", "gzip", "zstd", "compound", "html", "xml", "json", "text", "binary"]

CHUNK = 1 << 20
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    # The container of old office documents, workbooks (.xls) among them.
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound"),
)
# An entry of the table of sectors of an old office document: nothing is there.
_FREE_SECTOR = 0xFFFFFFFF
# Everything that a broken or hostile archive makes the standard library raise.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


def kind_of(path: Path) -> Kind:
    """What a file is by its first bytes."""
    with path.open("rb") as file:
        return kind_of_bytes(file.read(1024))


def kind_of_bytes(head: bytes) -> Kind:
    """What a file that begins like this is."""
    if not head:
        return "empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        return "html" if b"<html" in text or text.startswith(b"<!doctype html") else "xml"
    if b"\0" in head:
        return "binary"
    return "json" if text.startswith((b"{", b"[")) else "text"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def whole_stream(path: Path, kind: Kind) -> None:
    """Read a gzip or zstd file to its end.

    Raises:
        Refused: it is cut off or damaged.
    """
    try:
        if kind == "zstd":
            _read_zstd(path)
        else:
            with gzip.open(path, "rb") as file:
                while file.read(CHUNK):
                    pass
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise Refused(
            f"{path.name} is a {kind} file that cannot be read to its end ({_reason(error)})."
        ) from error


def _read_zstd(path: Path) -> None:
    """Read every frame. The library's own reader takes a frame that ends early for the end of the file."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            while chunk:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                frame.decompress(chunk)
                chunk = frame.unused_data
    if not frame.eof:
        raise EOFError("the last frame ends early")


def text_head(path: Path, length: int = 4096) -> str:
    """The beginning of the text in a file, or in an archive's first file that has any; "" where there is none."""
    kind = kind_of(path)
    if kind == "compound":
        return ""
    try:
        if kind == "zip":
            with zipfile.ZipFile(path) as archive:
                first = next(member for member in archive.infolist() if member.file_size)
                with archive.open(first) as file:
                    data = file.read(length)
        else:
            with _opened(path, kind) as plain:
                data = plain.read(length)
    except (*BROKEN_ZIP, StopIteration, zstandard.ZstdError):
        return ""
    return data.decode("utf-8-sig", errors="replace")


def _opened(path: Path, kind: Kind) -> IO[bytes]:
    if kind == "gzip":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if kind == "zstd":
        return cast(IO[bytes], zstandard.open(path, "rb"))
    return path.open("rb")


def count_rows(path: Path) -> int:
    """Lines of a CSV below its header; the last one may lack its line end."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return max(lines + (last != b"\n") - 1, 0)


def whole_zip(path: Path) -> list[zipfile.ZipInfo]:
    """The members of a zip, each read to its end and checked against its checksum.

    Raises:
        Refused: the archive is cut off, broken, encrypted or holds nothing. Asking again may help.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            for member in members:
                with archive.open(member) as file:
                    while file.read(CHUNK):
                        pass
    except BROKEN_ZIP as error:
        raise Refused(
            f"{path.name} is a zip that cannot be read to its end ({_reason(error)}). It was cut off or "
            "damaged on the way; download it again.",
            again=True,
        ) from error
    if not members:
        raise Refused(f"{path.name} is a zip without a file in it.", again=True)
    return members


def whole_compound(path: Path) -> None:
    """Hold the length of an old office document to what its own table of sectors says.

    Raises:
        Refused: it is cut off, or is none. Asking again may help.
    """
    with path.open("rb") as file:
        header = file.read(512)
        length = file.seek(0, 2)
        try:
            (power,) = struct.unpack_from("<H", header, 30)
            # Sectors of 512 bytes, or of 4096 in a later version: there are no others.
            size = {9: 512, 12: 4096}[power]
            (tables,) = struct.unpack_from("<I", header, 44)
            # The header has room for the places of 109 tables; a document with more is longer than all these say.
            places = struct.unpack_from("<109I", header, 76)[: min(tables, 109)]
            used = 0
            for number, place in enumerate(places):
                file.seek(size * (place + 1))
                entries = struct.unpack(f"<{size // 4}I", file.read(size))
                taken = [index for index, entry in enumerate(entries) if entry != _FREE_SECTOR]
                used = max([used, *(number * size // 4 + index + 1 for index in taken)])
        except (struct.error, KeyError):
            used, size = 1, length
    # The last sector need not be filled.
    if not used or length <= size * used:
        raise Refused(
            f"{path.name} is an old workbook that ends early. It was cut off or damaged on the way; "
            "download it again.",
            again=True,
        )


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def zip_content_sha256(
    path: Path, stable_name: Callable[[str], str] = str, unstamped: re.Pattern[bytes] | None = None
) -> str:
    """The SHA-256 over a zip's members, whatever the archive itself looks like.

    Args:
        path: a zip that ``whole_zip`` has accepted.
        stable_name: takes what changes with every request out of a member's name.
        unstamped: what to leave out of the first megabyte of a member (a request stamp in its heading).
    """
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        for member in sorted(members, key=lambda each: (stable_name(each.filename), each.CRC)):
            own = hashlib.sha256()
            with archive.open(member) as file:
                for chunk in _chunks(file, unstamped):
                    own.update(chunk)
            digest.update(f"{stable_name(member.filename)}\0{own.hexdigest()}\n".encode())
    return digest.hexdigest()


def file_content_sha256(path: Path, unstamped: re.Pattern[bytes] | None = None) -> str:
    """The SHA-256 of a plain file without the stamp that ``unstamped`` finds in its first megabyte."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in _chunks(file, unstamped):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(file: IO[bytes], unstamped: re.Pattern[bytes] | None) -> Iterator[bytes]:
    chunk = file.read(CHUNK)
    if unstamped is not None:
        chunk = unstamped.sub(b"", chunk)
    while chunk:
        yield chunk
        chunk = file.read(CHUNK)


def safe_name(name: str) -> str:
    """A file name that is one, everywhere: no folders, no blanks, no surprises, at most 150 characters."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", base).strip("._")[-150:] or "file"
