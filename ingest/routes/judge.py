"""Opinions on an answer that several sites share: web pages and sentences in the place of data."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.content import kind_of, text_head
from ingest.errors import AnswerError, Refused, Throttled

_ASKED_TOO_FAST = re.compile(
    r"acceptable use|too many|rate limit|throttl|slow down|quota|exceeded the|too frequent|try again in",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(\d+)\s*(?:s\b|sec)", re.IGNORECASE)


def holds_rows(path: Path) -> bool:
    """Whether a text, or the first one in a zip, begins with a line of columns and not with a sentence."""
    line = next((line for line in text_head(path).splitlines() if line.strip()), "")
    return "," in line and not _ASKED_TOO_FAST.search(line)


def in_place_of_data(path: Path, site: str, what: str, a_page_is_a_throttle: bool = False) -> AnswerError:
    """The error for words where data should be: a throttle where they say so, else a refusal."""
    words = " ".join(text_head(path, 1600).split())[:400]
    page = kind_of(path) == "html"
    if _ASKED_TOO_FAST.search(words) or (page and a_page_is_a_throttle):
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
