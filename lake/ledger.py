"""The ledger: every request and what came of it, durable before the next request is sent.

Events are written as small immutable journal objects under ``ledger/<run>/`` and folded into the Iceberg table
``meta.raw_files`` once per run. Reading unites both and takes an event that stands in both once, so a process killed
between the fold and the removal of its journals changes nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Protocol

import duckdb

from ingest.clock import Period
from ingest.events import Event, Status

JOURNAL = "ledger"
# Keeps the journal's glob from finding nothing, which DuckDB takes for an error.
SEED = f"{JOURNAL}/0/seed.json"
# A fold removes journals for some seconds where storage is slow; together the looks wait for half a minute.
LOOKS = 25
PAUSE_SECONDS = 0.1

# The columns of meta.raw_files as read_json is to take them.
COLUMNS = {
    "event_id": "VARCHAR",
    "run_id": "VARCHAR",
    "iso": "VARCHAR",
    "dataset": "VARCHAR",
    "road": "VARCHAR",
    "part": "VARCHAR",
    "period_start": "TIMESTAMPTZ",
    "period_end": "TIMESTAMPTZ",
    "scope": "VARCHAR",
    "url": "VARCHAR",
    "raw_key": "VARCHAR",
    "sha256": "VARCHAR",
    "content_sha256": "VARCHAR",
    "bytes": "BIGINT",
    "http_status": "INTEGER",
    "etag": "VARCHAR",
    "last_modified": "TIMESTAMPTZ",
    "attempts": "INTEGER",
    "status": "VARCHAR",
    "message": "VARCHAR",
    "published_at": "TIMESTAMPTZ",
    "published_at_basis": "VARCHAR",
    "fetched_at": "TIMESTAMPTZ",
}


class Objects(Protocol):
    """The little of the lake's storage that the ledger needs."""

    def write_bytes(self, key: str, data: bytes) -> None:
        """Put a small object; visible only when whole."""

    def exists(self, key: str) -> bool:
        """Whether the key is there."""


class Journal:
    """The sink of one run: an immutable object for every write."""

    def __init__(self, store: Objects, run_id: str | None = None) -> None:
        self.store = store
        self.run_id = run_id or f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(3)}"
        self._events = count(1)
        self._objects = count(1)
        if not store.exists(SEED):
            store.write_bytes(SEED, b"")

    def next_id(self) -> str:
        """A new event id, ordered within the run."""
        return f"{self.run_id}-{next(self._events):07d}"

    def write(self, events: Sequence[Event]) -> None:
        """Keep these events, all or none."""
        if events:
            lines = "".join(json.dumps(event.as_record()) + "\n" for event in events)
            self.store.write_bytes(f"{JOURNAL}/{self.run_id}/{next(self._objects):07d}.json", lines.encode())


