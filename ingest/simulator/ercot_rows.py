"""ERCOT rows: reports, their documents and places, and the lines that print their prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import ercot_load, prices, spp_rows
from ingest.simulator.answers import Member, zipped
from ingest.simulator.prices import Price
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import CENTRAL

CENT = 10_000
FIRST_DAY = date(2010, 12, 1)
PUBLISHED_AT = time(12, 33)
CORRECTED_AT = time(21, 30)
LOAD_AT = time(5, 50)
QUARTER = timedelta(minutes=15)
# A document of this quarter of every day is published twice.
TWICE = time(3)
ECRS_SINCE = date(2023, 6, 10)
SERVICES = ("REGDN", "REGUP", "RRS", "NSPIN", "ECRS")
# Settlement points with the types that the 15-minute report prints; some names have two.
POINTS: Mapping[str, tuple[str, ...]] = {
    "HB_BUSAVG": ("SH",),
    "HB_HOUSTON": ("HU",),
    "HB_HUBAVG": ("AH",),
    "LZ_AEN": ("LZ", "LZEW"),
    "LZ_HOUSTON": ("LZ", "LZEW"),
    "DC_E": ("LZ_DC", "LZ_DCEW"),
}
# Buses have names that points may have as well.
BUSES = ("HB_HOUSTON", "ADICKS__138C", "0001")
# Energy and reserves are dispatched together since.
TOGETHER_SINCE = date(2025, 12, 5)
ORDC_ADDERS = ("RTORPA", "RTOFFPA", "RTORDPA")
ADDERS = ("RTRDPA", "RTRDPARUS", "RTRDPARDS", "RTRDPARRS", "RTRDPAECRS", "RTRDPANSS")
QUARTER_ORDC_ADDERS = ("RTRSVPOR", "RTRSVPOFF", "RTRDP")
QUARTER_ADDERS = ("RTRDPA", "RTRDPRU", "RTRDPRD", "RTRDPRRS", "RTRDPECRS", "RTRDPNS")
_ZONE = ZoneInfo(CENTRAL)


@dataclass(frozen=True)
class Report:
    """A report: its EMIL name, its number in lists, the word in its documents' names, and how long it is shown."""

    name: str
    number: str
    word: str
    kind: Literal["day", "quarter", "run", "hour"]
    minutes: int
    days_shown: int
    columns: str
    holds: Literal["points", "buses", "services", "lambda", "adders", "load", "forecast"] = "points"
    # Corrections come in the evening of the day itself, all of it corrected, with a code of their own in numbers:
    # several kinds share a report.
    code: str = ""

    @property
    def prefix(self) -> str:
        """What the numbers of its documents begin with."""
        return self.code or self.number

    def header(self, day: date) -> str:
        """The first line of a document, in the era that the delivery date lies in."""
        if day >= TOGETHER_SINCE and self.holds == "lambda" and self.kind == "run":
            return self.columns.replace("SystemLambda", "CappedSystemLambda,UncappedSystemLambda")
        if self.holds == "adders":
            before = day < TOGETHER_SINCE
            if self.kind == "quarter":
                behind = "DSTFlag" if before else "RepeatedHourFlag"
            else:
                behind = "RTOLCAP,RTOLHSL" if before else "RTOLHSL,RTDLL"
            return f"{self.columns},{','.join(self.parts(day))},{behind}"
        return self.columns

    def parts(self, day: date) -> tuple[str, ...]:
        """The components of a report of system-wide prices, by the names in the tables."""
        if self.holds == "adders" and self.kind == "quarter":
            return QUARTER_ADDERS if day >= TOGETHER_SINCE else QUARTER_ORDC_ADDERS
        if self.holds == "adders":
            return ADDERS if day >= TOGETHER_SINCE else ORDC_ADDERS
        if self.kind == "run" and day >= TOGETHER_SINCE:
            return ("SYSTEM_LAMBDA_CAPPED", "SYSTEM_LAMBDA_UNCAPPED")
        return ("SYSTEM_LAMBDA",)


