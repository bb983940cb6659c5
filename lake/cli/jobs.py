"""Commands that bring data: plan, ingest, download, import, build, backfill."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ingest.events import Status
from ingest.plan import Plan
from ingest.registry import Dataset, Scope, Source, sources
from lake import pipeline
from lake.build import BuildReport
from lake.build import build as build_tables
from lake.cli import options
from lake.cli.show import complain, counted, duration, number, say, say_json, sentence, size, table, watching
from lake.config import load_settings
from lake.home import Lake
from lake.imports import import_files

INCOMPLETE = 3


def plan(
    iso: options.Iso,
    year: options.Year = None,
    start_date: options.Start = None,
    end_date: options.End = None,
    data_types: options.DataTypes = None,
    markets: options.Markets = None,
    locations: options.Locations = "hubs",
    dataset: options.Datasets = None,
    road: options.Roads = None,
    as_json: options.AsJson = False,
) -> None:
    """Price a job: roads and why, requests, minutes at the source's pace, bytes, what is there, what is expired."""
    source = options.iso_of(iso)
    first, last = options.period(source, year, start_date, end_date)
    scope = options.scope_of(locations)
    datasets = options.picked(source, data_types, markets, scope, dataset, road)
    with Lake(load_settings()) as lake:
        job = pipeline.make_plan(lake, source, datasets, first, last, scope, options.environment())
        if as_json:
            say_json(plan_record(job))
            return
        show_plan(job, first, last)
        if not dataset and not road and not markets and any(one.market for one in datasets):
            _name_the_rest(lake, source, data_types, first, last, scope)


