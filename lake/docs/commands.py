"""``cli.md``: the commands of ``pmp``, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from lake.cli import app
from lake.docs.markdown import cell, page, table

INTRODUCTION = """\
`pmp COMMAND --help` says the same. Exit codes: 0, everything obtainable is there; 3, incomplete (something
failed, was throttled or is quarantined; the same command again goes on from there); 1, an error.
"""


def cli_page() -> str:
    """Every command of ``pmp`` with its options."""
    return page("The command line", "`lake/cli`", cli_lines())


def cli_lines() -> Iterator[str]:
    """The commands in the order of ``pmp --help``."""
    group: Any = typer.main.get_command(app)
    yield INTRODUCTION
    for name, command in group.commands.items():
        yield f"## pmp {name}"
        yield ""
        yield cell(command.help)
        yield ""
        rows = [row for parameter in command.params if (row := parameter_row(parameter))]
        if rows:
            yield from table(("option", "meaning"), rows)


def parameter_row(parameter: Any) -> tuple[str, str] | None:
    """An option or argument with what it means; None for ``--help``."""
    if parameter.name == "help":
        return None
    argument = parameter.param_type_name == "argument"
    words = parameter.name.upper() if argument else ", ".join(parameter.opts)
    many = " (several)" if parameter.multiple or parameter.nargs == -1 else ""
    needed = " **required**" if parameter.required else ""
    return f"`{words}`{many}{needed}", getattr(parameter, "help", None) or ""
