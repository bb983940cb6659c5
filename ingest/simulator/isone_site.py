"""www.iso-ne.com and webservices.iso-ne.com: reports by name, and JSON behind an account."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from email.utils import format_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import isone_rows, lists
from ingest.simulator.answers import Answer, Request
from ingest.simulator.isone_rows import FEEDS, FIRST_DAY, SYSTEM, ZONES, Feed
from ingest.simulator.revisions import Revision
from ingest.simulator.server import etag
from ingest.simulator.world import EASTERN, World

CORRECTABLE: Mapping[str, tuple[str, ...]] = {name: (name,) for name in (*FEEDS, "locations")}
# Whoever asks with a password of this beginning is told that the account is not known.
WRONG = "wrong"
DAAS_SINCE = date(2025, 3, 1)
_REPORT = re.compile(r"^/static-transform/csv/histRpts/(?P<folder>[\w-]+)/(?P<stem>\w+)_(?P<day>\d{8})\.csv$")
_REPORTS = {
    ("da-lmp", "WW_DALMP_ISO"): "da_lmp_hourly",
    ("rt-lmp", "lmp_rt_final"): "rt_lmp_hourly_final",
    ("rt-lmp", "lmp_rt_prelim"): "rt_lmp_hourly_prelim",
}
_TITLES = {
    "da_lmp_hourly": "Day-Ahead Energy Market Hourly LMP Report",
    "rt_lmp_hourly_final": "Real-Time Energy Market Hourly LMP Report",
    "rt_lmp_hourly_prelim": "Real-Time Energy Market Hourly LMP Report",
}
_COLUMNS = (
    "Date",
    "Hour Ending",
    "Location ID",
    "Location Name",
    "Location Type",
    "Locational Marginal Price",
    "Energy Component",
    "Congestion Component",
    "Marginal Loss Component",
)
_SERVICES = {
    r"hourlylmp/da/final/day/(?P<day>\d{8})": "da_lmp_hourly",
    r"hourlylmp/rt/final/day/(?P<day>\d{8})": "rt_lmp_hourly_final",
    r"hourlylmp/rt/prelim/day/(?P<day>\d{8})": "rt_lmp_hourly_prelim",
    r"fiveminutelmp/final/day/(?P<day>\d{8})/starthour/(?P<part>\d\d)": "fiveminutelmp_final",
    r"fiveminutelmp/prelim/day/(?P<day>\d{8})/starthour/(?P<part>\d\d)": "fiveminutelmp_prelim",
    r"daasreservedata/day/(?P<day>\d{8})": "daasreservedata",
    r"hourlyfinalreserveprice/day/(?P<day>\d{8})": "hourlyfinalreserveprice",
    r"hourlyprelimreserveprice/day/(?P<day>\d{8})": "hourlyprelimreserveprice",
    r"fiveminutereserveprice/final/day/(?P<day>\d{8})": "fiveminutereserveprice",
    r"fiveminutercp/day/(?P<day>\d{8})": "fiveminutercp",
    r"hourlysysload/day/(?P<day>\d{8})": "hourlysysload",
    r"realtimehourlydemand/day/(?P<day>\d{8})/location/(?P<part>\d{4})": "realtimehourlydemand",
    r"fiveminutesystemload/day/(?P<day>\d{8})": "fiveminutesystemload",
    r"fiveminuteestimatedzonalload/day/(?P<day>\d{8})": "fiveminuteestimatedzonalload",
    r"hourlyloadforecast/all/day/(?P<day>\d{8})": "hourlyloadforecast",
    r"reliabilityregionloadforecast/day/(?P<day>\d{8})/all": "reliabilityregionloadforecast",
}
_ENVELOPES = {
    "da_lmp_hourly": ("HourlyLmps", "HourlyLmp"),
    "rt_lmp_hourly_final": ("HourlyLmps", "HourlyLmp"),
    "rt_lmp_hourly_prelim": ("HourlyLmps", "HourlyLmp"),
    "fiveminutelmp_final": ("FiveMinLmps", "FiveMinLmp"),
    "fiveminutelmp_prelim": ("FiveMinLmps", "FiveMinLmp"),
    "daasreservedata": ("isone_web_services", "day_ahead_reserves", "day_ahead_reserve"),
    "hourlyfinalreserveprice": ("FinalHourlyReservePrices", "FinalHourlyReservePrice"),
    "hourlyprelimreserveprice": ("PrelimHourlyReservePrices", "PrelimHourlyReservePrice"),
    "fiveminutereserveprice": ("FiveMinReservePrices", "FiveMinReservePrice"),
    "fiveminutercp": ("FiveMinRcps", "FiveMinRcp"),
    "hourlysysload": ("HourlySystemLoads", "HourlySystemLoad"),
    "realtimehourlydemand": ("HourlyRtDemands", "HourlyRtDemand"),
    "fiveminutesystemload": ("FiveMinSystemLoads", "FiveMinSystemLoad"),
    "fiveminuteestimatedzonalload": (
        "isone_web_services",
        "five_min_estimated_zonal_loads",
        "five_min_estimated_zonal_load",
    ),
    "hourlyloadforecast": ("HourlyLoadForecasts", "HourlyLoadForecast"),
    "reliabilityregionloadforecast": ("ReliabilityRegionLoadForecasts", "ReliabilityRegionLoadForecast"),
}


def answer_report(request: Request, world: World) -> Answer:
    """A report of a day; 404 with a page where there is none."""
    found = _REPORT.match(request.path)
    name = _REPORTS.get((found["folder"], found["stem"])) if found else None
    day = _date(found["day"]) if found else None
    if name is None or day is None or request.late or not _is_out(FEEDS[name], day, world):
        return Answer(404, b"<!doctype html><html><title>Page not found</title></html>\n", "text/html")
    revision = world.revisions.current("ISONE", name, day)
    text = _report(name, day, world.nodes, revision)
    if request.drift:
        lines = text.split("\n")
        more = {'"H"': ',"NEW_COLUMN"', '"D"': ",1"}
        text = "\n".join(line + more.get(line[:3], "") for line in lines)
    return _dated(text, "text/csv", max(isone_rows.due(FEEDS[name], day), revision.at))


def answer_service(request: Request, world: World) -> Answer:
    """An answer of the web services: 401 without an account, an empty envelope where there is nothing."""
    if not _is_known(request.headers):
        return Answer(401, b"<html><body>HTTP Status 401 - Unauthorized</body></html>", "text/html")
    if request.path == "/api/v1.1/locations/all":
        return _list(request, world)
    asked = ((name, re.fullmatch(f"/api/v1.1/{words}", request.path)) for words, name in _SERVICES.items())
    name, found = next(((name, match) for name, match in asked if match), ("", None))
    if found is None:
        return Answer(404, b"<html><body>HTTP Status 404</body></html>", "text/html")
    day, envelope = _date(found["day"]), _ENVELOPES[name]
    if day is None or request.late or not _is_out(FEEDS[name], day, world):
        return Answer(200, _enveloped("", envelope[:-1]).encode(), "application/json")
    if name == "daasreservedata" and day < DAAS_SINCE:
        return Answer(200, _enveloped("", envelope[:-1]).encode(), "application/json")
    revision = world.revisions.current("ISONE", name, day)
    items = list(_items(FEEDS[name], day, found.groupdict().get("part") or "", world, revision))
    if request.drift:
        items = [f'{item[:-1]},"NEW_COLUMN":1}}' for item in items]
    inner = items[0] if len(items) == 1 else f"[{','.join(items)}]"
    inner = f'"{envelope[-1]}":{inner}'
    return Answer(200, _enveloped(inner, envelope[:-1]).encode(), "application/json")


def _list(request: Request, world: World) -> Answer:
    """Every location, as of now."""
    found = lists.LISTS["ISONE", "locations"]
    revision = world.revisions.current("ISONE", "locations", clock.local_date(world.now, EASTERN))
    rows: list[dict[str, object]] = [
        {**row, "LocationID": int(row["LocationID"])} for row in found.rows(world.nodes, revision)
    ]
    items = [row | {"NEW_COLUMN": 1} if request.drift else row for row in rows]
    body = {"Locations": {} if request.late else {"Location": items}}
    return Answer(200, json.dumps(body, separators=(",", ":")).encode(), "application/json")


def _enveloped(inner: str, names: tuple[str, ...]) -> str:
    text = f"{{{inner}}}"
    for name in reversed(names):
        text = f'{{"{name}":{text}}}'
    return text


def _is_known(headers: Mapping[str, str]) -> bool:
    kind, _, words = headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(words).decode().partition(":")
    except ValueError:
        return False
    return kind == "Basic" and bool(user) and bool(password) and not password.startswith(WRONG)


def _date(digits: str) -> date | None:
    try:
        return datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None


def _is_out(feed: Feed, day: date, world: World) -> bool:
    return day >= FIRST_DAY and world.now >= isone_rows.due(feed, day)


def _dated(text: str, content_type: str, written: datetime) -> Answer:
    body = text.encode()
    modified = format_datetime(written.replace(microsecond=0), usegmt=True)
    return Answer(200, body, content_type, (("Last-Modified", modified), ("ETag", etag(body))))


@lru_cache(maxsize=64)
def _report(name: str, day: date, nodes: int, revision: Revision) -> str:
    feed = FEEDS[name]
    stem = next(stem for (_, stem), found in _REPORTS.items() if found == name)
    written = isone_rows.due(feed, day).astimezone(ZoneInfo(EASTERN))
    # Reports of the day ahead quote the hour, those of real time do not.
    quote = '"' if name == "da_lmp_hourly" else ""
    rows = [
        f'"D","{day:%m/%d/%Y}",{quote}{isone_rows.hour_ending(start)}{quote},"{key}","{title}","{kind}",'
        + ",".join(isone_rows.lmp_cells(feed, key, start, revision).values())
        for start in isone_rows.starts(day, 60)
        for key, title, kind in isone_rows.places(nodes)
    ]
    lines = [
        f'"C","{_TITLES[name]}"',
        f'"C","Filename: {stem}_{day:%Y%m%d}.csv"',
        f'"C","Report for: {day:%m/%d/%Y} - {day:%m/%d/%Y}"',
        f'"C","Report generated: {written:%m/%d/%Y %H:%M:%S %Z}"',
        ",".join(f'"{word}"' for word in ("H", *_COLUMNS)),
        '"H","Date","HE","String","String","String","Number","Number","Number","Number"',
        *rows,
        f'"T","{len(rows)} lines"',
    ]
    return "\n".join(lines)


def _items(feed: Feed, day: date, part: str, world: World, revision: Revision) -> Iterator[str]:
    for start in isone_rows.starts(day, feed.minutes):
        yield from _WRITERS[feed.kind](feed, start, part, world, revision)


def _lmps(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    if part and start.astimezone(ZoneInfo(EASTERN)).hour != int(part):
        return
    for key, title, kind in isone_rows.places(world.nodes):
        cells = isone_rows.lmp_cells(feed, key, start, revision)
        numbers = ",".join(f'"{name}":{cell}' for name, cell in cells.items())
        place = f'{{"@LocId":"{key}","@LocType":"{kind}","$":"{title}"}}'
        yield f'{{"BeginDate":"{isone_rows.iso_stamp(start)}","Location":{place},{numbers}}}'


def _reserves(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    # The five-minute answers stamp some seconds late.
    stamp = isone_rows.iso_stamp(start, start.minute % 3 if feed.minutes == 5 else 0)
    for key, zone in isone_rows.RESERVE_ZONES.items():
        words = [f'"BeginDate":"{stamp}","ReserveZoneId":{key},"ReserveZoneName":"{zone}"']
        words.append(
            '"TenMinSpinRequirement":373,"Total10MinRequirement":1488.8,"Total30MinRequirement":2256.9'
        )
        cells = {
            short: isone_rows.reserve_cells(feed, zone, product, start, revision)
            for product, short in isone_rows.REAL_TIME_RESERVES.items()
        }
        words += [f'"{short}DesignatedMw":{cell["quantity"]}' for short, cell in cells.items()]
        words += [f'"{short}ClearingPrice":{cell["price"]}' for short, cell in cells.items()]
        yield f"{{{','.join(words)}}}"


def _day_ahead(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    midnight = clock.midnight(clock.local_date(start, EASTERN), EASTERN)
    day = isone_rows.iso_stamp(midnight)
    begin, ending = isone_rows.iso_stamp(start), isone_rows.hour_ending(start)
    hour = f'"gmt_begin_date":"{day}","local_day":"{begin}","local_hour_end":"{ending}"'
    words = [f'"market_hour":{{{hour}}}', '"ten_min_spin_req_mw":373.5']
    for product in isone_rows.DAY_AHEAD_RESERVES:
        cells = isone_rows.reserve_cells(feed, "SYSTEM", product, start, revision)
        if "price" in cells:
            words.append(f'"{product.lower()}_clearing_price":{cells["price"]}')
        if "quantity" in cells:
            words.append(f'"{product.lower()}_designation_mw":{cells["quantity"]}')
    yield f"{{{','.join(words)}}}"


def _regulation(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    words = [f'"BeginDate":"{isone_rows.iso_stamp(start, start.minute % 4)}"']
    for product, name in isone_rows.REGULATION.items():
        cells = isone_rows.reserve_cells(feed, "SYSTEM", product, start, revision)
        words.append(f'"{name}":{cells["price"]}')
    ending = f"{start.astimezone(ZoneInfo(EASTERN)).hour + 1:02d}"
    yield f'{{{",".join(words)},"HourEnd":"{ending}"}}'


def _load(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    amount, stamp = isone_rows.megawatts(feed, SYSTEM, start, revision), isone_rows.iso_stamp(start)
    if feed.minutes == 5:
        yield f'{{"BeginDate":"{stamp}","LoadMw":{amount},"NativeLoad":{amount},"ArdDemand":0}}'
    else:
        place = '{"@LocId":"32","$":"NEPOOL AREA"}'
        yield f'{{"BeginDate":"{stamp}","Location":{place},"Load":{amount},"NativeLoad":{amount},"ArdDemand":0}}'


def _demand(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    if part in ZONES:
        place = f'{{"@LocId":"{part}","$":"{ZONES[part]}"}}'
        amount = isone_rows.megawatts(feed, part, start, revision)
        yield f'{{"BeginDate":"{isone_rows.iso_stamp(start)}","Location":{place},"Load":{amount}}}'


def _estimates(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    for key, title in ZONES.items():
        words = f'"load_zone_id":{key},"load_zone_name":"{title}"'
        amount = isone_rows.megawatts(feed, key, start, revision)
        begin = isone_rows.iso_stamp(start)
        yield f'{{"interval_begin_date":"{begin}",{words},"estimated_load_mw":{amount},"estimated_btm_pv_mw":6}}'


def _forecasts(feed: Feed, start: datetime, part: str, world: World, revision: Revision) -> Iterator[str]:
    areas = {SYSTEM: ""} if feed.name == "hourlyloadforecast" else ZONES
    for made in isone_rows.vintages(feed, clock.local_date(start, EASTERN), world.now):
        stamp = isone_rows.iso_stamp(made)
        for key, title in areas.items():
            amount = isone_rows.megawatts(feed, key, start, revision, stamp)
            place = f'"ReliabilityRegion":"{title}",' if title else ""
            begin = isone_rows.iso_stamp(start)
            yield f'{{"BeginDate":"{begin}","CreationDate":"{stamp}",{place}"LoadMw":{amount}}}'


_WRITERS: Mapping[str, Callable[[Feed, datetime, str, World, Revision], Iterator[str]]] = {
    "lmp": _lmps,
    "reserves": _reserves,
    "day-ahead reserves": _day_ahead,
    "regulation": _regulation,
    "load": _load,
    "demand": _demand,
    "estimate": _estimates,
    "forecast": _forecasts,
}
