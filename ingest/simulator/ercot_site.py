"""www.ercot.com: lists of documents in JSON, and the documents by their numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import ercot_model, ercot_pages, ercot_rows, ercot_years
from ingest.simulator.answers import Answer, Member, Request, zipped
from ingest.simulator.broken import HTML
from ingest.simulator.ercot_rows import REPORTS, Document, Report
from ingest.simulator.ercot_years import YEARS, Year
from ingest.simulator.revisions import Revision
from ingest.simulator.world import CENTRAL, World

CORRECTABLE: Mapping[str, tuple[str, ...]] = {name: (name,) for name in (*REPORTS, ercot_model.NAME)}
ZIP, JSON = "application/zip", "application/json"
LIST, FILE = "/misapp/servlets/IceDocListJsonWS", "/misdownload/servlets/mirDownload"
FAULT = (
    '{"ResponseFaultList":[{"ResponseFault":{"FaultID":1,"FaultDescription":"Did not recieve a numeric '
    'ReportTypeId. [reporttypeid] required."}}]}'
)
_ZONE = ZoneInfo(CENTRAL)
_BY_PREFIX = {report.prefix: report for report in REPORTS.values()}
_EPOCH = datetime.fromisoformat("2010-01-01T00:00:00+00:00")


def answer(request: Request, world: World) -> Answer:
    """A list, a document, the page of a report, or the site's own at any other path."""
    if request.path == LIST:
        number = request.query.get("reportTypeId", "")
        reports = [report for report in REPORTS.values() if report.number == number]
        if number in YEARS:
            return Answer(200, _years(YEARS[number], world, request).encode(), JSON)
        if number == ercot_model.NUMBER:
            return Answer(200, _models(world, request).encode(), JSON)
        if not reports:
            return Answer(200, FAULT.encode(), JSON)
        return Answer(200, _listing(reports, world, request).encode(), JSON)
    if request.path == FILE:
        return _file(request, world)
    if request.path == ercot_pages.PAGE:
        return ercot_pages.answer(request)
    return Answer(200, b"<!doctype html><html><title>ERCOT</title></html>\n", HTML)


def shown(report: Report, world: World) -> Iterator[tuple[Document, Revision]]:
    """The documents that a list shows now, newest first."""
    today = clock.local_date(world.now, CENTRAL)
    for back in range(-1, report.days_shown + 2):
        day = today - timedelta(days=back)
        if day < ercot_rows.FIRST_DAY:
            continue
        revision = world.revisions.current("ERCOT", report.name, day)
        for one in sorted(ercot_rows.documents(report, day), key=lambda one: one.published(), reverse=True):
            if one.published(revision) <= world.now <= expires(one) and not is_hole(one, revision):
                yield one, revision


def expires(document: Document) -> datetime:
    """The end of the day on which a document goes."""
    day = clock.local_date(document.published(), CENTRAL) + timedelta(days=document.report.days_shown)
    return datetime.combine(day, time(23, 59, 59), _ZONE)


def is_hole(document: Document, revision: Revision) -> bool:
    """Whether a list forgets a document that was published all the same."""
    return f"{document.start.astimezone(_ZONE):%H:%M:%S}" in revision.dropped


def identity(document: Document, twin: bool = False) -> str:
    """The number of a document: that of its report, the seconds of its beginning, which copy, and the format."""
    seconds = int((document.start - _EPOCH).total_seconds())
    return f"{document.report.prefix}{seconds:09d}{document.copy}{int(twin)}"


def found(identity: str) -> tuple[Document, bool] | None:
    """The document of a number, and whether the twin in XML is meant."""
    if not identity.isdigit() or len(identity) != 16 or identity[:5] not in _BY_PREFIX:
        return None
    start = _EPOCH + timedelta(seconds=int(identity[5:14]))
    document = Document(_BY_PREFIX[identity[:5]], start, int(identity[14]))
    known = ercot_rows.documents(document.report, document.day)
    return (document, identity[15] == "1") if document in known else None


