"""The reference pages of ``docs/``, written from what the code itself says.

``tables.md`` comes from the contracts and from the views of an empty lake, ``datasets.md`` from the registry,
``cli.md`` from the command line. ``python -m lake.docs docs`` writes them; with ``--check`` it only says
which are out of date.
"""

from __future__ import annotations

from pathlib import Path

from lake.docs.commands import cli_page
from lake.docs.datasets import datasets_page
from lake.docs.tables import tables_page


def pages() -> dict[str, str]:
    """Every generated page by its name."""
    return {"tables.md": tables_page(), "datasets.md": datasets_page(), "cli.md": cli_page()}


def stale(folder: Path) -> list[str]:
    """The pages of a folder that are not what would be written now."""
    return [
        name
        for name, text in pages().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
