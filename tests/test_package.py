"""The package as it is shipped: the SQL and the registry travel inside; nothing of a checkout is needed."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
LOCKED = re.compile(r"([a-z0-9._-]+)==[^\s;]+( ; [^\\]+)? \\", re.IGNORECASE)
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout by the locked build backend."""
    backend = importlib.import_module("hatchling.build")
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(CHECKOUT)
        return folder / backend.build_wheel(str(folder))


def files(*patterns: str) -> set[str]:
    return {path.relative_to(CHECKOUT).as_posix() for pattern in patterns for path in CHECKOUT.glob(pattern)}


def test_the_wheel_holds_the_packages_the_registry_and_the_sql(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    sql = {f"catalog/_{name}" for name in files("sql/**/*.sql")}
    code = files("ingest/**/*.py", "catalog/**/*.py", "lake/**/*.py", "ingest/sources/*.yaml")
    assert held >= sql | code
    assert {name.split("/")[0] for name in held} == {"ingest", "catalog", "lake"}


def test_no_importable_sql_is_shipped(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.startswith("sql/") or name == "sql.py"]
    assert not [name for name in names if name.startswith("catalog/_sql/") and not name.endswith(".sql")]


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        licence = next(name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        assert archive.read(licence) == (CHECKOUT / "LICENSE").read_bytes()


@pytest.mark.long
def test_an_installed_wheel_works_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "env"
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = {"check": True, "capture_output": True, "text": True, "cwd": tmp_path, "env": elsewhere}
    subprocess.run([sys.executable, "-m", "venv", str(folder)], **run)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--no-index", "--no-deps", str(wheel)], **run)
    # The dependencies are those of the tests; what is installed here comes before them.
    site = next((folder / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")

    places = subprocess.run(
        [
            str(python),
            "-c",
            "import catalog.contract as c, ingest.registry as r, lake, importlib.util as u;"
            "print(c.sql_folder()); print(len(c.load_contracts())); print(*r.sources());"
            "print(lake.__file__); print(u.find_spec('sql'))",
        ],
        **run,
    ).stdout.splitlines()
    assert places[0] == str(site / "catalog" / "_sql")
    assert int(places[1]) == len(files("sql/tables/*.sql"))
    assert len(places[2].split()) == len(files("ingest/sources/*.yaml"))
    assert places[3] == str(site / "lake" / "__init__.py")
    assert places[4] == "None"

    run |= {"env": elsewhere | {"LAKE_URI": str(tmp_path / "lake")}}
    subprocess.run([str(folder / "bin" / "pmp"), "init"], **run)
    asked = subprocess.run(
        [str(folder / "bin" / "pmp"), "sql", "SELECT count(*) AS prices FROM market.energy_prices"],
        **run,
    ).stdout
    assert "prices" in asked


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_says_names_versions_and_hashes_only(name: str) -> None:
    lines = (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
    strange = [line for line in lines if not LOCKED.fullmatch(line) and not HASH.fullmatch(line)]
    assert lines
    assert not strange


def locked(name: str) -> dict[str, set[str]]:
    """The versions of each package in a lock, by marker where there are several."""
    found: dict[str, set[str]] = {}
    for line in (CHECKOUT / name).read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith(" "):
            package, rest = line.split("==", 1)
            found.setdefault(package, set()).add(rest.split()[0])
    return found


def test_both_locks_agree() -> None:
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {package: development.get(package) for package in runtime} == runtime


def test_the_locks_hold_every_declared_dependency() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for line in lines}

    assert names([*project["dependencies"], *extras["postgres"]]) <= set(locked("requirements.lock"))
    assert names(extras["dev"]) <= set(locked("requirements-dev.lock"))


def test_duckdb_and_its_extensions_are_of_one_version() -> None:
    versions = {
        name: found for name, found in locked("requirements.lock").items() if name.startswith("duckdb")
    }
    assert len(versions) == 5
    assert len(set.union(*versions.values())) == 1
