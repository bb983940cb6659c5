"""ERCOT's pages of reports, whose links only a browser sees; anonymous.

    https://www.ercot.com/mp/data-products/data-product-details?id=NP4-180-ER        a page, empty until its script ran
    https://www.ercot.com/misdownload/servlets/mirDownload?doclookupId=1237449739    what it links to
    https://www.ercot.com/files/docs/2021/01/12/Native_Load_2020.zip                 or this

A row of the page's table says the name of a document, when it was posted, and links to it, in one or more formats. How
the row is laid out is not relied on: the name is its first text, and the time whatever in it is written like one. The
documents are asked for like those of the lists, as the browser that has opened the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from ingest.browser import Link, browser_of
from ingest.download import Download
from ingest.errors import Refused
from ingest.fetch import Session
from ingest.registry import Road, Source
from ingest.routes import ercot_documents as documents
from ingest.routes.ercot_documents import UNKNOWN, Document
from ingest.routes.ercot_mis import ErcotMis

PAGE = "mp/data-products/data-product-details"
_NUMBERED = re.compile(r"/misdownload/servlets/mirDownload\?(?:\S*&)?doclookupId=(\d+)", re.IGNORECASE)
_FILED = re.compile(r"/(files/docs/[^?#]+\.(?:zip|csv|xlsx))(?:[?#]|$)", re.IGNORECASE)
_DOCUMENT = re.compile(f"{_NUMBERED.pattern}|{_FILED.pattern}", re.IGNORECASE)
_FORMATS = ("csv", "xml", "zip", "xlsx")
_TIMES = (
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y %H:%M:%S",
)


class ErcotSite(ErcotMis):
    """The route ``ercot_site``: as ``ercot_mis``, but ``report`` is the name of a report, and its page is its list."""

    def __init__(self) -> None:
        super().__init__()
        self._known_by: WeakKeyDictionary[Session, Mapping[str, str]] = WeakKeyDictionary()

    def _ask(self, report: str, road: Road, source: Source, session: Session) -> list[Document]:
        page = browser_of(session).read(road.host, PAGE, {"id": report}, _DOCUMENT)
        self._known_by[session] = page.headers
        return list(documents_of(page.links, source.clock))

    def _download(self, one: Document, road: Road, session: Session) -> Download | None:
        """A document, or nothing where it was deleted since the page was drawn."""
        numbered = one.id.isdigit()
        try:
            return session.get(
                road.host,
                "misdownload/servlets/mirDownload" if numbered else one.id,
                {"doclookupId": one.id} if numbered else None,
                self._known_by.get(session),
                judge=lambda answer: self.judge(answer.path),
            )
        except Refused as error:
            if error.http_status != 404:
                raise
            return None


def documents_of(links: tuple[Link, ...], clock: str) -> Iterator[Document]:
    """The documents that a page links to, each once."""
    seen = set()
    for link in links:
        numbered, filed = _NUMBERED.search(link.url), _FILED.search(link.url)
        if numbered:
            identity, file_name = numbered[1], ""
        elif filed:
            identity = unquote(urlsplit(filed[1]).path)
            file_name = identity.rpartition("/")[2]
        else:
            continue
        if identity in seen:
            continue
        seen.add(identity)
        texts = [text for cell in link.row if (text := " ".join(cell.split()))]
        times = [found for text in texts if (found := _moment(text))]
        name = _name(link, texts) or file_name.rpartition(".")[0]
        file_name = file_name or next(
            (text for text in texts if text.endswith(".zip")), f"{name or identity}.zip"
        )
        if not times:
            yield Document(identity, name, file_name, UNKNOWN)
        else:
            yield documents.document(identity, name, file_name, times[0].isoformat(), clock)


def _name(link: Link, texts: list[str]) -> str:
    """The first text of a row that is neither a time nor the name of a format; a twin in XML says so at its end."""
    form = link.text.strip().lower()
    words = [
        text
        for text in texts
        if _moment(text) is None and not {word.lower() for word in text.split()} <= set(_FORMATS)
    ]
    name = words[0] if words else ""
    return f"{name}_{form}" if form == "xml" and not name.lower().endswith("_xml") else name


def _moment(text: str) -> datetime | None:
    """The wall time that a text is, or None where it is none; a date alone is no moment."""
    for form in _TIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if ":" in text else None
    except ValueError:
        return None
