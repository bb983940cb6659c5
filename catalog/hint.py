"""``metadata/version-hint.text``: how a reader without our catalog finds a table's current metadata.

The file holds the stem of the current metadata file (``00007-<uuid>``). It is put after each commit, so it
can lag behind the catalog for a moment, and for longer when a process dies in between; `mend_hint` closes
that gap. It never runs ahead: what it names has been committed.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from pyiceberg.io import FileIO
from pyiceberg.table import Table

METADATA_SUFFIX = ".metadata.json"


def hint_path(location: str) -> str:
    """Where the hint of the table at `location` lies."""
    return f"{location}/metadata/version-hint.text"


def read_hint(io: FileIO, location: str) -> str | None:
    """The stem the hint names, or None where there is no hint. OSError where the storage cannot be read."""
    try:
        with io.new_input(hint_path(location)).open() as stream:
            return stream.read().decode("utf-8").strip()
    except FileNotFoundError:
        return None


def mend_hint(table: Table) -> bool:
    """Make the hint say what the catalog says; True where it did not.

    Put, then look at the catalog again, until nothing changed in between: of two committers the later one
    may put its hint first, and without the second look the earlier one would leave an old hint for good.
    """
    mended = False
    while True:
        table.refresh()
        stem = _stem(table.metadata_location)
        if read_hint(table.io, table.location()) == stem:
            return mended
        _put(table.io, hint_path(table.location()), stem)
        mended = True


def _stem(metadata_location: str) -> str:
    return metadata_location.rsplit("/", 1)[-1].removesuffix(METADATA_SUFFIX)


def _put(io: FileIO, path: str, text: str) -> None:
    if "://" in path:
        # Object stores replace an object as a whole.
        with io.new_output(path).create(overwrite=True) as stream:
            stream.write(text.encode("utf-8"))
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A reader must never see an empty hint, which truncating in place would show it.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".version-hint-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
