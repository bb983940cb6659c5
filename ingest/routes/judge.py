"""Opinions on an answer that several sites share: web pages and sentences in the place of data."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.content import first_words, kind_of
from ingest.errors import AnswerError, Refused, Throttled

_ASKED_TOO_FAST = re.compile(
    r"acceptable use|too many|rate limit|throttl|slow down|quota|exceeded the|too frequent|try again in",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(\d+)\s*(?:s\b|sec)", re.IGNORECASE)


def in_place_of_data(path: Path, site: str, what: str) -> AnswerError:
    """The error for words where data should be: a throttle where they say so, else a refusal."""
    words = first_words(path, 400)
    page = kind_of(path) == "html"
    if _ASKED_TOO_FAST.search(words):
        found = _SECONDS.search(words)
        said = "with a web page about its limits" if page else f"with a sentence: '{words[:120]}'"
        return Throttled(
            f"{site} answered {said} instead of {what}.", hint=float(found[1]) if found else None
        )
    if page:
        return Refused(
            f"{site} answered with a web page instead of {what}: bot protection, a portal of your network, "
            "or an outage.",
            again=True,
        )
    return Refused(f"{site} answered with something else than {what}: '{words[:120]}'.", again=True)
