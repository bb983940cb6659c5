"""One answer on its way to the disk: streamed, hashed, counted, freed of the transfer's compression.

The hash and the size are of the body as served. Compression of the transfer (``Content-Encoding``, or gzip
bytes that nobody declared) is not part of the body: one file would otherwise have many hashes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ingest.errors import Unreachable

CHUNK = 1 << 16
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Download:
    """An answer on disk. ``url`` carries no secret; ``sha256`` and ``bytes`` are of the served body."""

    path: Path
    url: str
    http_status: int
    bytes: int
    sha256: str
    attempts: int = 1
    content_type: str = ""
    file_name: str | None = None
    etag: str | None = None
    last_modified: datetime | None = None
    total_rows: int | None = None


def save(
    response: requests.Response, path: Path, url: str, attempts: int, place: str, on_chunk: Callable[[], None]
) -> Download:
    """Stream a response into a file.

    Raises:
        Unreachable: the transfer broke off, or a compressed one ended early.
    """
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in _decoded(_received(response, place), place):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            on_chunk()
    headers = response.headers
    return Download(
        path=path,
        url=url,
        http_status=response.status_code,
        bytes=size,
        sha256=digest.hexdigest(),
        attempts=attempts,
        content_type=headers.get("Content-Type", "").split(";")[0].strip().lower(),
        file_name=_file_name(headers.get("Content-Disposition")),
        etag=headers.get("ETag"),
        last_modified=http_date(headers.get("Last-Modified")),
        total_rows=_number(headers.get("X-TotalRows")),
    )


def _received(response: requests.Response, place: str) -> Iterator[bytes]:
    """The bytes as they came; urllib3 compares them with Content-Length and the chunks' lengths."""
    try:
        # decode_content=False: what is compressed is told by its bytes below, not by a header that may lie.
        yield from response.raw.stream(CHUNK, decode_content=False)
    except ReadTimeoutError as error:
        raise Unreachable(
            f"An answer of {place} stopped midway and nothing more came.", again=True
        ) from error
    except (HTTPError, OSError) as error:
        raise Unreachable(f"An answer of {place} broke off midway.", again=True) from error


def _decoded(chunks: Iterator[bytes], place: str) -> Iterator[bytes]:
    """The body without the compression of the transfer."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(GZIP):
            break
    if not head.startswith(GZIP):
        if head:
            yield head
        yield from chunks
        return
    inflate = zlib.decompressobj(wbits=31)
    try:
        for chunk in _joined(head, chunks):
            while chunk:
                if inflate.eof:
                    inflate = zlib.decompressobj(wbits=31)
                yield inflate.decompress(chunk)
                chunk = inflate.unused_data
        yield inflate.flush()
    except zlib.error as error:
        raise Unreachable(f"A compressed answer of {place} is damaged.", again=True) from error
    if not inflate.eof:
        raise Unreachable(f"A compressed answer of {place} ended early.", again=True)


def _joined(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _file_name(disposition: str | None) -> str | None:
    if not disposition:
        return None
    message = Message()
    message["Content-Disposition"] = disposition
    return message.get_filename()


def http_date(text: str | None) -> datetime | None:
    """An HTTP date in UTC; None for what is not one."""
    if not text:
        return None
    try:
        stamp = parsedate_to_datetime(text)
    except ValueError:
        return None
    return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None
