"""``make bench``: how fast a year of every node becomes a table, in how much memory, against the plainest conversion.

Writes day-ahead nodal CSVs in the layout of a real feed, imports them, builds them, and converts the same files with
DuckDB's plain ``COPY (SELECT * FROM read_csv(…)) TO '….parquet' (COMPRESSION zstd)``: no sort, no derived column, no
check. Both run as processes of their own on the same machine in the same run, because only their ratio means
anything on a busy one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from pathlib import Path
from typing import Annotated

import duckdb
import psutil
import typer

from ingest.registry import sources
from lake.cli.show import complain, number, say, table

NODES = 14_143
HOURS = 24
FIRST_DAY = date(2022, 1, 1)
SAMPLE_SECONDS = 0.05

# The day's rows as the source prints them: two decimals for energy, six for the rest, stamps without padding.
DAY = """
COPY (
    WITH nodes AS (
        SELECT
            1000000 + i AS pnode_id,
            'NODE' || lpad(CAST(i AS VARCHAR), 5, '0') AS pnode_name,
            ['69 KV', '115 KV', '138 KV', '230 KV', '345 KV', '500 KV'][CAST(1 + hash(i) % 6 AS INTEGER)] AS voltage,
            'LOAD' || (i % 9) AS equipment,
            CASE hash(i + 1) % 10 WHEN 0 THEN 'GEN' WHEN 1 THEN 'GEN' ELSE 'LOAD' END AS type,
            ['AECO', 'AEP', 'COMED', 'DOM', 'PSEG', 'PPL', 'APS', 'ATSI'][CAST(1 + hash(i + 2) % 8 AS INTEGER)] AS zone
        FROM range($nodes) AS numbers(i)
    ),
    hours AS (
        SELECT
            h,
            CAST($day AS TIMESTAMP) + to_hours(CAST(h AS INTEGER)) AS ept,
            round(25 + 15 * sin((h - 6) * 0.26) + (hash(h, $day) % 1000) / 100, 2) AS energy
        FROM range(24) AS numbers(h)
    ),
    priced AS (
        SELECT
            *,
            CAST((CAST(hash(pnode_id, h, $day) % 9000000 AS BIGINT) - 3000000) / 1e6 AS DECIMAL(12, 6)) AS congestion,
            CAST((CAST(hash(h, pnode_id, $day) % 2500000 AS BIGINT) - 900000) / 1e6 AS DECIMAL(12, 6)) AS loss
        FROM hours, nodes
    )
    SELECT
        strftime(ept + INTERVAL 5 HOUR, '%-m/%-d/%Y %-I:%M:%S %p') AS datetime_beginning_utc,
        strftime(ept, '%-m/%-d/%Y %-I:%M:%S %p') AS datetime_beginning_ept,
        pnode_id,
        pnode_name,
        voltage,
        equipment,
        type,
        zone,
        CAST(energy AS DECIMAL(12, 2)) AS system_energy_price_da,
        CAST(energy AS DECIMAL(12, 6)) + congestion + loss AS total_lmp_da,
        congestion AS congestion_price_da,
        loss AS marginal_loss_price_da,
        'True' AS row_is_current,
        1 AS version_nbr
    FROM priced
    ORDER BY h, pnode_id
    LIMIT $rows
) TO '{target}' (FORMAT csv, HEADER)
"""
PLAIN = """
import sys, duckdb
connection = duckdb.connect()
connection.execute("SET threads = " + sys.argv[3])
connection.execute("SET VARIABLE files = (SELECT list(file) FROM glob('" + sys.argv[1] + "/*.csv'))")
connection.execute("COPY (SELECT * FROM read_csv(getvariable('files'))) TO '" + sys.argv[2] + "' (COMPRESSION zstd)")
"""


@dataclass
class Measured:
    """A command's wall time and the most memory that it and its children held at once."""

    seconds: float = 0.0
    peak_bytes: int = 0


