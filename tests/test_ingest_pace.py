"""Pacing: starts of requests, a bucket a host and credential, shared by processes, no credential in sight."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.errors import StorageError
from ingest.pace import STALE_SECONDS, Pacer, bucket_name, state_folder
from ingest.registry import Pace

HOST = "oasis.caiso.com"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_800_000_000.0
        self.starts: list[float] = []
        monkeypatch.setattr("ingest.pace.time.time_ns", lambda: int(self.seconds * 1e9))

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_starts_are_as_far_apart_as_the_pace_says(tmp_path: Path, clock: Clock) -> None:
    pacer = Pacer(tmp_path, clock.sleep)
    starts = []
    for answer_takes in (0.0, 3.0, 7.0, 0.5):
        pacer.wait(HOST, None, Pace(requests=1, seconds=5))
        starts.append(clock.seconds)
        clock.seconds += answer_takes
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    # The slow answer has used up its own five seconds: starts are paced, not the gaps between answers.
    assert gaps == pytest.approx([5, 5, 7], abs=0.1)


def test_six_a_minute_are_six_in_any_minute(tmp_path: Path, clock: Clock) -> None:
    pacer = Pacer(tmp_path, clock.sleep)
    starts = []
    for _ in range(20):
        pacer.wait(HOST, None, Pace(requests=6, seconds=60))
        starts.append(clock.seconds)
    assert all(later - earlier >= 60 for earlier, later in zip(starts, starts[6:], strict=False))
    assert starts[-1] - starts[0] == pytest.approx(180, abs=0.5)


def test_hosts_and_credentials_have_turns_of_their_own(tmp_path: Path, clock: Clock) -> None:
    pacer = Pacer(tmp_path, clock.sleep)
    pace = Pace(requests=1, seconds=60)
    assert pacer.wait("a.example", None, pace) == 0
    assert pacer.wait("b.example", None, pace) == 0
    assert pacer.wait("a.example", "key-one", pace) == 0
    assert pacer.wait("a.example", "key-two", pace) == 0
    assert pacer.wait("a.example", "key-one", pace) > 59


def test_a_second_pacer_on_the_machine_waits_its_turn(tmp_path: Path, clock: Clock) -> None:
    pace = Pace(requests=1, seconds=5)
    assert Pacer(tmp_path, clock.sleep).wait(HOST, None, pace) == 0
    assert Pacer(tmp_path, clock.sleep).wait(HOST, None, pace) == pytest.approx(5, abs=0.1)


def test_a_clock_that_was_set_back_costs_one_interval_at_most(tmp_path: Path, clock: Clock) -> None:
    pacer = Pacer(tmp_path, clock.sleep)
    pace = Pace(requests=1, seconds=5)
    pacer.wait(HOST, None, pace)
    clock.seconds -= 3600
    assert pacer.wait(HOST, None, pace) <= 5.1


def test_the_credential_is_in_no_name_and_no_file(tmp_path: Path, clock: Clock) -> None:
    secret = "s3cr3t-subscription-key"
    pacer = Pacer(tmp_path, clock.sleep)
    pacer.wait("api.pjm.com", secret, Pace(requests=1, seconds=1))
    pacer.close()
    assert secret not in bucket_name("api.pjm.com", secret)
    for path in tmp_path.iterdir():
        assert secret not in path.name
        assert secret.encode() not in path.read_bytes()


def test_buckets_that_nobody_used_for_a_week_are_swept(tmp_path: Path, clock: Clock) -> None:
    old = tmp_path / "127.0.0.1_4711_oasis.caiso.com.sqlite"
    old.write_bytes(b"")
    long_ago = time.time() - STALE_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    Pacer(tmp_path, clock.sleep).wait(HOST, None, Pace(requests=1, seconds=1))
    assert not old.exists()


def test_the_folder_is_the_users_own_unless_named(tmp_path: Path) -> None:
    assert state_folder({"LAKE_PACE_DIR": str(tmp_path)}) == tmp_path
    assert "power-market-lake" in str(state_folder({}))


def test_turns_that_cannot_be_kept_are_one_sentence(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="LAKE_PACE_DIR"):
        Pacer(tmp_path / "file", clock.sleep).wait(HOST, None, Pace(requests=1, seconds=1))
    (tmp_path / f"{HOST}.sqlite").write_bytes(b"not a database, but longer than its header of bytes" * 50)
    with pytest.raises(StorageError, match=r"Remove that file"):
        Pacer(tmp_path, clock.sleep).wait(HOST, None, Pace(requests=1, seconds=1))


CHILD = """
import sys, time
from pathlib import Path
from ingest.errors import StorageError
from ingest.pace import Pacer
from ingest.registry import Pace
pacer = Pacer(Path(sys.argv[1]))
for _ in range(8):
    pacer.wait("oasis.caiso.com", None, Pace(requests=1, seconds=0.1))
    print(time.time_ns() // 1_000_000, flush=True)
"""


@pytest.mark.long
def test_processes_share_one_pace(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environ
        )
        for _ in range(3)
    ]
    starts = sorted(int(line) for child in children for line in child.communicate()[0].split())
    assert len(starts) == 24
    # A turn is stamped inside the lock; printing it takes a moment more, so single gaps may look shorter.
    assert starts[-1] - starts[0] >= 23 * 100 - 20
    assert all(later - earlier >= 190 for earlier, later in zip(starts, starts[3:], strict=False))
