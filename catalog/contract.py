"""Contracts: what a table is, read from the DDL in ``sql/tables`` and from nowhere else.

The DDL is run in an in-memory DuckDB and introspected, so a contract says exactly what DuckDB understood:
columns, types, nullability, comments, key and CHECKs. Documentation, Iceberg schemas and the checks of a
build are derived from it.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from catalog.errors import ContractError

NAMESPACES = ("market", "meta")

# DOUBLE columns that describe a place; a change of one is not a new price.
DESCRIPTIVE = frozenset({"voltage_kv", "latitude", "longitude"})

# Columns of a list that say when and whence a row is, rather than what it says.
BOOKKEEPING = frozenset(
    "datetime_utc datetime_local interval_end_utc delivery_date delivery_hour published_at_basis validity_basis "
    "data_source is_current".split()
)


@dataclass(frozen=True)
class Column:
    """One column: `field_id` is its position from 1, and its identity in Iceberg and in every data file."""

    name: str
    type: str
    nullable: bool
    comment: str
    field_id: int


@dataclass(frozen=True)
class Contract:
    """One table as its DDL states it; `checks` are SQL conditions that are true or NULL in each row."""

    namespace: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    checks: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """Name with its namespace, as SQL and the catalog write it: ``market.energy_prices``."""
        return f"{self.namespace}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in the contract's order."""
        return tuple(column.name for column in self.columns)

    @property
    def partitioned(self) -> bool:
        """Whether files lie in one folder per operator and year of delivery."""
        return self.namespace == "market"

    @property
    def versioned(self) -> bool:
        """Whether rows carry `version` and `is_current`: market tables do, the ledger does not."""
        return {"version", "is_current"} <= set(self.column_names)

    @property
    def grain(self) -> tuple[str, ...]:
        """The key without `version`: what one quantity at one time is, whatever its revisions."""
        return tuple(name for name in self.key if name != "version")

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """Order of rows inside a file: what (location, product, region …), then when, then version.

        What stands in a file's path or is the same in a whole file (operator, market, length) is left out.
        """
        constant = {"iso", "market_type", "interval_minutes", "interval_start_utc", "version"}
        last = tuple(name for name in ("interval_start_utc", "version") if name in self.key)
        return tuple(name for name in self.key if name not in constant) + last

    @property
    def lists(self) -> bool:
        """Whether rows stand in lists of what there is, each true from a moment on, rather than being measured."""
        return "valid_from_utc" in self.column_names

    @property
    def measures(self) -> tuple[str, ...]:
        """The published values: a change of one of these is a new version of the row.

        A list holds no quantity. What it says of a thing are words, and any of them may change.
        """
        if self.lists:
            return tuple(name for name in self.column_names if name not in {*self.key, *BOOKKEEPING})
        return tuple(
            column.name
            for column in self.columns
            if column.type == "DOUBLE" and column.name not in DESCRIPTIVE
        )

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits over what binds the data: columns, types, NULLs, key, CHECKs.

        Comments are left out on purpose: a better sentence in the DDL must not rebuild a lake.
        """
        binding = [
            self.full_name,
            [[column.name, column.type, column.nullable] for column in self.columns],
            list(self.key),
            sorted(self.checks),
        ]
        return hashlib.sha256(json.dumps(binding).encode()).hexdigest()[:12]

    def column(self, name: str) -> Column:
        """The column of that name; ContractError names the known ones."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(f"{self.full_name} has no column {name}; it has {', '.join(self.column_names)}.")

    def field_ids_sql(self) -> str:
        """The columns' ids as ``COPY … TO … (FORMAT parquet, FIELD_IDS …)`` takes them."""
        return "{" + ", ".join(f"{column.name}: {column.field_id}" for column in self.columns) + "}"


def sql_folder() -> Path:
    """The folder that holds ``tables/``, ``transforms/``, ``views/`` and the rest of the SQL.

    In an installed wheel it lies inside this package, in a checkout beside it; in that order, because beside
    an installed package lie other people's (jupysql's is called `sql`). ContractError where it is nowhere.
    """
    package = Path(__file__).resolve().parent
    candidates = (package / "_sql", package.parent / "sql")
    for folder in candidates:
        if (folder / "tables").is_dir():
            return folder
    tried = " nor ".join(str(folder) for folder in candidates)
    raise ContractError(f"The SQL of the lake is neither in {tried}; install the package again.")


def load_contracts(folder: Path | None = None) -> dict[str, Contract]:
    """Every contract of `folder` (default: ``sql/tables``), by table name, in the order of the names.

    Raises ContractError, naming the file, where DDL does not run or leaves a comment or the key unsaid.
    """
    tables = folder if folder is not None else sql_folder() / "tables"
    files = sorted(tables.glob("*.sql"))
    if not files:
        raise ContractError(f"There is no contract in {tables}; expected files such as energy_prices.sql.")
    with closing(duckdb.connect()) as connection:
        for namespace in NAMESPACES:
            connection.execute(f"CREATE SCHEMA {namespace}")
        for file in files:
            try:
                connection.execute(file.read_text(encoding="utf-8"))
            except duckdb.Error as error:
                raise ContractError(f"{file} is not DDL that DuckDB can run: {error}") from error
        contracts = {contract.name: contract for contract in _introspected(connection)}
    misnamed = sorted({file.stem for file in files} ^ set(contracts))
    if misnamed:
        raise ContractError(
            f"In {tables} a file and its table must have the same name, one table per file; see "
            f"{', '.join(misnamed)}."
        )
    return contracts


def _introspected(connection: duckdb.DuckDBPyConnection) -> Iterator[Contract]:
    tables = connection.execute(
        "SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE NOT internal ORDER BY table_name"
    ).fetchall()
    for namespace, name, comment in tables:
        columns = tuple(
            Column(column, type_, nullable, remark or "", position)
            for column, type_, nullable, remark, position in connection.execute(
                """
                SELECT column_name, data_type, is_nullable, comment, column_index
                FROM duckdb_columns()
                WHERE schema_name = $namespace AND table_name = $name
                ORDER BY column_index
                """,
                {"namespace": namespace, "name": name},
            ).fetchall()
        )
        constraints = connection.execute(
            """
            SELECT constraint_type, constraint_column_names, expression
            FROM duckdb_constraints()
            WHERE schema_name = $namespace AND table_name = $name
            ORDER BY constraint_index
            """,
            {"namespace": namespace, "name": name},
        ).fetchall()
        yield _checked(
            Contract(
                namespace=namespace,
                name=name,
                comment=comment or "",
                columns=columns,
                key=next((tuple(names) for kind, names, _ in constraints if kind == "PRIMARY KEY"), ()),
                checks=tuple(expression for kind, _, expression in constraints if kind == "CHECK"),
            )
        )


def _checked(contract: Contract) -> Contract:
    """Refuse a contract that leaves unsaid what the rest relies on."""
    if not contract.key:
        raise ContractError(f"{contract.full_name} has no PRIMARY KEY; add one to its DDL.")
    silent: Sequence[str] = [column.name for column in contract.columns if not column.comment]
    if not contract.comment or silent:
        where = ", ".join(silent) or "the table itself"
        raise ContractError(
            f"{contract.full_name} lacks a COMMENT on {where}; the documentation is made of them."
        )
    return contract
