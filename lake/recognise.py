"""Recognising a raw file by its header, before any SQL reads it.

DuckDB drops a later file's extra column and swaps reordered ones in silence, so every member's header is compared
with the declared shapes first. A header that no shape has is drift: that file is quarantined with both lists of
columns and the name of the file to edit, and the rest goes on.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.registry import Dataset, Shape, Source
from lake.errors import SchemaDrift
from lake.stage import Member

ERROR_CODE = re.compile(r"<(?:\w+:)?ERR_CODE>\s*(\d+)\s*</(?:\w+:)?ERR_CODE>")
ERROR_TEXT = re.compile(r"<(?:\w+:)?ERR_DESC>\s*(.*?)\s*</(?:\w+:)?ERR_DESC>", re.DOTALL)
HTML = re.compile(r"^\s*<(?:!doctype html|html)", re.IGNORECASE)
# {"HourlyLmps":{}}: envelopes with nothing inside.
EMPTY_ENVELOPE = re.compile(r'^(\{"\w+":)+(\{\}|\[\]|""|null)\}+$')
PREFIX = re.compile(r"<(/?)\w+:")


@dataclass(frozen=True)
class Recognised:
    """A member and the shape it has. Members with the same ``header`` may be read by one statement."""

    member: Member
    shape: str
    header: tuple[str, ...]


def header_of(member: Member, shape: Shape | None = None) -> tuple[str, ...]:
    """The names of a member's columns: a line of a CSV, the keys of the first JSON item, the root of an XML.

    The line is the first of a CSV, or the first that begins as the shape says where others stand before it.
    """
    if member.format == "csv":
        line = _preamble_and_header(member, shape.begins if shape else None)[1]
        try:
            return tuple(name.strip() for name in next(csv.reader([line], strict=False), []))
        except csv.Error:
            return (line[:80],)
    if member.format == "json":
        return tuple(_first_item(member.head, shape.root if shape else None))
    return (PREFIX.sub(r"<\1", member.head).lstrip()[:40].split(">")[0],)


def _preamble_and_header(member: Member, begins: str | None) -> tuple[str, str]:
    """What stands before the header of a CSV, and the line of the header: where none begins so, the widest line."""
    lines = member.head.splitlines() or [""]
    if begins is None:
        return "", lines[0]
    told = (number for number, line in enumerate(lines) if _unquoted(line).startswith(begins))
    widest = max(range(len(lines)), key=lambda number: lines[number].count(","))
    number = next(told, widest)
    return "\n".join(lines[:number]), lines[number]


def _unquoted(line: str) -> str:
    # Who saves a file again may quote every cell.
    return line.replace('"', "")


def _first_item(head: str, root: str | None) -> Iterable[str]:
    """The keys of the first item: of ``{"items": [...]}``, of a bare array, or of what stands under a root.

    Nothing where there is none. Under a root, a single item may stand without an array.
    """
    if root is not None:
        found = re.search(rf'"{re.escape(root)}"\s*:\s*\[?\s*(?=\{{)', head)
        rest = head[found.end() :] if found else ""
    else:
        start = (
            head.find("[", max(head.find('"items"'), 0)) if head.lstrip().startswith("{") else head.find("[")
        )
        rest = head[start + 1 :].lstrip() if start >= 0 else ""
    if not rest.startswith("{"):
        return ()
    try:
        item, _ = json.JSONDecoder().raw_decode(rest)
    except json.JSONDecodeError:
        return ()
    return item.keys() if isinstance(item, dict) else ()


def is_empty_answer(member: Member) -> bool:
    """Whether a JSON answer holds no item: an envelope that says so, or a bare array of none."""
    if member.format != "json" or header_of(member):
        return False
    words = "".join(member.head.split())
    return words == "[]" or '"totalRows":0' in words or EMPTY_ENVELOPE.match(words) is not None


def recognise(member: Member, dataset: Dataset, source: Source) -> Recognised:
    """The shape of a member among those that a dataset declares.

    Raises:
        SchemaDrift: no shape has this header; the message names the columns that are too many and too few.
    """
    for name, shape in dataset.shapes.items():
        header = header_of(member, shape)
        if fits(member, header, shape):
            return Recognised(member, name, header)
    like = next((shape for shape in dataset.shapes.values() if shape.format == member.format), None)
    raise SchemaDrift(_difference(member, header_of(member, like), dataset, source))


def fits(member: Member, header: Sequence[str], shape: Shape) -> bool:
    """Whether a header is the shape's: every required column, and none that the shape does not name."""
    if member.format != shape.format:
        return False
    if shape.format == "xml":
        text = PREFIX.sub(r"<\1", member.head)
        return not ERROR_CODE.search(text) and all(word in text for word in shape.contains)
    if shape.begins is not None:
        before, line = _preamble_and_header(member, shape.begins)
        if not _unquoted(line).startswith(shape.begins) or not all(word in before for word in shape.contains):
            return False
    if shape.link and shape.format == "json" and '"links"' in member.head and shape.link not in member.head:
        return False
    if shape.fixed_order:
        allowed = [*shape.columns, *shape.optional]
        if not len(shape.columns) <= len(header) <= len(allowed):
            return False
        return all(_same(name, pattern) for name, pattern in zip(header, allowed, strict=False))
    named = [*shape.columns, *shape.optional, *shape.ignored]
    # Columns without a name, where a shape allows them, may be many.
    titles = [name for name in header if name or "" not in named]
    if len(set(titles)) != len(titles):
        return False
    return all(any(_same(name, pattern) for name in header) for pattern in shape.columns) and all(
        any(_same(name, pattern) for pattern in named) for name in header
    )


