"""Export: what the lake holds now, as plain files for people and tools that know nothing of Iceberg.

    parquet/<iso>/<dataset>/<dataset>_<year>.parquet      current rows, by time and then by place
    metadata/hubs/<iso>_hubs.json    metadata/nodes/<iso>_nodes.json    metadata/zones/<iso>_zones.json
    metadata/ancillary_services/<iso>_as_products.json    metadata/market_info.json

A dataset here is a series of a table: all stages of one quantity, each row at the latest of them. Where a series
feeds several tables, the files of all but the first carry the table's name as well.

Rows go from Parquet to Parquet inside DuckDB, sorted out of core. A file becomes visible only when whole, and says in
its own metadata which data files it is made of, so that a repeated export writes only what has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import duckdb
from pyarrow import ArrowException, parquet

from catalog.contract import Contract, sql_folder
from catalog.duck import quoted
from catalog.tables import DataFileRecord
from ingest.disk import whole_file
from ingest.errors import StorageError
from ingest.registry import Source
from ingest.registry import sources as registry
from ingest.storage import Store
from lake.coverage import reading
from lake.errors import ExportError
from lake.finish import quoted as identifier
from lake.home import Lake
from lake.scratch import new_place

# Raised when a file is made otherwise of the same rows.
VERSION = 1
JSON = "FORMAT json, ARRAY true"


@dataclass(frozen=True)
class Year:
    """One file to write: the current rows of a series of a table in a year, and the data files that hold them."""

    iso: str
    contract: Contract
    name: str
    year: int
    files: tuple[str, ...]

    @property
    def key(self) -> str:
        """Where it goes."""
        return f"parquet/{self.iso.lower()}/{self.name}/{self.name}_{self.year}.parquet"

    @property
    def made_of(self) -> str:
        """A fingerprint of the data files, which never change, and of the way that they are written."""
        told = [VERSION, self.contract.digest, *self.files]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@dataclass
class ExportReport:
    """What an export wrote. ``kept_back`` are operators whose terms do not let their data be passed on."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    rows: int = 0
    kept_back: dict[str, str] = field(default_factory=dict)


def export(
    lake: Lake,
    target: Store,
    isos: Sequence[Source] | None = None,
    years: Iterable[int] | None = None,
    to_pass_on: bool = False,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    on_step: Callable[[str], None] | None = None,
) -> ExportReport:
    """Write the files of some operators, or of all.

    Args:
        lake: what to export.
        target: where to.
        isos: which operators; all by default.
        years: which years of delivery dates; all by default.
        to_pass_on: leave out operators whose terms do not say that their data may be passed on.
        progress: told what was done of how much.
        on_step: told ``written`` when a file is complete and not yet visible; for tests that interrupt.

    Raises:
        NoLake: there is no lake.
        ExportError: a file cannot be written.
        StorageError: the target cannot be written.
    """
    lake.require()
    step = on_step or (lambda name: None)
    target.check()
    target.sweep()
    report = ExportReport()
    chosen = []
    for source in isos or list(registry().values()):
        if to_pass_on and source.terms.redistribute != "yes":
            report.kept_back[source.iso] = source.terms.note
        else:
            chosen.append(source)
    wanted = set(years) if years is not None else None
    files = {
        contract: lake.catalog.data_files(contract)
        for contract in lake.contracts.values()
        if contract.partitioned
    }
    due = [
        year for source in chosen for year in _years(files, source) if wanted is None or year.year in wanted
    ]
    with lake.reader(ledger=False) as connection:
        for number, year in enumerate(due, start=1):
            if _is_there(target, year):
                report.unchanged.append(year.key)
            else:
                report.rows += _write(lake, connection, target, year.key, _rows(year), _parquet(year), step)
                report.written.append(year.key)
            progress("files", number, len(due))
    with reading(lake) as connection:
        for source in chosen:
            _know_places(connection, source.iso)
            for key, select in _metadata(source.iso):
                _write(lake, connection, target, key, select, JSON, step)
                report.written.append(key)
        # Of all, chosen or not: an earlier export may have written the files of the others.
        told = _markets([name for name in registry() if name not in report.kept_back])
        _write(lake, connection, target, "metadata/market_info.json", told, JSON, step)
    report.written.append("metadata/market_info.json")
    return report


def _years(tables: Mapping[Contract, Sequence[DataFileRecord]], source: Source) -> Iterator[Year]:
    """The files of an operator, in the order of table, series and year."""
    for contract, records in tables.items():
        found: dict[tuple[str, int], list[str]] = defaultdict(list)
        for file in records:
            if file.iso == source.iso:
                series = file.path.rsplit("/", 2)[1]
                found[series, file.delivery_year or 0].append(file.path.removeprefix("file://"))
        for (series, year), files in sorted(found.items()):
            name = _name(source, contract.name, series)
            yield Year(source.iso, contract, name, year, tuple(sorted(files)))


