"""OASIS rows: the slots of a trade day, the price in each, and the CSV text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import prices
from ingest.simulator.caiso_errors import DISCLAIMER
from ingest.simulator.caiso_reports import (
    AS_ITEMS,
    COMPONENTS,
    GROUP_GHG_SINCE,
    Report,
    Version,
    group_type,
    regions_of,
)
from ingest.simulator.prices import Price
from ingest.simulator.revisions import ORIGINAL, Revision, Revisions
from ingest.simulator.world import PACIFIC

TICK = 10  # LMPs have five decimals
AS_TICK = 10_000  # reserve prices have cents


@dataclass(frozen=True)
class Slot:
    """An interval of a trade day with the words OASIS has for it."""

    start: datetime
    minute: int
    day: date
    hour: int
    month: int
    operating_hour: int
    interval: int
    start_text: str
    end_text: str

    @property
    def head(self) -> str:
        """The columns that open a row; real time pads the hour."""
        hour = f"{self.operating_hour},0" if self.interval == 0 else f"{self.operating_hour:02d}"
        return f"{self.start_text},{self.end_text},{self.day},{hour}"


def stamp(instant: datetime) -> str:
    """An instant as OASIS prints it."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}-00:00"


@lru_cache(maxsize=2048)
def slots(day: date, minutes: int) -> tuple[Slot, ...]:
    """The intervals of a trade day in order of time.

    The hour that spring skips is missing (1, 2, 4, ...); the hour that autumn repeats is operating hour 25,
    between 2 and 3 in time.
    """
    zone = ZoneInfo(PACIFIC)
    instant = clock.midnight(day, PACIFIC)
    end = clock.midnight(day + timedelta(days=1), PACIFIC)
    step = timedelta(minutes=minutes)
    found = []
    while instant < end:
        local = instant.astimezone(zone)
        found.append(
            Slot(
                start=instant,
                minute=int(instant.timestamp()) // 60,
                day=day,
                hour=local.hour,
                month=local.month,
                operating_hour=25 if local.fold else local.hour + 1,
                interval=0 if minutes == 60 else local.minute // minutes + 1,
                start_text=stamp(instant),
                end_text=stamp(instant + step),
            )
        )
        instant += step
    return tuple(found)


def slots_between(start: datetime, end: datetime, minutes: int) -> list[Slot]:
    """The intervals that begin inside a span of instants, by trade day."""
    found: list[Slot] = []
    day = clock.local_date(start, PACIFIC)
    while clock.midnight(day, PACIFIC) < end:
        found.extend(slot for slot in slots(day, minutes) if start <= slot.start < end)
        day += timedelta(days=1)
    return found


def price(report: str, location: str, slot: Slot, revision: Revision = ORIGINAL) -> Price:
    """The price of a location in a slot."""
    series = prices.seed("CAISO", report)
    system = prices.energy(series, slot.minute, slot.hour, slot.month, TICK)
    return _at(series, location, slot, system, prices.severity(series, slot.minute), revision)


def _at(series: int, location: str, slot: Slot, system: int, worst: int, revision: Revision) -> Price:
    place = prices.seed("CAISO", location)
    ghg = 0
    if location.startswith("ELAP_") and slot.day >= GROUP_GHG_SINCE:
        # Outside California the price is lower by what a ton of carbon costs inside it.
        ghg = -prices.rounded(prices.mix(series ^ place, ~slot.minute) % (9 * prices.DOLLAR), TICK)
    jam = prices.congestion(series, place, slot.minute, worst, TICK) + revision.amount_for(
        location, slot.hour
    )
    return Price(system, jam, prices.loss(place, system, TICK), ghg)


def component(value: Price, kind: str) -> int:
    """The amount of an LMP_TYPE."""
    match kind:
        case "LMP":
            return value.total
        case "MCC":
            return value.congestion
        case "MCE":
            return value.energy
        case "MCL":
            return value.loss
        case _:
            return value.ghg


