"""CAISO OASIS: zips of CSV, whose errors are XML inside a zip with HTTP 200.

    https://oasis.caiso.com/oasisapi/SingleZip?queryname=PRC_LMP&startdatetime=20220101T08:00-0000
        &enddatetime=20220102T08:00-0000&version=12&market_run_id=DAM&node=TH_NP15_GEN-APND&resultformat=6
    https://oasis.caiso.com/oasisapi/GroupZip?groupid=DAM_LMP_GRP&startdatetime=20220101T08:00-0000&version=12
        &resultformat=6

Times are asked in GMT (``-0000``): an offset of the wrong season loses an hour and leaks one of the next day.
A group is asked by its start alone. At most ten nodes a request.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.clock import Period, local_date, now
from ingest.content import (
    file_content_sha256,
    kind_of,
    safe_name,
    whole_zip,
    zip_content_sha256,
)
from ingest.download import Download
from ingest.errors import AnswerError, NoData, NotPublished, Refused
from ingest.events import Request, Status
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source
from ingest.routes.answer import Answer, known_ids
from ingest.routes.due import is_out_of_reach, may_be_unpublished
from ingest.routes.held import held, hours_in, is_worth_looking
from ingest.routes.judge import holds_rows, in_place_of_data

SITE = "OASIS"
MOST_NODES = 10
# The member is named after the second of the request: ..._20221120_08_00_00_v12.csv
_REQUEST_STAMP = re.compile(r"_\d{8}_\d{2}_\d{2}_\d{2}(?=_v\d)")
_TIME_DATE = re.compile(rb"<(?:\w+:)?TimeDate>[^<]*</(?:\w+:)?TimeDate>")
_STAMP = re.compile(rb"\n(\d{4}-\d\d-\d\dT\d\d):")
_ERROR = re.compile(r"<(?:\w+:)?ERR_CODE>\s*(\d+)\s*<.*?<(?:\w+:)?ERR_DESC>([^<]*)<", re.DOTALL)
# An error document is small; a larger XML member is data.
LARGEST_ERROR = 64 * 1024
NO_DATA, IN_PROCESSING = 1000, 1015
# 1003 is a time-out, 1006 to 1013 are troubles of the site's own: asking again may be answered.
ITS_OWN_TROUBLE = frozenset({1003, *range(1006, 1014)})


class Oasis:
    """The route ``oasis``. Every word of a road's ``ask`` but ``path`` becomes a query parameter."""

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Ask for a period; several requests where a node list is longer than one request takes."""
        words = road.asks(local_date(request.period.start, source.clock))
        path = words.pop("path")  # SingleZip or GroupZip
        queries = list(_queries(words, request, path, source))
        for number, query in enumerate(queries, start=1):
            part = request.part if len(queries) == 1 else f"{request.part}/{number}".lstrip("/")
            try:
                download = session.get(
                    road.host, f"oasisapi/{path}", query, judge=lambda answer: self.judge(answer.path)
                )
            except NoData as error:
                yield _without(error, request, road, dataset, source, part)
                continue
            periods, lacking = _held(download.path, request, dataset, source)
            if periods:
                yield Answer(
                    periods=periods,
                    download=download,
                    file_name=_file_name(download, query),
                    content_sha256=self.content_sha256(download.path),
                    part=part,
                )
            yield from (replace(answer, part=part) for answer in lacking)

    def judge(self, path: Path) -> None:
        """Tell data from the many ways in which OASIS says no."""
        kind = kind_of(path)
        if kind == "zip":
            for member in whole_zip(path):
                if member.filename.lower().endswith(".xml") and member.file_size <= LARGEST_ERROR:
                    with zipfile.ZipFile(path) as archive:
                        _judge_document(archive.read(member).decode("utf-8", errors="replace"))
        elif kind == "xml":
            with path.open("rb") as file:
                _judge_document(file.read(LARGEST_ERROR).decode("utf-8", errors="replace"))
        elif kind != "text" or not holds_rows(path):
            # OASIS has no pages to send but the one about its acceptable use, whatever words that is in.
            raise in_place_of_data(path, SITE, "a zip or a CSV", a_page_is_a_throttle=True)

    def content_sha256(self, path: Path) -> str:
        """The members without the second of the request in their names and headings."""
        if kind_of(path) == "zip":
            return zip_content_sha256(path, lambda name: _REQUEST_STAMP.sub("", name), _TIME_DATE)
        return file_content_sha256(path, _TIME_DATE)


def _judge_document(text: str) -> None:
    """Raise what an error document says; nothing where it is none."""
    found = _ERROR.search(text)
    if not found:
        return
    code, words = int(found[1]), " ".join(found[2].split())
    if code == NO_DATA:
        # Also what a throttled client is told now and then: believed only after asking again.
        raise NoData(f"OASIS says: {words} ({code}).", again=True)
    if code == IN_PROCESSING:
        raise NotPublished(f"OASIS is still preparing this group ({code}).", again=True)
    raise Refused(f"OASIS refuses the request: {words} ({code}).", again=code in ITS_OWN_TROUBLE)


def _without(
    error: AnswerError, request: Request, road: Road, dataset: Dataset, source: Source, part: str
) -> Answer:
    """What "no data" means for a period: too early, too late, allowed, or a failure."""
    if may_be_unpublished(source, dataset, request.period, now()):
        raise _same(NotPublished("OASIS has nothing for this period yet."), error)
    if is_out_of_reach(source, road, request.period, now()):
        words = f"OASIS serves no such old day any more on the road {road.name}."
        return Answer((request.period,), status=Status.EXPIRED, message=words, part=part)
    if dataset.may_be_empty:
        raise error
    words = f"{error} There must be some, so this was a throttle or a fault of the site: ask again later."
    raise _same(Refused(words), error)


def _same(new: AnswerError, old: AnswerError) -> AnswerError:
    new.attempts, new.url, new.http_status = old.attempts, old.url, old.http_status
    return new


def _queries(
    words: Mapping[str, str], request: Request, path: str, source: Source
) -> Iterator[dict[str, str]]:
    span = {"startdatetime": _gmt(request.period.start)}
    if path != "GroupZip":
        span["enddatetime"] = _gmt(request.period.end)
    name = {key: words[key] for key in ("queryname", "groupid") if key in words}
    for nodes in _nodes(words.get("node", ""), source):
        yield {**name, **span, **{key: word for key, word in words.items() if key not in name}, **nodes}


def _nodes(word: str, source: Source) -> Iterator[dict[str, str]]:
    if not word:
        yield {}
        return
    ids: Sequence[str] = known_ids(source) if word == "@hubs" else word.split(",")
    for start in range(0, len(ids), MOST_NODES):
        yield {"node": ",".join(ids[start : start + MOST_NODES])}


def _gmt(instant: datetime) -> str:
    return f"{instant:%Y%m%dT%H:%M}-0000"


def _held(
    path: Path, request: Request, dataset: Dataset, source: Source
) -> tuple[tuple[Period, ...], list[Answer]]:
    """The days that an answer holds; all that was asked for, where its rows do not begin with a stamp."""
    hours = hours_in(path, _STAMP, _hour) if is_worth_looking(request, dataset, source) else set()
    return held(request, hours, dataset, source, SITE) if hours else ((request.period,), [])


def _hour(word: bytes) -> datetime:
    return datetime.strptime(word.decode(), "%Y-%m-%dT%H").replace(tzinfo=UTC)


def _file_name(download: Download, query: Mapping[str, str]) -> str:
    if download.file_name:
        return safe_name(download.file_name)
    what = query.get("queryname") or query.get("groupid", "answer")
    suffix = {"zip": "zip", "xml": "xml"}.get(kind_of(download.path), "csv")
    return safe_name(f"{query['startdatetime'][:8]}_{what}_{query.get('market_run_id', 'N')}.{suffix}")
