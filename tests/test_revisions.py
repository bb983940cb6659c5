"""Revisions: every version kept and numbered, one current, and nothing built where nothing changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from behaviour_kit import ISOS, TABULAR, World, assert_series, served, stamp, statuses, written
from oracle import contract
from registry_kit import declared, small, source_word
from revisions_kit import DAY, DAYS, NOW, day_of, files_of

from ingest import registry
from ingest.simulator import Simulator


@pytest.fixture(scope="module")
def registered() -> Iterator[None]:
    with declared(*(small(source) for source in registry.sources().values())):
        yield


@pytest.fixture
def site(registered: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())
    with Simulator(now=NOW, nodes=2) as running:
        yield running


@pytest.fixture
def world(site: Simulator, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", site, NOW) as made:
        yield made


def versions_of(world: World, table: str, where: str) -> Counter[tuple[tuple[int, bool], ...]]:
    """How many quantities have which versions, as (version, is_current)."""
    place = {
        "energy_prices": "settlement_location_id",
        "ancillary_services": "as_product, as_region",
        "energy_prices_ex_ante": "settlement_location_id",
        "price_adders": "settlement_location_id, component",
        "load": "load_type, area_type, area_id",
        "load_forecast": "forecast, area_type, area_id, published_at_utc",
        "locations": "location_list, settlement_location_id, member_of, valid_from_utc, valid_to_utc, published_at_utc",
    }[table]
    market = "" if table.startswith("lo") else "market_type, "
    rows = world.query(
        f"SELECT list((version, is_current) ORDER BY version) AS history FROM market.{table}_all WHERE {where} "
        f"GROUP BY iso, {market}interval_minutes, {place}, interval_start_utc"
    )
    return Counter(tuple(tuple(entry) for entry in row["history"]) for row in rows)


ONCE, TWICE = ((1, True),), ((1, False), (2, True))
THRICE = ((1, False), (2, False), (3, True))


@pytest.fixture(scope="module")
def taken_back(registered: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A lake into which every dataset's day came three times: as it was, corrected, and as it was again."""
    folder = tmp_path_factory.mktemp("three-states")
    with (
        Simulator(now=NOW, nodes=2) as sim,
        World(tmp_path_factory.mktemp("lake"), sim, NOW) as world,
    ):
        tabular = [
            (iso, registry.source(str(iso)).dataset(str(name))) for iso, name in (p.values for p in TABULAR)
        ]
        for number, change in enumerate((None, sim.correct, sim.uncorrect)):
            world.now = NOW + timedelta(hours=number)
            for iso, dataset in tabular:
                if change is not None:
                    change(str(iso), source_word(dataset), day_of(dataset))
                files = files_of(sim, registry.source(str(iso)), dataset)
                paths = written(folder / str(number) / str(iso) / dataset.name, files)
                world.take(str(iso), dataset.name, paths, published_at=world.now)
        for iso in ISOS:
            report = world.build(iso)
            assert report.complete, (report.quarantined, report.failed)
        yield world


@pytest.mark.long
@pytest.mark.parametrize(("iso", "dataset"), TABULAR)
def test_a_price_that_is_corrected_and_taken_back_has_three_versions(
    taken_back: World, iso: str, dataset: str
) -> None:
    found: Counter[tuple[tuple[int, bool], ...]] = Counter()
    for feed in registry.source(iso).dataset(dataset).feeds.values():
        assert assert_series(taken_back, iso, feed.table, feed.series) > 0
        where = f"data_source LIKE 'raw/{iso.lower()}/{dataset}/%'"
        if feed.table in contract.VINTAGES:
            # Another publication of a forecast is another forecast, also where it says the same again. One that states
            # its moment, and is served with other numbers, is revised.
            (vintages,) = taken_back.query(
                f"SELECT count(DISTINCT published_at_utc) AS n FROM market.{feed.table} WHERE {where}"
            )
            if vintages["n"] == 3:
                assert set(versions_of(taken_back, feed.table, where)) == {ONCE}
                continue
        found += versions_of(taken_back, feed.table, where)
    # Within a series of several stages this dataset's versions need not be the first or the last ones.
    assert not found or any(len(history) == 3 for history in found)
    assert {len(history) for history in found} <= {1, 3}


def test_versions_with_identical_prices_are_versions(world: World) -> None:
    """PJM prints a correction as another version beside the first, also where no price changes."""
    assert world.sim is not None
    world.sim.correct("PJM", "da_hrl_lmps", DAYS[False], identical=True)
    assert world.ingest("PJM", DAYS[False], DAYS[False], ["da_energy_hourly"]).complete
    assert set(versions_of(world, "energy_prices", "true")) == {TWICE}
    rows = world.query(
        "SELECT count(DISTINCT lmp_total) AS prices FROM market.energy_prices_all "
        "GROUP BY settlement_location_id, datetime_utc"
    )
    assert {row["prices"] for row in rows} == {1}


