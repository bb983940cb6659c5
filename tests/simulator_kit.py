"""What the simulator's tests share: a clock, requests, and readers that know nothing of its code."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import requests

from ingest.simulator import Simulator
from ingest.simulator.nyiso_files import PUBLICATIONS

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


def name_of(answer: requests.Response) -> str:
    """The file name that an answer gives itself."""
    return answer.headers["Content-Disposition"].split("filename=")[1]


def refusal(answer: requests.Response) -> str:
    """The message of a 400."""
    assert answer.status_code == 400, answer.text[:200]
    (error,) = answer.json()["errors"]
    assert set(error) == {"field", "message", "detail"}
    return str(error["message"])


def utc(row: dict[str, str]) -> datetime:
    """The instant that begins a row of a Data Miner CSV."""
    return datetime.strptime(row["datetime_beginning_utc"], "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)


def daily(sim: Simulator, stem: str, day: date) -> requests.Response:
    """A day's file of the MIS site."""
    return mis(sim, f"csv/{PUBLICATIONS[stem].folder}/{day:%Y%m%d}{stem}.csv")


def monthly(sim: Simulator, stem: str, first: date) -> requests.Response:
    """An archive of the MIS site."""
    return mis(sim, f"csv/{PUBLICATIONS[stem].folder}/{first:%Y%m%d}{stem}_csv.zip")


def archive(answer: requests.Response) -> zipfile.ZipFile:
    """A zip answer, open."""
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.content))


def stamps_of(answer: requests.Response) -> list[str]:
    """The stamps of a file in file order, each once per run of equal ones."""
    found: list[str] = []
    for row in rows(answer.content.decode()):
        if not found or found[-1] != row["Time Stamp"]:
            found.append(row["Time Stamp"])
    return found
