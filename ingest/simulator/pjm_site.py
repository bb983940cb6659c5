"""api.pjm.com and dataminer2.pjm.com: keys, feeds, pages, formats."""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator import lists, pjm_search, prices
from ingest.simulator.answers import Answer, Request, with_extra_column
from ingest.simulator.pjm_feeds import FEEDS, FLAGS, NUMBERS, SERVICES, Feed, Service
from ingest.simulator.pjm_locations import Node, nodes
from ingest.simulator.pjm_rows import (
    Moment,
    csv_stamp,
    evaluated,
    item_cells,
    load_cells,
    moment,
    value_cells,
)
from ingest.simulator.pjm_search import Refusal, Search
from ingest.simulator.revisions import Revision
from ingest.simulator.world import EASTERN, World

PUBLIC_KEY = "5a1e0f3c7b9d4c6e8f2a1b3c5d7e9f01"
JSON = "application/json; charset=utf-8"
CSV = "text/csv; charset=utf-8"
CRLF = "\r\n"

CORRECTABLE: Mapping[str, tuple[str, ...]] = {
    name: (name,) for name in (*FEEDS, *(word for iso, word in lists.LISTS if iso == "PJM"))
}

# Of a forecast, the day before has so many.
SNAPSHOTS = 4

Item = Node | Service


def answer_settings(request: Request, world: World) -> Answer:
    """The web interface's own configuration, which holds a public key."""
    if request.path != "/config/settings.json":
        return _problem(404, "Resource not found")
    text = json.dumps(
        {"apiBaseUrl": "https://api.pjm.com/api/v1/", "subscriptionKey": PUBLIC_KEY, "timeout": 120000}
    )
    return Answer(200, text.encode(), JSON)


def answer(request: Request, world: World) -> Answer:
    """A feed's rows or its metadata."""
    parts = request.path.strip("/").split("/")
    word = parts[2] if len(parts) > 2 else ""
    if (
        parts[:2] != ["api", "v1"]
        or len(parts) not in (3, 4)
        or (word not in FEEDS and not lists.named("PJM", word))
    ):
        return _problem(404, "Resource not found")
    key = request.headers.get("ocp-apim-subscription-key") or request.query.get("subscription-key")
    if not key:
        return _problem(
            401,
            "Access denied due to missing subscription key. Make sure to include subscription key when "
            "making requests to an API.",
        )
    if key not in world.keys:
        return _problem(
            401,
            "Access denied due to invalid subscription key. Make sure to provide a valid key for an active "
            "subscription.",
        )
    if lists.named("PJM", word):
        return _packed(request, lists.page("PJM", word, request, world))
    feed = FEEDS[word]
    if len(parts) == 4:
        if parts[3] != "metadata":
            return _problem(404, "Resource not found")
        return _packed(request, Answer(200, json.dumps(_metadata(feed)).encode(), JSON))
    try:
        search = pjm_search.parse(feed, request.query, world.now)
        return _packed(request, _rows_answer(search, request, world))
    except Refusal as refusal:
        body = {"errors": [{"field": refusal.field, "message": refusal.message, "detail": [refusal.message]}]}
        return Answer(400, json.dumps(body).encode(), JSON)


def _problem(status: int, message: str) -> Answer:
    return Answer(status, json.dumps({"statusCode": status, "message": message}).encode(), JSON)


def _packed(request: Request, whole: Answer) -> Answer:
    """Gzip where it was asked for, but not always: some answers come plain although it was."""
    target = f"{request.path}?{urlencode(sorted(request.query.items()))}"
    if "gzip" not in request.headers.get("accept-encoding", "") or prices.seed(target) % 4 == 0:
        return whole
    body = gzip.compress(whole.body, compresslevel=1, mtime=0)
    return Answer(whole.status, body, whole.content_type, (*whole.headers, ("Content-Encoding", "gzip")))


@dataclass(frozen=True)
class Row:
    """One row before it is printed."""

    at: Moment
    item: Item
    revision: Revision
    number: int
    current: bool


@dataclass(frozen=True)
class Result:
    """The rows of a search without the rows themselves: they are made page by page.

    ``offsets[i]`` is the number of rows before the i-th instant.
    """

    search: Search
    items: tuple[Item, ...]
    instants: tuple[datetime, ...]
    offsets: tuple[int, ...]
    world: World

    @property
    def total(self) -> int:
        """How many rows there are on all pages together."""
        return self.offsets[-1]

    def rows(self, first: int, count: int) -> Iterator[Row]:
        """So many rows from the first (counted from 0), by instant, item and version."""
        index = bisect_right(self.offsets, first) - 1
        skip = first - self.offsets[min(index, len(self.offsets) - 1)]
        while index < len(self.instants) and count > 0:
            for row in self._at(self.instants[index]):
                if skip:
                    skip -= 1
                    continue
                if count == 0:
                    return
                count -= 1
                yield row
            index += 1

    def _at(self, instant: datetime) -> Iterator[Row]:
        at = moment(instant)
        versions = _versions(self.search, at, self.world)
        for item in _there(self.items, at):
            for number, current, revision in versions:
                yield Row(at, item, revision, number, current)


