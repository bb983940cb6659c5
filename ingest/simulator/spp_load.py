"""SPP's load: control zones by hour, and the forecast of a week that is made every hour."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import prices, spp_rows
from ingest.simulator.answers import Member, with_extra_column, zipped
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.spp_rows import EAST, TWO_AUTHORITIES_SINCE, WEST
from ingest.simulator.world import CENTRAL, World

LOAD, FORECAST = "hourly-load", "mtlf-vs-actual"
SYSTEMS = (LOAD, FORECAST)
# Files are long since then, and say which part of a zone follows the weather.
LONG_SINCE = date(2026, 3, 24)
ZONES = "CSWS EDE GRDA INDN KACY KCPL LES MPS NPPD OKGE OPPD SECI SPRM SPS WAUE WFEC WR".split()
WITH_BOTH_PARTS = ("KCPL", "LES", "NPPD", "OPPD", "WAUE", "WR")
FIRST_YEAR = 2011
KEPT_MONTHS, KEPT_DAYS, LATE = 24, 35, timedelta(days=1, hours=9)
_ZONE = ZoneInfo(CENTRAL)
_DAILY = re.compile(r"^/(\d{4})/DAILY_HOURLY_LOAD-(?P<day>\1\d{4})\.csv$")
_MONTHLY = re.compile(r"^/(\d{4})/HOURLY_LOAD-(?P<month>\1\d{2})\.csv$")
_YEARLY = re.compile(r"^/(?P<year>\d{4})/(?P=year)\.zip$")
_FORECAST = re.compile(r"^/\d{4}/\d\d/\d\d/OP-MTLF-(?P<made>\d{12})(?P<mark>d?)\.csv$")


def file_of(system: str, path: str, world: World) -> tuple[str, datetime] | None:
    """The text of a file and when it was written, or nothing where there is none."""
    if system == FORECAST:
        return _forecast_file(path, world)
    days = _days(path)
    today = clock.local_date(world.now, CENTRAL)
    kept = today - timedelta(days=KEPT_DAYS) if len(days) == 1 else oldest_day(world.now)
    if not days or days[-1] < kept:
        return None
    due = clock.midnight(days[-1] + timedelta(days=1), CENTRAL).astimezone(UTC) + LATE
    if world.now < due:
        return None
    revisions = [world.revisions.current("SPP", LOAD, day) for day in days]
    lines = [line for day, revision in zip(days, revisions, strict=True) for line in _lines(day, revision)]
    text = "\n".join([_header(days[-1]), *lines, ""])
    return text, max([due, *(revision.at for revision in revisions)])


def archive_of(path: str, world: World, drift: bool) -> tuple[bytes, datetime] | None:
    """The files of a year's months in one archive, from the second year after it on, and when it was written."""
    found = _YEARLY.match(path)
    year = int(found["year"]) if found else 0
    if not FIRST_YEAR <= year <= clock.local_date(world.now, CENTRAL).year - 2:
        return None
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365 + isleap(year))]
    revisions = tuple(world.revisions.current("SPP", LOAD, day) for day in days)
    written = max(
        [datetime(year + 2, 1, 1, tzinfo=UTC), *(revision.at for revision in revisions if revision.amount)]
    )
    return _archive(tuple(days), revisions, written, drift), written


@lru_cache(maxsize=4)
def _archive(
    days: tuple[date, ...], revisions: tuple[Revision, ...], written: datetime, drift: bool
) -> bytes:
    months: dict[int, list[str]] = {}
    for day, revision in zip(days, revisions, strict=True):
        months.setdefault(day.month, [_header(day)]).extend(_lines(day, revision))
    members = []
    for month, lines in months.items():
        text = "\n".join([*lines, ""])
        text = with_extra_column(text, "\n") if drift else text
        members.append(Member(f"HOURLY_LOAD-{days[0].year}{month:02}.csv", text.encode(), written))
    return zipped(members)


def oldest_day(now: datetime) -> date:
    """The first day of which the portal has files still: older ones are zipped by year."""
    today = clock.local_date(now, CENTRAL)
    year, month = divmod(today.year * 12 + today.month - 1 - KEPT_MONTHS, 12)
    return date(year, month + 1, min(today.day, 28))