def reserve_price(report: str, product: str, region: str, slot: Slot, revision: Revision = ORIGINAL) -> int:
    """The shadow price of a reserve product in a region."""
    series = prices.seed("CAISO", report)
    amount = prices.reserve(series, prices.seed(product, region), slot.minute, slot.hour, AS_TICK)
    return amount + revision.amount_for(region, slot.hour)


@lru_cache(maxsize=512)
def _order(count: int, salt: int) -> tuple[int, ...]:
    return tuple(sorted(range(count), key=lambda index: prices.mix(salt, index)))


def unsorted(chosen: Sequence[Slot], salt: int, minutes: int) -> list[int]:
    """The order of a group's rows: shuffled in hourly reports, by interval and then by hour in the others."""
    if minutes == 60:
        return list(_order(len(chosen), salt % 16))
    return sorted(range(len(chosen)), key=lambda index: (chosen[index].interval, chosen[index].start))


class Line(NamedTuple):
    """One row before it is printed (a tuple: there are millions)."""

    slot: Slot
    location: str
    kind: str
    item: str
    amount: int
    group: int


def by_day(chosen: Iterable[Slot]) -> dict[date, list[Slot]]:
    """Slots by trade day."""
    days: dict[date, list[Slot]] = {}
    for slot in chosen:
        days.setdefault(slot.day, []).append(slot)
    return days


def price_lines(
    report: Report, types: Sequence[str], places: Sequence[str], chosen: Sequence[Slot], revisions: Revisions
) -> Iterator[Line]:
    """The rows of an LMP report: trade day, then location, then component, each with a GROUP of its own."""
    series = prices.seed("CAISO", report.query)
    group = 0
    for day, of_day in by_day(chosen).items():
        revision = revisions.current("CAISO", report.query, day)
        system = [prices.energy(series, s.minute, s.hour, s.month, TICK) for s in of_day]
        worst = [prices.severity(series, s.minute) for s in of_day]
        for place in places:
            there = [_at(series, place, slot, system[i], worst[i], revision) for i, slot in enumerate(of_day)]
            for kind in types:
                group += 1
                for index in unsorted(of_day, group, report.minutes):
                    amount = component(there[index], kind)
                    yield Line(of_day[index], place, kind, COMPONENTS[kind], amount, group)


def by_kind(lines: Iterable[Line], split: bool) -> dict[str, list[Line]]:
    """The rows of each member, by what its name says of the component (``_LMP``, or nothing)."""
    parts: dict[str, list[Line]] = {}
    for line in lines:
        parts.setdefault(f"_{line.kind}" if split else "", []).append(line)
    return parts


def reserve_lines(
    report: Report,
    products: Sequence[str],
    wanted: Sequence[str] | None,
    chosen: Sequence[Slot],
    revisions: Revisions,
) -> Iterator[Line]:
    """The rows of a reserve price report: trade day, then product, then region."""
    group = 0
    for day, of_day in by_day(chosen).items():
        revision = revisions.current("CAISO", report.query, day)
        for product in products:
            for region in regions_of(product):
                if wanted is not None and region not in wanted:
                    continue
                group += 1
                for index in unsorted(of_day, group, report.minutes):
                    slot = of_day[index]
                    amount = reserve_price(report.query, product, region, slot, revision)
                    yield Line(slot, region, product, AS_ITEMS[product], amount, group)


def csv_text(report: Report, version: Version, lines: Iterable[Line]) -> str:
    """A CSV member: LF line ends, nothing quoted."""
    rows = [report.header(version)]
    if report.reserves:
        rows.extend(_reserve_row(report, line) for line in lines)
    else:
        rows.extend(_price_rows(report, version, lines))
    return "\n".join(rows) + "\n"


