"""The main job, through the command line: a year of CAISO at hub scope against the simulated sites."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from behaviour_kit import ISOS, World, stamp
from registry_kit import declared

from ingest import registry
from ingest.clock import market_days
from ingest.registry import Pace, Source
from ingest.simulator import Simulator, expected
from ingest.simulator.caiso_reports import HUBS, ZONES

NOW = stamp("2026-11-20 08:00")
PACIFIC = ZoneInfo("America/Los_Angeles")
PLACES = {*HUBS, *ZONES}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Simulator(now=NOW, nodes=3) as site, World(tmp_path / "lake", site, NOW) as made:
        yield made


def closed_port() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def hours_of_year(year: int) -> list[datetime]:
    period = market_days(date(year, 1, 1), date(year, 12, 31), "America/Los_Angeles")
    return [
        period.start + timedelta(hours=hour)
        for hour in range(int((period.end - period.start) / timedelta(hours=1)))
    ]


@pytest.mark.long
def test_a_year_of_hubs_is_whole(tmp_path: Path) -> None:
    """8,760 hours times each location: no gap, no duplicate, both days of the clock change, an open reader follows."""
    with Simulator(now=NOW, nodes=1) as site, World(tmp_path / "lake", site, NOW) as world:
        assert world.query("SELECT count(*) AS n FROM market.energy_prices") == [{"n": 0}]
        said = world.pmp("ingest --iso caiso --year 2022")
        assert said.code == 0, said.text
        hours = hours_of_year(2022)
        assert len(hours) == 8760
        rows = world.query(
            "SELECT settlement_location_id AS place, count(*) AS n, count(DISTINCT datetime_utc) AS instants, "
            "min(datetime_utc) AS first, max(datetime_utc) AS last, min(datetime_local) AS first_local, "
            "max(datetime_local) AS last_local FROM market.energy_prices_all GROUP BY ALL"
        )
        assert {row["place"] for row in rows} == PLACES
        for row in rows:
            assert (row["n"], row["instants"]) == (8760, 8760)
            assert (row["first"], row["last"]) == (hours[0], hours[-1])
            assert row["first_local"] == datetime(2022, 1, 1, 0)
            assert row["last_local"] == datetime(2022, 12, 31, 23)
        days = world.query(
            "SELECT delivery_date, count(DISTINCT datetime_utc) AS hours, count(*) AS n, "
            "list(DISTINCT delivery_hour ORDER BY delivery_hour) AS named, count(DISTINCT dst_flag) AS flags "
            "FROM market.energy_prices GROUP BY ALL ORDER BY ALL"
        )
        assert len(days) == 365
        lengths = {row["delivery_date"]: row["hours"] for row in days if row["hours"] != 24}
        assert lengths == {date(2022, 3, 13): 23, date(2022, 11, 6): 25}
        by_day = {row["delivery_date"]: row for row in days}
        assert by_day[date(2022, 3, 13)]["named"] == [1, 2, *range(4, 25)]
        assert by_day[date(2022, 11, 6)]["named"] == list(range(1, 25))
        assert {row["delivery_date"] for row in days if row["flags"] == 2} == set(lengths)
        # Ancillary services of every hour, in every nested region.
        services = world.query(
            "SELECT as_product, as_region, count(*) AS n, count(DISTINCT datetime_utc) AS instants "
            "FROM market.ancillary_services_all GROUP BY ALL"
        )
        assert len(services) == 26
        assert {(row["n"], row["instants"]) for row in services} == {(8760, 8760)}
        # The prices are those that the site prints, the hours around both changes and the year's edges included.
        probes = {
            hours[0],
            hours[-1],
            *(hour for hour in hours if hour.astimezone(PACIFIC).date() in lengths),
        }
        held = world.query(
            "SELECT settlement_location_id AS place, datetime_utc AS at, "
            "lmp_total, lmp_energy, lmp_congestion, lmp_loss FROM market.energy_prices "
            "WHERE list_contains($probes, datetime_utc)",
            probes=sorted(probes),
        )
        assert len(held) == len(probes) * len(PLACES)
        for row in held:
            said_by_site = site.expected("CAISO", "PRC_LMP", row["place"], row["at"])
            assert [row[name] for name in ("lmp_total", "lmp_energy", "lmp_congestion", "lmp_loss")] == [
                float(said_by_site[kind]) for kind in ("LMP", "MCE", "MCC", "MCL")
            ]
        asked = len(site.requests)
        before = world.snapshots()
        again = world.pmp("ingest --iso caiso --year 2022")
        assert again.code == 0, again.text
        assert len(site.requests) == asked
        assert world.snapshots() == before


@pytest.mark.long
def test_real_time_is_added_by_a_flag(world: World) -> None:
    """15- and 5-minute prices and 15-minute services of three days, the autumn change among them."""
    first, last = date(2025, 11, 1), date(2025, 11, 3)
    said = world.pmp(f"ingest --iso caiso --start-date {first} --end-date {last} --markets rt")
    assert said.code == 0, said.text
    hours = 73
    rows = world.query(
        "SELECT market_type, interval_minutes, settlement_location_id AS place, count(*) AS n, "
        "count(DISTINCT datetime_utc) AS instants FROM market.energy_prices_all GROUP BY ALL"
    )
    assert {row["place"] for row in rows} == PLACES
    assert {(row["market_type"], row["interval_minutes"], row["n"], row["instants"]) for row in rows} == {
        ("RT", 15, hours * 4, hours * 4),
        ("RT", 5, hours * 12, hours * 12),
    }
    intervals = world.query(
        "SELECT interval_minutes, max(delivery_interval) AS most FROM market.energy_prices GROUP BY ALL ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in intervals] == [(5, 12), (15, 4)]
    services = world.query("SELECT DISTINCT market_type, interval_minutes FROM market.ancillary_services")
    assert services == [{"market_type": "RT", "interval_minutes": 15}]


def test_a_wider_scope_takes_what_is_there_and_widens_it(world: World) -> None:
    """2022 came as group files with every node: all locations are built from what has landed."""
    period = "--start-date 2022-11-05 --end-date 2022-11-06 --data-types lmp"
    assert world.pmp(f"ingest --iso caiso {period}").code == 0
    assert world.sim is not None
    asked = len(world.sim.requests)
    narrow = world.query("SELECT DISTINCT settlement_location_id AS place FROM market.energy_prices")
    assert {row["place"] for row in narrow} == PLACES
    said = world.pmp(f"ingest --iso caiso {period} --locations all")
    assert said.code == 0, said.text
    assert len(world.sim.requests) == asked
    wide = world.query(
        "SELECT settlement_location_id AS place, count(*) AS n, max(version) AS version "
        "FROM market.energy_prices_all GROUP BY ALL"
    )
    assert len(wide) > len(PLACES)
    assert {row["place"] for row in wide} > PLACES
    assert {(row["n"], row["version"]) for row in wide} == {(49, 1)}
    # Scope only ever widens: asked for hubs again, nothing is taken away.
    assert world.pmp(f"ingest --iso caiso {period}").code == 0
    assert len(
        world.query("SELECT DISTINCT settlement_location_id AS place FROM market.energy_prices")
    ) == len(wide)


def test_hubs_by_single_requests_are_followed_by_group_files_for_all(world: World) -> None:
    """Within 39 months hubs came alone: all locations are downloaded, and what is told twice is one version."""
    period = "--start-date 2025-11-02 --end-date 2025-11-02 --data-types lmp"
    assert world.pmp(f"ingest --iso caiso {period}").code == 0
    assert world.pmp(f"ingest --iso caiso {period} --locations all").code == 0
    rows = world.query(
        "SELECT settlement_location_id AS place, count(*) AS n, max(version) AS version "
        "FROM market.energy_prices_all GROUP BY ALL"
    )
    assert {row["place"] for row in rows} > PLACES
    assert {(row["n"], row["version"]) for row in rows} == {(25, 1)}


def hurried(source: Source) -> Source:
    """The ISO at the pace of a stand-in: a dead address declares none, and a test does not wait for minutes."""
    quick = Pace(requests=1000, seconds=1, first_wait_seconds=0.01, max_wait_seconds=0.02)
    hosts = {name: host.model_copy(update={"pace": quick}) for name, host in source.hosts.items()}
    return source.model_copy(update={"hosts": hosts})


@pytest.mark.parametrize("iso", ISOS)
def test_without_a_network_it_gives_up_soon_and_goes_on_where_it_stopped(world: World, iso: str) -> None:
    """A few tries, one sentence a cause, exit code 3, what is there stays; then only what is missing is fetched."""
    command = f"--iso {iso.lower()} --start-date 2026-10-31 --end-date 2026-10-31"
    assert world.pmp(f"ingest --iso {iso.lower()} --start-date 2026-11-13 --end-date 2026-11-13").code == 0
    before = world.snapshots()
    (first,) = world.query("SELECT DISTINCT run_id FROM meta.raw_files")
    missing = json.loads(world.pmp(f"plan {command} --json").out)["requests"]
    with declared(hurried(registry.source(iso))):
        said = world.pmp(f"ingest {command}", **{f"LAKE_SOURCE_{iso}": closed_port()})
    assert said.code == 3, said.text
    causes = [line for line in said.err.splitlines() if "cannot be reached" in line]
    assert 1 <= len(causes) <= len(registry.source(iso).pick())
    assert all(line.startswith("pmp: ") and "Check the network" in line for line in causes)
    assert "Run the same command again" in said.err
    told = world.query(f"SELECT status, attempts FROM meta.raw_files WHERE run_id <> '{first['run_id']}'")
    assert {row["status"] for row in told} <= {"failed", "not_asked"}
    assert sum(row["attempts"] for row in told) <= 12
    assert world.snapshots() == before
    assert world.sim is not None
    asked = len(world.sim.requests)
    healed = world.pmp(f"ingest {command}")
    assert healed.code == 0, healed.text
    source = registry.source(iso)
    # The first roads are those of the newest days.
    roads = [dataset.roads[0] for dataset in source.pick()]
    names = {road.host for road in roads}
    hosts = {source.hosts[name].base.partition("://")[2] for name in names}
    calls = max(road.calls for road in roads)
    assert len([one for one in world.sim.requests[asked:] if one.host in hosts]) == missing * calls
    rows = world.query("SELECT delivery_date, count(*) AS n FROM market.energy_prices GROUP BY ALL")
    lengths = {str(row["delivery_date"]): row["n"] for row in rows}
    assert lengths["2026-10-31"] == lengths["2026-11-13"]


@pytest.mark.long
def test_a_real_process_ingests_and_another_reads(world: World) -> None:
    """The installed command as users start it; what it prints for a script is JSON."""
    environ = {**os.environ, **world.environ}
    command = [sys.executable, "-m", "lake.cli", "ingest", "--iso", "nyiso", "--start-date", "2026-11-13"]
    done = subprocess.run(
        [*command, "--end-date", "2026-11-13", "--json"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["landing"]["complete"]
    assert record["build"]["rows"]["energy_prices"] == 15 * 24
    asked = subprocess.run(
        [sys.executable, "-m", "lake.cli", "sql", "--json", "SELECT count(*) AS n FROM market.energy_prices"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert json.loads(asked.stdout) == [{"n": 15 * 24}]


def test_the_parts_of_the_job_make_the_whole(world: World) -> None:
    """download, then build, is ingest; each can be repeated and then does nothing."""
    day = "--start-date 2026-11-13 --end-date 2026-11-13"
    landed = world.pmp(f"download --iso nyiso {day}")
    assert landed.code == 0, landed.text
    assert world.snapshots()["energy_prices"] == 0
    built = world.pmp("build --iso nyiso --json")
    assert json.loads(built.out)["rows"] == {"energy_prices": 15 * 24, "ancillary_services": 11 * 4 * 24}
    assert world.sim is not None
    asked = len(world.sim.requests)
    assert world.pmp(f"ingest --iso nyiso {day}").code == 0
    assert json.loads(world.pmp("build --iso nyiso --json").out)["chunks"] == 0
    assert len(world.sim.requests) == asked
    stamps = {row["datetime_utc"] for row in world.rows("NYISO", "energy_prices")}
    assert stamps == set(expected.intervals("NYISO", "damlbmp_zone", date(2026, 11, 13)))
