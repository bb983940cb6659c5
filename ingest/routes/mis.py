"""NYISO MIS: plain files by name, one CSV a day and one zip a month.

    http://mis.nyiso.com/public/csv/damlbmp/20220718damlbmp_zone.csv             about ten days back
    http://mis.nyiso.com/public/csv/damlbmp/20220701damlbmp_zone_csv.zip         always the first of the month
    http://mis.nyiso.com/public/csv/generator/generator.csv                      a list, overwritten in place

A missing file is a 404 without words. The zip of the running month grows daily, some days never reach it, and
its members are in no order: what counts as brought are the days that are really in it, whole. A member's own
stamp is the time of its publication.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.clock import days_of, local_date, market_days, midnight, now
from ingest.content import file_content_sha256, kind_of, whole_zip, zip_content_sha256
from ingest.download import Download
from ingest.errors import NotPublished, Refused
from ingest.events import Request, Status
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source
from ingest.routes.answer import Answer
from ingest.routes.due import at, may_be_unpublished, no_file
from ingest.routes.held import merged
from ingest.routes.judge import holds_rows, in_place_of_data

SITE = "NYISO MIS"
# A running day's file is rewritten every five minutes. One last written earlier than this before the day's
# end is a part of a day; old finished ones were written a minute before midnight.
LAST_REWRITE = timedelta(minutes=15)
_MEMBER = re.compile(r"(\d{8})([A-Za-z_]+)\.csv$")
_FIRST_STAMP = re.compile(rb'^[^\n]*\n"?(\d\d)/(\d\d)/(\d{4})')


def _name(kind: str, stem: str, day: date) -> str:
    """The file that holds a day."""
    match kind:
        case "monthly":
            return f"{day:%Y%m}01{stem}_csv.zip"
        case "standing":
            return f"{stem}.csv"
    return f"{day:%Y%m%d}{stem}.csv"


@dataclass(frozen=True)
class DayInZip:
    """A day's member of a monthly zip; ``flaw`` says why it does not count."""

    day: date
    flaw: str = ""


class Mis:
    """The route ``mis``: ``ask`` names the ``folder``, the ``stem`` and the ``kind``: daily, monthly or standing."""

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Get the day's file, or the month's zip and word of each day that it lacks."""
        words = road.asks(local_date(request.period.start, source.clock))
        day = local_date(request.period.start, source.clock)
        monthly = words["kind"] == "monthly"
        name = _name(words["kind"], words["stem"], day)
        try:
            download = session.get(
                road.host,
                f"public/csv/{words['folder']}/{name}",
                judge=lambda answer: self._fits(answer, monthly),
            )
        except Refused as error:
            if error.http_status != 404:
                raise
            yield no_file(error, SITE, name, request.period, request.part, road, dataset, source)
            return
        if monthly:
            yield from _month(request, name, words["stem"], dataset, source, download)
        elif _is_piece(download, request, dataset, source):
            raise at(NotPublished(f"{SITE} has not finished {name} yet."), download)
        else:
            yield Answer(
                periods=(request.period,),
                download=download,
                file_name=name,
                content_sha256=download.sha256,
                part=request.part,
                published_at=download.last_modified,
            )

    def judge(self, path: Path) -> None:
        """Tell a CSV or a whole zip from anything else."""
        kind = kind_of(path)
        if kind == "zip":
            whole_zip(path)
        if kind not in ("zip", "text") or not holds_rows(path):
            raise in_place_of_data(path, SITE, "a CSV")

    def content_sha256(self, path: Path) -> str:
        """The members of a zip, or the file itself."""
        return zip_content_sha256(path) if kind_of(path) == "zip" else file_content_sha256(path)

    def _fits(self, answer: Download, monthly: bool) -> None:
        """The answer must be what the name says, a zip or a CSV."""
        if monthly != (kind_of(answer.path) == "zip"):
            raise in_place_of_data(answer.path, SITE, "a zip" if monthly else "a CSV")
        self.judge(answer.path)


def _is_piece(download: Download, request: Request, dataset: Dataset, source: Source) -> bool:
    """Whether a daily file of a market that runs through the day was last written before the day was over."""
    return (
        dataset.published.day > 0
        and download.last_modified is not None
        and download.last_modified < request.period.end - LAST_REWRITE
        and may_be_unpublished(source, dataset, request.period, now())
    )


def _month(
    request: Request, name: str, stem: str, dataset: Dataset, source: Source, download: Download
) -> Iterator[Answer]:
    """The zip with the runs of days that it really holds, and one word for each day that it does not."""
    found = {entry.day: entry for entry in _days(download.path, stem, dataset, source)}
    wanted = list(days_of(request.period, source.clock))
    whole = [day for day in wanted if day in found and not found[day].flaw]
    if whole:
        yield Answer(
            periods=tuple(merged(market_days(day, day, source.clock) for day in whole)),
            download=download,
            file_name=name,
            content_sha256=zip_content_sha256(download.path),
            part=request.part,
            published_at=download.last_modified,
        )
    for day in wanted:
        if day in whole:
            continue
        span = market_days(day, day, source.clock)
        flaw = found[day].flaw if day in found else ""
        if may_be_unpublished(source, dataset, span, now()):
            status, message = Status.NOT_PUBLISHED, f"{SITE} has not added this day to the month's zip yet."
        else:
            status, message = Status.FAILED, flaw or f"{SITE}'s zip of the month lacks this day."
        yield Answer((span,), status=status, message=message, part=request.part)


def _days(path: Path, stem: str, dataset: Dataset, source: Source) -> Iterator[DayInZip]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            found = _MEMBER.search(member.filename)
            if not found or found[2] != stem:
                continue
            day = datetime.strptime(found[1], "%Y%m%d").date()
            with archive.open(member) as file:
                head = file.read(4096)
            yield DayInZip(day, _flaw(day, member.date_time, head, dataset, source))


def _flaw(
    day: date, stamp: tuple[int, int, int, int, int, int], head: bytes, dataset: Dataset, source: Source
) -> str:
    """Why a member is not a whole day, or nothing."""
    end = midnight(day + timedelta(days=1), source.clock)
    # Zips that do not stamp their members say 1980.
    written = datetime(*stamp, tzinfo=ZoneInfo(source.clock)) if stamp[0] > 1980 else now()
    if dataset.published.day > 0 and written < end - LAST_REWRITE:
        return f"{SITE}'s zip of the month holds only a part of this day."
    first = _FIRST_STAMP.match(head)
    if first and date(int(first[3]), int(first[1]), int(first[2])) != day:
        return f"{SITE}'s zip of the month holds another day under this day's name."
    if not first and not dataset.may_be_empty:
        return f"{SITE}'s zip of the month holds no rows for this day."
    return ""
