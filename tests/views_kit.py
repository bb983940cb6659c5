"""A small lake for the tests of views, checks and coverage: two markets, a clock change, and what may go wrong.

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
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from catalog.duck import extension_files
from ingest.registry import source
from ingest.simulator import Simulator
from lake.build import build
from lake.config import Settings
from lake.home import Lake
from lake.pipeline import IngestReport, download, open_lake

ISOS = ("CAISO", "NYISO")
OASIS, MIS = "oasis.caiso.com", "mis.nyiso.com"
NOW = datetime(2025, 11, 5, 20, 0, tzinfo=UTC)
AUTUMN = date(2025, 11, 2)


def day(number: int) -> date:
    """A day of November 2025, or of the end of October (0 is the 31st)."""
    return date.fromordinal(date(2025, 10, 31).toordinal() + number)


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The lake above. Tests only read from it."""
    folder = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patch, Simulator(now=NOW) as sim:
        patch.setenv("LAKE_NOW", NOW.isoformat())
        with Lake(Settings(uri=str(folder / "lake"), memory_limit="500MB", threads=2)) as lake:
            open_lake(lake)
            bring = _Bringer(lake, sim)
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
            yield lake


class _Bringer:
    """Lands some days of one dataset."""

    def __init__(self, lake: Lake, sim: Simulator) -> None:
        self.lake = lake
        self.environ = {f"LAKE_SOURCE_{iso}": sim.url for iso in ISOS}

    def __call__(self, iso: str, dataset: str, first: date, last: date) -> IngestReport:
        known = source(iso)
        return download(self.lake, known, [known.dataset(dataset)], first, last, "hubs", self.environ)


@pytest.fixture(scope="session")
def bare(small_lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A stranger's session: plain DuckDB with the extensions and the file, attached under another name."""
    with closing(duckdb.connect()) as connection:
        for file in extension_files().values():
            connection.execute(f"LOAD '{file}'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{Path(small_lake.settings.root) / 'lake.duckdb'}' AS power (READ_ONLY)")
        yield connection
