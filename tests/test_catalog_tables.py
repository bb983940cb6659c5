"""Opening, creating and adopting the lake's tables; what would only seem to work is refused."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from catalog_kit import (
    CONTRACTS,
    LEDGER,
    PRICES,
    chunk_files,
    count,
    create_tables,
    data_path,
    price_rows,
    scan,
    sighting_row,
    start,
    store_arguments,
    write_file,
)
from stores import KEY, REGION, SECRET, Store, local_store

from catalog.commit import commit
from catalog.contract import Contract
from catalog.errors import CatalogLost, ContractError, SetupError
from catalog.hint import hint_path, read_hint
from catalog.lease import lease
from catalog.tables import Catalog, DataFileRecord

ALL = tuple(contract.full_name for contract in CONTRACTS.values())


def fill(store: Store, catalog: Catalog, chunk: str = "2022-01", day: str = "2022-01-01") -> str:
    """One committed file of 24 rows; returns its path."""
    with store.connect() as connection:
        path = write_file(connection, PRICES, data_path(catalog, PRICES, f"{chunk}-a"), price_rows(day))
    commit(catalog, PRICES, [path], chunk_files(chunk))
    return path


def test_creating_twice_creates_once(store: Store) -> None:
    with store.open() as catalog:
        assert catalog.create(CONTRACTS.values()) == ALL
        assert catalog.create(CONTRACTS.values()) == ()


def test_an_empty_table_reads_as_no_rows(store: Store) -> None:
    with store.open() as catalog, store.connect() as connection:
        catalog.create(CONTRACTS.values())
        assert count(connection, scan(catalog, PRICES)) == 0
        assert catalog.snapshot_id(PRICES) is None
        assert catalog.data_files(PRICES) == ()


def test_readers_see_the_types_of_the_contract(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog, sqlite_store.connect() as connection:
        catalog.create(CONTRACTS.values())
        for contract in CONTRACTS.values():
            seen = connection.execute(f"DESCRIBE SELECT * FROM {scan(catalog, contract)}").fetchall()
            assert [(name, kind) for name, kind, *_ in seen] == [
                (column.name, column.type) for column in contract.columns
            ]


def test_data_files_tell_path_size_and_partition(store: Store) -> None:
    with store.open() as catalog:
        catalog.create(CONTRACTS.values())
        path = fill(store, catalog)
        with store.connect() as connection:
            ledger = write_file(
                connection,
                LEDGER,
                data_path(catalog, LEDGER, "run-1"),
                sighting_row("raw/a", "2022-01-02 00:00:00+00", event="1"),
            )
        commit(catalog, LEDGER, [ledger], lambda _: [])
        (record,) = catalog.data_files(PRICES)
        assert record == DataFileRecord(path, 24, record.bytes, "CAISO", 2022)
        assert record.bytes > 1000
        (record,) = catalog.data_files(LEDGER)
        assert (record.path, record.records, record.iso, record.delivery_year) == (ledger, 1, None, None)


@pytest.mark.long
def test_processes_that_create_one_lake_at_once_all_succeed(store: Store, tmp_path: Path) -> None:
    running = [start(create_tables.__name__, *store_arguments(store), folder=tmp_path) for _ in range(4)]
    told = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0] * 4, told
    assert sorted(name for out, _ in told for name in out.split()) == sorted(ALL)
    with store.open() as catalog, store.connect() as connection:
        assert catalog.create(CONTRACTS.values()) == ()
        assert count(connection, scan(catalog, PRICES)) == 0


def test_a_lost_catalog_is_adopted_with_every_row(store: Store, tmp_path: Path) -> None:
    with store.open() as catalog:
        catalog.create(CONTRACTS.values())
        fill(store, catalog)
        before = catalog.data_files(PRICES)
    anew = Store(store.lake_uri, f"sqlite:///{tmp_path}/anew/catalog.db", store.environment, store.s3)
    with anew.open() as catalog:
        assert catalog.adopt(CONTRACTS.values()) == ALL
        assert catalog.adopt(CONTRACTS.values()) == ()
        assert catalog.data_files(PRICES) == before
        fill(anew, catalog, chunk="2022-02", day="2022-02-01")
        assert len(catalog.data_files(PRICES)) == 2


def test_a_lost_catalog_is_not_created_over(store: Store, tmp_path: Path) -> None:
    with store.open() as catalog:
        catalog.create(CONTRACTS.values())
        fill(store, catalog)
    anew = Store(store.lake_uri, f"sqlite:///{tmp_path}/anew/catalog.db", store.environment, store.s3)
    with anew.open() as catalog, anew.connect() as connection:
        with pytest.raises(CatalogLost, match="init --adopt"):
            catalog.create([PRICES])
        assert count(connection, scan(catalog, PRICES)) == 24


def test_adoption_follows_the_hint_and_not_the_newest_file(sqlite_store: Store, tmp_path: Path) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        fill(sqlite_store, catalog)
        metadata = Path(catalog.location(PRICES)) / "metadata"
        first = min(metadata.glob("*.metadata.json"))
        (metadata / "00099-lost-its-race.metadata.json").write_bytes(first.read_bytes())
        before = catalog.data_files(PRICES)
    anew = local_store(tmp_path, f"sqlite:///{tmp_path}/anew.db")
    with anew.open() as catalog:
        catalog.adopt(CONTRACTS.values())
        assert catalog.data_files(PRICES) == before


def test_a_moved_lake_is_not_adopted_half(sqlite_store: Store, tmp_path: Path) -> None:
    """Its metadata names the old place in every path: a commit would write there."""
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        fill(sqlite_store, catalog)
    shutil.move(sqlite_store.lake_uri, tmp_path / "moved")
    with Catalog.open(f"sqlite:///{tmp_path}/anew.db", str(tmp_path / "moved" / "tables")) as catalog:
        with pytest.raises(SetupError, match="the lake was moved"):
            catalog.adopt(CONTRACTS.values())
        assert not catalog.backend.table_exists(("market", "ancillary_services"))
    with (
        Catalog.open(f"sqlite:///{tmp_path}/moved/catalog.db", str(tmp_path / "moved" / "tables")) as catalog,
        pytest.raises(SetupError, match="move the lake back"),
    ):
        catalog.table(PRICES)


def test_adopting_nothing_leaves_everything_to_create(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        assert catalog.adopt(CONTRACTS.values()) == ()
        assert catalog.create(CONTRACTS.values()) == ALL


def test_a_hint_that_names_nothing_is_said(sqlite_store: Store, tmp_path: Path) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        Path(hint_path(catalog.location(PRICES))).write_text("00007-gone", encoding="utf-8")
    anew = local_store(tmp_path, f"sqlite:///{tmp_path}/anew.db")
    with anew.open() as catalog:
        with pytest.raises(CatalogLost, match="00007-gone"):
            catalog.adopt([PRICES])
        assert not catalog.backend.table_exists(("market", "energy_prices"))


def test_the_hint_names_the_current_metadata(store: Store) -> None:
    with store.open() as catalog:
        catalog.create(CONTRACTS.values())
        fill(store, catalog)
        table = catalog.table(PRICES)
        stem = read_hint(table.io, table.location())
        assert table.metadata_location.endswith(f"/{stem}.metadata.json")


def test_old_metadata_files_do_not_pile_up(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        catalog.create([PRICES])
        file = fill(sqlite_store, catalog)
        for turn in range(25):
            copy = data_path(catalog, PRICES, f"copy-{turn}")
            shutil.copy(file, copy)
            commit(catalog, PRICES, [copy], chunk_files("copy"))
        metadata = Path(catalog.location(PRICES)) / "metadata"
        assert len(list(metadata.glob("*.metadata.json"))) <= 22


def test_sqlite_is_made_fit_for_two_writers(sqlite_store: Store) -> None:
    with sqlite_store.open():
        path = sqlite_store.catalog_uri.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("sqlite://", "lost with the process"),
        ("sqlite:///:memory:", "lost with the process"),
        ("catalog.db", "not a database URL"),
        ("s3://bucket/catalog.db", "write it like sqlite"),
        ("nosuchdatabase://host/lake", "write it like sqlite"),
        ("sqlite:////proc/lake/catalog.db", "cannot be made"),
    ],
)
def test_a_catalog_that_cannot_be_kept_is_refused(tmp_path: Path, uri: str, said: str) -> None:
    with pytest.raises(SetupError, match=said):
        Catalog.open(uri, str(tmp_path))


def test_sqlite_on_a_network_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.backend._file_system", lambda _: "nfs4")
    with pytest.raises(SetupError, match="network share"):
        Catalog.open(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_text("these are my notes, not a database\n" * 100, encoding="utf-8")
    with pytest.raises(SetupError, match="is not a catalog"):
        Catalog.open(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path))


def test_an_empty_warehouse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="LAKE_URI"):
        Catalog.open(f"sqlite:///{tmp_path}/catalog.db", " ")


def test_the_catalog_of_another_lake_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
    with Catalog.open(sqlite_store.catalog_uri, str(tmp_path / "elsewhere")) as catalog:
        with pytest.raises(SetupError, match="belongs to another lake"):
            catalog.table(PRICES)
        with pytest.raises(SetupError, match="belongs to another lake"):
            catalog.create(CONTRACTS.values())


def test_a_table_that_was_never_created_says_how(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog, pytest.raises(SetupError, match="pmp init"):
        catalog.table(PRICES)


def test_a_lake_whose_files_are_gone_is_said(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        for file in (Path(catalog.location(PRICES)) / "metadata").iterdir():
            file.unlink()
        with pytest.raises(SetupError, match="metadata is not in the lake"):
            catalog.table(PRICES)


def test_a_table_from_another_contract_is_refused(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        shorter = Contract(
            PRICES.namespace, PRICES.name, PRICES.comment, PRICES.columns[:-1], PRICES.key, PRICES.checks
        )
        with pytest.raises(ContractError, match="is_current"):
            catalog.create([shorter])


def test_a_local_warehouse_may_be_written_in_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for warehouse in ("lake", "./lake/", f"file://{tmp_path}/lake", str(tmp_path / "lake")):
        with Catalog.open(f"sqlite:///{tmp_path}/catalog.db", warehouse) as catalog:
            assert catalog.location(PRICES) == f"{tmp_path}/lake/market/energy_prices"


@pytest.mark.long
def test_a_database_that_refuses_a_password_does_not_show_it(postgres_store: Store, tmp_path: Path) -> None:
    host = postgres_store.catalog_uri.partition("host=")[2].partition("&")[0]
    with pytest.raises(SetupError) as refusal:
        Catalog.open(f"postgresql://nobody:hunter2@/nowhere?host={host}", str(tmp_path))
    assert "hunter2" not in str(refusal.value)
    assert "nobody" in str(refusal.value)


@pytest.mark.long
def test_a_missing_bucket_is_one_sentence(s3_store: Store, tmp_path: Path) -> None:
    with (
        Catalog.open(
            f"sqlite:///{tmp_path}/x.db", "s3://no-such-bucket-here/lake", s3_store.properties
        ) as catalog,
        pytest.raises(SetupError, match="the bucket does not exist"),
    ):
        catalog.create(CONTRACTS.values())


@pytest.mark.long
def test_a_store_that_cannot_be_reached_is_one_sentence(s3_store: Store, tmp_path: Path) -> None:
    properties = {**s3_store.properties, "s3.endpoint": "http://127.0.0.1:9", "s3.connect-timeout": "1"}
    with (
        Catalog.open(f"sqlite:///{tmp_path}/x.db", f"{s3_store.lake_uri}/tables", properties) as catalog,
        pytest.raises(SetupError, match="cannot be reached"),
    ):
        catalog.create(CONTRACTS.values())


def test_an_unknown_kind_of_catalog_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="Check its type"):
        Catalog.open("", str(tmp_path), {"type": "spreadsheet"})


def test_a_catalog_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be opened"):
        Catalog.open("http://127.0.0.1:9", str(tmp_path))


@pytest.mark.long
def test_a_catalog_of_another_kind_is_named_by_its_type(s3_store: Store, s3_endpoint: str) -> None:
    """AWS Glue stands for what is not SQL: tables, the commit and leases work there too."""
    glue = {
        "type": "glue",
        "glue.endpoint": s3_endpoint,
        "glue.access-key-id": KEY,
        "glue.secret-access-key": SECRET,
        "glue.region": REGION,
    }
    with Catalog.open("", f"{s3_store.lake_uri}/tables", {**s3_store.properties, **glue}) as catalog:
        assert catalog.create(CONTRACTS.values()) == ALL
        assert catalog.create(CONTRACTS.values()) == ()
        with lease(catalog, "2022-01"):
            path = fill(s3_store, catalog)
        assert [file.path for file in catalog.data_files(PRICES)] == [path]
