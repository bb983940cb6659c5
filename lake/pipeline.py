"""The pipeline: plan -> land -> build -> commit, and the parts of it that stand alone.

One path serves a year of history and yesterday: what differs is only what the plan finds missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb

from catalog.publish import publish
from ingest.clock import Period, days_of, market_days, now
from ingest.corrections import corrected_days, read_corrections
from ingest.credentials import closed_hosts
from ingest.events import Event, Request, Status
from ingest.fetch import Session
from ingest.land import Landing, land
from ingest.plan import ASK_AGAIN_AFTER, Landed, Missing, Plan, plan
from ingest.registry import Dataset, Scope, Source
from lake.build import BuildReport, build
from lake.engine import raw_file
from lake.home import Lake
from lake.ledger import latest
from lake.scratch import new_place, sweep, sweep_abandoned
from lake.views import meta_views

Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass
class IngestReport:
    """What an ingest did, in the order it was done."""

    plan: Plan
    landing: Landing | None = None
    build: BuildReport = field(default_factory=BuildReport)
    corrected: dict[str, list[date]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything obtainable is in the tables."""
        locked_out = any(gap.status == Status.NOT_ASKED for gap in self.plan.missing)
        return (self.landing is None or self.landing.complete) and self.build.complete and not locked_out


def open_lake(lake: Lake, adopt_tables: bool = False) -> None:
    """Create what a lake needs: storage, tables, the ledger, the views. Safe to repeat.

    Raises:
        CatalogError: the catalog cannot be opened, or a table in it is not of this version.
        StorageError: the storage cannot be written.
    """
    lake.store.check()
    lake.store.sweep()
    sweep_abandoned(lake.settings.scratch)
    contracts = list(lake.contracts.values())
    if adopt_tables:
        lake.catalog.adopt(contracts)
    lake.catalog.create(contracts)
    _ = lake.journal
    target = f"{lake.settings.root}/lake.duckdb"
    publish(lake.catalog, contracts, target, views=meta_views(lake), s3=lake.s3_access())


def landed(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Landed]:
    """What the ledger holds of an ISO by period: answers, and the source's word that there is none."""
    rows = connection.execute(
        """
        SELECT dataset, road, period_start, period_end, scope, fetched_at, raw_key
        FROM ledger
        WHERE
            iso = $iso
            AND status IN ('ok', 'unchanged', 'empty')
            AND period_start IS NOT NULL
            AND road NOT IN ('import', '')
        """,
        {"iso": source.iso},
    ).fetchall()
    found = []
    for dataset, road, start, end, scope, fetched_at, raw_key in rows:
        entry = source.datasets.get(dataset)
        known = next((one for one in entry.roads if one.name == road), None) if entry else None
        if known is not None:
            found.append(Landed(dataset, road, Period(start, end), known.brings, scope, fetched_at, raw_key))
    return found


def make_plan(
    lake: Lake,
    source: Source,
    datasets: Sequence[Dataset],
    first: date,
    last: date,
    scope: Scope,
    environ: Mapping[str, str],
) -> Plan:
    """Price a job against what is there. Works without a lake: then nothing is there."""
    closed = closed_hosts(source, environ)
    if not lake.exists:
        return plan(source, datasets, first, last, scope, now(), closed=closed)
    with lake.reader() as connection:
        return plan(source, datasets, first, last, scope, now(), landed(connection, source), closed)


