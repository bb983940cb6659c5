"""SPP's portal: files by path in a file system of their own.

    https://portal.spp.org/file-browser-api/download/da-lmp-by-settlement-location
        ?path=/2025/02/By_Day/DA-LMP-SL-202502220100.csv                         a day
    https://portal.spp.org/file-browser-api/download/rtbm-lmp-by-location
        ?path=/2025/03/By_Interval/31/RTBM-LMP-SL-202503310840.csv               five minutes

A file of an interval lies in the folder of the day that the interval begins in, under the name of the minute that it
ends with, both on Central time. Where the clock is set back, the minute before it is: 02:00, as the hour before calls
it; in the second pass of the repeated hour a ``d`` follows the minute. A missing file is a 404 without a body, and
sometimes a file of no bytes; a wrong path is answered with the portal's own page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.clock import Period, local_date
from ingest.content import file_content_sha256, kind_of, whole_zip, zip_content_sha256
from ingest.download import Download
from ingest.errors import NoData, Refused
from ingest.events import Request
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source
from ingest.routes import spp_folders
from ingest.routes.answer import Answer
from ingest.routes.due import at, no_file
from ingest.routes.judge import holds_rows, in_place_of_data

SITE = "SPP's portal"


class SppPortal:
    """The route ``spp_portal``: ``ask`` names the ``system`` and, by strftime, the ``path`` of a day's file.

    Where the name of a file is told in two ways, ``or_path`` is asked for when there is none by the first. ``listed``
    is a folder instead: a day's files are those that the lists below it name.
    For files of five minutes ``interval`` is the word that begins their names instead, and a request's part is the
    minute of the hour that the interval ends with. For files made every hour ``hourly`` is that word; they are named
    after the hour that ends when they are made.
    """

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Get the file of a day or of an interval."""
        words = road.asks(local_date(request.period.start, source.clock))
        if "listed" in words:
            yield from self._listed(words, request, road, dataset, source, session)
            return
        period = _interval(request) if "interval" in words else request.period
        paths = _paths(words, period, source.clock)
        for path in paths:
            try:
                download = session.get(
                    road.host,
                    f"file-browser-api/download/{words['system']}",
                    {"path": path},
                    judge=lambda answer: self.judge(answer.path),
                )
            except (Refused, NoData) as error:
                if isinstance(error, Refused) and error.http_status != 404:
                    raise
                if path == paths[-1]:
                    name = _name(paths[0])
                    yield no_file(error, SITE, name, period, request.part, road, dataset, source)
                continue
            yield self._answer(path, period, request.part, download)
            return

    def _listed(
        self,
        words: dict[str, str],
        request: Request,
        road: Road,
        dataset: Dataset,
        source: Source,
        session: Session,
    ) -> Iterator[Answer]:
        """Every file of a day below a folder.

        Raises:
            NoData: there is none.
            Refused: there is no such folder.
        """
        top, day = words["listed"], local_date(request.period.start, source.clock)

        def names_in(folder: str) -> list[str]:
            query = {"fsName": words["system"], "path": folder, "type": "folder"}
            answer = session.get(
                road.host, "file-browser-api/", query, judge=lambda answer: self._lists(answer.path)
            )
            found = spp_folders.names(answer.path, SITE)
            answer.path.unlink(missing_ok=True)
            return found

        try:
            paths = list(spp_folders.files_of(top, day, SITE, names_in))
        except Refused as error:
            if error.http_status != 404:
                raise
            gone = f"{SITE} has no list of {top}, which should be there."
            raise at(Refused(gone, http_status=404), error) from error
        if not paths:
            raise NoData(f"{SITE} lists no file of {day} below {top}.")
        for path in paths:
            download = session.get(
                road.host,
                f"file-browser-api/download/{words['system']}",
                {"path": path},
                judge=lambda answer: self.judge(answer.path),
            )
            yield self._answer(path, request.period, _name(path), download)

    def _lists(self, path: Path) -> None:
        spp_folders.names(path, SITE)

    def _answer(self, path: str, period: Period, part: str, download: Download) -> Answer:
        return Answer(
            periods=(period,),
            download=download,
            file_name=_name(path),
            content_sha256=self.content_sha256(download.path),
            part=part,
            published_at=download.last_modified,
        )

    def judge(self, path: Path) -> None:
        """Tell a CSV or a whole zip from an empty file and from the portal's page."""
        if path.stat().st_size == 0:
            raise NoData(f"{SITE} answered with a file of no bytes.")
        kind = kind_of(path)
        if kind == "zip":
            whole_zip(path)
        if kind not in ("zip", "text") or not holds_rows(path):
            raise in_place_of_data(path, SITE, "a CSV")

    def content_sha256(self, path: Path) -> str:
        """The members of a zip, or the file itself."""
        return zip_content_sha256(path) if kind_of(path) == "zip" else file_content_sha256(path)


def _interval(request: Request) -> Period:
    """The five minutes of a request: those that end with its part, a minute of its hour."""
    end = request.period.start + timedelta(minutes=int(request.part))
    return Period(end - timedelta(minutes=5), end)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _paths(words: dict[str, str], period: Period, clock: str) -> list[str]:
    """Where the file of a period lies, or may lie: the likelier place first."""
    second = {**words, "path": words["or_path"]} if "or_path" in words else None
    return [_path(each, period, clock) for each in (words, second) if each]


def _path(words: dict[str, str], period: Period, clock: str) -> str:
    zone = ZoneInfo(clock)
    begin = period.start.astimezone(zone)
    if "path" in words:
        return begin.strftime(words["path"])
    if "hourly" in words:
        name, folder = _named_after(Period(period.start - timedelta(hours=1), period.start), clock)
        return f"{folder:/%Y/%m/%d}/{words['hourly']}-{name}.csv"
    name, _ = _named_after(period, clock)
    return f"{begin:/%Y/%m/By_Interval/%d}/{words['interval']}-{name}.csv"


def _named_after(period: Period, clock: str) -> tuple[str, datetime]:
    """The end of an interval as file names have it, and its wall clock."""
    zone = ZoneInfo(clock)
    begin = period.start.astimezone(zone)
    mark = "d" if begin.fold else ""
    end = period.end.astimezone(zone)
    if end.fold and not begin.fold:
        end = begin.replace(tzinfo=None) + (period.end - period.start)
    return f"{end:%Y%m%d%H%M}{mark}", end
