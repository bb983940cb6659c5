"""All markets in one backfill: whole, told the same way, and in bounded memory."""

from __future__ import annotations

import os
import sys
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from behaviour_kit import ACCOUNTS, ISOS, World

from ingest import clock, registry
from ingest.simulator import Simulator
from lake.bench import measured

NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
FIRST, LAST = date(2026, 2, 28), date(2026, 3, 9)


@pytest.mark.long
def test_one_backfill_brings_every_market_whole_and_keeps_to_its_memory(tmp_path: Path) -> None:
    """Ten days across a month's edge and the spring change of the clock, every node, as a user's one command."""
    with (
        Simulator(now=NOW, nodes=80) as sim,
        World(tmp_path / "lake", sim, NOW, accounts=ACCOUNTS) as world,
    ):
        environ = {**os.environ, **world.environ, "LAKE_MEMORY_LIMIT": "1GB", "LAKE_THREADS": "2"}
        command = [sys.executable, "-m", "lake.cli", "backfill", "--locations", "all"]
        run = measured([*command, "--start-date", f"{FIRST}", "--end-date", f"{LAST}"], environ)
        assert run.peak_bytes < 1.5 * 2**30, run.peak_bytes
        rows = world.query(
            "SELECT iso, settlement_location_id AS place, count(*) AS n, count(DISTINCT datetime_utc) AS instants, "
            "min(datetime_utc) AS first, max(interval_end_utc) AS last FROM market.energy_prices "
            f"WHERE market_type = 'DA' AND interval_minutes = 60 AND delivery_date BETWEEN '{FIRST}' AND '{LAST}' "
            "GROUP BY ALL"
        )
        places = Counter(row["iso"] for row in rows)
        assert set(places) == set(ISOS)
        # ERCOT's resource nodes are told by settlement point; every market has these and more.
        assert all(number >= 80 for number in places.values()), places
        for row in rows:
            period = clock.market_days(FIRST, LAST, registry.source(row["iso"]).clock)
            hours = (period.end - period.start).total_seconds() / 3600
            assert (row["n"], row["instants"]) == (hours, hours), row
            assert (row["first"], row["last"]) == (period.start, period.end), row
        assert set(_isos(world, "ancillary_services")) == set(ISOS)
        # Again: everything is there.
        asked = len(sim.requests)
        again = world.pmp(f"backfill --locations all --start-date {FIRST} --end-date {LAST}")
        assert again.code == 0, again.text
        lists = ("locations", "nodes", "pnodes", "generators")
        assert [one.path for one in sim.requests[asked:] if not any(word in one.path for word in lists)] == []


def _isos(world: World, table: str) -> list[str]:
    return [row["iso"] for row in world.query(f"SELECT DISTINCT iso FROM market.{table}")]
