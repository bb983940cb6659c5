"""The build: observations of raw objects -> chunks -> data files -> one snapshot per table and year.

    ledger ──> undated files get their period ──> chunks with a fingerprint ──> what is not in the table yet
                                                                                        │
         one snapshot per table and year <── files at their place <── workers (any Executor)

Workers only write files; this process alone moves them to their place and commits.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta

from catalog.commit import commit
from catalog.lease import lease
from ingest.clock import Period, market_days
from ingest.events import Event, Status
from ingest.registry import Dataset, Source
from lake.chunk import ChunkResult, build_chunk
from lake.chunks import Chunk, chunks_of, empty_note, files_of, job_of, quarantine_note, raw_files, target_of
from lake.errors import BuildError, LakeError
from lake.home import Lake
from lake.ledger import Observation, observations
from lake.workshop import ChunkJob, feeds_of


class Here(Executor):
    """An executor that works in this process, at once."""

    def submit(self, fn: Callable, /, *args: object, **kwargs: object) -> Future:  # type: ignore[type-arg]
        """Run it and hand back the finished future."""
        future: Future = Future()  # type: ignore[type-arg]
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - a future carries whatever was raised, as those of a pool do
            future.set_exception(error)
        return future


@dataclass
class BuildReport:
    """What a build did."""

    built: list[ChunkResult] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    there: int = 0
    snapshots: list[int] = field(default_factory=list)
    quarantined: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything that has landed is in the tables."""
        return not self.quarantined and not self.failed


def build(
    lake: Lake,
    source: Source,
    datasets: Sequence[Dataset],
    first: date | None = None,
    last: date | None = None,
    executor: Executor | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    on_step: Callable[[str], None] | None = None,
) -> BuildReport:
    """Bring the tables to what has landed.

    Args:
        lake: where.
        source: the ISO.
        datasets: which of its datasets; the series that they feed are built from all datasets of the series.
        first: first delivery date of the chunks to build; None for all.
        last: last delivery date.
        executor: where chunks are built; this process by default.
        progress: told what was done of how much.
        on_step: told the steps of every chunk (``written``, ``placed``), ``built``, and the steps of every
            commit; for tests that interrupt a real process.

    Returns:
        What was built, what was there, what could not be read.
    """
    report = BuildReport()
    with lake.reader() as connection:
        series = sorted(
            {(feed.table, feed.series) for dataset in datasets for feed in dataset.feeds.values()}
        )
        names = {
            dataset.name for table, name in series for dataset, _, _ in feeds_of(source.iso, table, name)
        }
        seen = observations(connection, source.iso, names)
    if _date_undated(lake, source, [one for one in seen if not one.periods], report):
        with lake.reader() as connection:
            seen = observations(connection, source.iso, names)
    days = (first or date(1990, 1, 1), last or date(2100, 12, 31))
    window = market_days(*days, source.clock)
    for table, name in series:
        reach = _reach(source, table, name, *days)
        chunks = [
            chunk for chunk in chunks_of(lake, source, table, name, seen) if chunk.period.overlaps(reach)
        ]
        by_year: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in chunks:
            by_year[chunk.year].append(chunk)
        for year in sorted(by_year):
            _build_year(lake, source, by_year[year], executor or Here(), report, progress, on_step)
    _lift(lake, source, seen, set(series), window, report)
    return report


def _reach(source: Source, table: str, series: str, first: date, last: date) -> Period:
    """The days from first to last, with those around them that files of the series may speak of."""
    datasets = [dataset for dataset, _, _ in feeds_of(source.iso, table, series)]
    before = max((dataset.days_before for dataset in datasets), default=0)
    after = max((dataset.days_after for dataset in datasets), default=0)
    return market_days(first - timedelta(days=before), last + timedelta(days=after), source.clock)


