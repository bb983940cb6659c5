"""What a user may get wrong: one sentence that names the thing and the way on, an exit code, and nothing lost."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from behaviour_kit import Said, World, stamp, written

from ingest.simulator import Simulator

NOW = stamp("2026-11-20 08:00")
DAY = date(2026, 11, 13)
HEADER = "Time Stamp,Name,PTID,LBMP ($/MWHr),Marginal Cost Losses ($/MWHr),Marginal Cost Congestion ($/MWHr)"


def lbmp(day: date, price: str = "20.48", more: str = "") -> bytes:
    """A day's price file of one zone, perhaps with a column more."""
    rows = [
        f"{day:%m/%d/%Y} {hour:02d}:00,WEST,61752,{price},0.77,0.00{',1' if more else ''}"
        for hour in range(24)
    ]
    return "\r\n".join([HEADER + (f",{more}" if more else ""), *rows, ""]).encode()


@pytest.fixture(scope="module")
def site() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=1) as running:
        yield running


@pytest.fixture(scope="module")
def kept(site: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A lake with a day in it, which nothing below may change."""
    with World(tmp_path_factory.mktemp("kept"), site, NOW) as world:
        assert world.pmp(f"ingest --iso nyiso --start-date {DAY} --end-date {DAY}").code == 0
        yield world


@pytest.fixture
def empty(site: Simulator, tmp_path: Path) -> Iterator[World]:
    """A lake without a row."""
    with World(tmp_path / "lake", site, NOW) as world:
        yield world


def one_sentence(said: Said, *words: str) -> None:
    """An error, exit code 1, in one line that holds these words."""
    assert said.code == 1, said.text
    (line,) = [line for line in said.err.splitlines() if line.strip()]
    assert line.startswith("pmp: ")
    assert line.rstrip().endswith(".")
    for word in words:
        assert word in line, line


WRONG = {
    "unknown iso": ("ingest --iso nyizo --year 2022", ["'nyizo'", "caiso", "nyiso", "pjm"]),
    "unknown iso of plan": ("plan --iso eire --year 2022", ["'eire'", "caiso"]),
    "unknown iso of build": ("build --iso eire", ["'eire'", "caiso"]),
    "unknown iso of backfill": (
        "backfill --iso caiso --iso eire --start-date 2025-01-01",
        ["'eire'", "caiso"],
    ),
    "unknown dataset": (
        "ingest --iso pjm --year 2025 --dataset da_hrl_lmps",
        ["'da_hrl_lmps'", "da_energy_hourly"],
    ),
    "unknown dataset of build": ("build --iso pjm --dataset x", ["'x'", "da_energy_hourly"]),
    "unknown data type": (
        "ingest --iso pjm --year 2025 --data-types lmp,prices",
        ["'prices'", "lmp", "load_forecast"],
    ),
    "unknown market": ("plan --iso pjm --year 2025 --markets dah", ["'dah'", "da", "rt"]),
    "unknown scope": ("plan --iso pjm --year 2025 --locations hub", ["'hub'", "hubs", "all"]),
    "dates the wrong way round": (
        "ingest --iso caiso --start-date 2025-03-02 --end-date 2025-03-01",
        ["2025-03-02", "2025-03-01", "after"],
    ),
    "a date that is none": (
        "plan --iso caiso --start-date 2025-02-30",
        ["--start-date", "'2025-02-30'", "2022-01-31"],
    ),
    "a date in words": ("plan --iso caiso --start-date 1.2.2025 --end-date 2025-03-01", ["'1.2.2025'"]),
    "an impossible year": ("ingest --iso caiso --year 20222", ["--year", "20222", "1990"]),
    "a year before all markets": ("ingest --iso caiso --year 22", ["--year", "22", "1990"]),
    "a date before all markets": (
        "plan --iso caiso --start-date 0022-01-01 --end-date 2022-01-01",
        ["--start-date"],
    ),
    "no period": ("ingest --iso caiso", ["--year", "--start-date"]),
    "two periods": ("ingest --iso caiso --year 2022 --start-date 2022-01-01", ["--year", "--start-date"]),
    "a moment without its offset": (
        "import --iso pjm --published-at 2024-03-06T10:00 x.csv",
        ["'2024-03-06T10:00'", "offset"],
    ),
    "a query that is none": ("sql 'SELEC 1'", ["SELEC"]),
    "a query of a table that is not there": ("sql 'SELECT * FROM market.prices'", ["prices"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_word_is_one_sentence_with_the_known_ones(kept: World, site: Simulator, name: str) -> None:
    command, words = WRONG[name]
    asked, before = len(site.requests), kept.snapshots()
    said = kept.pmp(command)
    assert said.code == 1, said.text
    assert "pmp: " in said.err
    assert len(said.err.strip().splitlines()) <= (6 if "query" in name else 1), said.err
    for word in words:
        assert word in said.err, said.err
    assert len(site.requests) == asked
    assert kept.snapshots() == before


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("LAKE_MEMORY_LIMIT", "plenty", ["LAKE_MEMORY_LIMIT", "'plenty'", "1GB"]),
        ("LAKE_MEMORY_LIMIT", "-1GB", ["LAKE_MEMORY_LIMIT", "'-1GB'"]),
        ("LAKE_MEMORY_LIMIT", "0GB", ["LAKE_MEMORY_LIMIT", "'0GB'", "50MB"]),
        ("LAKE_THREADS", "many", ["LAKE_THREADS"]),
        ("LAKE_THREADS", "0", ["LAKE_THREADS"]),
        ("LAKE_URI", "ftp://somewhere/lake", ["LAKE_URI", "ftp://somewhere/lake", "s3://"]),
        ("LAKE_URI", "s3://", ["LAKE_URI", "bucket"]),
        ("LAKE_NOW", "tomorrow", ["LAKE_NOW", "'tomorrow'"]),
        ("LAKE_CATALOG_URI", "mysql://x/y", ["LAKE_CATALOG_URI"]),
        ("LAKE_CATALOG_URI", "nonsense", ["LAKE_CATALOG_URI"]),
    ],
)
@pytest.mark.parametrize("command", ["status", f"ingest --iso nyiso --start-date {DAY} --end-date {DAY}"])
def test_a_setting_that_cannot_be_right_is_named(
    kept: World, command: str, variable: str, value: str, words: list[str]
) -> None:
    if command == "status" and variable == "LAKE_NOW":
        command = "plan --iso nyiso --year 2025"
    one_sentence(kept.pmp(command, **{variable: value}), *words)


@pytest.mark.parametrize("command", ["status", "sql 'SELECT 1'", "check"])
def test_where_there_is_no_lake_the_way_to_one_is_named(tmp_path: Path, command: str) -> None:
    world = World(tmp_path / "nothing", None, NOW)
    one_sentence(world.pmp(command), str(tmp_path / "nothing"), "LAKE_URI", "pmp init")
    assert not (tmp_path / "nothing").exists()
    world.__exit__()


def test_a_lake_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    world = World(tmp_path / "file" / "lake", None, NOW)
    one_sentence(world.pmp("init"), str(tmp_path / "file"))
    world.__exit__()


def cut_zip() -> bytes:
    """A zip that ends too early."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20261113damlbmp_zone.csv", lbmp(DAY) * 50)
    return out.getvalue()[:-120]


