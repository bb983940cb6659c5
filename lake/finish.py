"""The finish step: published rows of any table -> contract rows. The same for every dataset.

    published   what the transforms emit, of every file of the chunk, united by name
    placed      on the time line: both edges of the interval, cut to the chunk
    told        (revisions only) each row with the observation that told it, exact repeats once
    numbered    (revisions only) versions: a change of a value, the stage, or the source's own version
    finished    ordered, then the wide constant columns: sorting narrow rows is twice as fast

Most chunks hold every key once. They take the short way: placed -> finished with version 1. The written file is then
read back along its sort key; where a key comes twice, the chunk takes the way over ``told`` and ``numbered``.

The SQL is put together here from a contract's names; values are bound as variables or columns, never spliced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.contract import Contract

# Raised when this step changes what it makes of the same rows: every chunk is then built again.
VERSION = 2

# The other edge of an interval is the neighbouring stamp, at most this far away; beyond it an interval is missing.
FARTHEST_NEIGHBOUR = "INTERVAL 15 MINUTE"

# Published columns with their types: what a transform does not emit is NULL.
PUBLISHED = {
    "interval_start_utc": "TIMESTAMP",
    "interval_end_utc": "TIMESTAMP",
    "stamp_utc": "TIMESTAMP",
    "interval_minutes": "INTEGER",
    "source_version": "INTEGER",
    "objection": "VARCHAR",
}
# Contract columns that this step derives, from the columns of ``placed`` and the variables of the chunk.
DERIVED = {
    "datetime_utc": "CAST(interval_start_utc AS TIMESTAMPTZ)",
    "datetime_local": "local_start",
    "interval_start_utc": "CAST(interval_start_utc AS TIMESTAMPTZ)",
    "interval_end_utc": "CAST(interval_end_utc AS TIMESTAMPTZ)",
    "delivery_date": "CAST(local_start AS DATE)",
    "delivery_hour": "hour(local_start) + 1",
    "delivery_interval": "CASE WHEN interval_minutes >= 60 THEN 0 ELSE minute(local_start) // interval_minutes + 1 END",
    "interval_minutes": "interval_minutes",
    "iso": "getvariable('iso')",
    "market_type": "getvariable('market_type')",
    "dst_flag": (
        "CASE WHEN interval_start_utc < getvariable('clock_change') THEN getvariable('dst_before') "
        "ELSE getvariable('dst_after') END"
    ),
    # A list rather than a join: a join behind the sort hands on whole row groups out of order.
    "data_source": "getvariable('raw_keys')[object_no + 1]",
    "version": '"version"',
    "is_current": "is_current",
    "horizon_minutes": "floor((epoch(interval_start_utc) - epoch(published_at_utc)) / 60)",
}
LOCAL = (
    "{0} + CASE WHEN {0} < getvariable('clock_change') "
    "THEN getvariable('offset_before') ELSE getvariable('offset_after') END"
)
LOCAL_START = LOCAL.format("interval_start_utc")
# What a row of a list does not state itself.
LISTED = """,
        coalesce(published.interval_start_utc, vintages.day_start) AS interval_start_utc,
        coalesce(
            published.interval_end_utc,
            CASE WHEN published.interval_start_utc IS NULL THEN vintages.day_end END
        ) AS interval_end_utc,
        coalesce(published.member_of, '') AS member_of,
        CASE WHEN published.valid_from_utc IS NULL THEN 'list' ELSE 'source' END AS validity_basis,
        coalesce(
            published.valid_from_utc,
            timezone('UTC', coalesce(published.interval_start_utc, vintages.day_start))
        ) AS valid_from_utc,
        coalesce(published.valid_to_utc, TIMESTAMPTZ '9999-12-31 00:00:00+00') AS valid_to_utc"""


@dataclass(frozen=True)
class Read:
    """One transform over files with identical headers: its SQL with variables of its own, and what it emits."""

    sql: str
    columns: tuple[str, ...]
    location_types: tuple[str, ...] = ()


def quoted(name: str) -> str:
    """An identifier that SQL takes as it is."""
    return '"' + name.replace('"', '""') + '"'


def own_columns(contract: Contract) -> list[str]:
    """The contract's columns that come from the source rather than from this step."""
    return [column.name for column in contract.columns if column.name not in DERIVED]


