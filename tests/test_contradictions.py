"""Two prices for one key in one file: an error, and no revision."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator

import pytest
from behaviour_kit import ISOS, TABULAR, World, served, written
from registry_kit import as_text, declared, is_list, small, thin
from revisions_kit import DAY, NOW, day_of, files_of

from ingest import registry
from ingest.clock import first_of_span
from ingest.simulator import Simulator

pytestmark = pytest.mark.long

# The column that holds a price, in the CSV of every dataset, by the sources' own names.
PRICES = (
    # PRC is a price in one market and a reserve in another.
    "RTORPA",
    *"MW PRC VALUE total_lmp_da total_lmp_rt value mcp mw".split(),
    *"prelim_load_avg_hourly instantaneous_load forecast_load_mw DESCRIPTION pnode_subtype LocationName".split(),
    *("LBMP ($/MWHr)", "SOUTH"),
    *"SettlementPointPrice LMP MCPC SystemLambda CappedSystemLambda SPPCorrected MCPCCorrected".split(),
    *("Locational Marginal Price", "MTLF"),
    *"LmpTotal tmsr_clearing_price TmsrClearingPrice RegCapacityClearingPrice".split(),
    *"Load LoadMw estimated_load_mw".split(),
)


@pytest.fixture(scope="module")
def registered() -> Iterator[None]:
    with declared(*(small(source) for source in registry.sources().values())):
        yield


def contradicting(name: str, content: bytes) -> bytes:
    """The same file with its last row told once more, at another price."""
    content = as_text(name, content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {each: archive.read(each) for each in archive.namelist()}
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for each, text in members.items():
                archive.writestr(each, contradicting(each, text))
        return out.getvalue()
    if content[:1] == b"{":
        return with_item_again(content, other_price=True)
    lines = content.decode().splitlines()
    # Some reports say a word at their end; some count their rows in it.
    trailer: list[str] = []
    while "," not in lines[-1] or lines[-1].startswith('"T"'):
        trailer.insert(0, re.sub(r"\d+(?= (lines|rows))", lambda count: str(int(count[0]) + 1), lines.pop()))
    titles = [title.strip('"') for title in max(lines[:6], key=lambda line: line.count(",")).split(",")]
    place = next((titles.index(name) for name in PRICES if name in titles), 4)
    cells = lines[-1].split(",")
    cells[place] = "4711.25"
    return ("\n".join([*lines, ",".join(cells), *trailer]) + "\n").encode()


def with_item_again(content: bytes, other_price: bool = False) -> bytes:
    """A JSON document with its last item once more, at another price or word for word."""
    document = json.loads(content)
    items = document
    while isinstance(items, dict):
        items = next(iter(items.values()))
    again = dict(items[-1])
    if other_price:
        again[next(name for name in PRICES if name in again)] = 4711.25
    items.append(again)
    return json.dumps(document).encode()


def told_twice(content: bytes) -> bytes:
    """The same file with its last row once more; archives, and files that count their rows, as they are."""
    if content[:2] in (b"PK", b"\xd0\xcf") or content.splitlines()[-1].startswith(b'"T"'):
        return content
    return (
        with_item_again(content) if content[:1] == b"{" else content + content.splitlines(keepends=True)[-1]
    )


@pytest.fixture(scope="module")
def contradicted(
    registered: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, dict[str, str]]]:
    """A lake with a sound day and a day that contradicts itself, of every dataset; what was quarantined."""
    folder = tmp_path_factory.mktemp("files")
    with (
        Simulator(now=NOW, nodes=2) as sim,
        World(tmp_path_factory.mktemp("lake"), sim, NOW) as world,
    ):
        quarantined: dict[str, str] = {}
        for iso in ISOS:
            source = registry.source(iso)
            for dataset in source.datasets.values():
                if dataset.feeds:
                    sound = files_of(sim, source, dataset)
                    (title, text), *_ = thin(
                        source, served(sim, source, dataset, dataset.roads[0], day_of(dataset) + DAY)
                    )
                    bad = [(f"bad-{title}", contradicting(title, text))]
                    # The last row twice, word for word, is no contradiction.
                    twice = [(title, told_twice(text)) for title, text in sound]
                    paths = written(folder / iso / dataset.name, [*twice, *bad])
                    # A list that does not state its day is of the day that it was published on.
                    world.take(iso, dataset.name, paths, NOW if is_list(dataset) else None)
            report = world.build(iso)
            assert not report.failed
            quarantined |= report.quarantined
        yield world, quarantined


@pytest.mark.parametrize(("iso", "dataset"), TABULAR)
def test_two_prices_for_one_key_in_one_file_are_an_error_and_no_revision(
    contradicted: tuple[World, dict[str, str]], iso: str, dataset: str
) -> None:
    world, quarantined = contradicted
    mine = {key: reason for key, reason in quarantined.items() if f"/{iso.lower()}/{dataset}/" in key}
    assert [key.rsplit("/", 1)[-1].split("_", 1)[-1].startswith("bad-") for key in mine] == [True]
    (reason,) = mine.values()
    assert "two different" in reason
    sound = day_of(registry.source(iso).dataset(dataset))
    days = []
    for feed in registry.source(iso).dataset(dataset).feeds.values():
        rows = world.query(
            f"SELECT DISTINCT delivery_date FROM market.{feed.table}_all "
            f"WHERE data_source LIKE 'raw/{iso.lower()}/{dataset}/%'"
            + (f" AND market_type = '{feed.market}'" if feed.market else "")
        )
        days.append({row["delivery_date"] for row in rows})
    after = registry.source(iso).dataset(dataset).days_after
    if after:
        before = registry.source(iso).dataset(dataset).days_before
        assert all(sound - before * DAY <= min(found) <= sound for found in days)
        assert all(max(found) <= sound + after * DAY for found in days)
        return
    whole = {sound}
    if registry.source(iso).dataset(dataset).roads[0].span == "week":
        whole = {first_of_span(sound, "week") + number * DAY for number in range(7)}
    # A file that feeds two tables may contradict itself in what one of them takes.
    assert whole in days
    assert all(found <= whole | {sound + DAY} for found in days)
