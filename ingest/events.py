"""The words of the ledger: what was asked for, what came of it.

Every request becomes an event before the next is sent. A sink (the lake's ledger) takes them; this wing only tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from ingest.clock import Period


class Status(StrEnum):
    """What came of a request. A throttle answer is never ``empty``, and a failed request never disappears."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    NOT_PUBLISHED = "not_published"
    THROTTLED = "throttled"
    FAILED = "failed"
    NOT_ASKED = "not_asked"
    QUARANTINED = "quarantined"
    EXPIRED = "expired"


# What leaves a run incomplete (exit code 3). What is not published yet or expired is said, not failed.
INCOMPLETE = frozenset({Status.THROTTLED, Status.FAILED, Status.NOT_ASKED, Status.QUARANTINED})


@dataclass(frozen=True)
class Request:
    """One thing to ask a source for: a period of one dataset on one road.

    ``scope`` is what the user asked for (hubs or all); what the road brings may be more. ``part`` names one of several
    requests for the same period (a location type, a page); the empty string is the whole.
    """

    iso: str
    dataset: str
    road: str
    period: Period
    scope: str
    part: str = ""


@dataclass(frozen=True)
class Event:
    """One line of the ledger. Times are UTC; ``url`` never carries a secret; the fields are those of meta.raw_files."""

    event_id: str
    run_id: str
    iso: str
    dataset: str
    road: str
    part: str
    period_start: datetime | None
    period_end: datetime | None
    scope: str
    status: Status
    message: str
    fetched_at: datetime
    url: str = ""
    raw_key: str | None = None
    sha256: str | None = None
    content_sha256: str | None = None
    bytes: int | None = None
    http_status: int | None = None
    etag: str | None = None
    last_modified: datetime | None = None
    attempts: int = 1
    published_at: datetime | None = None
    published_at_basis: str | None = None

    def as_record(self) -> dict[str, Any]:
        """The event as plain JSON values, stamps in ISO 8601 with their offset."""
        record = asdict(self)
        for name, value in record.items():
            if isinstance(value, datetime):
                record[name] = value.isoformat()
        record["status"] = str(self.status)
        return record

    def but(self, **changes: Any) -> Event:
        """This event with some fields changed."""
        return replace(self, **changes)


class Sink(Protocol):
    """Where events go. ``write`` returns only when they are durable."""

    run_id: str

    def next_id(self) -> str:
        """A new event id, ordered within the run."""

    def write(self, events: Sequence[Event]) -> None:
        """Keep these events, all or none."""
