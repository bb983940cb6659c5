"""oasis.caiso.com: SingleZip and GroupZip, their checks, limits, names and retention."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import caiso_corrections, caiso_errors, caiso_load, caiso_rows, lists
from ingest.simulator.answers import Answer, Member, Request, with_extra_column, zipped
from ingest.simulator.caiso_errors import OasisError
from ingest.simulator.caiso_reports import (
    AS_ITEMS,
    AS_REGIONS,
    GROUP_GHG_SINCE,
    GROUPS,
    REPORTS,
    SINGLE_GHG_SINCE,
    Group,
    Report,
    Version,
    group_type,
    locations,
)
from ingest.simulator.caiso_rows import Line, Slot
from ingest.simulator.revisions import Revision
from ingest.simulator.world import PACIFIC, World

ZIP = "application/x-zip-compressed"

# Retention as measured by binary search in 2026: about 39 months for prices by node, about 64 for the groups.
# Nothing is known of the reserve prices, which are taken to live as long as the groups.
SINGLE_DAYS = 1199
GROUP_DAYS = 1959

# Longer spans were served once; a request of exactly 31 days was refused in 2026.
LONGEST = timedelta(days=31)
MOST_NODES = 10
FURTHEST_AHEAD = timedelta(days=31)
PUBLISHED = time(13)

_STAMP = re.compile(r"^\d{8}T\d\d:\d\d[+-]\d{4}$")

CORRECTABLE: Mapping[str, tuple[str, ...]] = {name: (name,) for name in REPORTS} | {
    "DAM": ("PRC_LMP",),
    "RTPD": ("PRC_RTPD_LMP",),
    "RTM": ("PRC_INTVL_LMP",),
    **{word: (word,) for word in (*caiso_load.RUNS, *(word for iso, word in lists.LISTS if iso == "CAISO"))},
}


def answer(request: Request, world: World) -> Answer:
    """Answer a request as OASIS does: a zip with HTTP 200, also when the answer is no."""
    query = {name.lower(): value for name, value in request.query.items()}
    try:
        if request.path == "/oasisapi/SingleZip":
            return _single(query, request, world)
        if request.path == "/oasisapi/GroupZip":
            return _group(query, request, world)
    except OasisError as error:
        return caiso_errors.document(error.code, world.now)
    return Answer(404, b"<html><body><h1>404 Not Found</h1></body></html>\n", "text/html; charset=utf-8")


def _single(query: Mapping[str, str], request: Request, world: World) -> Answer:
    if query.get("queryname") == caiso_load.QUERY:
        return _single_load(query, request, world)
    if lists.named("CAISO", query.get("queryname", "")):
        return _single_list(query, request, world)
    report = REPORTS.get(query.get("queryname", ""))
    if report is None:
        raise OasisError(1005)
    version = report.single.get(_number(query.get("version", "")))
    if version is None:
        raise OasisError(1020)
    start = _instant(query.get("startdatetime"))
    if query.get("market_run_id") != report.market:
        raise OasisError(1001)
    whole = query.get("grp_type")
    if whole:
        # All nodes at once: a trade day, or an hour in real time, whatever the end says.
        hours = timedelta(hours=1)
        end = start + hours if report.minutes < 60 else _next_midnight(start)
    else:
        end = _instant(query["enddatetime"]) if query.get("enddatetime") else start + timedelta(days=1)
    if end <= start:
        raise OasisError(1001)
    if end - start >= LONGEST or (report.query == "PRC_AS" and end - start > timedelta(hours=25)):
        raise OasisError(1004)
    if start - world.now > FURTHEST_AHEAD:
        raise OasisError(1014)
    if report.reserves:
        return _single_reserves(query, report, version, start, end, request, world)
    places = _places(query, whole, world)
    chosen = _served(report, start, end, SINGLE_DAYS, request, world)
    types = [
        kind for kind in version.types if kind != "MGHG" or chosen[0].day >= _ghg_since(report, single=True)
    ]
    lines = list(caiso_rows.price_lines(report, types, places, chosen, world.revisions))
    return _single_answer(report, version, lines, query, start, end, request, world)


def _single_load(query: Mapping[str, str], request: Request, world: World) -> Answer:
    run = caiso_load.run_of(query)
    if run is None:
        raise OasisError(1001)
    if query.get("version") != "1":
        raise OasisError(1020)
    start = _instant(query.get("startdatetime"))
    end = _instant(query["enddatetime"]) if query.get("enddatetime") else start + timedelta(days=1)
    if end <= start:
        raise OasisError(1001)
    if end - start >= LONGEST:
        raise OasisError(1004)
    areas = [name for name in caiso_load.AREAS if query.get("tac_area_name", "ALL") in ("ALL", name)]
    oldest = caiso_load.kept_since(world.now)
    chosen = [
        slot
        for slot in caiso_rows.slots_between(start, end, run.minutes)
        if slot.day >= oldest and run.is_out(slot, world.now)
    ]
    if request.late or not chosen or not areas:
        raise OasisError(1000)
    word = f"{caiso_load.QUERY}_{run.execution}"
    found = list(caiso_load.lines(word, areas, chosen, world.revisions))
    if query.get("resultformat") == "6":
        text = _bytes(caiso_load.csv_text(run, found), request)
    else:
        text = caiso_rows.xml_text(run.report, found, world.now).encode()
    return _one_member(run.report, text, query, start, end, world)


def _single_list(query: Mapping[str, str], request: Request, world: World) -> Answer:
    """A list of the atlas, as it is on the asked days."""
    name = query["queryname"]
    if query.get("version") != "1":
        raise OasisError(1020)
    start = _instant(query.get("startdatetime"))
    end = _instant(query["enddatetime"]) if query.get("enddatetime") else start + timedelta(days=1)
    if end <= start:
        raise OasisError(1001)
    if end - start >= LONGEST:
        raise OasisError(1004)
    oldest = clock.local_date(world.now, PACIFIC) - timedelta(days=SINGLE_DAYS)
    if request.late or clock.local_date(start, PACIFIC) < oldest:
        raise OasisError(1000)
    revision = world.revisions.current("CAISO", name, clock.local_date(start, PACIFIC))
    text = _bytes(lists.LISTS["CAISO", name].text(world.nodes, revision), request)
    zone = ZoneInfo(PACIFIC)
    now = world.now.astimezone(zone)
    dates = f"{start.astimezone(zone):%Y%m%d}_{end.astimezone(zone):%Y%m%d}"
    stem = f"{dates}_{name}_N_{now:%Y%m%d_%H_%M_%S}_v1"
    return _zip_answer(f"{stem}.zip", [Member(f"{stem}.csv", text, now)])


def _single_reserves(
    query: Mapping[str, str],
    report: Report,
    version: Version,
    start: datetime,
    end: datetime,
    request: Request,
    world: World,
) -> Answer:
    products, regions = query.get("anc_type", "ALL"), query.get("anc_region", "ALL")
    if report.query == "PRC_AS" and products == "ALL" and regions == "ALL":
        asked = {"groupid": "DAM_PRC_AS_GRP"} | {
            name: query[name] for name in ("startdatetime", "version", "resultformat") if name in query
        }
        place = f"{world.url}/{request.host}/oasisapi/GroupZip?{urlencode(asked)}"
        return Answer(302, b"", "text/html", (("Location", place),))
    kinds = list(AS_ITEMS) if products == "ALL" else [products]
    wanted = None if regions == "ALL" else [regions]
    if not set(kinds) <= AS_ITEMS.keys() or not set(wanted or ()) <= set(AS_REGIONS):
        raise OasisError(1001)
    chosen = _served(report, start, end, GROUP_DAYS, request, world)
    lines = list(caiso_rows.reserve_lines(report, kinds, wanted, chosen, world.revisions))
    if not lines:
        raise OasisError(1000)
    return _single_answer(report, version, lines, query, start, end, request, world)


def _group(query: Mapping[str, str], request: Request, world: World) -> Answer:
    group = GROUPS.get(query.get("groupid", ""))
    if group is None:
        raise OasisError(1016)
    number = _number(query.get("version", ""))
    if number not in group.versions:
        raise OasisError(1020)
    start = _instant(query.get("startdatetime"))
    if start - world.now > FURTHEST_AHEAD:
        raise OasisError(1014)
    day = clock.local_date(start, PACIFIC)
    if group.hourly:
        start = start.replace(minute=0)
        end = start + timedelta(hours=1)
        if query.get("enddatetime") and _instant(query["enddatetime"]) > end:
            raise OasisError(1018)
    else:
        start, end = clock.midnight(day, PACIFIC), _next_midnight(start)
    if group.report is None:
        oldest = clock.local_date(world.now, PACIFIC) - timedelta(days=GROUP_DAYS)
        if request.late or day < oldest:
            raise OasisError(1000)
        text = caiso_corrections.listing(day, world)
        name = f"{day:%Y%m%d}_{day:%Y%m%d}_PRC_CORR_N_v{number}.csv"
        member = Member(name, _bytes(text, request), _published_at(day + timedelta(days=2)))
        return _zip_answer(_group_name(group, day, None, number, "csv"), [member])
    chosen = _served(group.report, start, end, GROUP_DAYS, request, world)
    if group.hourly and chosen[-1].start + timedelta(minutes=group.report.minutes) < end:
        raise OasisError(1000)  # the hour is still running
    return _group_answer(group, group.report, number, chosen, query, request, world)


def _group_answer(
    group: Group,
    report: Report,
    number: int,
    chosen: Sequence[Slot],
    query: Mapping[str, str],
    request: Request,
    world: World,
) -> Answer:
    version = report.group[number]
    day = chosen[0].day
    hour = f"{chosen[0].operating_hour:02d}" if group.hourly else None
    suffix = f"_{hour}" if hour else ""
    stem = f"{day:%Y%m%d}_{day:%Y%m%d}_{report.query}_{report.market}"
    kind = "csv" if query.get("resultformat") == "6" else "xml"
    written = _written(report, chosen, world.revisions.current("CAISO", report.query, day))
    members = []
    if report.reserves:
        lines = caiso_rows.reserve_lines(report, list(AS_ITEMS), None, chosen, world.revisions)
        text = _text(report, version, list(lines), kind, request, written.astimezone(UTC))
        members.append(Member(f"{stem}{suffix}_v{number}.{kind}", text, written))
    else:
        places = locations(world.nodes)
        types = [name for name in version.types if name != "MGHG" or day >= _ghg_since(report, single=False)]
        lines_of = caiso_rows.by_kind(
            caiso_rows.price_lines(report, types, places, chosen, world.revisions), version.split
        )
        for label, found in lines_of.items():
            text = _text(report, version, found, kind, request, written.astimezone(UTC))
            members.append(Member(f"{stem}{label}{suffix}_v{number}.{kind}", text, written))
    return _zip_answer(_group_name(group, day, hour, number, kind), members)


def _group_name(group: Group, day: date, hour: str | None, number: int, kind: str) -> str:
    return f"{day:%Y%m%d}_{day:%Y%m%d}_{group.name}_{hour or 'N'}_N_v{number}_{kind}.zip"


def _single_answer(
    report: Report,
    version: Version,
    lines: list[Line],
    query: Mapping[str, str],
    start: datetime,
    end: datetime,
    request: Request,
    world: World,
) -> Answer:
    stem, tail, now = _stem(report, query, start, end, world)
    kind = "csv" if query.get("resultformat") == "6" else "xml"
    if version.split and not report.reserves:
        members = [
            Member(
                f"{stem}{label}_{tail}.{kind}",
                _text(report, version, found, kind, request, world.now),
                now,
            )
            for label, found in caiso_rows.by_kind(lines, split=True).items()
        ]
    else:
        members = [
            Member(f"{stem}_{tail}.{kind}", _text(report, version, lines, kind, request, world.now), now)
        ]
    return _zip_answer(f"{stem}_{tail}.zip", members)


def _one_member(
    report: Report, text: bytes, query: Mapping[str, str], start: datetime, end: datetime, world: World
) -> Answer:
    stem, tail, now = _stem(report, query, start, end, world)
    kind = "csv" if query.get("resultformat") == "6" else "xml"
    return _zip_answer(f"{stem}_{tail}.zip", [Member(f"{stem}_{tail}.{kind}", text, now)])


def _stem(
    report: Report, query: Mapping[str, str], start: datetime, end: datetime, world: World
) -> tuple[str, str, datetime]:
    """The name of a single answer, before and after what a member adds, and the Pacific time of the request."""
    zone = ZoneInfo(PACIFIC)
    now = world.now.astimezone(zone)
    # The dates are those of the asked instants on the Pacific clock, the rest is the second of the request.
    dates = f"{start.astimezone(zone):%Y%m%d}_{end.astimezone(zone):%Y%m%d}"
    tail = f"{now:%Y%m%d_%H_%M_%S}_v{query['version']}"
    return f"{dates}_{report.query}_{report.market}", tail, now


def _zip_answer(name: str, members: list[Member]) -> Answer:
    return Answer(200, zipped(members), ZIP, (("Content-Disposition", f"inline; filename={name}"),))


def _text(
    report: Report, version: Version, lines: list[Line], kind: str, request: Request, now: datetime
) -> bytes:
    if kind == "xml":
        return caiso_rows.xml_text(report, lines, now).encode()
    return _bytes(caiso_rows.csv_text(report, version, lines), request)


def _bytes(text: str, request: Request) -> bytes:
    return (with_extra_column(text, "\n") if request.drift else text).encode()


def _written(report: Report, chosen: Sequence[Slot], revision: Revision) -> datetime:
    """When a group was made: old groups come back byte for byte, so the archive's own stamps never move."""
    made = (
        _published_at(chosen[0].day)
        if report.day_ahead
        else chosen[-1].start + timedelta(minutes=report.minutes)
    )
    return max(made, revision.at).astimezone(ZoneInfo(PACIFIC))


