"""What the suites of revisions and of contradictions share: the moment, the days, the files of a dataset."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from behaviour_kit import served, stamp
from registry_kit import servable_day, thin

from ingest.registry import Dataset, Source
from ingest.simulator import Simulator

NOW = stamp("2025-11-20 20:00")
DAYS = {False: date(2025, 11, 14), True: date(2025, 10, 8)}
DAY = timedelta(days=1)


def day_of(dataset: Dataset) -> date:
    """A day that a dataset's first road serves at NOW."""
    return servable_day(dataset, DAYS[dataset.published.day > 30], NOW)


def files_of(sim: Simulator, source: Source, dataset: Dataset) -> list[tuple[str, bytes]]:
    """A dataset's day as its site serves it now, under names without the second of the request."""
    files = thin(source, served(sim, source, dataset, dataset.roads[0], day_of(dataset)))
    return [
        (f"{number}-{dataset.name}{Path(name).suffix}", text) for number, (name, text) in enumerate(files)
    ]
