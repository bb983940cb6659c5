"""What "nothing" means for a period: too early, too old, or a failure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingest.clock import Period, local_date
from ingest.plan import oldest_day, published_at
from ingest.registry import Dataset, Road, Source

# Sites publish hours late now and then. Until a day after its time, "nothing" is "not yet".
LATE = timedelta(days=1)


def may_be_unpublished(source: Source, dataset: Dataset, period: Period, now: datetime) -> bool:
    """Whether even the first day of a period may not be there yet."""
    return now < published_at(source, dataset, local_date(period.start, source.clock)) + LATE


def is_out_of_reach(source: Source, road: Road, period: Period, now: datetime) -> bool:
    """Whether a period begins before what the road still serves."""
    oldest = oldest_day(source, road, now)
    return oldest is not None and local_date(period.start, source.clock) < oldest
