"""Kill -9 at every step of a landing: the next run ends with what an undisturbed one would have."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from ingest_kit import NOW, Bench, FileSink, nyiso

from ingest.simulator import Simulator

pytestmark = pytest.mark.long

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)

# A landing of two requests that stops for good at a step, and says so first.
CHILD = """
import os, sys, time
from datetime import date
from pathlib import Path
import ingest.disk as disk
from ingest.fetch import Session
from ingest.land import land
from ingest_kit import Bench, FileSink, nyiso

folder, url, stop_at, run_id = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
bench = Bench(nyiso(), None, folder, url=url)

def step(name):
    if name == stop_at:
        print(name, flush=True)
        time.sleep(600)

if stop_at == "flushing":
    flush = disk._flush
    def pause(path):
        if path.name.endswith(disk.PART) and "raw" in path.parts:
            step("flushing")
        flush(path)
    disk._flush = pause

requests = [
    bench.request(date(2026, 10, 1), date(2026, 10, 31), road="monthly"),
    bench.request(date(2026, 11, 15)),
]
with Session(bench.source, bench.environ) as session:
    land(requests, bench.source, bench.store, FileSink(folder / "ledger", run_id), session,
         lambda request, part: None, on_step=step)
print("done", flush=True)
"""


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3) as running:
        yield running


def run(folder: Path, sim: Simulator, stop_at: str, run_id: str) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    environ = {
        **os.environ,
        "LAKE_NOW": NOW.isoformat(),
        "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)]),
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), sim.url, stop_at, run_id],
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    )


def finish(folder: Path, sim: Simulator, run_id: str) -> None:
    child = run(folder, sim, "never", run_id)
    output, _ = child.communicate(timeout=60)
    assert output.strip() == "done"


def kill_at(folder: Path, sim: Simulator, step: str) -> None:
    child = run(folder, sim, step, "killed")
    assert child.stdout is not None
    assert child.stdout.readline().strip() == step
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=30)
    child.stdout.close()


def whole(folder: Path) -> dict[str, str]:
    """Every raw object by its key with the hash of what is stored; each must be what its name says."""
    store = Bench(nyiso(), None, folder).store
    objects = {key: hashlib.sha256(store.read_bytes(key)).hexdigest() for key in store.list("raw")}
    for key, sha256 in objects.items():
        if not key.endswith(".zst"):
            assert key.rsplit("/", 1)[1].startswith(sha256[:12])
    return objects


@pytest.mark.parametrize("step", ["asking", "downloading", "downloaded", "flushing", "stored", "told"])
def test_a_landing_killed_at_any_step_ends_the_same(sim: Simulator, tmp_path: Path, step: str) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    finish(calm, sim, "calm")
    kill_at(rough, sim, step)
    objects = whole(rough)
    told = FileSink(rough / "ledger", "look").told()
    # What has been told is there; what is there may not have been told yet, and is whole.
    assert {event["raw_key"] for event in told} <= objects.keys()
    assert len(objects) == (1 if step in ("stored", "told") else 0)
    assert len(told) == (1 if step == "told" else 0)

    finish(rough, sim, "next")
    assert whole(rough) == whole(calm)
    keys = {event["raw_key"] for event in FileSink(rough / "ledger", "look").told()}
    assert keys == whole(calm).keys()
    # What the killed run left is gone: its scratch with the next run's start, the store's when swept.
    assert list((rough / "temp").iterdir()) == []
    Bench(nyiso(), None, rough).store.sweep()
    assert list((rough / "lake").rglob("*.part")) == []


def test_a_landing_killed_in_the_middle_of_a_transfer_leaves_no_half_object(
    sim: Simulator, tmp_path: Path
) -> None:
    stall = sim.stall("mis.nyiso.com", after_bytes=2000, match="_csv")
    child = run(tmp_path, sim, "never", "killed")
    assert stall.reached.wait(30)
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=30)
    stall.release()
    assert child.stdout is not None
    child.stdout.close()
    assert whole(tmp_path) == {}
    assert len(list((tmp_path / "temp").iterdir())) == 1
    finish(tmp_path, sim, "next")
    assert len(whole(tmp_path)) == 2
    assert list((tmp_path / "temp").iterdir()) == []


def test_ctrl_c_ends_a_landing_without_leftovers(sim: Simulator, tmp_path: Path) -> None:
    stall = sim.stall("mis.nyiso.com", after_bytes=2000, match="_csv")
    child = run(tmp_path, sim, "never", "interrupted")
    assert stall.reached.wait(30)
    child.send_signal(signal.SIGINT)
    child.wait(timeout=30)
    stall.release()
    assert child.stdout is not None
    child.stdout.close()
    assert child.returncode != 0
    assert list((tmp_path / "temp").iterdir()) == []
    assert whole(tmp_path) == {}
