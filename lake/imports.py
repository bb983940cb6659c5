"""Importing: files that a user already has become raw objects, as they are; the build reads them.

An import has no period and no request, so what it repeats is told by its file name: content that the newest import of
that name has already is ``unchanged``. Content that an older one had and the newest has not is said again (A, B, A are
three observations), and so is content that is published anew at another moment after a change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest.adopt import Adoption, adopt
from ingest.events import Event, Status
from ingest.registry import Dataset, Source
from lake.errors import UnreadableFile
from lake.home import Lake
from lake.recognise import candidates
from lake.scratch import new_place, sweep
from lake.stage import lay_out


def import_files(
    lake: Lake,
    source: Source,
    dataset: Dataset | None,
    paths: Sequence[Path],
    published_at: datetime | None,
    progress: Callable[[Path], None] | None = None,
) -> Adoption:
    """Take a user's files into the lake.

    Args:
        lake: where.
        source: the ISO.
        dataset: what they are; None to tell each by its header.
        paths: files, or folders that are searched through.
        published_at: when they were published; None takes each file's own time.
        progress: told of every file when it is done.
    """
    folder = new_place(lake.settings.scratch, "looked-at")

    def recognise(path: Path) -> Sequence[str]:
        try:
            return candidates(lay_out(path, path.name, folder), source, path.name)
        except UnreadableFile:
            return []
        finally:
            sweep(folder)

    history = _History(source)
    with lake.reader() as connection:
        history.told = connection.execute(
            """
            SELECT dataset, url, coalesce(content_sha256, sha256), raw_key, coalesce(published_at, fetched_at)
            FROM ledger
            WHERE iso = $iso AND road = 'import' AND raw_key IS NOT NULL AND status IN ('ok', 'quarantined')
            """,
            {"iso": source.iso},
        ).fetchall()
    return adopt(
        paths, source, dataset, lake.store, lake.journal, published_at, recognise, history.repeated, progress
    )


@dataclass
class _History:
    """What earlier imports of an ISO told, and what this one has told so far."""

    source: Source
    told: list[tuple[str, str, str, str, datetime]] = field(default_factory=list)

    def repeated(self, event: Event) -> Event | None:
        """The earlier event that a file says again, or None where it says something new."""
        content = event.content_sha256 or event.sha256 or ""
        moment = (event.published_at or event.fetched_at).astimezone(UTC)
        same = [row for row in self.told if row[0] == event.dataset and row[2] == content]
        named = [row for row in self.told if row[0] == event.dataset and row[1] == event.url]
        before = [row for row in named if row[4] <= moment]
        newest = max(before, key=lambda row: row[4], default=None)
        if same and (newest is None or newest[2] == content or any(row[4] == moment for row in same)):
            return event.but(raw_key=same[0][3], status=Status.UNCHANGED)
        self.told.append((event.dataset, event.url, content, event.raw_key or "", moment))
        return None
