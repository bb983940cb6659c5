"""What the tests of a whole lake share: `pmp` as a process, a lake's rows, and a process that stops to be killed.

Everything is looked at from outside: commands are run as a user runs them, rows are read by a DuckDB that
attached the lake's published views.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from stores import Store

from ingest.simulator import Simulator
from ingest.storage import Store as Objects

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ISOS = ("CAISO", "NYISO", "PJM")
TABLES = ("energy_prices", "ancillary_services", "price_adders")
SECONDS = 180
# What belongs to one run of one process, and so differs between two lakes that hold the same.
OF_A_RUN = ("event_id", "run_id", "url", "attempts")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that a person saw."""
        return self.out + self.err


def environment(store: Store, simulator: Simulator | str | None = None, **more: str) -> dict[str, str]:
    """The environment of a command: this lake, the simulator (or another address) in place of every ISO."""
    url = simulator.url if isinstance(simulator, Simulator) else simulator
    asked = {f"LAKE_SOURCE_{iso}": url for iso in ISOS} if url else {}
    return {
        **os.environ,
        **store.environment,
        **asked,
        "LAKE_NOW": NOW.isoformat(),
        "LAKE_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        **more,
    }


def pmp(
    environ: Mapping[str, str], *words: str, folder: Path | None = None, seconds: float = SECONDS
) -> Done:
    """Run a command of `pmp` to its end; in a folder of its own where one is named."""
    done = subprocess.run(
        [sys.executable, "-m", "lake.cli", *words],
        env=dict(environ),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def well(environ: Mapping[str, str], *words: str, folder: Path | None = None) -> Done:
    """Run a command that must end with 0."""
    done = pmp(environ, *words, folder=folder)
    assert done.code == 0, f"{' '.join(words)} ended with {done.code}:\n{done.said}"
    return done


def one_sentence(done: Done) -> str:
    """What a command that failed said on stderr, which must be one line, without a traceback."""
    assert done.code == 1, done
    assert "Traceback" not in done.said
    lines = [line for line in done.err.splitlines() if line.strip()]
    assert len(lines) == 1, done.err
    assert lines[0].startswith("pmp: ")
    return lines[0].removeprefix("pmp: ")


@contextmanager
def attached(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that knows of the lake only where its views are, and how to reach the storage."""
    connection = store.connect()
    try:
        connection.execute(f"ATTACH '{store.views}' AS lake (READ_ONLY)")
        connection.execute("USE lake")
        yield connection
    finally:
        connection.close()


def query(store: Store, sql: str) -> list[tuple[object, ...]]:
    """The rows of one query of a fresh reader."""
    with attached(store) as connection:
        return connection.execute(sql).fetchall()


def rows_of(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row with every column of every version, in one order, by table."""
    with attached(store) as connection:
        return {
            table: connection.execute(f"SELECT * FROM market.{table}_all ORDER BY ALL").fetchall()
            for table in TABLES
        }


def events_of(store: Store) -> list[tuple[object, ...]]:
    """What the ledger says, without what differs from run to run."""
    return query(store, f"SELECT * EXCLUDE ({', '.join(OF_A_RUN)}) FROM meta.raw_files ORDER BY ALL")


def objects_of(store: Store) -> Objects:
    """The lake's objects, as the ingest package sees them."""
    options = {}
    if store.s3 is not None:
        options = {
            "key": store.s3.access_key_id,
            "secret": store.s3.secret_access_key,
            "client_kwargs": {"endpoint_url": store.s3.endpoint, "region_name": store.s3.region},
        }
    return Objects(store.lake_uri, options)


def data_files_of(store: Store, table: str) -> tuple[set[str], set[str]]:
    """A market table's data files by name: those in its folder, and those of its current snapshot."""
    folder = f"warehouse/market/{table}/data"
    there = {key.removeprefix(f"{folder}/") for key in objects_of(store).list(folder)}
    with attached(store) as connection:
        place = f"{store.lake_uri}/warehouse/market/{table}"
        rows = connection.execute(
            f"SELECT file_path FROM iceberg_metadata('{place}', allow_moved_paths = true) "
            "WHERE status <> 'DELETED' AND manifest_content = 'DATA'"
        ).fetchall()
    return there, {path.rsplit("/data/", 1)[1] for (path,) in rows}


def snapshots_of(store: Store) -> dict[str, list[int]]:
    """The snapshots of the market's tables, oldest first."""
    found = {}
    for table in TABLES:
        place = f"{store.lake_uri}/warehouse/market/{table}"
        rows = query(
            store,
            f"SELECT snapshot_id FROM iceberg_snapshots('{place}') ORDER BY sequence_number",
        )
        found[table] = [int(str(number)) for (number,) in rows]
    return found


def assert_sound(store: Store, *, rebuilt: bool = False) -> None:
    """Nothing lies about that matters, and the ledger, the raw objects and the tables tell the same story.

    Where chunks were `rebuilt`, files of earlier snapshots stay until upkeep removes them.
    """
    objects = objects_of(store)
    assert [key for key in objects.list("ledger") if not key.endswith("/0/seed.json")] == []
    for table in TABLES:
        there, live = data_files_of(store, table)
        assert there == live or (rebuilt and live <= there), table
    told = query(store, "SELECT event_id, raw_key FROM meta.raw_files")
    assert len({event for event, _ in told}) == len(told)
    assert {key for _, key in told if key} == set(objects.list("raw"))
    if store.s3 is None:
        lake = Path(store.lake_uri)
        left = [
            path
            for path in lake.rglob("*")
            if path.name.endswith((".part", ".wal")) or ".version-hint-" in path.name
        ]
        assert left == []
        assert list((lake / "scratch").glob("pmp-*")) == []
        assert list(lake.glob(".lake.duckdb-*")) == []


@contextmanager
def stopped_at(
    environ: Mapping[str, str], step: str, nth: int, *words: str, seconds: float = SECONDS
) -> Iterator[subprocess.Popen[str]]:
    """A command of `pmp` that has come to the nth time of a step of its work, and waits there; killed at the end."""
    reads, writes = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-m", "lake_process", "stop", step, str(nth), str(writes), *words],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=[writes],
    )
    os.close(writes)
    try:
        ready, _, _ = select.select([reads], [], [], seconds)
        if not ready or not os.read(reads, 1):
            child.kill()
            raise AssertionError(f"it never came to '{step}' ({nth}):\n{child.communicate(timeout=30)[0]}")
        yield child
    finally:
        os.close(reads)
        kill(child)


@contextmanager
def started(environ: Mapping[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command of `pmp` under way; killed at the end where it has not ended by itself."""
    child = subprocess.Popen(
        [sys.executable, "-m", "lake.cli", *words],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield child
    finally:
        kill(child)


def kill(child: subprocess.Popen[str]) -> None:
    """Kill -9, and wait until it is gone."""
    if child.poll() is None:
        child.send_signal(signal.SIGKILL)
    child.wait(timeout=30)
    if child.stdout is not None:
        child.stdout.close()


def kill_at(environ: Mapping[str, str], step: str, nth: int, *words: str) -> None:
    """Kill -9 a command of `pmp` at the nth time of a step of its work."""
    with stopped_at(environ, step, nth, *words):
        pass
