"""Two processes and one lake: both end well, every time, and the tables are those of one after the other.

In the repetitions two processes begin every round at the same moment, in a lake that neither has made yet:
they create it, land, build, commit and fold side by side.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
import requests
from lake_kit import (
    NOW,
    SECONDS,
    assert_sound,
    attached,
    environment,
    events_of,
    query,
    rows_of,
    snapshots_of,
    started,
    well,
)
from stores import Store, local_store, postgres_catalog

from ingest.simulator import Simulator

pytestmark = pytest.mark.long

CAISO = ("ingest", "--iso", "caiso", "--start-date", "2026-11-01", "--end-date", "2026-11-01")
NYISO = ("ingest", "--iso", "nyiso", "--start-date", "2026-11-18", "--end-date", "2026-11-18")
# The round in which two processes get in each other's way must not be a matter of luck.
ROUNDS = 20


@dataclass(frozen=True)
class Expected:
    """What the two jobs leave when one is done after the other."""

    rows: dict[str, list[tuple[object, ...]]]
    events: list[tuple[object, ...]]


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as running:
        yield running


@pytest.fixture(scope="module")
def expected(sim: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Expected:
    store = local_store(tmp_path_factory.mktemp("one-by-one"))
    for job in (CAISO, NYISO):
        well(environment(store, sim), *job)
    assert_sound(store)
    return Expected(rows_of(store), events_of(store))


@dataclass
class Worker:
    """A process that does one job in lake after lake, when it is told to."""

    process: subprocess.Popen[bytes]
    answers: IO[str]

    def begin(self, store: Store) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{store.lake_uri}\t{store.catalog_uri}\n".encode())
        self.process.stdin.flush()

    def answer(self) -> str:
        ready, _, _ = select.select([self.answers], [], [], SECONDS)
        assert ready, "it did not end"
        return self.answers.readline().strip()


@contextmanager
def worker(environ: Mapping[str, str], log: Path, *words: str) -> Iterator[Worker]:
    reads, writes = os.pipe()
    with log.open("wb") as told, os.fdopen(reads) as answers:
        process = subprocess.Popen(
            [sys.executable, "-m", "lake_process", "turns", str(writes), *words],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=told,
            pass_fds=[writes],
        )
        os.close(writes)
        try:
            found = Worker(process, answers)
            assert found.answer() == "ready", log.read_text()
            yield found
        finally:
            process.kill()
            process.wait(timeout=30)
            assert process.stdin is not None
            process.stdin.close()


def assert_well_together(
    sim: Simulator, expected: Expected, first: Store, place: Callable[[int], Store], folder: Path, rounds: int
) -> None:
    """Two jobs at once, round after round; what they leave is looked at closely in some rounds, by count in all."""
    environ = environment(first, sim)
    logs = [folder / "caiso.log", folder / "nyiso.log"]
    with ExitStack() as running:
        workers = [
            running.enter_context(worker(environ, log, *job))
            for log, job in zip(logs, (CAISO, NYISO), strict=True)
        ]
        for turn in range(rounds):
            store = place(turn)
            for one in workers:
                one.begin(store)
            ended = [one.answer() for one in workers]
            assert ended == ["0", "0"], f"round {turn}:\n" + "\n".join(
                log.read_text()[-3000:] for log in logs
            )
            assert rows_of(store) == expected.rows, f"round {turn}"
            assert events_of(store) == expected.events, f"round {turn}"
            assert_sound(store)


def test_two_markets_at_once_on_sqlite_both_succeed_every_time(
    sim: Simulator, expected: Expected, tmp_path: Path
) -> None:
    def place(turn: int) -> Store:
        return local_store(tmp_path / str(turn))

    assert_well_together(sim, expected, place(0), place, tmp_path, ROUNDS)


def test_two_markets_at_once_on_postgresql_both_succeed_every_time(
    sim: Simulator, expected: Expected, tmp_path: Path, postgres_server: Path
) -> None:
    def place(turn: int) -> Store:
        return local_store(tmp_path / str(turn), postgres_catalog(postgres_server))

    assert_well_together(sim, expected, place(-1), place, tmp_path, ROUNDS)


def test_two_commands_of_two_markets_started_together_both_succeed(
    sim: Simulator, expected: Expected, sqlite_store: Store
) -> None:
    environ = environment(sqlite_store, sim)
    with started(environ, *CAISO) as caiso, started(environ, *NYISO) as nyiso:
        said = [one.communicate(timeout=SECONDS)[0] for one in (caiso, nyiso)]
    assert (caiso.returncode, nyiso.returncode) == (0, 0), said
    assert rows_of(sqlite_store) == expected.rows
    assert events_of(sqlite_store) == expected.events
    assert_sound(sqlite_store)


@pytest.mark.parametrize("place", ["sqlite_store", "s3_store", "postgres_store"])
def test_two_processes_with_the_same_job_leave_the_table_of_one(
    sim: Simulator, expected: Expected, tmp_path: Path, place: str, request: pytest.FixtureRequest
) -> None:
    store = request.getfixturevalue(place)
    # Their clocks differ as two real fetches do: each file was seen twice.
    early, late = (
        environment(store, sim, LAKE_NOW=(NOW + timedelta(seconds=later)).isoformat()) for later in (0, 3)
    )
    with started(early, *CAISO) as first, started(late, *CAISO) as second:
        said = [one.communicate(timeout=SECONDS)[0] for one in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    rows = rows_of(store)
    for table, wanted in expected.rows.items():
        assert rows[table] == [row for row in wanted if "CAISO" in row], table
    assert_sound(store, rebuilt=True)
    snapshots = snapshots_of(store)
    well(early, *CAISO)
    assert snapshots_of(store) == snapshots


def test_two_imports_at_once_do_not_get_in_each_others_way(
    sim: Simulator, sqlite_store: Store, tmp_path: Path
) -> None:
    files = [tmp_path / f"{day}damlbmp_zone.csv" for day in ("20261114", "20261115")]
    for file in files:
        file.write_bytes(
            requests.get(f"{sim.url}/mis.nyiso.com/public/csv/damlbmp/{file.name}", timeout=30).content
        )
    environ = environment(sqlite_store, sim)
    well(environ, "init")
    with ExitStack() as running:
        jobs = [
            running.enter_context(started(environ, "import", "--iso", "nyiso", str(file))) for file in files
        ]
        said = [job.communicate(timeout=SECONDS)[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    with ExitStack() as running:
        jobs = [running.enter_context(started(environ, "build", "--iso", "nyiso")) for _ in files]
        said = [job.communicate(timeout=SECONDS)[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    assert query(
        sqlite_store,
        "SELECT delivery_date::VARCHAR, count(*) % 24 FROM market.energy_prices GROUP BY ALL ORDER BY ALL",
    ) == [
        ("2026-11-14", 0),
        ("2026-11-15", 0),
    ]
    assert_sound(sqlite_store, rebuilt=True)


def test_a_reader_that_asks_all_the_time_sees_whole_snapshots_only(
    sim: Simulator, expected: Expected, sqlite_store: Store
) -> None:
    environ = environment(sqlite_store, sim)
    well(environ, "init")
    whole = {table: sum("CAISO" in row for row in rows) for table, rows in expected.rows.items()}
    seen: set[tuple[str, int]] = set()
    with attached(sqlite_store) as reader, started(environ, *CAISO) as writer:
        while writer.poll() is None:
            for table in whole:
                row = reader.execute(f"SELECT count(*) FROM market.{table}_all").fetchone()
                assert row is not None
                seen.add((table, row[0]))
        assert writer.returncode == 0
        for table, count in whole.items():
            assert reader.execute(f"SELECT count(*) FROM market.{table}_all").fetchone() == (count,)
    assert seen <= {(table, 0) for table in whole} | set(whole.items())
