"""PJM Data Miner 2: an API of paged CSV behind a subscription key.

    https://api.pjm.com/api/v1/da_hrl_lmps?datetime_beginning_utc=1/1/2022 05:00 to 2/1/2022 04:59&type=HUB
        &rowCount=50000&startRow=1&format=csv&download=true            header Ocp-Apim-Subscription-Key

The end of a range is inclusive, so it is asked to the last minute before the period's end. A page holds at
most 50,000 rows, the next begins at the row after; a page that is full is never taken for the last one. The
key is the user's own (``PJM_API_KEY``), or the public one that PJM's web pages use, read from the settings of
that site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.clock import Period, local_date, now
from ingest.content import (
    count_rows,
    file_content_sha256,
    kind_of,
    safe_name,
    whole_zip,
    zip_content_sha256,
)
from ingest.download import Download
from ingest.errors import NoData, NotPublished, Refused
from ingest.events import Request
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source
from ingest.routes.answer import Answer, known_ids
from ingest.routes.due import may_be_unpublished
from ingest.routes.held import held, hours_in, is_worth_looking
from ingest.routes.judge import holds_rows, in_place_of_data

SITE = "PJM Data Miner"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
KEY_VARIABLE = "PJM_API_KEY"
# The registry's name of the host with the web pages, whose settings hold the public key.
KEY_HOST, KEY_PATH, KEY_FIELD = "site", "config/settings.json", "subscriptionKey"
# Since September 2025 the web site answers clients that do not look like a browser with an empty page.
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "en-US,en;q=0.5",
    "Referer": "https://dataminer2.pjm.com/list",
}
DATE = "datetime_beginning_utc"
# What is a list is asked for whole.
NO_DATE = "none"
_STAMP = re.compile(rb"\n(\d+/\d+/\d{4} \d+:\d\d:\d\d [AP]M),")
# Rows may be added while the pages are read. Then the pages do not fit together, and reading begins again.
MOST_READINGS = 3


@dataclass(frozen=True)
class Page:
    """One page on disk, and the rows that it holds."""

    download: Download
    rows: int


class DataMiner:
    """The route ``data_miner``.

    Of a road's ``ask``, ``feed``, ``page_rows`` and ``date`` (the column that the period is asked by, where it is not
    datetime_beginning_utc; ``none`` for a list, which has no period) are taken out, the rest are query parameters:
    ``@hubs`` stands for the ids of the registry, ``@part`` for the request's part.
    """

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Ask for a period page by page. Nothing is handed on before the last page is there."""
        words = road.asks(local_date(request.period.start, source.clock))
        feed, size = words.pop("feed"), int(words.pop("page_rows", "50000"))
        date = words.pop("date", DATE)
        query = _filled(words, request, source)
        if date != NO_DATE:
            query = {date: _range(request), **query}
        pages = self._pages(session, road, feed, query, size)
        if not pages:
            if may_be_unpublished(source, dataset, request.period, now()):
                raise NotPublished(f"{SITE} has no rows for this period yet.")
            if dataset.may_be_empty:
                raise NoData(f"{SITE} has no rows of {feed} for this period.")
            raise Refused(
                f"{SITE} answers with no rows of {feed} for a period that must have some. Ask again later."
            )
        stem = "_".join(filter(None, [feed, request.part, f"{request.period.start:%Y%m%dT%H%M}"]))
        # Rows of a forecast begin with when it was made, which says nothing of the days that they are of.
        whole = (request.period,)
        periods, lacking = _held(pages, request, dataset, source) if date == DATE else (whole, [])
        yield from lacking
        for number, page in enumerate(pages if periods else [], start=1):
            yield Answer(
                periods=periods,
                download=page.download,
                file_name=safe_name(f"{stem}_p{number}.csv"),
                content_sha256=page.download.sha256,
                part=f"{request.part}/{number}".lstrip("/"),
            )

    def judge(self, path: Path) -> None:
        """Tell rows from an error document, a web page or a sentence."""
        kind = kind_of(path)
        if kind == "json":
            refusal = _refusal(path)
            if refusal is not None:
                raise refusal
            return
        if kind == "zip":
            whole_zip(path)
        if kind not in ("zip", "text") or not holds_rows(path):
            raise in_place_of_data(path, SITE, "rows")

    def content_sha256(self, path: Path) -> str:
        """The file itself: Data Miner puts no stamp of the request into its answers."""
        return zip_content_sha256(path) if kind_of(path) == "zip" else file_content_sha256(path)

    def _pages(
        self, session: Session, road: Road, feed: str, query: Mapping[str, str], size: int
    ) -> list[Page]:
        """Every page of an answer, in order, checked against the number of rows that PJM announces."""
        trouble = ""
        for _ in range(MOST_READINGS):
            pages, announced, trouble = self._read(session, road, feed, query, size)
            served = sum(page.rows for page in pages)
            if not trouble and announced is not None and served != announced:
                trouble = f"{SITE} announced {announced:,} rows of {feed} and served {served:,}."
            if not trouble:
                return pages
        raise Refused(f"{trouble} Ask again later.")

    def _read(
        self, session: Session, road: Road, feed: str, query: Mapping[str, str], size: int
    ) -> tuple[list[Page], int | None, str]:
        """One reading of all pages: the pages, the announced rows, and what does not fit together."""
        pages: list[Page] = []
        announced: int | None = None
        start = 1
        while True:
            params = {
                **query,
                "rowCount": str(size),
                "startRow": str(start),
                "format": "csv",
                "download": "true",
            }
            page = self._page(session, road, feed, params)
            total = page.download.total_rows
            if start == 1:
                announced = total
            elif total != announced and page.rows:
                return pages, announced, f"The rows of {feed} at {SITE} changed while they were read."
            if not page.rows:
                return pages, announced, ""
            pages.append(page)
            start += page.rows
            if page.rows < size and (announced is None or start > announced):
                return pages, announced, ""

    def _page(self, session: Session, road: Road, feed: str, params: Mapping[str, str]) -> Page:
        try:
            download = self._ask(session, road, feed, params, _key(session))
        except Refused as error:
            if error.http_status != 401 or session.environ.get(KEY_VARIABLE):
                raise
            # PJM changes its public key now and then: read it anew, once.
            download = self._ask(session, road, feed, params, _public_key(session))
        return Page(download, count_rows(download.path))

    def _ask(self, session: Session, road: Road, feed: str, params: Mapping[str, str], key: str) -> Download:
        return session.get(
            road.host,
            f"api/v1/{feed}",
            params,
            {KEY_HEADER: key},
            judge=lambda answer: self.judge(answer.path),
            reads=(400,),
            credential=key,
        )


