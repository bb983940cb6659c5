"""SPP's repriced days: found by the lists of a folder whose division is not known, and above what they correct."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import World, served, stamp, written
from ingest_kit import statuses

from ingest import registry
from ingest.errors import Refused
from ingest.routes.spp_folders import files_of, names
from ingest.simulator import Simulator, spp_folders

DAY = date(2024, 6, 30)
TREE = {
    "/RePrice": ["2023", "2024", "2023.zip", "notes.pdf", "Special"],
    "/RePrice/2024": ["05", "06", "07", "By_Month"],
    "/RePrice/2024/06": ["By_Day", "By_Interval", "DA-LMP-SL-202406300100.csv"],
    "/RePrice/2024/06/By_Day": ["RTBM-LMP-DAILY-SL-20240629.csv", "RTBM-LMP-DAILY-SL-20240630.csv"],
    "/RePrice/2024/06/By_Interval": ["29", "30"],
    "/RePrice/2024/06/By_Interval/30": [
        "RTBM-LMP-SL-202406300000.csv",
        "RTBM-LMP-SL-202406300005.csv",
        "RTBM-LMP-SL-202407010000.csv",
    ],
    "/RePrice/2024/By_Month": [],
    "/RePrice/Special": ["RTBM-LMP-SL-202406301205d.csv"],
}


def test_the_files_of_a_day_are_found_however_the_folder_is_divided() -> None:
    opened: list[str] = []

    def names_in(folder: str) -> list[str]:
        opened.append(folder)
        return TREE[folder]

    assert sorted(files_of("/RePrice", DAY, "SPP", names_in)) == [
        "/RePrice/2024/06/By_Day/RTBM-LMP-DAILY-SL-20240630.csv",
        "/RePrice/2024/06/By_Interval/30/RTBM-LMP-SL-202406300005.csv",
        "/RePrice/2024/06/By_Interval/30/RTBM-LMP-SL-202407010000.csv",
        "/RePrice/2024/06/DA-LMP-SL-202406300100.csv",
        "/RePrice/Special/RTBM-LMP-SL-202406301205d.csv",
    ]
    # Other years, months and days are left closed.
    assert sorted(opened) == sorted(TREE)


@pytest.mark.parametrize(
    "name", ["corrected.csv", "RTBM-LMP-MONTHLY-SL-202406.csv", "2024.zip", "99999999.csv"]
)
def test_a_file_whose_name_tells_no_day_is_not_passed_over(name: str) -> None:
    with pytest.raises(Refused, match="does not tell a day"):
        list(files_of("/RePrice", DAY, "SPP", lambda folder: [name]))


def test_a_tree_without_an_end_is_left() -> None:
    depths: list[int] = []

    def names_in(folder: str) -> list[str]:
        depths.append(folder.count("/"))
        return ["deeper"]

    assert list(files_of("/RePrice", DAY, "SPP", names_in)) == []
    assert max(depths) < 10


@pytest.mark.parametrize(
    ("text", "said"),
    [('[{"name": "2024/", "size": 1}]', ["2024"]), ('["2024", "x.csv"]', ["2024", "x.csv"]), ("[]", [])],
)
def test_a_list_names_its_entries(text: str, said: list[str], tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text(text)
    assert names(path, "SPP") == said


@pytest.mark.parametrize("text", ["<!doctype html><html></html>", '[{"size": 1}]', "[", "7,8\n"])
def test_what_is_no_list_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text(text)
    with pytest.raises(Refused):
        names(path, "SPP")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    now = stamp("2026-11-20 08:00")
    with Simulator(now=now, nodes=2) as sim, World(tmp_path / "lake", sim, now) as made:
        yield made


def current(world: World) -> dict[str, float]:
    rows = world.query(
        "SELECT settlement_location_id AS id, sum(lmp_total) AS total FROM market.energy_prices GROUP BY ALL"
    )
    return {row["id"]: row["total"] for row in rows}


def test_a_repriced_day_stands_above_what_it_corrects_and_stays_there(world: World) -> None:
    day = date(2026, 11, 10)
    assert world.ingest("SPP", day, day, ["da_energy_hourly"], "all").complete
    before = current(world)
    assert world.ingest("SPP", day, day, ["da_energy_hourly_repriced"], "all").complete
    after = current(world)
    assert before.keys() == after.keys()
    assert before != after
    # The day is published once more as it was at first: an earlier stage, though it is seen later.
    assert world.sim is not None
    world.sim.correct("SPP", "da-lmp-by-settlement-location", day, amount="2.5")
    world.now = stamp("2026-11-21 12:00")
    source = registry.source("SPP")
    entry = source.dataset("da_energy_hourly")
    path = written(world.folder.parent / "late", served(world.sim, source, entry, entry.road("daily"), day))
    assert world.take("SPP", "da_energy_hourly", path, published_at=world.now).complete
    assert world.build("SPP").complete
    assert current(world) == after
    versions = world.query("SELECT max(version) AS versions FROM market.energy_prices_all")
    assert versions[0]["versions"] == 3


def test_single_repriced_intervals_come_in_by_import(world: World) -> None:
    header = "Interval,GMTIntervalEnd,Settlement Location,Pnode,LMP,MLC,MCC,MEC"
    line = "03/31/2025 08:40:00,03/31/2025 13:40:00,AECI,AECI,{0},0.0000,0.0000,{0}"
    for name, price in (("rt_energy_5min_repriced", "21.5000"), ("rt_energy_5min", "20.0000")):
        path = written(
            world.folder.parent / name,
            [("RTBM-LMP-SL-202503310840.csv", f"{header}\n{line.format(price)}\n".encode())],
        )
        assert world.take("SPP", name, path, published_at=stamp("2025-04-10 12:00")).complete
    assert world.build("SPP").complete
    rows = world.query("SELECT lmp_total, is_current FROM market.energy_prices_all ORDER BY version")
    assert [tuple(row.values()) for row in rows] == [(20.0, False), (21.5, True)]


def test_a_day_on_which_nothing_was_repriced_is_empty_and_a_folder_that_is_gone_a_failure(
    world: World,
) -> None:
    """The simulated portal reprices what is two days old."""
    names = ["da_energy_hourly_repriced"]
    fresh = date(2026, 11, 19)
    landing = world.download("SPP", fresh, fresh, names).landing
    assert landing is not None
    assert statuses(landing) == ["empty"]
    assert "lists no file of 2026-11-19 below /RePrice" in landing.events[0].message


def test_a_folder_that_is_not_there_is_a_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2026, 11, 10)
    monkeypatch.setattr(spp_folders, "listing", lambda query, files: None)
    landing = world.download("SPP", day, day, ["da_energy_hourly_repriced"]).landing
    assert landing is not None
    assert statuses(landing) == ["failed"]
    assert "no list of /RePrice, which should be there" in landing.events[0].message
