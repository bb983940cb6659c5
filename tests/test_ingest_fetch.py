"""The network seam: redirection, retries, patience, circuits, whole transfers, and what errors tell."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ingest_kit import FAST, NOW, caiso, dataset, source

from ingest.download import Download
from ingest.errors import AnswerError, NoData, Refused, Throttled, Unreachable
from ingest.fetch import CIRCUIT_OPENS_AFTER, LONGEST_RETRY_AFTER, Session, backoff, retry_after
from ingest.registry import Pace, Source
from ingest.simulator import Simulator
from ingest.simulator import Pace as SimulatedPace

BODY = b"a,b\r\n1,2\r\n"
Say = Callable[[BaseHTTPRequestHandler], None]


def answer(body: bytes = BODY, status: int = 200, **headers: str) -> Say:
    """An answer with its length."""

    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return say


class Site:
    """A web server that says what a test put in its queue, the last one for ever."""

    def __init__(self) -> None:
        self.queue: list[Say] = [answer()]
        self.seen: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.endswith("/pace.json"):
                    answer(b"", 404)(self)
                    return
                site.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                (site.queue.pop(0) if len(site.queue) > 1 else site.queue[0])(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def say(self, *answers: Say) -> None:
        self.queue = list(answers)


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.server.shutdown()
    running.server.server_close()


def example(**host: Any) -> Source:
    words = {"base": "https://www.example.org/files", "pace": FAST, **host}
    road = {"name": "road", "route": "mis", "host": "web", "ask": {}}
    return source("CAISO", "America/Los_Angeles", {"web": words}, {}, dataset("da", [road]))


class Room:
    """A session on the example source, with its waits on record."""

    def __init__(self, site: Site, folder: Path, environ: dict[str, str] | None = None, **host: Any) -> None:
        self.slept: list[float] = []
        words = {
            "LAKE_SOURCE_CAISO": site.url,
            "LAKE_PACE_DIR": str(folder / "pace"),
            "LAKE_TEMP_DIR": str(folder / "temp"),
            **(environ or {}),
        }
        self.session = Session(example(**host), words, sleep=self.slept.append)

    def get(self, path: str = "day.csv", **words: Any) -> Download:
        return self.session.get("web", path, **words)


@pytest.fixture
def room(site: Site, tmp_path: Path) -> Iterator[Room]:
    here = Room(site, tmp_path)
    yield here
    here.session.close()


def test_an_answer_is_on_disk_with_its_hash_and_headers(site: Site, room: Room) -> None:
    site.say(
        answer(
            Content_Type="text/csv; charset=utf-8",
            ETag='"abc"',
            Last_Modified="Sun, 15 Nov 2026 05:00:00 GMT",
            Content_Disposition='attachment; filename="day one.csv"',
            X_TotalRows="12",
        )
    )
    download = room.get()
    assert download.path.read_bytes() == BODY
    assert download.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (download.bytes, download.http_status, download.attempts) == (len(BODY), 200, 1)
    assert download.content_type == "text/csv"
    assert download.etag == '"abc"'
    assert download.last_modified == datetime(2026, 11, 15, 5, tzinfo=UTC)
    assert download.file_name == "day one.csv"
    assert download.total_rows == 12


def test_a_stand_in_gets_the_original_host_as_first_segment(site: Site, room: Room) -> None:
    download = room.get(
        "a/b.csv", params={"when": "20260101T08:00-0000", "range": "1/1/2026 05:00 to 1/2/2026", "n": "1;2,3"}
    )
    path, headers = site.seen[0]
    assert path == (
        "/www.example.org/files/a/b.csv?when=20260101T08:00-0000&range=1/1/2026%2005:00%20to%201/2/2026&n=1;2,3"
    )
    assert headers["user-agent"] == "power-market-lake"
    assert download.url == f"{site.url}{path}"


def test_a_host_may_have_its_own_user_agent_and_headers(site: Site, tmp_path: Path) -> None:
    room = Room(site, tmp_path, user_agent="something else", headers={"Accept": "text/csv"})
    room.get(headers={"X-More": "1"})
    headers = site.seen[0][1]
    assert (headers["user-agent"], headers["accept"], headers["x-more"]) == (
        "something else",
        "text/csv",
        "1",
    )


@pytest.mark.parametrize("declared", [True, False])
def test_gzip_is_told_by_its_bytes_whether_declared_or_not(site: Site, room: Room, declared: bool) -> None:
    packed = gzip.compress(BODY * 1000)
    site.say(answer(packed, **({"Content_Encoding": "gzip"} if declared else {})))
    download = room.get()
    assert download.path.read_bytes() == BODY * 1000
    assert download.sha256 == hashlib.sha256(BODY * 1000).hexdigest()


def test_gzip_of_several_members_is_read_to_the_end(site: Site, room: Room) -> None:
    site.say(answer(gzip.compress(BODY) + gzip.compress(BODY)))
    assert room.get().path.read_bytes() == BODY * 2


def test_declared_gzip_that_is_plain_is_taken_as_it_is(site: Site, room: Room) -> None:
    site.say(answer(BODY, Content_Encoding="gzip"))
    assert room.get().path.read_bytes() == BODY


@pytest.mark.parametrize("cut", ["length", "gzip"])
def test_a_transfer_that_ends_early_is_asked_again(site: Site, room: Room, cut: str) -> None:
    packed = gzip.compress(os.urandom(5000))

    def short(handler: BaseHTTPRequestHandler) -> None:
        body = BODY if cut == "length" else packed[:-100]
        length = len(BODY) + 10 if cut == "length" else len(body)
        answer(body, Content_Length=str(length))(handler)
        handler.close_connection = True

    site.say(short, short, answer())
    download = room.get()
    assert download.attempts == 3
    assert download.path.read_bytes() == BODY
    # What came half is not left lying about.
    assert [path.name for path in room.session.scratch.iterdir()] == [download.path.name]


def test_a_transfer_that_always_ends_early_is_unreachable(site: Site, room: Room) -> None:
    def short(handler: BaseHTTPRequestHandler) -> None:
        answer(BODY, Content_Length="1000")(handler)
        handler.close_connection = True

    site.say(short)
    with pytest.raises(Unreachable, match=r"www\.example\.org .* broke off midway") as caught:
        room.get()
    assert caught.value.attempts == 4


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


def test_a_host_that_stays_silent_is_unreachable(site: Site, tmp_path: Path) -> None:
    free = threading.Event()
    site.say(lambda handler: (free.wait(5), None)[1])
    pace = {**FAST, "attempts": 1}
    room = Room(site, tmp_path, read_seconds=0.1, pace=pace)
    with pytest.raises(Unreachable, match=r"did not answer within 0\.1 s"):
        room.get()
    free.set()


def test_an_answer_that_stops_midway_is_unreachable(site: Site, tmp_path: Path) -> None:
    free = threading.Event()

    def stall(handler: BaseHTTPRequestHandler) -> None:
        answer(BODY, Content_Length="1000")(handler)
        handler.wfile.flush()
        free.wait(5)

    site.say(stall)
    room = Room(site, tmp_path, read_seconds=0.1, pace={**FAST, "attempts": 1})
    with pytest.raises(Unreachable, match="stopped midway"):
        room.get()
    free.set()


def test_a_dead_proxy_is_named(site: Site, tmp_path: Path) -> None:
    room = Room(site, tmp_path, proxy="http://user:hunter22@127.0.0.1:9", pace={**FAST, "attempts": 1})
    with pytest.raises(Unreachable, match="proxy") as caught:
        room.get()
    assert "hunter22" not in str(caught.value)


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


def test_a_session_takes_its_scratch_with_it(site: Site, tmp_path: Path) -> None:
    room = Room(site, tmp_path)
    with room.session:
        path = room.get().path
        assert path.exists()
    assert not path.exists()
    assert list((tmp_path / "temp").iterdir()) == []


def test_scratch_of_killed_sessions_is_swept_and_that_of_live_ones_kept(site: Site, tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    dead = temp / f"pmp-fetch-{socket.gethostname()}-999999999-aaaa"
    live = temp / f"pmp-fetch-{socket.gethostname()}-{os.getppid()}-bbbb"
    foreign = temp / "pmp-fetch-another.machine-1-cccc"
    for folder in (dead, live, foreign):
        folder.mkdir(parents=True)
    Room(site, tmp_path).get()
    assert not dead.exists()
    assert live.exists()
    assert foreign.exists()


def test_an_answer_that_is_not_http_is_said_to_be_none(site: Site, tmp_path: Path) -> None:
    site.say(lambda handler: answer(BODY, content_length="1000")(handler))
    room = Room(site, tmp_path, pace={**FAST, "attempts": 1})
    with pytest.raises(Unreachable, match="not HTTP"):
        room.get()


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "site.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    running = Site()
    running.server.socket = context.wrap_socket(running.server.socket, server_side=True)
    running.url = running.url.replace("http://127.0.0.1", "https://localhost")
    room = Room(running, tmp_path)
    with pytest.raises(Unreachable, match="certificate") as caught:
        room.get()
    assert caught.value.attempts == 1
    assert running.seen == []
    running.server.shutdown()
    running.server.server_close()
