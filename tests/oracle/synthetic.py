"""Synthetic raw files of the same shapes as the genuine ones, for what no genuine file at hand shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from oracle.shell import Case

# Printed prices as sources print them: blunt, negative, zero, many decimals, spikes, hard to round in binary.
PRICES = (
    "34.74459",
    "-0.00001",
    "0",
    "0.00",
    "1000.1",
    "-150",
    "2.675",
    "0.1",
    "0.3",
    "1e-5",
    "9007199254.740993",
    "19.99",
)

DAY_AHEAD = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,NODE_ID,NODE,"
    "MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP"
)
REAL_TIME = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,"
    "LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,{price},OPR_INTERVAL,GROUP"
)
DAY_AHEAD_AS = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,OPR_TYPE,ANC_TYPE,ANC_REGION,"
    "MARKET_RUN_ID,XML_DATA_ITEM,MW,GROUP"
)
REAL_TIME_AS = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_TYPE,ANC_TYPE,XML_DATA_ITEM,MARKET_RUN_ID,"
    "MW,ANC_REGION,OPR_INTERVAL,GROUP"
)
ITEMS = {
    "LMP": "LMP_PRC",
    "MCE": "LMP_ENE_PRC",
    "MCC": "LMP_CONG_PRC",
    "MCL": "LMP_LOSS_PRC",
    "MGHG": "LMP_GHG_PRC",
}
NODES = (
    "TH_NP15_GEN-APND",
    "DLAP_PGAE-APND",
    "SLAP_PGCC-APND",
    "ELAP_PACE-APND",
    "MALIN_5_N101",
    "NO_TH_1_N001",
)


def price(number: int) -> str:
    """A price to print, different for neighbouring numbers."""
    return PRICES[number % len(PRICES)]


def instants(first: datetime, last: datetime, minutes: int) -> Iterator[datetime]:
    """The starts of all intervals from ``first`` until before ``last``."""
    while first < last:
        yield first
        first += timedelta(minutes=minutes)


def gmt(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}-00:00"


def oasis(
    header: str, market: str, first: datetime, last: datetime, minutes: int, components: Sequence[str]
) -> str:
    """A CSV of PRC_LMP, PRC_RTPD_LMP or PRC_INTVL_LMP, its rows out of order as in OASIS."""
    rows: list[str] = []
    for number, start in enumerate(instants(first, last, minutes)):
        for node in NODES:
            for component in components:
                cells = {
                    "INTERVALSTARTTIME_GMT": gmt(start),
                    "INTERVALENDTIME_GMT": gmt(start + timedelta(minutes=minutes)),
                    "OPR_DT": "2021-11-07",
                    "OPR_HR": "25",
                    "OPR_INTERVAL": "0",
                    "MARKET_RUN_ID": market,
                    "LMP_TYPE": component,
                    "XML_DATA_ITEM": ITEMS[component],
                    "GRP_TYPE": "ALL",
                    "POS": "1",
                    "GROUP": str(number),
                }
                value = price(number * 7 + len(node) * 3 + len(rows))
                prices = {"MW": value, "PRC": value, "VALUE": value}
                rows.append(",".join({**cells, **prices}.get(name, node) for name in header.split(",")))
    return "\n".join([header, *sorted(rows, key=hash_of)]) + "\n"


def hash_of(text: str) -> int:
    """An order that has nothing to do with time, the same in every run."""
    return sum(ord(character) * (position % 31 + 1) for position, character in enumerate(text)) % 9973


def oasis_services(header: str, market: str, first: datetime, last: datetime, minutes: int) -> str:
    """A CSV of PRC_AS or PRC_INTVL_AS."""
    rows: list[str] = []
    for number, start in enumerate(instants(first, last, minutes)):
        for product in ("RU", "RD", "SR", "NR", "RMU", "RMD"):
            for region in ("AS_CAISO", "AS_CAISO_EXP"):
                cells = {
                    "INTERVALSTARTTIME_GMT": gmt(start),
                    "INTERVALENDTIME_GMT": gmt(start + timedelta(minutes=minutes)),
                    "ANC_TYPE": product,
                    "ANC_REGION": region,
                    "MARKET_RUN_ID": market,
                    "MW": price(number + len(rows)),
                }
                rows.append(",".join(cells.get(name, "1") for name in header.split(",")))
    return "\n".join([header, *rows]) + "\n"


def oasis_xml(
    elements: Iterable[tuple[str, str, datetime, int, str]],
    market: str = "DAM",
    prefix: str = "",
    line_ends: str = "\n",
    report: str = "PRC_LMP",
) -> str:
    """An OASISReport: elements of item, resource, start, minutes and value; one REPORT_ITEM for all."""
    data = [
        f"<REPORT_DATA>~<DATA_ITEM>{item}</DATA_ITEM>~<RESOURCE_NAME>{resource}</RESOURCE_NAME>~"
        f"<OPR_DATE>2021-11-07</OPR_DATE>~<INTERVAL_NUM>1</INTERVAL_NUM>~"
        f"<INTERVAL_START_GMT>{gmt(start)}</INTERVAL_START_GMT>~"
        f"<INTERVAL_END_GMT>{gmt(start + timedelta(minutes=minutes))}</INTERVAL_END_GMT>~"
        f"<VALUE>{value}</VALUE>~</REPORT_DATA>"
        for item, resource, start, minutes, value in elements
    ]
    body = "~".join(
        [
            "<MessagePayload>~<RTO>~<name>CAISO</name>~<REPORT_ITEM>~<REPORT_HEADER>~<SYSTEM>OASIS</SYSTEM>",
            f"<REPORT>{report}</REPORT>~<MKT_TYPE>{market}</MKT_TYPE>~<UOM>US$/MWh</UOM>~</REPORT_HEADER>",
            *data,
            "</REPORT_ITEM>~</RTO>~</MessagePayload>~",
        ]
    )
    if prefix:
        body = body.replace("</", "\0").replace("<", f"<{prefix}:").replace("\0", f"</{prefix}:")
    mark = f"{prefix}:" if prefix else ""
    space = f":{prefix}" if prefix else ""
    root = f'<{mark}OASISReport xmlns{space}="http://www.caiso.com/soa/OASISReport_v1.xsd">'
    return f'<?xml version="1.0" encoding="UTF-8"?>~{root}~{body}</{mark}OASISReport>'.replace("~", line_ends)


def csv_stamp(moment: datetime) -> str:
    """Month first, the twelve-hour clock, nothing padded: 7/2/2018 4:00:00 AM."""
    return f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}".replace(" 0", " ")


def wall(moment: datetime, zone: str, form: str) -> str:
    """What a zone's clock shows at a moment in (naive) UTC."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).strftime(form)


