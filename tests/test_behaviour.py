"""One behaviour suite over the registry: what holds for every dataset, none exempted.

Here through the simulated sites: landed, built, compared with an independent reading of the landed bytes and
with what the sites print. Faults of the sites are in ``test_behaviour_faults``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from behaviour_kit import (
    ACCOUNTS,
    CONTROL,
    DATASETS,
    ISOS,
    LISTS,
    SERIES,
    TABULAR,
    World,
    assert_series,
    stamp,
)
from oracle import readers
from registry_kit import declared, feeds, is_list, is_newest_only, served_when, small, source_word

from ingest import registry
from ingest.registry import Dataset, Source
from ingest.simulator import Simulator, expected

AUTUMN, SPRING = date(2025, 11, 2), date(2026, 3, 8)
EDGE = (date(2025, 12, 31), date(2026, 1, 1))


@dataclass(frozen=True)
class Visit:
    """A run of a user: when, for which delivery dates, of what."""

    now: str
    first: date
    last: date
    names: tuple[str, ...]
    scope: str


def visits(source: Source, thorough: bool) -> Iterator[Visit]:
    """Months of a lake in a few runs: each period soon after it, what settles late when it has settled.

    Unless thorough, what has many files or rows a day is left out.
    """
    for now, first, last, when in (
        ("2025-11-02 12:00", AUTUMN, AUTUMN, "on the day"),
        ("2025-11-04 20:00", AUTUMN, AUTUMN, "next"),
        ("2025-11-07 08:00", AUTUMN, AUTUMN, "soon"),
        ("2025-11-09 08:00", AUTUMN, AUTUMN, "final"),
        ("2025-12-31 20:00", *EDGE, "on the day"),
        ("2026-01-03 20:00", *EDGE, "next"),
        ("2026-01-06 08:00", *EDGE, "soon"),
        ("2026-01-08 08:00", *EDGE, "final"),
        ("2026-03-08 12:00", SPRING, SPRING, "on the day"),
        ("2026-03-10 20:00", SPRING, SPRING, "next"),
        ("2026-03-13 08:00", SPRING, SPRING, "soon"),
        ("2026-03-13 09:00", AUTUMN, AUTUMN, "late"),
        ("2026-03-15 08:00", SPRING, SPRING, "final"),
        ("2026-04-25 08:00", SPRING, SPRING, "late"),
    ):
        for scope in ("hubs", "all"):
            names = tuple(
                name
                for name, dataset in source.datasets.items()
                if served_when(dataset) == when
                and scope == ("hubs" if "hubs" in dataset.scopes else "all")
                and (thorough or not is_heavy(dataset))
            )
            if names:
                yield Visit(now, first, last, names, scope)
        if thorough and first == AUTUMN and when == "soon":
            yield Visit("2025-11-07 09:00", first, last, names_at(source, "all"), "all")


def is_heavy(dataset: Dataset) -> bool:
    """Whether a day of a dataset has many rows or many files."""
    return dataset.interval_minutes < 60 or dataset.roads[0].span == "hour"


LONG = pytest.mark.long
WHOLE = [
    pytest.param(iso, name, thorough, id=f"{str(iso).lower()} {name}{' thorough' * thorough}", marks=marks)
    for iso, name in (param.values for param in TABULAR)
    for thorough, marks in ((False, ()), (True, LONG))
    if thorough or not is_heavy(registry.source(str(iso)).dataset(str(name)))
]
HELD = [
    pytest.param(iso, table, series, thorough, id=f"{iso} {series}{' thorough' * thorough}", marks=marks)
    for iso, table, series in SERIES
    for thorough, marks in ((False, ()), (True, LONG))
    if thorough or not all(is_heavy(dataset) for dataset, _ in feeds(registry.source(iso), table, series))
]


def names_at(source: Source, scope: str) -> tuple[str, ...]:
    """Datasets that the sites serve a few days after a delivery day."""
    return tuple(
        name for name, one in source.datasets.items() if scope in one.scopes and served_when(one) == "soon"
    )


def days_of(source: Source, name: str, thorough: bool) -> list[date]:
    """The delivery dates that the visits bring of a dataset."""
    found = [visit for visit in visits(source, thorough) if name in visit.names]
    return sorted({day for visit in found for day in (visit.first, visit.last)})


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, bool], World]]:
    """The lakes that were made so far; each is made by the first test that looks at it."""
    made: dict[tuple[str, bool], World] = {}
    with declared(*(small(source) for source in registry.sources().values())):
        yield made
        # The other way round: each gives the environment back as the one before it had left it.
        for world in reversed(made.values()):
            world.__exit__()
            assert world.sim is not None
            world.sim.stop()


@pytest.fixture
def lived(
    worlds: dict[tuple[str, bool], World],
    iso: str,
    thorough: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> World:
    """An ISO's lake after both days of the clock change and a year's edge; thorough users have an account."""
    if (iso, thorough) not in worlds:
        sim = Simulator(now=stamp("2025-11-07 08:00"), nodes=2).start()
        accounts = ACCOUNTS if thorough else None
        world = World(tmp_path_factory.mktemp(iso), sim, stamp("2025-11-07 08:00"), accounts).__enter__()
        worlds[iso, thorough] = world
        for visit in visits(registry.source(iso), thorough):
            world.now = stamp(visit.now)
            landing = world.download(iso, visit.first, visit.last, visit.names, visit.scope).landing
            assert landing is not None
            assert landing.complete, landing.sentences
        built = world.build(iso)
        assert built.complete, (built.quarantined, built.failed)
    return worlds[iso, thorough]


def test_only_the_declared_datasets_feed_no_table() -> None:
    without = {
        (source.iso, name)
        for source in registry.sources().values()
        for name, dataset in source.datasets.items()
        if not dataset.feeds
    }
    assert without == set(CONTROL)
    assert {tuple(param.values) for param in DATASETS} == without | {tuple(param.values) for param in TABULAR}


@pytest.mark.parametrize(("iso", "table", "series", "thorough"), HELD)
def test_a_table_holds_what_landed_and_nothing_else(
    lived: World, iso: str, table: str, series: str, thorough: bool
) -> None:
    assert assert_series(lived, iso, table, series) > 0


@pytest.mark.parametrize(("iso", "dataset", "thorough"), WHOLE)
def test_every_day_is_whole_and_says_what_the_site_prints(
    lived: World, iso: str, dataset: str, thorough: bool
) -> None:
    source = registry.source(iso)
    entry = source.dataset(dataset)
    word = source_word(entry)
    for feed in entry.feeds.values():
        rows = lived.rows(
            iso,
            feed.table,
            f"data_source LIKE 'raw/{iso.lower()}/{dataset}/%'"
            + (f" AND market_type = '{feed.market}'" if feed.market else ""),
        )
        if feed.table in LISTS and not is_list(entry):
            # What prices name: the site prints no list that it could be compared with.
            assert {row["delivery_date"] for row in rows} == set(days_of(source, dataset, thorough))
            continue
        instants: dict[tuple[str, object, date], set[datetime]] = defaultdict(set)
        for number, row in enumerate(rows):
            place = readers.location_of(iso, word, feed.table, row)
            instant = readers.stamp_of(row, feed.stamp)
            instants[place, row.get("published_at_utc"), row["delivery_date"]].add(instant)
            # Every row is compared with the landed bytes elsewhere; the bytes with the site by a part of them.
            if number % max(len(rows) // 200, 1) == 0:
                said = lived.sim.expected(iso, word, place, instant) if lived.sim else {}
                numbers = readers.numbers_of(iso, feed.table, row, said)
                assert numbers
                assert {name: row[name] for name in numbers} == numbers, (place, instant)
        days = days_of(source, dataset, thorough)
        # A forecast and the file of a week speak of days that nobody asked for, and of each whole.
        reached = {day for _, _, day in instants}
        if is_list(entry) and is_newest_only(entry):
            # What is served on its own day only has not been asked for on the others.
            assert reached & set(days)
            assert reached <= set(days)
        else:
            beyond = entry.days_after or entry.roads[0].span == "week"
            assert reached >= set(days) if beyond else reached == set(days)
        whole = {day: set(expected.intervals(iso, word, day)) for day in reached}
        ends: dict[tuple[str, object], set[date]] = defaultdict(set)
        for place, made, day in instants:
            ends[place, made].add(day)
        for (place, made, day), found in instants.items():
            # A forecast that is made within a day may begin and end within one.
            if entry.days_before and day in (min(ends[place, made]), max(ends[place, made])):
                assert found <= whole[day]
            else:
                assert found == whole[day]


@pytest.mark.parametrize("iso", ISOS)
@pytest.mark.parametrize("thorough", [False], ids=[""])
def test_the_clock_changes_on_one_row_more_and_one_row_less(lived: World, iso: str) -> None:
    """Day-ahead hours of one place: 25 and 23 where the clock changes, the repeated hour twice, the skipped never."""
    rows = lived.query(
        "SELECT delivery_date, datetime_utc, datetime_local, delivery_hour, dst_flag "
        "FROM market.energy_prices WHERE iso = $iso AND market_type = 'DA' AND settlement_location_id = ("
        "SELECT min(settlement_location_id) FROM market.energy_prices "
        "WHERE iso = $iso AND market_type = 'DA' AND settlement_location_type IN ('HUB', 'ZONE')) "
        "ORDER BY datetime_utc",
        iso=iso,
    )
    by_day: dict[date, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        by_day[row["delivery_date"]].append(row)
    zone = ZoneInfo(registry.source(iso).clock)
    # Some markets keep standard time all year.
    changes = zone.utcoffset(datetime(2025, 7, 1)) != zone.utcoffset(datetime(2025, 1, 1))
    assert {day: len(found) for day, found in by_day.items()} == {
        AUTUMN: 24 + changes,
        SPRING: 24 - changes,
        EDGE[0]: 24,
        EDGE[1]: 24,
    }
    repeated = [row for row in by_day[AUTUMN] if row["delivery_hour"] == 2]
    assert [row["dst_flag"] for row in repeated] == (["Y", "N"] if changes else ["N"])
    assert len({row["datetime_local"] for row in repeated}) == 1
    assert [row["delivery_hour"] for row in by_day[SPRING]] == [
        hour for hour in range(1, 25) if hour != 3 or not changes
    ]
    first = datetime(2026, 1, 1, tzinfo=zone)
    assert next(row["datetime_utc"] for row in by_day[EDGE[1]]) == first
    assert [row["datetime_utc"] for row in by_day[EDGE[0]]][-1] == first - timedelta(hours=1)
