"""Planning: which requests bring a period, on which road, at what price, and what no road brings any more.

The planner looks at nothing but the registry, the clock and what has already landed. For every run of missing days it
takes the cheapest road that still reaches all of them, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from ingest.clock import (
    Period,
    calendar_span,
    dates,
    days_of,
    hours_of,
    local_date,
    market_days,
    midnight,
    runs,
    subtract,
)
from ingest.events import Request
from ingest.registry import Dataset, Road, Scope, Source

# A laptop's usual downlink; only used to weigh one big file against many small ones and to estimate minutes.
MEGABYTES_A_SECOND = 5.0
# A day that may still be revised is asked for again at most once a day.
ASK_AGAIN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Landed:
    """A period of a dataset that the ledger holds: what it brought, what it was asked for, and when."""

    dataset: str
    road: str
    period: Period
    brings: Scope
    scope: Scope
    fetched_at: datetime
    raw_key: str | None = None


@dataclass(frozen=True)
class Missing:
    """Delivery dates, both ends included, that this plan does not bring, and why."""

    dataset: str
    first: date
    last: date
    status: str
    reason: str


@dataclass(frozen=True)
class Leg:
    """Delivery dates, both ends included, on one road, with its requests and the reason for the road."""

    dataset: str
    road: Road
    first: date
    last: date
    requests: tuple[Request, ...]
    reason: str

    @property
    def megabytes(self) -> float:
        """Estimated megabytes to land."""
        return len(self.requests) * self.road.megabytes


@dataclass(frozen=True)
class Plan:
    """A priced job for one ISO."""

    source: Source
    scope: Scope
    legs: tuple[Leg, ...]
    missing: tuple[Missing, ...]
    widen: tuple[Landed, ...]
    days_there: dict[str, int] = field(default_factory=dict)

    @property
    def requests(self) -> list[Request]:
        """Every request, oldest first within a dataset."""
        return [request for leg in self.legs for request in leg.requests]

    @property
    def megabytes(self) -> float:
        """Estimated megabytes to land."""
        return sum(leg.megabytes for leg in self.legs)

    def seconds(self) -> float:
        """Estimated seconds at the source's pace; hosts are asked one after the other."""
        paced = sum(len(leg.requests) * seconds_a_request(self.source, leg.road) for leg in self.legs)
        return max(paced, self.megabytes / MEGABYTES_A_SECOND)


def seconds_a_request(source: Source, road: Road) -> float:
    """Seconds that one request on a road takes at the host's declared pace."""
    pace = source.hosts[road.host].pace
    return road.calls * pace.seconds / pace.requests


def plan(
    source: Source,
    datasets: Sequence[Dataset],
    first: date,
    last: date,
    scope: Scope,
    now: datetime,
    landed: Sequence[Landed] = (),
    closed: Mapping[str, str] | None = None,
) -> Plan:
    """Price the delivery dates ``first`` to ``last`` of some datasets.

    Args:
        source: the ISO.
        datasets: what to bring.
        first: first delivery date.
        last: last delivery date, included.
        scope: ``hubs`` or ``all``.
        now: the present instant (retention and publication are counted from it).
        landed: what the ledger holds.
        closed: hosts that cannot be asked, by name, with the reason: credentials that are not there.
    """
    legs: list[Leg] = []
    missing: list[Missing] = []
    widen: list[Landed] = []
    there: dict[str, int] = {}
    for dataset in datasets:
        own = [entry for entry in landed if entry.dataset == dataset.name]
        enough = [entry for entry in own if scope == "hubs" or entry.brings == "all"]
        asked = market_days(first, last, source.clock)
        widen += [
            entry
            for entry in enough
            if scope == "all" and entry.scope != "all" and entry.period.overlaps(asked)
        ]
        wanted, refused = _obtainable(source, dataset, first, last, now)
        missing += refused
        open_days = [day for day in wanted if not _is_there(source, dataset, day, enough, now)]
        there[dataset.name] = len(wanted) - len(open_days)
        more, expired = _route(source, dataset, open_days, scope, now, enough, closed or {})
        legs += more
        missing += expired
    return Plan(source, scope, tuple(legs), tuple(missing), tuple(widen), there)


def _obtainable(
    source: Source, dataset: Dataset, first: date, last: date, now: datetime
) -> tuple[list[date], list[Missing]]:
    """The days that the dataset exists for and that are published by now; the others with their reasons."""
    wanted: list[date] = []
    refused: dict[tuple[str, str], list[date]] = {}
    for day in dates(first, last):
        if (dataset.since and day < dataset.since) or (dataset.until and day > dataset.until):
            reason = dataset.since_reason or f"{dataset.source_name} has no such day"
            refused.setdefault(("not_offered", reason), []).append(day)
        elif (due := published_at(source, dataset, day)) > now:
            reason = (
                f"published from {due.astimezone(ZoneInfo(source.clock)):%Y-%m-%d %H:%M} {source.clock} on"
            )
            key = ("not_published", reason if first == last else "not published yet")
            refused.setdefault(key, []).append(day)
        else:
            wanted.append(day)
    return wanted, [
        Missing(dataset.name, run[0], run[-1], status, reason)
        for (status, reason), days in refused.items()
        for run in runs(days)
    ]


