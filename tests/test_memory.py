"""Builds stay within the memory they are given, whatever the number of rows: measured on real process trees."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb
import pytest

from lake.bench import Measured, measured, write_days

LIMIT = 400
# Python, its libraries and DuckDB's extensions, before the first row.
BASE = 350


def build_of(rows: int, folder: Path) -> Measured:
    """The build of that many rows by a process of its own, after an import by another."""
    write_days(folder / "csv", rows)
    environ = {
        **os.environ,
        "LAKE_URI": str(folder / "lake"),
        "LAKE_MEMORY_LIMIT": f"{LIMIT}MB",
        "LAKE_THREADS": "2",
    }
    pmp = [sys.executable, "-m", "lake.cli"]
    measured([*pmp, "import", "--iso", "pjm", "--dataset", "da_energy_hourly", str(folder / "csv")], environ)
    return measured([*pmp, "build", "--iso", "pjm"], environ)


@pytest.mark.long
def test_a_build_keeps_to_its_memory_however_many_rows_there_are(tmp_path: Path) -> None:
    """Three million rows need several times the limit if they are held; the whole tree stays near it."""
    peaks = {}
    for rows in (1_000_000, 3_000_000):
        folder = tmp_path / str(rows)
        peaks[rows] = build_of(rows, folder).peak_bytes / 1e6
        built = duckdb.sql(
            f"SELECT count(*) FROM read_parquet('{folder}/lake/warehouse/market/energy_prices/data/**/*.parquet')"
        ).fetchone()
        assert built == (rows,)
    assert max(peaks.values()) < BASE + 1.5 * LIMIT, peaks
    assert peaks[3_000_000] < 1.4 * peaks[1_000_000], peaks
