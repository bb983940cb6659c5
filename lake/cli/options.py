"""What several commands are asked with, and how the words become a period, datasets and a scope."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, cast

import typer
from dotenv import dotenv_values

from ingest.clock import check_year, local_date, now, parse_date
from ingest.errors import BadPeriod, UnknownName
from ingest.registry import Dataset, Scope, Source, source

Iso = Annotated[str, typer.Option("--iso", help="The market operator, in any case: caiso, nyiso, pjm …")]
MaybeIso = Annotated[str | None, typer.Option("--iso", help="Only this market operator.")]
Isos = Annotated[
    list[str] | None, typer.Option("--iso", help="A market operator; give it again for more. Default: all.")
]
Year = Annotated[int | None, typer.Option("--year", help="A year of delivery dates.")]
Start = Annotated[str | None, typer.Option("--start-date", help="First delivery date, like 2022-01-31.")]
End = Annotated[str | None, typer.Option("--end-date", help="Last delivery date, included.")]
DataTypes = Annotated[str | None, typer.Option("--data-types", help="Comma-separated: lmp,as (the default).")]
Markets = Annotated[str | None, typer.Option("--markets", help="Comma-separated: da (the default), rt.")]
Locations = Annotated[str, typer.Option("--locations", help="hubs (hubs and zones) or all.")]
Datasets = Annotated[
    list[str] | None, typer.Option("--dataset", help="A dataset by name; give it again for more.")
]
Roads = Annotated[
    list[str] | None,
    typer.Option(
        "--road", help="Only this road, whatever it costs; give it again for more (docs/datasets.md)."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def period(iso: Source, year: int | None, start: str | None, end: str | None) -> tuple[date, date]:
    """The delivery dates that the words mean, both ends included.

    Raises:
        BadPeriod: no period, a reversed one, or one that cannot be.
    """
    if year is not None:
        if start or end:
            raise BadPeriod("Give --year, or --start-date and --end-date, not both.")
        check_year(year, "--year")
        return date(year, 1, 1), date(year, 12, 31)
    if start is None:
        raise BadPeriod("Say which period: --year 2022, or --start-date 2022-01-01 --end-date 2022-03-31.")
    first = parse_date(start, "--start-date")
    last = parse_date(end, "--end-date") if end else local_date(now(), iso.clock)
    if first > last:
        raise BadPeriod(f"--start-date {first} is after --end-date {last}: turn them round.")
    return first, last


def scope_of(word: str) -> Scope:
    """The scope that a word means.

    Raises:
        UnknownName: it is neither.
    """
    if word.lower() not in ("hubs", "all"):
        raise UnknownName("scope", word, ["hubs", "all"])
    return cast(Scope, word.lower())


def words(text: str | None) -> list[str] | None:
    """A comma-separated option as a list."""
    return [word.strip() for word in text.split(",") if word.strip()] if text else None


def picked(
    iso: Source,
    data_types: str | None,
    markets: str | None,
    scope: Scope,
    names: list[str] | None,
    roads: list[str] | None = None,
) -> list[Dataset]:
    """The datasets that the words mean; with ``roads`` those that have one of them, and with no other road.

    Raises:
        UnknownName: a word that the registry does not have.
    """
    found = iso.pick(words(data_types), words(markets), scope, names)
    if not roads:
        return found
    known = {road.name for dataset in found for road in dataset.roads}
    for name in roads:
        if name not in known:
            raise UnknownName("road", name, known)
    kept = [(dataset, [road for road in dataset.roads if road.name in roads]) for dataset in found]
    return [dataset.model_copy(update={"roads": own}) for dataset, own in kept if own]


def iso_of(name: str) -> Source:
    """The ISO of that name.

    Raises:
        UnknownName: there is none.
    """
    return source(name)


def environment() -> Mapping[str, str]:
    """The environment, with what a ``.env`` file adds to it."""
    extra = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**extra, **os.environ}


def moment(text: str | None) -> datetime | None:
    """A stamp with an offset, as ``--published-at`` takes it.

    Raises:
        BadPeriod: it is not one.
    """
    if text is None:
        return None
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        stamp = None
    if stamp is None or stamp.tzinfo is None:
        raise BadPeriod(
            f"--published-at '{text}' is not a moment. Write it with its offset, like 2024-03-06T10:00:00-05:00."
        )
    return stamp
