"""ERCOT's pages, read by a real Chromium: what they link to lands and is built, and no process is left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread

import psutil
import pytest
from behaviour_kit import World, assert_series, stamp
from registry_kit import declared

from ingest import registry
from ingest.browser import HOW, Link, lacking
from ingest.events import Event
from ingest.registry import Source
from ingest.routes import ercot_documents
from ingest.routes.ercot_documents import UNKNOWN
from ingest.routes.ercot_site import documents_of
from ingest.simulator import Simulator, ercot_pages

CLOCK = "America/Chicago"
SITE, PAGE, LIST = "www.ercot.com", "data-product-details", "IceDocListJsonWS"
NOW = stamp("2026-11-20 08:00")
# A year of one month, which is made up quickly.
DAY = date(2010, 12, 5)
DAYS = "--iso ercot --start-date 2010-12-05 --end-date 2010-12-07 --dataset da_as_hourly"
NUMBER = "/misdownload/servlets/mirDownload?doclookupId="

chromium = pytest.mark.skipif(bool(lacking({})), reason=f"no browser here: {HOW}")


def browsers() -> list[psutil.Process]:
    """What of a browser runs below this process."""
    below = psutil.Process().children(recursive=True)
    return [one for one in below if re.search(r"chrom|guard\.py", command(one))]


def profiles() -> Iterator[Path]:
    """The profiles of browsers that are there."""
    return Path(tempfile.gettempdir()).glob("pmp-browser-*")


def command(process: psutil.Process) -> str:
    """The command line of a process, or nothing where it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(autouse=True)
def _own_profiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A short folder of our own for profiles: that of this test would be too long for a socket's path."""
    with tempfile.TemporaryDirectory(prefix="pmp-") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        monkeypatch.setenv("TMPDIR", place)
        yield


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=2) as running:
        yield running


