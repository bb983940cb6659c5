"""docs.misoenergy.org: zips of a week in five minutes and of a quarter in hours, beside the daily reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import lru_cache

from ingest.simulator import miso_site
from ingest.simulator.answers import Answer, Member, Request, with_extra_column, zipped
from ingest.simulator.miso_site import BEHIND, FIRST_DAY, Report, lmp_cells, places
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.server import etag
from ingest.simulator.world import World

WEEKLY = Report("5MIN_LMP", "Real-Time 5-Minute LMP", timedelta(days=14, hours=11), 1300, plain=False)
CORRECTABLE: Mapping[str, tuple[str, ...]] = {**miso_site.CORRECTABLE, WEEKLY.name: (WEEKLY.name,)}
WEEK, FIVE = timedelta(weeks=1), timedelta(minutes=5)
_WEEK = re.compile(rf"^/marketreports/(?P<day>\d{{8}})_{WEEKLY.name}\.zip$")


def answer(request: Request, world: World) -> Answer:
    """A zip, a report of a day, or the store's word that there is none."""
    if found := _WEEK.match(request.path):
        return _week(found["day"], request, world)
    return miso_site.answer(request, world)


def intervals(day: date) -> list[datetime]:
    """The beginnings of the five minutes of a market day, in UTC."""
    midnight = datetime.combine(day, time(), UTC) + BEHIND
    return [midnight + FIVE * number for number in range(288)]


def _week(word: str, request: Request, world: World) -> Answer:
    """The week that began two weeks before the Monday in the name of a zip."""
    try:
        named = datetime.strptime(word, "%Y%m%d").date()
    except ValueError:
        return miso_site.missing()
    monday = named - 2 * WEEK
    due = datetime.combine(monday, time(), UTC) + BEHIND + WEEKLY.lag
    kept = (world.now - BEHIND).date() - timedelta(days=WEEKLY.kept_days)
    if request.late or named.weekday() != 0 or world.now < due or monday < max(FIRST_DAY, kept):
        return miso_site.missing()
    days = [monday + timedelta(days=number) for number in range(7)]
    revisions = tuple(world.revisions.current("MISO", WEEKLY.name, day) for day in days)
    text = week_text(monday, world.nodes, revisions)
    if request.drift:
        head, header, rows = text.partition("MKTHOUR_EST")
        text = head + with_extra_column(header + rows, "\r\n")
    written = max([due, *(one.at for one in revisions)])
    return _sent(f"{word}_{WEEKLY.name}.csv", text, written)


def _sent(name: str, text: str, written: datetime) -> Answer:
    stamp = written.astimezone(UTC).replace(microsecond=0)
    body = zipped([Member(name, text.encode(), (stamp - BEHIND).replace(tzinfo=None))])
    headers = (("Last-Modified", format_datetime(stamp, usegmt=True)), ("ETag", etag(body)))
    return Answer(200, body, "application/octet-stream", headers)


@lru_cache(maxsize=4)
def week_text(monday: date, nodes: int, revisions: tuple[Revision, ...] = (ORIGINAL,) * 7) -> str:
    """The rows of a week, stamped where five minutes begin, between lines of words."""
    lines = [WEEKLY.title, f"{monday + 2 * WEEK:%m/%d/%Y}", "", ""]
    lines.append("MKTHOUR_EST,PNODENAME,LMP,CON_LMP,LOSS_LMP")
    for number, revision in enumerate(revisions):
        for start in intervals(monday + timedelta(days=number)):
            local = start - BEHIND
            words = f"{local.month}/{local.day}/{local.year} {local.hour}:{local:%M}"
            for name, _ in places(nodes):
                cells = lmp_cells(WEEKLY, name, start, revision)
                lines.append(f"{words},{name},{cells['LMP']},{cells['MCC']},{cells['MLC']}")
    return "\r\n".join([*lines, "", f"{len(lines) - 5} rows", ""])