def published_at(source: Source, dataset: Dataset, day: date) -> datetime:
    """The instant from which a delivery day can be asked for, in UTC."""
    at = datetime.combine(day + timedelta(days=dataset.published.day), dataset.published.at)
    return at.replace(tzinfo=ZoneInfo(source.clock)).astimezone(UTC)


def _is_there(source: Source, dataset: Dataset, day: date, landed: Sequence[Landed], now: datetime) -> bool:
    """Whether a day has landed whole, and late enough to be settled (or too lately to ask again)."""
    span = market_days(day, day, source.clock)
    settled_from = published_at(source, dataset, day) + timedelta(days=dataset.settles_days)
    good = [entry.period for entry in landed if entry.fetched_at >= min(settled_from, now - ASK_AGAIN_AFTER)]
    return not subtract(span, good)


def _reaches(source: Source, road: Road, day: date, now: datetime) -> bool:
    """Whether a road still serves a delivery day, and serves it already."""
    oldest, newest = oldest_day(source, road, now), newest_day(source, road, now)
    return (oldest is None or day >= oldest) and (newest is None or day <= newest)


def newest_day(source: Source, road: Road, now: datetime) -> date | None:
    """The last delivery date that a road holds by now, or None where it holds whatever is published."""
    if road.behind_days is None:
        return None
    return local_date(now, source.clock) - timedelta(days=road.behind_days)


def oldest_day(source: Source, road: Road, now: datetime) -> date | None:
    """The first delivery date that a road still serves, or None where it keeps everything."""
    today = local_date(now, source.clock)
    kept = road.retention
    limits = [kept.since] if kept.since else []
    if kept.days is not None:
        limits.append(today - timedelta(days=kept.days))
    if kept.months is not None:
        months = today.year * 12 + today.month - 1 - kept.months
        year, month = divmod(months, 12)
        # A window that ends on the 31st begins on the last day that the earlier month has; one day later is safe.
        limits.append(date(year, month + 1, min(today.day, 28)) + timedelta(days=max(today.day - 28, 0)))
    return max(limits) if limits else None


def _route(
    source: Source,
    dataset: Dataset,
    days: Sequence[date],
    scope: Scope,
    now: datetime,
    landed: Sequence[Landed],
    closed: Mapping[str, str],
) -> tuple[list[Leg], list[Missing]]:
    """Choose a road for every open day: the cheapest that reaches the whole run of days it serves."""
    every = [road for road in dataset.roads if scope == "hubs" or road.brings == "all"]
    roads = [road for road in every if road.host not in closed]
    groups: dict[date, tuple[str, ...]] = {
        day: tuple(road.name for road in roads if _reaches(source, road, day, now)) for day in days
    }
    expired: list[Missing] = []
    for run in runs([day for day in days if not groups[day]]):
        for part, reason in _locked(
            source, [road for road in every if road.host in closed], run, now, closed
        ):
            status = "not_asked" if reason else "expired"
            words = reason or _why_expired(source, every, now)
            expired.append(Missing(dataset.name, part[0], part[-1], status, words))
    chosen: dict[date, Road] = {}
    for run in runs([day for day in days if groups[day]]):
        for segment in _segments(run, groups):
            usable = [road for road in roads if road.name in groups[segment[0]]]
            best = min(usable, key=lambda road: _cost(source, road, segment))
            chosen.update(dict.fromkeys(segment, best))
    legs = []
    for run in runs(list(chosen)):
        for stretch in _same_road(run, chosen):
            road = chosen[stretch[0]]
            requests = tuple(_requests(source, dataset, road, stretch, scope, now, landed))
            reason = _why(source, roads, road, stretch, now)
            legs.append(Leg(dataset.name, road, stretch[0], stretch[-1], requests, reason))
    return legs, expired


def _locked(
    source: Source, roads: Sequence[Road], run: Sequence[date], now: datetime, closed: Mapping[str, str]
) -> Iterator[tuple[list[date], str]]:
    """Parts of a run of days with the reason why a road that reaches them cannot be asked, or without one."""
    part: list[date] = []
    said = ""
    for day in run:
        reason = next((closed[road.host] for road in roads if _reaches(source, road, day, now)), "")
        if part and reason != said:
            yield part, said
            part = []
        part.append(day)
        said = reason
    if part:
        yield part, said