def _same(name: str, pattern: str) -> bool:
    # Stray quotes belong to some old headers ("Marginal Cost Congestion ($/MWH" cut in the middle of its quoting).
    name = name.strip().strip('"').strip()
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def candidates(members: Sequence[Member], source: Source, file_name: str) -> list[str]:
    """The datasets of a source that every member of a file could belong to.

    Where several have the same header, the values of the first row decide (``says``), then the name that the source
    gives its own files: ``20170101damlbmp_zone.csv`` is no other publication than damlbmp_zone.
    """
    found = [
        dataset
        for dataset in source.datasets.values()
        if members
        and all(any(_could_be(member, shape) for shape in dataset.shapes.values()) for member in members)
    ]
    if len(found) > 1:
        longest = max(dataset.longest_stem_in(file_name) for dataset in found)
        found = [dataset for dataset in found if dataset.longest_stem_in(file_name) == longest]
    return [dataset.name for dataset in found]


def _could_be(member: Member, shape: Shape) -> bool:
    header = header_of(member, shape)
    if not fits(member, header, shape):
        return False
    if not shape.says:
        return True
    lines = member.head.splitlines()
    first = dict(zip(header, next(csv.reader(lines[1:2]), []), strict=False))
    return all(first.get(column, value) == value for column, value in shape.says.items())


def _difference(member: Member, header: Sequence[str], dataset: Dataset, source: Source) -> str:
    """What is wrong with a header, in words: the nearest shape, the columns too many and too few, the file to edit."""
    place = f"ingest/sources/{source.iso.lower()}.yaml"
    if code := ERROR_CODE.search(member.head):
        text = ERROR_TEXT.search(member.head)
        return (
            f"{member.name} is an error document of {source.iso}: {code[1]} {text[1] if text else ''}".strip()
            + "."
        )
    if HTML.match(member.head):
        return f"{member.name} is a web page, not data: the site answered something else than the file."
    of_format = {name: shape for name, shape in dataset.shapes.items() if shape.format == member.format}
    if not of_format or member.format == "xml":
        formats = ", ".join(sorted({shape.format for shape in dataset.shapes.values()})) or "none"
        return (
            f"{member.name} is {member.format}, which {dataset.name} does not declare ({formats}). "
            f"See shapes in {place}."
        )

    def distance(shape: Shape) -> int:
        known = [*shape.columns, *shape.optional, *shape.ignored]
        return len(_without(header, known)) + len(_lacking(header, shape))

    name = min(of_format, key=lambda key: distance(of_format[key]))
    shape = of_format[name]
    known = [*shape.columns, *shape.optional, *shape.ignored]
    new, gone = _without(header, known), _lacking(header, shape)
    parts = [f"new columns {', '.join(new)}"] if new else []
    parts += [f"missing columns {', '.join(gone)}"] if gone else []
    if not parts:
        parts = ["the columns stand in another order, or one is there twice"]
    return (
        f"{member.name} does not look like {dataset.name} of {source.iso}: {'; '.join(parts)}. "
        f"It has: {', '.join(header)}. Nearest shape '{name}' has: {', '.join(shape.columns)}. Edit shapes in {place}."
    )


def _without(header: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The columns that no pattern stands for."""
    return [column for column in header if not any(_same(column, pattern) for pattern in patterns)]


def _lacking(header: Sequence[str], shape: Shape) -> list[str]:
    """The shape's required columns that a header does not have, or not as often: some headers leave names blank."""
    left, lacking = list(header), []
    for pattern in shape.columns:
        found = next((column for column in left if _same(column, pattern)), None)
        if found is None:
            lacking.append(pattern or "without a name")
        else:
            left.remove(found)
    return lacking
