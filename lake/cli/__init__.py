"""The command line: ``pmp``.

Every command ends with 0 (everything obtainable is there), 3 (incomplete: something failed, was throttled or is
quarantined) or 1 (an error). An error is one sentence on stderr; no traceback reaches a user.
"""

from __future__ import annotations

import sys

import duckdb
import typer

from catalog.errors import CatalogError
from ingest.errors import IngestError
from lake.cli import handing, jobs, looking
from lake.cli.show import complain
from lake.errors import LakeError

app = typer.Typer(
    name="pmp",
    help="Power Market Lake: the open lakehouse of US electricity-market data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command, name in (
    (looking.init, "init"),
    (jobs.plan, "plan"),
    (jobs.ingest, "ingest"),
    (jobs.download, "download"),
    (jobs.import_, "import"),
    (jobs.build, "build"),
    (jobs.backfill, "backfill"),
    (looking.status, "status"),
    (looking.catalog, "catalog"),
    (looking.check, "check"),
    (looking.sql, "sql"),
    (handing.export, "export"),
    (looking.doctor, "doctor"),
):
    app.command(name)(command)


def main() -> None:
    """Run the command line and turn errors into sentences."""
    try:
        app()
    except (LakeError, IngestError, CatalogError) as error:
        complain(str(error))
        sys.exit(1)
    except duckdb.Error as error:
        complain(str(error).strip().splitlines()[0])
        sys.exit(1)
    except KeyboardInterrupt:
        complain("Stopped. What has landed and what is committed stays; run the same command again to go on.")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
