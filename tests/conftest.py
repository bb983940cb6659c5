"""What holds for every test: nothing of the developer's environment, no network, the places of ``stores``."""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from stores import (
    postgres_server,
    postgres_store,
    s3_endpoint,
    s3_store,
    sqlite_store,
    store,
)

from ingest.simulator import Simulator

__all__ = ["postgres_server", "postgres_store", "s3_endpoint", "s3_store", "sqlite_store", "store"]

CHECKOUT = Path(__file__).resolve().parents[1]
# A developer's lake, accounts and proxies must not decide what a test sees.
OURS = ("LAKE_", "AWS_", "ERCOT_", "ISONE_", "PJM_", "MISO_", "EIA_", "PMP_SAMPLES")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)

_elsewhere: list[str] = []


def _samples() -> Path | None:
    """The folder of genuine files, where it is."""
    folder = Path(os.environ.get("PMP_SAMPLES") or CHECKOUT.parent / "shared" / "samples")
    return folder.resolve() if folder.is_dir() else None


SAMPLES = _samples()


def pytest_configure() -> None:
    """Empty the environment before the first test is imported; what tests start inherits the same."""
    for name in list(os.environ):
        if name.startswith(OURS) or name in PROXIES:
            del os.environ[name]
    if SAMPLES is not None:
        os.environ["PMP_SAMPLES"] = str(SAMPLES)
    os.environ["LAKE_PACE_DIR"] = tempfile.mkdtemp(prefix="lake-pace-")
    # Without these, boto looks for credentials in the home folder and asks the cloud's metadata service.
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    _close_the_network()


def _here(host: object) -> bool:
    """Whether a host is this machine."""
    if host in (None, "", "localhost", b"localhost", socket.gethostname()):
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _close_the_network() -> None:
    """Let sockets reach this machine only, and remember who tried to go further."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refused(host: object) -> OSError:
        # Names that never exist (RFC 2606) are how a test says "a host that is not there".
        if not str(host).endswith(".invalid"):
            _elsewhere.append(str(host))
        return socket.gaierror(socket.EAI_NONAME, f"tests reach no other machine, and {host!r} is one")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _here(address[0]):
            raise refused(address[0])
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _here(address[0]):
            raise refused(address[0])
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *rest: Any, **words: Any) -> Any:
        if not _here(host):
            raise refused(host)
        return look_up(host, *rest, **words)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_look_up


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """Fail a test that tried to leave the machine, also where the code under test swallowed the refusal."""
    _elsewhere.clear()
    yield
    assert not _elsewhere, f"this test tried to reach {', '.join(sorted(set(_elsewhere)))}"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test in a folder of its own: no ``.env`` and no ``lakehouse`` of the developer's."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def samples() -> Path | None:
    """The folder of genuine files of the markets (PMP_SAMPLES, else beside the checkout), or None."""
    return SAMPLES


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """One simulator for tests that only read from it; its clock stands at NOW, and so must LAKE_NOW."""
    with Simulator(now=NOW) as running:
        yield running
