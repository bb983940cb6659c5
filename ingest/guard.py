"""Runs a program for as long as whoever started this stands by, and leaves nothing of it behind.

    python guard.py PROGRAM ARGUMENT…

A browser is many processes, and outlives the one that started it. So this one stands between: when its standard input
ends, because it was closed or because the starter was killed, it ends the program with all that the program started.
It ends them as well when the program itself is gone.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from threading import Thread

import psutil

# prctl(2): processes whose parent ended become children of this one, not of the system's first.
PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> None:
    """Run the program until standard input ends, or it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    Thread(target=_end_after, args=(program,), daemon=True).start()
    while sys.stdin.buffer.read(4096):
        continue
    _end()


def _end_after(program: subprocess.Popen[bytes]) -> None:
    program.wait()
    _end()


def _end() -> None:
    """End every process below this one, and then this one."""
    while below := psutil.Process().children(recursive=True):
        for process in below:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(below, timeout=1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
