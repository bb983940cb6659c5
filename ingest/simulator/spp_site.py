"""portal.spp.org: the file browser's downloads, a file a day or an interval, by path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import spp_folders, spp_load, spp_rows
from ingest.simulator.answers import Answer, Request, with_extra_column
from ingest.simulator.revisions import Revision
from ingest.simulator.server import etag
from ingest.simulator.spp_rows import FIRST_DAY, SYSTEMS, System
from ingest.simulator.world import CENTRAL, World

DAY_AHEAD_AT = time(16, 5)
DAILY_DAYS, DAILY_AT = 5, time(18)
_ZONE = ZoneInfo(CENTRAL)
_LISTS, _DOWNLOAD = "/file-browser-api/", "/file-browser-api/download/"
_WORDS = {
    "da-lmp-by-settlement-location": "DA-LMP-SL",
    "rtbm-lmp-by-location": "RTBM-LMP-SL",
    "da-lmp-by-bus": "DA-LMP-B",
    "rtbm-lmp-by-bus": "RTBM-LMP-B",
    "da-mcp": "DA-MCP",
    "rtbm-mcp": "RTBM-MCP",
}
_DAILY = {
    "rtbm-lmp-by-location": "RTBM-LMP-DAILY-SL",
    # The guide says DAILY-BUS. Whoever asks for that only would find nothing here.
    "rtbm-lmp-by-bus": "RTBM-LMP-DAILY-B",
    "rtbm-mcp": "RTBM-MCP-DAILY",
}
_INTERVAL = re.compile(r"^/\d{4}/\d\d/By_Interval/\d\d/(?P<word>[A-Z-]+)-(?P<end>\d{12})(?P<mark>d?)\.csv$")

CORRECTABLE: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in SYSTEMS},
    **spp_load.CORRECTABLE,
}


def answer(request: Request, world: World) -> Answer:
    """A file, 404 without a body where there is none, and the portal's page at any other path."""
    if request.path == _LISTS:
        # What is late is not listed yet.
        files = {} if request.late else _repriced(request.query, world)
        listed = spp_folders.listing(request.query, files)
        return _missing() if listed is None else Answer(200, listed, "application/json")
    if not request.path.startswith(_DOWNLOAD):
        return Answer(200, b"<!doctype html><html><title>SPP Portal</title></html>\n", "text/html")
    name, path = request.path.removeprefix(_DOWNLOAD), request.query.get("path", "")
    if path.startswith(f"{spp_folders.TOP}/"):
        name, path = name + spp_folders.TOP, path.removeprefix(spp_folders.TOP)
    if name == spp_load.LOAD and path.endswith(".zip") and not request.late:
        year = spp_load.archive_of(path, world, request.drift)
        return _missing() if year is None else _file(*year, "application/zip")
    if name in spp_load.SYSTEMS and not request.late:
        found_load = spp_load.file_of(name, path, world)
        if found_load is None:
            return _missing()
        text, written = found_load
        return _file((with_extra_column(text, "\n") if request.drift else text).encode(), written)
    system = SYSTEMS.get(name)
    if system is None or request.late:
        return _missing()
    if found := _INTERVAL.match(path):
        start = _start(system, path, found)
        due = None if start is None else start + timedelta(minutes=system.minutes)
        intervals = [] if start is None else [start]
        daily = False
    else:
        day = _day(system, path)
        intervals = [] if day is None else spp_rows.starts(day, system.minutes)
        due = None if day is None else _due(system, day)
        daily = True
    if due is None or not intervals or world.now < due:
        return _missing()
    day = clock.local_date(intervals[0], CENTRAL)
    if day < FIRST_DAY or day < spp_load.oldest_day(world.now):
        return _missing()
    revision = world.revisions.current("SPP", system.name, day)
    text = _text(system.name, tuple(intervals), world.nodes, revision, daily)
    if request.drift:
        text = with_extra_column(text, "\n")
    return _file(text.encode(), max(due, revision.at))


def _repriced(query: Mapping[str, str], world: World) -> dict[date, str]:
    """The paths of the repriced days of a file system that are there by now."""
    system = SYSTEMS.get(query.get("fsName", "") + spp_folders.TOP)
    day, found = spp_load.oldest_day(world.now), {}
    while system is not None and spp_folders.due(day) <= world.now:
        found[day] = daily_path(system, day)
        day += timedelta(days=1)
    return found


def _missing() -> Answer:
    return Answer(404, b"", "text/plain")


def _day(system: System, path: str) -> date | None:
    """The day of a path, where the path is one that the portal has."""
    found = re.search(r"-(\d{8})(?:0100)?\.csv$", path)
    if not found:
        return None
    try:
        day = datetime.strptime(found[1], "%Y%m%d").date()
    except ValueError:
        return None
    return day if path == daily_path(system, day) else None


def daily_path(system: System, day: date) -> str:
    """Where the file of a day lies."""
    folder = f"/{day:%Y/%m}" if system.name == "da-mcp" else f"/{day:%Y/%m}/By_Day"
    if system.day_ahead:
        return f"{folder}/{_WORDS[_file_system(system)]}-{day:%Y%m%d}0100.csv"
    return f"{folder}/{_DAILY[_file_system(system)]}-{day:%Y%m%d}.csv"


def _file_system(system: System) -> str:
    return system.name.removesuffix(spp_folders.TOP)


def _start(system: System, path: str, found: re.Match[str]) -> datetime | None:
    """The beginning of an interval's file, where it lies in the folder and has the name that it must."""
    if system.day_ahead or found["word"] != _WORDS.get(system.name):
        return None
    try:
        wall = datetime.strptime(found["end"], "%Y%m%d%H%M")
    except ValueError:
        return None
    for hours_behind in (5, 6):
        end = wall.replace(tzinfo=UTC) + timedelta(hours=hours_behind)
        start = end - timedelta(minutes=system.minutes)
        if interval_path(system, start) == path:
            return start
    return None


def interval_path(system: System, start: datetime) -> str:
    """Where the file of an interval lies: in the folder of its beginning, by the name of its end."""
    begin = start.astimezone(_ZONE)
    end = spp_rows.printed_end(start, system.minutes)
    mark = "d" if begin.fold else ""
    return f"/{begin:%Y/%m}/By_Interval/{begin:%d}/{_WORDS[system.name]}-{end:%Y%m%d%H%M}{mark}.csv"


def _due(system: System, day: date) -> datetime:
    """When the file of a day appears."""
    if system.name.endswith(spp_folders.TOP):
        return spp_folders.due(day)
    if system.day_ahead:
        return datetime.combine(day - timedelta(days=1), DAY_AHEAD_AT, _ZONE).astimezone(UTC)
    return datetime.combine(day + timedelta(days=DAILY_DAYS), DAILY_AT, _ZONE).astimezone(UTC)


@lru_cache(maxsize=64)
def _text(system: str, intervals: tuple[datetime, ...], nodes: int, revision: Revision, daily: bool) -> str:
    return spp_rows.text(SYSTEMS[system], intervals, nodes, revision, daily)


def _file(body: bytes, written: datetime, content_type: str = "text/csv") -> Answer:
    modified = format_datetime(written.astimezone(UTC).replace(microsecond=0), usegmt=True)
    headers = (("Last-Modified", modified), ("ETag", etag(body)), ("Accept-Ranges", "bytes"))
    return Answer(200, body, content_type, headers)
