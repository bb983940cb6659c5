"""What a route brings back, and what every route can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ingest.clock import Period
from ingest.download import Download
from ingest.events import Request, Status
from ingest.fetch import Session
from ingest.registry import Dataset, Road, Source


@dataclass(frozen=True)
class Answer:
    """One file of an answer, or word that there is none.

    ``periods`` are the spans that it really holds, in UTC: a running month's archive has only some days. With
    status OK there is a download; otherwise ``message`` says why not.
    """

    periods: tuple[Period, ...]
    download: Download | None = None
    file_name: str = ""
    content_sha256: str | None = None
    status: Status = Status.OK
    message: str = ""
    part: str = ""
    published_at: datetime | None = None

    @property
    def published_at_basis(self) -> str:
        """``source`` where the site says when it published, else ``fetch``."""
        return "source" if self.published_at else "fetch"


class Route(Protocol):
    """One site's way of asking and answering."""

    def fetch(
        self, request: Request, road: Road, dataset: Dataset, source: Source, session: Session
    ) -> Iterator[Answer]:
        """Ask for a period and bring back its files, all of them or an error.

        Raises:
            AnswerError: the source did not give what was asked for.
        """

    def judge(self, path: Path) -> None:
        """Look at a file as this site would have served it.

        Raises:
            AnswerError: it is an error document of this site, or broken.
        """

    def content_sha256(self, path: Path) -> str:
        """The hash of what a file says, without what this site changes with every request."""


def known_ids(source: Source) -> Sequence[str]:
    """The ids that ``@hubs`` stands for, in the registry's order."""
    return [identity for entries in source.locations.known.values() for identity in entries]
