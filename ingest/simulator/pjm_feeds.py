"""Data Miner 2's feeds as data: columns, step, history, archive, when a delivery day appears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator.world import EASTERN

Kind = Literal["lmp", "unverified", "monthly", "service", "reserve", "load", "forecast"]
Appears = Literal["week_before", "day_before", "next_business_day", "month_close", "at_once"]

# The reserve reform: five-minute reserve results, the day-ahead reserve feeds and the 30-minute product
# begin.
REFORM = date(2022, 10, 1)

_TIMES = ("datetime_beginning_utc", "datetime_beginning_ept")
_FORECAST_HOURS = ("forecast_hour_beginning_utc", "forecast_hour_beginning_ept")
_NEWEST_HOURS = ("forecast_datetime_beginning_utc", "forecast_datetime_beginning_ept")
_NODE = ("pnode_id", "pnode_name", "voltage", "equipment", "type", "zone")
_VERSION = ("row_is_current", "version_nbr")


def _prices(market: str) -> tuple[str, ...]:
    names = ("system_energy_price", "total_lmp", "congestion_price", "marginal_loss_price")
    return tuple(f"{name}_{market}" for name in names)


_UNVERIFIED = (
    "pnode_id",
    "pnode_name",
    "type",
    "total_lmp_rt",
    "congestion_price_rt",
    "marginal_loss_price_rt",
)
_MEGAWATTS = (
    "as_req_mw",
    "total_mw",
    "as_mw",
    "ss_mw",
    "tier1_mw",
    "ircmwt2",
    "dsr_as_mw",
    "nsr_mw",
    "regd_mw",
)
_RESERVE = ("locale", "service", "mcp", "mcp_capped", "reg_ccp", "reg_pcp", *_MEGAWATTS)
_REAL_TIME_ONLY = ("reg_ccp", "reg_pcp", "tier1_mw", "regd_mw")

# The column of the load, by feed.
MEGAWATTS = {
    "hrl_load_metered": "mw",
    "hrl_load_prelim": "prelim_load_avg_hourly",
    "inst_load": "instantaneous_load",
    "load_frcstd_hist": "forecast_load_mw",
    "load_frcstd_7_day": "forecast_load_mw",
}
NUMBERS = frozenset(
    ("pnode_id", "version_nbr", "value", *_RESERVE[2:], *_prices("da"), *_prices("rt"), *MEGAWATTS.values())
)
FLAGS = frozenset(("row_is_current", "occ_check", "ref_caseid_used_multi_interval", "is_verified"))


@dataclass(frozen=True)
class Feed:
    """A feed. ``base`` names the feed whose prices this one shows, perhaps at another stage."""

    name: str
    title: str
    kind: Kind
    columns: tuple[str, ...]
    minutes: int
    since: date
    appears: Appears
    base: str = ""
    archive_days: int | None = None
    history_days: int | None = None
    newest_first: bool = False
    sortable: tuple[str, ...] = ("datetime_beginning_ept",)
    # Columns that this feed never filters by, although it has them.
    unfilterable: frozenset[str] = frozenset()
    # The columns with the beginning of the interval, which rows are asked by.
    dates: tuple[str, str] = _TIMES

    @property
    def series(self) -> str:
        """The feed whose prices are shown."""
        return self.base or self.name

    @property
    def versioned(self) -> bool:
        """Whether a correction is another version beside the first."""
        return "version_nbr" in self.columns

    def step(self, day: date) -> timedelta:
        """The length of an interval on a delivery day: reserve results are five-minute since the reform."""
        if self.name == "reserve_market_results" and day < REFORM:
            return timedelta(hours=1)
        return timedelta(minutes=self.minutes)

    def published(self, day: date) -> datetime:
        """When a delivery day can be asked for. ``at_once`` means interval by interval instead."""
        match self.appears:
            case "week_before":
                return clock.midnight(day - timedelta(days=6), EASTERN)
            case "day_before":
                return _noon(day - timedelta(days=1), hour=13)
            case "next_business_day":
                return _noon(_business_day_after(day, 1))
            case "month_close":
                return _noon(_business_day_after(_last_of_month(day), 5))
            case "at_once":
                return clock.midnight(day, EASTERN)


def _noon(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(EASTERN))


def _last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _business_day_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


_NODAL_SORT = ("datetime_beginning_ept", "pnode_id", "zone")

FEEDS: Mapping[str, Feed] = {
    feed.name: feed
    for feed in (
        Feed(
            "da_hrl_lmps",
            "Day-Ahead Hourly LMPs",
            "lmp",
            (*_TIMES, *_NODE, *_prices("da"), *_VERSION),
            60,
            date(2000, 6, 1),
            "day_before",
            archive_days=731,
            sortable=_NODAL_SORT,
        ),
        Feed(
            "rt_hrl_lmps",
            "Real-Time Hourly LMPs",
            "lmp",
            (*_TIMES, *_NODE, *_prices("rt"), *_VERSION),
            60,
            date(1998, 4, 1),
            "next_business_day",
            archive_days=731,
            sortable=_NODAL_SORT,
        ),
        Feed(
            "rt_fivemin_hrl_lmps",
            "Real-Time Five Minute LMPs",
            "lmp",
            (*_TIMES, *_NODE, *_prices("rt"), *_VERSION),
            5,
            date(2018, 4, 1),
            "next_business_day",
            archive_days=186,
            sortable=_NODAL_SORT,
            unfilterable=frozenset({"type"}),
        ),
        Feed(
            "rt_unverified_fivemin_lmps",
            "Unverified Five Minute LMPs",
            "unverified",
            (*_TIMES, *_UNVERIFIED, "occ_check", "ref_caseid_used_multi_interval"),
            5,
            date(2018, 4, 1),
            "at_once",
            base="rt_fivemin_hrl_lmps",
            history_days=30,
        ),
        Feed(
            "rt_unverified_hrl_lmps",
            "Unverified Hourly LMPs",
            "unverified",
            (*_TIMES, *_UNVERIFIED),
            60,
            date(2018, 4, 1),
            "at_once",
            base="rt_hrl_lmps",
            history_days=30,
        ),
        Feed(
            "rt_da_monthly_lmps",
            "Settlements Verified Hourly LMPs",
            "monthly",
            (*_TIMES, *_NODE, *_prices("rt"), *_prices("da")),
            60,
            date(2000, 6, 1),
            "month_close",
            base="rt_hrl_lmps",
            newest_first=True,
        ),
        Feed(
            "rt_fivemin_mnt_lmps",
            "Settlements Verified Five Minute LMPs",
            "monthly",
            (*_TIMES, *_NODE, *_prices("rt")),
            5,
            date(2018, 4, 1),
            "month_close",
            base="rt_fivemin_hrl_lmps",
        ),
        Feed(
            "ancillary_services",
            "Ancillary Service LMPs",
            "service",
            (*_TIMES, "ancillary_service", "unit", "value", *_VERSION),
            60,
            date(2012, 10, 1),
            "next_business_day",
        ),
        Feed(
            "ancillary_services_fivemin_hrl",
            "Verified Five Minute Ancillary Service LMPs",
            "service",
            # This feed has its last two columns the other way round.
            (*_TIMES, "ancillary_service", "unit", "value", "version_nbr", "row_is_current"),
            5,
            date(2018, 4, 1),
            "next_business_day",
        ),
        Feed(
            "da_ancillary_services",
            "Day-Ahead Ancillary Service LMPs",
            "service",
            (*_TIMES, "ancillary_service", "unit", "value", *_VERSION),
            60,
            REFORM,
            "day_before",
        ),
        Feed(
            "reserve_market_results",
            "Reserve Market Results",
            "reserve",
            (*_TIMES, *_RESERVE),
            5,
            date(2013, 6, 14),
            "next_business_day",
        ),
        Feed(
            "da_reserve_market_results",
            "Day-Ahead Reserve Market Results",
            "reserve",
            (*_TIMES, *(name for name in _RESERVE if name not in _REAL_TIME_ONLY)),
            60,
            REFORM,
            "day_before",
        ),
        Feed(
            "hrl_load_metered",
            "Hourly Load: Metered",
            "load",
            (*_TIMES, "nerc_region", "mkt_region", "zone", "load_area", "mw", "is_verified"),
            60,
            date(1993, 1, 1),
            "next_business_day",
        ),
        Feed(
            "hrl_load_prelim",
            "Hourly Load: Preliminary",
            "load",
            (*_TIMES, "datetime_ending_utc", "datetime_ending_ept", "load_area", "prelim_load_avg_hourly"),
            60,
            date(2017, 10, 1),
            "at_once",
        ),
        Feed(
            "inst_load",
            "Instantaneous Load",
            "load",
            (*_TIMES, "area", "instantaneous_load"),
            5,
            date(2017, 10, 1),
            "at_once",
            history_days=30,
            newest_first=True,
        ),
        Feed(
            "load_frcstd_hist",
            "Historical Load Forecasts",
            "forecast",
            ("evaluated_at_utc", "evaluated_at_ept", *_FORECAST_HOURS, "forecast_area", "forecast_load_mw"),
            60,
            date(2011, 1, 1),
            "next_business_day",
            sortable=("forecast_hour_beginning_ept",),
            dates=_FORECAST_HOURS,
        ),
        Feed(
            "load_frcstd_7_day",
            "Seven-Day Load Forecast",
            "forecast",
            (
                "evaluated_at_datetime_utc",
                "evaluated_at_datetime_ept",
                *_NEWEST_HOURS,
                "forecast_datetime_ending_utc",
                "forecast_datetime_ending_ept",
                "forecast_area",
                "forecast_load_mw",
            ),
            60,
            date(2011, 1, 1),
            "week_before",
            history_days=0,
            sortable=("forecast_datetime_beginning_ept",),
            dates=_NEWEST_HOURS,
        ),
    )
}


@dataclass(frozen=True)
class Service:
    """What a row of the reserve feeds is about; results feeds have columns where others have a ``unit``."""

    place: str
    product: str
    unit: str = ""
    since: date = date.min

    @property
    def key(self) -> str:
        """What a correction and a test call the row by."""
        return self.product if self.unit else f"{self.place} {self.product}"


def _areas(*words: str) -> tuple[Service, ...]:
    """Areas of load, each behind its zone; the unit makes the area's name its key."""
    split = (word.partition(" ") for word in words)
    return tuple(Service(zone, area, "MW") for zone, _, area in split)


