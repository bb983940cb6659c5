"""What "nothing" means for a period: too early, too old, or a failure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingest import clock
from ingest.clock import Period, local_date
from ingest.download import Download
from ingest.errors import AnswerError, NotPublished, Refused
from ingest.events import Status
from ingest.plan import oldest_day, published_at
from ingest.registry import Dataset, Road, Source
from ingest.routes.answer import Answer


def may_be_unpublished(source: Source, dataset: Dataset, period: Period, now: datetime) -> bool:
    """Whether even the first day of a period may not be there yet: sites publish hours late now and then."""
    late = timedelta(hours=dataset.published.late_hours)
    return now < published_at(source, dataset, local_date(period.start, source.clock)) + late


def is_out_of_reach(source: Source, road: Road, period: Period, now: datetime) -> bool:
    """Whether a period begins before what the road still serves."""
    oldest = oldest_day(source, road, now)
    return oldest is not None and local_date(period.start, source.clock) < oldest


def no_file(
    error: AnswerError,
    site: str,
    name: str,
    period: Period,
    part: str,
    road: Road,
    dataset: Dataset,
    source: Source,
) -> Answer:
    """What it means that a site has no file of that name: too old, or an error.

    Raises:
        NotPublished: it may not be there yet.
        Refused: it should be there.
    """
    if may_be_unpublished(source, dataset, period, clock.now()):
        raise at(NotPublished(f"{site} does not have {name} yet.", http_status=404), error)
    if is_out_of_reach(source, road, period, clock.now()):
        words = f"{site} keeps no such old file any more on the road {road.name}."
        return Answer((period,), status=Status.EXPIRED, message=words, part=part)
    raise at(Refused(f"{site} has no file {name}, which should be there.", http_status=404), error)


def at(error: AnswerError, asked: Download | AnswerError) -> AnswerError:
    """The error with the attempts and the URL of what was asked."""
    error.attempts, error.url = asked.attempts, asked.url
    return error