def _ghg_since(report: Report, single: bool) -> date:
    if not report.day_ahead:
        return date.min
    return SINGLE_GHG_SINCE if single else GROUP_GHG_SINCE


def _served(
    report: Report, start: datetime, end: datetime, kept_days: int, request: Request, world: World
) -> list[Slot]:
    """The intervals of a span that are published and not aged out.

    Raises:
        OasisError: 1000, when there is none.
    """
    oldest = clock.local_date(world.now, PACIFIC) - timedelta(days=kept_days)
    found = [
        slot
        for slot in caiso_rows.slots_between(start, end, report.minutes)
        if slot.day >= oldest and _published(report, slot, world.now)
    ]
    if request.late or not found:
        raise OasisError(1000)
    return found


def _published(report: Report, slot: Slot, now: datetime) -> bool:
    """Day ahead at 13:00 Pacific the day before; real time when the interval is over."""
    if report.day_ahead:
        return now >= _published_at(slot.day)
    return now >= slot.start + timedelta(minutes=report.minutes)


def _published_at(day: date) -> datetime:
    return datetime.combine(day - timedelta(days=1), PUBLISHED, ZoneInfo(PACIFIC))


def _places(query: Mapping[str, str], whole: str | None, world: World) -> list[str]:
    known = locations(world.nodes)
    if whole:
        if whole not in ("ALL", "ALL_APNODES"):
            raise OasisError(1001)
        return [name for name in known if whole == "ALL" or group_type(name)[0] == whole]
    asked = [name for name in query.get("node", "").split(",") if name]
    if not asked:
        raise OasisError(1001)
    if len(asked) > MOST_NODES:
        raise OasisError(1017)
    found = sorted(set(asked) & set(known))
    if not found:
        raise OasisError(1000)
    return found


def _instant(text: str | None) -> datetime:
    if not text:
        raise OasisError(1001)
    if not _STAMP.match(text):
        raise OasisError(1002)
    try:
        return datetime.strptime(text, "%Y%m%dT%H:%M%z").astimezone(UTC)
    except ValueError as error:
        raise OasisError(1002) from error


def _next_midnight(instant: datetime) -> datetime:
    return clock.midnight(clock.local_date(instant, PACIFIC) + timedelta(days=1), PACIFIC)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1