@pytest.mark.parametrize("iso", ISOS)
def test_a_download_without_news_is_unchanged_and_builds_nothing(world: World, iso: str) -> None:
    """A day that may still be revised is asked for again after a day; the same content changes nothing."""
    source = registry.source(iso)
    day = DAYS[False] + 3 * DAY
    first = world.ingest(iso, day, day, [one.name for one in source.pick(None, ["da"])])
    assert first.complete
    before, raw = world.snapshots(), set(world.lake.store.list("raw"))
    world.now += timedelta(hours=26)
    again = world.ingest(iso, day, day, [one.name for one in source.pick(None, ["da"])])
    assert again.complete
    assert again.landing is not None
    # A source whose corrections are listed is asked for its list, and for nothing else.
    if iso == "CAISO":
        assert {event.dataset for event in again.landing.events} == {"price_corrections"}
    else:
        # A source that never publishes a day again is not asked for it again.
        settles = any(one.settles_days for one in source.pick(None, ["da"]))
        assert set(statuses(again.landing.events)) == ({"unchanged"} if settles else set())
        assert not settles or len(again.landing.events) == len(first.landing.events if first.landing else ())
        assert set(world.lake.store.list("raw")) == raw
    assert not again.build.built
    assert not again.build.snapshots
    assert world.snapshots() == before
    at_once = world.download(iso, day, day, [one.name for one in source.pick(None, ["da"])])
    assert not at_once.plan.requests


def test_what_was_known_when_can_be_asked(world: World) -> None:
    """A, B, A by download: three versions, and at each moment the price that the site showed then."""
    assert world.sim is not None
    day, names, shown = DAYS[False] + 5 * DAY, ["da_energy_hourly"], []
    for change in (None, world.sim.correct, world.sim.uncorrect):
        if change is not None:
            world.now += timedelta(hours=26)
            change("NYISO", "damlbmp_zone", day)
            world.now += timedelta(hours=1)
        assert world.ingest("NYISO", day, day, names).complete
        rows = world.query("SELECT sum(CAST(lmp_total AS DECIMAL(18, 2))) AS total FROM market.energy_prices")
        shown.append((world.now, rows[0]["total"]))
    assert shown[0][1] == shown[2][1] != shown[1][1]
    assert set(versions_of(world, "energy_prices", "true")) == {THRICE}
    for moment, total in shown:
        (row,) = world.query(
            "SELECT sum(CAST(lmp_total AS DECIMAL(18, 2))) AS total, count(*) AS n, bool_and(is_current) AS current "
            "FROM market.energy_prices_as_of($moment)",
            moment=moment,
        )
        assert row["total"] == total
        assert row["n"] == 15 * 24
        assert row["current"]
    assert world.query("SELECT count(*) AS n FROM market.energy_prices_as_of('2020-01-01')") == [{"n": 0}]
    assert len({row["data_source"] for row in world.rows("NYISO", "energy_prices")}) == 2
    assert assert_series(world, "NYISO", "energy_prices", "da_energy_hourly") == 3 * 15 * 24


@pytest.mark.parametrize(
    ("drop", "add"),
    [
        ((), ("13:06:38", "13:08:00")),
        (("13:05:00", "13:10:00"), ("13:07:21",)),
        (("00:05:00",), ()),
        (("00:00:00",), ("23:59:01",)),
        (("00:05:00", "00:10:00", "23:50:00", "23:55:00", "00:00:00"), ()),
    ],
    ids=["added", "dropped and added", "the first dropped", "the last dropped", "both edges dropped"],
)
def test_a_newer_file_replaces_the_runs_of_an_older_one_as_a_whole(
    world: World, drop: tuple[str, ...], add: tuple[str, ...]
) -> None:
    """What the newer file no longer contains is not current, and is still there."""
    assert world.sim is not None
    day = DAYS[False] + DAY
    assert world.ingest("NYISO", day, day, ["rt_energy_5min"]).complete
    before = {row["interval_end_utc"] for row in world.rows("NYISO", "energy_prices")}
    world.sim.correct("NYISO", "realtime_zone", day, amount=0, drop=drop, add=add)
    world.now += timedelta(hours=26)
    assert world.ingest("NYISO", day, day, ["rt_energy_5min"]).complete
    rows = world.rows("NYISO", "energy_prices")
    current = {row["interval_end_utc"] for row in rows if row["is_current"]}
    gone = {row["interval_end_utc"] for row in rows} - current
    assert len(before - current) == len(drop)
    assert len(current - before) == len(add)
    # A run whose neighbour went has another length now: its old self is an older version.
    assert before - current <= gone
    assert_series(world, "NYISO", "energy_prices", "rt_energy_5min")


