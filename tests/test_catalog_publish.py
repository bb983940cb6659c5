"""``lake.duckdb``: the door of the lake, as people open it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from catalog_kit import (
    CONTRACTS,
    LEDGER,
    PRICES,
    chunk_files,
    count,
    data_path,
    price_rows,
    sighting_row,
    write_file,
)
from stores import Store

from catalog.commit import commit
from catalog.duck import EXTENSIONS, extension_files
from catalog.errors import PublishError, SetupError
from catalog.publish import publish
from catalog.tables import Catalog

VIEWS = (
    ("meta.coverage", "SELECT iso, count(*) AS row_count FROM market.energy_prices GROUP BY iso;"),
    ("meta.covered", "SELECT iso FROM meta.coverage WHERE row_count > 0"),
)


@pytest.fixture
def catalog(store: Store) -> Iterator[Catalog]:
    with store.open() as opened:
        opened.create(CONTRACTS.values())
        yield opened


def bare_session(store: Store) -> duckdb.DuckDBPyConnection:
    """What a stranger does: plain DuckDB, the extensions, a secret. Nothing of ours but the file."""
    connection = duckdb.connect()
    for name in EXTENSIONS:
        connection.execute(f"LOAD '{extension_files()[name]}'")
    connection.execute(secret_statement(store))
    return connection


def secret_statement(store: Store) -> str:
    """How a stranger gives DuckDB the keys of a bucket; nothing for a folder."""
    if store.s3 is None or store.s3.endpoint is None:
        return "SELECT 1"
    return f"""
        CREATE SECRET (
            TYPE s3, KEY_ID '{store.s3.access_key_id}', SECRET '{store.s3.secret_access_key}',
            REGION '{store.s3.region}', ENDPOINT '{store.s3.endpoint.removeprefix("http://")}',
            URL_STYLE 'path', USE_SSL false
        )
    """


def put(store: Store, catalog: Catalog, name: str, *selects: str) -> None:
    """Commit the rows of `selects` as one file in place of the files of the same chunk."""
    with store.connect() as connection:
        path = write_file(connection, PRICES, data_path(catalog, PRICES, name), " UNION ALL ".join(selects))
    commit(catalog, PRICES, [path], chunk_files(name.rpartition("-")[0]))


def test_a_session_that_attached_the_file_sees_new_commits(store: Store, catalog: Catalog) -> None:
    assert publish(catalog, CONTRACTS.values(), store.views, views=VIEWS, s3=store.s3)
    with closing(bare_session(store)) as reader:
        reader.execute(f"ATTACH '{store.views}' AS power (READ_ONLY)")
        assert count(reader, "power.market.energy_prices") == 0
        assert count(reader, "power.meta.covered") == 0
        put(store, catalog, "2022-01-a", price_rows("2022-01-01"))
        assert count(reader, "power.market.energy_prices") == 24
        put(store, catalog, "2022-02-a", price_rows("2022-02-01"))
        put(store, catalog, "2022-01-b", price_rows("2022-01-01", hours=48))
        assert count(reader, "power.market.energy_prices") == 72
        assert reader.execute("SELECT * FROM power.meta.coverage").fetchall() == [("CAISO", 72)]
        assert reader.execute("SELECT * FROM power.meta.covered").fetchall() == [("CAISO",)]
        reader.execute("USE power")
        assert count(reader, "market.energy_prices") == 72


def test_the_file_is_written_again_only_when_a_view_changes(store: Store, catalog: Catalog) -> None:
    def published(views: tuple[tuple[str, str], ...]) -> bool:
        return publish(catalog, CONTRACTS.values(), store.views, views=views, s3=store.s3)

    assert published(VIEWS)
    assert not published(VIEWS)
    put(store, catalog, "2022-01-a", price_rows("2022-01-01"))
    assert not published(VIEWS)
    assert published(VIEWS[:1])
    with closing(bare_session(store)) as reader:
        reader.execute(f"ATTACH '{store.views}' AS power (READ_ONLY)")
        with pytest.raises(duckdb.CatalogException):
            reader.execute("FROM power.meta.covered")


def test_current_rows_every_version_and_what_was_known(store: Store, catalog: Catalog) -> None:
    """One hour told three times (A, B, A again), another never revised, a third known only later."""
    put(
        store,
        catalog,
        "2022-01-a",
        price_rows(
            "2022-01-01", location="A", price=10, version=1, is_current=False, data_source="raw/a", hours=1
        ),
        price_rows(
            "2022-01-01", location="A", price=20, version=2, is_current=False, data_source="raw/b", hours=1
        ),
        price_rows("2022-01-01", location="A", price=10, version=3, data_source="raw/a", hours=1),
        price_rows("2022-01-01", location="B", price=7, data_source="raw/a", hours=1),
        price_rows("2022-01-01", location="C", price=5, data_source="raw/c", hours=1),
    )
    sightings = [
        sighting_row("raw/a", "2022-01-02 00:00:00+00", event="1"),
        sighting_row("raw/b", "2022-01-05 00:00:00+00", event="2"),
        sighting_row("raw/b", "2022-01-06 00:00:00+00", event="3", status="unchanged"),
        sighting_row("raw/a", "2022-01-09 00:00:00+00", event="4"),
        sighting_row("raw/c", "2022-01-05 00:00:00+00", event="5"),
    ]
    with store.connect() as connection:
        path = write_file(
            connection, LEDGER, data_path(catalog, LEDGER, "run-1"), " UNION ALL ".join(sightings)
        )
    commit(catalog, LEDGER, [path], lambda _: [])
    publish(catalog, CONTRACTS.values(), store.views, s3=store.s3)
    with closing(bare_session(store)) as reader:
        reader.execute("SET TimeZone = 'UTC'")
        reader.execute(f"ATTACH '{store.views}' AS power (READ_ONLY)")

        def rows(relation: str) -> list[tuple[str, float, int]]:
            return reader.execute(
                f'SELECT settlement_location, lmp_total, "version" FROM {relation} ORDER BY ALL'
            ).fetchall()

        def known(moment: str) -> list[tuple[str, float, int]]:
            return rows(f"power.market.energy_prices_as_of(TIMESTAMPTZ '{moment}')")

        assert rows("power.market.energy_prices") == [("A", 10, 3), ("B", 7, 1), ("C", 5, 1)]
        assert rows("power.market.energy_prices_all") == [
            ("A", 10, 1),
            ("A", 10, 3),
            ("A", 20, 2),
            ("B", 7, 1),
            ("C", 5, 1),
        ]
        assert known("2022-01-01 23:59:59+00") == []
        assert known("2022-01-02 00:00:00+00") == [("A", 10, 1), ("B", 7, 1)]
        assert known("2022-01-05 00:00:00+00") == [("A", 20, 2), ("B", 7, 1), ("C", 5, 1)]
        assert known("2022-01-08 12:00:00+00") == [("A", 20, 2), ("B", 7, 1), ("C", 5, 1)]
        assert known("2022-01-09 00:00:00+00") == [("A", 10, 3), ("B", 7, 1), ("C", 5, 1)]
        # A date is a moment too, and every row shown was current then.
        assert reader.execute(
            "SELECT count(*), bool_and(is_current) FROM power.market.energy_prices_as_of('2022-01-05')"
        ).fetchall() == [(3, True)]


def test_columns_stand_in_the_order_of_the_contract_and_carry_its_words(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog, closing(bare_session(sqlite_store)) as reader:
        catalog.create(CONTRACTS.values())
        publish(catalog, CONTRACTS.values(), sqlite_store.views)
        reader.execute(f"ATTACH '{sqlite_store.views}' AS power (READ_ONLY)")
        for relation in ("energy_prices", "energy_prices_all"):
            described = reader.execute(
                "SELECT column_name, data_type, comment FROM duckdb_columns() "
                "WHERE schema_name = 'market' AND table_name = $name ORDER BY column_index",
                {"name": relation},
            ).fetchall()
            assert described == [(column.name, column.type, column.comment) for column in PRICES.columns]
        as_of = reader.execute("DESCRIBE FROM power.market.energy_prices_as_of(now())").fetchall()
        assert [name for name, *_ in as_of] == list(PRICES.column_names)


def test_a_view_of_the_caller_stands_in_place_of_a_table_s(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog, closing(bare_session(sqlite_store)) as reader:
        catalog.create(CONTRACTS.values())
        put(sqlite_store, catalog, "2022-01-a", price_rows("2022-01-01", hours=1))
        journal = sighting_row("raw/a", "2022-01-02 00:00:00+00", event="1")
        publish(catalog, CONTRACTS.values(), sqlite_store.views, views=[("meta.raw_files", journal)])
        reader.execute(f"ATTACH '{sqlite_store.views}' AS power (READ_ONLY)")
        assert reader.execute("SELECT event_id FROM power.meta.raw_files").fetchall() == [("1",)]
        # What is known follows the same view: an event that is not yet in the table counts.
        assert count(reader, "power.market.energy_prices_as_of(TIMESTAMPTZ '2022-01-01 00:00:00+00')") == 0
        assert count(reader, "power.market.energy_prices_as_of(TIMESTAMPTZ '2022-01-02 00:00:00+00')") == 1


def test_a_view_that_does_not_run_is_named(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        with pytest.raises(PublishError, match=r"meta\.gaps.*nosuchcolumn"):
            publish(
                catalog,
                CONTRACTS.values(),
                sqlite_store.views,
                views=[("meta.gaps", "SELECT nosuchcolumn FROM market.energy_prices")],
            )
        assert not Path(sqlite_store.views).exists()


def test_a_database_with_tables_of_its_own_is_not_overwritten(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        with closing(duckdb.connect(sqlite_store.views)) as mine:
            mine.execute("CREATE TABLE forecasts AS SELECT 42 AS answer")
        with pytest.raises(PublishError, match="forecasts"):
            publish(catalog, CONTRACTS.values(), sqlite_store.views)


def test_a_damaged_file_is_written_anew(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog, closing(bare_session(sqlite_store)) as reader:
        catalog.create(CONTRACTS.values())
        Path(sqlite_store.views).write_bytes(b"half a file")
        assert publish(catalog, CONTRACTS.values(), sqlite_store.views)
        reader.execute(f"ATTACH '{sqlite_store.views}' AS power (READ_ONLY)")
        assert count(reader, "power.market.energy_prices") == 0


def test_a_session_that_has_the_file_open_does_not_stop_a_new_one(sqlite_store: Store) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        publish(catalog, CONTRACTS.values(), sqlite_store.views)
        script = (
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); "
            "sys.stdin.read(); "
            "print(c.execute('SELECT digest FROM meta.published').fetchone())"
        )
        session = subprocess.Popen(
            [sys.executable, "-c", script, sqlite_store.views],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert session.stdout is not None
        assert session.stdout.readline() == "open\n"
        assert publish(catalog, CONTRACTS.values(), sqlite_store.views, views=VIEWS)
        out, _ = session.communicate(input="", timeout=60)
        assert session.returncode == 0, out
        assert [path.name for path in Path(sqlite_store.lake_uri).glob(".lake.duckdb*")] == []


def test_a_lake_that_was_moved_is_read_where_it_is_after_publishing_again(
    sqlite_store: Store, tmp_path: Path
) -> None:
    with sqlite_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        put(sqlite_store, catalog, "2022-01-a", price_rows("2022-01-01"))
        old = catalog.location(PRICES)
    moved = tmp_path / "moved"
    shutil.move(sqlite_store.lake_uri, moved)
    with closing(bare_session(sqlite_store)) as reader:
        assert not Path(old).exists()
        assert (
            count(reader, f"iceberg_scan('{moved}/tables/market/energy_prices', allow_moved_paths = true)")
            == 24
        )


@pytest.mark.long
def test_the_duckdb_shell_reads_the_lake(store: Store, catalog: Catalog) -> None:
    shell = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")
    if shell is None:
        pytest.skip("the DuckDB shell is not installed (pip install duckdb-cli)")
    put(store, catalog, "2022-01-a", price_rows("2022-01-01"))
    publish(catalog, CONTRACTS.values(), store.views, views=VIEWS, s3=store.s3)
    script = [f"LOAD '{file}';" for file in extension_files().values()] + [f"{secret_statement(store)};"]
    script += [f"ATTACH '{store.views}' AS power (READ_ONLY);", "SELECT row_count FROM power.meta.coverage;"]
    done = subprocess.run(
        [shell, "-csv", "-noheader"], input="\n".join(script), capture_output=True, text=True
    )
    assert done.stdout.split()[-1:] == ["24"], done.stderr


@pytest.mark.long
def test_a_store_that_lets_nobody_write_is_one_sentence(s3_store: Store, tmp_path: Path) -> None:
    with s3_store.open() as catalog:
        catalog.create(CONTRACTS.values())
        with pytest.raises(SetupError, match="the bucket does not exist"):
            publish(catalog, CONTRACTS.values(), "s3://no-such-bucket-here/lake.duckdb", s3=s3_store.s3)
