"""Contract rows from what independent readers say of raw files: the finish step a second time, in plain Python.

Time with zoneinfo, versions by walking each key's history. It shares no code with the build and is as slow as
it is plain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from oracle.shell import Row

FARTHEST = timedelta(minutes=15)
PLACE = {
    "energy_prices": ("settlement_location_id",),
    "energy_prices_ex_ante": ("settlement_location_id",),
    "ancillary_services": ("as_product", "as_region"),
    "price_adders": ("settlement_location_id", "component"),
    "load": ("load_type", "area_type", "area_id"),
    "load_forecast": ("forecast", "area_type", "area_id"),
    "locations": (
        *("location_list", "settlement_location_id", "member_of"),
        *("valid_from_utc", "valid_to_utc"),
    ),
}
ENERGY = ("lmp_total", "lmp_energy", "lmp_congestion", "lmp_loss", "system_lambda")
VALUES = {
    "energy_prices": ENERGY,
    "energy_prices_ex_ante": ENERGY,
    "ancillary_services": ("market_clearing_price", "cleared_quantity_mw"),
    "price_adders": ("price",),
    "load": ("load_mw",),
    "load_forecast": ("forecast_mw",),
    "locations": tuple(
        "settlement_location settlement_location_type source_type zone subzone node description voltage_kv state "
        "latitude longitude is_active".split()
    ),
}
# Tables that keep every vintage: what is published at two moments is two things.
VINTAGES = ("load_forecast", "locations")
# What has no end.
OPEN = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Telling:
    """One raw object as it was seen at one moment, with the published rows that a reader found in it.

    ``basis`` is how ``known_at`` is known, for rows that do not state when they were published; ``first`` the first
    instant that was asked for, for lists that do not state their day.
    """

    raw_key: str
    known_at: datetime
    stage: int
    rows: Sequence[Row]
    basis: str = "fetch"
    first: datetime | None = None

    def dated(self) -> Telling:
        """The same with each row's moment of publication: its own, else the minute the object was known in."""
        known = self.known_at.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
        rows = []
        for row in self.rows:
            stated = row.get("published_at_utc")
            basis = row.get("published_at_basis") or ("source" if stated else self.basis)
            rows.append({**row, "published_at_utc": stated or known, "published_at_basis": basis})
        return replace(self, rows=rows)

    def listed(self, clock: str) -> Telling:
        """The same with what a row of a list does not state: the day that it is of, and when it holds."""
        zone = ZoneInfo(clock)
        day = (self.first or self.known_at).astimezone(zone).date()
        edges = [_midnight(day, zone), _midnight(day + timedelta(days=1), zone)]
        rows = []
        for row in self.rows:
            start = row.get("interval_start_utc") or edges[0]
            end = row["interval_end_utc"] if row.get("interval_start_utc") else edges[1]
            since, until = row.get("valid_from_utc"), row.get("valid_to_utc")
            rows.append(
                {
                    **row,
                    "interval_start_utc": start,
                    "interval_end_utc": end,
                    "member_of": row.get("member_of") or "",
                    "valid_from_utc": (since or start).replace(tzinfo=UTC),
                    "valid_to_utc": until.replace(tzinfo=UTC) if until else OPEN,
                    "validity_basis": "source" if since else "list",
                }
            )
        return replace(self, rows=rows)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Market:
    """What the rows of a series have in common."""

    iso: str
    table: str
    market_type: str | None
    minutes: int
    clock: str
    stamp: str | None = None


@dataclass
class _Told:
    """A published row on the time line, with the number of the telling and its place among the versions."""

    row: Row
    start: datetime
    end: datetime
    minutes: int
    number: int
    telling: Telling
    source_version: int | None
    source_rank: int = 0
    last_seen: int = 0


def contract_rows(market: Market, tellings: Iterable[Telling]) -> list[Row]:
    """Every row of a series in every version, as the table must hold it."""
    ordered = sorted(tellings, key=lambda one: (one.stage, one.known_at, one.raw_key))
    if market.table in VINTAGES:
        ordered = [one.dated() for one in ordered]
    if market.table == "locations":
        ordered = [one.listed(market.clock) for one in ordered]
    told = list(_placed(market, ordered))
    histories: dict[tuple[Any, ...], list[_Told]] = defaultdict(list)
    for one in _once(market, told):
        key = (*_place(market, one.row), one.minutes, one.start)
        histories[key].append(one)
    covered = _covered(market, told) if market.stamp else {}
    zone = ZoneInfo(market.clock)
    rows = []
    for history in histories.values():
        versions = _versions(market, history)
        for number, version in enumerate(versions, start=1):
            replaced = covered.get(_day(version.start, zone), [])
            newest = max((no for no, low, high in replaced if low <= version.start < high), default=0)
            current = number == len(versions) and version.last_seen >= newest
            rows.append(_finished(market, version, zone, number, current))
    return rows


def _placed(market: Market, tellings: Sequence[Telling]) -> Iterable[_Told]:
    """Rows with both edges of their interval."""
    everywhere = (
        sorted({row["stamp_utc"] for telling in tellings for row in telling.rows}) if market.stamp else []
    )
    before = {later: earlier for earlier, later in pairwise(everywhere)}
    after = dict(pairwise(everywhere))
    for number, telling in enumerate(tellings, start=1):
        own = sorted({row["stamp_utc"] for row in telling.rows}) if market.stamp else []
        own_before = {later: earlier for earlier, later in pairwise(own)}
        own_after = dict(pairwise(own))
        for row in telling.rows:
            minutes = row.get("interval_minutes") or market.minutes
            length = timedelta(minutes=minutes)
            if market.stamp == "end":
                end = row["stamp_utc"]
                start = _near(end, own_before.get(end, before.get(end)), -length)
            elif market.stamp == "begin":
                start = row["stamp_utc"]
                end = _near(start, own_after.get(start, after.get(start)), length)
            else:
                start = row["interval_start_utc"]
                end = row.get("interval_end_utc") or start + length
            version = row.get("source_version")
            yield _Told(row, start, end, minutes, number, telling, version)


