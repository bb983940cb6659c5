"""ERCOT's load, and its forecasts: an hourly document with the days that follow, by model or by zone.

A forecast of the site itself has eight days. Here it has two: what differs is the number of rows alone, and a day has
twenty-four documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import prices
from ingest.simulator.revisions import ORIGINAL, Revision
from ingest.simulator.world import CENTRAL

# Minutes after the hour at which a document comes out.
HALF_PAST = timedelta(minutes=30)
DAYS_AHEAD = 2
MODELS = ("A3", "E")
WEATHER_ZONES = ("Coast", "East", "FarWest", "North", "NorthCentral", "SouthCentral", "Southern", "West")
FORECAST_ZONES = ("North", "South", "West", "Houston")
BY_MODEL = f"DeliveryDate,HourEnding,{','.join(WEATHER_ZONES)},SystemTotal,Model,InUseFlag,DSTFlag"
BY_FORECAST_ZONE = f"DeliveryDate,HourEnding,{','.join(FORECAST_ZONES)},SystemTotal,DSTFlag    "
# EMIL name, number in lists, word in the names of documents, columns.
ACTUAL = (
    (
        "NP6-345-CD",
        "13101",
        "ACTUALSYSLOADWZNP6345",
        "OperDay,HourEnding,COAST,EAST,FAR_WEST,NORTH,NORTH_C,SOUTHERN,SOUTH_C,WEST,TOTAL,DSTFlag",
    ),
    (
        "NP6-346-CD",
        "14836",
        "ACTUALSYSLOADFZNP6346",
        "OperDay,HourEnding,NORTH,SOUTH,WEST,HOUSTON,TOTAL,DSTFlag",
    ),
)
FORECASTS = (
    ("NP3-565-CD", "14837", "LFMODWEATHERNP3565", BY_MODEL),
    ("NP3-560-CD", "12311", "LFCCONGESTNP3560", BY_FORECAST_ZONE),
)
TOTAL = "SystemTotal"
_ZONE = ZoneInfo(CENTRAL)


def lines(columns: str, published: datetime, revision: Revision = ORIGINAL) -> Iterator[str]:
    """The rows of a document that was published at a moment."""
    first = clock.local_date(published, CENTRAL)
    days = clock.market_days(first, first + timedelta(days=DAYS_AHEAD - 1), CENTRAL)
    for hour in clock.hours_of(days):
        local = hour.start.astimezone(_ZONE)
        stamp = f"{local:%m/%d/%Y},{local.hour + 1}:00"
        flag = "Y" if local.fold else "N"
        if "Model" not in columns:
            cells = [cell(zone, "", published, hour.start, revision) for zone in (*FORECAST_ZONES, TOTAL)]
            yield ",".join([stamp, *cells, flag])
            continue
        for model in MODELS:
            cells = [cell(zone, model, published, hour.start, revision) for zone in (*WEATHER_ZONES, TOTAL)]
            in_use = "Y" if model == model_in_use(local.date()) else "N"
            yield ",".join([stamp, *cells, model, in_use, flag])


def model_in_use(day: date) -> str:
    """The model that the operator uses for a day: another one on the next."""
    return MODELS[day.toordinal() % len(MODELS)]


def cell(zone: str, model: str, published: datetime, start: datetime, revision: Revision = ORIGINAL) -> str:
    """The printed forecast of a zone or of the system, in megawatts, with the noise of a sum of floats."""
    if zone == TOTAL:
        zones = WEATHER_ZONES if model else FORECAST_ZONES
        return str(sum(float(cell(one, model, published, start, revision)) for one in zones))
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    seed = prices.seed("ERCOT", "forecast", model, zone, f"{published:%Y%m%d%H}")
    size = 900 + prices.seed("ERCOT", "forecast", zone) % 9000
    amount = size * (100 - abs(16 - local.hour) * 2) / 100
    amount *= 1 + (prices.mix(seed, minute) % 400 - 200) / 5000
    return f"{amount + revision.amount_for(zone, local.hour) / prices.DOLLAR:.4f}"


def load_cell(report: str, columns: str, area: str, start: datetime, revision: Revision = ORIGINAL) -> str:
    """The printed load of a zone, or of the system: megawatts with two decimals."""
    if area == "TOTAL":
        zones = columns.split(",")[2:-2]
        return f"{sum(float(load_cell(report, columns, zone, start, revision)) for zone in zones):.2f}"
    local, minute = start.astimezone(_ZONE), int(start.timestamp()) // 60
    seed = prices.seed("ERCOT", report, area)
    amount = (800 + seed % 9000) * (100 - abs(16 - local.hour) * 2) / 100
    amount *= 1 + (prices.mix(seed, minute) % 400 - 200) / 5000
    return f"{amount + revision.amount_for(area, local.hour) / prices.DOLLAR:.2f}"
