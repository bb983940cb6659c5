"""How long to wait before asking again: what the site asks for, else longer each time."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from ingest.download import http_date
from ingest.errors import AnswerError, Throttled
from ingest.registry import Pace

# A source that asks us to stay away for longer is believed, but not waited for.
LONGEST_RETRY_AFTER = 300.0


def retry_after(text: str | None) -> float | None:
    """Seconds that a ``Retry-After`` asks for: a number, or an HTTP date."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    until = http_date(text)
    return max((until - datetime.now(UTC)).total_seconds(), 0.0) if until else None


def backoff(attempt: int, pace: Pace) -> float:
    """Seconds to wait after a failed attempt: doubling, capped, with jitter so that processes part ways."""
    ceiling = min(pace.first_wait_seconds * 2 ** (attempt - 1), pace.max_wait_seconds)
    return float(ceiling * random.uniform(0.5, 1.0))


def wait_before_next(error: AnswerError, attempt: int, pace: Pace) -> float | None:
    """Seconds before the next attempt, or None where the source asks for more than anyone would wait."""
    if not isinstance(error, Throttled) or error.retry_after is None:
        hint = error.hint if isinstance(error, Throttled) else None
        return max(backoff(attempt, pace), min(hint or 0.0, pace.max_wait_seconds))
    if error.retry_after > LONGEST_RETRY_AFTER:
        return None
    return error.retry_after + random.uniform(0, pace.first_wait_seconds)
