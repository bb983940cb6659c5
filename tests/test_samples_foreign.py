"""Files that are not what a dataset declares: gaps, other reports, pages, errors, files that were saved again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from behaviour_kit import ISOS, TABLES, World, assert_series, served, stamp, written
from oracle.shell import samples
from samples_kit import NOW, Sample, foreign, is_readable, owner

from ingest import registry
from ingest.simulator import Simulator


def test_a_layout_that_is_a_declared_gap_is_quarantined_with_its_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When somebody confirms the layout and declares its shape, this fails and the gap goes."""
    day = date(2016, 3, 13)
    monkeypatch.setenv("LAKE_NOW", "2016-03-15T12:00:00Z")
    source = registry.source("NYISO")
    assert "seny_reserve_prices" in source.gaps
    entry = source.dataset("da_as_hourly")
    with Simulator(now=stamp("2016-03-15 12:00")) as site:
        files = served(site, source, entry, entry.road("daily"), day)
    with World(tmp_path / "lake", None, NOW) as world:
        assert world.take("NYISO", "da_as_hourly", written(tmp_path / "files", files)).complete
        report = world.build("NYISO", ["da_as_hourly"])
        (reason,) = report.quarantined.values()
        assert "SENY" in reason
        assert "ingest/sources/nyiso.yaml" in reason
        assert world.snapshots()["ancillary_services"] == 0


@pytest.mark.parametrize("iso", ISOS)
def test_foreign_files_are_refused_with_a_sentence_each_and_the_rest_goes_on(
    iso: str, tmp_path: Path
) -> None:
    """Without --dataset: other reports, documents, pages and errors of the source, and one file that is ours."""
    strangers = [path for owner, path in foreign() if owner == iso]
    strangers += written(
        tmp_path,
        [
            ("page.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>"),
            ("report.pdf", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
            ("cut.zip", b"PK\x03\x04" + bytes(40)),
            ("empty.csv", b""),
            ("other.csv", b"a,b,c\n1,2,3\n"),
        ],
    )
    with World(tmp_path / "lake", None, NOW) as world:
        adoption = world.take(iso, None, strangers)
        assert adoption.adopted == 0
        assert {problem.path for problem in adoption.problems} == set(strangers)
        for problem in adoption.problems:
            assert str(problem.path) in problem.sentence
            assert problem.message.strip().endswith(".")
        report = world.build(iso)
        assert not report.built
        assert world.snapshots() == dict.fromkeys(TABLES, 0)


RESAVED = [
    Sample(source.iso, name, path, str(path.relative_to(samples())))
    for source in registry.sources().values()
    for path in sorted((samples() / source.iso.lower() / "_derived").glob("*resaved*/*"))
    if (name := owner(source, path.parent.name.split("_resaved")[0].removesuffix("_excel")))
]


def excel_made(folder: Path) -> Sample:
    """Where no such file is at hand: a spreadsheet's idea of a price file, a column renamed by its user."""
    header = (
        "datetime_beginning_utc,datetime_beginning_ept,pnode_id,pnode_name,voltage,equipment,type,zone,"
        "system_energy_price_rt,value,congestion_price_rt,marginal_loss_price_rt,row_is_current,version_nbr"
    )
    row = "4/1/2023 4:00,4/1/2023 0:00,1,PJM-RTO,,,ZONE,,22.05,22.1,0.05,0.01,TRUE,1"
    (path,) = written(folder, [("resaved.csv", f"{header}\r\n{row}\r\n".encode())])
    return Sample("PJM", "rt_energy_hourly", path, "resaved.csv")


@pytest.mark.parametrize("given", [pytest.param(one, id=one.name) for one in RESAVED] or [None])
def test_a_file_that_another_program_saved_again_is_read_right_or_not_at_all(
    given: Sample | None, tmp_path: Path
) -> None:
    sample = given or excel_made(tmp_path)
    source = registry.source(sample.iso)
    with World(tmp_path / "lake", None, NOW) as world:
        world.take(sample.iso, sample.dataset, [sample.path])
        report = world.build(sample.iso, [sample.dataset])
        if is_readable(sample):
            assert report.complete, report.quarantined
            for feed in source.dataset(sample.dataset).feeds.values():
                assert assert_series(world, sample.iso, feed.table, feed.series) > 0
        else:
            (reason,) = report.quarantined.values()
            assert f"ingest/sources/{sample.iso.lower()}.yaml" in reason or "is not a stamp" in reason
            assert world.snapshots() == dict.fromkeys(TABLES, 0)
