"""MIS rows: the stamps of a day, the prices at them, and the text of a daily file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import nyiso_load, prices
from ingest.simulator.nyiso_files import (
    REFERENCE_BUS,
    WEST_OF_CENTRAL_EAST,
    ZONES,
    Place,
    Publication,
    lbmp_columns,
    places,
    regions,
    reserve_columns,
)
from ingest.simulator.prices import DOLLAR, Price
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import EASTERN

CENT = 10_000
CRLF = "\r\n"
_ZONE = ZoneInfo(EASTERN)
LOOK_AHEAD = timedelta(hours=2)


@dataclass(frozen=True)
class Mark:
    """A stamp of a file: the instant it names and the local words for it."""

    instant: datetime
    local: datetime
    advisory: bool = False

    @property
    def minute(self) -> int:
        """The minute of the stamp, counted from 1970 in UTC."""
        return int(self.instant.timestamp()) // 60


@lru_cache(maxsize=256)
def marks(publication: Publication, day: date, revision: Revision = ORIGINAL) -> tuple[Mark, ...]:
    """Every stamp of a complete day in order of time.

    Interval-ending files run from 00:05 to midnight of the next day, and have runs off the grid on some days;
    a revision may drop stamps and add others.
    """
    instants = list(_grid(day, publication.minutes, publication.closes))
    if publication.kind == "forecast":
        days = (day + timedelta(days=ahead) for ahead in range(nyiso_load.DAYS))
        instants = [instant for one in days for instant in _grid(one, publication.minutes, False)]
    if publication.closes or publication.runs:
        begin = clock.midnight(day, EASTERN) - timedelta(seconds=publication.runs)
        instants += off_grid(day)
        instants += [_local_instant(day, text) for text in revision.added]
        instants = sorted({instant for instant in instants if instant > begin})
    found = [Mark(instant, instant.astimezone(_ZONE)) for instant in instants]
    if not revision.dropped:
        return tuple(found)
    return tuple(mark for mark in found if f"{mark.local:%H:%M:%S}" not in revision.dropped)


@lru_cache(maxsize=512)
def _grid(day: date, minutes: int, closes: bool) -> tuple[datetime, ...]:
    instant, end = clock.midnight(day, EASTERN), clock.midnight(day + timedelta(days=1), EASTERN)
    step = timedelta(minutes=minutes)
    found = []
    while instant < end:
        found.append(instant + step if closes else instant)
        instant += step
    return tuple(found)


def off_grid(day: date) -> list[datetime]:
    """The runs between the grid's stamps: none on two days of three, else one to five."""
    draw = prices.mix(prices.seed("NYISO", "off grid"), day.toordinal())
    if draw % 3:
        return []
    begin = clock.midnight(day, EASTERN)
    found = []
    for turn in range(1 + (draw >> 8) % 5):
        second = prices.mix(draw, turn) % (23 * 3600)
        found.append(begin + timedelta(seconds=second + 1 if second % 300 == 0 else second))
    return found


def _local_instant(day: date, text: str) -> datetime:
    hour, minute, second = (int(part) for part in text.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=_ZONE).astimezone(UTC)


def lbmp(publication: Publication, name: str, mark: Mark, revision: Revision = ORIGINAL) -> Price:
    """The price of a point at a stamp, congestion signed as a part of the total (the file negates it)."""
    price = (
        _integrated(name, mark) if publication.folder == "rtlbmp" else _run(publication.folder, name, mark)
    )
    extra = revision.amount_for(name, _hour(publication, mark))
    return Price(price.energy, price.congestion + extra, price.loss)


def _hour(publication: Publication, mark: Mark) -> int:
    moment = mark.instant - timedelta(seconds=1) if publication.closes else mark.instant
    return moment.astimezone(_ZONE).hour


def _run(folder: str, name: str, mark: Mark) -> Price:
    series = prices.seed("NYISO", folder, "look ahead" if mark.advisory else "")
    energy, worst = _system(series, mark.minute, mark.local.hour, mark.local.month)
    if name == REFERENCE_BUS:
        return Price(energy, 0, 0)
    place = prices.seed("NYISO", name)
    jam = prices.congestion(series, place, mark.minute, worst, CENT)
    return Price(energy, jam, prices.loss(place, energy, CENT))


@lru_cache(maxsize=20_000)
def _system(series: int, minute: int, hour: int, month: int) -> tuple[int, int]:
    return prices.energy(series, minute, hour, month, CENT), prices.severity(series, minute)


