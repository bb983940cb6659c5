"""The commit: one snapshot per batch, what it replaces, and the files it refuses."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
from catalog_kit import (
    CONTRACTS,
    JANUARY,
    LEDGER,
    PRICES,
    chunk_files,
    count,
    data_path,
    paths,
    price_rows,
    put,
    scan,
    sighting_row,
    snapshots,
    write_file,
)
from stores import Store

from catalog.commit import commit
from catalog.errors import DataFileRefused
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


def these(leaving: set[str]) -> Callable[[Sequence[str]], list[str]]:
    return lambda _: sorted(leaving)


def test_a_batch_is_one_snapshot(catalog: Catalog, connection: duckdb.DuckDBPyConnection) -> None:
    files = [
        put(catalog, connection, f"2022-0{month}-a", price_rows(f"2022-0{month}-01")) for month in (1, 2, 3)
    ]
    snapshot_id = commit(catalog, PRICES, files, lambda _: [])
    assert snapshot_id == catalog.snapshot_id(PRICES)
    assert snapshots(catalog) == 1
    assert count(connection, scan(catalog, PRICES)) == 72


def test_a_rebuilt_chunk_replaces_its_files_and_no_others(
    catalog: Catalog, connection: duckdb.DuckDBPyConnection
) -> None:
    old = put(catalog, connection, "2022-01-a")
    other = put(catalog, connection, "2022-02-a", price_rows("2022-02-01"))
    commit(catalog, PRICES, [old, other], lambda _: [])
    new = put(catalog, connection, "2022-01-b", price_rows("2022-01-01", hours=48, price=99))
    commit(catalog, PRICES, [new], chunk_files("2022-01"))
    assert paths(catalog) == {new, other}
    assert snapshots(catalog) == 2
    assert connection.execute(
        f"SELECT lmp_total, count(*) FROM {scan(catalog, PRICES)} GROUP BY ALL ORDER BY ALL"
    ).fetchall() == [(30.0, 24), (99.0, 48)]


def test_the_same_commit_again_makes_no_snapshot(
    catalog: Catalog, connection: duckdb.DuckDBPyConnection
) -> None:
    file = put(catalog, connection, "2022-01-a")
    commit(catalog, PRICES, [file], chunk_files("2022-01"))
    assert commit(catalog, PRICES, [file], chunk_files("2022-01")) is None
    assert snapshots(catalog) == 1
    assert count(connection, scan(catalog, PRICES)) == 24


def test_a_chunk_that_became_empty_leaves_without_a_file(
    catalog: Catalog, connection: duckdb.DuckDBPyConnection
) -> None:
    commit(catalog, PRICES, [put(catalog, connection, "2022-01-a")], lambda _: [])
    assert commit(catalog, PRICES, [], chunk_files("2022-01")) is not None
    assert count(connection, scan(catalog, PRICES)) == 0
    assert paths(catalog) == set()


def test_a_commit_of_nothing_is_nothing(catalog: Catalog) -> None:
    assert commit(catalog, PRICES, [], lambda current: current) is None
    assert snapshots(catalog) == 0


def test_steps_are_told_in_order(catalog: Catalog, connection: duckdb.DuckDBPyConnection) -> None:
    steps: list[str] = []
    commit(catalog, PRICES, [put(catalog, connection, "2022-01-a")], lambda _: [], on_step=steps.append)
    assert steps == ["files written", "committed", "hint put"]


def test_the_ledger_commits_without_a_partition(
    catalog: Catalog, connection: duckdb.DuckDBPyConnection
) -> None:
    row = sighting_row("raw/a", "2022-01-02 00:00:00+00", event="1")
    file = write_file(connection, LEDGER, data_path(catalog, LEDGER, "run-1"), row)
    commit(catalog, LEDGER, [file], lambda _: [])
    assert count(connection, scan(catalog, LEDGER)) == 1


def test_readers_prune_by_partition_and_statistics(
    catalog: Catalog, connection: duckdb.DuckDBPyConnection
) -> None:
    files = [
        put(catalog, connection, f"{year}-{iso}", price_rows(f"{year}-06-01", iso=iso))
        for year in (2021, 2022, 2023)
        for iso in ("CAISO", "PJM")
    ]
    commit(catalog, PRICES, files, lambda _: [])
    where = "iso = 'PJM' AND delivery_date BETWEEN DATE '2022-01-01' AND DATE '2022-12-31'"
    plan = "\n".join(
        str(line)
        for row in connection.execute(
            f"EXPLAIN ANALYZE SELECT avg(lmp_total) FROM {scan(catalog, PRICES)} WHERE {where}"
        ).fetchall()
        for line in row
    )
    assert "Total Files Read: 1" in plan


REFUSED = {
    "not there": (None, "is not there"),
    "no rows": ("SELECT * FROM ({rows}) WHERE false", "holds no rows"),
    "two years": (
        "FROM ({rows}) UNION ALL SELECT * REPLACE (DATE '2023-01-01' AS delivery_date) FROM ({rows})",
        "one delivery year",
    ),
    "two operators": (
        "SELECT * FROM ({rows}) UNION ALL SELECT * REPLACE ('PJM' AS iso) FROM ({rows})",
        "one operator",
    ),
    "a NULL price": (
        "SELECT * REPLACE (nullif(lmp_total, 30) AS lmp_total) FROM ({rows})",
        "24 NULLs in lmp_total",
    ),
    "text for a price": (
        "SELECT * REPLACE (CAST(lmp_total AS VARCHAR) AS lmp_total) FROM ({rows})",
        "lmp_total is string",
    ),
    "a narrower price": (
        "SELECT * REPLACE (CAST(lmp_total AS FLOAT) AS lmp_total) FROM ({rows})",
        "lmp_total is float",
    ),
    "a stamp without a zone": (
        "SELECT * REPLACE (datetime_local AS datetime_utc) FROM ({rows})",
        "datetime_utc is timestamp with",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_breaks_the_contract_is_refused(
    catalog: Catalog, connection: duckdb.DuckDBPyConnection, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    select, said = REFUSED[case]
    path = data_path(catalog, PRICES, "2022-01-a")
    if select is not None:
        write_file(connection, PRICES, path, select.format(rows=JANUARY))
    with pytest.raises(DataFileRefused, match=said):
        commit(catalog, PRICES, [path], lambda _: [])
    assert snapshots(catalog) == 0
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("file_options", "select", "said"),
    [
        ("", JANUARY, "no field id on datetime_utc"),
        (
            ", FIELD_IDS {iso: 1, lmp_total: 16}",
            "SELECT 'CAISO' AS iso, 1.0::DOUBLE AS lmp_total",
            "no column datetime_utc",
        ),
        (", FIELD_IDS 'auto'", f"SELECT *, 1 AS lmp_ghg FROM ({JANUARY})", "an extra column lmp_ghg"),
    ],
)
def test_a_file_with_other_columns_or_field_ids_is_refused(
    sqlite_store: Store, file_options: str, select: str, said: str
) -> None:
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        path = data_path(catalog, PRICES, "2022-01-a")
        Path(path).parent.mkdir(parents=True)
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet{file_options})")
        with pytest.raises(DataFileRefused, match=said):
            commit(catalog, PRICES, [path], lambda _: [])


@pytest.mark.parametrize("damage", [b"no parquet at all", None])
def test_a_damaged_file_is_refused(sqlite_store: Store, damage: bytes | None) -> None:
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        path = Path(put(catalog, connection, "2022-01-a"))
        path.write_bytes(damage if damage is not None else path.read_bytes()[:-40])
        with pytest.raises(DataFileRefused, match="cannot join"):
            commit(catalog, PRICES, [str(path)], lambda _: [])


def test_replacing_what_is_not_there_is_a_mistake_of_the_caller(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        catalog.create([PRICES])
        with pytest.raises(ValueError, match="not in the table"):
            commit(catalog, PRICES, [], lambda _: ["/elsewhere.parquet"])


def test_many_commits_leave_few_manifests_and_exactly_the_files_that_should_be_there(
    sqlite_store: Store,
) -> None:
    """Against a plain set as the model: random chunks come, are rebuilt and go."""
    draw = random.Random(20221106)
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        model: dict[str, str] = {}
        for turn in range(40):
            chunks = draw.sample(["01", "02", "03", "04", "05"], k=draw.randint(1, 3))
            leaving = {model.pop(chunk) for chunk in chunks if chunk in model}
            joining = {
                chunk: put(catalog, connection, f"{chunk}-{turn}", price_rows(f"2022-{chunk}-01", price=turn))
                for chunk in chunks
                if draw.random() < 0.8
            }
            model |= joining
            commit(catalog, PRICES, list(joining.values()), these(leaving))
            assert paths(catalog) == set(model.values())
        assert count(connection, scan(catalog, PRICES)) == 24 * len(model)
        table = catalog.table(PRICES)
        snapshot = table.current_snapshot()
        assert snapshot is not None
        assert len(snapshot.manifests(table.io)) <= 20
        assert snapshot.summary is not None
        assert snapshot.summary["total-data-files"] == str(len(model))
        assert snapshot.summary["total-records"] == str(24 * len(model))


def live_and_dead_manifests(catalog: Catalog) -> tuple[int, int]:
    """Manifests of the current snapshot that name a file of the table, and those that only name gone ones."""
    table = catalog.table(PRICES)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    live = [
        manifest.has_added_files() or manifest.has_existing_files()
        for manifest in snapshot.manifests(table.io)
    ]
    return live.count(True), live.count(False)


def test_a_chunk_rebuilt_again_and_again_leaves_no_trail_of_manifests(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        first = put(catalog, connection, "first")
        for turn in range(5):
            copy = data_path(catalog, PRICES, f"chunk-{turn}")
            shutil.copy(first, copy)
            commit(catalog, PRICES, [copy], lambda current: current)
        assert live_and_dead_manifests(catalog) == (1, 1)


def test_manifests_of_many_commits_are_merged(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.replacement.MANIFESTS_TO_MERGE", 4)
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create([PRICES])
        first = put(catalog, connection, "first")
        for turn in range(8):
            copy = data_path(catalog, PRICES, f"chunk-{turn}")
            shutil.copy(first, copy)
            commit(catalog, PRICES, [copy], lambda _: [])
        assert sum(live_and_dead_manifests(catalog)) <= 4
        assert count(connection, scan(catalog, PRICES)) == 24 * 8