BAD_FILES = {
    "cut.zip": (cut_zip(), ["zip"]),
    "empty.csv": (b"", ["empty"]),
    "page.csv": (b"<!DOCTYPE html><html><body>Sign in</body></html>", ["web page"]),
    "words.csv": (b"Too many requests. Try again in 30 seconds.", ["sentence"]),
    "other.csv": (b"a,b,c\n1,2,3\n", ["a, b, c", "ingest/sources/nyiso.yaml"]),
    "wider.csv": (
        lbmp(DAY + timedelta(days=1), more="Marginal Cost Carbon"),
        ["Marginal Cost Carbon", "nyiso.yaml"],
    ),
    "cut.csv.gz": (b"\x1f\x8b\x08\x00" + bytes(8), ["gzip"]),
    "image.csv": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40), [""]),
    "words_for_prices.csv": (lbmp(DAY + timedelta(days=2), price="n/a"), ["n/a"]),
}


def test_bad_files_are_named_and_the_good_one_goes_on(empty: World, tmp_path: Path) -> None:
    """An import of everything at once and a build: exit code 3 both, the sound day in the table."""
    good = [("20261110damlbmp_zone.csv", lbmp(DAY - timedelta(days=3)))]
    paths = written(
        tmp_path / "files", [*good, *((name, content) for name, (content, _) in BAD_FILES.items())]
    )
    taken = empty.pmp(
        "import --iso nyiso --dataset da_energy_hourly", tmp_path / "files", tmp_path / "not-there.csv"
    )
    built = empty.pmp("build --iso nyiso")
    assert (taken.code, built.code) == (3, 3), taken.text + built.text
    told = taken.err + built.err
    assert str(tmp_path / "not-there.csv") in told
    for path in paths[1:]:
        about = [line for line in told.splitlines() if path.name in line]
        assert about, path.name
        assert any(all(word in line for word in BAD_FILES[path.name][1]) for line in about), about
    rows = empty.query("SELECT DISTINCT delivery_date FROM market.energy_prices_all")
    assert rows == [{"delivery_date": DAY - timedelta(days=3)}]
    # Nothing is lost: the files are where they were, and what was taken lies under raw.
    assert paths[0].read_bytes() == good[0][1]
    assert all(path.read_bytes() == BAD_FILES[path.name][0] for path in paths[1:])
    again = empty.pmp("build --iso nyiso")
    assert again.code == 3
    assert "Built: " not in again.out


