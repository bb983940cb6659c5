"""ERCOT's document lists: what is displayed of a report, then its documents one by one; anonymous.

    https://www.ercot.com/misapp/servlets/IceDocListJsonWS?reportTypeId=12331        the list, newest first
    https://www.ercot.com/misdownload/servlets/mirDownload?doclookupId=1237449739    a zip of one CSV

A list shows some days to a month of a report, and every document twice, as CSV and as XML. It can have a hole where a
document was made all the same: what is missing stays open, for the next run or another road. A report that is not
known is answered with a fault in JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

from ingest.clock import Period
from ingest.content import file_content_sha256, kind_of, whole_zip, zip_content_sha256
from ingest.download import Download
from ingest.errors import Refused
from ingest.events import Request
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source
from ingest.routes import ercot_documents as documents
from ingest.routes.answer import Answer
from ingest.routes.ercot_documents import SITE, Document
from ingest.routes.ercot_twins import without_twin
from ingest.routes.judge import holds_rows, in_place_of_data

# A list grows every few minutes. Requests of one run for neighbouring hours share it.
A_LIST_HOLDS_SECONDS = 300.0

Lists = dict[str, tuple[float, list[Document]]]


class ErcotMis:
    """The route ``ercot_mis``: ``ask`` names the ``report`` by its number, and how its documents tell their time."""

    def __init__(self) -> None:
        self._lists: WeakKeyDictionary[Session, Lists] = WeakKeyDictionary()

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Get every document of a period, and word of what none holds."""
        words = dict(road.ask)
        listed = self._listed(words["report"], road, source, session)
        chosen = documents.wanted(listed, words, request.period, source.clock)
        if "year" in words:
            yield from self._year(chosen, request, road, dataset, source, session)
            return
        found: list[tuple[Document, Download]] = []
        intervals: list[Period] = []
        for one in chosen:
            download = self._download(one, road, session)
            if download is None:
                continue
            _, head = next(documents.texts(download.path))
            interval = documents.interval_of(head, words, request.period, source.clock)
            if documents.is_of(interval, request.period):
                found.append((one, download))
                intervals.append(interval)
        held = documents.spans(intervals, request.period)
        yield from documents.lacking(held, request, road, dataset, source)
        for (one, download), span in zip(found, held, strict=True):
            yield self._answer(one, download, (span,))

    def _year(
        self,
        chosen: list[Document],
        request: Request,
        road: Road,
        dataset: Dataset,
        source: Source,
        session: Session,
    ) -> Iterator[Answer]:
        """The newest file of a year with the days that it tells of, and word of those that it should and does not."""
        download = self._download(chosen[-1], road, session) if chosen else None
        told = documents.days_told(download.path, source.clock) if download else []
        held = [span for span in told if span.overlaps(request.period)]
        yield from documents.lacking(held, request, road, dataset, source)
        if download and held:
            yield self._answer(chosen[-1], download, tuple(held))

    def _answer(self, one: Document, download: Download, periods: tuple[Period, ...]) -> Answer:
        return Answer(
            periods=periods,
            download=download,
            file_name=one.file_name,
            content_sha256=self.content_sha256(download.path),
            part=one.id,
            published_at=None if one.published_at == documents.UNKNOWN else one.published_at,
        )

    def judge(self, path: Path) -> None:
        """Tell a document from its twin in XML, from a fault, a web page or a sentence."""
        without_twin(path)
        kind = kind_of(path)
        if kind == "json":
            raise _fault(path)
        if kind == "zip":
            whole_zip(path)
            good = documents.is_readable_zip(path)
        else:
            good = kind == "text" and holds_rows(path)
        if not good:
            raise in_place_of_data(path, SITE, "a document")

    def content_sha256(self, path: Path) -> str:
        """The members of a zip, or the file itself."""
        return zip_content_sha256(path) if kind_of(path) == "zip" else file_content_sha256(path)

    def _download(self, one: Document, road: Road, session: Session) -> Download | None:
        """A document, or nothing where it was deleted since the list was made."""
        try:
            return session.get(
                road.host,
                "misdownload/servlets/mirDownload",
                {"doclookupId": one.id},
                judge=lambda answer: self._fits(answer, one.size),
            )
        except Refused as error:
            if error.http_status != 404:
                raise
            return None

    def _fits(self, answer: Download, size: int | None) -> None:
        """A document is a zip of the size that the list tells."""
        if kind_of(answer.path) != "zip":
            self.judge(answer.path)
            raise in_place_of_data(answer.path, SITE, "a zip")
        self.judge(answer.path)
        if size is not None and answer.bytes != size:
            raise Refused(
                f"{SITE} served {answer.bytes:,} bytes of a document of {size:,}. Ask again later.",
                again=True,
            )

    def _listed(self, report: str, road: Road, source: Source, session: Session) -> list[Document]:
        """The documents of a report that are displayed now."""
        lists = self._lists.setdefault(session, {})
        at, known = lists.get(report, (float("-inf"), []))
        if time.monotonic() - at < A_LIST_HOLDS_SECONDS:
            return known
        found = self._ask(report, road, source, session)
        lists[report] = (time.monotonic(), found)
        return found

    def _ask(self, report: str, road: Road, source: Source, session: Session) -> list[Document]:
        answer = session.get(
            road.host,
            "misapp/servlets/IceDocListJsonWS",
            {"reportTypeId": report},
            judge=lambda answer: _is_list(answer.path),
        )
        words = json.loads(answer.path.read_bytes())["ListDocsByRptTypeRes"]
        answer.path.unlink(missing_ok=True)
        try:
            entries = words.get("DocumentList") or []
            # Where XML is written as JSON, a list of one may come as the one.
            entries = [entries] if isinstance(entries, dict) else entries
            return [_document(entry["Document"], source.clock) for entry in entries]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Refused(f"{SITE} answered with a list of another shape ({error!r}).") from error


def _document(entry: dict[str, str], clock: str) -> Document:
    return documents.document(
        entry["DocID"],
        entry["FriendlyName"],
        entry["ConstructedName"],
        entry["PublishDate"],
        clock,
        entry.get("ContentSize", ""),
    )


def _is_list(path: Path) -> None:
    if kind_of(path) != "json":
        raise in_place_of_data(path, SITE, "a list of documents")
    try:
        words = json.loads(path.read_bytes())
    except ValueError:
        raise Refused(f"{SITE} answered with JSON that ends too early.", again=True) from None
    if "ListDocsByRptTypeRes" not in words:
        raise _fault(path)


def _fault(path: Path) -> Refused:
    """ERCOT's own words from a fault."""
    try:
        faults = json.loads(path.read_bytes())["ResponseFaultList"]
        said = "; ".join(str(fault["ResponseFault"]["FaultDescription"]) for fault in faults)
    except (ValueError, KeyError, TypeError):
        return Refused(f"{SITE} answered with JSON that is no list of documents.", again=True)
    return Refused(f"{SITE} refuses the request: {said.rstrip('.')}.")
