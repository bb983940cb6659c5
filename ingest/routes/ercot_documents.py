"""ERCOT's documents: how lists name them, which interval each one is of, and what of a period they leave open.

A report is a row of documents, each a zip of one CSV. A list tells a document's name and the wall clock of its
publication; which interval it holds, its rows say. The second pass of the hour that autumn repeats is marked by ``xhr``
in the name.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from ingest import clock as clocks
from ingest.clock import Period, local_date, market_days, subtract
from ingest.content import BROKEN_ZIP, CHUNK, kind_of
from ingest.errors import NoData, Refused
from ingest.events import Request, Status
from ingest.plan import newest_day
from ingest.registry import Dataset, Road, Source
from ingest.routes.answer import Answer
from ingest.routes.due import is_out_of_reach, may_be_unpublished
from ingest.routes.held import merged

SITE = "ERCOT"
# A day-ahead document that is late may come on the day itself; those of the next day come after noon.
LATEST_OF_A_DAY = timedelta(hours=12)
# A run holds until the next one; when none comes for longer, a document is missing.
FARTHEST_RUN = timedelta(minutes=15)
# ``published_at`` where a page does not say when a document was published: before all others.
UNKNOWN = datetime.min.replace(tzinfo=UTC)
_STAMP = re.compile(r"_(\d{8})_(\d{4}(?:\d\d)?)(?!\d)")
_DATE = re.compile(rb"(?<![\d/])(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])/20\d\d(?![\d/])")
_HEAD = 4096


@dataclass(frozen=True)
class Document:
    """A document as a list tells it. ``size`` is in bytes, where the list says so."""

    id: str
    name: str
    file_name: str
    published_at: datetime
    size: int | None = None

    @property
    def stamp(self) -> datetime | None:
        """The wall time in the name, without a zone."""
        found = _STAMP.search(self.name)
        if not found:
            return None
        try:
            return datetime.strptime("".join(found.groups()).ljust(14, "0"), "%Y%m%d%H%M%S")
        except ValueError:
            return None


def document(id: str, name: str, file_name: str, printed: str, clock: str, size: str = "") -> Document:
    """A document from the words of a list.

    The offset that a list prints behind the time of publication is that of the day on which it is read, and wrong for
    half of the year: only the wall clock counts.

    Raises:
        ValueError: the time of publication is none.
    """
    wall = datetime.fromisoformat(printed).replace(tzinfo=None)
    published_at = _fold(wall, int("xhr" in name.lower()), clock)
    return Document(id, name, file_name, published_at, int(size) if size.isdigit() else None)


def wanted(
    documents: Iterable[Document], words: Mapping[str, str], period: Period, clock: str
) -> list[Document]:
    """The documents that may be of a period, oldest first; their rows decide.

    ``words`` are a road's: ``names`` says what the wall time in a name is (``begin`` or ``end`` of the interval); or
    ``published: before``, where a document comes on the day before, or ``after``, on the day after; or ``on``, where a
    period is asked for by the documents that were published in it, with ``each: hour`` where there is one an hour; or
    ``year``, the name of a year's document. A ``word`` must be a part of the name, where a report has several kinds of
    documents.
    """
    # Every document has a twin of the same content in XML.
    own = [
        one
        for one in documents
        if not re.search(r"_xml\b", one.name.lower())
        and words.get("word", "") in f"{one.name} {one.file_name}"
    ]
    if "year" in words:
        name = local_date(period.start, clock).strftime(words["year"])
        found = [one for one in own if name in one.name]
    elif "names" in words:
        found = [one for one in own if _is_near(one, words["names"], period, clock)]
    elif words["published"] == "on":
        own = list(_passes(own, clock)) if "each" in words else own
        found = [one for one in own if period.start <= one.published_at < period.end]
    else:
        after = words["published"] == "after"
        away = timedelta(days=1 if after else -1)
        first = clocks.midnight(local_date(period.start, clock) + away, clock)
        last = clocks.midnight(local_date(period.end, clock) + away, clock)
        late = timedelta(0) if after else LATEST_OF_A_DAY
        found = [one for one in own if first <= one.published_at < last + late]
    return sorted(found, key=lambda one: (one.published_at, one.id))


def is_in_repeated_hour(one: Document, clock: str) -> bool:
    """Whether the wall clock shows the moment of publication twice."""
    wall = one.published_at.astimezone(ZoneInfo(clock)).replace(tzinfo=None)
    return _fold(wall, 0, clock) < _fold(wall, 1, clock)


def _passes(documents: Iterable[Document], clock: str) -> Iterator[Document]:
    """Hourly documents, those of the repeated hour told apart where no name says which pass it is of.

    Numbers grow with time: of two that seem to be of the first pass, the later is of the second.
    """
    first: dict[datetime, Document] = {}
    for one in sorted(documents, key=lambda one: (len(one.id), one.id)):
        hour = one.published_at.replace(minute=0, second=0, microsecond=0)
        wall = one.published_at.astimezone(ZoneInfo(clock))
        if not is_in_repeated_hour(one, clock) or wall.fold:
            yield one
        elif hour in first and "retry" not in one.name.lower():
            yield replace(one, published_at=one.published_at + timedelta(hours=1))
        else:
            first[hour] = one
            yield one


def _is_near(one: Document, edge: str, period: Period, clock: str) -> bool:
    """Whether the wall time in a name may belong to a period: in every way that the clock may have shown it.

    How an end is called at which the clock is set back is not known: as the hour before or as the hour after calls it.
    A name without a time tells nothing, but documents come minutes after their interval.
    """
    second = timedelta(seconds=1)
    stamp = one.stamp
    if stamp is None:
        return period.start <= one.published_at < period.end + timedelta(hours=1)
    instants = {_fold(stamp, fold, clock) for fold in (0, 1)}
    if edge == "end":
        instants = {one - second for one in instants} | {
            _fold(stamp - second, fold, clock) for fold in (0, 1)
        }
    return any(period.start <= one < period.end for one in instants)


def hour_of(one: Document) -> Period:
    """The hour in which a document was published."""
    start = one.published_at.replace(minute=0, second=0, microsecond=0)
    return Period(start, start + timedelta(hours=1))


def interval_of(head: str, words: Mapping[str, str], period: Period, clock: str) -> Period:
    """The interval that a document was asked for as: what its rows say, or the moment that it was published in.

    One that does not tell its interval is drift: it is kept, and the build says so.
    """
    told = None if words.get("published") == "on" else first_interval(head, clock)
    return told or period


def days_told(path: Path, clock: str) -> list[Period]:
    """The days that a file of many days tells of, in runs: whatever in it, or in its texts, is written like a date."""
    found: set[bytes] = set()
    with opened(), zipfile.ZipFile(path) as archive:
        _dates(archive, found)
    days = sorted({datetime.strptime(one.decode(), "%m/%d/%Y").date() for one in found})
    return list(merged(market_days(day, day, clock) for day in days))


def _dates(archive: zipfile.ZipFile, found: set[bytes]) -> None:
    for member in archive.infolist():
        if member.is_dir():
            continue
        with archive.open(member) as file:
            if file.read(4) == b"PK\x03\x04":
                file.seek(0)
                with zipfile.ZipFile(file) as inner:
                    _dates(inner, found)
                continue
            file.seek(0)
            left = b""
            while chunk := file.read(CHUNK):
                # A date may lie across two chunks; what is found twice counts once.
                found.update(_DATE.findall(left + chunk))
                left = chunk[-16:]


def _fold(wall: datetime, fold: int, clock: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(clock), fold=fold).astimezone(UTC)


@contextmanager
def opened() -> Iterator[None]:
    """Says in a sentence that an archive inside an archive is broken.

    Raises:
        Refused: it is.
    """
    try:
        yield
    except BROKEN_ZIP as error:
        raise Refused(
            f"{SITE} served an archive with a broken one in it ({str(error).rstrip('.')}). Ask again later.",
            again=True,
        ) from error


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """The beginning of every text in a file, archives inside archives opened, each with its outermost name."""
    if kind_of(path) == "zip":
        with zipfile.ZipFile(path) as archive:
            yield from _texts(archive, "")
    else:
        with path.open("rb") as file:
            yield path.name, _text(file)


def _texts(archive: zipfile.ZipFile, outer: str) -> Iterator[tuple[str, str]]:
    for member in archive.infolist():
        if member.is_dir():
            continue
        with archive.open(member) as file:
            if file.read(4) == b"PK\x03\x04":
                file.seek(0)
                with zipfile.ZipFile(file) as inner:
                    yield from _texts(inner, outer or member.filename)
                continue
            file.seek(0)
            yield outer or member.filename, _text(file)


def _text(file: IO[bytes]) -> str:
    return file.read(_HEAD).decode("utf-8-sig", errors="replace")


def first_interval(head: str, clock: str) -> Period | None:
    """The interval of a CSV's first row: a day, a quarter of an hour, or the instant of a run.

    None where the head holds no row, or says its time in a way that is not known here.
    """
    try:
        rows = list(islice(csv.reader(io.StringIO(head.lstrip("\r\n"))), 2))
    except csv.Error:
        return None
    if len(rows) < 2:
        return None
    names = [name.strip().replace(" ", "").lower() for name in rows[0]]
    row = dict(zip(names, (cell.strip() for cell in rows[1]), strict=False))
    flag = int("Y" in (row.get("dstflag"), row.get("repeatedhourflag")))
    try:
        if stamp := row.get("scedtimestamp"):
            instant = _fold(datetime.strptime(stamp, "%m/%d/%Y %H:%M:%S"), flag, clock)
            return Period(instant, instant)
        # Actual load calls its day otherwise.
        day = datetime.strptime(row.get("deliverydate") or row["operday"], "%m/%d/%Y")
        if "deliveryinterval" not in row:
            return market_days(day.date(), day.date(), clock)
        quarter = timedelta(minutes=15)
        wall = (
            day + timedelta(hours=int(row["deliveryhour"]) - 1) + (int(row["deliveryinterval"]) - 1) * quarter
        )
        start = _fold(wall, flag, clock)
        return Period(start, start + quarter)
    except (KeyError, ValueError):
        return None


def is_of(interval: Period, period: Period) -> bool:
    """Whether an interval, or a run without length, lies in a period."""
    return interval.overlaps(period) or period.start <= interval.start == interval.end < period.end


def spans(found: Sequence[Period], period: Period) -> list[Period]:
    """What of a period each document holds: its own interval, or where that is a run without length, until the next."""
    runs = sorted({one.start for one in found if one.start == one.end})
    following = dict(pairwise(runs))
    first = next((run for run in runs if run >= period.start), None)
    held = []
    for one in found:
        start, end = one.start, one.end
        if start == end:
            end = _until(start, following.get(start, period.end))
            if start == first and start - period.start <= FARTHEST_RUN:
                start = period.start
        held.append(Period(max(start, period.start), min(end, period.end)))
    return held


def _until(run: datetime, following: datetime) -> datetime:
    return following if following - run <= FARTHEST_RUN else run + timedelta(minutes=5)


def lacking(
    held: Iterable[Period], request: Request, road: Road, dataset: Dataset, source: Source
) -> Iterator[Answer]:
    """A word for every part of a request that no document holds.

    Raises:
        NoData: there is none at all, and need not be any.
    """
    spans_held = list(held)
    open_spans = subtract(request.period, spans_held)
    if dataset.may_be_empty:
        if spans_held:
            return
        if not is_out_of_reach(source, road, request.period, clocks.now()):
            raise NoData(f"{SITE} has no document of {dataset.source_name} for this period.")
    for status, gaps in _by_status(open_spans, road, dataset, source).items():
        for gap in merged(gaps):
            yield Answer(
                (gap,), status=status, message=_WORDS[status].format(SITE, road.name), part=request.part
            )


_WORDS = {
    Status.NOT_PUBLISHED: "{} has not published all of this period yet.",
    Status.EXPIRED: "{} keeps no such old documents any more on the road {}.",
    Status.FAILED: "{} lists no document for a period that must have one on the road {}.",
}


def _by_status(
    gaps: Iterable[Period], road: Road, dataset: Dataset, source: Source
) -> dict[Status, list[Period]]:
    found: dict[Status, list[Period]] = {}
    for gap in gaps:
        for day in clocks.days_of(gap, source.clock):
            whole = market_days(day, day, source.clock)
            part = Period(max(whole.start, gap.start), min(whole.end, gap.end))
            newest = newest_day(source, road, clocks.now())
            if dataset.since and day < dataset.since:
                # The year that the publication began in.
                continue
            if newest is not None and day > newest:
                # Another road brings it; a file of many days that is not finished says nothing of the last ones.
                continue
            if may_be_unpublished(source, dataset, whole, clocks.now()):
                status = Status.NOT_PUBLISHED
            elif is_out_of_reach(source, road, whole, clocks.now()):
                status = Status.EXPIRED
            else:
                status = Status.FAILED
            found.setdefault(status, []).append(part)
    return found


def is_readable_zip(path: Path) -> bool:
    """Whether a text in an archive begins with a line of columns; a workbook counts as one."""
    try:
        return any(
            "," in next((line for line in head.splitlines() if line.strip()), "")
            or head.lstrip().startswith("<?xml")
            for _, head in texts(path)
        )
    except BROKEN_ZIP:
        return False
