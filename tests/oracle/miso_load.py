"""Independent reader of MISO's load report: days below one another, a pair of columns for every group of zones."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time

from oracle.miso import BEHIND
from oracle.shell import Case, Row


def day_of(text: str) -> date | None:
    """The day that a cell says in figures."""
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None


def quantities(case: Case, word: str) -> Iterator[tuple[date, str, datetime, str]]:
    """The day of the report, the area, the begin of the hour in UTC and the number, of columns with a word."""
    for member in case.members:
        grid = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(case.text(member)))]
        titles = next(row for row in grid if row and row[0] == "Market Day")
        published = next(day_of(row[1]) for row in grid if row and row[0].startswith("Published Date"))
        assert published is not None
        columns = [place for place, title in enumerate(titles) if word in title]
        for row in grid:
            day = day_of(row[0]) if row else None
            if day is None:
                continue
            begin = datetime.combine(day, time(int(float(row[titles.index("HourEnding")])) - 1)) + BEHIND
            for place in columns:
                if row[place]:
                    yield published, titles[place].split(" ")[0], begin, row[place]


def load(case: Case) -> list[Row]:
    """What was consumed, an hour of an area a row."""
    return [
        {
            "interval_start_utc": begin,
            "load_type": "preliminary",
            "area": area,
            "area_type": "SYSTEM" if area == "MISO" else "ZONE",
            "area_id": area,
            "load_mw": float(number),
        }
        for _, area, begin, number in quantities(case, "ActualLoad")
    ]


def load_forecast(case: Case) -> list[Row]:
    """What was expected, an hour of an area a row, published when the day of the report began."""
    return [
        {
            "interval_start_utc": begin,
            "published_at_utc": datetime.combine(published, time()) + BEHIND,
            "forecast": "MTLF",
            "area": area,
            "area_type": "SYSTEM" if area == "MISO" else "ZONE",
            "area_id": area,
            "forecast_mw": float(number),
        }
        for published, area, begin, number in quantities(case, "MTLF")
    ]