def test_only_bad_files_leave_the_exit_code_of_an_error(empty: World, tmp_path: Path) -> None:
    (path,) = written(tmp_path, [("other.csv", b"a,b,c\n1,2,3\n")])
    said = empty.pmp("import --iso nyiso", path)
    assert said.code == 1
    assert "other.csv" in said.err
    assert "--dataset" in said.err


def test_a_header_of_several_datasets_asks_which(empty: World, tmp_path: Path) -> None:
    (path,) = written(tmp_path, [("prices.csv", lbmp(DAY))])
    said = empty.pmp("import --iso nyiso", path)
    assert said.code == 1
    assert "--dataset" in said.err
    assert "da_energy_hourly" in said.err
    assert "rt_energy_hourly" in said.err


def test_a_file_that_may_not_be_read_is_named(
    empty: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by taking its permissions away: whoever runs this as root may read it all the same."""
    bad, good = written(tmp_path, [("locked.csv", lbmp(DAY)), ("open.csv", lbmp(DAY))])
    opened = Path.open

    def refusing(self: Path, *words: object, **more: object) -> object:
        if self.name == "locked.csv":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refusing)
    said = empty.pmp("import --iso nyiso --dataset da_energy_hourly", bad, good)
    monkeypatch.undo()
    assert said.code == 3, said.text
    assert f"{bad}: The file cannot be read: Permission denied." in said.err
    assert "1 files taken in" in said.out


def test_a_disk_that_is_full_is_one_sentence_and_keeps_what_is_there(
    empty: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "files", [("good.csv", lbmp(DAY))])
    assert empty.pmp("import --iso nyiso --dataset da_energy_hourly", tmp_path / "files").code == 0
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if str(target).endswith(".parquet"):
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    monkeypatch.setattr(
        "shutil.copyfileobj", lambda *words: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    said = empty.pmp("build --iso nyiso")
    monkeypatch.undo()
    assert said.code == 1, said.text
    assert "No space left on device" in said.err
    assert empty.pmp("build --iso nyiso").code == 0
    assert empty.query("SELECT count(*) AS n FROM market.energy_prices") == [{"n": 24}]


def test_a_memory_limit_that_is_too_small_says_so(kept: World) -> None:
    said = kept.pmp("sql 'SELECT list(range) FROM range(50000000)'", LAKE_MEMORY_LIMIT="50MB")
    assert said.code == 1
    assert "emory" in said.err


def test_a_real_process_ends_with_a_sentence_and_no_traceback(kept: World) -> None:
    environ = {**os.environ, **kept.environ}
    done = subprocess.run(
        [sys.executable, "-m", "lake.cli", "ingest", "--iso", "nyizo", "--year", "2022"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("pmp: ")
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


def test_what_was_there_before_all_this_is_there_still(kept: World) -> None:
    assert json.loads(kept.pmp("sql --json 'SELECT count(*) AS n FROM market.energy_prices'").out) == [
        {"n": 360}
    ]
    assert kept.pmp(f"ingest --iso nyiso --start-date {DAY} --end-date {DAY}").code == 0