def mis_prices(
    stamps: Iterable[datetime],
    names: Sequence[tuple[str, str]],
    seconds: bool,
    quoted: bool,
    cut_header: bool = False,
    line_end: str = "\r\n",
) -> str:
    """An LBMP file of the moments (naive UTC) in their order, all locations of a moment together."""
    mark = '"' if quoted else ""
    last = "Marginal Cost Congestion ($/MWH" if cut_header else "Marginal Cost Congestion ($/MWHr)"
    titles = ["Time Stamp", "Name", "PTID", "LBMP ($/MWHr)", "Marginal Cost Losses ($/MWHr)", last]
    rows = [",".join(f"{mark}{title}{mark}" for title in titles)]
    form = "%m/%d/%Y %H:%M:%S" if seconds else "%m/%d/%Y %H:%M"
    for number, moment in enumerate(stamps):
        shown = wall(moment, "America/New_York", form)
        for place, (name, ptid) in enumerate(names):
            value = number * 3 + place
            rows.append(
                f"{mark}{shown}{mark},{mark}{name}{mark},{ptid},"
                f"{(value % 997 - 100) / 7:.2f},{(value % 89 - 40) / 9:.2f},"
                f"{(value % 53 - 26) * (value % 2) / 3:.2f}"
            )
    return line_end.join([*rows, ""])


def mis_services(header: str, stamps: Iterable[datetime], seconds: bool, line_end: str = "\r\n") -> str:
    """A damasp or rtasp file with this header; the last price of every fifth row is blank."""
    titles = header.split(",")
    zonal = "Time Zone" in titles
    rows = [header]
    form = "%m/%d/%Y %H:%M:%S" if seconds else "%m/%d/%Y %H:%M"
    for number, moment in enumerate(stamps):
        shown = wall(moment, "America/New_York", form)
        for name, ptid in (("CAPITL", "61757"), ("N.Y.C.", "61761")) if zonal else (("", ""),):
            count = len(titles) - (4 if zonal else 1)
            prices = [f"{(number * 5 + place) % 211 / 7:.2f}" for place in range(count)]
            if number % 5 == 4:
                prices[-1] = ""
            labels = [shown, wall(moment, "America/New_York", "%Z"), name, ptid] if zonal else [shown]
            rows.append(",".join([*labels, *prices]))
    return line_end.join([*rows, ""])


def retyped(case: Case) -> list[Case]:
    """The same CSV with the line ends of Unix, of DOS, and with a blank line first: archives vary."""
    unix = {name: content.replace(b"\r\n", b"\n") for name, content in case.members.items()}
    dos = {name: content.replace(b"\n", b"\r\n") for name, content in unix.items()}
    blank = {name: b"\n" + content for name, content in unix.items()}
    return [Case("unix", unix), Case("dos", dos), Case("blank line first", blank)]


def single(name: str, text: str) -> Case:
    """A raw object of one member."""
    return Case(name, {name: text.encode()})
