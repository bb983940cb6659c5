"""Recognising raw files by their headers: every declared shape, and every way of not being it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from behaviour_kit import ISOS

from ingest import registry
from ingest.registry import Shape
from lake.errors import SchemaDrift
from lake.recognise import Recognised, candidates, is_empty_answer, recognise
from lake.stage import Format, Member

SHAPES = [
    pytest.param(source.iso, dataset.name, name, id=f"{source.iso.lower()} {dataset.name} {name}")
    for source in registry.sources().values()
    for dataset in source.datasets.values()
    for name in dataset.shapes
]
TABLES = [
    param
    for param in SHAPES
    if registry.source(str(param.values[0])).dataset(str(param.values[1])).shapes[str(param.values[2])].format
    != "xml"
]


def member(text: str, format: Format, name: str = "file.dat") -> Member:
    return Member(Path("/nowhere"), name, format, text)


def shape_of(iso: str, dataset: str, name: str) -> Shape:
    return registry.source(iso).dataset(dataset).shapes[name]


def titles(shape: Shape) -> list[str]:
    """The columns of a shape as a file would have them: a prefix gets an end."""
    return [f"{name[:-1]}Hr)" if name.endswith("*") else name for name in shape.columns]


def written(shape: Shape, columns: list[str]) -> Member:
    """A file of the shape's format with these columns."""
    if shape.format == "json":
        item = dict.fromkeys(columns, "1")
        if shape.root:
            return member(json.dumps({f"{shape.root}s": {shape.root: [item]}}), "json")
        href = f"https://api.pjm.com/api/v1{shape.link}rowCount=1"
        return member(
            json.dumps({"links": [{"rel": "self", "href": href}], "items": [item], "totalRows": 1}), "json"
        )
    quoted = [f'"{name}"' if "," in name else name for name in columns]
    before = "".join(f"{words}\r\n" for words in shape.contains) if shape.begins is not None else ""
    return member(before + ",".join(quoted) + "\r\n" + ",".join("1" for _ in columns) + "\r\n", "csv")


def seen(iso: str, dataset: str, found: Member) -> Recognised:
    source = registry.source(iso)
    return recognise(found, source.dataset(dataset), source)


def drift(iso: str, dataset: str, found: Member) -> str:
    with pytest.raises(SchemaDrift) as caught:
        seen(iso, dataset, found)
    text = str(caught.value)
    assert f"ingest/sources/{iso.lower()}.yaml" in text
    assert text.endswith(".")
    return text


@pytest.mark.parametrize(("iso", "dataset", "name"), TABLES)
def test_a_declared_header_is_its_shape(iso: str, dataset: str, name: str) -> None:
    shape = shape_of(iso, dataset, name)
    assert seen(iso, dataset, written(shape, titles(shape))).shape == name
    if not shape.fixed_order:
        first, rest = places(shape)
        everything = list(dict.fromkeys([*first, *reversed(rest), *shape.optional, *shape.ignored]))
        assert seen(iso, dataset, written(shape, everything)).shape == name


def places(shape: Shape) -> tuple[list[str], list[str]]:
    """The columns that the header's line is known by, which stand first, and the others."""
    known_by = 0 if shape.begins is None else shape.begins.count(",") + 1
    return titles(shape)[:known_by], titles(shape)[known_by:]


@pytest.mark.parametrize(("iso", "dataset", "name"), TABLES)
def test_a_column_too_many_is_named(iso: str, dataset: str, name: str) -> None:
    shape = shape_of(iso, dataset, name)
    text = drift(iso, dataset, written(shape, [*titles(shape), "carbon_price"]))
    assert "new columns carbon_price" in text
    assert "It has: " in text
    assert "has: " in text.partition("Nearest shape")[2]


@pytest.mark.parametrize(("iso", "dataset", "name"), TABLES)
def test_a_column_too_few_is_named(iso: str, dataset: str, name: str) -> None:
    shape = shape_of(iso, dataset, name)
    for gone in range(len(shape.columns)):
        left = [title for number, title in enumerate(titles(shape)) if number != gone]
        found = written(shape, left)
        fitting = [
            other
            for other, one in registry.source(iso).dataset(dataset).shapes.items()
            if other != name and _holds(one, left)
        ]
        if not fitting:
            assert "missing columns" in drift(iso, dataset, found)


def _holds(shape: Shape, columns: list[str]) -> bool:
    """Whether a header with a column less happens to be another shape of the same dataset."""
    return set(titles(shape)) <= set(columns) or len(shape.columns) == len(columns)


@pytest.mark.parametrize(("iso", "dataset", "name"), TABLES)
def test_order_counts_where_the_sql_reads_by_position(iso: str, dataset: str, name: str) -> None:
    shape = shape_of(iso, dataset, name)
    if shape.fixed_order:
        turned = [*titles(shape)[1:], titles(shape)[0]]
        assert "another order" in drift(iso, dataset, written(shape, turned))
    else:
        first, rest = places(shape)
        assert seen(iso, dataset, written(shape, [*first, *rest[1:], rest[0]])).shape == name


