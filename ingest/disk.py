"""Files on the local disk: whole or not there, what killed processes left swept, trouble in sentences."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from ingest.errors import StorageError

# A temporary file is named .<name>.<host>.<pid>.<random>.part, so that the next run can tell whose it was.
PART = ".part"
# Temporary files of other machines (a shared disk) are judged by age alone.
ABANDONED_SECONDS = 24 * 3600
SCRATCH_PREFIX = "pmp-fetch-"


@contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """A temporary name in the target's folder; what is left of it is removed, also on Ctrl-C."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = (
        target.parent / f".{target.name[:120]}.{socket.gethostname()}.{os.getpid()}.{uuid4().hex[:8]}{PART}"
    )
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary file that becomes the target once it is on the disk: file first, then name, then folder."""
    with part_of(target) as part:
        yield part
        _flush(part)
        part.replace(target)
        _flush(target.parent)


def _flush(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_abandoned(path: Path) -> bool:
    """Whether a temporary file's writer is gone."""
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return False
    words = path.name.removesuffix(PART).rsplit(".", 3)
    if len(words) == 4 and path.name.find(f".{socket.gethostname()}.") >= 0 and words[2].isdigit():
        return not is_running(int(words[2]))
    return age > ABANDONED_SECONDS


def is_running(pid: int) -> bool:
    """Whether a process of this machine is alive. Where that cannot be asked without harm (Windows), yes."""
    if pid == os.getpid() or os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def new_scratch(folder: Path) -> Path:
    """A folder of this process's own for work files. Those of killed processes of this machine are removed.

    Raises:
        StorageError: it cannot be made.
    """
    host = f"{SCRATCH_PREFIX}{socket.gethostname()}-"
    with disk_sentences(folder, "LAKE_TEMP_DIR"):
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(f"{host}*"):
            pid = path.name.removeprefix(host).split("-")[0]
            if pid.isdigit() and not is_running(int(pid)):
                shutil.rmtree(path, ignore_errors=True)
        own = folder / f"{host}{os.getpid()}-{uuid4().hex[:8]}"
        own.mkdir(mode=0o700)
    return own


@contextmanager
def disk_sentences(folder: Path, variable: str) -> Iterator[None]:
    """Turn what a folder for work files may raise into a sentence that names the variable to set.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            f"The folder {folder} cannot be used ({reason}). Set {variable} to another, or make room."
        ) from error
