"""MIS load: what the zones consume, what was expected, and the rows of the files that print it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ingest.simulator import prices
from ingest.simulator.nyiso_files import ZONES, Publication
from ingest.simulator.revisions import Revision
from ingest.simulator.world import EASTERN

# The file of a day and the five after it.
DAYS = 6
STATE = "NYISO"
# As the forecast writes the zones, in its order.
AREAS = (
    "Capitl",
    "Centrl",
    "Dunwod",
    "Genese",
    "Hud Vl",
    "Longil",
    "Mhk Vl",
    "Millwd",
    "N.Y.C.",
    "North",
    "West",
)
_ZONE = ZoneInfo(EASTERN)
# Percent of the day's mean by local hour.
_SHAPE = (
    82,
    79,
    77,
    76,
    77,
    81,
    90,
    98,
    102,
    104,
    105,
    106,
    106,
    106,
    105,
    106,
    109,
    114,
    115,
    113,
    110,
    105,
    97,
    89,
)


def megawatts(name: str, instant: datetime) -> float:
    """The load of a zone at an instant, MW: its size, the hour, and a little of its own."""
    series = prices.seed("NYISO", "load", name.upper())
    size = 300 + series % 1500
    draw = prices.mix(series, int(instant.timestamp()) // 60)
    return size * _SHAPE[instant.astimezone(_ZONE).hour] / 100 * (1 + (draw % 400 - 200) / 10_000)


def _added(revision: Revision, name: str, instant: datetime) -> float:
    return revision.amount_for(name, instant.astimezone(_ZONE).hour) / prices.DOLLAR


def load_cell(publication: Publication, name: str, instant: datetime, revision: Revision) -> str:
    """The load as printed: four decimals every five minutes, one for an hour."""
    amount = megawatts(name, instant) + _added(revision, name, instant)
    return f"{amount:.1f}" if publication.minutes == 60 else f"{amount:.4f}".rstrip("0").rstrip(".")


def forecast_cell(name: str, issue: date, instant: datetime, revision: Revision) -> str:
    """What the file of a day expects of an area at an hour, whole megawatts; every file expects something else."""
    if name == STATE:
        return str(sum(int(forecast_cell(area, issue, instant, revision)) for area in AREAS))
    drift = prices.mix(prices.seed("NYISO", "expected", name), issue.toordinal()) % 41 - 20
    return str(round(megawatts(name, instant) * (1 + drift / 1000) + _added(revision, name, instant)))


def file_rows(
    publication: Publication,
    day: date,
    stamps: Sequence[tuple[datetime, datetime, str]],
    revision: Revision,
) -> tuple[Iterator[str], tuple[str, ...]]:
    """The rows of a day's file and its header; ``stamps`` are instants with their local time and words."""
    if publication.kind == "forecast":
        return _forecast_rows(day, stamps, revision), ("Time Stamp", *AREAS, STATE)
    title = "Integrated Load" if publication.minutes == 60 else "Load"
    return _load_rows(publication, stamps, revision), ("Time Stamp", "Time Zone", "Name", "PTID", title)


def _load_rows(
    publication: Publication, stamps: Sequence[tuple[datetime, datetime, str]], revision: Revision
) -> Iterator[str]:
    for instant, local, words in stamps:
        for name, ptid in sorted(ZONES.items()):
            cell = load_cell(publication, name, instant, revision)
            yield f'"{words}","{local:%Z}","{name}",{ptid},{cell}'


def _forecast_rows(
    issue: date, stamps: Sequence[tuple[datetime, datetime, str]], revision: Revision
) -> Iterator[str]:
    for instant, _, words in stamps:
        cells = [forecast_cell(area, issue, instant, revision) for area in (*AREAS, STATE)]
        yield ",".join([f'"{words}"', *cells])