def _listing(reports: list[Report], world: World, request: Request) -> str:
    entries = []
    listed = [] if request.late else [entry for report in reports for entry in shown(report, world)]
    for document, revision in listed:
        report = document.report
        for twin, form in ((False, "csv"), (True, "xml")):
            published = document.published(revision).astimezone(_ZONE)
            name = f"{document.name}_{form}"
            file_name = f"cdr.{report.number:>08}.0000000000000000.{published:%Y%m%d.%H%M%S}123.{name}.zip"
            size = len(_content(document, world.nodes, revision, twin, request.drift))
            number = identity(document, twin)
            entries.append(
                _entry(world, report.number, name, file_name, number, published, expires(document), str(size))
            )
    return _list(entries)


def _years(kind: Year, world: World, request: Request) -> str:
    entries = []
    for year in [] if request.late else ercot_years.years(world.now):
        published = ercot_years.written(year, world.now).astimezone(_ZONE)
        name = f"{kind.word}_{year}"
        file_name = f"rpt.{kind.number:>08}.0000000000000000.{name}.zip"
        # The size is not told: seventeen books would have to be made up for it.
        number = f"{kind.number}{year}"
        gone = published + timedelta(days=3650)
        entries.append(_entry(world, kind.number, name, file_name, number, published, gone, ""))
    return _list(entries)


def _models(world: World, request: Request) -> str:
    entries = []
    for day in [] if request.late else ercot_model.shown(world):
        at = ercot_model.loaded(day)
        file_name = (
            f"rpt.{ercot_model.NUMBER:>08}.0000000000000000.{at:%Y%m%d.%H%M%S}123.SP_List_EB_Mapping.zip"
        )
        size = str(len(ercot_model.archive(day, world, request.drift)))
        number, gone = f"{ercot_model.NUMBER}{day:%Y%m%d}", at + timedelta(days=ercot_model.DAYS_SHOWN)
        name = f"SP_List_EB_Mapping_{at:%m%d%Y_%H%M%S}"
        entries.append(_entry(world, ercot_model.NUMBER, name, file_name, number, at, gone, size))
    return _list(entries)


def _list(entries: list[dict[str, str]]) -> str:
    words = {"ListDocsByRptTypeRes": {"DocumentList": [{"Document": entry} for entry in entries]}}
    return json.dumps(words, separators=(",", ":"))


def _entry(
    world: World,
    report: str,
    name: str,
    file_name: str,
    number: str,
    published: datetime,
    expired: datetime,
    size: str,
) -> dict[str, str]:
    # Whatever the day, the offset is that of today.
    offset = world.now.astimezone(_ZONE).strftime("%z")
    offset = f"{offset[:3]}:{offset[3:]}"
    return {
        "ExpiredDate": f"{expired:%Y-%m-%dT%H:%M:%S}{offset}",
        "ILMStatus": "EXT",
        "SecurityStatus": "P",
        "ContentSize": size,
        "Extension": "zip",
        "ReportTypeID": report,
        "Prefix": file_name[:3],
        "FriendlyName": name,
        "ConstructedName": file_name,
        "DocID": number,
        "PublishDate": f"{published:%Y-%m-%dT%H:%M:%S}{offset}",
        "ReportName": name,
        "DUNS": "0000000000000000",
        "DocCount": "0",
    }


def _file(request: Request, world: World) -> Answer:
    number = request.query.get("doclookupId", "")
    if number[:5] in YEARS and number[5:].isdigit():
        content = ercot_years.archive(YEARS[number[:5]], int(number[5:]), world.now, world.revisions)
        return Answer(200, content, ZIP)
    for day in ercot_model.shown(world):
        if number == f"{ercot_model.NUMBER}{day:%Y%m%d}":
            return Answer(200, ercot_model.archive(day, world, request.drift), ZIP)
    known = found(number)
    if known is None:
        return Answer(404, b"<html><body>Not Found</body></html>\n", HTML)
    document, twin = known
    revision = world.revisions.current("ERCOT", document.report.name, document.day)
    if not document.published(revision) <= world.now <= expires(document):
        return Answer(404, b"<html><body>Not Found</body></html>\n", HTML)
    return Answer(200, _content(document, world.nodes, revision, twin, request.drift), ZIP)


@lru_cache(maxsize=8192)
def _content(document: Document, nodes: int, revision: Revision, twin: bool, drifted: bool) -> bytes:
    if not twin:
        return ercot_rows.archive(document, nodes, revision, drifted)
    written = document.published(revision).astimezone(_ZONE).replace(tzinfo=None)
    return zipped([Member(f"{document.name}.xml", b'<?xml version="1.0"?><Report/>\n', written)])
