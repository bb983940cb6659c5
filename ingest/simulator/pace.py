"""The simulator's own pace: what it tells clients, and what it enforces when a test asks for it."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from threading import Lock


@dataclass(frozen=True)
class Pace:
    """So many requests in so many seconds, and how long a client waits before it tries again."""

    requests: int = 1000
    seconds: float = 1.0
    first_wait_seconds: float = 0.01
    max_wait_seconds: float = 0.05

    def as_json(self) -> dict[str, float]:
        """The pace as ``/pace.json`` prints it."""
        return asdict(self)


@dataclass
class PaceKeeper:
    """Counts the requests of each host in a sliding window."""

    limits: Mapping[str, Pace]
    _seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _lock: Lock = field(default_factory=Lock)

    def too_fast(self, host: str) -> bool:
        """Whether a request that starts now exceeds the host's pace; refused requests do not count."""
        limit = self.limits.get(host)
        if limit is None:
            return False
        now = time.monotonic()
        with self._lock:
            window = self._seen[host]
            while window and window[0] <= now - limit.seconds:
                window.popleft()
            if len(window) >= limit.requests:
                return True
            window.append(now)
            return False
