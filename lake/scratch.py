"""Temporary files: every one says whose it is, so that the next run removes what a killed one left.

A place is named ``pmp-<what for>-<host>-<process>-<random>``. Places of this machine whose process is gone
are abandoned; those of another machine (a shared disk, a container that has ended) when they are a day old.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import time
from pathlib import Path

from ingest.disk import ABANDONED_SECONDS, disk_sentences, is_running

# LAKE_TEMP_DIR may be a folder that others use too: only what has a name of ours is ever removed.
PREFIX = "pmp-"
PLACE = re.compile(PREFIX + r".+?-(?P<host>[^/]+)-(?P<process>\d+)-[0-9a-f]{8}(\.\w+)?")


def new_place(scratch: Path, what: str, suffix: str = "") -> Path:
    """A path of this process under the scratch folder that nobody else uses; nothing is made there yet.

    Raises:
        StorageError: the scratch folder cannot be made; the sentence names LAKE_TEMP_DIR.
    """
    with disk_sentences(scratch, "LAKE_TEMP_DIR"):
        scratch.mkdir(parents=True, exist_ok=True)
    return scratch / f"{PREFIX}{what}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}{suffix}"


def sweep(path: Path) -> None:
    """Remove a folder and all that is in it."""
    shutil.rmtree(path, ignore_errors=True)


def sweep_abandoned(scratch: Path) -> int:
    """Remove what killed processes left under the scratch folder; how many places."""
    abandoned = [path for path in scratch.glob(f"{PREFIX}*") if _is_abandoned(path)]
    for path in abandoned:
        if path.is_dir():
            sweep(path)
        else:
            path.unlink(missing_ok=True)
    return len(abandoned)


def _is_abandoned(path: Path) -> bool:
    named = PLACE.fullmatch(path.name)
    if named is None:
        return False
    # What the place is for may hold hyphens, as a host's name may: the end of both together is compared.
    if path.name[: named.start("process") - 1].endswith(f"-{socket.gethostname()}"):
        return not is_running(int(named["process"]))
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    except FileNotFoundError:
        return False
