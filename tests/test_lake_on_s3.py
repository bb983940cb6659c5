"""A whole lake, in a folder and in a bucket: one suite, so that nothing works in one of them only.

Commands are processes; readers are what people have: `pmp sql`, Python, a DuckDB that never heard of us.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
import requests
from lake_kit import (
    NOW,
    SECONDS,
    assert_sound,
    attached,
    environment,
    events_of,
    objects_of,
    one_sentence,
    pmp,
    query,
    rows_of,
    snapshots_of,
    well,
)
from stores import Store, bucket_store, local_store

import lake
from catalog.duck import extension_files
from ingest.simulator import Simulator

pytestmark = pytest.mark.long

# Two months and the day of 25 hours, three tables.
INGEST = ("ingest", "--iso", "caiso", "--start-date", "2026-10-31", "--end-date", "2026-11-01")
NYISO_DAY = date(2026, 11, 18)
REVISED = ("ingest", "--iso", "nyiso", "--start-date", f"{NYISO_DAY}", "--end-date", f"{NYISO_DAY}")
PLACES = ["folder", "bucket"]


@dataclass(frozen=True)
class Made:
    """A lake that was made by commands, and the environment they ran in."""

    store: Store
    environ: dict[str, str]
    folder: Path


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as running:
        yield running


@pytest.fixture(scope="module", params=PLACES)
def made(
    request: pytest.FixtureRequest, sim: Simulator, s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """A lake with an ingest of one market and an import of another."""
    folder = tmp_path_factory.mktemp(request.param)
    store = local_store(folder) if request.param == "folder" else bucket_store(folder, s3_endpoint)
    environ = environment(store, sim, LAKE_TEMP_DIR=str(folder / "scratch"))
    well(environ, *INGEST)
    name = "20261118damlbmp_zone.csv"
    (folder / name).write_bytes(
        requests.get(f"{sim.url}/mis.nyiso.com/public/csv/damlbmp/{name}", timeout=30).content
    )
    well(
        environ, "import", "--iso", "nyiso", "--published-at", "2026-11-17T11:00:00-05:00", str(folder / name)
    )
    well(environ, "build", "--iso", "nyiso")
    return Made(store, environ, folder)


@pytest.fixture
def here(made: Made, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The lake, with its environment in this process."""
    for name, value in made.environ.items():
        if name.startswith(("LAKE_", "AWS_")):
            monkeypatch.setenv(name, value)
    return made


def test_the_rows_are_the_same_wherever_the_lake_is(made: Made, sim: Simulator) -> None:
    rows = rows_of(made.store)
    # Two days of 24 and 25 hours at seven hubs and zones; a day at fifteen zones and proxies.
    assert len(rows["energy_prices"]) == 49 * 7 + 24 * 15
    assert_sound(made.store)
    assert list((made.folder / "scratch").glob("pmp-*")) == []


def test_a_second_run_asks_nothing_and_builds_nothing(made: Made, sim: Simulator) -> None:
    snapshots, events, asked = snapshots_of(made.store), events_of(made.store), len(sim.requests)
    files = objects_of(made.store).list()
    done = well(made.environ, *INGEST)
    assert "up to date" in done.out
    assert len(sim.requests) == asked
    assert snapshots_of(made.store) == snapshots
    assert events_of(made.store) == events
    assert objects_of(made.store).list() == files


def test_a_second_import_is_nothing_new(made: Made) -> None:
    files = objects_of(made.store).list("raw")
    done = well(made.environ, "import", "--iso", "nyiso", str(made.folder / "20261118damlbmp_zone.csv"))
    assert "0 files taken in, 1 were there already" in done.out
    assert objects_of(made.store).list("raw") == files


def test_every_row_names_the_raw_object_that_it_came_from(made: Made) -> None:
    keys = set(objects_of(made.store).list("raw"))
    sources = query(made.store, "SELECT DISTINCT data_source FROM market.energy_prices_all")
    assert {source for (source,) in sources} <= keys
    assert query(
        made.store,
        "SELECT count(*) FROM market.energy_prices_all LEFT JOIN meta.raw_files ON raw_key = data_source "
        "WHERE raw_key IS NULL",
    ) == [(0,)]


def test_status_counts_what_is_there(made: Made) -> None:
    told = json.loads(well(made.environ, "status", "--iso", "nyiso", "--json").out)
    assert any("da_energy_hourly" in map(str, row.values()) for row in told)
    assert "da_energy_hourly" in well(made.environ, "status").out


def test_doctor_finds_everything_well(made: Made) -> None:
    done = well(made.environ, "doctor")
    assert "BAD" not in done.out
    assert f"storage: {made.store.lake_uri} can be read and written" in done.out


def test_plan_knows_what_is_there(made: Made) -> None:
    told = json.loads(well(made.environ, "plan", *INGEST[1:], "--json").out)
    assert told["requests"] == 0
    assert set(told["days_there"].values()) == {2}


