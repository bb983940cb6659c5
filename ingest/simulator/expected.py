"""What an answer must contain, without asking for it: the printed numbers of a place at an instant.

Tests compare these with what came through HTTP, files and tables. Names are the source's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache

from ingest import clock
from ingest.simulator import (
    caiso_load,
    caiso_rows,
    ercot_load,
    ercot_rows,
    isone_rows,
    lists,
    miso_archives,
    miso_load,
    miso_site,
    nyiso_load,
    nyiso_rows,
    prices,
    spp_load,
    spp_rows,
)
from ingest.simulator.caiso_reports import AS_ITEMS, COMPONENTS, REPORTS
from ingest.simulator.caiso_rows import Slot
from ingest.simulator.nyiso_files import PUBLICATIONS, Publication
from ingest.simulator.nyiso_rows import Mark
from ingest.simulator.pjm_feeds import FEEDS, MEGAWATTS, SERVICES
from ingest.simulator.pjm_locations import Node, nodes
from ingest.simulator.pjm_rows import csv_stamp, load_cells, moment, value_cells
from ingest.simulator.revisions import ORIGINAL, Revision, Revisions
from ingest.simulator.world import CENTRAL, EASTERN, PACIFIC

# More synthetic nodes than any test asks for: a node's price does not depend on how many there are.
_MANY = 20_000


def printed(
    iso: str, dataset: str, location: str, instant: datetime, revisions: Revisions | None = None
) -> dict[str, str]:
    """The numbers that a source prints for a location at an instant, by its own column or component names.

    ``dataset`` is an OASIS query (``PRC_LMP``), a Data Miner feed (``da_hrl_lmps``), a MIS file (``realtime_zone``),
    an EMIL name (``NP4-190-CD``), a report or service of ISO New England, a market report of MISO, or a file system
    of SPP's portal. ``location`` is a node, a pnode id, a point's name; for reserves ``REGION PRODUCT``, but at PJM
    the service (in the results feeds ``LOCALE SERVICE``) and at NYISO the zone; for forecasts ``AREA of ISSUE-DAY``,
    the day that the file is named after, or ``AREA at MOMENT``. ``instant`` begins the interval, except where the
    source stamps its end. OASIS drops trailing zeros, as here; only version 3 of its five-minute report keeps them.

    Raises:
        KeyError: no such dataset or location.
    """
    history = revisions or Revisions()
    if listed := lists.named(iso.upper(), dataset):
        day = clock.local_date(instant, listed.clock)
        return lists.printed(iso, dataset, location, _MANY, history.current(iso.upper(), dataset, day))
    match iso.upper():
        case "CAISO":
            return _caiso(dataset, location, instant, history)
        case "PJM":
            return _pjm(dataset, location, instant, history)
        case "NYISO":
            return _nyiso(dataset, location, instant, history)
        case "ERCOT":
            return _ercot(dataset, location, instant, history)
        case "ISONE":
            return _isone(dataset, location, instant, history)
        case "MISO":
            return _miso(dataset, location, instant, history)
        case "SPP":
            return _spp(dataset, location, instant, history)
    raise KeyError(iso)


def intervals(iso: str, dataset: str, day: date, revision: Revision = ORIGINAL) -> Sequence[datetime]:
    """The instants of a complete delivery day as the source stamps them; a list is of the day as a whole."""
    if listed := lists.named(iso.upper(), dataset):
        return [clock.midnight(day, listed.clock)]
    match iso.upper():
        case "CAISO":
            minutes = (caiso_load.RUNS.get(dataset) or REPORTS[dataset]).minutes
            return [slot.start for slot in caiso_rows.slots(day, minutes)]
        case "PJM":
            step = FEEDS[dataset].step(day)
            return [
                instant
                for hour in clock.hours_of(clock.market_days(day, day, EASTERN))
                for instant in _steps(hour.start, hour.end, step)
            ]
        case "NYISO":
            found = [mark.instant for mark in nyiso_rows.marks(PUBLICATIONS[dataset], day, revision)]
            return [instant for instant in found if _belongs(PUBLICATIONS[dataset], instant, day)]
        case "ERCOT":
            return ercot_rows.starts(ercot_rows.REPORTS[dataset], day)
        case "ISONE":
            return isone_rows.starts(day, isone_rows.FEEDS[dataset].minutes)
        case "MISO":
            return (
                miso_archives.intervals(day)
                if dataset == miso_archives.WEEKLY.name
                else miso_site.starts(day)
            )
        case "SPP":
            return spp_rows.starts(
                day, spp_rows.SYSTEMS[dataset].minutes if dataset in spp_rows.SYSTEMS else 60
            )
    raise KeyError(iso)


def _belongs(publication: Publication, instant: datetime, day: date) -> bool:
    """Whether an instant is of the day that the file is named after: a forecast goes on."""
    return publication.kind != "forecast" or clock.local_date(instant, EASTERN) == day


def _steps(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    found = []
    while start < end:
        found.append(start)
        start += step
    return found


def _caiso(query: str, location: str, instant: datetime, history: Revisions) -> dict[str, str]:
    if query in caiso_load.RUNS:
        slot = _slot(instant, caiso_load.RUNS[query].minutes)
        revision = history.current("CAISO", query, slot.day)
        return {"MW": prices.bare(caiso_load.amount(query, location, slot, revision), 2)}
    report = REPORTS[query]
    slot = _slot(instant, report.minutes)
    revision = history.current("CAISO", query, slot.day)
    if report.reserves:
        region, product = location.split(" ")
        if product not in AS_ITEMS:
            raise KeyError(location)
        return {"MW": prices.bare(caiso_rows.reserve_price(query, product, region, slot, revision), 2)}
    price = caiso_rows.price(query, location, slot, revision)
    return {kind: prices.bare(caiso_rows.component(price, kind), 5) for kind in COMPONENTS}


def _slot(instant: datetime, minutes: int) -> Slot:
    return _slots(clock.local_date(instant, PACIFIC), minutes)[instant]


@lru_cache(maxsize=1024)
def _slots(day: date, minutes: int) -> dict[datetime, Slot]:
    return {slot.start: slot for slot in caiso_rows.slots(day, minutes)}


def _pjm(feed_name: str, location: str, instant: datetime, history: Revisions) -> dict[str, str]:
    feed, at = FEEDS[feed_name], moment(instant)
    revision = history.current("PJM", feed_name, at.day)
    if feed.kind == "forecast":
        location, made = location.rsplit(" at ", 1)
        area = next(item for item in SERVICES[feed_name] if item.key == location)
        cells = load_cells(feed, area, at, revision, csv_stamp(datetime.fromisoformat(made)))
        return {"MW": cells[MEGAWATTS[feed_name]]}
    if feed.kind == "load":
        area = next(item for item in SERVICES[feed_name] if item.key == location)
        return {"MW": load_cells(feed, area, at, revision)[MEGAWATTS[feed_name]]}
    if feed_name in SERVICES:
        service = next((item for item in SERVICES[feed_name] if item.key == location), None)
        if service is None:
            raise KeyError(location)
        return value_cells(feed, service, at, revision)
    return value_cells(feed, _nodes()[location], at, revision)


@cache
def _nodes() -> dict[str, Node]:
    return {node.key: node for node in nodes(_MANY)}


def _nyiso(stem: str, name: str, instant: datetime, history: Revisions) -> dict[str, str]:
    publication = PUBLICATIONS[stem]
    if publication.kind == "forecast":
        name, issue = name.rsplit(" of ", 1)
        revision = history.current("NYISO", stem, date.fromisoformat(issue))
        return {"MW": nyiso_load.forecast_cell(name, date.fromisoformat(issue), instant, revision)}
    day = clock.local_date(instant, EASTERN)
    if publication.closes and instant == clock.midnight(day, EASTERN):
        day -= timedelta(days=1)
    revision = history.current("NYISO", stem, day)
    mark = _marks(publication, day, revision)[instant]
    if publication.kind == "load":
        return {"MW": nyiso_load.load_cell(publication, name, mark.instant, revision)}
    if publication.kind == "lbmp":
        cells = nyiso_rows.lbmp_cells(nyiso_rows.lbmp(publication, name, mark, revision))
        return dict(zip(("LBMP", "Marginal Cost Losses", "Marginal Cost Congestion"), cells, strict=True))
    found = nyiso_rows.reserves(publication, nyiso_rows.region_of(name), mark, revision)
    names = ("10 Min Spinning", "10 Min Non-Synchronous", "30 Min Operating", "Regulation Capacity")
    cells_by_name = dict(zip(names, nyiso_rows.reserve_cells(found), strict=True))
    return cells_by_name | {"Regulation Movement": nyiso_rows.cents(found.movement)}


@lru_cache(maxsize=1024)
def _marks(publication: Publication, day: date, revision: Revision) -> dict[datetime, Mark]:
    return {mark.instant: mark for mark in nyiso_rows.marks(publication, day, revision)}


def _spp(name: str, location: str, instant: datetime, history: Revisions) -> dict[str, str]:
    if name == spp_load.FORECAST:
        area, words = location.rsplit(" at ", 1)
        made = datetime.fromisoformat(words).replace(tzinfo=UTC)
        revision = history.current("SPP", name, clock.local_date(made, CENTRAL))
        return {"MW": spp_load.forecast_cell(area, made, instant, revision)}
    if name == spp_load.LOAD:
        revision = history.current("SPP", name, clock.local_date(instant, CENTRAL))
        return {"MW": spp_load.load_cell(location, instant, revision)}
    system = spp_rows.SYSTEMS[name]
    revision = history.current("SPP", name, clock.local_date(instant, CENTRAL))
    if system.products:
        zone, product = location.split(" ")
        return {product: spp_rows.reserve_cells(system, zone, instant, revision)[product]}
    return spp_rows.lmp_cells(system, location.removesuffix(":BUS"), instant, revision)


def _ercot(name: str, location: str, instant: datetime, history: Revisions) -> dict[str, str]:
    report = ercot_rows.REPORTS[name]
    if report.holds == "forecast":
        place, words = location.rsplit(" at ", 1)
        zone, _, model = place.partition(" ")
        made = datetime.fromisoformat(words).replace(tzinfo=UTC)
        revision = history.current("ERCOT", name, clock.local_date(made, CENTRAL))
        return {"MW": ercot_load.cell(zone, model, made, instant, revision)}
    revision = history.current("ERCOT", name, clock.local_date(instant, CENTRAL))
    if report.holds == "load":
        return {"MW": ercot_load.load_cell(name, report.columns, location, instant, revision)}
    if report.holds == "services":
        _, product = location.split(" ")
        return {"MCPC": ercot_rows.price(report, product, instant, revision)}
    if report.holds in ("lambda", "adders"):
        return {"Component": ercot_rows.price(report, location, instant, revision)}
    return {"LMP": ercot_rows.price(report, location, instant, revision)}


def _miso(name: str, location: str, instant: datetime, history: Revisions) -> dict[str, str]:
    if name == miso_load.REPORT:
        return _miso_load(location, instant, history)
    report = miso_archives.WEEKLY if name == miso_archives.WEEKLY.name else miso_site.REPORTS[name]
    revision = history.current("MISO", name, (instant - miso_site.BEHIND).date())
    if report.services:
        zone, _, product = location.rpartition(" ")
        return {"MCP": miso_site.mcp(report, zone, product, instant, revision)}
    return miso_site.lmp_cells(report, location, instant, revision)


def _miso_load(location: str, instant: datetime, history: Revisions) -> dict[str, str]:
    area, _, issue = location.partition(" of ")
    # A report is corrected as the day that it has the load of, the one before its own.
    day = date.fromisoformat(issue) - timedelta(days=1) if issue else (instant - miso_site.BEHIND).date()
    revision = history.current("MISO", miso_load.REPORT, day)
    if issue:
        return {"MW": miso_load.forecast_cell(area, date.fromisoformat(issue), instant, revision)}
    return {"MW": miso_load.load_cell(area, instant, revision)}


def _isone(name: str, location: str, instant: datetime, history: Revisions) -> dict[str, str]:
    feed = isone_rows.FEEDS[name]
    revision = history.current("ISONE", name, clock.local_date(instant, EASTERN))
    if feed.kind == "lmp":
        return isone_rows.lmp_cells(feed, location, instant, revision)
    if feed.kind in ("load", "demand", "estimate"):
        return {"MW": isone_rows.megawatts(feed, location, instant, revision)}
    if feed.kind == "forecast":
        area, made = location.rsplit(" at ", 1)
        stamp = isone_rows.iso_stamp(datetime.fromisoformat(made))
        return {"MW": isone_rows.megawatts(feed, area, instant, revision, stamp)}
    region, _, product = location.partition(" ")
    return isone_rows.reserve_cells(feed, region, product, instant, revision)