def journal_sql(root: str) -> str:
    """The events of the journal objects of a lake."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    return (
        f"SELECT * FROM read_json('{root}/{JOURNAL}/*/*.json', format = 'newline_delimited', "
        f"columns = {{{columns}}})"
    )


def ledger_sql(root: str, table: str) -> str:
    """Every event once: those still in the journal, and those folded into the table at ``table``.

    The journal comes first because DuckDB looks in this order: were the table looked at first, a fold between
    the two looks would leave its events in neither. So it fails to open a journal that is gone; see `keep_ledger`.
    """
    names = ", ".join(COLUMNS)
    return (
        f"WITH folded AS (SELECT {names} FROM iceberg_scan('{table}', allow_moved_paths = true)) "
        f"SELECT * FROM ({journal_sql(root)}) WHERE event_id NOT IN (SELECT event_id FROM folded) "
        "UNION ALL SELECT * FROM folded"
    )


def keep_ledger(
    connection: duckdb.DuckDBPyConnection, create: str, values: dict[str, Any] | None = None
) -> None:
    """Run a ``CREATE TABLE … AS`` that reads the ledger; again where a fold removes journals at this moment.

    Raises:
        duckdb.Error: whatever else the statement meets, or journals vanish for longer than a fold lasts.
    """
    for look in range(1, LOOKS + 1):
        try:
            connection.execute(create, values)
        except duckdb.IOException as error:
            if look == LOOKS or f"/{JOURNAL}/" not in str(error):
                raise
            time.sleep(PAUSE_SECONDS * look)
        else:
            return


@dataclass(frozen=True)
class Observation:
    """A raw object as it was seen at one moment: what a build reads, and when its content was known."""

    dataset: str
    road: str
    raw_key: str
    known_at: datetime
    scope: str
    quarantined: bool
    periods: tuple[Period, ...]
    published_by_source: datetime | None
    event: Event


def observations(
    connection: duckdb.DuckDBPyConnection, iso: str, datasets: Iterable[str]
) -> list[Observation]:
    """Every observation of some datasets, oldest first. The connection must have the view ``ledger``."""
    rows = connection.execute(
        """
        WITH seen AS (
            SELECT *, coalesce(published_at, fetched_at) AS known_at
            FROM ledger
            WHERE iso = $iso AND dataset IN (SELECT unnest($datasets)) AND raw_key IS NOT NULL
        ),
        scopes AS (
            SELECT raw_key, max(scope = 'all' OR road = 'import') AS whole FROM seen GROUP BY raw_key
        )
        SELECT
            dataset,
            raw_key,
            known_at,
            any_value(whole) AS whole,
            arg_max(status, event_id) = 'quarantined' AS quarantined,
            list([period_start, period_end]) FILTER (period_start IS NOT NULL) AS periods,
            arg_min(struct_pack(
                event_id, run_id, road, part, scope, url, sha256, content_sha256, bytes, fetched_at,
                published_at, published_at_basis
            ), event_id) AS origin,
            arg_max(message, event_id) AS message
        FROM seen JOIN scopes USING (raw_key)
        WHERE status IN ('ok', 'quarantined', 'empty')
        GROUP BY dataset, raw_key, known_at
        -- A file that holds no row was seen to be empty; it is not opened again.
        HAVING arg_max(status, event_id) <> 'empty'
        ORDER BY known_at, raw_key
        """,
        {"iso": iso, "datasets": list(datasets)},
    ).fetchall()
    return [_observation(iso, row) for row in rows]


def _observation(iso: str, row: tuple[Any, ...]) -> Observation:
    dataset, raw_key, known_at, whole, quarantined, periods, origin, message = row
    event = Event(
        event_id=origin["event_id"],
        run_id=origin["run_id"],
        iso=iso,
        dataset=dataset,
        road=origin["road"],
        part=origin["part"],
        period_start=None,
        period_end=None,
        scope=origin["scope"],
        status=Status.OK,
        message=message,
        fetched_at=_utc(origin["fetched_at"]),
        url=origin["url"],
        raw_key=raw_key,
        sha256=origin["sha256"],
        content_sha256=origin["content_sha256"],
        bytes=origin["bytes"],
        published_at=_utc(origin["published_at"]) if origin["published_at"] else None,
        published_at_basis=origin["published_at_basis"],
    )
    return Observation(
        dataset=dataset,
        road=origin["road"],
        raw_key=raw_key,
        known_at=_utc(known_at),
        scope="all" if whole else "hubs",
        quarantined=bool(quarantined),
        periods=tuple(sorted({Period(_utc(start), _utc(end)) for start, end in periods or []})),
        published_by_source=event.published_at if event.published_at_basis == "source" else None,
        event=event,
    )


def _utc(stamp: datetime) -> datetime:
    return stamp.astimezone(UTC)


def latest(
    connection: duckdb.DuckDBPyConnection, iso: str
) -> dict[tuple[str, str, datetime, datetime, str], Event]:
    """The latest good observation of every request of an ISO, by (dataset, road, start, end, part)."""
    names = "event_id run_id dataset road part period_start period_end scope raw_key sha256 content_sha256 fetched_at"
    rows = connection.execute(
        f"""
        SELECT {names.replace(" ", ", ")}
        FROM ledger
        WHERE iso = $iso AND status = 'ok' AND raw_key IS NOT NULL AND period_start IS NOT NULL AND road <> 'import'
        QUALIFY row_number() OVER (
            PARTITION BY dataset, road, period_start, period_end, part ORDER BY fetched_at DESC, event_id DESC
        ) = 1
        """,
        {"iso": iso},
    ).fetchall()
    found = {}
    for row in rows:
        values = dict(zip(names.split(), row, strict=True))
        for name in ("period_start", "period_end", "fetched_at"):
            values[name] = _utc(values[name])
        event = Event(iso=iso, status=Status.OK, message="", **values)
        found[(event.dataset, event.road, values["period_start"], values["period_end"], event.part)] = event
    return found