def download(
    lake: Lake,
    source: Source,
    datasets: Sequence[Dataset],
    first: date,
    last: date,
    scope: Scope,
    environ: Mapping[str, str],
    progress: Progress = silent,
    on_step: Callable[[str], None] | None = None,
) -> IngestReport:
    """Land what is missing of a period."""
    with lake.reader() as connection:
        there = landed(connection, source)
        known = latest(connection, source.iso)
        told = _told(connection, source)
    with Session(source, environ, on_step=on_step) as session:
        corrected, looked_up = _corrected(lake, source, datasets, first, last, there, session, known)
        outdated = {
            name: sorted(
                day for day, since in days.items() if _fetched_before(there, source, name, day, since)
            )
            for name, days in corrected.items()
        }
        there = [
            entry
            for entry in there
            if not any(
                entry.period.overlaps(market_days(day, day, source.clock)) and entry.fetched_at < since
                for day, since in corrected.get(entry.dataset, {}).items()
            )
        ]
        closed = closed_hosts(source, environ)
        job = plan(source, datasets, first, last, scope, now(), there, closed)
        _tell_missing(lake, source, job, told)
        _widen(lake, source, job, known)
        report = IngestReport(job, corrected={name: days for name, days in outdated.items() if days})
        done = 0

        def tell(request: Request, events: Sequence[Event]) -> None:
            nonlocal done
            done += 1
            progress(f"{source.iso} {request.dataset}", done, len(job.requests))

        landing = land(job.requests, source, lake.store, lake.journal, session, _latest(known), tell, on_step)
        report.landing = Landing((*looked_up, *landing.events), landing.clock)
    return report


def ingest(
    lake: Lake,
    source: Source,
    datasets: Sequence[Dataset],
    first: date,
    last: date,
    scope: Scope,
    environ: Mapping[str, str],
    executor: Executor | None = None,
    progress: Progress = silent,
    on_step: Callable[[str], None] | None = None,
) -> IngestReport:
    """The main job: land what is missing of a period and build it into the tables."""
    open_lake(lake)
    report = download(lake, source, datasets, first, last, scope, environ, progress, on_step)
    report.build = build(lake, source, datasets, first, last, executor, progress, on_step)
    lake.fold_ledger(on_step)
    return report


def _latest(
    known: Mapping[tuple[str, str, datetime, datetime, str], Event],
) -> Callable[[Request, str], Event | None]:
    def look(request: Request, part: str) -> Event | None:
        return known.get((request.dataset, request.road, request.period.start, request.period.end, part))

    return look


def _told(connection: duckdb.DuckDBPyConnection, source: Source) -> set[tuple[str, str, datetime, datetime]]:
    """What the ledger already says of periods that no request was sent for."""
    rows = connection.execute(
        "SELECT dataset, status, period_start, period_end FROM ledger WHERE iso = $iso AND road = ''",
        {"iso": source.iso},
    ).fetchall()
    return {tuple(row) for row in rows}


def _tell_missing(
    lake: Lake, source: Source, job: Plan, told: set[tuple[str, str, datetime, datetime]]
) -> None:
    """Record what is expired, not published yet or locked, once: the lake knows what it lacks without having asked."""
    words: dict[str, Status] = {one: one for one in (Status.EXPIRED, Status.NOT_PUBLISHED, Status.NOT_ASKED)}
    events = []
    for gap in job.missing:
        period = market_days(gap.first, gap.last, source.clock)
        if gap.status in words and (gap.dataset, gap.status, period.start, period.end) not in told:
            events.append(_own_event(lake, source, gap, period, words[gap.status], job.scope))
    lake.journal.write(events)


def _own_event(
    lake: Lake, source: Source, gap: Missing, period: Period, status: Status, scope: Scope
) -> Event:
    return Event(
        event_id=lake.journal.next_id(),
        run_id=lake.journal.run_id,
        iso=source.iso,
        dataset=gap.dataset,
        road="",
        part="",
        period_start=period.start,
        period_end=period.end,
        scope=scope,
        status=status,
        message=gap.reason,
        fetched_at=now(),
        attempts=0,
    )


