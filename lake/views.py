"""The metadata views: what a relational database used to answer.

Two kinds. What the registry says (datasets, markets, products …) becomes views over literal rows, written anew when the
registry changes. What the lake holds is answered by the views in ``sql/views``, over the tables and the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from catalog.contract import sql_folder
from ingest.registry import sources
from lake.ledger import ledger_sql

if TYPE_CHECKING:
    from lake.home import Lake

# Views in sql/views in the order of what they read.
ORDER: tuple[str, ...] = ()


def meta_views(lake: Lake) -> list[tuple[str, str]]:
    """Every metadata view as (schema.name, SELECT), in the order in which they can be created."""
    ledger = ledger_sql(lake.settings.root, lake.folder(lake.contracts["raw_files"]))
    views = [("meta.raw_files", ledger), ("meta.datasets", datasets_sql())]
    for name in ORDER:
        views.append((f"meta.{name}", (sql_folder() / "views" / f"{name}.sql").read_text(encoding="utf-8")))
    return views


def datasets_sql() -> str:
    """One row per dataset and feed, as the registry declares it."""
    columns = (
        "iso dataset title source_name data_type market_type interval_minutes table_name series stage since until "
        "settles_days redistribute"
    ).split()
    rows = []
    for source in sources().values():
        for dataset in source.datasets.values():
            for feed in dataset.feeds.values():
                rows.append(
                    (
                        source.iso,
                        dataset.name,
                        dataset.title,
                        dataset.source_name,
                        dataset.data_type,
                        feed.market,
                        feed.interval_minutes,
                        feed.table,
                        feed.series,
                        feed.stage,
                        dataset.since,
                        dataset.until,
                        dataset.settles_days,
                        source.terms.redistribute,
                    )
                )
    return literal_rows(columns, rows)


def literal_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A SELECT of literal rows."""
    lines = ",\n".join("(" + ", ".join(_literal(value) for value in row) + ")" for row in rows)
    names = ", ".join(f'"{name}"' for name in columns)
    return f"SELECT * FROM (VALUES\n{lines}\n) AS literal({names})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
