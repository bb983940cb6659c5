"""The commit: files that DuckDB wrote become part of a table, and the files they replace leave it, at once.

::

    files written ──> register (footer: statistics, partition) ──> one snapshot ──> version hint
          │                                                            │                │
       a kill here leaves files nobody names;                 a kill here is mended by the next run
       the next run finds the chunk missing                   (`mend_hint`)

Optimistic: on a conflict the table is loaded again, what is to be replaced is worked out again from what is
there now, and the commit is tried again. A commit whose answer was lost is recognised by its files.
"""

import random
import time
from collections.abc import Callable, Sequence

from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, ValidationException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from sqlalchemy.exc import OperationalError

from catalog.backend import database_explained
from catalog.contract import Contract
from catalog.errors import CommitConflict
from catalog.hint import mend_hint
from catalog.register import register
from catalog.replacement import replace_files
from catalog.storage import storage_explained
from catalog.tables import Catalog, live_files

__all__ = ["ATTEMPTS", "Replaces", "commit", "mend_hint"]

# Each round at least one committer wins, so this many suffice for as many processes at once; with the waits
# below they last about half a minute.
ATTEMPTS = 40
FIRST_WAIT_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 2.0

Replaces = Callable[[Sequence[str]], Sequence[str]]

# What says that somebody else was first, or that the outcome is not known: both mean look again.
CONFLICTS = (
    CommitFailedException,
    CommitStateUnknownException,
    ValidationException,
    OperationalError,
    FileNotFoundError,
)


def commit(
    catalog: Catalog,
    contract: Contract,
    added: Sequence[str],
    replaces: Replaces,
    *,
    on_step: Callable[[str], None] | None = None,
    attempts: int = ATTEMPTS,
) -> int | None:
    """Add the Parquet files `added` and remove those that `replaces` picks, as one snapshot; return its id.

    `replaces` is given the paths that are in the table now and returns those to remove; it is asked again
    after each conflict. Files already in the table are not added twice. None where nothing was to be done.

    `on_step` is told ``files written``, ``committed`` and ``hint put`` as they happen; tests kill there.

    Raises DataFileRefused where a file cannot join the table, CommitConflict after `attempts` conflicts.
    """
    step = on_step or (lambda _: None)
    with storage_explained(catalog.warehouse), database_explained():
        registered = register(contract, catalog.table(contract), added)
        step("files written")
        table, snapshot_id = _until_won(catalog, contract, registered, replaces, attempts)
        if snapshot_id is not None:
            step("committed")
        mend_hint(table)
        if snapshot_id is not None:
            step("hint put")
    return snapshot_id


def _until_won(
    catalog: Catalog, contract: Contract, registered: Sequence[DataFile], replaces: Replaces, attempts: int
) -> tuple[Table, int | None]:
    conflict: Exception | None = None
    for attempt in range(attempts):
        if conflict is not None:
            longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0**attempt)
            time.sleep(random.uniform(longest / 10, longest))
        try:
            table = catalog.load(contract)
            snapshot_id = _replace(table, registered, replaces)
        except CONFLICTS as error:
            conflict = error
            continue
        if snapshot_id is None and conflict is not None and (landed := table.current_snapshot()):
            # Nothing left to do after a failure: the commit had landed, only its answer was lost.
            snapshot_id = landed.snapshot_id
        return table, snapshot_id
    raise CommitConflict(
        f"Others kept committing to {contract.full_name} first, {attempts} times (at last: "
        f"{type(conflict).__name__}); nothing was changed. Run the same command again, with fewer processes "
        "at once if it happens again."
    ) from conflict


def _replace(table: Table, registered: Sequence[DataFile], replaces: Replaces) -> int | None:
    current = live_files(table)
    offered = {file.file_path for file in registered}
    leaving = set(replaces(sorted(current))) - offered
    if strangers := leaving - set(current):
        raise ValueError(f"not in the table, so it cannot be replaced: {', '.join(sorted(strangers))}")
    joining = [file for file in registered if file.file_path not in current]
    if not joining and not leaving:
        return None
    return replace_files(table, leaving=[current[path] for path in sorted(leaving)], joining=joining)
