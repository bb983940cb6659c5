"""docs.misoenergy.org: daily market reports by name, prices of an hour in the columns of a day's row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import lru_cache

from ingest.simulator import miso_load, prices
from ingest.simulator.answers import Answer, Request, with_extra_column
from ingest.simulator.prices import Price
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.server import etag
from ingest.simulator.world import World

# Eastern Standard Time, all year.
BEHIND = timedelta(hours=5)
FIRST_DAY = date(2005, 4, 1)
CENT = 10_000
NODES = {
    "AECI": "Interface",
    "AECI.ALTW": "Loadzone",
    "AECI.APM_1.AZ": "Hub",
    "CONS.CETR": "Loadzone",
    "INDIANA.HUB": "Hub",
    "MICHIGAN.HUB": "Hub",
    "ONT": "Interface",
}
REGION = "MISO Wide"
ZONES = ("Zone 1", "Zone 2", "Zone 6")
PRODUCTS = ("DEMREGMCP", "GENREGMCP", "DEMSPINMCP", "GENSPINMCP", "DEMSUPPMCP", "GENSUPPMCP", "SERREGMCP")
KINDS = ("LMP", "MCC", "MLC")
_HOURS = [f"HE {hour}" for hour in range(1, 25)]
_FILE = re.compile(r"^/marketreports/(?P<day>\d{8})_(?P<report>\w+)\.csv$")


@dataclass(frozen=True)
class Report:
    """A report: its title, when a day's comes out, and the days (or months) that it stays."""

    name: str
    title: str
    lag: timedelta
    kept_days: int
    services: bool = False
    plain: bool = True
    quantity: str = ""

    @property
    def series(self) -> str:
        """What is priced: preliminary and final reports differ in a few hours only."""
        return self.quantity or self.name


REPORTS: Mapping[str, Report] = {
    item.name: item
    for item in (
        Report("da_expost_lmp", "Day Ahead Market ExPost LMPs", timedelta(hours=-10, minutes=-30), 930),
        Report("da_exante_lmp", "Day Ahead Market ExAnte LMPs", timedelta(hours=-10, minutes=-30), 930),
        Report(
            "rt_lmp_prelim",
            "Realtime Market LMPs",
            timedelta(days=1, hours=11),
            5,
            plain=False,
            quantity="rt",
        ),
        Report(
            "rt_lmp_final",
            "Realtime Market LMPs",
            timedelta(days=5, hours=11),
            930,
            plain=False,
            quantity="rt",
        ),
        Report(
            "asm_expost_damcp",
            "Dayahead Market MCPs.",
            timedelta(hours=-10, minutes=-30),
            1300,
            services=True,
        ),
        Report(
            "asm_rtmcp_prelim",
            "Real Time Market MCPs.,Not settlement quality data.",
            timedelta(days=1, hours=11),
            5,
            services=True,
            quantity="rtmcp",
        ),
        Report(
            "asm_rtmcp_final",
            "Real Time Market MCPs.",
            timedelta(days=5, hours=11),
            1300,
            services=True,
            quantity="rtmcp",
        ),
    )
}
CORRECTABLE: Mapping[str, tuple[str, ...]] = {name: (name,) for name in (*REPORTS, miso_load.REPORT)}


def answer(request: Request, world: World) -> Answer:
    """A report of a day, or the store's word that there is none."""
    if not request.late and (book := miso_load.file_of(request.path, world, request.drift)):
        return _file(*book)
    found = _FILE.match(request.path)
    report = REPORTS.get(found["report"]) if found else None
    if found is None or report is None or request.late:
        return missing()
    try:
        day = datetime.strptime(found["day"], "%Y%m%d").date()
    except ValueError:
        return missing()
    due = datetime.combine(day, time(), UTC) + BEHIND + report.lag
    today = (world.now - BEHIND).date()
    if world.now < due or day < FIRST_DAY or day < today - timedelta(days=report.kept_days):
        return missing()
    revision = world.revisions.current("MISO", report.name, day)
    text = _text(report, day, world.nodes, revision)
    if request.drift:
        text = _drifted(text)
    return _file(text.encode(), max(due, revision.at))


def _file(body: bytes, written: datetime) -> Answer:
    stamp = format_datetime(written.astimezone(UTC).replace(microsecond=0), usegmt=True)
    return Answer(200, body, "application/octet-stream", (("Last-Modified", stamp), ("ETag", etag(body))))


def missing() -> Answer:
    """The store's word that there is no such file."""
    words = b'<?xml version="1.0" encoding="utf-8"?><Error><Code>BlobNotFound</Code></Error>'
    return Answer(404, words, "application/xml")


