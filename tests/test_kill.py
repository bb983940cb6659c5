"""Kill -9 at any point of an ingest: the same command, run again, ends with what an undisturbed run ends with.

Real processes, really killed. A point is the nth time of a step: see `lake_process`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lake_kit import (
    NOW,
    SECONDS,
    assert_sound,
    environment,
    events_of,
    kill_at,
    objects_of,
    rows_of,
    started,
    stopped_at,
    well,
)
from stores import Store, local_store

from catalog.contract import load_contracts
from catalog.lease import LEASE_SECONDS
from ingest.simulator import Simulator

pytestmark = pytest.mark.long

# Three tables, each with two chunks (a month's edge, and the day of 25 hours), from three requests.
INGEST = ("ingest", "--iso", "caiso", "--start-date", "2026-10-31", "--end-date", "2026-11-01")


@dataclass(frozen=True)
class Undisturbed:
    """What a run that nobody disturbed leaves."""

    rows: dict[str, list[tuple[object, ...]]]
    events: list[tuple[object, ...]]
    objects: list[str]


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as running:
        yield running


@pytest.fixture(scope="module")
def calm(sim: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    store = local_store(tmp_path_factory.mktemp("calm"))
    well(environment(store, sim), *INGEST)
    assert_sound(store)
    rows = rows_of(store)
    assert all(rows.values())
    return Undisturbed(rows, events_of(store), objects_of(store).list("raw"))


def assert_as_calm(store: Store, calm: Undisturbed) -> None:
    """The lake holds what the undisturbed one holds, every column of every row, and nothing else."""
    assert rows_of(store) == calm.rows
    assert events_of(store) == calm.events
    assert objects_of(store).list("raw") == calm.objects
    assert_sound(store)


# Each table's metadata is written once when the lake is made.
MADE = len(load_contracts())
POINTS = [
    # The lake is being made.
    ("metadata written", 2),
    ("ledger on its way", 1),
    # Landing.
    ("asking", 2),
    ("downloaded", 1),
    ("raw on its way", 1),
    ("stored", 1),
    ("ledger on its way", 2),
    ("told", 1),
    ("told", 3),
    # Building.
    ("writing", 2),
    ("written", 2),
    ("placed", 1),
    ("built", 1),
    # Committing the first table of three, and the last.
    ("files written", 1),
    ("metadata written", MADE + 1),
    ("committed", 1),
    ("hint put", 1),
    ("committed", 3),
    # Folding the ledger.
    ("ledger written", 1),
    ("ledger placed", 1),
    ("metadata written", MADE + 4),
    ("ledger committed", 1),
    ("ledger hint put", 1),
    ("journal removed", 2),
]


@pytest.mark.parametrize(("step", "nth"), POINTS, ids=[f"{step} {nth}" for step, nth in POINTS])
def test_an_ingest_killed_at_any_point_ends_like_an_undisturbed_one(
    sim: Simulator, calm: Undisturbed, sqlite_store: Store, step: str, nth: int
) -> None:
    environ = environment(sqlite_store, sim)
    kill_at(environ, step, nth, *INGEST)
    well(environ, *INGEST)
    assert_as_calm(sqlite_store, calm)


def test_an_ingest_killed_again_and_again_ends_like_an_undisturbed_one(
    sim: Simulator, calm: Undisturbed, sqlite_store: Store
) -> None:
    environ = environment(sqlite_store, sim)
    for step, nth in (("stored", 2), ("placed", 1), ("committed", 1), ("ledger committed", 1)):
        kill_at(environ, step, nth, *INGEST)
    well(environ, *INGEST)
    assert_as_calm(sqlite_store, calm)


def test_a_download_killed_half_way_is_asked_for_again(
    sim: Simulator, calm: Undisturbed, sqlite_store: Store
) -> None:
    environ = environment(sqlite_store, sim)
    stall = sim.stall("oasis.caiso.com", after_bytes=2000, match="PRC_LMP")
    with started(environ, *INGEST):
        assert stall.reached.wait(SECONDS)
    stall.release()
    assert objects_of(sqlite_store).list("raw") == []
    well(environ, *INGEST)
    assert_as_calm(sqlite_store, calm)


@pytest.mark.parametrize("step", ["placed", "metadata written", "committed", "hint put"])
def test_a_reader_sees_a_table_before_or_after_never_between(
    sim: Simulator, calm: Undisturbed, sqlite_store: Store, step: str
) -> None:
    environ = environment(sqlite_store, sim)
    nth = MADE + 1 if step == "metadata written" else 1
    with stopped_at(environ, step, nth, *INGEST):
        for table, rows in rows_of(sqlite_store).items():
            assert rows in ([], calm.rows[table]), table


@pytest.mark.parametrize("step", ["stored", "placed", "committed", "ledger committed"])
def test_on_s3_a_killed_ingest_ends_like_an_undisturbed_one(
    sim: Simulator, calm: Undisturbed, s3_store: Store, tmp_path: Path, step: str
) -> None:
    environ = environment(s3_store, sim, LAKE_TEMP_DIR=str(tmp_path / "scratch"))
    kill_at(environ, step, 1, *INGEST)
    well(environ, *INGEST)
    assert_as_calm(s3_store, calm)
    assert list((tmp_path / "scratch").glob("pmp-*")) == []


@pytest.mark.parametrize("step", ["placed", "committed", "ledger committed"])
def test_on_postgresql_a_killed_ingest_ends_like_an_undisturbed_one(
    sim: Simulator, calm: Undisturbed, postgres_store: Store, step: str
) -> None:
    environ = environment(postgres_store, sim)
    kill_at(environ, step, 1, *INGEST)
    well(environ, *INGEST)
    assert_as_calm(postgres_store, calm)


def test_the_next_run_does_not_wait_for_what_the_killed_one_held(sim: Simulator, sqlite_store: Store) -> None:
    environ = environment(sqlite_store, sim)
    kill_at(environ, "built", 1, *INGEST)
    begun = time.monotonic()
    well(environ, *INGEST)
    assert time.monotonic() - begun < LEASE_SECONDS
