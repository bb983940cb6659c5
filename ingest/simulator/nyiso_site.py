"""mis.nyiso.com: daily files for a few days, monthly archives for ever, and what the latest interval says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import lists, nyiso_rows, prices
from ingest.simulator.answers import Answer, Member, Request, with_extra_column, zipped
from ingest.simulator.nyiso_files import FIRST_DAY, PUBLICATIONS, Publication
from ingest.simulator.revisions import Revision
from ingest.simulator.server import etag
from ingest.simulator.world import EASTERN, World

CRLF = "\r\n"
CSV = "text/csv"
ZIP = "application/x-zip-compressed"

GENERATORS = "generator"

# Daily files stay about seven to ten days; older days are in the monthly archive only.
KEPT_DAYS = 9
# The day-ahead files of a day appear on the day before; a complete real-time file is written just after
# midnight.
DAY_AHEAD_AT = time(11)
FORECAST_AT = time(8)
# The archives are packed once a day, so the running month's holds a piece of the running day.
PACKED_AT = time(1)

_FILE = re.compile(
    r"^/public/csv/(?P<folder>\w+)/(?P<day>\d{8})(?P<stem>[A-Za-z_]+?)(?P<end>_csv\.zip|\.csv)$"
)
_ZONE = ZoneInfo(EASTERN)

CORRECTABLE: Mapping[str, tuple[str, ...]] = {stem: (stem,) for stem in (*PUBLICATIONS, GENERATORS)} | {
    folder: tuple(stem for stem, item in PUBLICATIONS.items() if item.folder == folder)
    for folder in {item.folder for item in PUBLICATIONS.values()}
}


def answer(request: Request, world: World) -> Answer:
    """A file, or 404; folders and the trading system answer 403."""
    path = request.path
    if path.startswith("/public/dss/") or (path.startswith("/public/csv/") and path.endswith("/")):
        return Answer(403, b"<html><body><h1>403 Forbidden</h1></body></html>\n", "text/html")
    if latest := re.fullmatch(r"/public/realtime/realtime_(zone|gen)_lbmp\.csv", path):
        return _latest(PUBLICATIONS[f"realtime_{latest[1]}"], request, world)
    if path == "/public/csv/generator/generator.csv":
        return _list_answer(request, world)
    found = _FILE.match(path)
    publication = PUBLICATIONS.get(found["stem"]) if found else None
    day = _date(found["day"]) if found else None
    if (
        found is None
        or publication is None
        or day is None
        or publication.folder != found["folder"]
        or request.late
    ):
        return _missing()
    if found["end"] == ".csv":
        return _daily(publication, day, request, world)
    return _monthly(publication, day, request, world) if day.day == 1 else _missing()


def _missing() -> Answer:
    return Answer(404, b"", "text/html")


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _daily(publication: Publication, day: date, request: Request, world: World) -> Answer:
    today = clock.local_date(world.now, EASTERN)
    if not today - timedelta(days=KEPT_DAYS) <= day or not appeared(publication, day, world.now):
        return _missing()
    text, written = _day_file(publication, day, world, world.now)
    return _file(_drifted(text, publication, request), CSV, written)


def appeared(publication: Publication, day: date, now: datetime) -> bool:
    """Whether a day's file exists: its first row is out."""
    if day < FIRST_DAY:
        return False
    if publication.day_ahead:
        return now >= datetime.combine(day - timedelta(days=1), _out_at(publication), _ZONE)
    return now >= clock.midnight(day, EASTERN) + timedelta(minutes=publication.minutes)


def _out_at(publication: Publication) -> time:
    return FORECAST_AT if publication.kind == "forecast" else DAY_AHEAD_AT


def _day_file(publication: Publication, day: date, world: World, until: datetime) -> tuple[str, datetime]:
    """The file of a day as it stands at an instant, and when it was last written."""
    revision = world.revisions.current("NYISO", publication.stem, day)
    end = clock.midnight(day + timedelta(days=1), EASTERN)
    complete = publication.day_ahead or until >= end
    text = _complete_text(publication.stem, day, world.nodes, revision) if complete else ""
    text = text or nyiso_rows.file_text(publication, day, world.nodes, revision, until)
    return text, max(_written(publication, day, until), revision.at)


