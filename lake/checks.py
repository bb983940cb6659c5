"""The quality checks: run what stands in ``sql/checks`` over the lake, and keep the results.

Each check is a SELECT that returns the offending rows; its header comment says what it finds, with which
tolerance and why. ``Severity: error`` is a broken promise of the contract, ``warning`` something that deserves a
look. Nothing is ever dropped or changed by a check.

    lake.duckdb ──> the same names (market.*, meta.*), cut to one operator and some days ──> check
                                                                                               │
                                     checks/<run>/results.json <── count and examples <────────┘

Days are taken together until they hold a few million rows, so memory does not grow with the lake.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from catalog.contract import sql_folder
from catalog.views import text
from ingest.clock import now
from ingest.errors import UnknownName
from lake.coverage import STEPS, reading, work_out
from lake.errors import QueryError
from lake.home import Lake
from lake.ledger import Objects

FOLDER = "checks"
# Keeps the glob over the results from finding nothing, which DuckDB takes for an error.
SEED = f"{FOLDER}/0/seed.json"
# Rows of all tables that are looked at together. A check holds at most about 100 bytes of each.
ROWS_AT_ONCE = 6_000_000
EXAMPLES = 5
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
HEADER = re.compile(r"^-- (?P<name>\w+): (?P<title>.+)$", re.MULTILINE)
SEVERITY = re.compile(r"^-- Severity:\s+(?P<word>error|warning)$", re.MULTILINE)
NAMES = re.compile(r"(?:FROM|JOIN) ((?:market|meta)\.\w+)")

# The fields of a result as read_json is to take them.
COLUMNS = {
    "run_id": "VARCHAR",
    "checked_at": "TIMESTAMPTZ",
    "check_name": "VARCHAR",
    "title": "VARCHAR",
    "severity": "VARCHAR",
    "iso": "VARCHAR",
    "first_date": "DATE",
    "last_date": "DATE",
    "passed": "BOOLEAN",
    "offending": "BIGINT",
    "examples": "JSON",
}


@dataclass(frozen=True)
class Check:
    """One file of ``sql/checks``."""

    name: str
    title: str
    severity: str
    sql: str

    @property
    def reads(self) -> frozenset[str]:
        """The views that it names, comments aside."""
        code = "\n".join(line for line in self.sql.splitlines() if not line.lstrip().startswith("--"))
        return frozenset(NAMES.findall(code))

    @property
    def reads_rows(self) -> bool:
        """Whether it reads market rows. Those are looked at a few days at a time, metadata at once."""
        return any(_holds_rows(name) for name in self.reads)


@dataclass(frozen=True)
class CheckResult:
    """What a check found at one operator. Dates are those that were asked for, None for all."""

    check_name: str
    severity: str
    iso: str
    first_date: date | None
    last_date: date | None
    offending: int
    examples: tuple[dict[str, Any], ...]
    title: str
    checked_at: datetime

    @property
    def passed(self) -> bool:
        """Whether it found nothing."""
        return self.offending == 0

    @property
    def is_error(self) -> bool:
        """Whether the contract is broken."""
        return self.severity == "error" and not self.passed


def load_checks(names: Iterable[str] | None = None) -> list[Check]:
    """The checks of ``sql/checks``, all or those of some names.

    Raises:
        UnknownName: there is no check of that name.
    """
    checks = {
        path.stem: _parsed(path.stem, path.read_text("utf-8"))
        for path in sorted((sql_folder() / FOLDER).glob("*.sql"))
    }
    for name in names or ():
        if name not in checks:
            raise UnknownName("check", name, checks)
    return [checks[name] for name in (names or checks)]


def _parsed(name: str, sql: str) -> Check:
    header, severity = HEADER.search(sql), SEVERITY.search(sql)
    if header is None or severity is None or header["name"] != name:
        raise QueryError(
            f"sql/checks/{name}.sql must begin with '-- {name}: <what>' and say '-- Severity: error|warning'."
        )
    return Check(name, header["title"].rstrip("."), severity["word"], sql.rstrip().rstrip(";"))


def run(
    lake: Lake,
    iso: str | None = None,
    first: date | None = None,
    last: date | None = None,
    names: Iterable[str] | None = None,
    record: bool = True,
) -> list[CheckResult]:
    """Run the checks and record what they found.

    Args:
        lake: where.
        iso: only this operator.
        first: first delivery date; None for all.
        last: last delivery date, included.
        names: only these checks.
        record: whether to keep the results in the lake, where ``meta.checks`` shows them.

    Returns:
        One result per operator and check, those that found something first.

    Raises:
        NoLake: there is no lake, or its ``lake.duckdb`` cannot be read.
        QueryError: a check does not run.
        UnknownName: there is no check of that name.
        StorageError: the results cannot be written.
    """
    checks = load_checks(names)
    asked_at = now()
    results = []
    with reading(lake) as connection:
        for operator in [iso] if iso else _operators(connection):
            found: dict[str, tuple[int, list[dict[str, Any]]]] = {check.name: (0, []) for check in checks}
            work_out_for(connection, checks, operator)
            for start, end, due in _rounds(connection, checks, operator, first, last):
                show_days(connection, due, operator, start, end)
                for check in due:
                    count, examples = offenders(connection, check, start, end)
                    before, kept = found[check.name]
                    found[check.name] = before + count, [*kept, *examples][:EXAMPLES]
            for check in checks:
                offending, examples = found[check.name]
                results.append(
                    CheckResult(
                        check_name=check.name,
                        severity=check.severity,
                        iso=operator,
                        first_date=first,
                        last_date=last,
                        offending=offending,
                        examples=tuple(examples),
                        title=check.title,
                        checked_at=asked_at,
                    )
                )
    if record and results:
        _record(lake, results)
    return sorted(results, key=lambda one: (one.passed, one.severity, one.check_name, one.iso))


def work_out_for(connection: duckdb.DuckDBPyConnection, checks: Iterable[Check], iso: str) -> None:
    """Give this connection of its own what checks read of ``meta``, cut to an operator.

    What takes work (coverage, gaps) is worked out once and kept, and only what is read.
    """
    named = {name for check in checks for name in check.reads if not _holds_rows(name)}
    steps = [step for step in STEPS if f"meta.{step}" in named]
    if steps:
        work_out(connection, steps[-1], iso)
    for name in named - {f"meta.{step}" for step in steps}:
        _show(connection, name, iso, FIRST_DAY, LAST_DAY)


def show_days(
    connection: duckdb.DuckDBPyConnection, checks: Iterable[Check], iso: str, first: date, last: date
) -> None:
    """Give this connection views of its own of the rows that checks read, cut to an operator and to some days.

    One day more is let through at the front: an interval may reach over midnight.
    """
    before = max(first - timedelta(days=1), FIRST_DAY)
    for name in {name for check in checks for name in check.reads if _holds_rows(name)}:
        _show(connection, name, iso, before, last)


def _holds_rows(name: str) -> bool:
    return name.startswith("market.") or name in ("meta.every_row", "meta.current_rows")


def _show(connection: duckdb.DuckDBPyConnection, name: str, iso: str, first: date, last: date) -> None:
    """A view by the name of one of the lake's, cut to an operator and to days where it has them."""
    schema, view = name.split(".")
    columns = connection.execute(
        "SELECT list(column_name) FROM duckdb_columns() "
        "WHERE database_name = 'lake' AND schema_name = $schema AND table_name = $view",
        {"schema": schema, "view": view},
    ).fetchone() or ([],)
    rules = [f"iso = {text(iso)}"] if "iso" in columns[0] else []
    if "delivery_date" in columns[0]:
        rules.append(f"delivery_date BETWEEN DATE '{first}' AND DATE '{last}'")
    where = f" WHERE {' AND '.join(rules)}" if rules else ""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM lake.{name}{where}")


