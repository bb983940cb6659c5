"""OASIS load: the runs of SLD_FCST, the areas, and the rows that print them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import prices
from ingest.simulator.caiso_reports import Report
from ingest.simulator.caiso_rows import Line, Slot, by_day, unsorted
from ingest.simulator.revisions import ORIGINAL, Revision, Revisions
from ingest.simulator.world import PACIFIC

QUERY = "SLD_FCST"
HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,LOAD_TYPE,OPR_DT,OPR_HR,OPR_INTERVAL,MARKET_RUN_ID,TAC_AREA_NAME,"
    "LABEL,XML_DATA_ITEM,POS,MW,EXECUTION_TYPE,GROUP"
)
# CAISO's own total, two of its parts, and two authorities of the western market.
AREAS = ("AVA", "CA ISO-TAC", "PGE", "PGE-TAC", "SCE-TAC")
# Hundredths of a megawatt, in the millionths that rows are counted in.
TICK = 10_000
FORECAST_AT = time(9, 10)


@dataclass(frozen=True)
class Run:
    """One market run (and execution) of the report; ``days_before`` a trade day its forecast is out."""

    market: str
    execution: str
    item: str
    label: str
    minutes: int
    days_before: int = 0

    @property
    def report(self) -> Report:
        """The run as a report, for what all reports have in common."""
        return Report(QUERY, self.market, self.minutes, {}, {})

    def is_out(self, slot: Slot, now: datetime) -> bool:
        """Whether an interval can be asked for."""
        if self.days_before:
            day = slot.day - timedelta(days=self.days_before)
            return now >= datetime.combine(day, FORECAST_AT, ZoneInfo(PACIFIC))
        return now >= slot.start + timedelta(minutes=self.minutes)


RUNS: Mapping[str, Run] = {
    f"{QUERY}_{run.execution}": run
    for run in (
        Run("ACTUAL", "ACTUAL", "SYS_FCST_ACT_MW", "Total Actual Hourly Integrated Load", 60),
        Run("DAM", "DAM", "SYS_FCST_DA_MW", "Demand Forecast Day Ahead", 60, 1),
        Run("2DA", "2DA", "SYS_FCST_2DA_MW", "Demand Forecast 2-Day Ahead", 60, 2),
        Run("7DA", "7DA", "SYS_FCST_7DA_MW", "Demand Forecast 7-Day Ahead", 60, 7),
        Run("RTM", "RTPD", "SYS_FCST_15MIN_MW", "Demand Forecast 15 Minute", 15),
        Run("RTM", "RTD", "SYS_FCST_5MIN_MW", "Demand Forecast 5 Minute", 5),
    )
}


def run_of(query: Mapping[str, str]) -> Run | None:
    """The run that a request means."""
    market = query.get("market_run_id", "")
    return RUNS.get(f"{QUERY}_{query.get('execution_type') or market}") if market else None


def amount(word: str, area: str, slot: Slot, revision: Revision = ORIGINAL) -> int:
    """Millionths of a megawatt of an area in a slot, by the run; hundredths are printed."""
    place = prices.seed("CAISO", "load", area)
    size = (700 + place % 20_000) * prices.DOLLAR
    evening = 100 + 12 * (17 <= slot.hour <= 21) - 15 * (slot.hour < 6)
    draw = prices.mix(prices.seed("CAISO", word) ^ place, slot.minute)
    return prices.rounded(size * evening // 100 * (10_000 + draw % 400 - 200) // 10_000, TICK) + (
        revision.amount_for(area, slot.hour)
    )


def lines(word: str, areas: Sequence[str], chosen: Sequence[Slot], revisions: Revisions) -> Iterator[Line]:
    """The rows of an answer: trade day, then area, the hours unsorted."""
    run, group = RUNS[word], 0
    for day, of_day in by_day(chosen).items():
        revision = revisions.current("CAISO", word, day)
        for area in areas:
            group += 1
            for index in unsorted(of_day, group, run.minutes):
                slot = of_day[index]
                yield Line(slot, area, run.execution, run.item, amount(word, area, slot, revision), group)


def csv_text(run: Run, found: Sequence[Line]) -> str:
    """A CSV member: LF line ends, nothing quoted."""
    rows = [HEADER]
    for slot, area, _, item, megawatts, group in found:
        hour = f"{slot.day},{slot.operating_hour},{slot.interval}"
        rows.append(
            f"{slot.start_text},{slot.end_text},0,{hour},{run.market},{area},{run.label},{item},"
            f"{AREAS.index(area)},{prices.bare(megawatts, 2)},{run.execution},{group}"
        )
    return "\n".join(rows) + "\n"


def kept_since(now: datetime) -> date:
    """The oldest trade day: what was asked for in 2026 came from 2019 on."""
    return clock.local_date(now.astimezone(UTC), PACIFIC) - timedelta(days=2780)
