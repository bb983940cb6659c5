"""Secrets never reach the ledger, an error, a log, a file name: whatever goes wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from ingest_kit import NOW, Bench, caiso, pjm

from ingest.events import Status
from ingest.redact import Redactor
from ingest.simulator import Simulator
from ingest.simulator.pjm_site import PUBLIC_KEY

API = "api.pjm.com"
KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
DAY = date(2026, 11, 10)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=3, keys=[KEY]) as running:
        yield running


def everything(bench: Bench, log: str) -> str:
    """All that a landing leaves for people to read: events, sentences, logs, names of files."""
    names = [str(path) for path in bench.folder.rglob("*")]
    return "\n".join([json.dumps([event.as_record() for event in bench.sink.events]), log, *names])


@pytest.mark.parametrize(
    "kind", [None, "throttle_429", "html_shell", "throttle_text", "error_500", "drop", "late"]
)
def test_an_own_key_shows_nowhere(
    sim: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str | None
) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench(pjm(), sim, tmp_path, extra={"PJM_API_KEY": KEY})
    if kind:
        sim.fail(API, kind, times=None)  # type: ignore[arg-type]
    landing = bench.land(bench.request(DAY, part="HUB"))
    assert (landing.events[0].status is Status.OK) == (kind is None)
    assert KEY not in everything(bench, caplog.text + str(landing.sentences))
    assert sim.requests[-1].headers["ocp-apim-subscription-key"] == KEY


def test_the_public_key_shows_nowhere_either(
    sim: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench(pjm(), sim, tmp_path)
    bench.land(bench.request(DAY, part="HUB"), bench.request(date(2023, 5, 1), road="pnodes"))
    assert PUBLIC_KEY not in everything(bench, caplog.text)


def test_an_error_document_that_repeats_the_key_is_told_without_it(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.simulator import simulator
    from ingest.simulator.answers import Answer

    body = json.dumps(
        {"errors": [{"field": "key", "message": f"The key {KEY} may not do this.", "detail": []}]}
    )
    answers = {**simulator.HOSTS, API: lambda request, world: Answer(400, body.encode(), "application/json")}
    monkeypatch.setattr(simulator, "HOSTS", answers)
    with Simulator(now=NOW, nodes=3) as repeating:
        bench = Bench(pjm(), repeating, tmp_path, extra={"PJM_API_KEY": KEY})
        (event,) = bench.land(bench.request(DAY, part="HUB")).events
    assert event.message == "PJM Data Miner refuses the request: key: The key *** may not do this."


def test_the_login_of_a_stand_in_shows_nowhere(
    sim: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = sim.url.replace("http://", "http://someone:pa55w0rd@")
    for trouble in (None, "error_500"):
        bench = Bench(caiso(), None, tmp_path / str(trouble), url=url)
        if trouble:
            sim.fail("oasis.caiso.com", "error_500", times=None)
        landing = bench.land(bench.request(DAY))
        text = everything(bench, caplog.text + str(landing.sentences))
        assert "pa55w0rd" not in text
        assert "someone" not in text
        assert "127.0.0.1" in landing.events[0].url


def test_key_like_parameters_are_hidden_also_when_nobody_said_that_they_are_secret() -> None:
    redactor = Redactor()
    shown = redactor.url(
        "https://u:p@api.example.org/x?subscription-key=abcdef&access_token=xyz1&start=1:2&n=a,b"
    )
    assert shown == "https://api.example.org/x?subscription-key=***&access_token=***&start=1:2&n=a,b"


def test_a_known_secret_is_hidden_in_any_spelling() -> None:
    redactor = Redactor()
    redactor.hide("p@ss/word")
    redactor.hide(None)
    redactor.hide("ab")
    assert redactor.text("got p@ss/word and p%40ss%2Fword, ab") == "got *** and ***, ab"
