"""What the simulator's tests share: a clock, requests, and readers that know nothing of its code."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import requests

from ingest.simulator import Simulator

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
OASIS = "oasis.caiso.com"
API = "api.pjm.com"
MINER = "dataminer2.pjm.com"
MIS = "mis.nyiso.com"

SAMPLES = Path(os.environ.get("PMP_SAMPLES", Path(__file__).parents[1] / ".." / "shared" / "samples"))


def genuine(*patterns: str) -> list[Path]:
    """The genuine samples that match, none where the samples are not beside the checkout."""
    return [path for pattern in patterns for path in sorted(SAMPLES.glob(pattern))]


def header_of(path: Path) -> str:
    """The first line of a genuine file, or of the first member of an archive."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0])
    else:
        text = path.read_bytes()
    return text.lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8")


def oasis(sim: Simulator, path: str, **query: object) -> requests.Response:
    """An OASIS request in CSV unless told otherwise."""
    words: dict[str, object] = {"resultformat": 6}
    words |= query
    return requests.get(f"{sim.url}/{OASIS}/oasisapi/{path}", params=_words(words), timeout=30)


def _words(query: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items() if value is not None}


def members(answer: requests.Response) -> dict[str, str]:
    """The members of a zip answer."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def only(answer: requests.Response) -> str:
    """The text of the one member of a zip answer."""
    found = members(answer)
    assert len(found) == 1, list(found)
    return next(iter(found.values()))


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV by its own header."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def error_code(answer: requests.Response) -> int:
    """The code of an OASIS error document."""
    assert answer.status_code == 200
    text = only(answer)
    return int(text.split("<m:ERR_CODE>")[1].split("<")[0])


def key(sim: Simulator) -> str:
    """The public subscription key, found as a browser finds it."""
    answer = requests.get(f"{sim.url}/{MINER}/config/settings.json", timeout=30)
    return str(answer.json()["subscriptionKey"])


def feed(sim: Simulator, name: str, **query: object) -> requests.Response:
    """A Data Miner request as CSV rows, unless told otherwise."""
    words: dict[str, object] = {"rowCount": 50_000, "startRow": 1, "format": "csv", "download": "true"}
    words |= query
    headers = {"Ocp-Apim-Subscription-Key": key(sim)}
    return requests.get(f"{sim.url}/{API}/api/v1/{name}", params=_words(words), headers=headers, timeout=60)


def mis(sim: Simulator, path: str, **headers: str) -> requests.Response:
    """A file of the MIS site."""
    return requests.get(f"{sim.url}/{MIS}/public/{path}", headers=headers, timeout=30)
