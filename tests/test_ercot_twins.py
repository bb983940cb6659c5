"""The XML twins of ERCOT's documents: refused with one sentence that names the CSV, whatever they are wrapped in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from behaviour_kit import World, stamp, written
from oracle.shell import genuine

from ingest.errors import Refused
from ingest.routes import route

XML = (
    b'<?xml version="1.0" encoding="UTF-8"?><ns0:DAMSettlementPointPrices><ns0:Price>1</ns0:Price></ns0:X>\n'
)
CSV = (
    b"DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag\n11/18/2026,01:00,HB_NORTH, 1,N\n"
)
NAME = "cdr.00012331.0000000000000000.20261117.123301.DAMSPNP4190"


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


TWINS = {
    f"{NAME}.xml": XML,
    "with-a-mark.xml": b"\xef\xbb\xbf\n" + XML,
    f"{NAME}_xml.zip": zipped({f"{NAME}.xml": XML}),
    "many.zip": zipped({"1237.zip": zipped({f"{NAME}.xml": XML})}),
    "without-a-name.zip": zipped({"1237449737": XML}),
    "both.zip": zipped({f"{NAME}.csv": CSV, f"{NAME}.xml": XML}),
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", None, stamp("2026-11-20 08:00")) as made:
        yield made


@pytest.mark.parametrize("dataset", [None, "da_energy_hourly"])
@pytest.mark.parametrize("name", TWINS)
def test_an_xml_twin_is_refused_with_the_name_of_the_csv(
    world: World, name: str, dataset: str | None, tmp_path: Path
) -> None:
    paths = written(tmp_path / "files", [(name, TWINS[name])])
    adoption = world.take("ERCOT", dataset, paths)
    assert adoption.adopted == 0
    (problem,) = adoption.problems
    assert "in XML" in problem.message
    assert "import the CSV" in problem.message
    assert ("DAMSPNP4190_csv" in problem.message) == (NAME in name or "many" in name or "both" in name)
    assert problem.message.count(".") - problem.message.count(".xml") <= 1 + NAME.count(".")


def test_beside_its_twin_a_csv_is_taken(world: World, tmp_path: Path) -> None:
    files = [(f"{NAME}_csv.zip", zipped({f"{NAME}.csv": CSV})), (f"{NAME}_xml.zip", TWINS[f"{NAME}_xml.zip"])]
    adoption = world.take("ERCOT", None, written(tmp_path / "files", files))
    assert adoption.adopted == 1
    assert len(adoption.problems) == 1
    assert world.build("ERCOT", ["da_energy_hourly"]).complete
    assert world.query("SELECT count(*) AS n FROM market.energy_prices") == [{"n": 1}]


@pytest.mark.parametrize("name", ["ercot_mis", "ercot_api"])
@pytest.mark.parametrize(
    "path",
    genuine("ercot/dam_spp_yearly", "ercot/dam_spp", "ercot/dam_mcpc_yearly"),
    ids=lambda path: path.name,
)
def test_a_book_and_a_csv_are_no_twins(path: Path, name: str) -> None:
    route(name).judge(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.zip", zipped({"a.html": b"<!doctype html><html>Sign in</html>"})),
        # A download has no name that somebody gave it.
        ("answer-1", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
    ],
)
def test_a_web_page_or_an_error_of_the_site_is_no_twin(name: str, content: bytes, tmp_path: Path) -> None:
    (path,) = written(tmp_path, [(name, content)])
    with pytest.raises(Refused, match="something else than a document"):
        route("ercot_mis").judge(path)
