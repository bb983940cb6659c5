"""Commands that look: init, status, catalog, check, sql, doctor."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from catalog.duck import extension_files
from ingest.clock import parse_date
from ingest.registry import sources
from lake import checks, coverage, pipeline
from lake import doctor as health
from lake.api import connect
from lake.cli import options
from lake.cli.show import complain, number, say, say_json, table
from lake.config import Settings, load_settings
from lake.errors import QueryError
from lake.home import Lake

INCOMPLETE = 3


def init(
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Take over the tables that lie in the lake when its catalog was lost."),
    ] = False,
) -> None:
    """Create the catalog, the tables and the views of a lake; safe to repeat."""
    with Lake(load_settings()) as lake:
        pipeline.open_lake(lake, adopt_tables=adopt)
        say(
            f"The lake is at {lake.settings.root}. Attach it: "
            f"ATTACH '{lake.settings.root}/lake.duckdb' AS lake (READ_ONLY);"
        )


def status(iso: options.MaybeIso = None, as_json: options.AsJson = False) -> None:
    """What the lake holds and what it lacks, per dataset."""
    wanted = options.iso_of(iso).iso if iso else None
    with Lake(load_settings()) as lake:
        lake.require()
        _print(coverage.status(lake, wanted), as_json)


def catalog(
    iso: options.MaybeIso = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="What is declared to be missing, and why.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """What there is to ingest: datasets, roads, how far back each reaches."""
    chosen = [options.iso_of(iso)] if iso else list(sources().values())
    if gaps:
        rows: list[dict[str, Any]] = [
            {"iso": source.iso, "gap": name, "reason": reason}
            for source in chosen
            for name, reason in source.gaps.items()
        ]
    else:
        rows = [
            {
                "iso": source.iso,
                "dataset": dataset.name,
                "source": dataset.source_name,
                "title": dataset.title,
                "since": dataset.since,
                "scopes": " ".join(dataset.scopes),
                "roads": " ".join(road.name for road in dataset.roads),
            }
            for source in chosen
            for dataset in source.datasets.values()
        ]
    _print(rows, as_json)


def check(
    iso: options.MaybeIso = None,
    start_date: options.Start = None,
    end_date: options.End = None,
    as_json: options.AsJson = False,
) -> None:
    """Run the quality checks and record their results; exit code 3 where the contract is broken."""
    wanted = options.iso_of(iso).iso if iso else None
    first = parse_date(start_date, "--start-date") if start_date else None
    last = parse_date(end_date, "--end-date") if end_date else None
    with Lake(load_settings()) as lake:
        lake.require()
        results = checks.run(lake, wanted, first, last)
    if as_json:
        _print(results, as_json)
    else:
        _show_checks(results)
    if any(result.is_error for result in results):
        raise typer.Exit(INCOMPLETE)


def _show_checks(results: Sequence[checks.CheckResult]) -> None:
    """One line a check that found nothing, and what the others found, with examples."""
    by_name: dict[str, list[checks.CheckResult]] = {}
    for result in results:
        by_name.setdefault(result.check_name, []).append(result)
    for name, group in by_name.items():
        found = [result for result in group if not result.passed]
        if not found:
            say(f"ok       {name}: {group[0].title} ({', '.join(result.iso for result in group)})")
        for result in found:
            say(
                f"{result.severity:<8} {name}: {result.iso}, {number(result.offending)} rows. Not so: {result.title}."
            )
            for example in result.examples:
                say("         " + ", ".join(f"{key} {value}" for key, value in example.items()))


def sql(
    query: Annotated[str | None, typer.Argument(help="One query; without it a DuckDB shell opens.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """One query, or a DuckDB shell with the lake attached."""
    settings = load_settings()
    if query is None:
        raise typer.Exit(_shell(settings))
    with connect() as connection:
        try:
            result = connection.sql(query)
            if result is None:
                return
            if as_json:
                names = result.columns
                say_json([dict(zip(names, row, strict=True)) for row in result.fetchall()])
            else:
                result.show(max_width=_width(), max_rows=200)
        except duckdb.Error as error:
            raise QueryError(str(error).strip().split("\n\n")[0]) from None


def doctor(iso: options.MaybeIso = None, as_json: options.AsJson = False) -> None:
    """Credentials, storage, catalog, clock and memory, one sentence each; exit code 1 where something is wrong."""
    wanted = [options.iso_of(iso)] if iso else list(sources().values())
    findings = health.examine(load_settings(), wanted, options.environment())
    if as_json:
        say_json([{"what": one.what, "good": one.good, "sentence": one.sentence} for one in findings])
    else:
        for one in findings:
            say(f"{'ok  ' if one.good else 'BAD '} {one.what}: {one.sentence}")
    if not all(one.good for one in findings):
        raise typer.Exit(1)


def _width() -> int:
    try:
        return max(os.get_terminal_size().columns, 80)
    except OSError:
        return 160


def _print(rows: Any, as_json: bool) -> None:
    """Records as a table or as JSON."""
    records = [row if isinstance(row, dict) else vars(row) for row in rows]
    if as_json:
        say_json(records)
        return
    if not records:
        say("Nothing.")
        return
    headers = list(records[0])
    cells = [
        [
            number(value) if isinstance(value, int) and not isinstance(value, bool) else value
            for value in record.values()
        ]
        for record in records
    ]
    right = [
        name
        for name, value in records[0].items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    table(headers, cells, right)


def _shell(settings: Settings) -> int:
    """DuckDB's own shell with the lake attached; its secret is in the shell's memory only.

    The statements go through a file that only this user can read, and that is removed when the shell has ended.
    """
    shell = Path(sys.executable).with_name("duckdb")
    if not shell.exists():
        complain("The DuckDB shell is not installed: pip install duckdb-cli==" + duckdb.__version__)
        return 1
    with Lake(settings) as lake:
        lake.require()
        access = lake.s3_access()
        lines = [f"LOAD '{path}';" for path in extension_files().values()]
        lines += ["SET TimeZone = 'UTC';", f"SET memory_limit = '{settings.memory_limit}';"]
        if access is not None:
            lines.append(secret_statement(settings))
        lines += [f"ATTACH '{settings.root}/lake.duckdb' AS lake (READ_ONLY);", "USE lake;"]
    with tempfile.NamedTemporaryFile("w", suffix=".sql", prefix="pmp-", delete=False) as handle:
        handle.write("\n".join(lines) + "\n")
        handle.flush()
    try:
        return subprocess.run([str(shell), "-init", handle.name], check=False).returncode
    finally:
        Path(handle.name).unlink(missing_ok=True)


def secret_statement(settings: Settings) -> str:
    """The statement that gives a DuckDB shell its S3 secret."""
    pairs = {
        "KEY_ID": settings.access_key and settings.access_key.get_secret_value(),
        "SECRET": settings.secret_key and settings.secret_key.get_secret_value(),
        "SESSION_TOKEN": settings.session_token and settings.session_token.get_secret_value(),
        "REGION": settings.region,
    }
    if settings.endpoint:
        scheme, _, place = settings.endpoint.partition("://")
        pairs |= {"ENDPOINT": place or scheme, "URL_STYLE": "path"}
    given = [f"{name} '{str(value).replace(chr(39), chr(39) * 2)}'" for name, value in pairs.items() if value]
    if settings.endpoint and settings.endpoint.startswith("http://"):
        given.append("USE_SSL false")
    return f"CREATE SECRET lake (TYPE s3, {', '.join(given)});" if given else "CREATE SECRET lake (TYPE s3);"