def _name(source: Source, table: str, series: str) -> str:
    """What a series of a table is called: by itself in the first table that it feeds."""
    tables = [
        feed.table
        for dataset in source.datasets.values()
        for feed in dataset.feeds.values()
        if feed.series == series
    ]
    return series if not tables or table == tables[0] else f"{series}_{table}"


def _rows(year: Year) -> str:
    """The current rows of a file, by time and then by place."""
    places = [name for name in year.contract.sort_columns if name not in ("interval_start_utc", "version")]
    named = ["settlement_location"] if "settlement_location" in year.contract.column_names else []
    order = ", ".join(map(identifier, dict.fromkeys(["datetime_utc", *named, *places])))
    columns = ", ".join(map(identifier, year.contract.column_names))
    files = ", ".join(f"'{quoted(file)}'" for file in year.files)
    return (
        f"SELECT {columns} FROM read_parquet([{files}], hive_partitioning = false) "
        f"WHERE is_current ORDER BY {order}"
    )


def _parquet(year: Year) -> str:
    return f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{made_of: '{year.made_of}'}}"


def _is_there(target: Store, year: Year) -> bool:
    """Whether the target has this file, made of the same data files. Reads the file's end only."""
    if not target.exists(year.key):
        return False
    try:
        with target.open(year.key) as file:
            told = parquet.read_metadata(file).metadata or {}
    except (ArrowException, OSError, StorageError):
        # Somebody else's file, or one that was damaged: it is written again.
        return False
    return bool(told.get(b"made_of") == year.made_of.encode())


def _write(
    lake: Lake,
    connection: duckdb.DuckDBPyConnection,
    target: Store,
    key: str,
    select: str,
    form: str,
    step: Callable[[str], None],
) -> int:
    """Write a file whole or not at all; how many rows it has."""
    place = target.local_path(key)
    if place is not None:
        try:
            with whole_file(place) as part:
                rows = _copy(connection, select, part, form, key)
                step("written")
        except OSError as error:
            raise ExportError(f"{place} cannot be written ({error.strerror or error}).") from None
        return rows
    waiting = new_place(lake.settings.scratch, "export", PurePosixPath(key).suffix)
    try:
        rows = _copy(connection, select, waiting, form, key)
        step("written")
        target.replace(key, waiting)
    finally:
        waiting.unlink(missing_ok=True)
    return rows


def _copy(connection: duckdb.DuckDBPyConnection, select: str, out: Path, form: str, key: str) -> int:
    try:
        row = connection.execute(f"COPY ({select}) TO '{quoted(str(out))}' ({form})").fetchone()
    except duckdb.OutOfMemoryException:
        raise ExportError(
            f"{key} needs more memory than LAKE_MEMORY_LIMIT gives: raise it, or lower LAKE_THREADS."
        ) from None
    except duckdb.Error as error:
        raise ExportError(f"{key} cannot be written: {str(error).splitlines()[0].rstrip('.')}.") from None
    return int(row[0]) if row else 0


def _know_places(connection: duckdb.DuckDBPyConnection, iso: str) -> None:
    """Give a connection the locations of an operator, worked out once for the files that are made of them."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS market")
    for table in ("energy_prices", "locations"):
        connection.execute(
            f"CREATE OR REPLACE VIEW market.{table} AS FROM lake.market.{table} WHERE iso = '{quoted(iso)}'"
        )
    select = (sql_folder() / "views" / "locations.sql").read_text(encoding="utf-8")
    connection.execute(f"CREATE OR REPLACE TABLE places AS {select}")


def _metadata(iso: str) -> Iterator[tuple[str, str]]:
    """The files about an operator, each with the SELECT of its objects."""
    for kind in ("hubs", "nodes", "zones"):
        # The views are one condition each, over the locations of all operators.
        view = (sql_folder() / "views" / f"{kind}.sql").read_text(encoding="utf-8")
        select = view.replace("meta.locations", "places")
        yield (
            f"metadata/{kind}/{iso.lower()}_{kind}.json",
            f"SELECT * FROM ({select}\n) ORDER BY settlement_location, settlement_location_id",
        )
    yield (
        f"metadata/ancillary_services/{iso.lower()}_as_products.json",
        f"SELECT * FROM lake.meta.as_products WHERE iso = '{quoted(iso)}' ORDER BY as_product",
    )


def _markets(isos: Iterable[str]) -> str:
    """What there is to know of operators, with their terms: whoever has the files must know what they may do."""
    names = ", ".join(f"'{quoted(iso)}'" for iso in isos) or "NULL"
    return f"SELECT * FROM lake.meta.markets WHERE iso IN ({names}) ORDER BY iso"
