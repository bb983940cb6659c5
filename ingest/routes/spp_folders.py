"""Folders of SPP's portal: which of the files below a folder are of a day.

    https://portal.spp.org/file-browser-api/?fsName=rtbm-lmp-by-location&path=/RePrice&type=folder

A list tells the names of what lies in a folder, files and folders alike. How the folder of repriced intervals is
divided is not confirmed, so it is walked from its top: folders named after another year, month or day, as those
of the file system itself are, are left closed, and what a file is of, its own name says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from ingest.content import kind_of
from ingest.errors import Refused
from ingest.routes.judge import in_place_of_data

# The file system itself has four: year, month, kind, day.
DEEPEST = 6
_FILE = re.compile(r"\.(csv|zip)$", re.IGNORECASE)
_TOLD = re.compile(r"(?<!\d)(\d{8})(\d{4})?d?(?!\d)")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?:\d\d)?(?!\d)")


def files_of(top: str, day: date, site: str, names_in: Callable[[str], list[str]]) -> Iterator[str]:
    """The paths of a day's files below a folder, in order. ``names_in`` lists a folder.

    Raises:
        Refused: a file's name does not tell which day it is of.
    """
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        for name in sorted(names_in(folder)):
            path = f"{folder}/{name}"
            if _FILE.search(name):
                if _is_of(name, day, path, site):
                    yield path
            elif "." not in name and _may_hold(path.removeprefix(top).split("/")[1:], day):
                waiting.append(path)


def _is_of(name: str, day: date, path: str, site: str) -> bool:
    """Whether a file is of a day: named after it, or after the end of an interval that begins in it."""
    if found := _TOLD.search(name):
        try:
            if not found[2]:
                return datetime.strptime(found[1], "%Y%m%d").date() == day
            end = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M")
            return (end - timedelta(minutes=1)).date() == day
        except ValueError:
            pass
    elif (year := _YEAR.search(name)) and int(year[1]) != day.year:
        return False
    raise Refused(
        f"{site} lists {path}, whose name does not tell a day. Fetch it, and bring it in with `pmp import`."
    )


def _may_hold(folders: list[str], day: date) -> bool:
    """Whether a folder may hold files of a day, by its own name and that of the folder around it."""
    *above, name = folders
    if len(folders) > DEEPEST:
        return False
    if re.fullmatch(r"\d{4}", name):
        return int(name) == day.year
    if re.fullmatch(r"\d\d", name) and above:
        if re.fullmatch(r"\d{4}", above[-1]):
            return int(name) == day.month
        if above[-1].lower() == "by_interval":
            return int(name) == day.day
    return True


def names(path: Path, site: str) -> list[str]:
    """The names of a list: of entries that have one, or as they stand.

    Raises:
        Refused: it is no such list.
    """
    if kind_of(path) != "json":
        raise in_place_of_data(path, site, "a list of files")
    try:
        entries = json.loads(path.read_bytes())
        return [str(one["name"] if isinstance(one, dict) else one).strip("/") for one in list(entries)]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{site} answered with a list of another shape ({error!r}).", again=True) from error
