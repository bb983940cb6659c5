"""Landing: ask for each request, keep the bytes as raw objects, tell the ledger. Always in this order.

    request ──> route ──> downloads on disk ──> changed? ──yes──> object in the store ──> events ──> the next
                  │ AnswerError                   └──no──────────────────────────────────> events
                  └─────────────────────────────────────────────────────────────────────> events

The object comes before its event, so a run killed between the two asks again, finds the object under its key
and tells it then. All events of a request are one write: an answer of several pages is there whole or not at
all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path, PurePosixPath

import zstandard

from ingest.clock import Period, local_date, now
from ingest.content import kind_of, safe_name
from ingest.disk import disk_sentences
from ingest.download import Download
from ingest.errors import AnswerError
from ingest.events import INCOMPLETE, Event, Request, Sink, Status
from ingest.fetch import Session
from ingest.registry import Source
from ingest.routes import Answer, route
from ingest.storage import Store

RAW = "raw"
UNDATED = "undated"
# Text shrinks to a tenth at this level for milliseconds a megabyte; higher ones cost more than they save.
ZSTD_LEVEL = 6

Latest = Callable[[Request, str], Event | None]
Progress = Callable[[Request, Sequence[Event]], None]
OnStep = Callable[[str], None]


@dataclass(frozen=True)
class Cause:
    """Why some requests brought nothing: the same words for all of them."""

    status: Status
    dataset: str
    message: str
    count: int
    first: date | None
    last: date | None

    @property
    def sentence(self) -> str:
        """The cause for a person, with the delivery dates and how often."""
        days = (
            ""
            if self.first is None
            else f" {self.first}"
            if self.first == self.last
            else f" {self.first} to {self.last}"
        )
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.dataset}{days}: {self.status.replace('_', ' ')}{times}. {self.message}"


@dataclass(frozen=True)
class Landing:
    """What came of some requests."""

    events: tuple[Event, ...]
    clock: str

    @property
    def counts(self) -> Counter[Status]:
        """Events by status."""
        return Counter(event.status for event in self.events)

    @property
    def complete(self) -> bool:
        """Whether everything obtainable is there."""
        return not any(event.status in INCOMPLETE for event in self.events)

    @property
    def bytes(self) -> int:
        """Bytes served for what was new or changed; every object counts once."""
        return sum(
            {event.raw_key: event.bytes or 0 for event in self.events if event.status is Status.OK}.values()
        )

    @property
    def causes(self) -> list[Cause]:
        """Why something is not there, one entry a cause."""
        groups: dict[tuple[Status, str, str], list[Event]] = {}
        for event in self.events:
            if event.status not in (Status.OK, Status.UNCHANGED):
                groups.setdefault((event.status, event.dataset, event.message), []).append(event)
        return [
            self._cause(status, dataset, message, group)
            for (status, dataset, message), group in groups.items()
        ]

    @property
    def sentences(self) -> list[str]:
        """One sentence a cause."""
        return [cause.sentence for cause in self.causes]

    def _cause(self, status: Status, dataset: str, message: str, group: Sequence[Event]) -> Cause:
        starts = [event.period_start for event in group if event.period_start]
        ends = [event.period_end for event in group if event.period_end]
        first = local_date(min(starts), self.clock) if starts else None
        last = local_date(max(ends) - timedelta(microseconds=1), self.clock) if ends else None
        return Cause(status, dataset, message, len(group), first, last)


def land(
    requests: Sequence[Request],
    source: Source,
    store: Store,
    sink: Sink,
    session: Session,
    latest: Latest,
    progress: Progress | None = None,
    on_step: OnStep | None = None,
) -> Landing:
    """Bring some requests' raw objects into the store and tell what came of each.

    Args:
        requests: what to ask for, in this order.
        source: the ISO.
        store: where raw objects go.
        sink: where events go; every request leaves at least one before the next is sent.
        session: asks the hosts.
        latest: the newest observation of a request (dataset, road, period) and part that names a raw object,
            or None. The period that it is asked about is the first span that the answer really holds.
        progress: told of each request with its events.
        on_step: told of every step (``asking``, ``downloading``, ``downloaded``, ``stored``, ``told``), for
            tests that interrupt a real process.

    Raises:
        StorageError: the store cannot be written. What has been told before stays.
    """
    step = session.on_step = on_step or session.on_step
    lander = _Lander(source, store, sink, session, latest, step)
    events: list[Event] = []
    not_asked: list[Request] = []
    for request in requests:
        road = source.dataset(request.dataset).road(request.road)
        if session.is_open(road.host):
            not_asked.append(request)
            continue
        told = lander.land(request)
        sink.write(told)
        step("told")
        events += told
        if progress is not None:
            progress(request, told)
    if not_asked:
        message = "Not asked: the host failed or throttled the requests before this one. Run again later."
        told = [lander.word(request, request.period, Status.NOT_ASKED, message) for request in not_asked]
        sink.write(told)
        step("told")
        events += told
        for request, event in zip(not_asked, told, strict=True):
            if progress is not None:
                progress(request, [event])
    return Landing(tuple(events), source.clock)


@dataclass(frozen=True)
class _Lander:
    """The parties of a landing."""

    source: Source
    store: Store
    sink: Sink
    session: Session
    latest: Latest
    step: OnStep

    def land(self, request: Request) -> list[Event]:
        """Ask for one request and keep what comes; the events that say so."""
        dataset = self.source.dataset(request.dataset)
        road = dataset.road(request.road)
        self.step("asking")
        try:
            # All of an answer before any of it is kept: half the pages of a day must not pass for the day.
            answers = list(route(road.route).fetch(request, road, dataset, self.source, self.session))
        except AnswerError as error:
            return [self._failure(request, error)]
        told = [event for answer in answers for event in self._keep(request, answer)]
        nothing = "The site's answer held nothing of this period. Ask again later."
        return told or [self.word(request, request.period, Status.FAILED, nothing)]

    def word(
        self, request: Request, period: Period | None, status: Status, message: str, part: str = ""
    ) -> Event:
        """An event without an object."""
        return Event(
            event_id=self.sink.next_id(),
            run_id=self.sink.run_id,
            iso=request.iso,
            dataset=request.dataset,
            road=request.road,
            part=part or request.part,
            period_start=period.start if period else None,
            period_end=period.end if period else None,
            scope=request.scope,
            status=status,
            message=self.session.redactor.text(message),
            fetched_at=now(),
            attempts=0,
        )

    def _failure(self, request: Request, error: AnswerError) -> Event:
        # No attempt at all: another host that the road needs (where a key comes from) has its circuit open.
        status = Status(error.status) if error.attempts else Status.NOT_ASKED
        event = self.word(request, request.period, status, str(error))
        return event.but(url=error.url, http_status=error.http_status, attempts=error.attempts)

    def _keep(self, request: Request, answer: Answer) -> Iterator[Event]:
        download = answer.download
        if download is None:
            for period in answer.periods:
                yield self.word(request, period, answer.status, answer.message, answer.part)
            return
        # An answer may hold less than was asked for (a running month): it is compared with its own like.
        before = self.latest(replace(request, period=answer.periods[0]), answer.part)
        if (
            before is not None
            and before.raw_key
            and _same(before, answer, download)
            and self.store.exists(before.raw_key)
        ):
            status, key = Status.UNCHANGED, before.raw_key
        else:
            status, key = Status.OK, self._store(request, answer, download)
            self.step("stored")
        download.path.unlink(missing_ok=True)
        for period in answer.periods:
            yield self.word(request, period, status, answer.message, answer.part).but(
                url=download.url,
                raw_key=key,
                sha256=download.sha256,
                content_sha256=answer.content_sha256,
                bytes=download.bytes,
                http_status=download.http_status,
                etag=download.etag,
                last_modified=download.last_modified,
                attempts=download.attempts,
                published_at=answer.published_at,
                published_at_basis=answer.published_at_basis,
            )

    def _store(self, request: Request, answer: Answer, download: Download) -> str:
        day = local_date(request.period.start, self.source.clock)
        with disk_sentences(download.path.parent, "LAKE_TEMP_DIR"):
            kept, suffix = compressed(download.path)
        key = raw_key(self.source.iso, request.dataset, day, download.sha256, answer.file_name + suffix)
        self.store.put(key, kept)
        if kept != download.path:
            kept.unlink(missing_ok=True)
        return key


def raw_key(iso: str, dataset: str, day: date | datetime | None, sha256: str, file_name: str) -> str:
    """Where a raw object lives: ``raw/<iso>/<dataset>/<first delivery date>/<12 hex>_<file name>``."""
    folder = f"{day:%Y-%m-%d}" if day else UNDATED
    return str(PurePosixPath(RAW, iso.lower(), dataset, folder, f"{sha256[:12]}_{safe_name(file_name)}"))


def compressed(path: Path) -> tuple[Path, str]:
    """Text as a zstd file beside it, anything else as it is; and what its name then ends in."""
    if kind_of(path) not in ("text", "json", "xml", "html"):
        return path, ""
    target = path.with_name(f"{path.name}.zst")
    with path.open("rb") as plain, target.open("wb") as packed:
        # The size in the frame lets readers allocate once; the checksum tells a damaged object from a changed
        # one.
        compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
        compressor.copy_stream(plain, packed, size=path.stat().st_size)
    return target, ".zst"


def _same(before: Event, answer: Answer, download: Download) -> bool:
    if before.sha256 == download.sha256:
        return True
    return before.content_sha256 is not None and before.content_sha256 == answer.content_sha256
