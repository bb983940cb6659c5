"""ERCOT's roads: its lists and its archive, the names of documents, the repeated hour, holes, the account."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from behaviour_kit import World, assert_series, served, stamp, written
from ingest_kit import statuses
from oracle.shell import genuine

from ingest import registry
from ingest.clock import Period, market_days
from ingest.errors import Refused
from ingest.routes import ercot_documents, route
from ingest.simulator import Simulator, ercot_api, ercot_rows, ercot_site
from ingest.simulator.world import World as Sites

CLOCK = "America/Chicago"
LISTS, API, LOGIN = "www.ercot.com", "api.ercot.com", "ercotb2c.b2clogin.com"
NOW = stamp("2026-11-20 08:00")


@pytest.mark.parametrize("path", genuine("ercot/mis_listing"), ids=lambda path: path.name)
def test_a_genuine_list_gives_each_interval_its_document(path: Path) -> None:
    entries = json.loads(path.read_bytes())["ListDocsByRptTypeRes"]["DocumentList"]
    listed = [
        ercot_documents.document(
            entry["Document"]["DocID"],
            entry["Document"]["FriendlyName"],
            entry["Document"]["ConstructedName"],
            entry["Document"]["PublishDate"],
            CLOCK,
            entry["Document"]["ContentSize"],
        )
        for entry in entries
    ]
    assert all(one.size for one in listed)
    if "12301" not in path.name:
        return
    words = {"names": "end"}
    for day, count in ((date(2026, 6, 5), 96), (date(2026, 6, 4), 95), (date(2026, 6, 10), 96)):
        found = ercot_documents.wanted(listed, words, market_days(day, day, CLOCK), CLOCK)
        assert len(found) == count
        assert all("_csv" in one.name for one in found)


@pytest.mark.parametrize(
    ("name", "hour", "is_wanted"),
    [
        ("SPPHLZNP6905_20251102_0115_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_20251102_0115xhr_csv", "2025-11-02 07:00", True),
        ("SPPHLZNP6905_xhr_20251102_0115_csv", "2025-11-02 07:00", True),
        # How the end of the first pass is called is not known: the rows decide.
        ("SPPHLZNP6905_20251102_0100_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_20251102_0200_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_retry_20251102_0200_csv", "2025-11-02 07:00", True),
        ("SPPHLZNP6905_20251102_0215_csv", "2025-11-02 07:00", False),
        ("SPPHLZNP6905_20251103_0000_csv", "2025-11-03 05:00", True),
        ("SPPHLZNP6905_20251103_0000_csv", "2025-11-03 06:00", False),
        ("SPPHLZNP6905_20251103_0100_xml", "2025-11-03 06:00", False),
        # Without a time the publication counts, here at 06:20 in UTC.
        ("SPPHLZNP6905_csv", "2025-11-02 06:00", True),
        ("SPPHLZNP6905_csv", "2025-11-02 05:00", True),
        ("SPPHLZNP6905_csv", "2025-11-03 06:00", False),
    ],
)
def test_a_document_is_sought_by_the_end_in_its_name(name: str, hour: str, is_wanted: bool) -> None:
    one = ercot_documents.document("1", name, "x.zip", "2025-11-02T01:20:00-05:00", CLOCK)
    start = stamp(hour)
    period = Period(start, start + timedelta(hours=1))
    found = ercot_documents.wanted([one], {"names": "end"}, period, CLOCK)
    assert bool(found) == is_wanted


def test_the_offset_of_a_list_is_not_believed() -> None:
    winter = ercot_documents.document("1", "DAMSPNP4190_csv", "x", "2025-03-06T12:33:00-05:00", CLOCK)
    assert winter.published_at == datetime(2025, 3, 6, 18, 33, tzinfo=UTC)
    second = ercot_documents.document("1", "X_20251102_0115xhr_csv", "x", "2025-11-02T01:17:00-05:00", CLOCK)
    assert second.published_at == datetime(2025, 11, 2, 7, 17, tzinfo=UTC)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=2) as running:
        yield running


@pytest.fixture
def world(sim: Simulator, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", sim, NOW) as made:
        yield made


@pytest.fixture
def member(sim: Simulator, tmp_path: Path) -> Iterator[World]:
    """A user with an account."""
    with World(tmp_path / "lake", sim, NOW, ercot_api.ACCOUNT) as made:
        yield made


def test_a_hole_in_a_list_is_filled_when_it_closes_and_only_its_hour_is_asked_again(world: World) -> None:
    day = date(2026, 11, 17)
    assert world.sim is not None
    world.sim.correct("ERCOT", "NP6-905-CD", day, amount=0, drop=["13:15:00"])
    landing = world.download("ERCOT", day, day, ["rt_energy_15min"]).landing
    assert landing is not None
    assert Counter(statuses(landing)) == {"ok": 96, "failed": 1}
    (failed,) = [event for event in landing.events if event.status == "failed"]
    assert failed.period_end == failed.period_start + timedelta(minutes=15)
    assert "lists no document" in failed.message
    world.sim.uncorrect("ERCOT", "NP6-905-CD", day)
    asked_from = len(world.sim.requests)
    again = world.ingest("ERCOT", day, day, ["rt_energy_15min"])
    assert again.complete
    assert len(world.sim.requests) - asked_from == 1 + 4
    assert assert_series(world, "ERCOT", "energy_prices", "rt_energy_15min") == 96 * 9


def test_the_same_day_by_its_list_and_by_the_archive_is_one_version(member: World) -> None:
    """Lists first, the archive later: documents are the same, and a hole in the list is filled."""
    day, names = date(2026, 11, 18), ["da_energy_hourly", "rt_energy_5min", "da_as_hourly"]
    assert member.sim is not None
    member.now = stamp("2026-11-19 08:00")
    runs = [f"05:{minute:02d}:{second:02d}" for minute in (0, 5, 10) for second in range(60)]
    member.sim.correct("ERCOT", "NP6-788-CD", day, amount=0, drop=runs)
    first = member.ingest("ERCOT", day, day, names)
    assert {leg.road.name for leg in first.plan.legs} == {"display"}
    assert first.landing is not None
    assert first.landing.counts["not_published"] == 1
    assert first.landing.counts["ok"] == 2 + 288 - 3
    member.now = stamp("2026-11-22 08:00")
    later = member.ingest("ERCOT", day, day, names)
    assert later.complete, later.landing and later.landing.sentences
    for name in names:
        table = "ancillary_services" if "_as_" in name else "energy_prices"
        assert assert_series(member, "ERCOT", table, name) > 0
        assert {row["version"] for row in member.series("ERCOT", table, name)} == {1}


def test_the_archive_is_asked_for_many_documents_at_once(member: World) -> None:
    assert member.sim is not None
    report = member.ingest("ERCOT", date(2026, 9, 1), date(2026, 9, 30), ["rt_energy_15min"], scope="all")
    assert report.complete, report.landing and report.landing.sentences
    asked = Counter(seen.path.rpartition("/")[2] for seen in member.sim.requests if seen.host == API)
    # 2,880 intervals, and one of every day published twice: each of its two states on its own.
    assert asked == {"np6-905-cd": 3, "download": 3 + 2 * 30}
    assert sum(seen.host == LOGIN for seen in member.sim.requests) == 1
    rows = member.query(
        "SELECT count(*) AS n, count(DISTINCT datetime_utc) AS times FROM market.energy_prices"
    )
    assert rows == [{"n": 2880 * 11, "times": 2880}]


def test_a_token_that_is_over_is_renewed_once(member: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert member.sim is not None
    over = iter([False, True, False, True, True])
    real = ercot_api._refusal

    def refuse(request: ercot_api.Request, sites: Sites) -> ercot_api.Answer | None:
        return ercot_api._said(401, "Unauthorized") if next(over, False) else real(request, sites)

    monkeypatch.setattr(ercot_api, "_refusal", refuse)
    day = date(2026, 9, 1)
    assert member.download("ERCOT", day, day, ["da_energy_hourly"], scope="all").complete
    assert [seen.status for seen in member.sim.requests if seen.host == API] == [200, 401, 200]
    assert sum(seen.host == LOGIN for seen in member.sim.requests) == 2
    report = member.download(
        "ERCOT", day + timedelta(days=1), day + timedelta(days=1), ["da_energy_hourly"], "all"
    )
    assert report.landing is not None
    assert statuses(report.landing) == ["failed"]
    assert "does not accept the credentials" in report.landing.events[0].message


@pytest.mark.parametrize("name", ["ERCOT_PASSWORD", "ERCOT_SUBSCRIPTION_KEY"])
def test_a_wrong_account_is_one_sentence_and_nothing_secret(member: World, name: str) -> None:
    member.accounts = {**ercot_api.ACCOUNT, name: "battery-horse-staple"}
    said = member.pmp(
        "ingest --iso ercot --start-date 2026-09-01 --end-date 2026-09-01 --locations all --data-types as"
    )
    # The yearly file brings every product without an account.
    assert said.code == 0, said.text
    said = member.pmp(
        "ingest --iso ercot --start-date 2026-09-01 --end-date 2026-09-01 --locations all --data-types lmp"
    )
    assert said.code == 3
    words = "Check ERCOT_USERNAME, ERCOT_PASSWORD and ERCOT_SUBSCRIPTION_KEY (free at apiexplorer.ercot.com"
    assert words in said.err
    assert "battery" not in said.text
    assert "simulated-" not in said.text


def test_without_an_account_the_lists_keep_working_and_the_rest_is_said(world: World) -> None:
    said = world.pmp(
        "ingest --iso ercot --start-date 2026-10-18 --end-date 2026-10-23 --locations all --data-types lmp"
    )
    assert said.code == 3
    words = "Not asked: api.ercot.com needs an account: set ERCOT_USERNAME, ERCOT_PASSWORD and ERCOT_SUBSCRIPTION_KEY"
    assert said.err.count(words) == 1
    (row,) = world.query(
        "SELECT min(delivery_date) AS first, max(delivery_date) AS last FROM market.energy_prices"
    )
    assert row == {"first": date(2026, 10, 21), "last": date(2026, 10, 23)}
    told = world.query("SELECT DISTINCT dataset FROM meta.raw_files WHERE status = 'not_asked' ORDER BY ALL")
    assert {"dataset": "da_energy_hourly"} in told


def test_a_year_of_hubs_comes_from_its_books_without_an_account(world: World) -> None:
    assert world.sim is not None
    report = world.ingest("ERCOT", date(2024, 1, 1), date(2024, 12, 31), ["da_energy_hourly", "da_as_hourly"])
    assert report.complete
    assert [(leg.road.name, len(leg.requests)) for leg in report.plan.legs] == [("yearly", 1), ("yearly", 1)]
    (row,) = world.query(
        "SELECT count(*) AS n, count(DISTINCT delivery_date) AS days FROM market.energy_prices"
    )
    assert row == {"n": 8784 * 5, "days": 366}
    (row,) = world.query("SELECT count(*) AS n FROM market.ancillary_services")
    assert row == {"n": 8784 * 5}
    asked_from = len(world.sim.requests)
    again = world.ingest("ERCOT", date(2024, 1, 1), date(2024, 12, 31), ["da_energy_hourly", "da_as_hourly"])
    assert again.complete
    assert len(world.sim.requests) == asked_from


def test_the_running_year_is_a_book_and_the_last_days_a_list(world: World) -> None:
    report = world.ingest("ERCOT", date(2026, 10, 25), date(2026, 11, 19), ["da_energy_hourly"])
    assert report.complete, report.landing and report.landing.sentences
    roads = [(leg.road.name, leg.first, leg.last) for leg in report.plan.legs]
    assert [name for name, *_ in roads] == ["yearly", "display"]
    assert roads[0][2] == date(2026, 11, 11)
    days = world.query("SELECT DISTINCT delivery_date AS day FROM market.energy_prices ORDER BY ALL")
    assert {row["day"] for row in days} >= {date(2026, 10, 25) + timedelta(days=n) for n in range(26)}


def test_files_of_several_kinds_in_one_folder_are_told_apart_by_their_content(world: World) -> None:
    assert world.sim is not None
    source, day = registry.source("ERCOT"), date(2026, 11, 18)
    names = [
        "da_energy_hourly",
        "da_bus_energy_hourly",
        "da_as_hourly",
        "da_system_lambda_hourly",
        "rt_energy_5min",
    ]
    files = []
    for number, name in enumerate(names):
        entry = source.dataset(name)
        _, content = served(world.sim, source, entry, entry.roads[0], day)[0]
        files.append((f"DAM_Hourly_LMPs_{number}.zip", content))
    adoption = world.take("ERCOT", None, written(world.folder.parent / "DAM_Hourly_LMPs", files))
    assert adoption.complete, adoption.problems
    assert [event.dataset for event in adoption.events] == names


@pytest.mark.parametrize("shape", [{"DocumentList": [{"Doc": 1}]}, {"DocumentList": "none"}, []])
def test_a_list_of_another_shape_is_a_sentence(
    world: World, shape: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"ListDocsByRptTypeRes": shape})
    monkeypatch.setattr(ercot_site, "_listing", lambda *words: text)
    report = world.download("ERCOT", date(2026, 11, 18), date(2026, 11, 18), ["da_energy_hourly"])
    assert report.landing is not None
    assert statuses(report.landing) == ["failed"]


def test_a_list_of_one_may_come_without_a_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ercot_site._list
    monkeypatch.setattr(
        ercot_site, "_list", lambda entries: real(entries[:1]).replace("[", "").replace("]", "")
    )
    report = world.download("ERCOT", date(2026, 11, 20), date(2026, 11, 20), ["da_energy_hourly"])
    assert report.complete, report.landing and report.landing.sentences


def test_a_broken_document_among_many_is_a_sentence(member: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ercot_rows.archive

    def cut(document: ercot_rows.Document, *words: object, **more: object) -> bytes:
        content = real(document, *words, **more)  # type: ignore[arg-type]
        return content[: len(content) // 2] if document.day == date(2026, 9, 2) else content

    monkeypatch.setattr(ercot_rows, "archive", cut)
    report = member.download("ERCOT", date(2026, 9, 1), date(2026, 9, 3), ["da_energy_hourly"], scope="all")
    assert report.landing is not None
    assert statuses(report.landing) == ["failed"]
    assert "broken one in it" in report.landing.events[0].message


@pytest.mark.parametrize(
    ("name", "words"), [("ercot_mis", "numeric ReportTypeId"), ("ercot_api", "refuses the request")]
)
def test_a_fault_is_told_in_the_sites_own_words(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(ercot_site.FAULT)
    with pytest.raises(Refused, match=words):
        route(name).judge(path)


def test_a_correction_is_a_version_after_the_price_that_it_corrects(world: World) -> None:
    day, names = date(2026, 11, 17), ["da_energy_hourly", "da_energy_hourly_corrected"]
    # The correction first: the stage decides, and not the order in which they came.
    for name in reversed(names):
        assert world.ingest("ERCOT", day, day, [name]).complete
    histories = world.query(
        "SELECT DISTINCT list((version, is_current, split_part(data_source, '/', 3)) ORDER BY version) AS history "
        "FROM market.energy_prices_all GROUP BY settlement_location_id, datetime_utc"
    )
    assert [[tuple(one) for one in row["history"]] for row in histories] == [
        [(1, False, names[0]), (2, True, names[1])]
    ]
    assert assert_series(world, "ERCOT", "energy_prices", "da_energy_hourly") == 2 * 24 * 6


def test_a_day_without_corrections_is_empty_and_no_failure(world: World) -> None:
    assert world.sim is not None
    world.sim.fail(LISTS, "late", times=None)
    report = world.download("ERCOT", date(2026, 11, 1), date(2026, 11, 18), ["rt_energy_15min_corrected"])
    assert report.complete
    assert report.landing is not None
    assert statuses(report.landing) == ["empty"]
