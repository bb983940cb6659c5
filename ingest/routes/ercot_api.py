"""ERCOT's public API: the archive of every report's documents, many at once, behind an account.

    POST https://ercotb2c.b2clogin.com/…/oauth2/v2.0/token           a token for an hour, by name and password
    GET  https://api.ercot.com/api/public-reports/archive/np4-190-cd
             ?postDatetimeFrom=2024-01-01T00:00:00&postDatetimeTo=2024-01-31T23:59:59&size=1000&page=1
    POST https://api.ercot.com/api/public-reports/archive/np4-190-cd/download    {"docIds": […]}, at most 1,000
             headers Authorization: Bearer <token>, Ocp-Apim-Subscription-Key: <key>

The answer to a download is a zip of the documents' zips. Times of publication are Central wall clock without an offset.
A document that was published more than once is fetched on its own, so that each state keeps its own moment.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from ingest import clock as clocks
from ingest.clock import Period, local_date, subtract
from ingest.content import kind_of, safe_name
from ingest.credentials import not_accepted
from ingest.download import Download
from ingest.errors import AnswerError, Refused
from ingest.events import Request, Status
from ingest.fetch import Post, Session
from ingest.registry import Dataset, Road, Source
from ingest.routes import ercot_documents as documents
from ingest.routes.answer import Answer
from ingest.routes.ercot_documents import SITE, Document
from ingest.routes.ercot_mis import ErcotMis
from ingest.routes.held import merged
from ingest.routes.judge import in_place_of_data

# The registry's name of the host that gives out tokens, and what its form asks for besides name and password.
LOGIN_HOST, LOGIN_PATH = "login", "oauth2/v2.0/token"
CLIENT = "fec253ea-0d06-4272-a5e6-b478baeecd70"
USERNAME, PASSWORD, KEY = "ERCOT_USERNAME", "ERCOT_PASSWORD", "ERCOT_SUBSCRIPTION_KEY"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
# A token holds for an hour; one that is nearly over is not used.
A_TOKEN_HOLDS_SECONDS = 3300.0
MOST_DOCUMENTS = 1000


@dataclass(frozen=True)
class Fetched:
    """One file of an answer: the documents in it, and the interval of each."""

    download: Download
    documents: tuple[Document, ...]
    intervals: tuple[Period, ...]


class ErcotApi:
    """The route ``ercot_api``: ``ask`` names the ``report`` by its EMIL name, and how documents tell their time."""

    def __init__(self) -> None:
        self._tokens: WeakKeyDictionary[Session, tuple[float, str]] = WeakKeyDictionary()
        self._documents = ErcotMis()

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Get every document of a period, in as few files as the archive allows, and word of what none holds."""
        words = dict(road.ask)
        report = words["report"].lower()
        asked = _Asked(self, road, source, session, report, words, request.period)
        listed = asked.listed(*_posted(request.period, words, source.clock))
        chosen = documents.wanted(listed, words, request.period, source.clock)
        fetched = [asked.fetched(batch) for batch in _batches(chosen, words, dataset, source.clock)]
        found = [interval for one in fetched for interval in one.intervals]
        held = documents.spans(found, request.period)
        yield from _lacking(held, request, road, dataset, source)
        for number, one in enumerate(fetched, start=1):
            own, held = held[: len(one.intervals)], held[len(one.intervals) :]
            periods = tuple(merged(span for span in own if span.start < span.end))
            if not periods:
                one.download.path.unlink(missing_ok=True)
                continue
            first = one.documents[0]
            single = f"{first.name}_{first.id}" if len(one.documents) == 1 else f"p{number}"
            yield Answer(
                periods=periods,
                download=one.download,
                file_name=safe_name(f"{report}_{request.period.start:%Y%m%dT%H%M}_{single}.zip"),
                content_sha256=self.content_sha256(one.download.path),
                part=single,
                published_at=max(document.published_at for document in one.documents),
            )

    def judge(self, path: Path) -> None:
        """Tell documents from an error document, a web page or a sentence."""
        if kind_of(path) == "json":
            raise _refusal(path)
        self._documents.judge(path)

    def content_sha256(self, path: Path) -> str:
        """The documents of a zip, or the file itself."""
        return self._documents.content_sha256(path)

    def token(self, session: Session, source: Source, anew: bool = False) -> str:
        """A token by name and password; one that still holds is taken again."""
        at, token = self._tokens.get(session, (float("-inf"), ""))
        if anew or time.monotonic() - at > A_TOKEN_HOLDS_SECONDS:
            token = _token(session, source)
            self._tokens[session] = (time.monotonic(), token)
        return token