@lru_cache(maxsize=64)
def _complete_text(stem: str, day: date, nodes: int, revision: Revision) -> str:
    until = clock.midnight(day + timedelta(days=2), EASTERN)
    return nyiso_rows.file_text(PUBLICATIONS[stem], day, nodes, revision, until)


def _written(publication: Publication, day: date, until: datetime) -> datetime:
    """When the source wrote a file: minutes that differ from day to day, so that nothing rests on them."""
    jitter = timedelta(seconds=prices.mix(prices.seed(publication.stem), day.toordinal()) % 540)
    if publication.day_ahead:
        return (datetime.combine(day - timedelta(days=1), _out_at(publication), _ZONE) - jitter).astimezone(
            UTC
        )
    end = clock.midnight(day + timedelta(days=1), EASTERN) + timedelta(minutes=11) + jitter
    return min(end, until)


def _monthly(publication: Publication, first: date, request: Request, world: World) -> Answer:
    packed = _last_packed(world.now)
    days, day = [], first
    while day.month == first.month:
        if appeared(publication, day, packed):
            days.append(day)
        day += timedelta(days=1)
    if not days:
        return _missing()
    # The order inside a genuine archive is not that of the dates.
    days.sort(key=lambda when: prices.mix(prices.seed(publication.stem), when.toordinal()))
    members, newest = [], datetime(1970, 1, 1, tzinfo=UTC)
    for day in days:
        text, written = _day_file(publication, day, world, packed)
        name = f"{day:%Y%m%d}{publication.stem}.csv"
        members.append(Member(name, _drifted(text, publication, request).encode(), written.astimezone(_ZONE)))
        newest = max(newest, written)
    return _answer(zipped(members), ZIP, newest)


def _last_packed(now: datetime) -> datetime:
    local = now.astimezone(_ZONE)
    packed = datetime.combine(local.date(), PACKED_AT, _ZONE)
    if packed > local:
        packed = datetime.combine(local.date() - timedelta(days=1), PACKED_AT, _ZONE)
    return packed.astimezone(UTC)


def _latest(publication: Publication, request: Request, world: World) -> Answer:
    """The newest interval alone, in a file that never changes its name."""
    now = world.now
    day = clock.local_date(now - timedelta(minutes=5), EASTERN)
    revision = world.revisions.current("NYISO", publication.stem, day)
    stamps = [mark for mark in nyiso_rows.marks(publication, day, revision) if mark.instant <= now]
    if not stamps or request.late:
        return _missing()
    text = nyiso_rows.file_text(publication, day, world.nodes, revision, now)
    stamp = nyiso_rows.stamp_text(publication, stamps[-1])
    lines = text.split(CRLF)
    kept = [lines[0], *(line for line in lines[1:] if line.startswith(f'"{stamp}"'))]
    return _file(_drifted(CRLF.join(kept) + CRLF, publication, request), CSV, stamps[-1].instant)


def _list_answer(request: Request, world: World) -> Answer:
    """generator.csv: overwritten in place, no history."""
    now = world.now
    found, day = lists.LISTS["NYISO", GENERATORS], clock.local_date(now, EASTERN)
    revision = world.revisions.current("NYISO", GENERATORS, day)
    text = found.text(world.nodes, revision)
    if request.late:
        return _missing()
    # Written anew in the first minutes of a day, whether anything changed or not.
    written = max(clock.midnight(day, EASTERN) + timedelta(minutes=3), revision.at)
    return _file(with_extra_column(text, CRLF) if request.drift else text, CSV, min(written, now))


def _drifted(text: str, publication: Publication, request: Request) -> str:
    return with_extra_column(text, CRLF, publication.quoted) if request.drift else text


def _file(text: str, content_type: str, written: datetime) -> Answer:
    return _answer(text.encode(), content_type, written)


def _answer(body: bytes, content_type: str, written: datetime) -> Answer:
    modified = format_datetime(written.astimezone(UTC).replace(microsecond=0), usegmt=True)
    headers = (("Last-Modified", modified), ("ETag", etag(body)), ("Accept-Ranges", "bytes"))
    return Answer(200, body, content_type, headers)
