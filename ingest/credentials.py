"""Accounts: which hosts cannot be asked with what the environment names, in words that help.

A host declares its ``credentials`` in the registry. A road over a host that lacks some is closed: the planner takes
another one, or says which variables would open it and where their values are had.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ingest.registry import Host, Source


def closed_hosts(source: Source, environ: Mapping[str, str]) -> dict[str, str]:
    """The hosts of an ISO that cannot be asked, by name, each with a sentence that says what is lacking."""
    return {
        name: f"{place(host)} needs an account: set {listed(lacking)} ({host.credentials.account})"
        for name, host in source.hosts.items()
        if host.credentials
        and (lacking := [word for word in host.credentials.variables if not environ.get(word)])
    }


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
