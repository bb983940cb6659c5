"""The places a lake can live in, as pytest fixtures: one behaviour suite runs over all of them.

`sqlite_store` is a folder; `s3_store` a bucket of moto's server with the catalog on a local SQLite file;
`postgres_store` a folder with its catalog in a throw-away PostgreSQL cluster. `store` is each of them in
turn; all but the first are `long`.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
import duckdb
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from catalog.duck import S3Access, open_duckdb
from catalog.tables import Catalog

REGION = "us-east-2"
KEY = "AKIALAKETESTS"
SECRET = "not-a-secret"


@dataclass(frozen=True)
class Store:
    """A place for a lake, and how to reach it from this process or another (`environment`)."""

    lake_uri: str
    catalog_uri: str
    environment: Mapping[str, str]
    s3: S3Access | None = None

    @property
    def properties(self) -> dict[str, str]:
        """What PyIceberg needs to reach the files."""
        if self.s3 is None:
            return {}
        return {
            "s3.endpoint": self.s3.endpoint or "",
            "s3.access-key-id": self.s3.access_key_id or "",
            "s3.secret-access-key": self.s3.secret_access_key or "",
            "s3.region": self.s3.region or "",
        }

    @property
    def views(self) -> str:
        """Where ``lake.duckdb`` goes."""
        return f"{self.lake_uri}/lake.duckdb"

    def open(self) -> Catalog:
        """The catalog of this lake."""
        return Catalog.open(self.catalog_uri, f"{self.lake_uri}/tables", self.properties)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection that reaches this lake's files."""
        return open_duckdb(s3=self.s3)


def local_store(folder: Path, catalog_uri: str | None = None) -> Store:
    """A lake in a folder."""
    lake = folder / "lake"
    catalog = catalog_uri or f"sqlite:///{lake}/catalog.db"
    return Store(
        lake_uri=str(lake),
        catalog_uri=catalog,
        environment={"LAKE_URI": str(lake), "LAKE_CATALOG_URI": catalog},
    )


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Store:
    """A lake in a folder, its catalog on SQLite: the default."""
    return local_store(tmp_path)


@pytest.fixture(scope="session")
def s3_endpoint() -> str:
    """Address of an S3 server that lives as long as the tests.

    It is not stopped: that would wait for every connection a client keeps open, and its threads are daemons.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def remote_access(endpoint: str) -> S3Access:
    """How to reach the S3 server of the tests."""
    return S3Access(KEY, SECRET, region=REGION, endpoint=endpoint)


def bucket_store(folder: Path, endpoint: str) -> Store:
    """A lake in a fresh bucket, its catalog on an SQLite file in a folder."""
    bucket = f"lake-{uuid.uuid4().hex[:12]}"
    boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    ).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    uri = f"s3://{bucket}/power/lake"
    catalog = f"sqlite:///{folder}/catalog.db"
    return Store(
        lake_uri=uri,
        catalog_uri=catalog,
        environment={
            "LAKE_URI": uri,
            "LAKE_CATALOG_URI": catalog,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        },
        s3=remote_access(endpoint),
    )


@pytest.fixture
def s3_store(tmp_path: Path, s3_endpoint: str) -> Store:
    """A lake in a fresh bucket, its catalog on a local SQLite file."""
    return bucket_store(tmp_path, s3_endpoint)


def postgres_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, or None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is None:
        # Debian keeps them out of the PATH.
        found = max((str(file) for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """A throw-away PostgreSQL cluster; yields the folder of its socket. Skips where it is not installed."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="lake-pg-"))
    if user is not None:
        shutil.chown(folder, user, user)
    data = folder / "data"

    def run(*command: str) -> None:
        done = subprocess.run(
            command,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")

    try:
        run(f"{programs}/initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run(f"{programs}/pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield folder
        finally:
            run(f"{programs}/pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_catalog(postgres_server: Path) -> str:
    """A fresh catalog on the PostgreSQL server: a schema of its own."""
    schema = f"lake_{uuid.uuid4().hex[:12]}"
    server = f"host={postgres_server} user=postgres dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        # A schema, not a database: PostgreSQL copies a thousand files for a new database.
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    address = f"host={postgres_server}&options=-csearch_path%3D{schema}"
    return f"postgresql://postgres@/postgres?{address}"


@pytest.fixture
def postgres_store(tmp_path: Path, postgres_server: Path) -> Store:
    """A lake in a folder, its catalog in a fresh schema of a PostgreSQL server."""
    return local_store(tmp_path, postgres_catalog(postgres_server))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("s3", marks=pytest.mark.long),
        pytest.param("postgres", marks=pytest.mark.long),
    ]
)
def store(request: pytest.FixtureRequest) -> Store:
    """Each of the places in turn."""
    found = request.getfixturevalue(f"{request.param}_store")
    assert isinstance(found, Store)
    return found