def write_days(folder: Path, rows: int, nodes: int = NODES) -> list[Path]:
    """Write ``rows`` rows as daily CSVs, oldest first; the same rows every time."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with duckdb.connect() as connection:
        for number_of_day in range(ceil(rows / (nodes * HOURS))):
            day = FIRST_DAY + timedelta(days=number_of_day)
            path = folder / f"da_hrl_lmps_{day}.csv"
            left = min(nodes * HOURS, rows - number_of_day * nodes * HOURS)
            connection.execute(
                DAY.replace("{target}", str(path)), {"nodes": nodes, "day": day.isoformat(), "rows": left}
            )
            paths.append(path)
    return paths


def measured(command: list[str], environ: dict[str, str]) -> Measured:
    """Run a command and watch the memory of its process tree.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started = time.monotonic()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    result = Measured()
    with _watching(process.pid, result):
        code = process.wait()
    result.seconds = time.monotonic() - started
    if code:
        raise subprocess.CalledProcessError(code, command)
    return result


@contextmanager
def _watching(pid: int, result: Measured) -> Iterator[None]:
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(SAMPLE_SECONDS):
            result.peak_bytes = max(result.peak_bytes, _resident(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()


def _resident(pid: int) -> int:
    """Bytes that a process and all below it hold in memory now."""
    try:
        root = psutil.Process(pid)
        return sum(process.memory_info().rss for process in [root, *root.children(recursive=True)])
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0


def bench(
    rows: Annotated[int, typer.Option(help="Rows in all; a year of an earlier attempt had 55070598.")] = 0,
    days: Annotated[int, typer.Option(help="Days of 14,143 nodes, where no rows are given.")] = 31,
    folder: Annotated[Path, typer.Option(help="Where to work; emptied before and after.")] = Path(
        "lakehouse/bench"
    ),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the files for a closer look.")] = False,
) -> None:
    """Measure import and build of nodal prices against DuckDB's plain copy of the same files."""
    # The one layout of a nodal day file that this measures.
    iso, dataset = next(
        (source.iso, entry.name)
        for source in sources().values()
        for entry in source.datasets.values()
        if entry.source_name == "da_hrl_lmps"
    )
    wanted = rows or days * NODES * HOURS
    shutil.rmtree(folder, ignore_errors=True)
    say(f"Writing {number(wanted)} rows as daily CSVs of {number(NODES)} nodes …")
    files = write_days(folder / "csv", wanted)
    raw = sum(path.stat().st_size for path in files)
    environ = {**os.environ, "LAKE_URI": str(folder / "lake")}
    threads = environ.get("LAKE_THREADS", str(os.cpu_count() or 1))
    pmp = [sys.executable, "-m", "lake.cli"]
    landing = measured([*pmp, "import", "--iso", iso, "--dataset", dataset, str(folder / "csv")], environ)
    plain = measured(
        [sys.executable, "-c", PLAIN, str(folder / "csv"), str(folder / "plain.parquet"), threads], environ
    )
    build = measured([*pmp, "build", "--iso", iso], environ)
    parquet = sum(path.stat().st_size for path in (folder / "lake").rglob("data/iso=*/**/*.parquet"))
    built = duckdb.sql(
        f"SELECT count(*) FROM read_parquet('{folder}/lake/warehouse/market/energy_prices/data/**/*.parquet')"
    ).fetchone()
    if not built or built[0] != wanted:
        complain(f"The table has {built and built[0]} rows, not {wanted}: the measurement does not count.")
        raise typer.Exit(1)
    table(
        ("step", "seconds", "rows/s", "peak memory", "bytes/row"),
        [
            (
                "import (link the files)",
                f"{landing.seconds:.1f}",
                number(wanted / landing.seconds),
                _mib(landing),
                "",
            ),
            (
                "build (sorted, 24 columns, checked, committed)",
                f"{build.seconds:.1f}",
                number(wanted / build.seconds),
                _mib(build),
                f"{parquet / wanted:.1f}",
            ),
            (
                "DuckDB's plain copy",
                f"{plain.seconds:.1f}",
                number(wanted / plain.seconds),
                _mib(plain),
                f"{(folder / 'plain.parquet').stat().st_size / wanted:.1f}",
            ),
        ],
        ("seconds", "rows/s", "peak memory", "bytes/row"),
    )
    say(
        f"{number(wanted)} rows, {raw / 1e9:.2f} GB of CSV, {threads} threads, "
        f"LAKE_MEMORY_LIMIT={environ.get('LAKE_MEMORY_LIMIT', '1GB')}."
    )
    say(f"Build / plain copy: {build.seconds / plain.seconds:.2f} times the time.")
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


def _mib(one: Measured) -> str:
    return f"{one.peak_bytes / (1 << 20):,.0f} MiB"


def main() -> None:
    """Run the measurement."""
    typer.run(bench)


if __name__ == "__main__":
    main()
