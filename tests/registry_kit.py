"""The registry as the suites use it: datasets by what their sites serve, small variants, accounts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import pytest
from oracle.shell import unpack

from ingest import registry
from ingest.registry import Dataset, Feed, Source


def source_word(dataset: Dataset) -> str:
    """The source's own name of a dataset, as its site and the simulator know it."""
    return dataset.source_name.split(" ")[0]


def is_newest_only(dataset: Dataset) -> bool:
    """Whether a source serves nothing of the past, as of a forecast only the newest one."""
    return all(road.retention.days == 0 for road in dataset.roads)


def servable_day(dataset: Dataset, usual: date, now: datetime) -> date:
    """A day that a dataset's first road serves at a moment, as it serves the next: the usual one where it can be.

    Where nothing past is served, tomorrow of a forecast and today of a list; later where days are kept briefly,
    earlier where they come out late.
    """
    if is_newest_only(dataset):
        return now.date() if is_list(dataset) else now.date() + timedelta(days=1)
    back = (now.date() - usual).days
    if 3 < dataset.published.day <= 30:
        back = max(back, dataset.published.day + 3)
    kept = dataset.roads[0].retention.days
    return now.date() - timedelta(days=back if kept is None else min(back, kept - 1))


def served_when(dataset: Dataset) -> str:
    """When the sites serve a delivery day: on it only, or how long after it, or weeks later."""
    if is_newest_only(dataset):
        return "on the day"
    if all(road.retention.days is not None and road.retention.days < 6 for road in dataset.roads):
        return "next"
    if dataset.published.day > 7:
        return "late"
    return "final" if dataset.published.day > 3 else "soon"


def is_list(dataset: Dataset) -> bool:
    """Whether a dataset lists what there is, rather than what was measured."""
    return dataset.data_type == "locations"


def declared(*changed: Source) -> contextlib.AbstractContextManager[None]:
    """The registry with some ISOs changed, as if their YAML files had been edited."""

    @contextlib.contextmanager
    def patched() -> Iterator[None]:
        known = {**registry.sources(), **{source.iso: source for source in changed}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(registry, "sources", lambda folder=None: known)
            yield

    return patched()


def small(source: Source) -> Source:
    """The ISO with no request longer than a day where the site leaves the choice, and few hubs to ask for.

    Answers are small then; everything else is as declared.
    """
    few = {kind: dict(list(ids.items())[:1]) for kind, ids in source.locations.known.items()}
    return source.model_copy(
        update={
            "datasets": {name: _by_day(dataset) for name, dataset in source.datasets.items()},
            "locations": source.locations.model_copy(update={"known": few}),
        }
    )


def _by_day(dataset: Dataset) -> Dataset:
    roads = [
        road
        if road.ask.get("kind") or road.span in ("hour", "year")
        else road.model_copy(update={"span": "day"})
        for road in dataset.roads
    ]
    # What began after the days of these tests is told as if it had begun before them.
    since = dataset.since and min(dataset.since, date(2025, 1, 1))
    return dataset.model_copy(update={"roads": roads, "since": since})


def thin(source: Source, files: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """CSV files with the rows of a few locations only; archives and files without locations as they are."""
    ids = {key for known in source.locations.known.values() for key in list(known)[:1]}
    found = []
    for name, content in files:
        header, *lines = content.splitlines(keepends=True)
        titles = header.decode(errors="replace").replace('"', "").strip().split(",")
        place = next((titles.index(title) for title in ("pnode_id", "PTID") if title in titles), None)
        if place is None or "Time Zone" in titles:
            found.append((name, content))
            continue
        at = [line.decode().split(",")[place].strip('"\r\n') for line in lines]
        wanted = ids & set(at) or set(at[:2])
        kept = [line for line, key in zip(lines, at, strict=True) if key in wanted]
        found.append((name, b"".join([header, *kept])))
    return found


def as_text(name: str, content: bytes) -> bytes:
    """The rows of an old workbook's one sheet as text, and the lines before them; everything else as it is."""
    if content[:4] != b"\xd0\xcf\x11\xe0":
        return content
    ((_, text),) = unpack(name, content)
    lines = [line.rstrip(b",") for line in text.splitlines()]
    while b"," not in lines[-1] or lines[-1].endswith(b'"'):
        lines.pop()
    return b"\n".join([*lines, b""])


def feeds(source: Source, table: str, series: str) -> Iterator[tuple[Dataset, Feed]]:
    """The feeds of a series, with their datasets."""
    for dataset in source.datasets.values():
        for feed in dataset.feeds.values():
            if (feed.table, feed.series) == (table, series):
                yield dataset, feed