DAY_AHEAD, QUARTERLY = "DeliveryDate,HourEnding", "DeliveryDate,DeliveryHour,DeliveryInterval"
RUN = "SCEDTimestamp,RepeatedHourFlag"
POINT = "SettlementPoint,SettlementPointPrice"
CORRECTED = "PriceCorrectionTime,DSTFlag"
TYPED = "SettlementPointName,SettlementPointType,SettlementPointPrice"
REPORTS: Mapping[str, Report] = {
    item.name: item
    for item in (
        Report("NP4-190-CD", "12331", "DAMSPNP4190", "day", 60, 31, f"{DAY_AHEAD},{POINT},DSTFlag"),
        Report("NP6-905-CD", "12301", "SPPHLZNP6905", "quarter", 15, 7, f"{QUARTERLY},{TYPED},DSTFlag"),
        Report("NP6-788-CD", "12300", "LMPSROSNODENP6788", "run", 5, 5, f"{RUN},SettlementPoint,LMP"),
        Report(
            "NP4-188-CD",
            "12329",
            "DAMCPCNP4188",
            "day",
            60,
            31,
            f"{DAY_AHEAD},AncillaryType,MCPC,DSTFlag",
            "services",
        ),
        Report(
            "NP6-331-CD",
            "24898",
            "RTCPCNP6331",
            "quarter",
            15,
            7,
            f"{QUARTERLY},RepeatedHourFlag,ASType,MCPC",
            "services",
        ),
        Report(
            "NP4-183-CD",
            "12328",
            "DAMHRLMPNP4183",
            "day",
            60,
            31,
            f"{DAY_AHEAD},BusName,LMP,DSTFlag",
            "buses",
        ),
        Report(
            "NP6-787-CD", "11485", "LMPSELECTRICALBUSNP6787", "run", 5, 5, f"{RUN},ElectricalBus,LMP", "buses"
        ),
        Report(
            "NP4-523-CD",
            "13113",
            "DAMSYSLAMBDANP4523",
            "day",
            60,
            31,
            f"{DAY_AHEAD},SystemLambda,DSTFlag",
            "lambda",
        ),
        Report(
            "NP6-322-CD",
            "13114",
            "SCEDSYSLAMBDANP6322",
            "run",
            5,
            5,
            "SCEDTimeStamp,RepeatedHourFlag,SystemLambda",
            "lambda",
        ),
        Report(
            "DAM_SPP",
            "13044",
            "DAM_SPP",
            "day",
            60,
            31,
            f"DeliveryDate,DeliveryHour,SettlementPoint,SPPOriginal,SPPCorrected,{CORRECTED}",
            code="93044",
        ),
        Report(
            "DAM_MCPC",
            "13044",
            "DAM_MCPC",
            "day",
            60,
            31,
            f"DeliveryDate,DeliveryHour,ASType,MCPCOriginal,MCPCCorrected,{CORRECTED}",
            "services",
            code="94044",
        ),
        Report(
            "RTM_SPP",
            "13045",
            "RTM_SPP",
            "day",
            15,
            31,
            f"{QUARTERLY},SettlementPointName,SettlementPointType,SPPOriginal,SPPCorrected,{CORRECTED}",
            code="93045",
        ),
        *(
            Report(name, number, word, "day", 60, 31, columns, "load")
            for name, number, word, columns in ercot_load.ACTUAL
        ),
        Report("NP6-323-CD", "13221", "RTPRICEADDERSNP6323", "run", 5, 5, f"{RUN},SystemLambda", "adders"),
        Report("NP6-324-CD", "13220", "RTPRICEADDERS15NP6324", "quarter", 15, 5, QUARTERLY, "adders"),
        *(
            Report(name, number, word, "hour", 60, 7, columns, "forecast")
            for name, number, word, columns in ercot_load.FORECASTS
        ),
    )
}