def test_sql_answers_one_query(made: Made) -> None:
    count = "SELECT count(*) AS n FROM market.energy_prices"
    assert json.loads(well(made.environ, "sql", "--json", count).out) == [{"n": 49 * 7 + 24 * 15}]
    assert "703" in well(made.environ, "sql", count).out


def test_a_query_that_cannot_be_names_what_there_is(made: Made) -> None:
    done = pmp(made.environ, "sql", "SELECT * FROM market.energy_price")
    assert done.code == 1
    assert "Traceback" not in done.said
    assert 'Did you mean "energy_prices"?' in done.err


def test_sql_opens_a_shell_with_the_lake_in_it(made: Made) -> None:
    shell = subprocess.run(
        [sys.executable, "-m", "lake.cli", "sql"],
        env=made.environ,
        input="SELECT 'rows: ' || count(*) FROM market.energy_prices;\n",
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert shell.returncode == 0, shell.stderr
    assert "rows: 703" in shell.stdout


def test_connect_gives_a_connection_with_the_lake_chosen(here: Made) -> None:
    with closing(lake.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM market.energy_prices").fetchone() == (703,)


def test_scan_gives_a_lazy_frame(here: Made) -> None:
    frame = lake.scan("energy_prices")
    assert frame.collect().height == 703
    assert sorted(frame.select("iso").unique().collect()["iso"]) == ["CAISO", "NYISO"]
    assert lake.scan("energy_prices", every_version=True).collect().height == 703


def test_a_bare_duckdb_attaches_the_lake_and_reads(made: Made) -> None:
    with closing(duckdb.connect()) as connection:
        for file in extension_files().values():
            connection.execute(f"LOAD '{file}'")
        if made.store.s3 is not None:
            access = made.store.s3
            connection.execute(
                f"CREATE SECRET (TYPE s3, KEY_ID '{access.access_key_id}', SECRET '{access.secret_access_key}', "
                f"REGION '{access.region}', ENDPOINT '{str(access.endpoint).removeprefix('http://')}', "
                "USE_SSL false, URL_STYLE 'path')"
            )
        connection.execute(f"ATTACH '{made.store.lake_uri}/lake.duckdb' AS anyone (READ_ONLY)")
        found = connection.execute(
            "SELECT iso, count(*) FROM anyone.market.energy_prices GROUP BY ALL ORDER BY ALL"
        )
        assert found.fetchall() == [("CAISO", 343), ("NYISO", 360)]
        found = connection.execute("SELECT count(*) > 0 FROM anyone.meta.raw_files")
        assert found.fetchone() == (True,)
        found = connection.execute(
            f"SELECT count(*) FROM anyone.market.energy_prices_as_of(TIMESTAMPTZ '{NOW.isoformat()}')"
        )
        assert found.fetchone() == (703,)


def test_a_lost_catalog_is_adopted_again(made: Made, tmp_path: Path) -> None:
    environ = {**made.environ, "LAKE_CATALOG_URI": f"sqlite:///{tmp_path}/another.db"}
    assert "pmp init --adopt" in one_sentence(pmp(environ, "init"))
    rows = rows_of(made.store)
    well(environ, "init", "--adopt")
    assert rows_of(made.store) == rows
    assert "up to date" in well(environ, *INGEST).out


@pytest.mark.parametrize("place", PLACES)
def test_an_open_session_follows_new_rows_and_revisions(
    place: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Store = request.getfixturevalue("sqlite_store" if place == "folder" else "s3_store")
    count = 'SELECT count(*), count(DISTINCT "version"), max("version") FROM market.energy_prices_all'
    with Simulator(now=NOW, nodes=3) as own:
        environ = environment(store, own, LAKE_TEMP_DIR=str(tmp_path / "scratch"))
        well(environ, "init")
        for name, value in environ.items():
            if name.startswith(("LAKE_", "AWS_")):
                monkeypatch.setenv(name, value)
        with attached(store) as reader, closing(lake.connect()) as connected:
            assert reader.execute(count).fetchone() == (0, 0, None)
            well(environ, *REVISED)
            before = reader.execute(count).fetchone()
            assert before is not None
            assert before[1:] == (1, 1)
            assert connected.execute(count).fetchone() == before

            own.now = NOW + timedelta(days=1)
            own.correct("NYISO", "damlbmp_zone", NYISO_DAY, amount="2.50")
            later = {**environ, "LAKE_NOW": (NOW + timedelta(days=1, hours=1)).isoformat()}
            well(later, *REVISED)
            after = reader.execute(count).fetchone()
            assert after is not None
            assert after[1:] == (2, 2)
            assert after[0] > before[0]
            assert connected.execute(count).fetchone() == after
            current = reader.execute(
                f"SELECT DISTINCT \"version\" FROM market.energy_prices WHERE delivery_date = DATE '{NYISO_DAY}'"
            )
            assert current.fetchall() == [(2,)]
            past = f"SELECT count(*), max(\"version\") FROM market.energy_prices_as_of(TIMESTAMPTZ '{NOW.isoformat()}')"
            assert reader.execute(past).fetchone() == (before[0], 1)
    assert_sound(store, rebuilt=True)
