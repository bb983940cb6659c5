"""``lake.duckdb``: a small DuckDB file of views and macros, the door of the lake.

Anyone with DuckDB attaches it (``ATTACH '…/lake.duckdb' AS lake (READ_ONLY)``) and reads: there is no server.
It holds no table, so it does not change with the data; it is written anew, as a whole, only when a contract
or a view changes. Readers that have the old file open keep it.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from catalog.contract import NAMESPACES, Contract
from catalog.duck import S3Access, open_duckdb
from catalog.errors import PublishError
from catalog.storage import storage_explained
from catalog.tables import Catalog
from catalog.views import LEDGER, scan_sql, table_statements, text

# The view that says which statements a published file was made of.
DIGEST_VIEW = "meta.published"


def publish(
    catalog: Catalog,
    contracts: Iterable[Contract],
    target: str,
    *,
    views: Sequence[tuple[str, str]] = (),
    s3: S3Access | None = None,
) -> bool:
    """Write the views over the catalog's tables to `target`, unless it holds just these; True if written.

    `views` are further views as (``schema.name``, SELECT), created in this order after the tables' own; one
    that has the name of a table's view stands in its place (for ``meta.raw_files`` also in the as-of macros,
    so it must not read other views). They may name any view of the file, also when it is attached under
    another name. The tables must exist.

    Raises PublishError where a view's SQL does not run or `target` is a database with tables of its own, and
    SetupError where the storage does not let us.
    """
    statements = _statements(catalog, list(contracts), views)
    digest = hashlib.sha256("\n".join(sql for _, sql in statements).encode()).hexdigest()[:16]
    statements.append((DIGEST_VIEW, f"CREATE VIEW {DIGEST_VIEW} AS SELECT {text(digest)} AS digest"))
    with tempfile.TemporaryDirectory(prefix="lake-views-") as folder, storage_explained(target):
        if _published_digest(catalog, target, Path(folder)) == digest:
            return False
        fresh = Path(folder) / "lake.duckdb"
        _write(fresh, statements, s3)
        _put(catalog, fresh, target)
    return True


def _statements(
    catalog: Catalog, contracts: Sequence[Contract], views: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """(what it makes, SQL) in the order to run them."""
    replaced = {name: sql.strip().rstrip(";") for name, sql in views}
    locations = {contract.full_name: catalog.location(contract) for contract in contracts}
    # A macro cannot name a view of its file, so a ledger view of the caller is written out in it.
    ledger = f"({replaced[LEDGER]})" if LEDGER in replaced else scan_sql(locations[LEDGER])
    own = [
        (contract.full_name, sql)
        for contract in contracts
        if contract.full_name not in replaced
        for sql in table_statements(contract, locations[contract.full_name], ledger)
    ]
    return own + [(name, f"CREATE VIEW {name} AS {sql}") for name, sql in replaced.items()]


def _published_digest(catalog: Catalog, target: str, folder: Path) -> str | None:
    """What the file at `target` was made of, or None where there is none, or none of ours.

    Looked at in a copy: somebody may have the file open, and DuckDB locks it then.
    """
    copy = folder / "published.duckdb"
    try:
        with catalog.file_io(target).new_input(target).open() as stream:
            copy.write_bytes(stream.read())
    except FileNotFoundError:
        return None
    try:
        with closing(duckdb.connect(str(copy), read_only=True)) as connection:
            tables = connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE NOT internal"
            ).fetchall()
            if tables:
                raise PublishError(
                    f"{target} holds tables ({', '.join(sorted(name for (name,) in tables)[:5])}), and "
                    "writing the lake's views would remove them; move that file away."
                )
            row = connection.execute(f"SELECT digest FROM {DIGEST_VIEW}").fetchone()
    except duckdb.Error:
        # Not a file of ours, or damaged: written anew.
        return None
    return str(row[0]) if row else None


def _write(file: Path, statements: Sequence[tuple[str, str]], s3: S3Access | None) -> None:
    with closing(open_duckdb(database=file, s3=s3)) as connection:
        for namespace in NAMESPACES:
            connection.execute(f"CREATE SCHEMA {namespace}")
        for name, sql in statements:
            try:
                connection.execute(sql)
            except duckdb.IOException:
                raise
            except duckdb.Error as error:
                raise PublishError(f"The view {name} does not run: {error}; correct its SQL.") from error


def _put(catalog: Catalog, file: Path, target: str) -> None:
    """Readers see the old file or the new one, never a part."""
    if "://" in target:
        with catalog.file_io(target).new_output(target).create(overwrite=True) as stream:
            stream.write(file.read_bytes())
        return
    final = Path(target)
    final.parent.mkdir(parents=True, exist_ok=True)
    beside = final.with_name(f".{final.name}-{os.getpid()}")
    try:
        beside.write_bytes(file.read_bytes())
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