def _key(session: Session) -> str:
    return session.secret(KEY_VARIABLE) or _public_key(session)


def _public_key(session: Session) -> str:
    """The key of PJM's own web pages; kept for this session, never shown.

    Raises:
        Refused: the settings are not there, or hold no key.
    """

    def judge(answer: Download) -> None:
        if kind_of(answer.path) != "json":
            raise in_place_of_data(
                answer.path, "PJM's web site", f"the settings with its public key (set {KEY_VARIABLE})"
            )

    settings = session.get(KEY_HOST, KEY_PATH, headers=BROWSER, judge=judge)
    try:
        key = json.loads(settings.path.read_bytes())[KEY_FIELD]
    except (ValueError, KeyError, TypeError):
        key = None
    if not isinstance(key, str) or not key:
        raise Refused(f"PJM's web site no longer gives out a public key. Set {KEY_VARIABLE} to your own.")
    session.keep_secret(KEY_VARIABLE, key)
    return key


def _refusal(path: Path) -> Refused | None:
    """PJM's own words from an error document; None where it is rows in JSON."""
    try:
        words = json.loads(path.read_bytes())
    except ValueError:
        return Refused(f"{SITE} answered with JSON that ends too early.", again=True)
    if not isinstance(words, dict):
        return None
    if isinstance(errors := words.get("errors"), list):
        said = "; ".join(filter(None, map(_sentence, errors)))
        return Refused(f"{SITE} refuses the request: {said or 'no reason given'}", http_status=400)
    if "message" in words:
        return Refused(f"{SITE} refuses the request: {words['message']}")
    return None


def _sentence(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    detail = error.get("detail") or []
    words = [error.get("message", ""), *(detail if isinstance(detail, list) else [detail])]
    # The detail often repeats the message.
    text = " ".join(dict.fromkeys(str(word) for word in words if word))
    return f"{error['field']}: {text}" if error.get("field") else text


def _held(
    pages: Sequence[Page], request: Request, dataset: Dataset, source: Source
) -> tuple[tuple[Period, ...], list[Answer]]:
    """The days that the pages hold together; all that was asked for, where rows do not begin with a stamp."""
    hours: set[datetime] = set()
    if is_worth_looking(request, dataset, source):
        hours = hours.union(*(hours_in(page.download.path, _STAMP, _hour) for page in pages))
    return held(request, hours, dataset, source, SITE) if hours else ((request.period,), [])


def _hour(word: bytes) -> datetime:
    stamp = datetime.strptime(word.decode(), "%m/%d/%Y %I:%M:%S %p")
    return stamp.replace(minute=0, second=0, tzinfo=UTC)


def _range(request: Request) -> str:
    """The period as PJM writes it; the end is inclusive."""
    return f"{_stamp(request.period.start)} to {_stamp(request.period.end - timedelta(minutes=1))}"


def _stamp(instant: datetime) -> str:
    return f"{instant.month}/{instant.day}/{instant.year} {instant:%H:%M}"


def _filled(words: Mapping[str, str], request: Request, source: Source) -> dict[str, str]:
    meanings = {"@part": request.part, "@hubs": ";".join(known_ids(source))}
    return {name: meanings.get(word, word) for name, word in words.items()}
