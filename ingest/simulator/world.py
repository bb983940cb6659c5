"""What the sites share: the clock, the size of the grid, and what has been corrected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ingest.simulator.revisions import Revisions

PACIFIC = "America/Los_Angeles"
EASTERN = "America/New_York"
CENTRAL = "America/Chicago"


@dataclass
class World:
    """The state behind the sites.

    ``nodes`` counts the synthetic nodes that each market has beside its hubs, zones and interfaces. ``keys``
    are the subscription keys that the API management in front of a site accepts.
    """

    clock: Callable[[], datetime]
    nodes: int = 25
    revisions: Revisions = field(default_factory=Revisions)
    keys: frozenset[str] = frozenset()
    url: str = ""

    @property
    def now(self) -> datetime:
        """The present instant in UTC."""
        return self.clock()
