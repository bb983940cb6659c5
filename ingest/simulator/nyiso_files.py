"""The files of the MIS site as data: folders, stems, headers by era, and the places they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

ZONES: Mapping[str, int] = {
    "CAPITL": 61757,
    "CENTRL": 61754,
    "DUNWOD": 61760,
    "GENESE": 61753,
    "HUD VL": 61758,
    "LONGIL": 61762,
    "MHK VL": 61756,
    "MILLWD": 61759,
    "N.Y.C.": 61761,
    "NORTH": 61755,
    "WEST": 61752,
}
PROXIES: Mapping[str, int] = {"H Q": 61844, "NPX": 61845, "O H": 61846, "PJM": 61847}
REFERENCE_BUS = "NYISO_LBMP_REFERENCE"
WEST_OF_CENTRAL_EAST = frozenset({"WEST", "GENESE", "CENTRL", "NORTH", "MHK VL"})

# The congestion column's name was cut off until here, and reserve prices were by region until the day before
# LONG_ERA.
FULL_HEADER_SINCE = date(2016, 7, 1)
SENY_ERA = date(2016, 1, 1)
LONG_ERA = date(2016, 6, 23)
EAST_WEST_ERA = date(2005, 2, 1)
# Regulation movement is priced since the middle of 2013; the day is not known.
MOVEMENT_SINCE = date(2013, 7, 1)
FIRST_DAY = date(1999, 11, 18)

_LBMP = (
    "Time Stamp",
    "Name",
    "PTID",
    "LBMP ($/MWHr)",
    "Marginal Cost Losses ($/MWHr)",
    "Marginal Cost Congestion ($/MWHr)",
)
_LONG = (
    "Time Stamp",
    "Time Zone",
    "Name",
    "PTID",
    "10 Min Spinning Reserve ($/MWHr)",
    "10 Min Non-Synchronous Reserve ($/MWHr)",
    "30 Min Operating Reserve ($/MWHr)",
    "NYCA Regulation Capacity ($/MWHr)",
)
_MOVEMENT = "NYCA Regulation Movement ($/MW)"
# Regional columns: the day-ahead file cuts the names, the real-time file does not.
_REGIONAL = {
    "damasp": (
        "10 Min Spinning Reserve ($/MWHr",
        "10 Min Non-Synchronous Reserve",
        "30 Min Operating Reserve ($/MWH",
        "Regulation ($/MWHr)",
    ),
    "rtasp": (
        "10 Min Spinning Reserve ($/MWHr)",
        "10 Min Non-Synchronous Reserve",
        "30 Min Operating Reserve ($/MWH)",
        "Regulation ($/MWHr)",
    ),
}

Kind = Literal["lbmp", "reserve", "load", "forecast"]


@dataclass(frozen=True)
class Publication:
    """A file of the site.

    ``closes``: a stamp ends its interval; ``quoted``: text is in quotes; ``runs``: stamps off the grid occur.
    """

    stem: str
    folder: str
    kind: Kind
    minutes: int
    day_ahead: bool
    closes: bool = False
    quoted: bool = False
    seconds: bool = False
    generators: bool = False
    runs: bool = False


PUBLICATIONS: Mapping[str, Publication] = {
    item.stem: item
    for item in (
        Publication("damlbmp_zone", "damlbmp", "lbmp", 60, True),
        Publication("damlbmp_gen", "damlbmp", "lbmp", 60, True, generators=True),
        Publication("realtime_zone", "realtime", "lbmp", 5, False, closes=True, quoted=True, seconds=True),
        Publication(
            "realtime_gen",
            "realtime",
            "lbmp",
            5,
            False,
            closes=True,
            quoted=True,
            seconds=True,
            generators=True,
        ),
        Publication("rtlbmp_zone", "rtlbmp", "lbmp", 60, False),
        Publication("rtlbmp_gen", "rtlbmp", "lbmp", 60, False, generators=True),
        Publication("damasp", "damasp", "reserve", 60, True),
        Publication("rtasp", "rtasp", "reserve", 5, False, closes=True, seconds=True),
        Publication("pal", "pal", "load", 5, False, quoted=True, seconds=True, runs=True),
        Publication("palIntegrated", "palIntegrated", "load", 60, False, quoted=True, seconds=True),
        Publication("isolf", "isolf", "forecast", 60, True, quoted=True),
    )
}


@dataclass(frozen=True)
class Place:
    """A named point with its PTID."""

    name: str
    ptid: int
    zone: str = ""


@lru_cache(maxsize=16)
def places(generators: bool, nodes: int) -> tuple[Place, ...]:
    """The points of a price file by name, as the file has them; ``nodes`` counts the synthetic generators."""
    if not generators:
        return tuple(Place(name, ptid) for name, ptid in sorted({**ZONES, **PROXIES}.items()))
    zones = sorted(ZONES)
    found = [
        Place(f"SIM_{index // 4:03d}___{index % 4 + 1}", 323_000 + index, zones[index % 11])
        for index in range(nodes)
    ]
    return tuple(sorted([*found, Place(REFERENCE_BUS, 24008)], key=lambda place: place.name))


def lbmp_columns(day: date) -> tuple[str, ...]:
    """The header of a price file: the last name lost its end in the files of before July 2016."""
    return _LBMP if day >= FULL_HEADER_SINCE else (*_LBMP[:-1], _LBMP[-1].removesuffix("r)"))


def regions(day: date) -> tuple[str, ...]:
    """The regions of a reserve price file, in the order of its columns; none in the era of zones.

    In the first half of 2016 the file has a third region, and names that occur twice: which, is not known, so
    the simulator prints the eastern block twice.
    """
    if day >= LONG_ERA:
        return ()
    if day >= SENY_ERA:
        return ("SENY", "East", "West", "East")
    return ("East", "West") if day >= EAST_WEST_ERA else ("",)


def reserve_columns(stem: str, day: date) -> tuple[str, ...]:
    """The header of a reserve price file."""
    movement = (_MOVEMENT,) if stem == "rtasp" and day >= MOVEMENT_SINCE else ()
    if day >= LONG_ERA:
        return (*_LONG, *movement)
    names = [f"{region} {name}".lstrip() for region in regions(day) for name in _REGIONAL[stem]]
    return ("Time Stamp", *names, *movement)
