"""The simulator as a server: addresses, clock, pace, faults, stalls, what it remembers."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from simulator_kit import API, MIS, NOW, OASIS, error_code, feed, mis, oasis

from ingest import registry
from ingest.simulator import Pace, Simulator

DAILY = "csv/damlbmp/20261119damlbmp_zone.csv"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=2) as simulator:
        yield simulator


def test_the_command_prints_where_it_listens_and_serves() -> None:
    command = [sys.executable, "-m", "ingest.simulator", "--now", "2026-11-20T20:00:00", "--nodes", "1"]
    root = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("Simulator at http://127.0.0.1:")
            url = line.removeprefix("Simulator at ").strip()
            assert requests.get(f"{url}/{MIS}/public/{DAILY}", timeout=30).status_code == 200
        finally:
            process.kill()


def test_lake_now_is_the_clock_unless_one_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", "2024-02-29T12:00:00Z")
    assert Simulator().now == datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert Simulator(now=NOW).now == NOW


def test_the_clock_can_be_set_while_serving(sim: Simulator) -> None:
    assert mis(sim, "csv/damlbmp/20261122damlbmp_zone.csv").status_code == 404
    sim.now = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    assert mis(sim, "csv/damlbmp/20261122damlbmp_zone.csv").status_code == 200


def test_the_declared_pace_names_every_host(sim: Simulator) -> None:
    pace = requests.get(f"{sim.url}/pace.json", timeout=30).json()
    assert set(pace) == {
        urlsplit(host.base).netloc for source in registry.sources().values() for host in source.hosts.values()
    }
    assert pace["oasis.caiso.com"] == {
        "requests": 1000,
        "seconds": 1.0,
        "first_wait_seconds": 0.01,
        "max_wait_seconds": 0.05,
    }
    assert not sim.requests


def test_an_enforced_pace_answers_429_to_whoever_is_faster() -> None:
    with Simulator(now=NOW, nodes=0, enforced_pace={MIS: Pace(requests=2, seconds=3600)}) as sim:
        assert [mis(sim, DAILY).status_code for _ in range(4)] == [200, 200, 429, 429]
        assert requests.get(f"{sim.url}/pace.json", timeout=30).json()[MIS]["requests"] == 2
        assert [seen.faults for seen in sim.requests][2:] == [("pace",), ("pace",)]


def test_a_host_that_is_not_simulated_is_a_sentence(sim: Simulator) -> None:
    answer = requests.get(f"{sim.url}/www.example.com/x", timeout=30)
    assert answer.status_code == 404
    assert "mis.nyiso.com" in answer.text


def test_every_request_is_remembered_with_its_words(sim: Simulator) -> None:
    oasis(sim, "GroupZip", groupid="DAM_LMP_GRP", startdatetime="20260101T08:00-0000", version=12)
    (seen,) = sim.requests
    assert (seen.host, seen.path, seen.status, seen.time) == (OASIS, "/oasisapi/GroupZip", 200, NOW)
    assert seen.query["startdatetime"] == "20260101T08:00-0000"
    assert seen.url.startswith("https://oasis.caiso.com/oasisapi/GroupZip?resultformat=6&groupid=DAM_LMP_GRP")


def test_connections_are_kept_alive_and_closed_at_the_end() -> None:
    session = requests.Session()
    with Simulator(now=NOW, nodes=0) as sim:
        url = f"{sim.url}/{MIS}/public/{DAILY}"
        for _ in range(3):
            assert session.get(url, timeout=30).status_code == 200
        assert len({id(connection) for connection in sim.connections}) == 1
    with pytest.raises(requests.ConnectionError):
        session.get(url, timeout=30)


def test_a_stopped_simulator_starts_again_at_the_same_address() -> None:
    sim = Simulator(now=NOW, nodes=0).start()
    url = sim.url
    sim.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/pace.json", timeout=30)
    sim.start()
    try:
        assert sim.url == url
        assert requests.get(f"{url}/pace.json", timeout=30).status_code == 200
    finally:
        sim.stop()


def test_faults_are_taken_in_order_and_as_often_as_they_say(sim: Simulator) -> None:
    sim.fail(MIS, "throttle_429", times=2)
    sim.fail(MIS, "error_500")
    assert [mis(sim, DAILY).status_code for _ in range(5)] == [429, 429, 500, 200, 200]
    assert [seen.faults for seen in sim.requests] == [
        ("throttle_429",),
        ("throttle_429",),
        ("error_500",),
        (),
        (),
    ]


def test_a_fault_without_times_lasts_until_healed(sim: Simulator) -> None:
    sim.fail(MIS, "error_500", times=None)
    assert [mis(sim, DAILY).status_code for _ in range(3)] == [500, 500, 500]
    sim.heal()
    assert mis(sim, DAILY).status_code == 200


def test_a_fault_strikes_only_its_host_and_what_it_matches(sim: Simulator) -> None:
    sim.fail(OASIS, "error_500", times=None, match="startdatetime=20260102T08:00")
    assert mis(sim, DAILY).status_code == 200
    asked = {"groupid": "DAM_PRC_AS_GRP", "version": 1}
    assert oasis(sim, "GroupZip", startdatetime="20260101T08:00-0000", **asked).status_code == 200
    assert oasis(sim, "GroupZip", startdatetime="20260102T08:00-0000", **asked).status_code == 500


def test_a_throttle_says_when_to_come_back_only_if_asked_to(sim: Simulator) -> None:
    sim.fail(MIS, "throttle_429")
    sim.fail(MIS, "throttle_429_retry_after", retry_after=7)
    assert "Retry-After" not in mis(sim, DAILY).headers
    answer = mis(sim, DAILY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_the_acceptable_use_page_is_html_with_status_200(sim: Simulator) -> None:
    sim.fail(OASIS, "aup_html")
    answer = oasis(sim, "GroupZip", groupid="DAM_LMP_GRP", startdatetime="20260101T08:00-0000", version=12)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.content.startswith(b"<")
    assert "Acceptable Use Policy" in answer.text


def test_no_data_and_a_group_in_processing_are_error_documents(sim: Simulator) -> None:
    sim.fail(OASIS, "no_data_1000")
    sim.fail(OASIS, "group_in_processing")
    asked = {"groupid": "DAM_LMP_GRP", "startdatetime": "20260101T08:00-0000", "version": 12}
    assert [error_code(oasis(sim, "GroupZip", **asked)) for _ in range(2)] == [1000, 1015]


def test_the_bot_shell_and_the_throttle_sentence_pass_for_answers(sim: Simulator) -> None:
    asked = {"datetime_beginning_ept": "1/1/2026 00:00 to 1/1/2026 23:59"}
    sim.fail(API, "html_shell")
    sim.fail(API, "throttle_text")
    shell, sentence = feed(sim, "da_hrl_lmps", **asked), feed(sim, "da_hrl_lmps", **asked)
    assert shell.status_code == sentence.status_code == 200
    assert shell.headers["Content-Type"].startswith("text/html")
    assert sentence.headers["Content-Type"].startswith("text/csv")
    assert sentence.text.strip() == "Rate limit is exceeded. Try again in 30 seconds."


def test_a_throttle_of_the_api_is_json(sim: Simulator) -> None:
    sim.fail(API, "throttle_429")
    answer = feed(sim, "da_hrl_lmps", datetime_beginning_ept="1/1/2026 00:00 to 1/1/2026 23:59")
    assert json.loads(answer.text)["statusCode"] == answer.status_code == 429


def test_a_dropped_connection_ends_midway_through_the_body(sim: Simulator) -> None:
    sim.fail(MIS, "drop")
    with pytest.raises(requests.RequestException):
        _ = mis(sim, DAILY).content
    assert mis(sim, DAILY).status_code == 200


def test_a_truncated_zip_is_a_whole_answer_with_half_an_archive(sim: Simulator) -> None:
    sim.fail(MIS, "truncated_zip")
    whole = "csv/damlbmp/20261001damlbmp_zone_csv.zip"
    broken, sound = mis(sim, whole), mis(sim, whole)
    assert broken.status_code == 200
    assert len(broken.content) == len(sound.content) // 2
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(broken.content))


def test_drift_adds_a_column_to_every_line(sim: Simulator) -> None:
    sound = mis(sim, DAILY).text.splitlines()
    sim.fail(MIS, "drift")
    drifted = mis(sim, DAILY).text.splitlines()
    assert drifted[0] == f"{sound[0]},NEW_COLUMN"
    assert drifted[1:] == [f"{line},1" for line in sound[1:]]


def test_a_late_publication_is_not_there_yet(sim: Simulator) -> None:
    for host in (MIS, OASIS, API):
        sim.fail(host, "late")
    assert mis(sim, DAILY).status_code == 404
    asked = {"groupid": "DAM_LMP_GRP", "startdatetime": "20260101T08:00-0000", "version": 12}
    assert error_code(oasis(sim, "GroupZip", **asked)) == 1000
    answer = feed(sim, "da_hrl_lmps", datetime_beginning_ept="1/1/2026 00:00 to 1/1/2026 23:59")
    assert answer.headers["X-TotalRows"] == "0"
    assert len(answer.text.splitlines()) == 1


def test_a_stall_holds_the_client_midway_and_lets_go(sim: Simulator) -> None:
    stall = sim.stall(MIS, after_bytes=100)
    found: list[bytes] = []
    client = threading.Thread(target=lambda: found.append(mis(sim, DAILY).content))
    client.start()
    assert stall.reached.wait(10)
    assert not found
    stall.release()
    client.join(10)
    assert found == [mis(sim, DAILY).content]


def test_a_client_that_dies_in_a_stall_does_not_hold_the_simulator() -> None:
    sim = Simulator(now=NOW, nodes=0).start()
    stall = sim.stall(MIS, after_bytes=10)
    answer = requests.get(f"{sim.url}/{MIS}/public/{DAILY}", stream=True, timeout=30)
    assert stall.reached.wait(10)
    answer.close()
    sim.stop()


def test_unknown_names_list_the_known_ones(sim: Simulator) -> None:
    with pytest.raises(ValueError, match=r"Known: .*throttle_429"):
        sim.fail(MIS, "no_such_fault")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"Known: .*mis\.nyiso\.com"):
        sim.fail("mis.nyiso.org", "drop")
    with pytest.raises(ValueError, match=r"Known: .*PRC_LMP"):
        sim.correct("CAISO", "PRC_HASP_LMP", date(2026, 1, 1))
    with pytest.raises(ValueError, match=r"Known: .*NYISO"):
        sim.correct("XYZ", "x", date(2026, 1, 1))
