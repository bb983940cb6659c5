"""The command that hands the lake on: export."""

from __future__ import annotations

from typing import Annotated

import typer

from ingest.clock import check_year
from ingest.storage import Store
from lake.cli import options
from lake.cli.show import complain, number, say, say_json, watching
from lake.config import load_settings
from lake.export import export as write_files
from lake.home import Lake


def export(
    iso: Annotated[
        list[str] | None,
        typer.Option("--iso", help="A market operator; give it again for more. Default: all."),
    ] = None,
    year: Annotated[
        list[int] | None,
        typer.Option("--year", help="A year of delivery dates; give it again for more. Default: all."),
    ] = None,
    to: Annotated[str, typer.Option("--to", help="A folder, or s3://bucket/prefix.")] = "export",
    to_pass_on: Annotated[
        bool,
        typer.Option("--to-pass-on", help="Only operators whose terms let their data be passed on."),
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Write the current rows as yearly Parquet files, and what there is to know of them as JSON."""
    chosen = [options.iso_of(name) for name in dict.fromkeys(iso or ())] or None
    for one in year or ():
        check_year(one, "--year")
    settings = load_settings()
    # A bucket is opened with what the settings say of AWS, also where the lake is in a folder.
    target = Store(to, load_settings(uri=to).storage_options)
    with Lake(settings) as lake, watching(quiet=as_json) as watcher:
        report = write_files(lake, target, chosen, year or None, to_pass_on, watcher)
    if as_json:
        say_json(vars(report))
        return
    say(
        f"Exported to {to}: {number(len(report.written))} files written with {number(report.rows)} rows, "
        f"{number(len(report.unchanged))} unchanged."
    )
    for name, note in report.kept_back.items():
        complain(f"{name} is left out: {note}")
    if not to_pass_on:
        say("Not every operator lets its data be passed on: see redistribute in metadata/market_info.json.")
