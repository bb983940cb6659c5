"""Pacing: how fast a host may be asked, shared by every process of this user on this machine.

A request waits here *before* it is sent, and what is paced are the starts of requests: five seconds between
two starts are five seconds, however long the answers take. One bucket a host and credential; the bucket's
name holds a short hash of the credential, never the credential.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pyrate_limiter import Rate, RateItem, SQLiteBucket

from ingest.disk import disk_sentences
from ingest.errors import StorageError
from ingest.registry import Pace

# A bucket that nobody has used for so long says nothing about the present (simulators leave one a port).
STALE_SECONDS = 7 * 24 * 3600
# A host counts arrivals, and two requests may arrive a little closer together than they were sent.
MARGIN, LARGEST_MARGIN = 0.02, 0.05


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where the buckets are: ``LAKE_PACE_DIR``, else a folder of this user's under the temporary folder."""
    if named := environ.get("LAKE_PACE_DIR"):
        return Path(named)
    user = str(os.getuid()) if hasattr(os, "getuid") else re.sub(r"\W", "_", environ.get("USERNAME", "user"))
    return Path(tempfile.gettempdir()) / f"power-market-lake-{user}" / "pace"


def bucket_name(host: str, credential: str | None) -> str:
    """The bucket of a host and credential."""
    place = re.sub(r"[^A-Za-z0-9.-]+", "_", host)
    if not credential:
        return place
    return f"{place}-{hashlib.sha256(credential.encode()).hexdigest()[:12]}"


class Pacer:
    """Waits for a host's turn.

    Args:
        folder: where the buckets are; made when it is not there.
        sleep: how to wait, in seconds.
    """

    def __init__(self, folder: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        self._folder = folder
        self._sleep = sleep
        self._buckets: dict[str, SQLiteBucket] = {}

    def wait(self, host: str, credential: str | None, pace: Pace) -> float:
        """Wait until a request to this host may start, and take the turn. Seconds waited.

        Raises:
            StorageError: the folder of the turns cannot be used.
        """
        name = bucket_name(host, credential)
        try:
            return self._wait(name, pace)
        except sqlite3.Error as error:
            raise StorageError(
                f"The turns of requests cannot be kept in {self._place(name)} ({error}). Remove that file, "
                "or set LAKE_PACE_DIR."
            ) from error

    def _wait(self, name: str, pace: Pace) -> float:
        bucket = self._bucket(name, pace)
        interval = bucket.rates[-1].interval
        waited = 0.0
        while True:
            # The lock spans look and take: two processes never take one turn. It is not held while waiting.
            with bucket.lock:
                turn = RateItem(name, time.time_ns() // 1_000_000)
                if bucket.put(turn):
                    bucket.leak(turn.timestamp)
                    return waited
                milliseconds = bucket.waiting(turn)
                assert isinstance(milliseconds, int)
                if milliseconds > interval + 1:
                    # A turn taken in the future: the machine's clock was set back. Do not wait for hours.
                    bucket.flush()
                    continue
            seconds = (milliseconds + 1) / 1000
            self._sleep(seconds)
            waited += seconds

    def close(self) -> None:
        """Let go of the buckets."""
        for bucket in self._buckets.values():
            bucket.close()  # type: ignore[no-untyped-call]
        self._buckets.clear()

    def _bucket(self, name: str, pace: Pace) -> SQLiteBucket:
        if name not in self._buckets:
            seconds = pace.seconds + min(LARGEST_MARGIN, pace.seconds * MARGIN)
            rate = Rate(pace.requests, max(round(seconds * 1000), 1))
            with disk_sentences(self._folder, "LAKE_PACE_DIR"):
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._sweep()
                self._buckets[name] = SQLiteBucket.init_from_file(
                    [rate], table="turns", db_path=str(self._place(name)), use_file_lock=True
                )
        return self._buckets[name]

    def _place(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite"

    def _sweep(self) -> None:
        limit = time.time() - STALE_SECONDS
        for path in self._folder.glob("*.sqlite*"):
            try:
                if path.stat().st_mtime < limit:
                    path.unlink()
            except OSError:
                # Another process was faster, or holds it open where that forbids deleting: nothing is lost.
                continue