def _near(stamp: datetime, neighbour: datetime | None, nominal: timedelta) -> datetime:
    if neighbour is not None and abs(stamp - neighbour) <= FARTHEST:
        return neighbour
    return stamp + nominal


def _once(market: Market, told: Iterable[_Told]) -> list[_Told]:
    """Each row of a raw object once; two different ones for a key are the raw object's mistake."""
    found: dict[tuple[Any, ...], _Told] = {}
    for one in told:
        key = (*_place(market, one.row), one.minutes, one.start, one.number, one.source_version)
        before = found.setdefault(key, one)
        assert _values(market, before.row) == _values(market, one.row), f"two values for {key}"
    return list(found.values())


def _place(market: Market, row: Row) -> tuple[Any, ...]:
    """What tells two rows of a moment apart."""
    vintage = (row["published_at_utc"],) if market.table in VINTAGES else ()
    return (*(row[name] for name in PLACE[market.table]), *vintage)


def _values(market: Market, row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in VALUES[market.table])


def _covered(market: Market, told: Iterable[_Told]) -> dict[date, list[tuple[int, datetime, datetime]]]:
    """What each telling speaks of, by day: from its first start to its last end."""
    zone = ZoneInfo(market.clock)
    spans: dict[tuple[date, int], tuple[datetime, datetime]] = {}
    for one in told:
        key = (_day(one.start, zone), one.number)
        low, high = spans.get(key, (one.start, one.end))
        spans[key] = (min(low, one.start), max(high, one.end))
    found: dict[date, list[tuple[int, datetime, datetime]]] = defaultdict(list)
    for (day, number), (low, high) in spans.items():
        found[day].append((number, *_to_the_edges(low, high, day, zone)))
    return found


def _to_the_edges(low: datetime, high: datetime, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A file of the whole day speaks of its edges too: the first or the last run may be what was dropped."""
    begin, end = (
        datetime(edge.year, edge.month, edge.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
        for edge in (day, day + timedelta(days=1))
    )
    if low - begin <= FARTHEST and end - high <= FARTHEST:
        return begin, max(end, high)
    return low, high


def _versions(market: Market, history: list[_Told]) -> list[_Told]:
    """One row a version, each seen last by ``last_seen``; the fullest row of a version speaks for it."""
    for one in history:
        one.source_rank = _source_rank(one, history)
    history.sort(key=lambda one: (one.telling.stage, one.source_rank, one.number))
    groups: list[list[_Told]] = []
    said: Row = {}
    for one in history:
        changed = any(
            one.row.get(name) is not None and said.get(name) is not None and one.row[name] != said[name]
            for name in VALUES[market.table]
        )
        before = groups[-1][-1] if groups else None
        if (
            before is None
            or changed
            or (one.telling.stage, one.source_rank, one.end)
            != (before.telling.stage, before.source_rank, before.end)
        ):
            groups.append([])
        groups[-1].append(one)
        said.update(
            {name: value for name in VALUES[market.table] if (value := one.row.get(name)) is not None}
        )
    chosen = []
    for group in groups:
        fullest: Callable[[_Told], tuple[int, int]] = lambda one: (  # noqa: E731
            -sum(value is not None for value in _values(market, one.row)),
            one.number,
        )
        best = min(group, key=fullest)
        best.last_seen = max(one.number for one in group)
        chosen.append(best)
    return chosen


def _source_rank(one: _Told, history: Sequence[_Told]) -> int:
    """The source's version; where the file has no such column, the one that was known by then."""
    if one.source_version is not None:
        return one.source_version
    known = [
        other
        for other in history
        if other.telling.stage == one.telling.stage and other.source_version is not None
    ]
    by_then = [other.source_version or 0 for other in known if other.number <= one.number]
    if by_then:
        return max(by_then)
    return min((other.source_version or 0 for other in known), default=0)


def _day(start: datetime, zone: ZoneInfo) -> date:
    return start.replace(tzinfo=UTC).astimezone(zone).date()


def _finished(market: Market, told: _Told, zone: ZoneInfo, version: int, current: bool) -> Row:
    local = told.start.replace(tzinfo=UTC).astimezone(zone)
    start = told.start.replace(tzinfo=UTC)
    row = dict(told.row)
    if market.table in VINTAGES:
        published = row["published_at_utc"].replace(tzinfo=UTC)
        row |= {"published_at_utc": published, "horizon_minutes": (start - published) // timedelta(minutes=1)}
    return {
        **row,
        "datetime_utc": start,
        "datetime_local": local.replace(tzinfo=None, fold=0),
        "interval_start_utc": start,
        "interval_end_utc": told.end.replace(tzinfo=UTC),
        "delivery_date": local.date(),
        "delivery_hour": local.hour + 1,
        "delivery_interval": 0 if told.minutes >= 60 else local.minute // told.minutes + 1,
        "interval_minutes": told.minutes,
        "iso": market.iso,
        "market_type": market.market_type,
        "dst_flag": "Y" if local.dst() else "N",
        "data_source": told.telling.raw_key,
        "version": version,
        "is_current": current,
    }
