"""What the sites are asked and what they answer, apart from HTTP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """A question as the original host would see it; one with a ``body`` was posted.

    ``late`` and ``drift`` are faults that the site itself must act out.
    """

    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    late: bool = False
    drift: bool = False
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """A status, a body and its headers; ``Content-Length`` is the server's business."""

    status: int
    body: bytes
    content_type: str
    headers: Headers = field(default=())


@dataclass(frozen=True)
class Member:
    """A file inside an archive, with the local time that the archive says it was written."""

    name: str
    text: bytes
    written: datetime


def zipped(members: Iterable[Member]) -> bytes:
    """A zip whose bytes depend on nothing but its members."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member in members:
            stamp = member.written
            info = zipfile.ZipInfo(
                member.name, (stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second)
            )
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0
            archive.writestr(info, member.text, compresslevel=1)
    return sink.getvalue()


def with_extra_column(text: str, line_end: str, quoted: bool = False) -> str:
    """A CSV with a column that nobody announced, at the end of every line."""
    lines = text.split(line_end)
    name = '"NEW_COLUMN"' if quoted else "NEW_COLUMN"
    body = [f"{line},1" if line else line for line in lines[1:]]
    return line_end.join([f"{lines[0]},{name}", *body])