@pytest.fixture
def world(sim: Simulator, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", sim, NOW) as made:
        yield made
    assert not browsers()


@pytest.fixture
def impatient() -> Iterator[Source]:
    """ERCOT with a host whose pages are not waited for as long."""
    source = registry.source("ERCOT")
    host = source.hosts["pages"].model_copy(update={"read_seconds": 5})
    changed = source.model_copy(update={"hosts": {**source.hosts, "pages": host}})
    with declared(changed):
        yield changed


def pages_only(source: Source) -> Source:
    """The ISO as if pages were the only road to what they link to."""
    datasets = {
        name: one.model_copy(update={"roads": own})
        for name, one in source.datasets.items()
        if (own := [road for road in one.roads if road.name == "pages"])
    }
    return source.model_copy(update={"datasets": {**source.datasets, **datasets}})


def told(world: World) -> list[Event]:
    """What came of asking for a day of clearing prices by their page."""
    with declared(pages_only(registry.source("ERCOT"))):
        landing = world.download("ERCOT", DAY, DAY, ["da_as_hourly"]).landing
    assert landing is not None
    return list(landing.events)


@pytest.mark.long
@chromium
def test_what_a_page_links_to_lands_and_is_built_and_is_not_asked_for_again(world: World) -> None:
    assert world.sim is not None
    planned = world.pmp(f"plan {DAYS} --dataset da_energy_hourly --road pages")
    assert planned.code == 0
    assert len(re.findall(r"^da_(?:as|energy)_hourly +pages ", planned.out, re.MULTILINE)) == 2
    assert not world.sim.requests
    said = world.pmp(f"ingest {DAYS} --dataset da_energy_hourly --road pages")
    assert said.code == 0, said.text
    assert not browsers()
    assert not list(profiles())
    # The page and its list for each report, then the file of the year: as the browser that opened the page.
    files = [seen for seen in world.sim.requests if "mirDownload" in seen.path]
    assert len(files) == 2
    assert {seen.headers.get("cookie") for seen in files} == {ercot_pages.COOKIE}
    assert all("Chrome" in seen.headers["user-agent"] for seen in files)
    assert sum(PAGE in seen.path for seen in world.sim.requests) == 2
    # All of the year's days that the site began with: it knew two more reserves' prices than hubs have places.
    assert assert_series(world, "ERCOT", "ancillary_services", "da_as_hourly") == 31 * 24 * 4
    assert assert_series(world, "ERCOT", "energy_prices", "da_energy_hourly") > 31 * 24
    assert {row["basis"] for row in world.seen("ERCOT", ["da_as_hourly", "da_energy_hourly"])} == {"source"}
    before = len(world.sim.requests)
    again = world.pmp(f"ingest {DAYS} --dataset da_energy_hourly --road pages")
    assert again.code == 0
    assert len(world.sim.requests) == before


@pytest.mark.long
@chromium
def test_what_has_landed_by_a_page_is_not_asked_for_by_the_list(world: World) -> None:
    (event,) = told(world)
    assert event.part == "130912010"
    assert event.published_at == datetime(2011, 1, 5, 14, tzinfo=UTC)
    said = world.pmp(f"plan {DAYS} --road yearly")
    assert "0 requests" in said.out
    assert "da_as_hourly: 3 days there already." in said.out


@pytest.mark.long
@chromium
@pytest.mark.parametrize(
    ("fault", "match", "status", "words"),
    [
        (
            "late",
            LIST,
            "failed",
            "drew no link to a document within 5 s; it says: 'Home Data Products NP4-181-ER",
        ),
        ("html_shell", PAGE, "failed", "drew no link to a document within 5 s"),
        ("throttle_429", PAGE, "throttled", "says that it is asked too fast"),
        ("error_500", PAGE, "failed", "answers with error 500"),
        ("drop", "mirDownload", "failed", "broke off midway"),
    ],
)
def test_a_page_that_shows_nothing_is_a_sentence(
    world: World, impatient: Source, fault: str, match: str, status: str, words: str
) -> None:
    assert world.sim is not None
    world.sim.fail(SITE, fault, times=None, match=match)  # type: ignore[arg-type]
    (event,) = told(world)
    assert event.status == status
    assert words in event.message
    world.sim.heal()
    (event,) = told(world)
    assert event.status == "ok"


def killing(sim: Simulator, times: int) -> Thread:
    """Kill the browser so many times while its page waits for the list."""

    def kill() -> None:
        for _ in range(times):
            stall = sim.stall(SITE, match=LIST)
            assert stall.reached.wait(120)
            for process in browsers():
                if "user-data-dir" in command(process):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            stall.release()

    thread = Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.long
@chromium
def test_a_browser_that_is_killed_is_started_again(world: World) -> None:
    assert world.sim is not None
    thread = killing(world.sim, 1)
    (event,) = told(world)
    thread.join()
    assert event.status == "ok"


@pytest.mark.long
@chromium
def test_a_browser_that_is_killed_every_time_ends_the_run_with_a_sentence(world: World) -> None:
    assert world.sim is not None
    thread = killing(world.sim, 4)
    (event,) = told(world)
    thread.join()
    assert (event.status, event.attempts) == ("failed", 4)
    assert event.message == "The browser ended while it read a page of www.ercot.com. Run again."
    assert not browsers()
    (event,) = told(world)
    assert event.status == "ok"


@pytest.mark.long
@chromium
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_leaves_no_browser_and_the_next_completes(
    world: World, end: signal.Signals
) -> None:
    assert world.sim is not None
    stall = world.sim.stall(SITE, match=LIST)
    words = f"download {DAYS} --road pages".split()
    environ = {**os.environ, **world.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-m", "lake.cli", *words], env=environ) as run:
        assert stall.reached.wait(120)
        left = browsers()
        assert any("chromedriver" in command(one) for one in left)
        run.send_signal(end)
    _, alive = psutil.wait_procs(left, timeout=30)
    assert not alive
    assert not list(profiles())
    stall.release()
    said = world.pmp(f"download {DAYS} --road pages")
    assert said.code == 0, said.text
    assert [one.name for one in (world.folder / "scratch").glob("pmp-*")] == []


@pytest.mark.parametrize("variable", ["LAKE_CHROMIUM", "LAKE_CHROMEDRIVER"])
def test_without_a_browser_its_roads_are_closed_and_the_others_work(world: World, variable: str) -> None:
    none = {variable: "/nowhere/at/all"}
    planned = world.pmp(f"plan {DAYS} --road pages", **none)
    assert planned.code == 0
    assert "not asked. Pages of www.ercot.com need a browser, and " in planned.out
    assert HOW in planned.out
    assert "pip install 'power-market-lake[browser]'" in HOW
    said = world.pmp(f"download {DAYS} --road pages", **none)
    assert HOW in said.text
    other = world.pmp(f"plan {DAYS}", **none)
    assert " yearly " in other.out
    assert "browser" not in other.out
    assert HOW in world.pmp("doctor --iso ercot", **none).text


def test_the_plan_takes_a_page_last(world: World) -> None:
    for line in world.pmp(f"plan {DAYS} --dataset da_energy_hourly").out.splitlines():
        assert not re.match(r"da_\w+ +pages ", line)


def test_a_road_that_is_not_known_is_a_sentence(world: World) -> None:
    said = world.pmp(f"plan {DAYS} --road side")
    assert said.code == 1
    assert "road 'side' is not known. Known: archive, display, pages, yearly." in said.err


@pytest.mark.parametrize(
    ("row", "name", "published_at"),
    [
        (("DAMLZHBSPP_2024", "01/05/2025 08:00:00", "zip"), "DAMLZHBSPP_2024", "2025-01-05 14:00"),
        (("1/5/2025 8:00:00 AM", "DAMLZHBSPP_2024", ""), "DAMLZHBSPP_2024", "2025-01-05 14:00"),
        (("DAMLZHBSPP_2024", "2025-07-05T08:00:00-06:00", "zip"), "DAMLZHBSPP_2024", "2025-07-05 13:00"),
        (("DAMLZHBSPP_2024", "Jan 5, 2025 8:00:00 AM", "zip"), "DAMLZHBSPP_2024", "2025-01-05 14:00"),
        (
            ("X_20251102_0115xhr_csv", "11/02/2025 01:17:00", "zip"),
            "X_20251102_0115xhr_csv",
            "2025-11-02 07:17",
        ),
        # A date is no moment, and neither is a row that does not say any.
        (("DAMLZHBSPP_2024", "01/05/2025", "zip"), "DAMLZHBSPP_2024", None),
        (("  DAMLZHBSPP_2024\n zip ",), "DAMLZHBSPP_2024 zip", None),
    ],
)
def test_a_row_says_name_and_time_however_it_is_laid_out(
    row: tuple[str, ...], name: str, published_at: str | None
) -> None:
    (one,) = documents_of((Link(f"https://{SITE}{NUMBER}17", "zip", row),), CLOCK)
    assert (one.id, one.name) == ("17", name)
    assert one.published_at == (stamp(published_at) if published_at else UNKNOWN)


def test_twins_in_xml_and_links_to_elsewhere_are_no_documents() -> None:
    row = ("SPPHLZNP6905_20251102_0115", "11/02/2025 01:17:00", "csv xml")
    links = (
        Link(f"https://{SITE}{NUMBER}1", "csv", row),
        Link(f"https://{SITE}{NUMBER}2", "xml", row),
        Link(f"https://{SITE}{NUMBER}1", "csv", row),
        Link(f"https://{SITE}/help", "csv", row),
        Link(f"https://{SITE}/files/docs/2021/01/12/Native%20Load_2020.zip", "2020", ("2020",)),
        Link(f"https://{SITE}/files/docs/2021/01/12/rules.pdf", "rules", ("rules",)),
    )
    found = list(documents_of(links, CLOCK))
    assert [(one.id, one.name) for one in found] == [
        ("1", "SPPHLZNP6905_20251102_0115"),
        ("2", "SPPHLZNP6905_20251102_0115_xml"),
        ("files/docs/2021/01/12/Native Load_2020.zip", "2020"),
    ]
    assert found[2].file_name == "Native Load_2020.zip"
    period = ercot_documents.Period(stamp("2025-11-02 06:00"), stamp("2025-11-02 07:00"))
    assert [one.id for one in ercot_documents.wanted(found, {"names": "end"}, period, CLOCK)] == ["1"]
