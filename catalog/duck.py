"""One place that makes a DuckDB connection ready for the lake: extensions, storage secret, limits, clock.

Extensions are loaded from the wheels that the package depends on, by path: nothing is downloaded, nothing is
installed into the user's home, and any number of processes can start at once.
"""

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from catalog.errors import SetupError

# iceberg needs avro, and both need httpfs for anything but local files: this order.
EXTENSIONS = ("httpfs", "avro", "iceberg")


@dataclass(frozen=True)
class S3Access:
    """How to reach an S3 store. Without a key, requests are not signed (public buckets)."""

    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None
    endpoint: str | None = None
    path_style: bool | None = None


def extension_files() -> dict[str, Path]:
    """The extension files of the installed wheels, by name, in the order to load them.

    SetupError where a wheel is missing or made for another DuckDB.
    """
    found: dict[str, Path] = {}
    for name in EXTENSIONS:
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        if spec is None or spec.origin is None:
            raise SetupError(
                f"DuckDB's extension {name} is not installed; "
                f"run `pip install duckdb-extension-{name}=={duckdb.__version__}`."
            )
        file = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if not file.is_file():
            raise SetupError(
                f"DuckDB is {duckdb.__version__}, and its extension {name} is for another version; "
                f"run `pip install duckdb-extension-{name}=={duckdb.__version__}`."
            )
        found[name] = file
    return found


def open_duckdb(
    *,
    s3: S3Access | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    temp_directory: str | Path | None = None,
    database: str | Path = ":memory:",
) -> duckdb.DuckDBPyConnection:
    """A connection that reads the lake: UTC, extensions loaded, storage reachable, limits set.

    `memory_limit` as DuckDB writes it (``1GB``); `temp_directory` is where larger work spills to. Secrets are
    bound, never spliced into SQL, and live in this connection only. SetupError where a setting is refused.
    """
    connection = duckdb.connect(
        str(database), config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    try:
        for file in extension_files().values():
            connection.execute(f"LOAD '{quoted(str(file))}'")
        connection.execute("SET TimeZone = 'UTC'")
        # DuckDB draws it on standard output, among what a script reads.
        connection.execute("SET enable_progress_bar = false")
        _set(connection, "memory_limit", memory_limit)
        _set(connection, "threads", threads)
        _set(connection, "temp_directory", temp_directory)
        if s3 is not None:
            create_s3_secret(connection, s3)
    except BaseException:
        connection.close()
        raise
    return connection


def create_s3_secret(connection: duckdb.DuckDBPyConnection, s3: S3Access) -> None:
    """Give the connection its S3 secret. SetupError, without any value of it, where DuckDB refuses."""
    options: dict[str, object] = {
        "KEY_ID": s3.access_key_id,
        "SECRET": s3.secret_access_key,
        "SESSION_TOKEN": s3.session_token,
        "REGION": s3.region,
        **_endpoint(s3),
    }
    given = {name: value for name, value in options.items() if value is not None}
    clauses = "".join(f", {name} ${name.lower()}" for name in given)
    try:
        connection.execute(
            f"CREATE OR REPLACE SECRET lake (TYPE s3{clauses})",
            {name.lower(): value for name, value in given.items()},
        )
    except duckdb.Error:
        # From None, and without DuckDB's text: either could show a value.
        raise SetupError(
            f"DuckDB refuses the S3 settings ({', '.join(given)}); check AWS_ENDPOINT_URL, AWS_REGION "
            "and the keys."
        ) from None


def _endpoint(s3: S3Access) -> dict[str, object]:
    """DuckDB wants host and port; a store of one's own usually has no host name per bucket."""
    path_style = s3.path_style
    options: dict[str, object] = {}
    if s3.endpoint is not None:
        parts = urlsplit(s3.endpoint if "://" in s3.endpoint else f"https://{s3.endpoint}")
        options["ENDPOINT"] = f"{parts.netloc}{parts.path.rstrip('/')}"
        options["USE_SSL"] = parts.scheme == "https"
        path_style = True if path_style is None else path_style
    if path_style is not None:
        options["URL_STYLE"] = "path" if path_style else "vhost"
    return options


def quoted(text: str) -> str:
    """`text` for use inside a quoted SQL string."""
    return text.replace("'", "''")


def _set(connection: duckdb.DuckDBPyConnection, name: str, value: object | None) -> None:
    if value is None:
        return
    try:
        connection.execute(f"SET {name} = '{quoted(str(value))}'")
    except duckdb.Error as error:
        raise SetupError(f"DuckDB refuses {name} = {value}: {str(error).splitlines()[0]}") from None
