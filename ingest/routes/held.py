"""What an answer really holds: an answer that ends a day early must not pass for the whole period.

A site that is late answers with the days it has, and says nothing of the others.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from ingest.clock import Period, days_of, hours_of, market_days, now
from ingest.content import CHUNK, kind_of
from ingest.events import Request, Status
from ingest.registry import Dataset, Source
from ingest.routes.answer import Answer
from ingest.routes.due import may_be_unpublished

Hours = set[datetime]


def hours_in(path: Path, stamp: re.Pattern[bytes], read: Callable[[bytes], datetime]) -> Hours:
    """The hours, in UTC, that the rows of a CSV (or of a zip's CSVs) begin with.

    Args:
        path: the file.
        stamp: finds at the start of a line the part of a stamp that tells the hour.
        read: turns that part into the hour's beginning.
    """
    found: set[bytes] = set()
    for file in _texts(path):
        with file:
            left = b"\n"
            while chunk := file.read(CHUNK):
                # A stamp may lie across two chunks; what is found twice counts once.
                found.update(stamp.findall(left + chunk))
                left = chunk[-64:]
    return {read(word) for word in found}


def _texts(path: Path) -> Iterator[IO[bytes]]:
    if kind_of(path) != "zip":
        yield path.open("rb")
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".csv"):
                yield archive.open(name)


def is_worth_looking(request: Request, dataset: Dataset, source: Source) -> bool:
    """Whether an answer may hold less than was asked for: several days, or one that has just come out."""
    if dataset.may_be_empty:
        return False
    days = list(days_of(request.period, source.clock))
    return len(days) > 1 or may_be_unpublished(
        source, dataset, market_days(days[0], days[0], source.clock), now()
    )


def held(
    request: Request, hours: Hours, dataset: Dataset, source: Source, site: str
) -> tuple[tuple[Period, ...], list[Answer]]:
    """The spans that an answer holds, and a word for every day that it does not.

    A day counts when it has all its hours, or any of them once it is too old for the site to be late: a hole
    in the middle is the source's own and is found by the checks of the tables, not by asking for ever.
    """
    spans: list[Period] = []
    lacking: list[Answer] = []
    for day in days_of(request.period, source.clock):
        whole = market_days(day, day, source.clock)
        span = Period(max(whole.start, request.period.start), min(whole.end, request.period.end))
        wanted = {hour.start for hour in hours_of(span)}
        early = may_be_unpublished(source, dataset, whole, now())
        if wanted <= hours or (wanted & hours and not early):
            spans.append(span)
        elif early:
            words = f"{site} does not have all of this day yet."
            lacking.append(Answer((span,), status=Status.NOT_PUBLISHED, message=words, part=request.part))
        else:
            words = f"{site} answered without any row of this day."
            lacking.append(Answer((span,), status=Status.FAILED, message=words, part=request.part))
    return tuple(merged(spans)), lacking


def merged(spans: Iterable[Period]) -> Iterator[Period]:
    """Spans in order, those that touch as one."""
    run: Period | None = None
    for span in sorted(spans):
        if run is not None and span.start <= run.end:
            run = Period(run.start, max(run.end, span.end))
            continue
        if run is not None:
            yield run
        run = span
    if run is not None:
        yield run
