"""Rules of the code that no linter knows: who imports whom, where markets are named, how long files are."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

CHECKOUT = Path(__file__).resolve().parents[1]
WINGS = ("ingest", "catalog", "lake")
MOST_LINES = 400

MARKET = re.compile(r"\b(caiso|ercot|iso-?ne|miso|nyiso|pjm|spp|oasis)\b", re.IGNORECASE)
# How a user writes a market on the command line, in an example that ends a sentence.
EXAMPLE = re.compile(r"(--iso |ISO=)\w+|\w+(, \w+)+ …")
# A route, a stand-in and a registry file are of one market; the demo and the benchmark show and measure some.
OF_ONE_MARKET = ("ingest/routes/", "ingest/simulator/", "lake/demo.py", "lake/bench.py")


def python_files(*folders: str) -> list[Path]:
    """The Python files below folders of the checkout."""
    return sorted(path for folder in folders for path in (CHECKOUT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def shared_code() -> list[Path]:
    """The code that serves every market."""
    return [path for path in python_files(*WINGS) if not name(path).startswith(OF_ONE_MARKET)]


def docstrings(tree: ast.AST) -> set[int]:
    """The identities of the nodes that are docstrings."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a file but its docstrings, with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield node.lineno, node.value


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_imports_point_one_way(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(CHECKOUT)
    failed = lint_imports(cache_dir=None)
    assert not failed, capsys.readouterr().out


@pytest.mark.parametrize("path", shared_code(), ids=name)
def test_shared_code_names_no_market(path: Path) -> None:
    found = [(line, text) for line, text in strings(path) if MARKET.search(EXAMPLE.sub("", text))]
    assert not found, f"{name(path)} is for every market; what is of one belongs in ingest/sources or a route"


def test_certificates_are_always_checked() -> None:
    careless = [
        name(path)
        for path in python_files(*WINGS, "tests")
        for call in calls(path)
        for word in call.keywords
        if word.arg == "verify" and isinstance(word.value, ast.Constant) and word.value.value is False
    ]
    assert not careless


def test_only_the_command_line_prints() -> None:
    printing = {
        name(path)
        for path in python_files(*WINGS)
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    }
    talking = {path for path in printing if path.startswith("lake/cli/") or path.endswith("/__main__.py")}
    assert printing == talking


@pytest.mark.parametrize("folder", [*WINGS, "sql", "tests"])
def test_files_are_short(folder: str) -> None:
    files = [path for path in (CHECKOUT / folder).rglob("*.*") if path.suffix in (".py", ".sql")]
    long = {
        name(path): lines
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_nothing_in_the_sql_folder_can_be_imported() -> None:
    assert {path.suffix for path in (CHECKOUT / "sql").rglob("*") if path.is_file()} == {".sql"}


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    optional = [line for name in ("postgres", "dask", "browser") for line in extras[name]]
    declared = {
        re.split(r"[\[<>=~! ]", line)[0].lower().replace("-", "_")
        for line in [*project["dependencies"], *optional]
    }
    other_names = {"yaml": "pyyaml", "dotenv": "python_dotenv"}
    # Brought by s3fs, in the very version that it needs.
    brought = {"botocore", "aiobotocore", "boto3"}
    imported = {
        module.split(".")[0]
        for path in python_files(*WINGS)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    third_party = imported - set(sys.stdlib_module_names) - set(WINGS) - brought
    assert {other_names.get(module, module) for module in third_party} <= declared