@dataclass(frozen=True)
class Document:
    """A document of a report: the intervals in it, and which publication of them it is."""

    report: Report
    start: datetime
    copy: int = 0

    @property
    def day(self) -> date:
        """The delivery date."""
        return clock.local_date(self.start, CENTRAL)

    @property
    def name(self) -> str:
        """What the list calls it, without the format."""
        retry = "_retry" if self.copy else ""
        if self.report.kind == "day":
            return self.report.word + retry
        begin = self.start.astimezone(_ZONE)
        if self.report.kind == "hour":
            return self.report.word + ("xhr" if begin.fold else "")
        if self.report.kind == "run":
            stamp = f"{begin:%Y%m%d_%H%M%S}"
        else:
            stamp = f"{spp_rows.printed_end(self.start, 15):%Y%m%d_%H%M}"
        return f"{self.report.word}{retry}_{stamp}{'xhr' if begin.fold else ''}"

    @property
    def intervals(self) -> Sequence[datetime]:
        """The beginnings of its intervals, in UTC."""
        return starts(self.report, self.day) if self.report.kind == "day" else (self.start,)

    def published(self, revision: Revision = ORIGINAL) -> datetime:
        """When it is published, in UTC; a corrected interval later, under the same name."""
        if self.report.kind == "hour":
            # A forecast that was wrong is served with other numbers, under the moment of the first one.
            return self.start + ercot_load.HALF_PAST
        if self.report.code:
            return datetime.combine(self.day, CORRECTED_AT, _ZONE).astimezone(UTC)
        if self.report.holds == "load":
            return datetime.combine(self.day + timedelta(days=1), LOAD_AT, _ZONE).astimezone(UTC)
        if self.report.kind == "day":
            at = datetime.combine(self.day - timedelta(days=1), PUBLISHED_AT, _ZONE)
            return at.astimezone(UTC) + timedelta(minutes=self.copy)
        wait = timedelta(seconds=6) if self.report.kind == "run" else QUARTER + timedelta(minutes=2)
        return max(self.start + wait + timedelta(minutes=10 * self.copy), revision.at)


@lru_cache(maxsize=512)
def starts(report: Report, day: date) -> tuple[datetime, ...]:
    """The beginnings of a delivery day's intervals, in UTC; runs come some seconds after the five minutes."""
    found = spp_rows.starts(day, report.minutes)
    if report.kind == "run":
        seed = prices.seed("ERCOT", "runs")
        found = [one + timedelta(seconds=10 + prices.mix(seed, int(one.timestamp())) % 15) for one in found]
    return tuple(found)


def documents(report: Report, day: date) -> Iterator[Document]:
    """Every document of a delivery day."""
    if report.kind == "day":
        yield Document(report, clock.midnight(day, CENTRAL))
        return
    for start in starts(report, day):
        yield Document(report, start)
        local = start.astimezone(_ZONE)
        if report.kind == "quarter" and local.time() == TWICE:
            yield Document(report, start, copy=1)


def text(document: Document, nodes: int, revision: Revision) -> str:
    """The CSV of a document."""
    report = document.report
    if report.kind == "hour":
        found = list(ercot_load.lines(report.columns, document.published(), revision))
        return "\n".join([report.columns, *found, ""])
    found = [line for start in document.intervals for line in _lines(report, start, nodes, revision)]
    return "\n".join([report.header(document.day), *found, ""])


def _lines(report: Report, start: datetime, nodes: int, revision: Revision) -> Iterator[str]:
    """The lines of an interval: its stamp, where it stands in front its flag, a place and its price."""
    local = start.astimezone(_ZONE)
    flag = "Y" if local.fold else "N"
    if report.code:
        yield from _corrections(report, start, nodes, revision)
        return
    if report.kind == "run":
        stamp = f"{local:%m/%d/%Y %H:%M:%S},{flag}"
    elif report.kind == "quarter":
        stamp = f"{local:%m/%d/%Y},{local.hour + 1},{local.minute // 15 + 1}"
    else:
        # Hours of the system lambda are not padded.
        hour = f"{local.hour + 1}" if report.holds == "lambda" else f"{local.hour + 1:02d}"
        stamp = f"{local:%m/%d/%Y},{hour}:00"
    ahead = f",{flag}" if report.kind == "quarter" and report.holds == "services" else ""
    behind = f",{flag}" if report.header(local.date()).endswith("Flag") else ""
    for words, place in _places(report, local.date(), nodes):
        yield f"{stamp}{ahead},{words}{_padded(report, price(report, place, start, revision))}{behind}"
    if report.holds == "load":
        cells = [
            ercot_load.load_cell(report.name, report.columns, area, start, revision)
            for area in report.columns.split(",")[2:-1]
        ]
        yield ",".join([stamp, *cells]) + behind
    if report.holds in ("lambda", "adders"):
        cells = [price(report, part, start, revision) for part in report.parts(local.date())]
        megawatts = ["71.5", "6120.4", "0.1"] if report.holds == "adders" and report.kind == "run" else []
        yield ",".join([stamp, *megawatts[:1], *cells, *megawatts[1:]]) + behind


