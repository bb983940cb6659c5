"""Accounts and browsers: which hosts cannot be asked with what there is here, in words that help.

A host declares its ``credentials`` in the registry, and that it ``needs`` a browser. A road over a host that lacks some
is closed: the planner takes another one, or says what would open it: variables and where their values are had, or what
to install.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ingest import browser
from ingest.registry import Host, Source


def closed_hosts(source: Source, environ: Mapping[str, str]) -> dict[str, str]:
    """The hosts of an ISO that cannot be asked, by name, each with a sentence that says what is lacking."""
    return {name: words for name, host in source.hosts.items() if (words := _lacks(host, environ))}


def _lacks(host: Host, environ: Mapping[str, str]) -> str:
    if host.credentials and (out := [word for word in host.credentials.variables if not environ.get(word)]):
        return f"{place(host)} needs an account: set {listed(out)} ({host.credentials.account})"
    if host.needs == "browser" and (out := browser.lacking(environ)):
        return f"pages of {place(host)} need a browser, and {listed(out)} {_are(out)} not here: {browser.HOW}"
    return ""


def _are(words: list[str]) -> str:
    return "are" if words[1:] else "is"


def not_accepted(host: Host) -> str:
    """What to do where a host does not accept what it was told. No value is shown."""
    if host.credentials is None:
        return f"{place(host)} does not accept the credentials. Check {host.credential or 'the account'}."
    return (
        f"{place(host)} does not accept the credentials. Check {listed(host.credentials.variables)} "
        f"({host.credentials.account})."
    )


def place(host: Host) -> str:
    """The name of the host as people know it."""
    return urlsplit(host.base).netloc


def listed(words: list[str]) -> str:
    """Words as a sentence lists them."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