def test_each_stage_is_a_version_and_can_be_told_by_its_file(world: World) -> None:
    """Unverified, verified, settled: also when the first comes in last."""
    day = date(2025, 10, 8)
    names = {"verified": "rt_energy_hourly", "settled": "energy_hourly_settled"}
    world.now = stamp("2025-10-14 08:00")
    assert world.sim is not None
    source = registry.source("PJM")
    near_live = source.dataset("rt_energy_hourly_unverified")
    early = served(world.sim, source, near_live, near_live.roads[0], day)
    assert world.ingest("PJM", day, day, [names["verified"]]).complete
    world.now = NOW
    assert world.ingest("PJM", day, day, [names["settled"]]).complete
    world.take("PJM", near_live.name, written(world.folder.parent / "early", early), published_at=NOW)
    assert world.build("PJM").complete
    rows = world.query(
        "SELECT list((prices.version, stages.stage, prices.is_current) ORDER BY prices.version) AS history "
        "FROM market.energy_prices_all AS prices JOIN meta.raw_objects AS files ON files.raw_key = prices.data_source "
        "JOIN meta.datasets AS stages ON (stages.iso, stages.dataset) = (files.iso, files.dataset) "
        "AND stages.market_type = prices.market_type WHERE prices.market_type = 'RT' "
        "AND prices.settlement_location_id = '51217' GROUP BY prices.datetime_utc"
    )
    assert len(rows) == 24
    assert {tuple(map(tuple, row["history"])) for row in rows} == {
        ((1, "unverified", False), (2, "verified", False), (3, "settled", True))
    }
    assert assert_series(world, "PJM", "energy_prices", "rt_energy_hourly") > 0


def test_the_list_of_corrections_decides_what_is_asked_for_again(world: World) -> None:
    """Only days fetched before their correction, and the list itself at most once a day."""
    assert world.sim is not None
    first, last, names = date(2025, 11, 10), date(2025, 11, 12), ["da_energy_hourly", "da_as_hourly"]
    world.now = stamp("2025-11-13 20:00")
    assert world.ingest("CAISO", first, last, names).complete
    world.now = stamp("2025-11-14 22:00")
    world.sim.correct("CAISO", "PRC_LMP", date(2025, 11, 11), hours=[7, 8])
    world.now = stamp("2025-11-15 20:00")
    asked_from = len(world.sim.requests)
    report = world.ingest("CAISO", first, last, names)
    assert report.complete
    # The list names the market, not the report: both of the day-ahead market are asked for again.
    assert report.corrected == {key: [date(2025, 11, 11)] for key in names}
    asked = [seen.query.get("queryname") or seen.query["groupid"] for seen in world.sim.requests[asked_from:]]
    assert Counter(asked) == {"PRC_CORR_GRP": 3, "PRC_LMP": 1, "DAM_PRC_AS_GRP": 1}
    rows = world.query(
        "SELECT delivery_date, delivery_hour, max(version) AS version, count(*) FILTER (WHERE is_current) AS current, "
        "count(DISTINCT settlement_location_id) AS places FROM market.energy_prices_all GROUP BY ALL"
    )
    assert {row["delivery_hour"] for row in rows if row["version"] == 2} == {8, 9}
    assert {row["delivery_date"] for row in rows if row["version"] == 2} == {date(2025, 11, 11)}
    assert all(row["current"] == row["places"] for row in rows)
    # Within the day nothing is asked for again; a day later the lists are, and name nothing new.
    asked_from = len(world.sim.requests)
    world.now += timedelta(hours=3)
    assert not world.ingest("CAISO", first, last, names).corrected
    assert len(world.sim.requests) == asked_from
    world.now += timedelta(hours=30)
    before = world.snapshots()
    again = world.ingest("CAISO", first, last, names)
    assert not again.corrected
    asked = [seen.query.get("queryname") or seen.query["groupid"] for seen in world.sim.requests[asked_from:]]
    assert set(asked) == {"PRC_CORR_GRP"}
    assert world.snapshots() == before


def test_days_fetched_after_their_corrections_are_over_are_never_looked_up(world: World) -> None:
    assert world.sim is not None
    day = date(2025, 9, 1)
    assert world.ingest("CAISO", day, day, ["da_energy_hourly"]).complete
    world.now += timedelta(days=3)
    asked_from = len(world.sim.requests)
    assert world.ingest("CAISO", day, day, ["da_energy_hourly"]).complete
    assert len(world.sim.requests) == asked_from
