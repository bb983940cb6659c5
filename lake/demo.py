"""``make demo``: a lake without an account and without an ISO, in about a minute.

The simulator stands in for three ISOs' sites; everything else is the real thing: plan, landing, build, commit,
views. It brings two months around each change of the clock and a year edge, and ends with queries worth copying.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from catalog.errors import CatalogError
from ingest.errors import IngestError
from ingest.registry import source
from ingest.simulator import Simulator
from lake.api import connect
from lake.cli.jobs import show_build, show_landing
from lake.cli.show import complain, counted, number, say, watching
from lake.config import load_settings
from lake.errors import LakeError
from lake.home import Lake
from lake.pipeline import ingest, open_lake

ISOS = ("caiso", "nyiso", "pjm")
# Fixed, so that every demo is the same: the planner and the simulator share this clock.
TODAY = datetime(2026, 11, 20, 8, tzinfo=UTC)
PERIODS = (
    ("two months around the autumn change of the clock", date(2025, 10, 3), date(2025, 12, 2)),
    ("a year edge", date(2025, 12, 28), date(2026, 1, 5)),
    ("two months around the spring change of the clock", date(2026, 2, 6), date(2026, 4, 7)),
)
QUERIES = (
    (
        "The repeated hour of autumn is two rows, told apart by UTC and by dst_flag",
        """
SELECT iso, datetime_local, datetime_utc, dst_flag, round(lmp_total, 2) AS lmp_usd_mwh
FROM market.energy_prices
WHERE delivery_date = DATE '2025-11-02' AND delivery_hour = 2 AND settlement_location_type = 'ZONE'
    AND settlement_location IN ('DLAP_SCE-APND', 'N.Y.C.', 'COMED')
ORDER BY iso, datetime_utc""",
    ),
    (
        "The dearest hour of the day, by market: average day-ahead price of all hubs and zones",
        """
SELECT iso, delivery_hour, round(avg(lmp_total), 2) AS average_usd_mwh, count(*) AS prices
FROM market.energy_prices
WHERE market_type = 'DA'
GROUP BY iso, delivery_hour
QUALIFY row_number() OVER (PARTITION BY iso ORDER BY avg(lmp_total) DESC) = 1
ORDER BY iso""",
    ),
    (
        "Ancillary services side by side, by standard product",
        """
SELECT as_product_standard, iso, round(avg(market_clearing_price), 2) AS average_price, count(*) AS prices
FROM market.ancillary_services
WHERE as_product_standard IN ('REG', 'REG_UP', 'SPIN', 'NON_SPIN')
GROUP BY ALL
ORDER BY ALL""",
    ),
)


def run() -> int:
    """Build the demo lake at LAKE_URI (default ``./lakehouse/demo``) and query it; the exit code."""
    settings = load_settings(uri=os.environ.get("LAKE_URI", "./lakehouse/demo"))
    os.environ["LAKE_NOW"] = TODAY.isoformat()
    started = time.monotonic()
    complete = True
    with Simulator(now=TODAY) as simulator, Lake(settings) as lake:
        environ = {f"LAKE_SOURCE_{iso.upper()}": simulator.url for iso in ISOS}
        environ["LAKE_PACE_DIR"] = str(settings.scratch / "pace")
        open_lake(lake)
        for what, first, last in PERIODS:
            say(f"\n{what[:1].upper()}{what[1:]}: {first} to {last}")
            for iso in ISOS:
                entry = source(iso)
                with watching() as watcher:
                    report = ingest(lake, entry, entry.pick(), first, last, "hubs", environ, progress=watcher)
                show_landing(report)
                show_build(report.build)
                complete = complete and report.complete
    _show(settings.root)
    say(f"\n{time.monotonic() - started:.0f} seconds. The lake is at {Path(settings.root)}:")
    say(f"    LAKE_URI={settings.root} pmp sql")
    return 0 if complete else 3


def _show(root: str) -> None:
    """What was built, and the queries with their answers."""
    with connect(uri=root) as connection:
        say("\nWhat was built:")
        for table in ("energy_prices", "ancillary_services", "price_adders"):
            row = connection.execute(
                f"SELECT count(*), count(DISTINCT iso), min(delivery_date), max(delivery_date) FROM market.{table}"
            ).fetchone()
            if row:
                say(
                    f"  market.{table}: {number(row[0])} rows of {counted(row[1], 'ISO')}, {row[2]} to {row[3]}"
                )
        for title, query in QUERIES:
            say(f"\n-- {title}{query};")
            connection.sql(query).show(max_width=120)


def main() -> None:
    """Run the demo; errors are sentences."""
    try:
        sys.exit(run())
    except (LakeError, IngestError, CatalogError, duckdb.Error) as error:
        complain(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
