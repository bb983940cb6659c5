"""One behaviour suite over the registry: what holds for every dataset, none exempted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from behaviour_kit import (
    CONTROL,
    DATASETS,
    ISOS,
    TABULAR,
    World,
    asked_by_day,
    assert_series,
    declared,
    source_word,
    stamp,
)
from oracle import readers

from ingest import registry
from ingest.simulator import Simulator, expected

AUTUMN, SPRING = date(2025, 11, 2), date(2026, 3, 8)
EDGE = (date(2025, 12, 31), date(2026, 1, 1))
# What is published five business days after the month is asked for from here on.
LATE = 30


def live(world: World, iso: str) -> None:
    """Months of a lake in minutes: each period is asked for soon after it, what settles late when it has settled."""
    source = registry.source(iso)
    soon = [name for name, one in source.datasets.items() if one.published.day <= LATE]
    late = [name for name, one in source.datasets.items() if one.published.day > LATE]
    narrow = [name for name in soon if "hubs" in source.dataset(name).scopes]
    wide_only = [name for name in soon if name not in narrow]
    for now, period, names in (
        ("2025-11-07 08:00", (AUTUMN, AUTUMN), soon),
        ("2026-01-06 08:00", EDGE, narrow),
        ("2026-03-13 08:00", (SPRING, SPRING), narrow),
        ("2026-04-25 08:00", (AUTUMN, AUTUMN), late),
        ("2026-04-25 09:00", (SPRING, SPRING), late),
    ):
        world.now = stamp(now)
        if not names:
            continue
        scope = "all" if period == (AUTUMN, AUTUMN) and names is soon else "hubs"
        report = world.download(iso, *period, names, scope)
        assert report.landing is not None
        assert report.landing.complete, report.landing.sentences
        if wide_only and period == (SPRING, SPRING):
            assert world.download(iso, *period, wide_only, "all").complete
    report = world.build(iso)
    assert report.complete, (report.quarantined, report.failed)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """Each ISO's lake after the two days of the clock change and a year's edge."""
    made: dict[str, World] = {}
    with declared(*(asked_by_day(source) for source in registry.sources().values())):
        yield made
        for world in made.values():
            world.__exit__()
            assert world.sim is not None
            world.sim.stop()


@pytest.fixture
def lived(worlds: dict[str, World], iso: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    if iso not in worlds:
        sim = Simulator(now=stamp("2025-11-07 08:00"), nodes=2).start()
        worlds[iso] = World(tmp_path_factory.mktemp(iso), sim, stamp("2025-11-07 08:00"))
        worlds[iso].__enter__()
        live(worlds[iso], iso)
    return worlds[iso]


SERIES = sorted(
    {
        (source.iso, feed.table, feed.series)
        for source in registry.sources().values()
        for dataset in source.datasets.values()
        for feed in dataset.feeds.values()
    }
)


@pytest.mark.parametrize(("iso", "table", "series"), SERIES)
def test_the_table_holds_what_landed_and_nothing_else(lived: World, iso: str, table: str, series: str) -> None:
    assert assert_series(lived, iso, table, series) > 0
