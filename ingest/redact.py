"""Keeping secrets out of whatever people read: URLs, messages, the ledger."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

HIDDEN = "***"
_SECRET_WORDS = re.compile(r"key|token|secret|password|passwd|signature|credential|auth", re.IGNORECASE)


class Redactor:
    """Hides the secrets that it was told of, wherever they turn up."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def hide(self, secret: str | None) -> None:
        """Never show this value again. Values of fewer than four characters would hide ordinary text."""
        if secret and len(secret) >= 4:
            self._known |= {secret, quote(secret, safe="")}

    def text(self, text: str) -> str:
        """A text without the known secrets."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def url(self, url: str) -> str:
        """A URL without user names, passwords, key-like parameters and known secrets."""
        parts = urlsplit(url)
        place = parts.netloc.rsplit("@", 1)[-1]
        if any(_SECRET_WORDS.search(name) for name, _ in parse_qsl(parts.query)):
            words = [
                (name, HIDDEN if _SECRET_WORDS.search(name) else value)
                for name, value in parse_qsl(parts.query, keep_blank_values=True)
            ]
            query = urlencode(words, quote_via=quote, safe="*:,@/")
        else:
            query = parts.query
        return self.text(urlunsplit((parts.scheme, place, parts.path, query, "")))

    def hide_login(self, url: str) -> None:
        """Never show the user name and password that a URL carries."""
        login = urlsplit(url).netloc.rpartition("@")[0]
        self.hide(login)
        self.hide(login.partition(":")[2])