def _days(path: str) -> list[date]:
    if found := _DAILY.match(path):
        return [datetime.strptime(found["day"], "%Y%m%d").date()]
    if found := _MONTHLY.match(path):
        first = datetime.strptime(found["month"], "%Y%m").date()
        return [day for number in range(31) if (day := first + timedelta(days=number)).month == first.month]
    return []


def _header(day: date) -> str:
    if day >= LONG_SINCE:
        return "Market Hour,Balancing Area Name,Control Zone Name,Forecast Area Type,Load MW"
    return ",".join(["MarketHour", *(f" {zone}" for zone in ZONES)])


def _lines(day: date, revision: Revision) -> list[str]:
    found = []
    for start in spp_rows.starts(day, 60):
        end = start + timedelta(hours=1)
        if day < LONG_SINCE:
            cells = [load_cell(zone, start, revision) for zone in ZONES]
            found.append(",".join([f"{end:%m/%d/%Y %H:%M:%S}", *cells]))
            continue
        for zone in ZONES:
            for kind in ("CF", "NC") if zone in WITH_BOTH_PARTS else ("CF",):
                cell = load_cell(f"{zone} {kind}", start, revision)
                found.append(f"{end:%m/%d/%Y %H:%M:%S},{EAST},{zone},{kind},{cell}")
    return found


def load_cell(area: str, start: datetime, revision: Revision = ORIGINAL) -> str:
    """The load of a control zone, or of a part of one, in an hour: megawatts with three decimals."""
    return f"{_amount('load', area, start, revision):.3f}"


def _amount(series: str, area: str, start: datetime, revision: Revision) -> float:
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    size = 400 + prices.seed("SPP", "load", area) % 3000
    draw = prices.mix(prices.seed("SPP", series, area), minute) % 400 - 200
    amount = size * (100 - abs(16 - local.hour) * 2) / 100 * (1 + draw / 5000)
    return amount + revision.amount_for(area, local.hour) / prices.DOLLAR


def _forecast_file(path: str, world: World) -> tuple[str, datetime] | None:
    found = _FORECAST.match(path)
    made = _made(path, found) if found else None
    if made is None or world.now < made or clock.local_date(made, CENTRAL) < oldest_day(world.now):
        return None
    revision = world.revisions.current("SPP", FORECAST, clock.local_date(made, CENTRAL))
    both = clock.local_date(made, CENTRAL) >= TWO_AUTHORITIES_SINCE
    lines = ["Interval,GMTIntervalEnd,MTLF,Averaged Actual" + (",BAA" if both else "")]
    for hour in range(168, -25, -1):
        end = made + timedelta(hours=hour)
        start = end - timedelta(hours=1)
        stamps = [f"{spp_rows.printed_end(start, 60):%m/%d/%Y %H:%M:%S}", f"{end:%m/%d/%Y %H:%M:%S}"]
        for area in (EAST, WEST) if both else (EAST,):
            actual = str(round(_amount("load", area, start, ORIGINAL))) if hour < 1 else ""
            cells = [forecast_cell(area, made, start, revision), actual]
            lines.append(",".join([*stamps, *cells, *([area] if both else [])]))
    return "\n".join([*lines, ""]), max(made, revision.at)


def forecast_cell(area: str, made: datetime, start: datetime, revision: Revision = ORIGINAL) -> str:
    """What a file expects of a balancing authority in an hour: whole megawatts."""
    return str(round(_amount(f"expected {made:%Y%m%d%H}", area, start, revision)))


def _made(path: str, found: re.Match[str]) -> datetime | None:
    """The moment that a file is named after, where the portal has such a file."""
    wall = datetime.strptime(found["made"], "%Y%m%d%H%M")
    for hours_behind in (5, 6):
        made = wall.replace(tzinfo=UTC) + timedelta(hours=hours_behind)
        if made.minute == 0 and forecast_path(made) == path:
            return made
    return None


def forecast_path(made: datetime) -> str:
    """Where the file of an hour lies: named as the hour that ends then calls it, with a d in its second pass."""
    before = made - timedelta(hours=1)
    wall = spp_rows.printed_end(before, 60)
    mark = "d" if before.astimezone(_ZONE).fold else ""
    return f"/{wall:%Y/%m/%d}/OP-MTLF-{wall:%Y%m%d%H%M}{mark}.csv"


CORRECTABLE: Mapping[str, tuple[str, ...]] = {name: (name,) for name in SYSTEMS}
