"""No secret is ever shown: not by a command, not in the ledger, not in a table, not in the published views.

Every secret that the lake can be given is set to a word that occurs nowhere else; commands that work and commands that
fail run as processes; then everything that they said and wrote is searched for the words.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from lake_kit import NOW, Done, environment, pmp
from stores import Store, local_store

from ingest.simulator import Simulator

pytestmark = pytest.mark.long

DAY = ("--start-date", "2026-11-17", "--end-date", "2026-11-18")
API_KEY = "zq-api-key-7791"
S3_SECRET = "zq-s3-secret-7792"
S3_TOKEN = "zq-s3-token-7793"
LOGIN = "zq-login-7794"
DATABASE_PASSWORD = "zq-database-7795"
SECRETS = (API_KEY, S3_SECRET, S3_TOKEN, LOGIN, DATABASE_PASSWORD)


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=2, keys=[API_KEY]) as simulator:
        yield simulator


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return local_store(tmp_path)


@pytest.fixture
def environ(store: Store, sim: Simulator) -> dict[str, str]:
    return environment(
        store,
        sim.url.replace("://", f"://somebody:{LOGIN}@"),
        PJM_API_KEY=API_KEY,
        AWS_ACCESS_KEY_ID="AKIAEXAMPLE",
        AWS_SECRET_ACCESS_KEY=S3_SECRET,
        AWS_SESSION_TOKEN=S3_TOKEN,
    )


def shown(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def assert_silent(*done: Done) -> None:
    for one in done:
        assert not shown(one.said), one
        assert "Traceback" not in one.said


def files_that_tell(folder: Path) -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(folder)), secret)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for secret in SECRETS
        if secret.encode() in path.read_bytes()
    ]


def test_commands_that_work_show_no_secret_and_write_none_down(store: Store, environ: dict[str, str]) -> None:
    done = [
        pmp(environ, *words)
        for words in (
            ("plan", "--iso", "pjm", *DAY),
            ("ingest", "--iso", "pjm", *DAY),
            ("status",),
            ("check", "--iso", "pjm"),
            ("doctor",),
            ("sql", "SELECT * FROM meta.raw_files"),
        )
    ]
    for one in done:
        assert one.code == 0, one.err
    assert_silent(*done)
    root = Path(store.lake_uri)
    assert not files_that_tell(root)
    # Parquet and DuckDB compress what they hold: their values are looked at as values too.
    ledger = root / "warehouse" / "meta" / "raw_files" / "data"
    told = duckdb.sql(
        f"SELECT CAST(row AS VARCHAR) FROM read_parquet('{ledger}/**/*.parquet') AS row"
    ).fetchall()
    assert told
    assert not [row for row in told if shown(str(row))]
    with duckdb.connect(str(root / "lake.duckdb"), read_only=True) as views:
        for (sql,) in views.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall():
            assert not shown(sql)


@pytest.mark.parametrize("kind", ["throttle_429", "error_500", "html_shell", "throttle_text", "drop"])
def test_failing_requests_show_no_secret(
    store: Store, environ: dict[str, str], sim: Simulator, kind: str
) -> None:
    sim.fail("api.pjm.com", kind, times=None)
    try:
        done = pmp(environ, "ingest", "--iso", "pjm", "--dataset", "da_energy_hourly", *DAY)
    finally:
        sim.heal()
    assert done.code == 3, done
    assert_silent(done, pmp(environ, "sql", "SELECT url, message FROM meta.raw_files"))
    assert not files_that_tell(Path(store.lake_uri))


def test_a_refused_key_is_not_shown(store: Store, sim: Simulator, tmp_path: Path) -> None:
    wrong = "zq-api-key-7791-wrong"
    environ = environment(store, sim, PJM_API_KEY=wrong)
    done = pmp(environ, "ingest", "--iso", "pjm", "--dataset", "da_energy_hourly", *DAY)
    assert done.code in (1, 3), done
    assert wrong not in done.said
    assert not files_that_tell(Path(store.lake_uri))


def test_a_host_that_does_not_answer_shows_no_login(store: Store) -> None:
    environ = environment(store, f"http://somebody:{LOGIN}@127.0.0.1:9", PJM_API_KEY=API_KEY)
    done = pmp(environ, "ingest", "--iso", "pjm", "--dataset", "da_energy_hourly", *DAY)
    assert done.code == 3, done
    assert_silent(done)
    assert not files_that_tell(Path(store.lake_uri))


def test_a_database_that_refuses_shows_no_password(tmp_path: Path, sim: Simulator) -> None:
    url = f"postgresql://lake:{DATABASE_PASSWORD}@127.0.0.1:9/lake"
    environ = environment(local_store(tmp_path), sim, LAKE_CATALOG_URI=url)
    for words in (("init",), ("doctor",), ("ingest", "--iso", "pjm", *DAY)):
        done = pmp(environ, *words)
        assert done.code == 1, done
        assert_silent(done)


def test_a_store_that_refuses_shows_no_key(tmp_path: Path, sim: Simulator) -> None:
    environ = environment(
        local_store(tmp_path),
        sim,
        LAKE_URI="s3://nowhere-7796/lake",
        LAKE_CATALOG_URI=f"sqlite:///{tmp_path}/catalog.db",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="AKIAEXAMPLE",
        AWS_SECRET_ACCESS_KEY=S3_SECRET,
        AWS_SESSION_TOKEN=S3_TOKEN,
        AWS_REGION="us-east-1",
    )
    for words in (("init",), ("status",), ("doctor",)):
        done = pmp(environ, *words)
        assert done.code == 1, done
        assert_silent(done)
