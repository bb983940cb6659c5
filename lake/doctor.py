"""What is wrong with this machine's settings, one sentence each. Never shows a secret's value."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.duck import extension_files
from catalog.errors import CatalogError
from ingest.clock import now
from ingest.credentials import closed_hosts, listed, place
from ingest.errors import IngestError
from ingest.registry import Host, Source
from lake.config import Settings
from lake.home import Lake

LEAST_FREE_BYTES = 2 << 30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    sentence: str


def examine(settings: Settings, wanted: Sequence[Source], environ: Mapping[str, str]) -> list[Finding]:
    """Look at everything that a job needs, without asking an ISO for data."""
    with Lake(settings) as lake:
        return [
            _try("storage", lambda: _storage(lake)),
            _try("catalog", lambda: _catalog(lake)),
            _try("duckdb", lambda: f"extensions {', '.join(extension_files())} are installed"),
            *_machine(settings),
            *_credentials(wanted, environ),
        ]


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except (CatalogError, IngestError, OSError) as error:
        return Finding(what, False, str(error))


def _storage(lake: Lake) -> str:
    lake.store.check()
    region = f", region {lake.settings.region}" if lake.settings.on_s3 and lake.settings.region else ""
    return f"{lake.settings.root} can be read and written{region}"


def _catalog(lake: Lake) -> str:
    kind = lake.settings.catalog.split(":", 1)[0].split("+", 1)[0]
    if kind != "sqlite":
        # Opening asks the database; an SQLite file would only be made.
        _ = lake.catalog
    if not lake.exists:
        return f"{kind}; there is no lake here yet, `pmp init` or the first ingest makes one"
    files = sum(len(lake.catalog.data_files(contract)) for contract in lake.contracts.values())
    return f"{kind}; {len(lake.contracts)} tables, {files} data files"


def _machine(settings: Settings) -> Iterator[Finding]:
    settings.scratch.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.scratch).free
    yield Finding(
        "scratch",
        free > LEAST_FREE_BYTES,
        f"{free / 1e9:,.1f} GB free in {settings.scratch}"
        + ("" if free > LEAST_FREE_BYTES else "; set LAKE_TEMP_DIR to a place with more room"),
    )
    yield Finding("memory", True, f"DuckDB may use {settings.memory_limit} and {settings.threads} threads")
    clock, real = now(), datetime.now(UTC)
    drift = abs((clock - real).total_seconds())
    yield Finding(
        "clock",
        True,
        f"{clock:%Y-%m-%d %H:%M} UTC" + (" (from LAKE_NOW, not the real time)" if drift > 60 else ""),
    )


def _credentials(wanted: Sequence[Source], environ: Mapping[str, str]) -> Iterator[Finding]:
    for source in wanted:
        names = sorted({host.credential for host in source.hosts.values() if host.credential})
        closed = closed_hosts(source, environ)
        redirected = f"LAKE_SOURCE_{source.iso}" in environ
        told = "; asked through LAKE_SOURCE_" + source.iso if redirected else ""
        for name, host in _accounts(source):
            words = f"{place(host)}: {listed(host.credentials.variables)} are set" if host.credentials else ""
            yield Finding(source.iso, True, closed.get(name, words) + told)
        for name, host in source.hosts.items():
            if host.needs:
                yield Finding(
                    source.iso, True, closed.get(name, f"{place(host)}: a {host.needs} is there") + told
                )
        if not names and not any(host.credentials for host in source.hosts.values()):
            yield Finding(source.iso, True, f"needs no account{told}")
        for name in names:
            here = bool(environ.get(name))
            yield Finding(
                source.iso,
                True,
                (
                    f"{name} is set"
                    if here
                    else f"{name} is not set: the site's public key is used, at its slower pace"
                )
                + told,
            )


def _accounts(source: Source) -> Iterator[tuple[str, Host]]:
    """The first host of each account that a source's hosts need."""
    seen = []
    for name, host in source.hosts.items():
        if host.credentials and host.credentials not in seen:
            seen.append(host.credentials)
            yield name, host
