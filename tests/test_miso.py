"""MISO's own ways: a day in a preamble, hours in columns, three rows a node, standard time all year."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import stamp
from oracle.shell import Case, lay_out, published, samples

from ingest import registry
from ingest.simulator import miso_site
from ingest.simulator.revisions import ORIGINAL
from lake.recognise import candidates
from lake.stage import lay_out as stage

HOURS = ",".join(f"HE {hour}" for hour in range(1, 25))


def prices(*rows: str, day: str = "11/02/2025", title: str = "Day Ahead Market ExPost LMPs") -> bytes:
    lines = [
        title,
        day,
        "",
        ",,,All Hours-Ending are Eastern Standard Time (EST)",
        f"Node,Type,Value,{HOURS}",
    ]
    return "\n".join([*lines, *rows, ""]).encode()


def row(node: str, kind: str, first: str, rest: str = ".5", node_type: str = "Gennode") -> str:
    return ",".join([node, node_type, kind, first, *[rest] * 23])


@pytest.mark.parametrize("day", ["11/02/2025", "3/8/2026", "12/31/2025,,,"])
def test_every_day_has_24_hours_that_begin_at_five_utc(day: str, tmp_path: Path) -> None:
    """Also where the clocks around it change, and however the date is written."""
    case = Case("a.csv", {"a.csv": prices(row("A", "LMP", "1"), day=day)})
    found = published("miso/lmp", lay_out(tmp_path, case))
    assert [one["objection"] for one in found] == [None] * 24
    starts = sorted(one["interval_start_utc"] for one in found)
    month, of_month, year = (int(part) for part in day.strip(",").split("/"))
    assert starts[0] == stamp(f"{year}-{month:02d}-{of_month:02d} 05:00").replace(tzinfo=None)
    assert (starts[-1] - starts[0]).total_seconds() == 23 * 3600


def test_energy_is_what_the_parts_leave_of_the_price(tmp_path: Path) -> None:
    rows = row("A", "LMP", "20.31"), row("A", "MCC", "-.37"), row("A", "MLC", ".06")
    found = published("miso/lmp", lay_out(tmp_path, Case("a.csv", {"a.csv": prices(*rows)})))
    first = min(found, key=lambda one: one["interval_start_utc"])
    parts = "lmp_total", "lmp_energy", "lmp_congestion", "lmp_loss"
    assert [first[name] for name in parts] == [20.31, 20.62, -0.37, 0.06]


def test_a_price_without_its_parts_stands_alone(tmp_path: Path) -> None:
    found = published("miso/lmp", lay_out(tmp_path, Case("a.csv", {"a.csv": prices(row("A", "LMP", "20"))})))
    assert {one["lmp_energy"] for one in found} == {None}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (prices(row("A", "LMP", "1"), row("A", "LMP", "2")), "gives two different values for A"),
        (prices(row("A", "LMP", "n/a")), "a price of A in hour ending 1 is not a number"),
        (prices(row("A", "LMP", "1"), day="2 November"), "does not say which market day"),
    ],
)
def test_a_row_that_cannot_be_vouched_for_is_objected_to(content: bytes, words: str, tmp_path: Path) -> None:
    found = published("miso/lmp", lay_out(tmp_path, Case("a.csv", {"a.csv": content})))
    assert [one for one in found if words in (one["objection"] or "")]


@pytest.mark.parametrize(
    ("node", "node_type", "kind"),
    [
        ("INDIANA.HUB", "Hub", "HUB"),
        ("AECI.APM_1.AZ", "Hub", "AGGREGATE"),
        ("AECI.ALTW", "Loadzone", "ZONE"),
        ("AECI", "Interface", "INTERFACE"),
        ("SIM.GEN", "Gennode", "RESOURCE_NODE"),
    ],
)
def test_only_trading_hubs_are_hubs(node: str, node_type: str, kind: str, tmp_path: Path) -> None:
    case = Case("a.csv", {"a.csv": prices(row(node, "LMP", "1", node_type=node_type))})
    assert {one["settlement_location_type"] for one in published("miso/lmp", lay_out(tmp_path, case))} == {
        kind
    }


@pytest.mark.parametrize(
    ("title", "dataset"),
    [
        ("Day Ahead Market ExPost LMPs", "da_energy_hourly"),
        ("Day Ahead Market LMPs", "da_energy_hourly"),
        ("Day Ahead Market ExAnte LMPs", "da_energy_hourly_ex_ante"),
        ("Day Ahead Market Ex-Ante LMPs", "da_energy_hourly_ex_ante"),
    ],
)
def test_the_title_tells_prices_that_look_the_same_apart(
    title: str, dataset: str | None, tmp_path: Path
) -> None:
    """Ex-ante prices are others than ex-post ones, in files that differ in nothing else."""
    path = tmp_path / "prices.csv"
    path.write_bytes(prices(row("A", "LMP", "1"), title=title))
    members = list(stage(path, path.name, tmp_path / "laid"))
    assert candidates(members, registry.source("MISO"), path.name) == ([dataset] if dataset else [])


@pytest.mark.parametrize(
    ("name", "folder"), [("da_expost_lmp", "da_expost_lmp"), ("rt_lmp_final", "rt_lmp_final")]
)
def test_the_simulator_prints_the_lines_before_the_rows_as_the_genuine_files(name: str, folder: str) -> None:
    for sample in sorted((samples() / "miso" / folder).glob("*.csv")):
        day = date(int(sample.name[:4]), int(sample.name[4:6]), int(sample.name[6:8]))
        printed = miso_site._text(miso_site.REPORTS[name], day, 2, ORIGINAL).encode()
        genuine = sample.read_bytes()
        assert printed.split(b"\n")[:5] == genuine.split(b"\n")[:5]


def test_a_zone_is_told_once_however_many_resources_it_has(tmp_path: Path) -> None:
    printed = miso_site._text(miso_site.REPORTS["asm_expost_damcp"], date(2025, 11, 2), 2, ORIGINAL)
    found = published("miso/asm_mcp", lay_out(tmp_path, Case("a.csv", {"a.csv": printed.encode()})))
    assert {one["objection"] for one in found} == {None}
    places = {(one["as_region"], one["as_product"]) for one in found}
    assert len(found) == 24 * len(places) == 24 * (7 + 6 * len(miso_site.ZONES))
