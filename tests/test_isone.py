"""ISO New England's own ways: reports that count their rows, an account by name and password, hours with an X."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import World, stamp, written
from oracle.shell import Case, lay_out, published, samples

from ingest import registry
from ingest.errors import NoData, Refused
from ingest.routes.isone import IsoNe
from ingest.simulator import Simulator, isone_site
from ingest.simulator.revisions import ORIGINAL

NOW = stamp("2025-11-07 08:00")
HEADER = '"H","Date","Hour Ending","Location ID","Location Name","Location Type","Locational Marginal Price",'
HEADER += '"Energy Component","Congestion Component","Marginal Loss Component"'


def report(*rows: str, counted: int | None = None, trailer: bool = True) -> bytes:
    lines = ['"C","Day-Ahead Energy Market Hourly LMP Report"', HEADER, *rows]
    if trailer:
        lines.append(f'"T","{len(rows) if counted is None else counted} lines"')
    return "\n".join(lines).encode()


def row(day: str, ending: str, price: str = "47.19") -> str:
    return f'"D","{day}","{ending}","4000",".H.INTERNAL_HUB","HUB",{price},47.56,0.0,-0.37'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (report(row("11/02/2025", "01"), trailer=False), "does not count its rows"),
        (report(row("11/02/2025", "01"), counted=2), "it counts 2 rows, and 1 came"),
        (b"<!doctype html><html>Sign in</html>", "web page"),
        (b"a,b,c\n1,2,3\n", "something else"),
    ],
)
def test_a_report_that_breaks_off_is_not_taken(content: bytes, words: str, tmp_path: Path) -> None:
    (path,) = written(tmp_path, [("report.csv", content)])
    with pytest.raises(Refused, match=words):
        IsoNe().judge(path)


@pytest.mark.parametrize("text", ['{"HourlyLmps":{}}', '{"HourlyLmps":""}', '{"a":{"b":{}}}'])
def test_an_empty_envelope_is_word_that_there_is_nothing(text: str, tmp_path: Path) -> None:
    (path,) = written(tmp_path, [("answer.json", text.encode())])
    with pytest.raises(NoData):
        IsoNe().judge(path)


def test_when_a_report_was_written_is_no_news(tmp_path: Path) -> None:
    """The comments before the rows say when; the same rows are the same content."""
    first = report(row("11/02/2025", "01"))
    paths = written(tmp_path, [("a.csv", first), ("b.csv", first.replace(b"Day-Ahead", b"Generated later"))])
    assert len({IsoNe().content_sha256(path) for path in paths}) == 1


@pytest.mark.parametrize(
    ("day", "ending", "start"),
    [
        ("11/02/2025", "02", "2025-11-02 05:00"),
        ("11/02/2025", "02X", "2025-11-02 06:00"),
        ("11/02/2025", "03", "2025-11-02 07:00"),
        ("03/08/2026", "02", "2026-03-08 06:00"),
        ("03/08/2026", "04", "2026-03-08 07:00"),
        ("06/04/2026", "24", "2026-06-05 03:00"),
    ],
)
def test_an_hour_is_told_by_its_ending(day: str, ending: str, start: str, tmp_path: Path) -> None:
    case = Case("a.csv", {"a.csv": report(row(day, ending))})
    (found,) = published("isone/lmp_csv", lay_out(tmp_path, case))
    assert found["objection"] is None
    assert found["interval_start_utc"] == stamp(start).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (row("03/08/2026", "03"), "there is no hour ending 03 on 03/08/2026"),
        (row("06/04/2026", "02X"), "no hour is repeated as 02X on 06/04/2026"),
        (row("06/04/2026", "25"), "there is no hour ending 25"),
        (row("6.4.2026", "02"), "is not a date"),
        (row("06/04/2026", "02", price="n/a"), "not a number"),
        ('"E","06/04/2026","02"', "begins with E"),
    ],
)
def test_a_row_that_cannot_be_vouched_for_is_objected_to(line: str, words: str, tmp_path: Path) -> None:
    case = Case("a.csv", {"a.csv": report(line)})
    (found,) = published("isone/lmp_csv", lay_out(tmp_path, case))
    assert words in found["objection"]


@pytest.mark.parametrize("name", sorted(isone_site._TITLES))
def test_the_simulator_prints_reports_as_the_genuine_ones(name: str) -> None:
    printed = isone_site._report(name, date(2026, 6, 4), 2, ORIGINAL).split("\n")
    assert printed[4:6] == [
        HEADER,
        '"H","Date","HE","String","String","String","Number","Number","Number","Number"',
    ]
    for sample in sorted((samples() / "isone" / "histRpts_csv").glob(f"{name}/*.csv")):
        genuine = sample.read_text().split("\n")
        assert printed[4:6] == genuine[4:6]
        assert printed[0] == genuine[0]
        assert [cell[:1] == '"' for cell in printed[6].split(",")] == [
            cell[:1] == '"' for cell in genuine[6].split(",")
        ]
        assert printed[-1].split(" ")[1] == genuine[-1].split(" ")[1]


def test_without_an_account_the_reports_come_and_the_rest_is_said_once(tmp_path: Path) -> None:
    command = "ingest --iso isone --start-date 2025-11-05 --end-date 2025-11-05"
    with Simulator(now=NOW, nodes=2) as sim, World(tmp_path / "lake", sim, NOW, accounts={}) as world:
        said = world.pmp(command)
        assert said.code == 3, said.text
        lines = [line for line in said.text.splitlines() if "ISONE_USERNAME and ISONE_PASSWORD" in line]
        assert lines
        assert all("https://www.iso-ne.com/signup" in line for line in lines)
        (prices,) = world.query("SELECT count(*) AS n FROM market.energy_prices WHERE iso = 'ISONE'")
        assert prices["n"] == 24 * 11
        assert not [seen for seen in sim.requests if seen.host == "webservices.iso-ne.com"]


def test_a_wrong_password_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    wrong = {"ISONE_USERNAME": "somebody", "ISONE_PASSWORD": f"{isone_site.WRONG}-battery-horse"}
    command = "ingest --iso isone --start-date 2025-11-05 --end-date 2025-11-05"
    with Simulator(now=NOW, nodes=2) as sim, World(tmp_path / "lake", sim, NOW, accounts=wrong) as world:
        said = world.pmp(command)
        assert said.code == 3
        assert "Check ISONE_USERNAME and ISONE_PASSWORD" in said.text
        assert "battery-horse" not in said.text
        (prices,) = world.query("SELECT count(*) AS n FROM market.energy_prices WHERE iso = 'ISONE'")
        assert prices["n"] > 0


def test_every_dataset_over_the_web_services_names_a_day_in_its_path() -> None:
    for dataset in registry.source("ISONE").datasets.values():
        for road in dataset.roads:
            if road.host == "webservices" and dataset.data_type != "locations":
                assert road.ask["path"].startswith("api/v1.1/")
                assert "%Y%m%d" in road.ask["path"]
