"""A web server that says what a test wants, and a session that asks it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ingest_kit import FAST, dataset, source

from ingest.download import Download
from ingest.fetch import Session
from ingest.registry import Source

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
        """Answer like this, one after the other, the last one for ever."""
        self.queue = list(answers)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


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
