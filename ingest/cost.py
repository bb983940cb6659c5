"""What a road costs: the seconds that its requests take at the host's pace, and its bytes at a usual downlink."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil

from ingest.registry import Road, Source

# A laptop's usual downlink; only used to weigh one big file against many small ones and to estimate minutes.
MEGABYTES_A_SECOND = 5.0


def seconds_a_request(source: Source, road: Road) -> float:
    """Seconds that one request on a road takes at the host's declared pace."""
    pace = source.hosts[road.host].pace
    return road.calls * pace.seconds / pace.requests


def cost_seconds(source: Source, road: Road, days: Sequence[date]) -> float:
    """Seconds that a road needs for a stretch of days: its pace or its bytes, whichever is slower."""
    whole = float(len(days))
    lengths = {"hour": 1 / 24, "day": 1.0, "week": 7.0, **dict.fromkeys(("month", "quarter", "year"), whole)}
    span = lengths.get(road.span) or float(road.span.split()[0])
    requests = ceil(len(days) / span) * len(road.parts)
    return requests * (seconds_a_request(source, road) + road.megabytes / MEGABYTES_A_SECOND)
