"""Where the table pointers live: SQLite by default, PostgreSQL for several writers, any PyIceberg catalog.

PyIceberg opens a database as it finds it. What makes SQLite bear two writers (WAL, a busy timeout), and
what would only seem to work (a catalog in memory, SQLite on a network share), is decided here.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from pyiceberg.catalog import Catalog as IcebergCatalog
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import RESTError
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from catalog.errors import SetupError

# The name our rows carry in the catalog's own tables.
CATALOG_NAME = "lake"

# SQLite waits this long for another writer; a commit holds the lock for milliseconds.
BUSY_SECONDS = 30

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs"}
)

EXAMPLES = "sqlite:////data/lake/catalog.db or postgresql://user@host/database"


def normalised_warehouse(warehouse: str) -> str:
    """The warehouse as table locations write it: absolute where local, no trailing slash."""
    if not warehouse.strip():
        raise SetupError("The warehouse is empty; set LAKE_URI to a folder or to s3://bucket/prefix.")
    bare = warehouse.rstrip("/")
    if bare.startswith("file://"):
        bare = bare.removeprefix("file://")
    if "://" in bare:
        return bare
    return str(Path(bare).expanduser().resolve())


def open_backend(uri: str, warehouse: str, properties: Mapping[str, str]) -> IcebergCatalog:
    """The PyIceberg catalog for `uri`; SetupError where it cannot be opened."""
    kind = properties.get("type", "sql").lower()
    if kind != "sql" or uri.startswith(("http://", "https://", "thrift://")):
        return _other(uri, warehouse, properties)
    url = _sql_url(uri)
    if url.get_backend_name() == "sqlite":
        url = _prepared_sqlite(url)
    shown = url.render_as_string(hide_password=True)
    text = url.render_as_string(hide_password=False)
    for attempt in range(5):
        try:
            return SqlCatalog(
                CATALOG_NAME,
                # A build can leave a connection idle for an hour, and firewalls drop those.
                **{"pool_pre_ping": "true", **properties, "uri": text, "warehouse": warehouse},
            )
        except ModuleNotFoundError as error:
            raise SetupError(
                f"The catalog {shown} needs the Python package {error.name}; "
                "install it with `pip install power-market-lake[postgres]`."
            ) from None
        except DatabaseError as error:
            # Two processes that open a new catalog at once both try to create its tables.
            if attempt == 4:
                raise SetupError(
                    f"The catalog {shown} cannot be opened: {_cause(error)}. Check that its server runs "
                    "and that the user may create tables there."
                ) from None
            time.sleep(0.05 * 2**attempt)
    raise AssertionError("unreachable")


def _other(uri: str, warehouse: str, properties: Mapping[str, str]) -> IcebergCatalog:
    """A catalog that PyIceberg knows by its type: rest, glue, hive and so on."""
    given = {**properties, "warehouse": warehouse, **({"uri": uri} if uri else {})}
    try:
        return load_catalog(CATALOG_NAME, **given)
    except ImportError as error:
        raise SetupError(
            f"This kind of catalog needs the Python package {error.name}; install it beside the lake."
        ) from None
    except (ValueError, OSError, RESTError) as error:
        raise SetupError(
            f"The catalog cannot be opened: {str(error).splitlines()[0]}. Check its type and address."
        ) from error


def _sql_url(uri: str) -> URL:
    try:
        url = make_url(uri)
    except ArgumentError:
        raise SetupError(f"The catalog address is not a database URL; write it like {EXAMPLES}.") from None
    name = url.get_backend_name()
    if name == "sqlite":
        return url
    if name in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    try:
        url.get_dialect()
    except NoSuchModuleError:
        raise SetupError(
            f"No catalog can be kept at {url.drivername}://…; write it like {EXAMPLES}, or set the "
            "catalog's type."
        ) from None
    return url


def _prepared_sqlite(url: URL) -> URL:
    """Make its folder, switch WAL on, set the busy timeout; refuse what would lose a catalog in silence."""
    if not url.database or url.database == ":memory:":
        raise SetupError(f"A catalog in memory is lost with the process; name a file, like {EXAMPLES}.")
    path = Path(url.database).expanduser().resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"The folder of the catalog {path} cannot be made: {error.strerror}.") from None
    system = _file_system(path.parent)
    if system in NETWORK_FILE_SYSTEMS:
        raise SetupError(
            f"The catalog {path} would lie on a network share ({system}), where SQLite's locks do not "
            "hold and two writers can destroy it. Put the catalog on a local disk, or use PostgreSQL, with "
            "LAKE_CATALOG_URI."
        )
    _switch_to_wal(path)
    return url.set(database=str(path)).update_query_dict({"timeout": str(BUSY_SECONDS)})


def _switch_to_wal(path: Path) -> None:
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # The switch itself does not wait for other connections, it refuses.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise SetupError(
                    f"The catalog {path} cannot be opened: {error}. Check that the folder can be written."
                ) from None
            time.sleep(0.05)
        except sqlite3.DatabaseError as error:
            raise SetupError(
                f"{path} is not a catalog: {error}. Move the file away; `pmp init --adopt` makes a new "
                "catalog from the tables of the lake."
            ) from None
    if mode != "wal":
        raise SetupError(
            f"The catalog {path} cannot use write-ahead logging (its file system keeps it in mode {mode}), "
            "so two writers would lock each other out. Put it on a local disk with LAKE_CATALOG_URI."
        )


def _file_system(folder: Path) -> str | None:
    """Type of the file system `folder` lies on, where Linux tells."""
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    mounts = {fields[1]: fields[2] for fields in (line.split() for line in lines) if len(fields) > 2}
    return next((mounts[str(parent)] for parent in (folder, *folder.parents) if str(parent) in mounts), None)


@contextmanager
def database_explained() -> Iterator[None]:
    """Turn what the catalog's database raises into SetupError."""
    try:
        yield
    except DatabaseError as error:
        raise SetupError(
            f"The catalog's database does not answer: {_cause(error)}. Check that it runs, then run the same "
            "command again."
        ) from error


def _cause(error: DatabaseError) -> str:
    """The driver's own first line: it names host and database, never the password."""
    return str(error.orig or error).strip().splitlines()[0].rstrip(".")
