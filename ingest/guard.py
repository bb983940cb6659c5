"""Runs a program for as long as whoever started this stands by, and leaves nothing of it behind.

    python guard.py FOLDER PROGRAM ARGUMENT…

A browser is many processes, and outlives the one that started it. So this one stands between: when its standard input
ends, because it was closed or because the starter was killed, it ends the program with all that the program started,
and removes the program's folder. It does so as well when the program itself is gone.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from threading import Lock, Thread

import psutil

# prctl(2): processes whose parent ended become children of this one, not of the system's first.
PR_SET_CHILD_SUBREAPER = 36
_ending = Lock()


def main(folder: str, command: list[str]) -> None:
    """Run the program until standard input ends, or it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    Thread(target=_end_after, args=(program, folder), daemon=True).start()
    while sys.stdin.buffer.read(4096):
        continue
    _end(folder)


def _end_after(program: subprocess.Popen[bytes], folder: str) -> None:
    program.wait()
    _end(folder)


def _end(folder: str) -> None:
    """End every process below this one, remove the folder, and end this one."""
    # Whoever comes first ends both.
    _ending.acquire()
    while below := psutil.Process().children(recursive=True):
        for process in below:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(below, timeout=1)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
