"""What a source has changed since it first published: one history per dataset and delivery day.

The first entry is the publication as it was; each correction adds one. Taking a correction back adds another
entry that says the same as the one before it, because that is what a reader of the source sees: A, B, A.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock


@dataclass(frozen=True)
class Revision:
    """One state of a delivery day: what is added to a congestion part or reserve price, where and when.

    ``amount`` is in millionths of a dollar. ``locations`` and ``hours`` (local hour beginning, 0 to 23)
    narrow it. ``dropped`` and ``added`` are local clock stamps such as ``13:06:38`` of feeds whose runs leave
    the grid.
    """

    amount: int = 0
    locations: frozenset[str] | None = None
    hours: frozenset[int] | None = None
    dropped: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def amount_for(self, location: str, hour: int) -> int:
        """What this revision adds for a location in a local hour."""
        if not self.amount or (self.hours is not None and hour not in self.hours):
            return 0
        if self.locations is not None and location not in self.locations:
            return 0
        return self.amount


ORIGINAL = Revision()
_UNCHANGED = (ORIGINAL,)


@dataclass
class Revisions:
    """Every correction of every source, by (iso, dataset, day)."""

    _histories: dict[tuple[str, str, date], tuple[Revision, ...]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def history(self, iso: str, dataset: str, day: date) -> tuple[Revision, ...]:
        """The states of a delivery day, oldest first."""
        return self._histories.get((iso, dataset, day), _UNCHANGED)

    def current(self, iso: str, dataset: str, day: date) -> Revision:
        """What the source shows now."""
        return self.history(iso, dataset, day)[-1]

    def add(self, iso: str, dataset: str, day: date, revision: Revision) -> None:
        """Publish another state."""
        with self._lock:
            self._histories[(iso, dataset, day)] = (*self.history(iso, dataset, day), revision)

    def datasets(self, iso: str, day: date) -> list[str]:
        """The datasets of an ISO with a correction of that day."""
        return sorted(name for (owner, name, when) in self._histories if owner == iso and when == day)