def _widen(
    lake: Lake, source: Source, job: Plan, known: Mapping[tuple[str, str, datetime, datetime, str], Event]
) -> None:
    """Record that raw objects which brought more than was asked for are now wanted whole."""
    events = []
    by_key = {event.raw_key: event for event in known.values()}
    for entry in job.widen:
        event = by_key.get(entry.raw_key)
        if event is not None:
            events.append(
                event.but(
                    event_id=lake.journal.next_id(),
                    run_id=lake.journal.run_id,
                    scope="all",
                    status=Status.UNCHANGED,
                    attempts=0,
                    message="already landed; all locations are wanted now",
                )
            )
    lake.journal.write(events)


def _corrected(
    lake: Lake,
    source: Source,
    datasets: Sequence[Dataset],
    first: date,
    last: date,
    there: Sequence[Landed],
    session: Session,
    known: Mapping[tuple[str, str, datetime, datetime, str], Event],
) -> tuple[dict[str, dict[date, datetime]], list[Event]]:
    """The days of each dataset that the source's own list of corrections names, and the list's moment; what was asked.

    Only days that were fetched before corrections to them were over are looked up, and at most once a day.
    """
    found: dict[str, dict[date, datetime]] = {}
    events: list[Event] = []
    window = market_days(first, last, source.clock)
    for list_name in sorted({dataset.corrections for dataset in datasets if dataset.corrections}):
        lists = source.dataset(list_name)
        followers = [dataset for dataset in datasets if dataset.corrections == list_name]
        names = {dataset.name for dataset in followers}
        days = sorted(
            {
                day
                for entry in there
                if entry.dataset in names
                and entry.period.overlaps(window)
                and entry.fetched_at < now() - ASK_AGAIN_AFTER
                for day in days_of(entry.period, source.clock)
                if first <= day <= last
                and entry.fetched_at
                < market_days(day, day, source.clock).end + timedelta(days=lists.settles_days)
            }
        )
        if not days:
            continue
        requests = [
            request
            for run in _runs(days)
            for request in plan(source, [lists], run[0], run[-1], "hubs", now(), there).requests
        ]
        events += land(requests, source, lake.store, lake.journal, session, _latest(known)).events
        for dataset in followers:
            found[dataset.name] = _days_in_lists(lake, source, lists, dataset, set(days))
    return found, events


def _fetched_before(
    there: Sequence[Landed], source: Source, dataset: str, day: date, since: datetime
) -> bool:
    """Whether the newest answer for a day is older than a moment."""
    period = market_days(day, day, source.clock)
    fetched = [
        entry.fetched_at for entry in there if entry.dataset == dataset and entry.period.overlaps(period)
    ]
    return bool(fetched) and max(fetched) < since


def _runs(days: Sequence[date]) -> list[list[date]]:
    runs: list[list[date]] = []
    for day in days:
        if runs and day == runs[-1][-1] + timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _days_in_lists(
    lake: Lake, source: Source, lists: Dataset, dataset: Dataset, days: set[date]
) -> dict[date, datetime]:
    """The days among ``days`` that the landed lists name for a dataset's market, and when the list was made."""
    window = market_days(min(days), max(days), source.clock)
    with lake.reader() as connection:
        keys = connection.execute(
            "SELECT DISTINCT raw_key FROM ledger WHERE iso = $iso AND dataset = $name AND status = 'ok' "
            "AND raw_key IS NOT NULL AND period_start < $end AND period_end > $start",
            {"iso": source.iso, "name": lists.name, "start": window.start, "end": window.end},
        ).fetchall()
    folder = new_place(lake.settings.scratch, "lists")
    found: dict[date, datetime] = {}
    for (key,) in keys:
        corrections = read_corrections(raw_file(lake.settings, key, folder), source.clock)
        # The list's own words for the markets: those of the day-ahead market begin with DA, all others are real time.
        markets = {entry.market for entry in corrections}
        mine = [word for word in markets if word.upper().startswith("DA") == (dataset.market == "DA")]
        for day, made in corrected_days(corrections, mine).items():
            if day in days:
                found[day] = max(made, found.get(day, made))
    sweep(folder)
    return found
