"""The HTTP server: one address for every host, whose name is the first segment of the path."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from ingest.simulator import broken
from ingest.simulator.answers import Answer, Request
from ingest.simulator.faults import FaultBook, Stall
from ingest.simulator.pace import Pace, PaceKeeper
from ingest.simulator.world import World

Site = Callable[[Request, World], Answer]
GONE = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError)


@dataclass
class Seen:
    """A request as it came in.

    ``time`` is the simulator's clock, ``status`` what was answered (0 while undecided), ``faults`` what was
    done to it.
    """

    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    time: datetime
    status: int = 0
    faults: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The request as the original host would see it, decoded."""
        words = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"https://{self.host}{self.path}" + (f"?{words}" if words else "")


@dataclass
class Board:
    """What the handler threads share."""

    world: World
    sites: Mapping[str, Site]
    faults: FaultBook
    declared: Mapping[str, Pace]
    keeper: PaceKeeper
    requests: list[Seen] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    """A threading server that also closes the connections its clients keep alive."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, board: Board) -> None:
        self.board = board
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it in a thread of its own."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    @property
    def connections(self) -> list[socket.socket]:
        """The connections that are open."""
        with self._lock:
            return list(self._open)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not worth a traceback; anything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End the loop and every connection."""
        self.board.faults.clear()
        self.shutdown()
        self.server_close()
        with self._lock:
            left, self._open = self._open, set()
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Handler(BaseHTTPRequestHandler):
    """Routes a request to its site, through the faults."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        """Answer with a body."""
        self._serve(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers only."""
        self._serve(with_body=False)

    def do_POST(self) -> None:
        """Answer a question that has a body."""
        length = int(self.headers.get("Content-Length") or 0)
        self._serve(with_body=True, posted=self.rfile.read(length))

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: a test asks ``Simulator.requests``."""

    def _serve(self, with_body: bool, posted: bytes | None = None) -> None:
        board = self.server.board
        parts = urlsplit(self.path)
        if parts.path == "/pace.json":
            text = json.dumps({host: pace.as_json() for host, pace in board.declared.items()})
            self._send(Answer(200, text.encode(), broken.JSON), with_body)
            return
        host, _, rest = parts.path.lstrip("/").partition("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(host, f"/{rest}", query, headers, board.world.now)
        board.requests.append(seen)
        target = f"/{rest}?{unquote_plus(parts.query)}" if parts.query else f"/{rest}"
        self._answer(seen, target, with_body, posted)

    def _answer(self, seen: Seen, target: str, with_body: bool, posted: bytes | None) -> None:
        board = self.server.board
        site = board.sites.get(seen.host)
        if site is None:
            known = ", ".join(sorted(board.sites))
            text = f"No host '{seen.host}' here. Write the host as the first segment of the path: {known}.\n"
            seen.status = 404
            self._send(Answer(404, text.encode(), "text/plain; charset=utf-8"), with_body)
            return
        if board.keeper.too_fast(seen.host):
            seen.status, seen.faults = 429, ("pace",)
            self._send(broken.too_many(seen.host), with_body)
            return
        struck = board.faults.strike(seen.host, target)
        kinds = tuple(fault.kind for fault in struck)
        answer = next(
            (a for f in struck if (a := broken.instead(f, seen.host, board.world.now)) is not None), None
        )
        if answer is None:
            request = Request(
                seen.host,
                seen.path,
                seen.query,
                seen.headers,
                late="late" in kinds,
                drift="drift" in kinds,
                body=posted,
            )
            answer = conditional(request, site(request, board.world))
        if "truncated_zip" in kinds:
            answer = Answer(
                answer.status, answer.body[: len(answer.body) // 2], answer.content_type, answer.headers
            )
        seen.status, seen.faults = answer.status, kinds
        stall = board.faults.stall_for(seen.host, target)
        self._send(answer, with_body, drop="drop" in kinds, stall=stall)

    def _send(self, answer: Answer, with_body: bool, drop: bool = False, stall: Stall | None = None) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if not with_body:
            return
        try:
            if drop:
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif stall:
                self.wfile.write(answer.body[: stall.after_bytes])
                self.wfile.flush()
                stall.reached.set()
                stall.wait()
                self.wfile.write(answer.body[stall.after_bytes :])
            else:
                self.wfile.write(answer.body)
        except GONE:
            self.close_connection = True


def conditional(request: Request, answer: Answer) -> Answer:
    """``304`` for a client that already has the same body, and ``206`` for one that asks for the rest of it.

    Only where the site gave an ``ETag``, as file servers do.
    """
    tags = dict(answer.headers)
    if answer.status != 200 or "ETag" not in tags:
        return answer
    unchanged = request.headers.get("if-none-match") == tags["ETag"] or (
        "if-none-match" not in request.headers
        and request.headers.get("if-modified-since") == tags.get("Last-Modified")
    )
    if unchanged and ("if-none-match" in request.headers or "if-modified-since" in request.headers):
        return Answer(304, b"", answer.content_type, answer.headers)
    wanted = request.headers.get("range", "")
    if wanted.startswith("bytes="):
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        size = len(answer.body)
        start = int(first) if first else max(size - int(last or 0), 0)
        end = int(last) if first and last else size - 1
        if start >= size:
            return Answer(416, b"", answer.content_type, (("Content-Range", f"bytes */{size}"),))
        end = min(end, size - 1)
        headers = (*answer.headers, ("Content-Range", f"bytes {start}-{end}/{size}"))
        return Answer(206, answer.body[start : end + 1], answer.content_type, headers)
    return answer


def etag(body: bytes) -> str:
    """A strong entity tag of a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'
