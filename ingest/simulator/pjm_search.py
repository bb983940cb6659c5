"""What a Data Miner 2 request asks for, and the refusals of one that asks wrongly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ingest import clock
from ingest.simulator.pjm_feeds import FLAGS, NUMBERS, Feed
from ingest.simulator.world import EASTERN

MOST_ROWS = 50_000
# The real maximum of a download without rowCount is not published; over it the answer is 400.
MOST_DOWNLOAD = 1_000_000
LONGEST = timedelta(days=366)

_CONTROL = frozenset(
    (
        "download",
        "rowcount",
        "startrow",
        "sort",
        "order",
        "fields",
        "isactivemetadata",
        "format",
        "subscription-key",
    )
)
_DATES = ("datetime_beginning_utc", "datetime_beginning_ept")
_ARCHIVE_FILTERS = frozenset((*_DATES, "type", "row_is_current", "version_nbr"))
_SPELLINGS = (
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
)


class Refusal(Exception):
    """A request that is answered with HTTP 400 and a list of errors."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(message)


@dataclass(frozen=True)
class Search:
    """A valid request.

    ``first`` and ``last`` are the asked stamps on the clock that was asked in, both inclusive.
    """

    feed: Feed
    first: datetime
    last: datetime
    local: bool
    filters: Mapping[str, str]
    fields: tuple[str, ...]
    row_count: int | None
    start_row: int
    sort: str | None
    descending: bool
    csv: bool
    download: bool
    asked: tuple[tuple[str, str], ...]

    @property
    def span_utc(self) -> tuple[datetime, datetime]:
        """The first and the last instant that can be meant."""
        if not self.local:
            return self.first.replace(tzinfo=UTC), self.last.replace(tzinfo=UTC)
        zone = ZoneInfo(EASTERN)
        return (
            self.first.replace(tzinfo=zone).astimezone(UTC),
            self.last.replace(tzinfo=zone, fold=1).astimezone(UTC),
        )


def parse(feed: Feed, query: Mapping[str, str], now: datetime) -> Search:
    """Check a request as the API does.

    Raises:
        Refusal: with the message of the first rule it breaks.
    """
    words = {name.lower(): value for name, value in query.items()}
    download = words.get("download", "").lower() == "true"
    filters = {name: value for name, value in words.items() if name not in _CONTROL}
    allowed = set(filterable(feed)) | set(_DATES)
    for name in filters:
        if name not in allowed:
            raise Refusal(name, f"The API request contains invalid attribute(s) - {name.title()}")
    row_count, start_row = _paging(words, download)
    fields = tuple(name for name in re.split(r"\s*,\s*", words.get("fields", "")) if name)
    for name in fields:
        if name not in feed.columns:
            raise Refusal("fields", f"'{name}' is not a field of {feed.name}.")
    sort = words.get("sort", "").lower() or None
    order = words.get("order", "").lower()
    first, last, local = _dates(feed, filters, now)
    search = Search(
        feed=feed,
        first=first,
        last=last,
        local=local,
        filters={name: value for name, value in filters.items() if name not in feed.dates},
        fields=tuple(name for name in feed.columns if name in fields) or feed.columns,
        row_count=row_count,
        start_row=start_row,
        sort=sort,
        descending=order.startswith("desc"),
        csv=words.get("format", "json").lower() == "csv",
        download=download,
        asked=tuple(filters.items()),
    )
    _check_archive(search, bool(fields), bool(order), now)
    if sort and sort not in feed.sortable:
        raise Refusal(
            "sort", f"'{sort}' is not a sort field of {feed.name}. Allowed: {', '.join(feed.sortable)}."
        )
    return search


def archive_cutoff(feed: Feed, now: datetime) -> datetime | None:
    """The instant before which rows are archived: a local midnight, so no delivery day lies on both sides."""
    if feed.archive_days is None:
        return None
    return clock.midnight(clock.local_date(now, EASTERN) - timedelta(days=feed.archive_days), EASTERN)


def filterable(feed: Feed) -> tuple[str, ...]:
    """The columns that a feed filters by: what names a row, not what it costs."""
    prices = {name for name in NUMBERS if name not in ("pnode_id", "version_nbr")}
    return tuple(
        name
        for name in feed.columns
        if name not in prices and name not in feed.unfilterable and name not in FLAGS - {"row_is_current"}
    )


def _paging(words: Mapping[str, str], download: bool) -> tuple[int | None, int]:
    if "rowcount" not in words and not download:
        raise Refusal("rowCount", "rowCount is required when any other parameter is specified.")
    if "startrow" not in words and not download:
        raise Refusal("startRow", "startRow is required when any other parameter is specified.")
    count = _whole(words, "rowcount", "rowCount")
    start = _whole(words, "startrow", "startRow")
    if count is not None and count > MOST_ROWS:
        raise Refusal("rowCount", f"rowCount must be at most {MOST_ROWS}.")
    return count, 1 if start is None else start


def _whole(words: Mapping[str, str], name: str, label: str) -> int | None:
    if name not in words:
        return None
    if not words[name].isdigit() or int(words[name]) < 1:
        raise Refusal(label, f"{label} must be a number of at least 1.")
    return int(words[name])