def _drifted(text: str) -> str:
    """A column more, from the header on."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    header = next(number for number, line in enumerate(lines) if "HE 24" in line)
    return end.join(lines[:header]) + end + with_extra_column(end.join(lines[header:]), end)


@lru_cache(maxsize=64)
def _text(report: Report, day: date, nodes: int, revision: Revision) -> str:
    if report.services:
        return _services(report, day, revision)
    # Real-time files: other line ends, an unpadded date, two decimals always.
    end = "\n" if report.plain else "\r\n"
    written = f"{day:%m/%d/%Y}" if report.plain else f"{day.month}/{day.day}/{day.year}"
    lines = [report.title, written, "", ",,,All Hours-Ending are Eastern Standard Time (EST)"]
    lines.append(",".join(["Node", "Type", "Value", *_HOURS]))
    for kind in KINDS:
        for name, node_type in places(nodes):
            cells = [lmp_cells(report, name, start, revision)[kind] for start in starts(day)]
            lines.append(",".join([name, node_type, kind, *cells]))
    return end.join([*lines, ""])


def _services(report: Report, day: date, revision: Revision) -> str:
    header = ",".join(f" {name}" for name in _HOURS)
    lines = [report.title, "", f"{day:%m/%d/%Y},,All Hours-Ending are Eastern Standard Time (EST)", ""]
    lines.append(f",,MCP Type,{header}")
    for product in PRODUCTS:
        lines.append(",".join([REGION, "-", product, *_mcps(report, REGION, product, day, revision)]))
    lines += ["", "", f"Pnode,Zone,MCP Type,{header}"]
    for zone in ZONES:
        for resource in ("A", "B"):
            for product in PRODUCTS[:-1]:
                cells = _mcps(report, zone, product, day, revision)
                lines.append(",".join([f"SIM.{zone[-1]}{resource}", zone, product, *cells]))
    return "\n".join([*lines, ""])


def _mcps(report: Report, zone: str, product: str, day: date, revision: Revision) -> list[str]:
    return [mcp(report, zone, product, start, revision) for start in starts(day)]


def starts(day: date) -> list[datetime]:
    """The hours of a market day, in UTC: always 24."""
    midnight = datetime.combine(day, time(), UTC) + BEHIND
    return [midnight + timedelta(hours=hour) for hour in range(24)]


@lru_cache(maxsize=16)
def places(nodes: int) -> tuple[tuple[str, str], ...]:
    """Nodes with their type, by name; ``nodes`` counts the synthetic generators."""
    return tuple(sorted({**NODES, **{f"SIM.GEN{number:04d}": "Gennode" for number in range(nodes)}}.items()))


def lmp_cells(report: Report, name: str, start: datetime, revision: Revision = ORIGINAL) -> dict[str, str]:
    """The printed price and parts of a node in an hour."""
    found = _price(report, name, start, revision)
    amounts = {"LMP": found.total, "MCC": found.congestion, "MLC": found.loss}
    if not report.plain:
        return {kind: prices.decimals(amount, 2) for kind, amount in amounts.items()}
    return {kind: _short(amount) for kind, amount in amounts.items()}


def _short(amount: int) -> str:
    """Without a zero before the point and without zeros behind: ``.6``, ``-.37``, ``32``."""
    return re.sub(r"^(-?)0\.", r"\1.", prices.bare(amount, 2))


def _price(report: Report, name: str, start: datetime, revision: Revision) -> Price:
    local, minute = start - BEHIND, int(start.timestamp()) // 60
    series, place = prices.seed("MISO", report.series), prices.seed("MISO", name)
    energy = prices.energy(series, minute, local.hour, local.month, CENT)
    worst = prices.severity(series, minute)
    congestion = prices.congestion(series, place, minute, worst, CENT) + revision.amount_for(name, local.hour)
    return Price(energy, congestion + _late_change(report, minute), prices.loss(place, energy, CENT))


def _late_change(report: Report, minute: int) -> int:
    """What the final report decided again, in one hour of eight."""
    decided_again = (
        report.name.endswith("_final") and prices.mix(prices.seed("MISO", "final"), minute) % 8 == 0
    )
    return 17 * CENT if decided_again else 0


def mcp(report: Report, zone: str, product: str, start: datetime, revision: Revision = ORIGINAL) -> str:
    """The printed price of a product in a zone in an hour."""
    local, minute = start - BEHIND, int(start.timestamp()) // 60
    series = prices.seed("MISO", report.series, zone)
    amount = prices.reserve(series, prices.seed("MISO", product[3:]), minute, local.hour, CENT)
    return _short(amount + revision.amount_for(zone, local.hour) + _late_change(report, minute))