def _operators(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "SELECT iso FROM lake.meta.files WHERE iso IS NOT NULL UNION SELECT iso FROM lake.meta.raw_files ORDER BY iso"
    ).fetchall()
    return [row[0] for row in rows]


def _rounds(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Check],
    iso: str,
    first: date | None,
    last: date | None,
) -> Iterator[tuple[date, date, list[Check]]]:
    """Delivery dates to look at together, and the checks that are due for them."""
    yield first or FIRST_DAY, last or LAST_DAY, [check for check in checks if not check.reads_rows]
    for start, end in _windows(connection, iso, first, last):
        yield start, end, [check for check in checks if check.reads_rows]


def _windows(
    connection: duckdb.DuckDBPyConnection, iso: str, first: date | None, last: date | None
) -> Iterator[tuple[date, date]]:
    """Runs of delivery dates that hold so many rows that they can be looked at together."""
    rows = connection.execute(
        """
        SELECT CAST(day AS DATE) AS day, sum(rows) AS rows
        FROM (
            SELECT
                unnest(generate_series(first_delivery_date, last_delivery_date, INTERVAL 1 DAY)) AS day,
                rows / (last_delivery_date - first_delivery_date + 1) AS rows
            FROM lake.meta.files
            WHERE iso = $iso
        )
        WHERE day BETWEEN $first AND $last
        GROUP BY day
        ORDER BY day
        """,
        {"iso": iso, "first": first or FIRST_DAY, "last": last or LAST_DAY},
    ).fetchall()
    start, held = None, 0.0
    for number, (day, count) in enumerate(rows):
        start, held = start or day, held + count
        if held >= ROWS_AT_ONCE or number == len(rows) - 1:
            yield start, day
            start, held = None, 0.0