def row_key(contract: Contract) -> list[str]:
    """What tells two rows of a chunk apart, without the version: place first, then time."""
    return [name for name in contract.sort_columns if name != "version"]


def wanted_sql(read: Read) -> str:
    """The rows of a transform that the scope of its files wants."""
    if not read.location_types or "settlement_location_type" not in read.columns:
        return f"SELECT * FROM (\n{read.sql}\n)"
    words = ", ".join("'" + word + "'" for word in read.location_types)
    return f"SELECT * FROM (\n{read.sql}\n) WHERE settlement_location_type IN ({words})"


def published_sql(contract: Contract, reads: Sequence[Read]) -> str:
    """Every transform of the chunk, united by name, with ``object_no`` for the raw file of a row."""
    types = {column.name: column.type for column in contract.columns}
    own = own_columns(contract)
    empty = ", ".join(
        f"CAST(NULL AS {kind}) AS {quoted(name)}"
        for name, kind in {
            "object_no": "INTEGER",
            **PUBLISHED,
            **{name: types[name] for name in own},
        }.items()
    )
    parts = [f"SELECT {empty} WHERE false"]
    for read in reads:
        names = [name for name in read.columns if name in PUBLISHED or name in own]
        listed = ", ".join(quoted(name) for name in names)
        parts.append(
            f"SELECT CAST(parse_filename(raw_folder) AS INTEGER) AS object_no, {listed} FROM ({wanted_sql(read)})"
        )
    return "\nUNION ALL BY NAME\n".join(parts)


def dated_sql(contract: Contract) -> str:
    """The published rows; where a table keeps vintages, each with the moment of its publication.

    A row that does not state it has been published when its raw object was: once per sighting, so that A, B, A are
    three vintages. A row of a list speaks of the day that its raw object was asked for, or is known of, and holds from
    that day on, unless it says otherwise.
    """
    if "published_at_utc" not in contract.column_names:
        return "published"
    day = LISTED if contract.lists else ""
    undated = " OR published.interval_start_utc IS NULL" if contract.lists else ""
    return f"""(
    SELECT published.* REPLACE (
        coalesce(published.published_at_utc, vintages.published_at) AS published_at_utc,
        coalesce(
            published.published_at_basis,
            CASE WHEN published.published_at_utc IS NULL THEN vintages.basis ELSE 'source' END
        ) AS published_at_basis{day}
    )
    FROM published LEFT JOIN vintages
        ON published.object_no = vintages.object_no AND (published.published_at_utc IS NULL{undated})
)"""


def placed_sql(contract: Contract, reads: Sequence[Read], stamp: str | None, advisory: bool) -> str:
    """Rows with both edges of their interval, cut to the chunk; an objection stops the statement."""
    objecting = any("objection" in read.columns for read in reads)
    number = (
        "CASE WHEN objection IS NULL THEN object_no ELSE error('objection: ' || objection) END"
        if objecting
        else "object_no"
    )
    own = ", ".join(quoted(name) for name in own_columns(contract))
    minutes = "coalesce(interval_minutes, getvariable('interval_minutes'))"
    # A row that is objected to may have no readable time at all: it must reach error(), whatever the chunk.
    also = "objection IS NOT NULL OR " if objecting else ""
    if stamp is None:
        return (
            f"SELECT {number} AS object_no, interval_start_utc, "
            f"coalesce(interval_end_utc, interval_start_utc + to_minutes({minutes})) AS interval_end_utc, "
            f"{minutes} AS interval_minutes, source_version, {own} FROM {dated_sql(contract)} "
            f"WHERE {also}(interval_start_utc >= getvariable('chunk_from') "
            "AND interval_start_utc < getvariable('chunk_until'))"
        )
    near, far = ("lag", "-") if stamp == "end" else ("lead", "+")
    start, end = ("other_utc", "stamp_utc") if stamp == "end" else ("stamp_utc", "other_utc")
    late = " WHERE stamp_utc <= coalesce(advisory_after, stamp_utc)" if advisory else ""
    return f"""
WITH stamps AS (
    SELECT DISTINCT {number} AS object_no, stamp_utc FROM published
),
run AS (
    SELECT stamp_utc, {near}(stamp_utc) OVER (ORDER BY stamp_utc) AS neighbour
    FROM (SELECT DISTINCT stamp_utc FROM stamps)
),
neighbours AS (
    SELECT
        stamps.object_no,
        stamps.stamp_utc,
        coalesce(
            {near}(stamps.stamp_utc) OVER (PARTITION BY stamps.object_no ORDER BY stamps.stamp_utc), run.neighbour
        ) AS neighbour
    FROM stamps JOIN run USING (stamp_utc)
),
edges AS (
    SELECT
        object_no,
        stamp_utc,
        CASE
            WHEN abs(epoch_ms(stamp_utc) - epoch_ms(neighbour)) <= epoch_ms({FARTHEST_NEIGHBOUR}) THEN neighbour
            ELSE stamp_utc {far} to_minutes(getvariable('interval_minutes'))
        END AS other_utc
    FROM neighbours
)
SELECT
    object_no,
    {start} AS interval_start_utc,
    {end} AS interval_end_utc,
    {minutes} AS interval_minutes,
    source_version,
    {own}
FROM (
    SELECT * FROM published JOIN edges USING (object_no, stamp_utc) JOIN objects USING (object_no){late}
)
WHERE {start} >= getvariable('chunk_from') AND {start} < getvariable('chunk_until')
"""


