"""Fixtures of the tests of views, checks and coverage; a plugin, so that one lake serves all modules.

The lake has two markets, a clock change, and what may go wrong:

NYISO  da_energy_hourly   31 Oct and 1 Nov
       rt_energy_5min     1 to 4 Nov in the month's zip, stamps off the grid; the rest is not published
       da_as_hourly       31 Oct and 1 Nov; the file of 1 Nov has a column too many
CAISO  da_energy_hourly   31 Oct, 1, 3 and 4 Nov; 2 Nov was never asked for, March 2019 is expired, 20 Nov
                          is not published
       da_as_hourly       1 to 4 Nov; 3 Nov is throttled for good
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pytest
from views_kit import ISOS, MIS, NOW, OASIS, bench, day, define

from catalog.duck import extension_files
from ingest.registry import source
from ingest.simulator import Simulator
from lake.build import build
from lake.config import Settings
from lake.home import Lake
from lake.pipeline import download, open_lake


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The lake above. Tests only read from it."""
    folder = tmp_path_factory.mktemp("views")
    with Lake(Settings(uri=str(folder / "lake"), memory_limit="500MB", threads=2)) as lake:
        open_lake(lake)
        # The clock is set back before the first test: it is a fixture of the whole session.
        with pytest.MonkeyPatch.context() as patch, Simulator(now=NOW) as sim:
            patch.setenv("LAKE_NOW", NOW.isoformat())
            _fill(lake, sim)
        yield lake


def _fill(lake: Lake, sim: Simulator) -> None:
    environ = {f"LAKE_SOURCE_{iso}": sim.url for iso in ISOS}

    def bring(iso: str, dataset: str, first: date, last: date) -> None:
        known = source(iso)
        download(lake, known, [known.dataset(dataset)], first, last, "hubs", environ)

    bring("NYISO", "da_energy_hourly", day(0), day(1))
    bring("NYISO", "rt_energy_5min", day(1), day(4))
    sim.fail(MIS, "drift", match="20251101damasp")
    bring("NYISO", "da_as_hourly", day(0), day(1))
    bring("CAISO", "da_energy_hourly", day(0), day(1))
    bring("CAISO", "da_energy_hourly", day(3), day(4))
    bring("CAISO", "da_energy_hourly", day(20), day(20))
    bring("CAISO", "da_energy_hourly", date(2019, 3, 9), date(2019, 3, 11))
    sim.fail(OASIS, "throttle_429", times=None, match="DAM_PRC_AS_GRP.*20251103")
    bring("CAISO", "da_as_hourly", day(1), day(4))
    for iso in ISOS:
        build(lake, source(iso), list(source(iso).datasets.values()))
    lake.fold_ledger()


@pytest.fixture(scope="session")
def bare(small_lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A stranger's session: plain DuckDB with the extensions and the file, attached under another name."""
    with closing(duckdb.connect()) as connection:
        for file in extension_files().values():
            connection.execute(f"LOAD '{file}'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{Path(small_lake.settings.root) / 'lake.duckdb'}' AS power (READ_ONLY)")
        yield connection


@pytest.fixture
def ledger() -> duckdb.DuckDBPyConnection:
    """The views over the ledger, with two markets' registry and no event."""
    connection = bench()
    connection.execute("CREATE TABLE meta.markets AS SELECT 'NYISO' AS iso, 'America/New_York' AS clock")
    connection.execute(
        "CREATE TABLE meta.roads AS FROM (VALUES ('NYISO', 'da_energy_hourly', 'daily', 'all', 1), "
        "('NYISO', 'da_energy_hourly', 'monthly', 'all', 1), ('NYISO', 'da_energy_hourly', 'hubs', 'hubs', 1), "
        "('NYISO', 'da_energy_hourly', 'types', 'hubs', 2)) AS roads (iso, dataset, road, brings, parts)"
    )
    connection.execute(
        "CREATE TABLE meta.datasets AS FROM (VALUES "
        "('NYISO', 'da_energy_hourly', 'energy_prices', 'da_energy_hourly', 'final', NULL), "
        "('NYISO', 'rt_energy_5min', 'energy_prices', 'rt_energy_5min', 'final', 'end')) "
        "AS datasets (iso, dataset, table_name, series, stage, stamp)"
    )
    define(connection, ["raw_objects", "asked", "obtained", "unanswered"])
    return connection


@pytest.fixture
def rows(ledger: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The views over the ledger and the tables, with no event and no row."""
    ledger.execute(
        "CREATE TABLE meta.current_rows (table_name VARCHAR, series VARCHAR, iso VARCHAR, market_type VARCHAR, "
        "interval_minutes INTEGER, delivery_date DATE, interval_start_utc TIMESTAMPTZ, "
        "interval_end_utc TIMESTAMPTZ, place VARCHAR, vintage TIMESTAMPTZ)"
    )
    ledger.execute("ALTER TABLE meta.datasets ADD COLUMN market_type VARCHAR DEFAULT 'DA'")
    ledger.execute("ALTER TABLE meta.datasets ADD COLUMN feed VARCHAR DEFAULT 'prices'")
    define(ledger, ["coverage", "unfilled", "gaps", "status"])
    return ledger