def offenders(
    connection: duckdb.DuckDBPyConnection, check: Check, first: date = FIRST_DAY, last: date = LAST_DAY
) -> tuple[int, list[dict[str, Any]]]:
    """Run one check where its names (``market.*``, ``meta.*``) mean something: the count, and a few examples.

    Args:
        connection: where the names are.
        check: which.
        first: offending rows count from this delivery date on; those before it are only context.
        last: until this delivery date, included.

    Raises:
        QueryError: the check does not run.
    """
    statement = f"""
        SELECT count(*), list(example) FILTER (WHERE example IS NOT NULL)
        FROM (
            SELECT CASE WHEN row_number() OVER () <= {EXAMPLES} THEN to_json(found) END AS example
            FROM (
                {check.sql}
            ) AS found
            WHERE delivery_date BETWEEN $first AND $last
        )
    """
    try:
        row = connection.execute(statement, {"first": first, "last": last}).fetchone()
    except duckdb.OutOfMemoryException:
        raise QueryError(
            f"The check {check.name} needs more memory than LAKE_MEMORY_LIMIT allows: raise it, or check fewer "
            "days at once."
        ) from None
    except duckdb.Error as error:
        raise QueryError(f"The check {check.name} does not run: {str(error).splitlines()[0]}") from error
    count, examples = row or (0, None)
    return int(count), [json.loads(example) for example in examples or []]


def plant(store: Objects) -> None:
    """Put the object that stands where no check has run yet.

    Raises:
        StorageError: the store cannot be written.
    """
    if not store.exists(SEED):
        store.write_bytes(SEED, b"")


def _record(lake: Lake, results: Sequence[CheckResult]) -> None:
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    lines = []
    for result in results:
        words = asdict(result) | {"run_id": run_id, "passed": result.passed}
        lines.append(json.dumps({name: words[name] for name in COLUMNS}, default=_plain) + "\n")
    lake.store.write_bytes(f"{FOLDER}/{run_id}/results.json", "".join(lines).encode())


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)


def results_sql(root: str) -> str:
    """Every recorded result of a lake, the latest of each check first."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    return (
        "SELECT *, row_number() OVER (PARTITION BY check_name, iso, first_date, last_date ORDER BY run_id DESC) = 1 "
        "AS is_latest "
        f"FROM read_json('{root}/{FOLDER}/*/*.json', format = 'newline_delimited', columns = {{{columns}}}) "
        "ORDER BY is_latest DESC, run_id DESC, passed, severity, check_name, iso"
    )
