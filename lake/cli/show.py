"""Printing: tables, sentences and progress. The only place that writes to the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

# Where nobody watches a terminal, a table is not folded to 80 columns.
WIDE = None if sys.stdout.isatty() else 220
out = Console(highlight=False, soft_wrap=True, width=WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "") -> None:
    """A line for the user."""
    out.print(text, markup=False)


def complain(text: str) -> None:
    """An error for the user, on stderr."""
    err.print(f"pmp: {text}", markup=False)


def say_json(value: object) -> None:
    """A value as JSON; dates and stamps in ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=2, default=_plain) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[str] = ()) -> None:
    """Rows under headers; ``right`` names the columns of numbers."""
    shown = Table(box=None, pad_edge=False, header_style="bold" if out.is_terminal else "")
    for header in headers:
        shown.add_column(header, justify="right" if header in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(shown)


class Watcher:
    """Told what was done of how much: progress bars on a terminal, a plain line now and then otherwise."""

    def __init__(self, bars: Progress | None) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that of ``what``, ``done`` of ``total`` is done."""
        if self._bars is not None:
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(what, total=total)
            self._bars.update(self._tasks[what], completed=done, total=total)
            return
        tenth = 10 * done // max(total, 1)
        if done == total or tenth > self._tenths.get(what, -1):
            self._tenths[what] = tenth
            err.print(f"{what}: {done} of {total}", markup=False)


@contextmanager
def watching(quiet: bool = False) -> Iterator[Watcher]:
    """A watcher for the time of a job."""
    if quiet or not err.is_terminal:
        yield Watcher(None) if not quiet else _Silent()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=False) as bars:
        yield Watcher(bars)


class _Silent(Watcher):
    def __init__(self) -> None:
        super().__init__(None)

    def __call__(self, what: str, done: int, total: int) -> None:
        return


def number(value: float) -> str:
    """A count with thin groups of thousands: 55,070,598."""
    return f"{value:,.0f}"


def counted(count: int, word: str) -> str:
    """A count and what is counted: 1 request, 2 requests."""
    return f"{number(count)} {word}" + ("" if count == 1 else "s")


def sentence(words: str) -> str:
    """Words as a sentence; the name of a host or a file that they begin with stays as it is."""
    first, _, _ = words.partition(" ")
    return f"{words if '.' in first else words[:1].upper() + words[1:]}."


def size(megabytes: float) -> str:
    """Megabytes as a person reads them."""
    return f"{megabytes / 1000:,.1f} GB" if megabytes >= 1000 else f"{megabytes:,.1f} MB"


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