def _dates(feed: Feed, filters: Mapping[str, str], now: datetime) -> tuple[datetime, datetime, bool]:
    given = [name for name in feed.dates if filters.get(name)]
    if not given:
        raise Refusal(feed.dates[1], f"A datetime is missing. Please specify {feed.dates[0]} or _ept.")
    name = given[0]
    local = name.endswith("_ept")
    first, last = _range(
        name, filters[name], now.astimezone(ZoneInfo(EASTERN) if local else UTC).replace(tzinfo=None)
    )
    if last < first:
        raise Refusal(name, "The end of the date range is before its start.")
    if last - first >= LONGEST:
        raise Refusal(name, "Error: Date range cannot exceed 366 days. Please revise the date range.")
    return first, last, local


def _range(name: str, text: str, now: datetime) -> tuple[datetime, datetime]:
    named = _named(text.strip().lower(), now)
    if named:
        return named
    parts = re.split(r"\s*to\s*", text.strip(), flags=re.IGNORECASE)
    if len(parts) > 2:
        raise Refusal(name, f"'{text}' is not a date range.")
    stamps = [_stamp(name, part) for part in parts]
    return stamps[0], stamps[-1]


def _stamp(name: str, text: str) -> datetime:
    for spelling in _SPELLINGS:
        try:
            return datetime.strptime(text, spelling)
        except ValueError:
            continue
    raise Refusal(name, f"'{text}' is not a date. Use M/d/yyyy HH:mm or yyyy-MM-dd HH:mm.")


def _named(word: str, now: datetime) -> tuple[datetime, datetime] | None:
    """The ranges that have a name, on the clock that the filter is in."""
    moment = timedelta(seconds=1)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    hour = now.replace(minute=0, second=0, microsecond=0)
    week = today - timedelta(days=(today.weekday() + 1) % 7)
    month = today.replace(day=1)
    year = month.replace(month=1)
    day = timedelta(days=1)
    ranges = {
        "today": (today, today + day),
        "yesterday": (today - day, today),
        "tomorrow": (today + day, today + 2 * day),
        "currenthour": (hour, hour + timedelta(hours=1)),
        "lasthour": (hour - timedelta(hours=1), hour),
        "currentweek": (week, week + 7 * day),
        "lastweek": (week - 7 * day, week),
        "nextweek": (week + 7 * day, week + 14 * day),
        "currentmonth": (month, _months_on(month, 1)),
        "lastmonth": (_months_on(month, -1), month),
        "nextmonth": (_months_on(month, 1), _months_on(month, 2)),
        "currentyear": (year, _months_on(year, 12)),
        "lastyear": (_months_on(year, -12), year),
        "nextyear": (_months_on(year, 12), _months_on(year, 24)),
        "15secondsago": (now - timedelta(seconds=15), now),
        "5minutesago": (now - timedelta(minutes=5), now),
        "1monthago": (_months_on(month, -1).replace(day=min(now.day, 28)), now),
        "4monthsago": (_months_on(month, -4).replace(day=min(now.day, 28)), now),
        "6monthsago": (_months_on(month, -6).replace(day=min(now.day, 28)), now),
    }
    found = ranges.get(word)
    return None if found is None else (found[0], found[1] - moment)


def _months_on(first: datetime, months: int) -> datetime:
    index = first.year * 12 + first.month - 1 + months
    return first.replace(year=index // 12, month=index % 12 + 1)


def _check_archive(search: Search, fields: bool, order: bool, now: datetime) -> None:
    """The archived side has fewer filters, no order of its own, and stays inside one year of UTC."""
    cutoff = archive_cutoff(search.feed, now)
    if cutoff is None:
        return
    start, end = search.span_utc
    if start >= cutoff:
        return
    name = "datetime_beginning_ept" if search.local else "datetime_beginning_utc"
    if end >= cutoff:
        raise Refusal(
            name,
            "Date range in the API request spans over archived and standard data. "
            f"Archived data ends before {cutoff:%m/%d/%Y %H:%M} UTC.",
        )
    if start.year != end.year:
        raise Refusal(name, "Archived data date range must be within same calendar year in UTC.")
    if order:
        raise Refusal("order", "Custom Order is not an available option on archived data.")
    if search.sort:
        raise Refusal("sort", "Custom Sort is not an available option on archived data.")
    if fields:
        raise Refusal("fields", "Custom Fields is not an available option on archived data.")
    for filtered in search.filters:
        if filtered not in _ARCHIVE_FILTERS:
            label = "_".join(part.title() for part in filtered.split("_"))
            raise Refusal(
                filtered, f"The API request contains invalid attribute(s) for archived data - {label}"
            )


def matches(cells: Mapping[str, str], filters: Mapping[str, str]) -> bool:
    """Whether the words that name a row meet the filters: numbers exactly, text partly and in any case."""
    for name, wanted in filters.items():
        if name not in cells:
            continue
        options = [option.strip() for option in wanted.split(";")]
        text = cells[name]
        if name in NUMBERS:
            if text not in options:
                return False
        elif not any(_text_matches(text, option) for option in options):
            return False
    return True


def _text_matches(text: str, option: str) -> bool:
    text, option = text.lower(), option.lower()
    return text == option.removesuffix("exact") if option.endswith("exact") else option in text


def oldest_day(feed: Feed, now: datetime) -> date:
    """The first delivery day that a feed still has."""
    if feed.history_days is None:
        return feed.since
    return max(feed.since, clock.local_date(now, EASTERN) - timedelta(days=feed.history_days))
