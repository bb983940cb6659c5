"""The network seam: redirection, retries, patience, circuits, paces, and what errors tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from ingest_kit import FAST, NOW, caiso
from ingest_site import BODY, Room, Site, answer

from ingest.download import Download
from ingest.errors import AnswerError, NoData, Refused, Throttled, Unreachable
from ingest.fetch import CIRCUIT_OPENS_AFTER, Session
from ingest.registry import Pace
from ingest.retry import LONGEST_RETRY_AFTER, backoff, retry_after
from ingest.simulator import Pace as SimulatedPace
from ingest.simulator import Simulator


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture
def room(site: Site, tmp_path: Path) -> Iterator[Room]:
    here = Room(site, tmp_path)
    yield here
    here.session.close()


def test_waits_between_attempts_double_are_capped_and_jittered() -> None:
    pace = Pace(requests=1, seconds=1, first_wait_seconds=2, max_wait_seconds=10)
    for attempt, ceiling in ((1, 2), (2, 4), (3, 8), (4, 10), (9, 10)):
        waits = {backoff(attempt, pace) for _ in range(50)}
        assert all(ceiling / 2 <= wait <= ceiling for wait in waits)
        assert len(waits) > 1


def test_retry_after_is_honoured(site: Site, room: Room) -> None:
    site.say(answer(b"", 429, Retry_After="17"), answer(b"", 503, Retry_After="8"), answer())
    assert room.get().attempts == 3
    assert 17 <= room.slept[0] < 18
    assert 8 <= room.slept[1] < 9


def test_retry_after_may_be_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=30)
    assert 25 < (retry_after(format_datetime(later, usegmt=True)) or 0) <= 30
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_nobody_waits_for_hours(site: Site, room: Room) -> None:
    site.say(answer(b"", 429, Retry_After=str(int(LONGEST_RETRY_AFTER) + 1)))
    with pytest.raises(Throttled) as caught:
        room.get()
    assert caught.value.attempts == 1
    assert room.slept == []


def test_a_steady_429_is_throttled(site: Site, room: Room) -> None:
    site.say(answer(b"", 429))
    with pytest.raises(Throttled) as caught:
        room.get()
    assert (caught.value.attempts, caught.value.http_status, caught.value.status) == (4, 429, "throttled")


@pytest.mark.parametrize(
    ("status", "attempts", "words"),
    [(404, 1, "no such file"), (403, 1, "status 403"), (401, 1, "credentials"), (500, 4, "error 500")],
)
def test_other_statuses_are_refusals_or_outages(
    site: Site, room: Room, status: int, attempts: int, words: str
) -> None:
    site.say(answer(b"", status))
    with pytest.raises(AnswerError, match=words) as caught:
        room.get()
    assert caught.value.attempts == attempts
    assert caught.value.url == f"{site.url}/www.example.org/files/day.csv"


def test_a_status_that_the_route_reads_is_an_answer(site: Site, room: Room) -> None:
    site.say(answer(b'{"errors": []}', 400))
    assert room.get(reads=(400,)).http_status == 400


def test_what_the_judge_wants_again_is_asked_again(site: Site, room: Room) -> None:
    opinions: list[AnswerError | None] = [NoData("none", again=True), Refused("broken", again=True), None]

    def judge(download: Download) -> None:
        if (opinion := opinions.pop(0)) is not None:
            raise opinion

    assert room.get(judge=judge).attempts == 3


def test_what_the_judge_does_not_want_again_is_not_asked_again(site: Site, room: Room) -> None:
    def judge(download: Download) -> None:
        raise Refused("no")

    with pytest.raises(Refused) as caught:
        room.get(judge=judge)
    assert caught.value.attempts == 1
    assert list(room.session.scratch.iterdir()) == []


def test_a_redirect_on_the_same_host_is_followed_and_none_elsewhere(site: Site, room: Room) -> None:
    site.say(answer(b"", 302, Location="/www.example.org/other.csv"), answer())
    assert room.get().path.read_bytes() == BODY
    assert site.seen[1][0] == "/www.example.org/other.csv"
    site.say(answer(b"", 302, Location="https://login.example.com/?token=abcdef"))
    with pytest.raises(Refused, match=r"sent the request elsewhere") as caught:
        room.get()
    assert "abcdef" not in str(caught.value)


def test_a_circuit_opens_for_one_host_and_closes_with_an_answer(site: Site, room: Room) -> None:
    site.say(answer(b"", 500))
    for number in range(CIRCUIT_OPENS_AFTER - 1):
        with pytest.raises(Unreachable):
            room.get()
        assert not room.session.is_open("web"), number
    site.say(answer())
    room.get()
    site.say(answer(b"", 500))
    for _ in range(CIRCUIT_OPENS_AFTER):
        with pytest.raises(Unreachable):
            room.get()
    assert room.session.is_open("web")
    before = len(site.seen)
    with pytest.raises(Unreachable, match="not asked any more") as caught:
        room.get()
    assert caught.value.attempts == 0
    assert len(site.seen) == before


def test_a_refusal_does_not_open_the_circuit(site: Site, room: Room) -> None:
    site.say(answer(b"", 404))
    for _ in range(CIRCUIT_OPENS_AFTER + 2):
        with pytest.raises(Refused):
            room.get()
    assert not room.session.is_open("web")


def test_the_stand_in_declares_its_own_pace_and_patience(tmp_path: Path) -> None:
    paces = {
        "oasis.caiso.com": SimulatedPace(
            requests=2, seconds=1.0, first_wait_seconds=0.5, max_wait_seconds=0.5
        )
    }
    with Simulator(now=NOW, pace=paces) as sim:
        words = {"LAKE_SOURCE_CAISO": sim.url, "LAKE_PACE_DIR": str(tmp_path / "pace")}
        with Session(caiso(), words) as session:
            declared = session._pace(session.source.hosts["oasis"])
    assert (declared.requests, declared.seconds, declared.first_wait_seconds) == (2, 1.0, 0.5)


def test_without_a_declared_pace_the_registrys_holds(site: Site, room: Room) -> None:
    assert room.session._pace(room.session.source.hosts["web"]) == Pace(**FAST)  # type: ignore[arg-type]


def test_members_have_their_own_pace(site: Site, tmp_path: Path) -> None:
    faster = {"requests": 600, "seconds": 60}
    room = Room(site, tmp_path, {"CAISO_MEMBER": "yes"}, member_pace=faster)
    assert room.session._pace(room.session.source.hosts["web"]).requests == 600
    room = Room(site, tmp_path, member_pace=faster)
    assert room.session._pace(room.session.source.hosts["web"]).requests == FAST["requests"]


def test_only_a_silent_host_gets_fewer_tries_the_next_time(site: Site, room: Room) -> None:
    site.say(answer(b"", 429))
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            room.get()
        assert caught.value.attempts == 4