_REAL_TIME_SERVICES = (
    Service("RTO", "RTO Regulation Capability", "Price"),
    Service("RTO", "RTO Regulation Mileage", "Price"),
    Service("RTO", "RTO Mileage Ratio", "Ratio"),
    Service("RTO", "RTO Synchronized Reserve", "Price"),
    Service("RTO", "RTO Non-Synchronized Reserve", "Price"),
    Service("RTO", "RTO Secondary Reserve", "Price", REFORM),
    Service("MAD", "MAD Synchronized Reserve", "Price"),
    Service("MAD", "MAD Non-Synchronized Reserve", "Price"),
    Service("MAD", "MAD Secondary Reserve", "Price", REFORM),
)
SERVICES: Mapping[str, tuple[Service, ...]] = {
    "ancillary_services": _REAL_TIME_SERVICES,
    "ancillary_services_fivemin_hrl": _REAL_TIME_SERVICES,
    "da_ancillary_services": (
        Service("RTO", "PJM RTO Synchronized Reserve", "Price"),
        Service("RTO", "PJM RTO Primary Reserve", "Price"),
        Service("RTO", "PJM RTO Thirty Minutes Reserve", "Price"),
        Service("MAD", "Mid-Atlantic/Dominion Synchronized Reserve", "Price"),
        Service("MAD", "Mid-Atlantic/Dominion Primary Reserve", "Price"),
    ),
    "reserve_market_results": (
        Service("MAD", "PR"),
        Service("MAD", "SR"),
        Service("PJM_RTO", "REG"),
        Service("PJM_RTO", "SR"),
        Service("PJM_RTO", "PR"),
        Service("PJM_RTO", "30MIN", since=REFORM),
    ),
    "da_reserve_market_results": (
        Service("MAD", "PR"),
        Service("MAD", "SR"),
        Service("PJM_RTO", "SR"),
        Service("PJM_RTO", "PR"),
        Service("PJM_RTO", "30MIN"),
    ),
    "hrl_load_metered": _areas("AE AECO", "AE VMEU", "AEP AEPAPT", "RTO RTO"),
    "hrl_load_prelim": _areas("AE AE", "AEP AEP", "RTO RTO"),
    "inst_load": _areas("AEP AEP", "RTO PJM MID ATLANTIC REGION", "RTO PJM RTO"),
    "load_frcstd_hist": _areas("AE AE", "RTO MID_ATLANTIC_REGION", "RTO RTO"),
    "load_frcstd_7_day": _areas("AEP AEP", "RTO WESTERN_REGION", "RTO RTO_COMBINED"),
}
