"""``tables.md``: the contracts and the metadata views, for people."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.contract import Contract, load_contracts, sql_folder
from lake import checks, views
from lake.api import connect
from lake.config import Settings
from lake.docs.markdown import code, page, table
from lake.home import Lake
from lake.pipeline import open_lake

INTRODUCTION = """\
Whoever attaches `lake.duckdb` finds two schemas: `market` holds prices, `meta` says what there is and where
it comes from. Each table of `market` can be read in three ways:

- `market.<table>`: the rows that hold now;
- `market.<table>_all`: every version of every row;
- `market.<table>_as_of(TIMESTAMPTZ '2024-03-01 00:00:00+00')`: what was known at a moment.
"""
# Views that only others are made of.
STEPS = ("asked", "current_rows", "file_columns", "obtained", "published", "unanswered", "unfilled")
TYPES = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}


@dataclass
class View:
    """A metadata view: what it is, in words and paragraphs, and its columns with their types."""

    name: str
    title: str = ""
    paragraphs: list[str] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)


def tables_page() -> str:
    """The contracts, and the views a reader attaches."""
    return page("Tables", "the DDL in `sql/tables` and the views in `sql/views`", tables_lines())


def tables_lines() -> Iterator[str]:
    """What a reader of ``lake.duckdb`` finds, schema by schema."""
    contracts = load_contracts()
    yield INTRODUCTION
    for contract in contracts.values():
        if contract.namespace == "market":
            yield from contract_lines(contract)
    found = {view.name: view for view in metadata_views()}
    yield "## The schema meta"
    yield ""
    yield "Views over the registry, the ledger and the tables. No relational database answers this; the lake does."
    yield ""
    for name, view in found.items():
        if name not in STEPS:
            yield from view_lines(view, contracts.get(name))
    steps = (
        f"`meta.{name}` ({found[name].title})" if found[name].title else f"`meta.{name}`" for name in STEPS
    )
    yield f"Others are steps on the way to these: {', '.join(steps)}."


def contract_lines(contract: Contract) -> Iterator[str]:
    """One table: what it is, its key, its columns, what every row keeps to."""
    yield f"## {contract.full_name}"
    yield ""
    yield contract.comment
    yield ""
    yield f"Key: {code(contract.key)}."
    yield ""
    yield from table(
        ("column", "type", "NULL", "meaning"),
        (
            (
                f"`{column.name}`",
                TYPES.get(column.type, column.type),
                "may be" if column.nullable else "never",
                column.comment,
            )
            for column in contract.columns
        ),
    )
    yield "Every row keeps to:"
    yield ""
    yield from (f"- `{check}`" for check in contract.checks)
    yield ""


def metadata_views() -> Iterator[View]:
    """The views of the schema ``meta`` as an empty lake publishes them, in the order of their names."""
    with tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/lake"
        settings: dict[str, Any] = {
            "uri": place,
            "catalog_uri": f"sqlite:///{place}/catalog.db",
            "temp_dir": Path(folder),
        }
        with Lake(Settings(**settings)) as lake:
            open_lake(lake)
        with connect(**settings) as connection:
            rows = connection.execute(
                "SELECT table_name, column_name, data_type FROM duckdb_columns() "
                "WHERE database_name = 'lake' AND schema_name = 'meta' ORDER BY table_name, column_index"
            ).fetchall()
    for name in dict.fromkeys(row[0] for row in rows):
        view = described(name)
        view.columns = [
            (column, TYPES.get(kind, kind)) for table_name, column, kind in rows if table_name == name
        ]
        yield view


def described(name: str) -> View:
    """What a view's own source says of it: the header of its SQL file, or the docstring of what writes it."""
    file = sql_folder() / "views" / f"{name}.sql"
    if file.is_file():
        return from_header(name, file.read_text(encoding="utf-8"))
    writer = getattr(views, f"{name}_sql", checks.results_sql if name == "checks" else None)
    text = inspect.getdoc(writer) if writer else None
    first, *rest = (text or "").replace("``", "`").split("\n\n")
    return View(name, first.rstrip("."), [part for part in rest if not part.startswith("Raises")])


def from_header(name: str, sql: str) -> View:
    """A view by the header of its file: ``-- name: title.`` and paragraphs like ``Grain:``, ``Means:``, ``Why:``."""
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").removeprefix(" "))
    paragraphs: list[list[str]] = []
    for line in lines[1:]:
        if line and not line.startswith(" "):
            paragraphs.append([])
        if line:
            paragraphs[-1].append(line)
    told = ["\n".join(part) for part in paragraphs if not part[0].startswith("Reads:")]
    return View(name, lines[0].removeprefix(f"{name}:").strip().rstrip("."), told)


def view_lines(view: View, contract: Contract | None) -> Iterator[str]:
    """One metadata view; columns that a contract knows have their meaning from there."""
    yield f"### meta.{view.name}"
    yield ""
    yield (contract.comment if contract else f"{view.title[:1].upper()}{view.title[1:]}.")
    yield ""
    for paragraph in view.paragraphs:
        yield from paragraph_lines(paragraph)
    if contract:
        said = {column.name: column.comment for column in contract.columns}
        rows = [(f"`{name}`", kind, said.get(name, "")) for name, kind in view.columns]
        yield from table(("column", "type", "meaning"), rows)
    else:
        yield "Columns: " + ", ".join(f"`{name}` {kind}" for name, kind in view.columns) + "."
        yield ""


def paragraph_lines(paragraph: str) -> Iterator[str]:
    """A paragraph of a header; one that is laid out in columns stays as it is."""
    if paragraph.startswith("Means:"):
        yield "```text"
        yield from paragraph.splitlines()
        yield "```"
    else:
        yield " ".join(paragraph.split())
    yield ""