def _integrated(name: str, mark: Mark) -> Price:
    """The hour as the time-weighted mean of the runs that close inside it, each part rounded to cents."""
    energy = jam = loss = 0
    for run, seconds in _runs_of(mark.instant):
        price = _run("realtime", name, run)
        energy += price.energy * seconds
        jam += price.congestion * seconds
        loss += price.loss * seconds
    return Price(*(prices.rounded(total // 3600, CENT) for total in (energy, jam, loss)))


@lru_cache(maxsize=64)
def _runs_of(start: datetime) -> tuple[tuple[Mark, int], ...]:
    end = start + timedelta(hours=1)
    day = clock.local_date(start, EASTERN)
    stamps = sorted({*_grid(day, 5, True), *off_grid(day)})
    before, found = start, []
    for instant in stamps:
        if start < instant <= end:
            found.append((Mark(instant, instant.astimezone(_ZONE)), int((instant - before).total_seconds())))
            before = instant
    return tuple(found)


@dataclass(frozen=True)
class Reserves:
    """The prices of a region at a stamp; a faster reserve is never cheaper than a slower one."""

    spinning: int
    non_synchronous: int
    operating: int
    regulation: int
    movement: int


def region_of(name: str) -> str:
    """The reserve region of a zone: ``West``, ``East``, or ``SENY`` for the south-east."""
    if name in WEST_OF_CENTRAL_EAST:
        return "West"
    return "East" if name == "CAPITL" else "SENY"


def reserves(publication: Publication, region: str, mark: Mark, revision: Revision = ORIGINAL) -> Reserves:
    """The prices of a region: the west's, plus what it costs to hold the reserve further east and south."""
    series, hour = prices.seed("NYISO", publication.folder), _hour(publication, mark)

    def draw(product: str) -> int:
        return prices.reserve(series, prices.seed(product), mark.minute, hour, CENT)

    further = {"": 0, "West": 0, "East": draw("east") // 4, "SENY": draw("east") // 4 + draw("south") // 4}[
        region
    ]
    further = prices.rounded(further, CENT) + revision.amount_for(region, hour)
    operating = draw("operating")
    non_synchronous = operating + prices.rounded(draw("non synchronous") // 3, CENT)
    spinning = non_synchronous + prices.rounded(draw("spinning") // 3, CENT)
    return Reserves(
        spinning + further,
        non_synchronous + further,
        operating + (prices.rounded(further // 2, CENT)),
        draw("regulation"),
        prices.rounded(draw("movement") % DOLLAR, CENT),
    )


def cents(amount: int) -> str:
    """An amount as the files print it: two decimals."""
    text = prices.decimals(amount, 2)
    return "0.00" if text == "-0.00" else text


def lbmp_cells(price: Price) -> tuple[str, str, str]:
    """LBMP, losses and congestion as printed: LBMP = energy + losses - congestion."""
    return cents(price.total), cents(price.loss), cents(-price.congestion)


def reserve_cells(found: Reserves) -> tuple[str, str, str, str]:
    """Spinning, non-synchronous, operating reserve and regulation capacity as printed."""
    return (
        cents(found.spinning),
        cents(found.non_synchronous),
        cents(found.operating),
        cents(found.regulation),
    )


def file_text(publication: Publication, day: date, nodes: int, revision: Revision, until: datetime) -> str:
    """A daily file as it stands at an instant, empty of rows before the first stamp.

    The file of a day that is still running ends with rows that nothing marks: the look-ahead of the next two
    hours, on the quarter hours.
    """
    found = list(marks(publication, day, revision))
    if not publication.day_ahead:
        length = timedelta(0) if publication.closes else timedelta(minutes=publication.minutes)
        out = [mark for mark in found if mark.instant + length <= until]
        if publication.folder == "realtime" and out and len(out) < len(found):
            out += [
                Mark(mark.instant, mark.local, advisory=True)
                for mark in found[len(out) :]
                if mark.instant <= out[-1].instant + LOOK_AHEAD
                and mark.local.minute % 15 == mark.local.second == 0
            ]
        found = out
    header: Sequence[str]
    rows: Iterator[str]
    if publication.kind in ("load", "forecast"):
        stamps = [(mark.instant, mark.local, stamp_text(publication, mark)) for mark in found]
        rows, header = nyiso_load.file_rows(publication, day, stamps, revision)
    elif publication.kind == "lbmp":
        rows = _lbmp_rows(publication, places(publication.generators, nodes), found, revision)
        header = lbmp_columns(day)
    else:
        rows = _reserve_rows(publication, day, found, revision)
        header = reserve_columns(publication.stem, day)
    if publication.quoted:
        header = [f'"{name}"' for name in header]
    return CRLF.join([",".join(header), *rows]) + CRLF


def stamp_text(publication: Publication, mark: Mark) -> str:
    """A stamp as the file prints it, without the zone."""
    return f"{mark.local:%m/%d/%Y %H:%M:%S}" if publication.seconds else f"{mark.local:%m/%d/%Y %H:%M}"


def _lbmp_rows(
    publication: Publication, points: Sequence[Place], found: Sequence[Mark], revision: Revision
) -> Iterator[str]:
    quote = '"' if publication.quoted else ""
    names = [f"{quote}{point.name}{quote},{point.ptid}" for point in points]
    for mark in found:
        stamp = f"{quote}{stamp_text(publication, mark)}{quote}"
        for point, name in zip(points, names, strict=True):
            total, loss, congestion = lbmp_cells(lbmp(publication, point.name, mark, revision))
            yield f"{stamp},{name},{total},{loss},{congestion}"


def _reserve_rows(
    publication: Publication, day: date, found: Sequence[Mark], revision: Revision
) -> Iterator[str]:
    columns = reserve_columns(publication.stem, day)
    blocks = regions(day)
    with_movement = "Movement" in columns[-1]
    for mark in found:
        stamp = stamp_text(publication, mark)
        if blocks:
            cells = [
                text
                for region in blocks
                for text in reserve_cells(reserves(publication, region, mark, revision))
            ]
            extra = [cents(reserves(publication, blocks[-1], mark).movement)] if with_movement else []
            yield ",".join([stamp, *cells, *extra])
            continue
        for name, ptid in sorted(ZONES.items()):
            price = reserves(publication, region_of(name), mark, revision)
            tail = f",{cents(price.movement)}" if with_movement else ""
            yield f"{stamp},{mark.local:%Z},{name},{ptid},{','.join(reserve_cells(price))}{tail}"