def _there(items: tuple[Item, ...], at: Moment) -> tuple[Item, ...]:
    if items and isinstance(items[0], Service):
        return tuple(item for item in items if isinstance(item, Service) and at.day >= item.since)
    return items


def _versions(search: Search, at: Moment, world: World) -> list[tuple[int, bool, Revision]]:
    """The versions of a day that the filters let through; only the last where a feed does not number them."""
    history = world.revisions.history("PJM", search.feed.name, at.day)
    last = len(history)
    if search.feed.appears == "week_before":
        return [(int(world.now.timestamp()) // 1800, True, history[-1])]
    if search.feed.kind == "forecast":
        return [(number, True, history[-1]) for number in range(1, SNAPSHOTS + 1)]
    if not search.feed.versioned:
        return [(last, True, history[-1])]
    found = []
    for number, revision in enumerate(history, start=1):
        cells = {"version_nbr": str(number), "row_is_current": str(number == last)}
        if pjm_search.matches(cells, search.filters):
            found.append((number, number == last, revision))
    return found


def find(search: Search, world: World) -> Result:
    """Everything that a search finds."""
    feed = search.feed
    everything: tuple[Item, ...] = SERVICES[feed.name] if feed.name in SERVICES else nodes(world.nodes)
    items = tuple(
        item
        for item in everything
        if (feed.kind not in ("unverified", "monthly") or (isinstance(item, Node) and item.aggregate))
        and pjm_search.matches(item_cells(feed, item), search.filters)
    )
    instants = _instants(search, world)
    counts = []
    for instant in instants:
        at = moment(instant)
        counts.append(len(_there(items, at)) * len(_versions(search, at, world)))
    return Result(search, items, instants, tuple(accumulate(counts, initial=0)), world)


def _instants(search: Search, world: World) -> tuple[datetime, ...]:
    """The intervals between the asked stamps, the last one included, that are published."""
    feed, now = search.feed, world.now
    oldest = pjm_search.oldest_day(feed, now)
    start, end = search.span_utc
    found = []
    for day in clock.days_of(clock.Period(start, end + timedelta(seconds=1)), EASTERN):
        if day < oldest or feed.published(day) > now:
            continue
        for instant in _day(day.toordinal(), feed.step(day)):
            at = moment(instant)
            asked = at.local.replace(tzinfo=None) if search.local else instant.replace(tzinfo=None)
            if search.first <= asked <= search.last and _over(feed, instant, now):
                found.append(instant)
    if search.descending or (feed.newest_first and search.sort is None):
        found.reverse()
    return tuple(found)


def _over(feed: Feed, instant: datetime, now: datetime) -> bool:
    """Whether an interval of a feed without verification is out: a few minutes after it ended."""
    if feed.appears != "at_once":
        return True
    return instant + timedelta(minutes=feed.minutes + 3) <= now


@lru_cache(maxsize=1024)
def _day(ordinal: int, step: timedelta) -> tuple[datetime, ...]:
    day = datetime.fromordinal(ordinal).date()
    instant, end = clock.midnight(day, EASTERN), clock.midnight(day + timedelta(days=1), EASTERN)
    found = []
    while instant < end:
        found.append(instant)
        instant += step
    return tuple(found)


def _rows_answer(search: Search, request: Request, world: World) -> Answer:
    result = find(search, world)
    total = 0 if request.late else result.total
    if search.download and search.row_count is None and total > pjm_search.MOST_DOWNLOAD:
        raise Refusal("rowCount", f"The number of rows exceeds the maximum of {pjm_search.MOST_DOWNLOAD}.")
    count = total if search.row_count is None else search.row_count
    count = max(min(count, total - search.start_row + 1), 0)
    rows: Iterator[Row] | list[Row] = result.rows(search.start_row - 1, count) if count else iter(())
    if search.sort in ("pnode_id", "zone"):
        whole = sorted(
            result.rows(0, total), key=lambda row: item_cells(search.feed, row.item)[search.sort or ""]
        )
        if search.sort == "pnode_id":
            whole.sort(key=lambda row: row.item.id if isinstance(row.item, Node) else 0)
        rows = whole[search.start_row - 1 : search.start_row - 1 + count]
    headers: tuple[tuple[str, str], ...] = ()
    if search.download:
        name = f"{search.feed.name}.{'csv' if search.csv else 'json'}"
        headers = (("X-TotalRows", str(total)), ("Content-Disposition", f'attachment; filename="{name}"'))
    if search.csv:
        return Answer(200, _csv(search, rows, request.drift).encode(), CSV, headers)
    items = ",".join(_json_item(search, row, request.drift) for row in rows)
    body = f"[{items}]" if search.download else _envelope(search, items, total, request, world)
    return Answer(200, body.encode(), JSON, headers)


def _cells(search: Search, row: Row, fixed: Mapping[str, str]) -> dict[str, str]:
    utc, ept = search.feed.dates
    values = value_cells(search.feed, row.item, row.at, row.revision)
    if search.feed.kind == "forecast" and isinstance(row.item, Service):
        made = evaluated(search.feed, row.at, row.number)
        words = csv_stamp(made)
        values = load_cells(search.feed, row.item, row.at, row.revision, words)
        local = csv_stamp(made.astimezone(ZoneInfo(EASTERN)))
        values |= {"evaluated_at_utc": words, "evaluated_at_ept": local}
        values |= {"evaluated_at_datetime_utc": words, "evaluated_at_datetime_ept": local}
    return {
        utc: row.at.utc_csv,
        ept: row.at.ept_csv,
        **fixed,
        **values,
        "row_is_current": str(row.current),
        "version_nbr": str(row.number),
    }


@lru_cache(maxsize=65536)
def _fixed(feed: str, item: Item) -> Mapping[str, str]:
    return item_cells(FEEDS[feed], item)


def _csv(search: Search, rows: Iterator[Row] | list[Row], drift: bool) -> str:
    lines = [",".join(search.fields)]
    for row in rows:
        cells = _cells(search, row, _fixed(search.feed.name, row.item))
        lines.append(",".join([cells[name] for name in search.fields]))
    text = CRLF.join(lines) + CRLF
    return with_extra_column(text, CRLF) if drift else text


def _json_item(search: Search, row: Row, drift: bool) -> str:
    cells = _cells(search, row, _fixed(search.feed.name, row.item))
    for name in search.fields:
        if name.endswith(("_utc", "_ept")):
            printed = datetime.strptime(cells[name], "%m/%d/%Y %I:%M:%S %p")
            cells[name] = f"{printed:%Y-%m-%dT%H:%M:%S}"
    pairs = [f'"{name}":{_json_value(name, cells[name])}' for name in search.fields]
    return "{" + ",".join([*pairs, '"new_column":1'] if drift else pairs) + "}"


def _json_value(name: str, text: str) -> str:
    """A cell as JSON: numbers keep their printed decimals, blank is null."""
    if not text:
        return "null"
    if name in NUMBERS:
        return text
    return text.lower() if name in FLAGS else json.dumps(text)


def _envelope(search: Search, items: str, total: int, request: Request, world: World) -> str:
    feed = search.feed.name
    base = f"{world.url}/{request.host}/api/v1/{feed}"
    count = search.row_count or MOST_DEFAULT
    links = [{"rel": "self", "href": f"{base}?{_echo(request.query, search.start_row)}"}]
    if search.start_row + count <= total:
        links.append({"rel": "next", "href": f"{base}?{_echo(request.query, search.start_row + count)}"})
    links.append({"rel": "metadata", "href": f"{base}/metadata"})
    specification = {
        "rowCount": count,
        **({"sort": search.sort} if search.sort else {}),
        "order": "Desc" if search.descending else "Asc",
        "startRow": search.start_row,
        "isActiveMetadata": True,
        "fields": list(search.fields),
        "filters": [{name: value} for name, value in search.asked],
    }
    compact = (",", ":")
    return (
        f'{{"links":{json.dumps(links, separators=compact)},"items":[{items}],'
        f'"searchSpecification":{json.dumps(specification, separators=compact)},"totalRows":{total}}}'
    )


MOST_DEFAULT = pjm_search.MOST_ROWS


def _echo(query: Mapping[str, str], start_row: int) -> str:
    words = {
        name: value for name, value in query.items() if name.lower() not in ("startrow", "subscription-key")
    }
    return urlencode(words | {"startRow": str(start_row)}, quote_via=quote)


def _metadata(feed: Feed) -> dict[str, object]:
    archive_filters = {
        "datetime_beginning_utc",
        "datetime_beginning_ept",
        "type",
        "row_is_current",
        "version_nbr",
    }
    columns = [
        {
            "id": index,
            "fieldName": name,
            "dataType": _data_type(name),
            "ordinalPosition": index,
            "enableFiltering": name in pjm_search.filterable(feed),
            "enableArchiveFiltering": name in archive_filters - feed.unfilterable,
            "enableSorting": name in feed.sortable,
            "isVisible": True,
            "isActive": True,
        }
        for index, name in enumerate(feed.columns, start=1)
    ]
    return {
        "id": list(FEEDS).index(feed.name) + 1,
        "feedId": feed.name,
        "name": feed.name,
        "displayName": feed.title,
        "description": f"{feed.title} (simulated)",
        "category": "Ancillary Services"
        if feed.kind in ("service", "reserve")
        else "Locational Marginal Pricing",
        "firstAvailable": f"{feed.since:%Y-%m-%d}T00:00:00",
        "postingFrequency": feed.appears,
        "retentionTime": f"{feed.history_days} days" if feed.history_days else "Indefinitely",
        "enableArchiving": feed.archive_days is not None,
        "archiveCutoffDays": feed.archive_days or 0,
        "columns": columns,
    }


def _data_type(name: str) -> str:
    if name.startswith("datetime"):
        return "DateTime"
    if name in NUMBERS:
        return "Number"
    return "Boolean" if name in FLAGS else "String"