def _segments(run: Sequence[date], groups: dict[date, tuple[str, ...]]) -> Iterator[list[date]]:
    """Parts of a run of days that lie in one month and can be reached by the same roads."""
    part: list[date] = []
    for day in run:
        if part and (groups[day] != groups[part[0]] or day.month != part[0].month):
            yield part
            part = []
        part.append(day)
    if part:
        yield part


def _same_road(run: Sequence[date], chosen: dict[date, Road]) -> Iterator[list[date]]:
    part: list[date] = []
    for day in run:
        if part and chosen[day].name != chosen[part[0]].name:
            yield part
            part = []
        part.append(day)
    if part:
        yield part


def _cost(source: Source, road: Road, days: Sequence[date]) -> float:
    """Seconds that a road needs for a stretch of days: its pace or its bytes, whichever is slower."""
    whole = float(len(days))
    lengths = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": whole, "quarter": whole, "year": whole}
    span = lengths.get(road.span) or float(road.span.split()[0])
    requests = ceil(len(days) / span) * len(road.parts)
    return requests * (seconds_a_request(source, road) + road.megabytes / MEGABYTES_A_SECOND)


def _requests(
    source: Source,
    dataset: Dataset,
    road: Road,
    days: Sequence[date],
    scope: Scope,
    now: datetime,
    landed: Sequence[Landed],
) -> Iterator[Request]:
    """The requests that bring a stretch of days on one road."""
    for period in _spans(source, road, days, landed, oldest_day(source, road, now)):
        for piece in _split(source, road, period, now):
            for part in road.parts:
                yield Request(source.iso, dataset.name, road.name, piece, scope, part)


def _spans(
    source: Source, road: Road, days: Sequence[date], landed: Sequence[Landed], oldest: date | None
) -> Iterator[Period]:
    clock = source.clock
    if road.span == "hour":
        have = [entry.period for entry in landed]
        hours = hours_of(market_days(days[0], days[-1], clock))
        yield from (hour for hour in hours if subtract(hour, have))
    elif road.span in ("week", "month", "quarter", "year"):
        for first, following in sorted({calendar_span(day, road.span) for day in days}):
            # A month that the road only reaches in part: asking for all of it would be refused.
            yield Period(midnight(max(first, oldest or first), clock), midnight(following, clock))
    else:
        length = 1 if road.span == "day" else int(road.span.split()[0])
        for start in range(0, len(days), length):
            part = days[start : start + length]
            yield market_days(part[0], part[-1], clock)


def _split(source: Source, road: Road, period: Period, now: datetime) -> Iterator[Period]:
    """Cut a period at the boundaries that a request on this road must not cross."""
    edges: list[datetime] = []
    if "utc_year" in road.not_across:
        edges += [
            datetime(year, 1, 1, tzinfo=UTC) for year in range(period.start.year + 1, period.end.year + 1)
        ]
    if "archive" in road.not_across and road.archive_after_days is not None:
        cut = now - timedelta(days=road.archive_after_days)
        day = midnight(local_date(cut, source.clock), source.clock)
        # The day of the cutoff stands alone: whichever side the source counts it to, no request straddles it.
        edges += [day, midnight(local_date(cut, source.clock) + timedelta(days=1), source.clock)]
    start = period.start
    for edge in sorted(edges):
        if start < edge < period.end:
            yield Period(start, edge)
            start = edge
    yield Period(start, period.end)


def _why(source: Source, roads: Sequence[Road], road: Road, days: Sequence[date], now: datetime) -> str:
    """One clause that explains the road."""
    closed = [
        f"{other.name} {_limit(source, other, days[0], now)}"
        for other in roads
        if other.name != road.name and not _reaches(source, other, days[0], now)
    ]
    dearer = [
        other.name
        for other in roads
        if other.name != road.name
        and _reaches(source, other, days[0], now)
        and _cost(source, other, days) >= _cost(source, road, days)
    ]
    clauses = closed + ([f"cheaper than {', '.join(dearer)}"] if dearer else [])
    return "; ".join(clauses) or "the only road"


def _limit(source: Source, road: Road, day: date, now: datetime) -> str:
    """Why a road does not serve a day."""
    oldest = oldest_day(source, road, now)
    if oldest is not None and day < oldest:
        return f"reaches back to {oldest} only"
    return f"comes {road.behind_days} days later"


def _why_expired(source: Source, roads: Sequence[Road], now: datetime) -> str:
    if not roads:
        return "no road brings this scope"
    reach = ", ".join(f"{road.name} from {oldest_day(source, road, now)}" for road in roads)
    return f"no longer served ({reach}); files you have come in through `pmp import`"


def touched_days(period: Period, source: Source) -> list[date]:
    """The delivery dates that a period touches on the source's clock."""
    return list(days_of(period, source.clock))
