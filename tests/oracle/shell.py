"""Raw files laid out as the engine lays them, and a transform run on them as in a DuckDB shell."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from oracle import book, old_book

Row = dict[str, Any]
Members = dict[str, bytes]

CHECKOUT = Path(__file__).resolve().parents[2]
SQL = CHECKOUT / "sql"


@dataclass(frozen=True)
class Case:
    """One raw object: the name a person knows it by, and its members as the source served them.

    ``written`` is when each member was written, as the archive says it, on no named clock.
    """

    name: str
    members: Members
    written: Mapping[str, datetime] = field(default_factory=dict)

    def text(self, member: str) -> str:
        """A member as text, blank lines before it left out."""
        return self.members[member].decode("utf-8-sig").lstrip("\r\n")


def samples() -> Path:
    """The folder of genuine files: PMP_SAMPLES, else beside the checkout. It need not exist."""
    return Path(os.environ.get("PMP_SAMPLES", CHECKOUT.parent / "shared" / "samples"))


def genuine(*folders: str) -> list[Path]:
    """The genuine files in folders (glob patterns below the samples), what is derived left out."""
    root = samples()
    found = {path for folder in folders for path in root.glob(f"{folder}/*") if path.is_file()}
    return sorted(
        path for path in found if not any(part.startswith("_") for part in path.relative_to(root).parts)
    )


def derived(*paths: str) -> list[Path]:
    """Files cut or copied from genuine ones (paths below the samples): good for shape, no proof of values."""
    return [path for path in (samples() / name for name in paths) if path.is_file()]


def unpack(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The text members of a raw file, archives inside archives opened."""
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if "xl/workbook.xml" in archive.namelist():
                yield from book.sheets(archive)
                return
            for entry in archive.namelist():
                yield from unpack(Path(entry).name, archive.read(entry))
    elif content[:4] == b"\xd0\xcf\x11\xe0":
        for title, text in old_book.sheets(content):
            yield f"{name.removesuffix('.xls')}_{title}.csv", text
    elif content[:2] == b"\x1f\x8b":
        yield from unpack(name.removesuffix(".gz"), gzip.decompress(content))
    else:
        yield name, content


def stamps(content: bytes) -> dict[str, datetime]:
    """When the members of a zip were written, as it says itself; nothing of what is no zip."""
    if content[:4] != b"PK\x03\x04":
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if entry.date_time[0] > 1980]
    return {Path(entry.filename).name: datetime(*entry.date_time) for entry in entries}


def case_of(path: Path) -> Case:
    """A genuine file as a case."""
    content = path.read_bytes()
    return Case(str(path.relative_to(samples())), dict(unpack(path.name, content)), stamps(content))


def parameters(cases: Iterable[Case]) -> list[Any]:
    """Cases as pytest parameters, each under its own name."""
    return [pytest.param(case, id=case.name) for case in cases]


def lay_out(folder: Path, *cases: Case, compressed: bool = False) -> list[str]:
    """Write each raw object's members flat into a numbered folder; the list of all files, in order."""
    files = []
    for number, case in enumerate(cases):
        place = folder / str(number)
        place.mkdir(parents=True, exist_ok=True)
        for name, content in case.members.items():
            path = place / (name + ".zst" if compressed else name)
            path.write_bytes(zstandard.compress(content) if compressed else content)
            files.append(str(path))
    return files


@lru_cache(maxsize=1)
def shell() -> duckdb.DuckDBPyConnection:
    """A connection with the macros loaded, on UTC and without the network."""
    connection = duckdb.connect(
        config={"threads": 2, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    connection.execute("SET TimeZone = 'UTC'")
    for path in sorted((SQL / "macros").glob("*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))
    return connection


def published(
    transform: str,
    files: Sequence[str],
    source_market: str | None = None,
    known_locations: Mapping[str, str] | None = None,
) -> list[Row]:
    """The rows that ``sql/transforms/<transform>.sql`` emits of raw files, as it would in a shell."""
    connection = shell()
    connection.execute("SET VARIABLE raw_files = $files", {"files": list(files)})
    connection.execute("SET VARIABLE source_market = $market", {"market": source_market})
    if known_locations is None:
        connection.execute("SET VARIABLE known_locations = NULL")
    else:
        connection.execute(
            "SET VARIABLE known_locations = MAP($ids, $types)",
            {"ids": list(known_locations), "types": list(known_locations.values())},
        )
    result = connection.execute((SQL / "transforms" / f"{transform}.sql").read_text(encoding="utf-8"))
    names = [column[0] for column in result.description]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def objections(rows: Iterable[Row]) -> set[str]:
    """The different objections of rows."""
    return {row["objection"] for row in rows if row["objection"] is not None}


def assert_same(rows: Sequence[Row], expected: Sequence[Row], *fields: str) -> None:
    """Both sides say the same, row for row, to the last bit: nothing is missing and nothing is invented."""
    assert not objections(rows)
    said = Counter(tuple(row.get(field) for field in fields) for row in rows)
    true = Counter(tuple(row.get(field) for field in fields) for row in expected)
    missing, invented = list((true - said).elements()), list((said - true).elements())
    difference = f"{fields}: {len(missing)} missing {missing[:3]}, {len(invented)} invented {invented[:3]}"
    assert not missing, difference
    assert not invented, difference
    assert expected, "the oracle read nothing"