def _date_undated(lake: Lake, source: Source, undated: Sequence[Observation], report: BuildReport) -> bool:
    """Ask imported files for the span of their rows, and write it to the ledger."""
    events = []
    by_dataset: dict[str, list[Observation]] = defaultdict(list)
    for one in undated:
        by_dataset[one.dataset].append(one)
    for name, seen in by_dataset.items():
        dataset = source.dataset(name)
        spans: dict[str, list[Period]] = defaultdict(list)
        wrong: dict[str, str] = {}
        failed = False
        for table, series in {(feed.table, feed.series) for feed in dataset.feeds.values()}:
            job = ChunkJob(
                lake.settings,
                source.iso,
                table,
                series,
                "undated",
                None,
                raw_files(source, table, series, seen),
                False,
            )
            try:
                result = build_chunk(job)
            except BuildError as error:
                report.failed[f"{series} undated"] = str(error)
                failed = True
                continue
            wrong.update(result.quarantined)
            for key, span in result.spans.items():
                spans[key] += [span] if span else []
        for one in seen:
            event = one.event.but(event_id=lake.journal.next_id(), run_id=lake.journal.run_id, attempts=0)
            if one.raw_key in wrong:
                report.quarantined[one.raw_key] = wrong[one.raw_key]
                if not one.quarantined:
                    events.append(event.but(status=Status.QUARANTINED, message=wrong[one.raw_key]))
            elif spans[one.raw_key]:
                start, end = (
                    min(span.start for span in spans[one.raw_key]),
                    max(span.end for span in spans[one.raw_key]),
                )
                events.append(
                    event.but(period_start=start, period_end=end, message="period read from the rows")
                )
            elif not failed:
                events.append(event.but(status=Status.EMPTY, message=f"{one.raw_key} holds no row."))
    lake.journal.write(events)
    return bool(events)


def _build_year(
    lake: Lake,
    source: Source,
    chunks: Sequence[Chunk],
    executor: Executor,
    report: BuildReport,
    progress: Callable[[str, int, int], None],
    on_step: Callable[[str], None] | None,
) -> None:
    """Build the chunks of one table, series and year that are not there yet, and commit them as one snapshot."""
    step = on_step or (lambda name: None)
    contract = lake.contracts[chunks[0].table]
    what = f"{source.iso} {chunks[0].series} {chunks[0].year}"
    if contract.name != "energy_prices":
        what += f" ({contract.name})"
    current = {file.path for file in lake.catalog.data_files(contract)}
    due = [chunk for chunk in chunks if not _is_there(lake, source, chunk, current)]
    names = [f"{source.iso}/{chunk.table}/{chunk.series}/{chunk.name}" for chunk in due]
    with lease(lake.catalog, *names) if names else nullcontext():
        # While this process waited for a lease another may have built the chunk.
        current = {file.path for file in lake.catalog.data_files(contract)}
        due = [chunk for chunk in due if not _is_there(lake, source, chunk, current)]
        report.there += len(chunks) - len(due)
        added: list[str] = []
        emptied: list[Chunk] = []
        jobs: list[Chunk] = []
        for chunk in due:
            if lake.has_data_file(target_of(lake, source, chunk)):
                added.append(target_of(lake, source, chunk))
            else:
                jobs.append(chunk)
        for chunk in chunks:
            if chunk not in jobs and any(one.quarantined for one in chunk.seen):
                report.quarantined.update(_left_out(lake, source, chunk))
        for done, (chunk, future) in enumerate(_worked(lake, source, jobs, executor), start=1):
            try:
                result: ChunkResult = future.result()
                _agree_with_other_series(lake, source, chunk, result)
            except LakeError as error:
                report.failed[f"{chunk.series} {chunk.name}"] = str(error)
                continue
            _quarantine(lake, source, chunk, result, report)
            report.built.append(result)
            if result.path is not None:
                step("written")
                lake.put_data_file(result.path, target_of(lake, source, chunk))
                step("placed")
                added.append(target_of(lake, source, chunk))
                report.rows[chunk.table] += result.rows
            elif not result.quarantined:
                emptied.append(chunk)
            progress(what, done, len(jobs))
        step("built")
        replaced = [
            files_of(source, chunk)
            for chunk in due
            if target_of(lake, source, chunk) in added or chunk in emptied
        ]
        snapshot = commit(
            lake.catalog,
            contract,
            added,
            lambda now: [
                path for path in now if path not in added and any(rule.search(path) for rule in replaced)
            ],
            on_step=on_step,
        )
        if snapshot is not None:
            report.snapshots.append(snapshot)
        for chunk in emptied:
            lake.store.write_bytes(empty_note(source, chunk), b"")


def _worked(
    lake: Lake, source: Source, chunks: Sequence[Chunk], executor: Executor
) -> Iterator[tuple[Chunk, Future[ChunkResult]]]:
    """Chunks with their finished futures, as they finish; in this process one is placed before the next begins."""
    if isinstance(executor, Here):
        for chunk in chunks:
            yield chunk, executor.submit(build_chunk, job_of(lake, source, chunk))
        return
    futures = {executor.submit(build_chunk, job_of(lake, source, chunk)): chunk for chunk in chunks}
    for future in as_completed(futures):
        yield futures[future], future