@pytest.mark.parametrize(
    ("iso", "dataset", "name"), [p for p in TABLES if shape_of(*map(str, p.values)).format == "csv"]
)
def test_a_column_that_is_there_twice_is_drift(iso: str, dataset: str, name: str) -> None:
    shape = shape_of(iso, dataset, name)
    drift(iso, dataset, written(shape, [*titles(shape), titles(shape)[-1]]))


@pytest.mark.parametrize(
    ("iso", "dataset", "name"), [p for p in SHAPES if shape_of(*map(str, p.values)).format == "xml"]
)
def test_a_document_is_told_by_its_report_with_or_without_a_prefix(iso: str, dataset: str, name: str) -> None:
    shape = shape_of(iso, dataset, name)
    text = (
        "<?xml version='1.0'?><OASISReport><MessagePayload>"
        + "".join(shape.contains)
        + "</MessagePayload></OASISReport>"
    )
    prefixed = text.replace("</", "\0").replace("<", "<m:").replace("\0", "</m:").replace("<m:?", "<?")
    for document in (text, prefixed):
        assert seen(iso, dataset, member(document, "xml")).shape == name
    with pytest.raises(SchemaDrift):
        seen(iso, dataset, member(text.replace("<REPORT>", "<REPORT>X"), "xml"))


@pytest.mark.parametrize("iso", ISOS)
def test_pages_and_errors_are_called_what_they_are(iso: str) -> None:
    source = registry.source(iso)
    dataset = next(iter(source.datasets.values()))
    words = "<m:ERR_CODE>1000</m:ERR_CODE><m:ERR_DESC>No data</m:ERR_DESC>"
    error = f"<m:OASISReport><m:ERROR>{words}</m:ERROR></m:OASISReport>"
    with pytest.raises(SchemaDrift, match=f"error document of {iso}: 1000 No data"):
        recognise(member(error, "xml"), dataset, source)
    for page in ("<!DOCTYPE html><html>", "<html lang='en'>", "  <HTML>"):
        with pytest.raises(SchemaDrift, match="is a web page"):
            recognise(member(page, "xml"), dataset, source)


def test_rows_of_another_feed_are_not_taken_for_this_one() -> None:
    """Two feeds of Data Miner have the same columns: the link in the answer tells them apart."""
    shape = shape_of("PJM", "rt_energy_hourly", "json")
    found = written(shape, titles(shape))
    other = member(found.head.replace("rt_hrl_lmps", "rt_fivemin_hrl_lmps"), "json")
    assert seen("PJM", "rt_energy_hourly", found).shape == "json"
    with pytest.raises(SchemaDrift):
        seen("PJM", "rt_energy_hourly", other)
    assert candidates([other], registry.source("PJM"), "x.json") == ["rt_energy_5min"]


@pytest.mark.parametrize(
    "text", ['{"links":[],"items":[],"totalRows":0}', '{"items": [ ], "totalRows": 0}', "[]", " [ ] \n"]
)
def test_an_answer_without_items_is_empty(text: str) -> None:
    assert is_empty_answer(member(text, "json"))


@pytest.mark.parametrize(
    "text", ['[{"a":1}]', '{"items":[{"a":1}],"totalRows":1}', '{"message":"no"}', "a,b\n"]
)
def test_an_answer_with_items_or_words_is_not_empty(text: str) -> None:
    assert not is_empty_answer(member(text, "csv" if text.startswith("a") else "json"))


@pytest.mark.parametrize("iso", ISOS)
def test_every_file_that_a_site_names_is_told_by_header_and_name(iso: str) -> None:
    """A file with the source's own name needs no --dataset, also where several datasets have its header."""
    source = registry.source(iso)
    for dataset in source.datasets.values():
        for name, shape in dataset.shapes.items():
            if shape.format == "csv":
                columns = titles(shape)
                values = [shape.says.get(column, "1") for column in columns]
                before = "".join(f"{words}\n" for words in shape.contains)
                found = member(before + ",".join(columns) + "\n" + ",".join(values) + "\n", "csv")
                told = candidates([found], source, f"20250101{dataset.file_stem}.csv")
                assert dataset.name in told, (dataset.name, name)


def test_a_header_alone_is_not_enough_where_several_have_it() -> None:
    shape = shape_of("NYISO", "da_energy_hourly", "csv")
    told = candidates([written(shape, titles(shape))], registry.source("NYISO"), "prices.csv")
    assert len(told) > 1
    assert "da_energy_hourly" in told
    named = candidates([written(shape, titles(shape))], registry.source("NYISO"), "20250101damlbmp_zone.csv")
    assert named == ["da_energy_hourly"]
    assert candidates([], registry.source("NYISO"), "x.csv") == []
