"""docs.misoenergy.org: zips of a week in five minutes and of a quarter in hours, beside the daily reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import lru_cache

from ingest.simulator import miso_site
from ingest.simulator.answers import Answer, Member, Request, with_extra_column, zipped
from ingest.simulator.miso_site import BEHIND, FIRST_DAY, KINDS, REPORTS, Report, lmp_cells, places, starts
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.server import etag
from ingest.simulator.world import World

WEEKLY = Report("5MIN_LMP", "Real-Time 5-Minute LMP", timedelta(days=14, hours=11), 1300, plain=False)
CORRECTABLE: Mapping[str, tuple[str, ...]] = {**miso_site.CORRECTABLE, WEEKLY.name: (WEEKLY.name,)}
WEEK, FIVE = timedelta(weeks=1), timedelta(minutes=5)
# The zips of a quarter, by the word and the sign in their names: which report's prices they hold.
QUARTERLY = {"-DA": REPORTS["da_expost_lmp"], "_RT": REPORTS["rt_lmp_final"]}
QUARTERS = ("Jan-Mar", "Apr-Jun", "Jul-Sep", "Oct-Dec")
FIRST_QUARTER = date(2011, 1, 1)
_QUARTER = re.compile(
    r"^/marketreports/(?P<year>\d{4})(?P<sign>[-_])(?P<quarter>\w{3}-\w{3})_(?P<word>DA|RT)_LMPs\.zip$"
)
_WEEK = re.compile(rf"^/marketreports/(?P<day>\d{{8}})_{WEEKLY.name}\.zip$")


def answer(request: Request, world: World) -> Answer:
    """A zip, a report of a day, or the store's word that there is none."""
    if found := _WEEK.match(request.path):
        return _week(found["day"], request, world)
    if found := _QUARTER.match(request.path):
        return _quarter(found, request, world)
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


def _quarter(found: re.Match[str], request: Request, world: World) -> Answer:
    """A quarter that has been over for some weeks."""
    report = QUARTERLY.get(found["sign"] + found["word"])
    if report is None or found["quarter"] not in QUARTERS or request.late:
        return miso_site.missing()
    first = date(int(found["year"]), QUARTERS.index(found["quarter"]) * 3 + 1, 1)
    days = days_of_quarter(first)
    due = datetime.combine(days[-1], time(), UTC) + BEHIND + timedelta(days=30)
    if first < FIRST_QUARTER or world.now < due:
        return miso_site.missing()
    revisions = tuple(world.revisions.current("MISO", report.name, day) for day in days)
    text = quarter_text(report, first, world.nodes, revisions)
    if request.drift:
        head, header, rows = text.partition("MARKET_DAY")
        text = head + with_extra_column(header + rows, "\r\n")
    name = request.path.rpartition("/")[2].removesuffix(".zip")
    return _sent(f"{name}.csv", text, max([due, *(one.at for one in revisions)]))


def days_of_quarter(first: date) -> list[date]:
    """The days of the quarter that begins on a day."""
    days = [first + timedelta(days=number) for number in range(92)]
    return [day for day in days if (day.year, (day.month - 1) // 3) == (first.year, (first.month - 1) // 3)]


@lru_cache(maxsize=4)
def quarter_text(report: Report, first: date, nodes: int, revisions: tuple[Revision, ...] = ()) -> str:
    """The rows of a quarter, after blank lines (day-ahead prices) or a line of words."""
    lines = ["", ""] if report.plain else ["Real-Time Market LMPs,,,"]
    lines.append(",".join(["MARKET_DAY", "NODE", "TYPE", "VALUE", *(f"HE{hour}" for hour in range(1, 25))]))
    days = days_of_quarter(first)
    for day, revision in zip(days, revisions or [ORIGINAL] * len(days), strict=True):
        for name, node_type in places(nodes):
            cells = [lmp_cells(report, name, start, revision) for start in starts(day)]
            for kind in KINDS:
                numbers = [_thousands(one[kind]) for one in cells]
                lines.append(",".join([f"{day.month}/{day.day}/{day.year}", name, node_type, kind, *numbers]))
    return "\r\n".join([*lines, ""])


def _thousands(cell: str) -> str:
    """A number from a thousand on has a comma, and so quotes."""
    whole, point, part = cell.partition(".")
    return cell if len(whole.lstrip("-")) < 4 else f'"{int(whole):,}{point}{part}"'