def repeated_sql(contract: Contract) -> str:
    """Raw files that say two things about one key: an error of the file (or of its reading), never a revision."""
    key = ", ".join(["object_no", *map(quoted, row_key(contract)), "interval_minutes", "source_version"])
    differ = " OR ".join(
        f"min({quoted(name)}) IS DISTINCT FROM max({quoted(name)})" for name in contract.measures
    )
    place = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in row_key(contract))
    return (
        f"SELECT object_no, any_value(concat_ws(' at ', {place})) AS example FROM ("
        f"SELECT * FROM placed) GROUP BY {key} HAVING count(*) > 1 AND ({differ})"
    )


def numbered_sql(contract: Contract, replaces: bool) -> str:
    """Versions of every key, in the order stage, source version, known at; unchanged sightings fold into one version.

    Args:
        contract: the table.
        replaces: a newer file replaces an older one's rows of the same span as a whole (feeds of stamps).
    """
    key = ", ".join([*map(quoted, row_key(contract)), "interval_minutes"])
    measures = [quoted(name) for name in contract.measures]
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    changes = " OR ".join(
        [
            "coalesce(stage_rank <> lag(stage_rank) OVER history, false)",
            "coalesce(source_rank <> lag(source_rank) OVER history, false)",
            "coalesce(interval_end_utc <> lag(interval_end_utc) OVER history, false)",
            # A column that a shape does not have is no statement: compare with the last one that was made.
            *(
                f"coalesce({name} <> last_value({name} IGNORE NULLS) OVER (history {before}), false)"
                for name in measures
            ),
        ]
    )
    filled = " + ".join(f"({name} IS NOT NULL)::INTEGER" for name in measures)
    dropped = (
        """
    AND last_seen >= coalesce((
        SELECT max(spans.observation_no) FROM spans
        WHERE spans.local_date = versions.local_date
            AND versions.interval_start_utc >= spans.low AND versions.interval_start_utc < spans.high
    ), 0)"""
        if replaces
        else ""
    )
    return f"""
WITH told AS (
    SELECT
        placed.*,
        observations.observation_no,
        observations.stage_rank,
        CAST({LOCAL_START} AS DATE) AS local_date
    FROM placed JOIN observations USING (object_no)
    QUALIFY row_number() OVER (PARTITION BY {key}, observation_no, source_version) = 1
),
reaches AS (
    SELECT
        observation_no,
        local_date,
        min(interval_start_utc) AS low,
        max(interval_end_utc) AS high
    FROM told
    GROUP BY observation_no, local_date
),
margins AS (
    SELECT
        *,
        {LOCAL.format("low")} - local_date::TIMESTAMP AS before_low,
        (local_date + 1)::TIMESTAMP - ({LOCAL.format("high")}) AS after_high
    FROM reaches
),
spans AS (
    -- A file of the whole day may lack its first or its last run: it speaks of the day's edges all the same.
    SELECT
        observation_no,
        local_date,
        CASE WHEN is_whole_day THEN low - before_low ELSE low END AS low,
        CASE WHEN is_whole_day THEN greatest(high + after_high, high) ELSE high END AS high
    FROM (
        SELECT
            *,
            greatest(before_low, after_high) <= {FARTHEST_NEIGHBOUR} AS is_whole_day
        FROM margins
    )
),
ranked AS (
    SELECT
        *,
        -- Where a shape has no version column, the file speaks of the version that was known by then.
        coalesce(
            source_version,
            max(source_version) OVER (PARTITION BY {key}, stage_rank ORDER BY observation_no),
            min(source_version) OVER (PARTITION BY {key}, stage_rank),
            0
        ) AS source_rank
    FROM told
),
judged AS (
    SELECT
        *,
        lag(observation_no) OVER history IS NULL OR {changes} AS is_new
    FROM ranked
    WINDOW history AS (PARTITION BY {key} ORDER BY stage_rank, source_rank, observation_no)
),
counted AS (
    SELECT
        *,
        sum(is_new::INTEGER) OVER (
            PARTITION BY {key} ORDER BY stage_rank, source_rank, observation_no
        )::INTEGER AS "version"
    FROM judged
),
versions AS (
    SELECT
        *,
        max(observation_no) OVER (PARTITION BY {key}, "version") AS last_seen,
        max("version") OVER (PARTITION BY {key}) AS last_version
    FROM counted
    QUALIFY row_number() OVER (
        PARTITION BY {key}, "version" ORDER BY {filled} DESC, observation_no
    ) = 1
)
SELECT
    * EXCLUDE (is_new, last_seen, last_version, source_rank, stage_rank, local_date),
    "version" = last_version{dropped} AS is_current
FROM versions
"""


