"""The lake's tables in an Iceberg catalog: open, create, adopt, list.

The catalog holds one pointer per table and is the only thing that is written in place. Everything else is
files under the warehouse, so a lost catalog is adopted again from the version hints.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from pyiceberg.catalog import Catalog as IcebergCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.io import FileIO, load_file_io
from pyiceberg.manifest import DataFile
from pyiceberg.table import StaticTable, Table
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from catalog.backend import database_explained, normalised_warehouse, open_backend
from catalog.contract import Contract
from catalog.errors import CatalogLost, ContractError, SetupError
from catalog.hint import METADATA_SUFFIX, mend_hint, read_hint
from catalog.schema import PROPERTIES, iceberg_schema, partition_spec, sort_order
from catalog.storage import storage_explained


@dataclass(frozen=True)
class DataFileRecord:
    """One data file of a table's current snapshot; the last two are None where it is not partitioned."""

    path: str
    records: int
    bytes: int
    iso: str | None
    delivery_year: int | None


class Catalog:
    """The lake's tables. Open it with `Catalog.open`; close it, or use it in a ``with`` statement."""

    def __init__(self, backend: IcebergCatalog, warehouse: str, properties: Mapping[str, str]) -> None:
        self.backend = backend
        self.warehouse = warehouse
        self._properties = dict(properties)

    @classmethod
    def open(cls, uri: str, warehouse: str, properties: Mapping[str, str] | None = None) -> Self:
        """Open the catalog at `uri` for the tables that lie under `warehouse`.

        `uri` is ``sqlite:////folder/catalog.db``, ``postgresql://…`` (SQLAlchemy URLs), or whatever the
        PyIceberg catalog named by `properties["type"]` (rest, glue, …) wants. `warehouse` is a local folder
        or an object-store URI. `properties` go to PyIceberg as they are (``s3.endpoint`` and so on).

        Raises SetupError where that cannot work, or would only seem to.
        """
        folder = normalised_warehouse(warehouse)
        return cls(open_backend(uri, folder, properties or {}), folder, properties or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back database connections."""
        self.backend.close()

    @property
    def engine(self) -> Engine | None:
        """The SQL engine under the catalog, or None where the catalog is not an SQL one."""
        return self.backend.engine if isinstance(self.backend, SqlCatalog) else None

    def location(self, contract: Contract) -> str:
        """The folder of the table, ``<warehouse>/<namespace>/<table>``: it holds `data` and `metadata`."""
        return f"{self.warehouse}/{contract.namespace}/{contract.name}"

    def file_io(self, location: str) -> FileIO:
        """What reads and writes files at `location` with the catalog's settings."""
        return load_file_io(self._properties, location)

    def table(self, contract: Contract) -> Table:
        """The table as it is now. SetupError where it was never created, or lies in another lake."""
        with storage_explained(self.warehouse), database_explained():
            try:
                return self.load(contract)
            except FileNotFoundError as error:
                raise SetupError(
                    f"The catalog knows {contract.full_name}, but its metadata is not in the lake ({error}). "
                    "Restore the files, or move the lake back where it was; a new lake needs a catalog of its "
                    "own (LAKE_CATALOG_URI)."
                ) from error

    def load(self, contract: Contract) -> Table:
        """Like `table`, but errors of database and storage come as they are, for who tries again."""
        try:
            table = self.backend.load_table((contract.namespace, contract.name))
        except NoSuchTableError:
            raise SetupError(
                f"There is no table {contract.full_name} in this lake yet; run `pmp init`."
            ) from None
        self._check_place(contract, table)
        return table

    def create(self, contracts: Iterable[Contract]) -> tuple[str, ...]:
        """Create what is not there yet, and return its names. Safe to repeat, and for two processes at once.

        Raises CatalogLost where the warehouse already holds the table (its version hint is there) and the
        catalog does not know it: a fresh table over it would hide every row. ContractError where the table
        was created from a contract with other columns.
        """
        with storage_explained(self.warehouse), database_explained():
            return tuple(contract.full_name for contract in contracts if self._create(contract))

    def _create(self, contract: Contract) -> bool:
        identifier = (contract.namespace, contract.name)
        # The hint is looked at first: another creator puts it after the catalog knows the table.
        hint = read_hint(self.file_io(self.location(contract)), self.location(contract))
        if self.backend.table_exists(identifier):
            table = self.load(contract)
            _check_columns(contract, table)
            mend_hint(table)
            return False
        if hint is not None:
            raise CatalogLost(
                f"{self.location(contract)} already holds {contract.full_name} ({hint}), but the catalog "
                "does not know it; run `pmp init --adopt` to take the table over as it is."
            )
        self._create_namespace(contract.namespace)
        try:
            table = self.backend.create_table(
                identifier,
                schema=iceberg_schema(contract),
                location=self.location(contract),
                partition_spec=partition_spec(contract),
                sort_order=sort_order(contract),
                properties=dict(PROPERTIES),
            )
        except TableAlreadyExistsError:
            return False
        mend_hint(table)
        return True

    def adopt(self, contracts: Iterable[Contract]) -> tuple[str, ...]:
        """Register the tables that lie in the warehouse and the catalog does not know; return their names.

        Tables that are nowhere are left to `create`. Taken from the hint, not from the newest metadata file:
        PyIceberg writes metadata before it knows whether the commit wins, so that one may have lost.
        """
        with storage_explained(self.warehouse), database_explained():
            return tuple(contract.full_name for contract in contracts if self._adopt(contract))

    def _adopt(self, contract: Contract) -> bool:
        identifier = (contract.namespace, contract.name)
        location = self.location(contract)
        stem = read_hint(self.file_io(location), location)
        if stem is None or self.backend.table_exists(identifier):
            return False
        metadata = f"{location}/metadata/{stem}{METADATA_SUFFIX}"
        try:
            found = StaticTable.from_metadata(metadata, self._properties)
        except FileNotFoundError:
            raise CatalogLost(
                f"The version hint of {contract.full_name} names {stem}, which is not in {location}/metadata; "
                "restore that file, or put the stem of the last good metadata file into version-hint.text."
            ) from None
        self._check_place(contract, found)
        _check_columns(contract, found)
        self._create_namespace(contract.namespace)
        try:
            self.backend.register_table(identifier, metadata)
        except TableAlreadyExistsError:
            return False
        return True

    def _check_place(self, contract: Contract, table: Table) -> None:
        """Refuse a table whose metadata says that it lies elsewhere: every path in it does."""
        if table.location().rstrip("/") != self.location(contract):
            raise SetupError(
                f"{contract.full_name} was written at {table.location()}, not at {self.location(contract)}: "
                "either this catalog belongs to another lake (set LAKE_URI and LAKE_CATALOG_URI to one pair), "
                "or the lake was moved. A moved lake can be read with iceberg_scan('<table folder>', "
                "allow_moved_paths = true), and is written again once it is back in its place."
            )

    def _create_namespace(self, namespace: str) -> None:
        try:
            self.backend.create_namespace(namespace)
        except (NamespaceAlreadyExistsError, IntegrityError):
            return

    def snapshot_id(self, contract: Contract) -> int | None:
        """Id of the table's current snapshot, or None while it has none."""
        snapshot = self.table(contract).current_snapshot()
        return snapshot.snapshot_id if snapshot else None

    def data_files(self, contract: Contract) -> tuple[DataFileRecord, ...]:
        """The data files of the current snapshot, by path. Reads manifests only, no data file."""
        table = self.table(contract)
        with storage_explained(self.warehouse):
            files = live_files(table)
        return tuple(_record(contract, files[path]) for path in sorted(files))


def live_files(table: Table) -> dict[str, DataFile]:
    """The data files of a table's current snapshot, by path, with their statistics."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return {}
    manifests = snapshot.manifests(table.io)
    with ThreadPoolExecutor(max_workers=8) as pool:
        entries = pool.map(
            lambda manifest: manifest.fetch_manifest_entry(table.io, discard_deleted=True), manifests
        )
        return {entry.data_file.file_path: entry.data_file for group in entries for entry in group}


def _record(contract: Contract, file: DataFile) -> DataFileRecord:
    iso, year = (file.partition[0], file.partition[1]) if contract.partitioned else (None, None)
    return DataFileRecord(
        path=file.file_path,
        records=file.record_count,
        bytes=file.file_size_in_bytes,
        iso=iso,
        # Iceberg counts years from 1970.
        delivery_year=None if year is None else 1970 + int(year),
    )


def _check_columns(contract: Contract, table: Table) -> None:
    wanted = {
        field.field_id: (field.name, str(field.field_type)) for field in iceberg_schema(contract).fields
    }
    actual = {field.field_id: (field.name, str(field.field_type)) for field in table.schema().fields}
    if wanted != actual:
        odd = sorted({name for name, _ in set(wanted.values()) ^ set(actual.values())} or {"their order"})
        raise ContractError(
            f"{contract.full_name} was created from a contract with other columns ({', '.join(odd)}); "
            "use the release that wrote this lake, or build a new lake from the raw files."
        )
