"""`pmp` as a process that tests can hold: stopped at a step of its work, or started in step with another.

Run as ``python -m lake_process stop <step> <nth> <pipe> <words of pmp>`` or ``… turns <pipe> <words of pmp>``.
It is the real command and its real code. What has no step of its own (PyIceberg between its metadata file and
the catalog, DuckDB in the middle of a file, an object on its way to the disk) is made one here, not in the
product.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any


def command(words: list[str]) -> int:
    """Run a command of `pmp` in this process; its exit code."""
    from lake.cli import main

    sys.argv = ["pmp", *words]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def stop(stop_at: str, nth: str, pipe: str, *words: str) -> int:
    """Run a command that comes to the nth time of a step, says so in the pipe, and never goes on."""
    seen: Counter[str] = Counter()

    def step(name: str) -> None:
        seen[name] += 1
        if name == stop_at and seen[name] == int(nth):
            os.write(int(pipe), b"x")
            time.sleep(600)

    add_steps(step)
    return command(list(words))


def add_steps(step: Any) -> None:
    """Tell `step` of the pipeline's own steps, and of those between them."""
    from fsspec.implementations.local import LocalFileSystem
    from pyiceberg.catalog.sql import SqlCatalog

    import ingest.disk
    import lake.chunk
    import lake.workshop
    from lake import pipeline

    flush, write_metadata, copy = ingest.disk._flush, SqlCatalog._write_metadata, lake.chunk._copy

    def flushed(path: Path) -> None:
        if path.name.endswith(ingest.disk.PART):
            step(f"{path.relative_to(os.environ['LAKE_URI']).parts[0]} on its way")
        flush(path)

    def metadata_written(*arguments: Any, **words: Any) -> None:
        write_metadata(*arguments, **words)
        step("metadata written")

    class Watched(io.FileIO):
        def write(self, some: Any) -> int:
            written = super().write(some)
            step("writing")
            return written

    class WatchedDisk(LocalFileSystem):  # type: ignore[misc]
        protocol = "watched"

        def open(self, path: str, mode: str = "rb", **_: Any) -> Watched:
            return Watched(path.removeprefix("watched://"), mode)

    def copied(shop: lake.workshop.Workshop, rows: str, out: Path) -> int:
        shop.connection.register_filesystem(WatchedDisk())
        return copy(shop, rows, f"watched://{out}")  # type: ignore[arg-type]

    ingest.disk._flush = flushed
    SqlCatalog._write_metadata = staticmethod(metadata_written)  # type: ignore[method-assign, assignment]
    lake.chunk._copy = copied
    pipeline.ingest = partial(pipeline.ingest, on_step=step)  # type: ignore[assignment]


def turns(pipe: str, *words: str) -> int:
    """Run the same command in the lake of each line of standard input, and write its exit code to the pipe."""
    answers = os.fdopen(int(pipe), "w")
    import lake.cli  # noqa: F401

    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        os.environ["LAKE_URI"], os.environ["LAKE_CATALOG_URI"] = line.rstrip("\n").split("\t")
        answers.write(f"{command(list(words))}\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit({"stop": stop, "turns": turns}[sys.argv[1]](*sys.argv[2:]))
