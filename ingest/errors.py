"""What can go wrong on the way from an ISO's site to a raw object.

IngestError                 base; every message is a sentence with a remedy
├── UnknownName             an ISO, dataset, road or data type that the registry does not have
├── RegistryError           a YAML file under ingest/sources does not say what it must
├── BadPeriod               dates that cannot be (reversed, impossible year, not a date)
├── CredentialsMissing      a road needs an account that the environment does not name
├── StorageError            the store cannot be read or written: credentials, bucket, region, disk
└── AnswerError             the source did not give what was asked; carries the ledger status
    ├── Throttled           asked too fast: come back later. Never the same as "no data"
    ├── NotPublished        not there yet
    ├── NoData              the source says there is none
    ├── Unreachable         no connection, or the host keeps failing
    └── Refused             an answer that is an error, or not what was asked for
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class IngestError(Exception):
    """Base of this wing's errors."""


class UnknownName(IngestError):
    """A name that the registry does not have; the message lists the known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        super().__init__(f"{kind} '{name}' is not known. Known: {', '.join(self.known)}.")


class RegistryError(IngestError):
    """A registry file does not say what it must."""


class BadPeriod(IngestError):
    """Dates that cannot be asked for."""


class CredentialsMissing(IngestError):
    """A road needs credentials that the environment does not name."""


class StorageError(IngestError):
    """The store cannot be read or written. The message names the place and the remedy, never a secret."""


class AnswerError(IngestError):
    """The source did not give what was asked for. ``again``: asking the same once more may help."""

    status: ClassVar[str] = "failed"

    def __init__(self, message: str, *, http_status: int | None = None, again: bool = False) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.again = again
        self.attempts = 1
        self.url = ""


class Throttled(AnswerError):
    """The source asks us to slow down.

    ``retry_after`` is what it asked for by header, in seconds; ``hint`` what the text of its answer mentions.
    """

    status = "throttled"

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        retry_after: float | None = None,
        hint: float | None = None,
    ) -> None:
        super().__init__(message, http_status=http_status, again=True)
        self.retry_after = retry_after
        self.hint = hint


class NotPublished(AnswerError):
    """The source does not have it yet."""

    status = "not_published"


class NoData(AnswerError):
    """The source says that there is none."""

    status = "empty"


class Unreachable(AnswerError):
    """No connection, or a host that keeps failing."""


class Refused(AnswerError):
    """An error answer, or an answer that is not what was asked for."""