def ingest(
    iso: options.Iso,
    year: options.Year = None,
    start_date: options.Start = None,
    end_date: options.End = None,
    data_types: options.DataTypes = None,
    markets: options.Markets = None,
    locations: options.Locations = "hubs",
    dataset: options.Datasets = None,
    road: options.Roads = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Land what is missing of a period and build the tables: the main job."""
    if dry_run:
        plan(iso, year, start_date, end_date, data_types, markets, locations, dataset, road, as_json)
        return
    source = options.iso_of(iso)
    first, last = options.period(source, year, start_date, end_date)
    scope = options.scope_of(locations)
    datasets = options.picked(source, data_types, markets, scope, dataset, road)
    with Lake(load_settings()) as lake:
        report = _ingest_one(lake, source, datasets, first, last, scope, as_json)
    if not report.complete:
        raise typer.Exit(INCOMPLETE)


def download(
    iso: options.Iso,
    year: options.Year = None,
    start_date: options.Start = None,
    end_date: options.End = None,
    data_types: options.DataTypes = None,
    markets: options.Markets = None,
    locations: options.Locations = "hubs",
    dataset: options.Datasets = None,
    road: options.Roads = None,
) -> None:
    """Land what is missing of a period as raw files, without building tables."""
    source = options.iso_of(iso)
    first, last = options.period(source, year, start_date, end_date)
    scope = options.scope_of(locations)
    datasets = options.picked(source, data_types, markets, scope, dataset, road)
    with Lake(load_settings()) as lake, watching() as watcher:
        pipeline.open_lake(lake)
        report = pipeline.download(lake, source, datasets, first, last, scope, options.environment(), watcher)
        lake.fold_ledger()
    show_landing(report)
    if not report.complete:
        raise typer.Exit(INCOMPLETE)


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders that are searched through.")],
    iso: options.Iso,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="What they are; else told by their header.")
    ] = None,
    published_at: Annotated[
        str | None,
        typer.Option("--published-at", help="When they were published; else each file's own time."),
    ] = None,
) -> None:
    """Take files that you already have into the lake, as they are. `pmp build` reads them."""
    source = options.iso_of(iso)
    known = source.dataset(dataset) if dataset else None
    moment = options.moment(published_at)
    with Lake(load_settings()) as lake:
        pipeline.open_lake(lake)
        adoption = import_files(lake, source, known, paths, moment)
        lake.fold_ledger()
    for problem in adoption.problems:
        complain(problem.sentence)
    say(
        f"{adoption.adopted} files taken in, {adoption.unchanged} were there already, "
        f"{len(adoption.problems)} were not taken."
    )
    if adoption.adopted:
        say(f"Next: pmp build --iso {source.iso.lower()}")
    if not adoption.complete:
        raise typer.Exit(INCOMPLETE if adoption.adopted or adoption.unchanged or adoption.events else 1)


def build(
    iso: options.Iso,
    year: options.Year = None,
    start_date: options.Start = None,
    end_date: options.End = None,
    dataset: options.Datasets = None,
    as_json: options.AsJson = False,
) -> None:
    """Build the tables from what has landed; only what is not there yet is built."""
    source = options.iso_of(iso)
    first, last = (
        options.period(source, year, start_date, end_date) if year is not None or start_date else (None, None)
    )
    datasets = [source.dataset(name) for name in dataset] if dataset else list(source.datasets.values())
    with Lake(load_settings()) as lake, watching(as_json) as watcher:
        pipeline.open_lake(lake)
        report = build_tables(lake, source, datasets, first, last, progress=watcher)
        lake.fold_ledger()
    if as_json:
        say_json(build_record(report))
    else:
        show_build(report)
    if not report.complete:
        raise typer.Exit(INCOMPLETE)


def backfill(
    start_date: Annotated[str, typer.Option("--start-date", help="First delivery date, like 2019-01-01.")],
    iso: options.Isos = None,
    end_date: options.End = None,
    data_types: options.DataTypes = None,
    markets: options.Markets = None,
    locations: options.Locations = "hubs",
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, help="How many ISOs are asked at the same time.")
    ] = 2,
) -> None:
    """Ingest several ISOs, or all; hosts are asked side by side, tables are built one after the other."""
    scope = options.scope_of(locations)
    jobs = []
    for name in dict.fromkeys(iso or sources()):
        source = options.iso_of(name)
        first, last = options.period(source, None, start_date, end_date)
        jobs.append((source, options.picked(source, data_types, markets, scope, None), first, last))
    settings = load_settings()
    with Lake(settings) as lake:
        pipeline.open_lake(lake)
    building = threading.Lock()
    environ = options.environment()

    with watching() as watcher:

        def work(job: tuple[Source, list[Dataset], date, date]) -> pipeline.IngestReport:
            source, datasets, first, last = job
            with Lake(settings) as own:
                report = pipeline.download(own, source, datasets, first, last, scope, environ, watcher)
                # One build at a time: LAKE_MEMORY_LIMIT is for the whole process.
                with building:
                    report.build = build_tables(own, source, datasets, first, last, progress=watcher)
                    own.fold_ledger()
            return report

        with ThreadPoolExecutor(max_workers=at_once) as pool:
            reports = list(pool.map(work, jobs))
    for (source, *_), report in zip(jobs, reports, strict=True):
        say(f"{source.iso}")
        show_landing(report)
        show_build(report.build)
    if not all(report.complete for report in reports):
        raise typer.Exit(INCOMPLETE)


def _ingest_one(
    lake: Lake, source: Source, datasets: list[Dataset], first: date, last: date, scope: Scope, as_json: bool
) -> pipeline.IngestReport:
    job = pipeline.make_plan(lake, source, datasets, first, last, scope, options.environment())
    if not as_json:
        show_plan(job, first, last)
    with watching(as_json) as watcher:
        report = pipeline.ingest(
            lake, source, datasets, first, last, scope, options.environment(), progress=watcher
        )
    if as_json:
        say_json(
            {
                "plan": plan_record(report.plan),
                "landing": landing_record(report),
                "build": build_record(report.build),
            }
        )
    else:
        show_landing(report)
        show_build(report.build)
    return report


def _name_the_rest(
    lake: Lake, source: Source, data_types: str | None, first: date, last: date, scope: Scope
) -> None:
    """What real time and all nodes would cost, and the flag that adds it."""
    more = [("--markets da,rt", ["da", "rt"], scope)]
    if scope == "hubs":
        more.append(("--locations all", ["da"], "all"))
    for flag, sides, reach in more:
        datasets = source.pick(options.words(data_types), sides, reach)
        job = pipeline.make_plan(lake, source, datasets, first, last, reach, options.environment())
        say(
            f"With {flag}: {counted(len(job.requests), 'request')}, {duration(job.seconds())} at the source's pace, "
            f"{size(job.megabytes)} to land."
        )


def show_plan(job: Plan, first: date, last: date) -> None:
    """The plan as a table and sentences."""
    say(
        f"{job.source.iso} {first} to {last}, {job.scope}: {counted(len(job.requests), 'request')}, "
        f"{duration(job.seconds())} at the source's pace, {size(job.megabytes)} to land."
    )
    rows = [
        (
            leg.dataset,
            leg.road.name,
            leg.first,
            leg.last,
            number(len(leg.requests)),
            size(leg.megabytes),
            leg.reason,
        )
        for leg in job.legs
    ]
    if rows:
        table(
            ("dataset", "road", "from", "to", "requests", "to land", "why this road"),
            rows,
            ("requests", "to land"),
        )
    for name, days in job.days_there.items():
        if days:
            say(f"{name}: {counted(days, 'day')} there already.")
    for gap in job.missing:
        word = gap.status.replace("_", " ")
        say(f"{gap.dataset} {gap.first} to {gap.last}: {word}. {sentence(gap.reason)}")


def show_landing(report: pipeline.IngestReport) -> None:
    """What landed, and one sentence per cause of what did not."""
    for name, days in report.corrected.items():
        say(f"{name}: corrected by the source since they were fetched: {', '.join(map(str, days))}.")
    for reason in sorted({gap.reason for gap in report.plan.missing if gap.status == Status.NOT_ASKED}):
        complain(f"Not asked: {reason}.")
    landing = report.landing
    if landing is None:
        return
    counts = landing.counts
    if counts:
        listed = ", ".join(f"{number(count)} {status.replace('_', ' ')}" for status, count in counts.items())
        say(f"Landed: {listed} ({size(landing.bytes / 1e6)}).")
    for words in landing.sentences:
        complain(words)
    if not landing.complete:
        complain("Run the same command again to fetch what is missing; what has landed is kept.")


def show_build(report: BuildReport) -> None:
    """What was built, and one sentence per file or chunk that was not."""
    if report.built:
        rows = (
            ", ".join(f"{number(count)} rows of {name}" for name, count in sorted(report.rows.items()))
            or "no rows"
        )
        say(f"Built: {rows} in {len(report.built)} chunks, {len(report.snapshots)} snapshots.")
    if report.there:
        say(f"{report.there} chunks were up to date.")
    for reason in report.quarantined.values():
        complain(f"Quarantined: {reason}")
    for reason in report.failed.values():
        complain(reason)


def plan_record(job: Plan) -> dict[str, object]:
    """The plan for a script."""
    return {
        "iso": job.source.iso,
        "scope": job.scope,
        "requests": len(job.requests),
        "seconds": round(job.seconds()),
        "megabytes": round(job.megabytes, 3),
        "legs": [
            {
                "dataset": leg.dataset,
                "road": leg.road.name,
                "first": leg.first,
                "last": leg.last,
                "requests": len(leg.requests),
                "megabytes": round(leg.megabytes, 3),
                "reason": leg.reason,
            }
            for leg in job.legs
        ],
        "days_there": job.days_there,
        "missing": [
            {
                "dataset": gap.dataset,
                "first": gap.first,
                "last": gap.last,
                "status": gap.status,
                "reason": gap.reason,
            }
            for gap in job.missing
        ],
    }


def landing_record(report: pipeline.IngestReport) -> dict[str, object]:
    """What landed, for a script."""
    landing = report.landing
    if landing is None:
        return {}
    return {
        "counts": {str(status): count for status, count in landing.counts.items()},
        "bytes": landing.bytes,
        "complete": landing.complete,
        "causes": landing.sentences,
        "corrected": report.corrected,
    }


def build_record(report: BuildReport) -> dict[str, object]:
    """What was built, for a script."""
    return {
        "rows": dict(report.rows),
        "chunks": len(report.built),
        "up_to_date": report.there,
        "snapshots": report.snapshots,
        "quarantined": report.quarantined,
        "failed": report.failed,
        "complete": report.complete,
    }
