"""The lake as an object: its settings, storage, tables and ledger, opened once per command."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType

import duckdb

from catalog.commit import commit, mend_hint
from catalog.contract import Contract, load_contracts
from catalog.duck import S3Access, open_duckdb
from catalog.lease import lease
from catalog.tables import Catalog
from ingest.storage import Store
from lake.config import Settings
from lake.errors import NoLake
from lake.ledger import JOURNAL, SEED, Journal, journal_sql, keep_ledger, ledger_sql
from lake.scratch import new_place

# A run adds one file to the ledger's table; past this many they are written as one.
LEDGER_FILES = 20


class Lake:
    """One lake: the place where raw objects, tables and the ledger are."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.root, settings.storage_options)
        self.contracts = load_contracts()

    def __enter__(self) -> Lake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections of the catalog and of DuckDB."""
        if "catalog" in self.__dict__:
            self.catalog.close()
        if "_duckdb" in self.__dict__:
            # DuckDB removes the folder that it spilled to.
            self.__dict__.pop("_duckdb").close()

    @cached_property
    def catalog(self) -> Catalog:
        """The tables."""
        return Catalog.open(self.settings.catalog, self.settings.warehouse, self.settings.iceberg_properties)

    @cached_property
    def journal(self) -> Journal:
        """The ledger's sink of this run."""
        return Journal(self.store)

    def folder(self, contract: Contract) -> str:
        """Where a table is, as DuckDB takes it."""
        return self.catalog.location(contract).removeprefix("file://")

    @property
    def exists(self) -> bool:
        """Whether there is a lake at this place."""
        return self.store.exists(SEED)

    def require(self) -> None:
        """Refuse to go on where there is no lake.

        Raises:
            NoLake: nothing has been created at LAKE_URI.
        """
        if not self.exists:
            raise NoLake(
                f"There is no lake at {self.settings.root}. Set LAKE_URI to an existing one, or make one with "
                "`pmp ingest --iso caiso --year 2025` or `pmp init`."
            )

    def s3_access(self) -> S3Access | None:
        """How DuckDB reaches the lake's object storage, or None for a folder."""
        settings = self.settings
        if not settings.on_s3:
            return None
        return S3Access(
            access_key_id=settings.access_key.get_secret_value() if settings.access_key else None,
            secret_access_key=settings.secret_key.get_secret_value() if settings.secret_key else None,
            session_token=settings.session_token.get_secret_value() if settings.session_token else None,
            region=settings.region,
            endpoint=settings.endpoint,
        )

    @cached_property
    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with its extensions. Loading them takes longer than most questions, so it is done once."""
        connection = open_duckdb(
            s3=self.s3_access(),
            memory_limit=self.settings.build_memory,
            threads=self.settings.threads,
            temp_directory=new_place(self.settings.scratch, "spill"),
        )
        # Between two questions a build has the memory, not what was read before.
        connection.execute("SET enable_external_file_cache = false")
        return connection

    @contextmanager
    def reader(self, ledger: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """A session that reads tables, with the ledger of this moment as the table ``ledger`` unless it needs none."""
        connection = self._duckdb.cursor()
        try:
            if ledger:
                events = ledger_sql(self.settings.root, self.folder(self.contracts["raw_files"]))
                keep_ledger(connection, f"CREATE TEMP TABLE ledger AS {events}")
            yield connection
        finally:
            connection.close()

    def put_data_file(self, built: Path, target: str) -> None:
        """Move a finished Parquet file to its place under the warehouse; there it is whole from the first moment."""
        key = target.removeprefix("file://").removeprefix(self.settings.root).lstrip("/")
        place = self.store.local_path(key)
        if place is not None and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                built.replace(place)
                return
            except OSError:
                # Scratch is on another file system: copy, visible when whole.
                pass
        self.store.put(key, built)
        built.unlink(missing_ok=True)

    def has_data_file(self, target: str) -> bool:
        """Whether a data file is at its place, committed or not."""
        return self.store.exists(target.removeprefix("file://").removeprefix(self.settings.root).lstrip("/"))

    def fold_ledger(self, on_step: Callable[[str], None] | None = None) -> int:
        """Fold the journal into ``meta.raw_files`` as one snapshot; how many events it took.

        A process killed between the commit and the removal of the journals leaves events in both; reading takes each
        once, and the next fold removes them.

        ``on_step`` is told ``ledger written``, ``ledger placed``, the commit's steps with ``ledger`` before them,
        and ``journal removed`` for each journal; for tests that interrupt a real process.
        """
        step = on_step or (lambda name: None)
        contract = self.contracts["raw_files"]
        with lease(self.catalog, "ledger"), self.reader(ledger=False) as connection:
            keys = [key for key in self.store.list(JOURNAL) if key != SEED]
            if not keys:
                return 0
            # A fold that was killed after its commit: what it took must be seen, or it would be taken twice.
            mend_hint(self.catalog.table(contract))
            current = [file.path for file in self.catalog.data_files(contract)]
            merge = len(current) >= LEDGER_FILES
            places = [self.store.url(key) for key in keys]
            waiting = journal_sql(self.settings.root).replace(
                f"'{self.settings.root}/{JOURNAL}/*/*.json'", "getvariable('journals')"
            )
            connection.execute("SET VARIABLE journals = $places", {"places": places})
            names = ", ".join(f'"{column.name}"' for column in contract.columns)
            folded = f"iceberg_scan('{self.folder(contract)}', allow_moved_paths = true)"
            fresh = (
                f"SELECT {names} FROM ({waiting}) WHERE event_id NOT IN (SELECT event_id FROM {folded}) "
                "QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY fetched_at) = 1"
            )
            select = f"{fresh} UNION ALL SELECT {names} FROM {folded}" if merge else fresh
            out = new_place(self.settings.scratch, "ledger", ".parquet")
            row = connection.execute(
                f"COPY (SELECT * FROM ({select}) ORDER BY iso, dataset, event_id) TO '{out}' "
                f"(FORMAT parquet, COMPRESSION zstd, FIELD_IDS {contract.field_ids_sql()})"
            ).fetchone()
            count = int(row[0]) if row else 0
            if count:
                target = f"{self.catalog.location(contract)}/data/{self.journal.run_id}-{secrets.token_hex(4)}.parquet"
                step("ledger written")
                self.put_data_file(out, target)
                step("ledger placed")
                commit(
                    self.catalog,
                    contract,
                    [target],
                    lambda now: [path for path in now if merge and path in current],
                    on_step=lambda name: step(f"ledger {name}"),
                )
            out.unlink(missing_ok=True)
            for key in keys:
                self.store.delete(key)
                step("journal removed")
            return count