def _corrections(report: Report, start: datetime, nodes: int, revision: Revision) -> Iterator[str]:
    local = start.astimezone(_ZONE)
    hour = f"{local.hour + 1},{local.minute // 15 + 1}" if report.minutes == 15 else f"{local.hour + 1}"
    behind = f"{local:%m/%d/%Y} 20:15:00,{'Y' if local.fold else 'N'}"
    for words, place in _places(report, local.date(), nodes):
        yield f"{local:%m/%d/%Y},{hour},{words}1.5,{price(report, place, start, revision)},{behind}"


def _places(report: Report, day: date, nodes: int) -> Iterator[tuple[str, str]]:
    """The places of a report: what is printed of each before its price, and its id."""
    if report.holds == "services":
        yield from ((f"{name},", name) for name in services(day))
    elif report.holds == "buses":
        yield from ((f"{name},", f"{name}:BUS") for name in BUSES)
    elif report.holds == "points":
        for name, kinds in points(nodes).items():
            if report.minutes != 15:
                yield f"{name},", name
                continue
            for kind in kinds:
                yield f"{name},{kind},", f"{name}:{kind}" if kind.endswith("EW") else name


def _padded(report: Report, cell: str) -> str:
    """A price as wide as it is printed."""
    if report.holds == "points" and report.kind == "run":
        return f"{cell:>12}"
    return f" {cell}" if report.holds == "points" and report.kind == "day" else cell


def points(nodes: int) -> dict[str, tuple[str, ...]]:
    """Settlement points with their types; ``nodes`` counts the synthetic ones."""
    return {**POINTS, **{f"SIM{number:05d}_RN": ("RN",) for number in range(nodes)}}


def services(day: date) -> tuple[str, ...]:
    """The products of the day-ahead market on a day."""
    return SERVICES if day >= ECRS_SINCE else SERVICES[:-1]


def price(report: Report, place: str, start: datetime, revision: Revision = ORIGINAL) -> str:
    """The printed price of a place, or of a service in the whole system."""
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    series = prices.seed("ERCOT", report.name)
    if report.holds == "services":
        amount = prices.reserve(series, prices.seed("ERCOT", place), minute, local.hour, CENT)
        return prices.bare(amount + revision.amount_for(place, local.hour), 2)
    seed = prices.seed("ERCOT", place)
    energy = prices.energy(series, minute, local.hour, local.month, CENT)
    congestion = prices.congestion(series, seed, minute, prices.severity(series, minute), CENT)
    found = Price(energy, congestion + revision.amount_for(place, local.hour), 0)
    padded = report.kind == "run" and report.holds == "points"
    return prices.decimals(found.total, 2) if padded else prices.bare(found.total, 2)


def archive(document: Document, nodes: int, revision: Revision, drifted: bool = False) -> bytes:
    """The zip of a document."""
    report, written = document.report, document.published(revision).astimezone(_ZONE).replace(tzinfo=None)
    content = text(document, nodes, revision)
    if drifted:
        header, *lines = content.splitlines()
        content = "\n".join([f"{header},NEW_COLUMN", *(f"{line},1" for line in lines), ""])
    name = f"cdr.{report.number:>08}.0000000000000000.{written:%Y%m%d.%H%M%S}.{document.name}.csv"
    return zipped([Member(name, content.encode(), written)])
