"""Leases: one builder at a time, the living waited for, the dead not."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from catalog_kit import hold_lease, start, store_arguments
from pyiceberg.catalog.noop import NoopCatalog
from sqlalchemy import select, update
from stores import Store

from catalog.errors import LeaseHeld
from catalog.lease import LEASES, lease
from catalog.tables import Catalog

CHUNK = "energy_prices/CAISO/da_energy_hourly/2022-01"


@pytest.fixture
def catalog(store: Store) -> Iterator[Catalog]:
    with store.open() as opened:
        yield opened


@contextmanager
def holder(store: Store, folder: Path, name: str = CHUNK) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease."""
    process = start(hold_lease.__name__, *store_arguments(store), name, folder=folder)
    assert process.stdout is not None
    if process.stdout.readline() != "held\n":
        raise AssertionError(process.communicate()[1])
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def held_names(catalog: Catalog) -> list[str]:
    assert catalog.engine is not None
    with catalog.engine.connect() as connection:
        return sorted(connection.execute(select(LEASES.c.name)).scalars())


def test_a_lease_is_given_back(catalog: Catalog) -> None:
    with lease(catalog, CHUNK):
        assert held_names(catalog) == [CHUNK]
    assert held_names(catalog) == []
    with lease(catalog, CHUNK, wait_seconds=0):
        pass


def test_a_lease_is_given_back_when_the_build_fails(catalog: Catalog) -> None:
    with pytest.raises(RuntimeError, match="the build"), lease(catalog, CHUNK):
        raise RuntimeError("the build failed")
    assert held_names(catalog) == []


def test_several_leases_are_held_together(catalog: Catalog) -> None:
    with lease(catalog, "b", "a", "b"):
        assert held_names(catalog) == ["a", "b"]
        with pytest.raises(LeaseHeld), lease(catalog, "b", wait_seconds=0):
            raise AssertionError("held twice")
    assert held_names(catalog) == []


def test_leases_of_different_chunks_do_not_meet(catalog: Catalog) -> None:
    with lease(catalog, "a"), lease(catalog, "b", wait_seconds=0):
        assert held_names(catalog) == ["a", "b"]


def test_what_could_not_be_taken_whole_is_given_back(catalog: Catalog) -> None:
    with lease(catalog, "b"):
        with pytest.raises(LeaseHeld), lease(catalog, "a", "b", wait_seconds=0):
            raise AssertionError("held twice")
        assert held_names(catalog) == ["b"]


def test_threads_take_turns(catalog: Catalog) -> None:
    inside: list[int] = []
    most: list[int] = []

    def build(number: int) -> None:
        with lease(catalog, CHUNK, wait_seconds=60):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=build, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_a_lease_that_ran_out_is_taken(catalog: Catalog) -> None:
    """As after a machine vanished: another host's row, its time over."""
    assert catalog.engine is not None
    with lease(catalog, CHUNK):
        with catalog.engine.begin() as connection:
            connection.execute(update(LEASES).values(host="elsewhere/1", expires_at_ms=1))
        with lease(catalog, CHUNK, wait_seconds=0):
            pass


def test_a_lease_of_another_machine_is_waited_for_until_it_runs_out(catalog: Catalog) -> None:
    assert catalog.engine is not None
    with lease(catalog, CHUNK):
        with catalog.engine.begin() as connection:
            # A process number that does not exist here says nothing about a process there.
            connection.execute(update(LEASES).values(host="elsewhere/1", pid=2**30))
        with pytest.raises(LeaseHeld, match="on elsewhere"), lease(catalog, CHUNK, wait_seconds=0):
            raise AssertionError("taken from the living")


def test_a_process_number_that_was_given_out_again_is_not_the_holder(catalog: Catalog) -> None:
    assert catalog.engine is not None
    with lease(catalog, CHUNK):
        with catalog.engine.begin() as connection:
            connection.execute(update(LEASES).values(pid_started="1"))
        with lease(catalog, CHUNK, wait_seconds=0):
            pass


def test_the_heartbeat_keeps_a_lease_alive(catalog: Catalog) -> None:
    """Held for several of its own lifetimes."""
    assert catalog.engine is not None

    def expiry() -> int:
        assert catalog.engine is not None
        with catalog.engine.connect() as connection:
            return int(connection.execute(select(LEASES.c.expires_at_ms)).scalar_one())

    with lease(catalog, CHUNK, seconds=0.3):
        first = expiry()
        with pytest.raises(LeaseHeld), lease(catalog, CHUNK, wait_seconds=1.0):
            raise AssertionError("taken from the living")
        assert expiry() >= first + 900


@pytest.mark.long
def test_a_living_holder_is_waited_for_and_named(store: Store, catalog: Catalog, tmp_path: Path) -> None:
    with holder(store, tmp_path) as process:
        told: list[str] = []
        with (
            pytest.raises(LeaseHeld, match=f"process {process.pid} on "),
            lease(catalog, CHUNK, wait_seconds=0.3, on_wait=told.append),
        ):
            raise AssertionError("taken from the living")
        assert len(told) == 1
        assert f"process {process.pid}" in told[0]


@pytest.mark.long
def test_a_killed_holder_is_taken_over_at_once(store: Store, catalog: Catalog, tmp_path: Path) -> None:
    with holder(store, tmp_path) as process:
        process.kill()
        # Not waited for: it is a zombie now, which must not pass for alive. The kill itself takes a moment.
        with lease(catalog, CHUNK, wait_seconds=10):
            assert held_names(catalog) == [CHUNK]


@pytest.mark.long
def test_a_holder_that_ends_lets_the_next_one_in(store: Store, catalog: Catalog, tmp_path: Path) -> None:
    with holder(store, tmp_path) as process:
        waiting = threading.Thread(target=process.communicate, kwargs={"input": ""})
        waiting.start()
        with lease(catalog, CHUNK, wait_seconds=30):
            assert held_names(catalog) == [CHUNK]
        waiting.join()


def test_without_an_sql_catalog_leases_are_file_locks(tmp_path: Path) -> None:
    catalog = Catalog(NoopCatalog("remote"), str(tmp_path), {})
    assert catalog.engine is None
    with (
        lease(catalog, CHUNK),
        pytest.raises(LeaseHeld, match="another process on this machine"),
        lease(catalog, CHUNK, wait_seconds=0),
    ):
        raise AssertionError("held twice")
    with lease(catalog, CHUNK, wait_seconds=0):
        pass
