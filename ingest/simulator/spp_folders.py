"""The lists of the portal's folders: of repriced days, which lie by year and month as other files do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from ingest import clock
from ingest.simulator.world import CENTRAL

TOP = "/RePrice"
# What is repriced in this world, and how long after its day.
SYSTEMS = ("da-lmp-by-settlement-location", "rtbm-lmp-by-location")
REPRICED_AFTER = timedelta(days=2, hours=18)


def due(day: date) -> datetime:
    """When a day's repriced file appears."""
    return clock.midnight(day, CENTRAL) + REPRICED_AFTER


def listing(query: Mapping[str, str], files: Mapping[date, str]) -> bytes | None:
    """A list of a folder's entries, or nothing where there is no such folder. ``files`` are paths below the top."""
    folder = query.get("path", "")
    if query.get("fsName") not in SYSTEMS or query.get("type") != "folder":
        return None
    names = sorted(set(_names(folder, files)))
    if not folder.startswith("/") or not (names or folder == TOP):
        return b"[]"
    entries = [{"name": name, "path": f"{folder}/{name}", "size": 0} for name in names]
    return json.dumps(entries).encode()


def _names(folder: str, files: Mapping[date, str]) -> Iterator[str]:
    for path in files.values():
        whole = f"{TOP}{path}"
        if whole.startswith(f"{folder}/"):
            yield whole.removeprefix(f"{folder}/").partition("/")[0]
