"""MISO market reports: plain files by name, most of them one a day, some a zip of a week or a quarter.

    https://docs.misoenergy.org/marketreports/20230101_da_expost_lmp.csv
    https://docs.misoenergy.org/marketreports/20250310_df_al.xls             published on the day after
    https://docs.misoenergy.org/marketreports/20241014_5MIN_LMP.zip          the week of Monday, 30 September 2024
    https://docs.misoenergy.org/marketreports/2024-Jul-Sep_DA_LMPs.zip       a quarter; earlier ones: 2019_Oct-Dec_…

The files lie in a store without a listing. A missing one is a 404 with a word in XML (BlobNotFound). Old files are
removed from the far end, so what has landed may be the last copy. What a zip is named after is not stated anywhere by
MISO: its stamps say which of the days that were asked for are really in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ingest.clock import Period, hours_of, local_date, market_days
from ingest.content import (
    file_content_sha256,
    kind_of,
    text_head,
    whole_compound,
    whole_zip,
    zip_content_sha256,
)
from ingest.download import Download
from ingest.errors import Refused
from ingest.events import Request
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source
from ingest.routes.answer import Answer
from ingest.routes.due import no_file
from ingest.routes.held import Hours, held, hours_in
from ingest.routes.judge import in_place_of_data

SITE = "MISO"
# The headers of prices, of ancillary services, and of load where somebody saved a workbook as text.
_HEADERS = ("Node,Type,Value", "MKTHOUR_EST,PNODENAME", "MARKET_DAY,NODE", ",MCP Type", "Market Day,")
# A week's zip is named after the Monday two weeks later than its own.
_NAMED_LATER = timedelta(weeks=2)
_QUARTERS = ("Jan-Mar", "Apr-Jun", "Jul-Sep", "Oct-Dec")
# The day at the beginning of a line, followed by another column or by a time of day.
_DAY = re.compile(rb'(?<=\n)"?(\d{1,2}/\d{1,2}/20\d\d)(?="? *,| +\d{1,2}:\d\d)')
_NO_DAY = datetime(1970, 1, 1, tzinfo=UTC)


class MisoReports:
    """The route ``miso_reports``: ``ask`` names the ``path`` of a file, by strftime.

    ``kind`` says what the file is of where that is not a day: ``weekly`` (the path's day is the Monday that it is named
    after) or ``quarterly`` (``{quarter}`` in the path is ``Jan-Mar`` and so on). ``or_path`` is where the file may be
    as well: names of quarters changed, and nobody says when. With ``published: after`` the file is named after the day
    of its publication, the next one.
    """

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Get the file of a day, or that of a week or quarter with word of each day that it lacks."""
        day = local_date(request.period.start, source.clock)
        words = road.asks(day)
        paths = [_path(words[key], words, day) for key in ("path", "or_path") if key in words]
        try:
            download, path = self._first_there(paths, road, session)
        except Refused as error:
            if error.http_status != 404:
                raise
            name = paths[0].rpartition("/")[2]
            yield no_file(error, SITE, name, request.period, request.part, road, dataset, source)
            return
        periods: tuple[Period, ...] = (request.period,)
        lacking: list[Answer] = []
        # A zip in which no day can be read at all is kept all the same: the build says what is wrong with it.
        if "kind" in words and (hours := _hours(download.path, source)):
            periods, lacking = held(request, hours, dataset, source, SITE)
        if periods:
            yield Answer(
                periods=periods,
                download=download,
                file_name=path.rpartition("/")[2],
                content_sha256=self.content_sha256(download.path),
                part=request.part,
                published_at=download.last_modified,
            )
        yield from lacking

    def _first_there(self, paths: list[str], road: Road, session: Session) -> tuple[Download, str]:
        """The file under the first of its names that the site has.

        Raises:
            Refused: it has none; told of the first name.
        """
        missing: list[Refused] = []
        for path in paths:
            try:
                return session.get(road.host, path, judge=lambda answer: self.judge(answer.path)), path
            except Refused as error:
                if error.http_status != 404:
                    raise
                missing.append(error)
        raise missing[0]

    def judge(self, path: Path) -> None:
        """Tell a report or a whole zip from anything else."""
        kind = kind_of(path)
        if kind == "zip":
            whole_zip(path)
        elif kind == "compound":
            whole_compound(path)
        elif kind != "text" or not any(words in text_head(path).replace('"', "") for words in _HEADERS):
            raise in_place_of_data(path, SITE, "a report")

    def content_sha256(self, path: Path) -> str:
        """The members of a zip, or the file itself."""
        return zip_content_sha256(path) if kind_of(path) == "zip" else file_content_sha256(path)


def _path(pattern: str, words: Mapping[str, str], day: date) -> str:
    """Where the file lies that holds a day."""
    if words.get("published") == "after":
        return (day + timedelta(days=1)).strftime(pattern)
    if words.get("kind") == "weekly":
        return (day - timedelta(days=day.weekday()) + _NAMED_LATER).strftime(pattern)
    return day.strftime(pattern).format(quarter=_QUARTERS[(day.month - 1) // 3])


def _hours(path: Path, source: Source) -> Hours:
    """The hours of every day that a line of a zip's files begins with."""
    days = {found.date() for found in hours_in(path, _DAY, _read_day) if found != _NO_DAY}
    return {hour.start for day in days for hour in hours_of(market_days(day, day, source.clock))}


def _read_day(word: bytes) -> datetime:
    month, day, year = (int(part) for part in word.split(b"/"))
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return _NO_DAY
