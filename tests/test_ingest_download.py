"""Transfers: whole or not at all, unpacked where they were packed for the way, on disk with their hash."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from ingest_kit import FAST
from ingest_site import BODY, Room, Site, answer

from ingest.errors import StorageError, Unreachable


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
    running.close()


def test_a_work_folder_that_cannot_be_used_is_one_sentence(site: Site, tmp_path: Path) -> None:
    (tmp_path / "temp").write_bytes(b"a file where the folder should be")
    with pytest.raises(StorageError, match="LAKE_TEMP_DIR"):
        Room(site, tmp_path).get()


def test_a_full_disk_is_one_sentence(site: Site, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ingest.fetch.save", full)
    with pytest.raises(StorageError, match="No space left on device"):
        room.get()
