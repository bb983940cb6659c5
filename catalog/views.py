"""What a reader sees of a table: the views and the as-of macro, as SQL.

Each reads ``iceberg_scan('<table folder>')``, which follows the table's version hint: a session that attached
the file keeps seeing new commits, and the tables may be moved (`allow_moved_paths`).
"""

from collections.abc import Iterator

from catalog.contract import Contract

# The ledger: the only table that says when a raw object became known.
LEDGER = "meta.raw_files"


def scan_sql(location: str) -> str:
    """A table function that reads the table at `location` as it is now."""
    return f"iceberg_scan({text(location)}, allow_moved_paths = true)"


def table_statements(contract: Contract, location: str, ledger: str) -> Iterator[str]:
    """CREATE statements for the table at `location`; `ledger` is what to read the ledger's events from.

    A market table becomes three things: the current rows, every version, and what was known at a moment.
    The ledger has no versions and becomes one view.
    """
    columns = ", ".join(identifier(name) for name in contract.column_names)
    every_row = f"SELECT {columns} FROM {scan_sql(location)}"
    name = contract.full_name
    if not contract.versioned:
        yield f"CREATE VIEW {name} AS {every_row}"
        yield from _comments(contract, name, contract.comment)
        return
    yield f"CREATE VIEW {name} AS {every_row} WHERE is_current"
    yield from _comments(contract, name, f"{contract.comment} Current rows only.")
    yield f"CREATE VIEW {name}_all AS {every_row}"
    yield from _comments(contract, f"{name}_all", f"{contract.comment} Every version.")
    yield as_of_statement(contract, location, ledger)


def as_of_statement(contract: Contract, location: str, ledger: str) -> str:
    """Macro ``market.<table>_as_of(ts)``: of each quantity the latest version known at `ts`.

    A raw object may be seen twice with something else in between (A, B, A): the first version it told counts
    from its first sighting, the second from its second. Rows that were never revised, nearly all, are kept
    away from the windows. The scans are written out: a macro of an attached file cannot name its views.

    Where a newer file replaces an older one as a whole, rows the newer one left out count as known until they
    come again: no raw object says when they went.
    """
    scan = scan_sql(location)
    columns = ", ".join(identifier(name) for name in contract.column_names)
    as_known = ", ".join(
        "true AS is_current" if name == "is_current" else identifier(name) for name in contract.column_names
    )
    # delivery_date follows from the key; named here, a filter on it passes through the windows to the scan.
    quantity = ", ".join(identifier(name) for name in (*contract.grain, "delivery_date"))
    return f"""
CREATE MACRO {contract.full_name}_as_of(ts) AS TABLE
WITH known AS (
    SELECT raw_key, list_sort(list(DISTINCT coalesce(published_at, fetched_at))) AS sightings
    FROM {ledger}
    WHERE raw_key IS NOT NULL AND status = 'ok'
    GROUP BY raw_key
),
revised AS (
    SELECT
        {columns},
        row_number() OVER (PARTITION BY {quantity}, data_source ORDER BY "version") AS telling
    FROM {scan}
    WHERE NOT ("version" = 1 AND is_current)
)
SELECT {columns}
FROM {scan}
INNER JOIN known ON raw_key = data_source
WHERE "version" = 1 AND is_current AND sightings[1] <= CAST(ts AS TIMESTAMPTZ)
UNION ALL
SELECT {as_known}
FROM revised
INNER JOIN known ON raw_key = data_source
WHERE sightings[least(telling, len(sightings))] <= CAST(ts AS TIMESTAMPTZ)
QUALIFY row_number() OVER (PARTITION BY {quantity} ORDER BY "version" DESC) = 1
"""


def _comments(contract: Contract, view: str, comment: str) -> Iterator[str]:
    yield f"COMMENT ON VIEW {view} IS {text(comment)}"
    for column in contract.columns:
        yield f"COMMENT ON COLUMN {view}.{identifier(column.name)} IS {text(column.comment)}"


def text(value: str) -> str:
    """`value` as an SQL string."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
