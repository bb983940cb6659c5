"""PRC_CORR_GRP: which prices of a trade day were corrected, and the many combinations that were not."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator.caiso_errors import OasisError
from ingest.simulator.caiso_reports import CORRECTIONS_HEADER, REPORTS, Report
from ingest.simulator.caiso_rows import slots
from ingest.simulator.revisions import Revision
from ingest.simulator.world import PACIFIC, World

NO_RECORDS = "No records found for report."

# The list's own words for the markets. The methods and codes are plausible, not known.
MARKETS = {
    "PRC_LMP": "DAM",
    "PRC_RTPD_LMP": "RTPD",
    "PRC_INTVL_LMP": "RTD",
    "PRC_AS": "DAM",
    "PRC_INTVL_AS": "RTPD",
}
METHODS = ("Recalculated", "Replaced", "Selective Recalculation")


def listing(day: date, world: World) -> str:
    """The list of a trade day: one row per corrected interval, and a placeholder for every other combination.

    Raises:
        OasisError: 1000, while the trade day is not over.
    """
    now = world.now
    if now < clock.midnight(day + timedelta(days=1), PACIFIC):
        raise OasisError(1000)
    rows = [CORRECTIONS_HEADER]
    corrected: set[str] = set()
    for query in world.revisions.datasets("CAISO", day):
        if query not in MARKETS:
            continue
        history = world.revisions.history("CAISO", query, day)
        corrected.add(MARKETS[query])
        rows.extend(_rows(REPORTS[query], day, history))
    generated = f"{now.astimezone(ZoneInfo(PACIFIC)):%Y-%m-%dT%H:%M:%S}"
    rows.extend(
        f"{day}T00:00:00,,,{market},,{method},,,{NO_RECORDS},{generated}"
        for market in ("DAM", "RTPD", "RTD")
        for method in METHODS
        if market not in corrected or method != METHODS[0]
    )
    return "\n".join(rows) + "\n"


def _rows(report: Report, day: date, history: tuple[Revision, ...]) -> list[str]:
    last = history[-1]
    told = last if last.amount else history[-2]
    generated = f"{last.at.astimezone(ZoneInfo(PACIFIC)):%Y-%m-%dT%H:%M:%S}"
    area = "CAISO" if told.locations is None else "Nodal"
    kind = "AS" if report.reserves else "LMP"
    return [
        f"{day}T00:00:00,{slot.operating_hour},{slot.interval},{MARKETS[report.query]},{area},{METHODS[0]},"
        f"{len(history) - 1},{kind},Data input failure,{generated}"
        for slot in slots(day, report.minutes)
        if told.hours is None or slot.hour in told.hours
    ]
