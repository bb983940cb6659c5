"""The documentation holds: links lead somewhere, names exist, generated pages are current, commands run.

A fenced block of bash, sql or python is run, unless its fence says ``example`` (it needs an ISO, a bucket, a
database or somebody's files). A block of ``text`` after it is what it prints, line by line; ``…`` stands for
anything.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from conftest import NOW
from ingest_kit import accounts

import lake
from ingest.registry import sources
from ingest.simulator import Simulator
from lake import docs
from lake.cli import app

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(?P<language>\w+)(?P<mark>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^]]+\]\((?!https?:)([^)#]+)[^)]*\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``printed`` is the block of text right after it."""

    page: str
    number: int
    language: str
    mark: str
    text: str
    printed: str = ""

    def __str__(self) -> str:
        return f"{self.page} {self.number}"


def blocks_of(page: Path) -> list[Block]:
    found: list[Block] = []
    text = page.read_text(encoding="utf-8")
    end = 0
    for number, match in enumerate(FENCE.finditer(text), start=1):
        between, end = text[end : match.start()], match.end()
        # What a block prints follows it, after at most one sentence.
        if match["language"] == "text" and found and between.count("\n\n") <= 2 and not found[-1].printed:
            found[-1] = Block(**{**vars(found[-1]), "printed": match["text"]})
        else:
            found.append(Block(page.name, number, match["language"], match["mark"].strip(), match["text"]))
    return found


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def runnable(language: str, mark: str = "") -> list[Block]:
    return [block for block in BLOCKS if block.language == language and block.mark == mark]


def words_of_make() -> set[str]:
    """The targets that ``make`` prints."""
    return set(
        re.findall(r"^([a-z-]+):.*## ", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_the_generated_pages_are_current() -> None:
    assert docs.stale(CHECKOUT / "docs") == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached = set(LINK.findall(PAGES[0].read_text(encoding="utf-8")))
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= reached


def test_every_mark_is_one_that_is_known() -> None:
    assert {(block.language, block.mark) for block in BLOCKS} <= {
        ("bash", ""),
        ("bash", "long"),
        ("bash", "example"),
        ("sql", ""),
        ("sql", "example"),
        ("python", ""),
        ("yaml", ""),
        ("text", ""),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_of_make_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    asked = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE))
    assert asked <= words_of_make()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009
    text = page.read_text(encoding="utf-8")
    for name, rest in re.findall(r"(?:`|^)pmp ([a-z]+)([^`\n]*)", text, re.MULTILINE):
        assert name in commands, f"pmp {name}"
        known = {word for parameter in commands[name].params for word in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest.split('"')[0])) <= known | {"--help"}, f"pmp {name}{rest}"


def test_every_command_has_a_target_of_make() -> None:
    commands = set(getattr(typer.main.get_command(app), "commands"))  # noqa: B009
    assert commands - {"check"} <= words_of_make()


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    page = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    secrets = "API_KEY|USERNAME|PASSWORD|SUBSCRIPTION_KEY"
    documented = set(re.findall(rf"`(LAKE_[A-Z_]+|[A-Z]+_(?:{secrets}))`", page))
    code = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "lake").rglob("*.py"))
    code += "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "ingest").glob("*.py"))
    used = set(re.findall(r"\b(LAKE_[A-Z]+(?:_[A-Z]+)*)\b(?!_)", code)) - {"LAKE_FILES"}
    hosts = [host for source in sources().values() for host in source.hosts.values()]
    used |= {host.credential for host in hosts if host.credential}
    used |= {name for host in hosts if host.credentials for name in host.credentials.variables}
    assert documented == used - {"LAKE_SOURCE"}


def test_the_public_surface_is_small() -> None:
    assert sorted(lake.__all__) == ["connect", "scan"]


def surroundings(place: Path, simulator: Simulator) -> dict[str, str]:
    """The environment of a reader of the documentation, with the simulator in place of the sites."""
    return {
        "LAKE_URI": str(place / "lake"),
        "LAKE_PACE_DIR": str(place / "pace"),
        "LAKE_NOW": NOW.isoformat(),
        **{f"LAKE_SOURCE_{iso}": simulator.url for iso in sources()},
        **accounts(*sources().values()),
    }


def shell(text: str, place: Path, environment: Mapping[str, str]) -> str:
    """What a block of bash prints, run as a reader would; ``make`` runs in this checkout and environment."""
    programs = place / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    make = programs / "make"
    ready = " ".join(f"-o {sys.prefix}/{name}" for name in (".ready", ".ready-dev"))
    call = f"make --no-print-directory -C {CHECKOUT} VENV={sys.prefix} {ready}"
    make.write_text(f'#!/bin/sh\nPATH="${{PATH#*:}}" exec {call} "$@"\n')
    make.chmod(make.stat().st_mode | stat.S_IXUSR)
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=place,
        env={**os.environ, **environment, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def missing_lines(wanted: str, printed: str) -> list[str]:
    """The lines that a page promises and the output lacks."""
    lines = [line.strip() for line in printed.splitlines()]

    def there(line: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in line.strip().split("…"))
        return any(re.fullmatch(pattern, other) for other in lines)

    return [line for line in wanted.splitlines() if line.strip() and not there(line)]


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory, simulator: Simulator) -> tuple[Path, dict[str, str]]:
    """A folder with a lake of four days around the autumn change of the clock, and how to read it."""
    place = tmp_path_factory.mktemp("reader")
    environment = surroundings(place, simulator)
    shell("pmp backfill --start-date 2025-10-31 --end-date 2025-11-03", place, environment)
    real_time = "--start-date 2025-11-01 --end-date 2025-11-01 --markets rt --data-types lmp"
    shell(f"pmp backfill --iso isone {real_time}", place, environment)
    today = f"--start-date {NOW:%Y-%m-%d} --end-date {NOW:%Y-%m-%d}"
    shell(f"pmp backfill --iso nyiso --data-types locations {today}", place, environment)
    return place, environment


def cases(blocks: list[Block]) -> list[object]:
    return [pytest.param(block, marks=pytest.mark.long, id=str(block)) for block in blocks]


@pytest.mark.parametrize("block", cases(runnable("bash")))
def test_commands_run(block: Block, reader: tuple[Path, dict[str, str]]) -> None:
    place, environment = reader
    assert missing_lines(block.printed, shell(block.text, place, environment)) == []


@pytest.mark.parametrize("block", cases(runnable("sql")))
def test_queries_run(
    block: Block, reader: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in reader[1].items():
        monkeypatch.setenv(name, value)
    with lake.connect() as connection:
        answer = connection.sql(block.text)
        assert answer.fetchone() is not None, "the query finds nothing"
        assert missing_lines(block.printed, str(answer)) == []


@pytest.mark.parametrize("block", cases(runnable("python")))
def test_python_runs(
    block: Block, reader: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in reader[1].items():
        monkeypatch.setenv(name, value)
    exec(compile(block.text, str(block), "exec"), {})


@pytest.mark.long
def test_the_first_commands_of_the_readme_run(tmp_path: Path, simulator: Simulator) -> None:
    environment = surroundings(tmp_path, simulator)
    # The demo runs as it is. Of the year a few days stand for the rest: the whole of it has a test of its own.
    for block in runnable("bash", "long"):
        text = block.text.replace("YEAR=2022", "START=2022-01-01 END=2022-01-03")
        assert missing_lines(block.printed, shell(text, tmp_path, environment)) == []