def _price_rows(report: Report, version: Version, lines: Iterable[Line]) -> Iterator[str]:
    heads: dict[int, str] = {}
    middle, group = "", 0
    for slot, name, kind, item, amount, number in lines:
        if number != group:
            group = number
            middle = f"{name},{name},{name},{report.market},{kind},{item},{name},{','.join(group_type(name))}"
        head = heads.get(slot.minute) or heads.setdefault(slot.minute, slot.head)
        text = prices.decimals(amount, 5) if version.fixed else prices.bare(amount, 5)
        if slot.interval:
            yield f"{head},{middle},{text},{slot.interval},{group}"
        else:
            yield f"{head},{middle},{text},{group}"


# What OPR_TYPE says: "Hourly" is genuine, the word of the 15-minute market is not known.
_OPERATING_TYPE = {"DAM": "Hourly", "RTM": "Interval"}


def _reserve_row(report: Report, line: Line) -> str:
    slot, amount, kind = line.slot, prices.bare(line.amount, 2), _OPERATING_TYPE[report.market]
    if report.day_ahead:
        return f"{slot.head},{kind},{line.kind},{line.location},DAM,{line.item},{amount},{line.group}"
    middle = f"{kind},{line.kind},{line.item},{report.market},{amount},{line.location}"
    return f"{slot.head},{middle},{slot.interval},{line.group}"


def xml_text(report: Report, lines: Iterable[Line], now: datetime) -> str:
    """An XML member: one REPORT_ITEM per data item, without prefix, as version 1 of the schema has it."""
    items: dict[str, list[Line]] = {}
    for line in lines:
        items.setdefault(line.item, []).append(line)
    out = [
        '<?xml version="1.0" encoding="UTF-8"?><OASISReport xmlns="http://www.caiso.com/soa/OASISReport_v1.xsd">',
        "<MessageHeader>",
        f"<TimeDate>{stamp(now.astimezone(UTC))}</TimeDate>",
        "<Source>OASIS</Source>",
        "<Version>v20131201</Version>",
        "</MessageHeader>",
        "<MessagePayload>",
        "<RTO>",
        "<name>CAISO</name>",
    ]
    for item, found in items.items():
        out += [
            "<REPORT_ITEM>",
            "<REPORT_HEADER>",
            "<SYSTEM>OASIS</SYSTEM>",
            "<TZ>PPT</TZ>",
            f"<REPORT>{report.query}</REPORT>",
            f"<MKT_TYPE>{report.market}</MKT_TYPE>",
            "<UOM>US$/MWh</UOM>",
            "<INTERVAL>ENDING</INTERVAL>",
            f"<SEC_PER_INTERVAL>{report.minutes * 60}</SEC_PER_INTERVAL>",
            "</REPORT_HEADER>",
        ]
        places = 2 if report.reserves else 5
        for line in found:
            out += [
                "<REPORT_DATA>",
                f"<DATA_ITEM>{item}</DATA_ITEM>",
                f"<RESOURCE_NAME>{line.location}</RESOURCE_NAME>",
                f"<OPR_DATE>{line.slot.day}</OPR_DATE>",
                f"<INTERVAL_NUM>{_interval_number(report, line.slot)}</INTERVAL_NUM>",
                f"<INTERVAL_START_GMT>{line.slot.start_text}</INTERVAL_START_GMT>",
                f"<INTERVAL_END_GMT>{line.slot.end_text}</INTERVAL_END_GMT>",
                f"<VALUE>{prices.bare(line.amount, places)}</VALUE>",
                "</REPORT_DATA>",
            ]
        out.append("</REPORT_ITEM>")
    out += [
        "<DISCLAIMER_ITEM>",
        # Genuine reports have two blanks where the error documents have one.
        f"<DISCLAIMER>{DISCLAIMER.replace('. ', '.  ', 1)}</DISCLAIMER>",
        "</DISCLAIMER_ITEM>",
        "</RTO>",
        "</MessagePayload>",
        "</OASISReport>",
    ]
    return "\n".join(out) + "\n"


def _interval_number(report: Report, slot: Slot) -> int:
    if report.minutes == 60:
        return slot.operating_hour
    return (slot.operating_hour - 1) * (60 // report.minutes) + slot.interval
