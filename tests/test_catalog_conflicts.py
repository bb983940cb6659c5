"""The commit among others: conflicts won in the end, a kill at any step mended by the next run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
from catalog_kit import (
    CONTRACTS,
    PRICES,
    chunk_files,
    commit_and_die,
    count,
    data_path,
    paths,
    price_rows,
    put,
    rebuild_often,
    scan,
    snapshots,
    start,
    store_arguments,
)
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io import FileIO
from stores import Store

from catalog import commit as commit_module
from catalog import hint
from catalog.commit import commit, mend_hint
from catalog.errors import CommitConflict
from catalog.hint import hint_path
from catalog.tables import Catalog


@pytest.fixture
def catalog(store: Store) -> Iterator[Catalog]:
    with store.open() as opened:
        opened.create(CONTRACTS.values())
        yield opened


@pytest.fixture
def connection(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = store.connect()
    yield opened
    opened.close()


def test_a_hint_put_by_another_in_between_is_not_undone(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commits, B commits and puts its hint, then A puts the hint it had in mind: the last word is B's."""
    with sqlite_store.open() as catalog, sqlite_store.open() as rival, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        ours, theirs = put(catalog, connection, "2022-01-a"), put(catalog, connection, "2022-02-a")
        really_put = hint._put
        puts: list[str] = []

        def put_late(io: FileIO, path: str, text: str) -> None:
            puts.append(text)
            if len(puts) == 1:
                commit(rival, PRICES, [theirs], lambda _: [])
            really_put(io, path, text)

        monkeypatch.setattr(hint, "_put", put_late)
        commit(catalog, PRICES, [ours], lambda _: [])
        assert len(puts) == 3
        assert count(connection, scan(catalog, PRICES)) == 48


def test_a_commit_that_keeps_losing_ends_with_a_sentence(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object, **__: object) -> int:
        raise CommitFailedException("somebody was first")

    monkeypatch.setattr(commit_module, "replace_files", lose)
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        file = put(catalog, connection, "2022-01-a")
        with pytest.raises(CommitConflict, match="3 times"):
            commit(catalog, PRICES, [file], lambda _: [], attempts=3)


def test_after_a_conflict_what_to_replace_is_worked_out_again(sqlite_store: Store) -> None:
    """Another builder commits the same chunk between our look at the table and our commit."""
    with sqlite_store.open() as catalog, sqlite_store.open() as rival, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        commit(catalog, PRICES, [put(catalog, connection, "2022-01-a")], lambda _: [])
        theirs = put(catalog, connection, "2022-01-b", price_rows("2022-01-01", price=2))
        ours = put(catalog, connection, "2022-01-c", price_rows("2022-01-01", price=3))
        asked: list[list[str]] = []

        def replaces(current: Sequence[str]) -> list[str]:
            asked.append(list(current))
            if len(asked) == 1:
                commit(rival, PRICES, [theirs], chunk_files("2022-01"))
            return chunk_files("2022-01")(current)

        commit(catalog, PRICES, [ours], replaces)
        assert [len(current) for current in asked] == [1, 1]
        assert asked[1] == [theirs]
        assert paths(catalog) == {ours}


def test_a_commit_whose_answer_was_lost_is_recognised(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog.replacement import replace_files

    def land_and_lose_the_answer(*arguments: object, **words: object) -> int:
        replace_files(*arguments, **words)  # type: ignore[arg-type]
        raise CommitFailedException("the line went dead")

    monkeypatch.setattr(commit_module, "replace_files", land_and_lose_the_answer)
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        file = put(catalog, connection, "2022-01-a")
        assert commit(catalog, PRICES, [file], lambda _: []) == catalog.snapshot_id(PRICES)
        assert snapshots(catalog) == 1


def test_a_stale_hint_is_mended_once(catalog: Catalog, connection: duckdb.DuckDBPyConnection) -> None:
    commit(catalog, PRICES, [put(catalog, connection, "2022-01-a")], lambda _: [])
    table = catalog.table(PRICES)
    first = next(entry.metadata_file for entry in table.metadata.metadata_log)
    stem = first.rsplit("/", 1)[-1].removesuffix(".metadata.json")
    with table.io.new_output(hint_path(table.location())).create(overwrite=True) as stream:
        stream.write(stem.encode())
    assert count(connection, scan(catalog, PRICES)) == 0
    assert mend_hint(table)
    assert not mend_hint(table)
    assert count(connection, scan(catalog, PRICES)) == 24


def kill_after(step: str, store: Store, folder: Path) -> None:
    process = start(commit_and_die.__name__, *store_arguments(store), step, folder=folder)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -9, errors


@pytest.mark.long
def test_killed_before_the_commit_nothing_changed_and_the_next_run_completes_it(
    store: Store, catalog: Catalog, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    commit(catalog, PRICES, [put(catalog, connection, "2022-01-a")], lambda _: [])
    kill_after("files written", store, tmp_path)
    assert snapshots(catalog) == 1
    assert count(connection, scan(catalog, PRICES)) == 24
    file = put(catalog, connection, "2022-02-b", price_rows("2022-02-01"))
    commit(catalog, PRICES, [file], chunk_files("2022-02"))
    assert count(connection, scan(catalog, PRICES)) == 48


@pytest.mark.long
def test_killed_between_commit_and_hint_the_next_run_mends_it(
    store: Store, catalog: Catalog, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    commit(catalog, PRICES, [put(catalog, connection, "2022-01-a")], lambda _: [])
    kill_after("committed", store, tmp_path)
    assert snapshots(catalog) == 2
    assert count(connection, scan(catalog, PRICES)) == 24
    # The next run finds nothing to do, and says so to the readers too.
    file = data_path(catalog, PRICES, "2022-02-b")
    assert commit(catalog, PRICES, [file], chunk_files("2022-02")) is None
    assert snapshots(catalog) == 2
    assert count(connection, scan(catalog, PRICES)) == 48


@pytest.mark.long
def test_killed_after_the_hint_everything_is_there(
    store: Store, catalog: Catalog, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    kill_after("hint put", store, tmp_path)
    assert count(connection, scan(catalog, PRICES)) == 24
    assert not mend_hint(catalog.table(PRICES))


@pytest.mark.long
def test_processes_that_rebuild_different_chunks_all_succeed_every_time(
    store: Store, catalog: Catalog, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Four processes, twenty commits each, all into one table; none may fail, and none may undo another's."""
    chunks = ["north", "east", "south", "west"]
    running = [
        start(rebuild_often.__name__, *store_arguments(store), chunk, "20", folder=tmp_path)
        for chunk in chunks
    ]
    errors = [process.communicate(timeout=600)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, "\n".join(errors)
    assert paths(catalog) == {data_path(catalog, PRICES, f"{chunk}-19") for chunk in chunks}
    assert snapshots(catalog) == 80
    assert not mend_hint(catalog.table(PRICES))
    assert connection.execute(
        f"""
        SELECT settlement_location, lmp_total, count(*) FROM {scan(catalog, PRICES)} GROUP BY ALL ORDER BY ALL
        """
    ).fetchall() == [(chunk, 19.0, 24) for chunk in sorted(chunks)]