def _is_there(lake: Lake, source: Source, chunk: Chunk, current: set[str]) -> bool:
    """Whether a chunk is in the table as it would be built now, or is known to hold no row."""
    return target_of(lake, source, chunk) in current or lake.store.exists(empty_note(source, chunk))


def _quarantine(lake: Lake, source: Source, chunk: Chunk, result: ChunkResult, report: BuildReport) -> None:
    """Note which raw files a chunk is built without, and tell the ledger of each once."""
    by_key = {one.raw_key: one for one in chunk.seen}
    events = []
    for key, reason in result.quarantined.items():
        one = by_key[key]
        if not one.quarantined and key not in report.quarantined:
            events.append(_verdict(lake, one, Status.QUARANTINED, reason))
        report.quarantined[key] = reason
    if result.quarantined:
        note = json.dumps(result.quarantined).encode()
        lake.store.write_bytes(quarantine_note(source, chunk), note)
    lake.journal.write(events)


def _left_out(lake: Lake, source: Source, chunk: Chunk) -> dict[str, str]:
    """The raw files that a chunk, which is not built anew, was built without, and why."""
    note = quarantine_note(source, chunk)
    found: dict[str, str] = json.loads(lake.store.read_bytes(note)) if lake.store.exists(note) else {}
    return found


def _lift(
    lake: Lake,
    source: Source,
    seen: Sequence[Observation],
    series: set[tuple[str, str]],
    window: Period,
    report: BuildReport,
) -> None:
    """Tell the ledger of raw files that were quarantined and that every chunk they belong to reads by now."""
    events = []
    for one in seen:
        feeds = source.dataset(one.dataset).feeds.values()
        if (
            one.quarantined
            and one.periods
            and not report.failed
            and one.raw_key not in report.quarantined
            and all((feed.table, feed.series) in series for feed in feeds)
            and all(window.start <= span.start and span.end <= window.end for span in one.periods)
        ):
            events.append(_verdict(lake, one, Status.OK, "can be read by now"))
    lake.journal.write(events)


def _verdict(lake: Lake, one: Observation, status: Status, message: str) -> Event:
    return one.event.but(
        event_id=lake.journal.next_id(),
        run_id=lake.journal.run_id,
        attempts=0,
        status=status,
        message=message,
    )


def _agree_with_other_series(lake: Lake, source: Source, chunk: Chunk, result: ChunkResult) -> None:
    """No two series may give the same key: what is one quantity must be one series.

    Raises:
        BuildError: rows of this chunk have keys that another series of the same market and interval has.
    """
    if result.path is None:
        return
    contract = lake.contracts[chunk.table]
    mine = next(feed for _, _, feed in feeds_of(source.iso, chunk.table, chunk.series))
    others = {
        feed.series
        for dataset in source.datasets.values()
        for feed in dataset.feeds.values()
        if feed.table == chunk.table
        and feed.market == mine.market
        and feed.series != chunk.series
        and feed.interval_minutes == mine.interval_minutes
    }
    files = [
        file.path.removeprefix("file://")
        for file in lake.catalog.data_files(contract)
        if any(f"/{other}/{chunk.name}-" in file.path for other in others) and file.iso == source.iso
    ]
    if not files:
        return
    key = ", ".join(f'"{name}"' for name in contract.grain)
    with lake.reader(ledger=False) as connection:
        row = connection.execute(
            # The folder names are no columns here: they would stand beside those of the file.
            f"SELECT {key} FROM (SELECT {key} FROM read_parquet($mine, hive_partitioning = false)) "
            f"WHERE ({key}) IN (SELECT ({key}) FROM read_parquet($theirs, hive_partitioning = false)) LIMIT 1",
            {"mine": str(result.path), "theirs": files},
        ).fetchone()
    if row:
        result.path.unlink(missing_ok=True)
        raise BuildError(
            f"{source.iso} {chunk.series} {chunk.name} gives a key that another series has too "
            f"({', '.join(sorted(others))}): "
            f"{', '.join(map(str, row))}. Make them stages of one series in ingest/sources/{source.iso.lower()}.yaml."
        )