@dataclass(frozen=True)
class _Asked:
    """One report of the archive, and whoever asks."""

    route: ErcotApi
    road: Road
    source: Source
    session: Session
    report: str
    words: dict[str, str]
    period: Period

    def listed(self, first: datetime, last: datetime) -> list[Document]:
        """The documents that were published from one wall time to another, page by page."""
        found: dict[str, Document] = {}
        page, pages = 1, 1
        while page <= pages:
            query = {
                "postDatetimeFrom": f"{first:%Y-%m-%dT%H:%M:%S}",
                "postDatetimeTo": f"{last:%Y-%m-%dT%H:%M:%S}",
                "size": str(MOST_DOCUMENTS),
                "page": str(page),
            }
            answer = self._get(f"archive/{self.report}", query, _is_list)
            listing = json.loads(answer.path.read_bytes())
            answer.path.unlink(missing_ok=True)
            page += 1
            try:
                pages = int(listing["_meta"].get("totalPages") or 0)
                found |= {one.id: one for one in map(self._document, listing.get("archives") or [])}
            except (KeyError, TypeError, ValueError) as error:
                raise Refused(
                    f"{SITE}'s archive answered with a list of another shape ({error!r})."
                ) from error
        return list(found.values())

    def fetched(self, batch: Sequence[Document]) -> Fetched:
        """Some documents in one zip of zips, each with the interval that its rows tell."""
        ids = [one.id for one in batch]
        post = Post(words={"docIds": [int(one) if one.isdigit() else one for one in ids]})
        answer = self._get(f"archive/{self.report}/download", None, self._is_zip, post)
        with documents.opened():
            told = list(documents.texts(answer.path))
        # Documents are called by their numbers; where they are not, every one of them is ours all the same.
        if "each" in self.words:
            called = {name.partition(".")[0] for name, _ in told}
            present = [one for one in batch if one.id in called] or batch
            return Fetched(answer, tuple(batch), tuple(documents.hour_of(one) for one in present))
        heads = [head for name, head in told if name.partition(".")[0] in ids] or [head for _, head in told]
        intervals = [
            documents.interval_of(head, self.words, self.period, self.source.clock) for head in heads
        ]
        return Fetched(answer, tuple(batch), tuple(intervals))

    def _get(self, path: str, query: dict[str, str] | None, judge: Any, post: Post | None = None) -> Download:
        try:
            return self._ask(path, query, judge, post, anew=False)
        except Refused as error:
            if error.http_status != 401:
                raise
        # The hour of the token is over, or somebody took it back: once with a new one.
        return self._ask(path, query, judge, post, anew=True)

    def _ask(
        self, path: str, query: dict[str, str] | None, judge: Any, post: Post | None, anew: bool
    ) -> Download:
        key = self.session.secret(KEY) or ""
        headers = {
            "Authorization": f"Bearer {self.route.token(self.session, self.source, anew)}",
            KEY_HEADER: key,
        }
        return self.session.get(
            self.road.host, path, query, headers, judge=judge, credential=key or None, post=post
        )

    def _is_zip(self, answer: Download) -> None:
        if kind_of(answer.path) != "zip":
            self.route.judge(answer.path)
            raise in_place_of_data(answer.path, SITE, "a zip")
        self.route.judge(answer.path)
        with documents.opened():
            for _ in documents.texts(answer.path):
                pass

    def _document(self, entry: dict[str, Any]) -> Document:
        number, name = str(entry["docId"]), str(entry["friendlyName"])
        return documents.document(
            number, name, f"{number}.zip", str(entry["postDatetime"]), self.source.clock
        )


def _token(session: Session, source: Source) -> str:
    """A new token; kept for this session, never shown.

    Raises:
        Refused: name or password are wrong.
    """
    host = source.hosts[LOGIN_HOST]
    form = {
        "username": session.secret(USERNAME) or "",
        "password": session.secret(PASSWORD) or "",
        "grant_type": "password",
        "response_type": "id_token",
        "scope": f"openid {CLIENT} offline_access",
        "client_id": CLIENT,
    }

    def judge(answer: Download) -> None:
        if kind_of(answer.path) != "json":
            raise in_place_of_data(answer.path, "ERCOT's login", "a token")

    answer = session.get(LOGIN_HOST, LOGIN_PATH, judge=judge, reads=(400,), post=Post(form=form))
    try:
        words = json.loads(answer.path.read_bytes())
    except ValueError:
        words = {}
    answer.path.unlink(missing_ok=True)
    token = words.get("id_token") or words.get("access_token") if isinstance(words, dict) else None
    if not isinstance(token, str) or not token:
        error: AnswerError = Refused(not_accepted(host), http_status=401)
        error.attempts, error.url = answer.attempts, answer.url
        raise error
    session.keep_secret("ERCOT_TOKEN", token)
    return token