def finished_sql(contract: Contract, relation: str, numbered: bool) -> str:
    """Contract rows in the order of their sort key; where they are not numbered, every row is version 1."""
    versions = "" if numbered else ', 1 AS "version", true AS is_current'
    order = ", ".join([*map(quoted, row_key(contract)), '"version"'])
    own = set(own_columns(contract))
    columns = ",\n    ".join(
        f"CAST({quoted(column.name) if column.name in own else DERIVED[column.name]} AS {column.type}) "
        f"AS {quoted(column.name)}"
        for column in contract.columns
    )
    return f"""
SELECT
    {columns}
FROM (
    SELECT *, {LOCAL_START} AS local_start
    FROM (SELECT *{versions} FROM {relation} ORDER BY {order})
)
"""


def disorder_sql(contract: Contract, path: str) -> str:
    """How many rows of a written file do not follow the row before them in the strict order of the key."""
    names = [*row_key(contract), "version"]
    now = ", ".join(map(quoted, names))
    before = ", ".join(f"lag({quoted(name)}) OVER ()" for name in names)
    return (
        f"SELECT count(*) FILTER (WHERE held AND NOT ahead) FROM ("
        f"SELECT lag({quoted(names[0])}) OVER () IS NOT NULL AS held, ({now}) > ({before}) AS ahead "
        f"FROM read_parquet('{path}'))"
    )


def violations_sql(contract: Contract, path: str) -> str:
    """One row: for every NOT NULL and CHECK of the contract, how many rows of a written file break it."""
    rules = list(rules_of(contract))
    counts = ", ".join(f"count(*) FILTER (WHERE {broken}) AS {quoted(rule)}" for rule, broken in rules)
    return f"SELECT {counts} FROM read_parquet('{path}')"


def rules_of(contract: Contract) -> Iterable[tuple[str, str]]:
    """The contract's rules by name, each with the condition that breaks it."""
    for column in contract.columns:
        if not column.nullable:
            yield f"{column.name} must not be NULL", f"{quoted(column.name)} IS NULL"
    for check in contract.checks:
        yield f"CHECK ({check})", f"NOT ({check})"