def _posted(period: Period, words: dict[str, str], clock: str) -> tuple[datetime, datetime]:
    """The wall times between which the documents of a period are published."""
    zone = ZoneInfo(clock)
    if "names" in words:
        # Documents come minutes after their interval, and again within hours where something went wrong.
        return _wall(period.start, zone), _wall(period.end + documents.LATEST_OF_A_DAY, zone)
    if words.get("published") == "on":
        # A second less: the end of the first pass of the repeated hour is shown as its beginning.
        return _wall(period.start, zone), _wall(period.end - timedelta(seconds=1), zone)
    if words.get("published") == "after":
        first, last = (
            clocks.midnight(local_date(edge, clock) + timedelta(days=1), clock)
            for edge in (period.start, period.end)
        )
        return _wall(first, zone), _wall(last, zone)
    first = clocks.midnight(local_date(period.start, clock) - timedelta(days=1), clock)
    return _wall(first, zone), _wall(period.end - timedelta(days=1) + documents.LATEST_OF_A_DAY, zone)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _batches(
    chosen: Sequence[Document], words: dict[str, str], dataset: Dataset, clock: str
) -> Iterator[tuple[Document, ...]]:
    """Documents that are fetched together: as many as allowed, of one day where a day is built on its own.

    Those that may speak of the same hour again stand alone, so that the later one is told apart. So do those whose
    names may not say which pass of the repeated hour they were published in: alone, a file's own moment does.
    """
    if words.get("published") == "on" and "each" not in words:
        yield from ((one,) for one in chosen)
        return
    called = {one.id: _called(one, words, clock) for one in chosen}
    stated = Counter(called.values())
    alone = {
        one.id
        for one in chosen
        if stated[called[one.id]] > 1 or ("each" in words and documents.is_in_repeated_hour(one, clock))
    }
    once = [one for one in chosen if one.id not in alone]
    yield from ((one,) for one in chosen if one.id in alone)
    days: dict[object, list[Document]] = {}
    for one in once:
        stamp = one.stamp or one.published_at
        days.setdefault(stamp.date() if dataset.chunk == "day" else "", []).append(one)
    for group in days.values():
        for start in range(0, len(group), MOST_DOCUMENTS):
            yield tuple(group[start : start + MOST_DOCUMENTS])


def _called(one: Document, words: dict[str, str], clock: str) -> tuple[object, ...]:
    """What two documents have in common that say the same thing twice."""
    if "each" in words:
        return (one.published_at.replace(second=0, microsecond=0),)
    if one.stamp is None and "names" in words:
        return (one.id,)
    if one.stamp is None:
        return (one.name.replace("_retry", ""), local_date(one.published_at, clock))
    return (one.stamp, "xhr" in one.name.lower())


def _lacking(
    held: Sequence[Period], request: Request, road: Road, dataset: Dataset, source: Source
) -> Iterator[Answer]:
    """A word for what no document holds. A hole in a day of which the archive has others is the source's own."""
    for answer in documents.lacking(held, request, road, dataset, source):
        (gap,) = answer.periods
        if answer.status != Status.FAILED:
            yield answer
            continue
        for day in clocks.days_of(gap, source.clock):
            whole = clocks.market_days(day, day, source.clock)
            part = Period(max(gap.start, whole.start), min(gap.end, whole.end))
            if subtract(whole, list(held)) == [whole]:
                yield Answer((part,), status=Status.FAILED, message=answer.message, part=request.part)
            else:
                words = f"{SITE}'s archive has no document for a part of this day."
                yield Answer((part,), status=Status.EMPTY, message=words, part=f"hole {part.start:%H:%M}")


def _is_list(answer: Download) -> None:
    if kind_of(answer.path) != "json":
        raise in_place_of_data(answer.path, f"{SITE}'s archive", "a list of documents")
    try:
        words = json.loads(answer.path.read_bytes())
    except ValueError:
        raise Refused(f"{SITE}'s archive answered with JSON that ends too early.", again=True) from None
    if not isinstance(words, dict) or "_meta" not in words:
        raise _refusal(answer.path)


def _refusal(path: Path) -> Refused:
    """The archive's own words from an error document."""
    try:
        words = json.loads(path.read_bytes())
        said = str(words.get("message") or words.get("errors") or "no reason given")
    except (ValueError, AttributeError):
        return Refused(f"{SITE}'s archive answered with JSON that is no list of documents.", again=True)
    return Refused(f"{SITE}'s archive refuses the request: {said.rstrip('.')}.")
