"""The export: the same rows as the tables, sorted, whole files only, nothing written twice, terms honoured."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import duckdb
import pytest
from behaviour_kit import pmp
from stores import Store as Place
from test_memory import BASE, LIMIT
from views_kit import records

from catalog.contract import Contract
from ingest.registry import sources
from ingest.storage import Store
from lake.bench import measured, write_days
from lake.config import load_settings
from lake.export import ExportReport, export
from lake.home import Lake

pytest_plugins = ("views_plugin",)

LAYOUT = re.compile(
    r"parquet/(?P<iso>[a-z]+)/(?P<name>\w+)/(?P=name)_\d{4}\.parquet"
    r"|metadata/(?P<kind>hubs|nodes|zones)/[a-z]+_(?P=kind)\.json"
    r"|metadata/ancillary_services/[a-z]+_as_products\.json"
    r"|metadata/market_info\.json"
)


@pytest.fixture(scope="module")
def exported(small_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExportReport]:
    folder = tmp_path_factory.mktemp("export")
    return folder, export(small_lake, Store(str(folder)))


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def market_tables(lake: Lake) -> list[Contract]:
    return [contract for contract in lake.contracts.values() if contract.partitioned]


def test_files_lie_where_the_layout_says_and_nothing_else_does(exported: tuple[Path, ExportReport]) -> None:
    folder, report = exported
    found = set(files_in(folder))
    assert found == set(report.written)
    assert [name for name in found if not LAYOUT.fullmatch(name)] == []
    for iso in map(str.lower, sources()):
        for kind in ("hubs", "nodes", "zones"):
            assert f"metadata/{kind}/{iso}_{kind}.json" in found
        assert f"metadata/ancillary_services/{iso}_as_products.json" in found


def test_the_files_hold_the_current_rows_of_the_tables_and_no_other(
    small_lake: Lake, bare: duckdb.DuckDBPyConnection, exported: tuple[Path, ExportReport]
) -> None:
    folder, report = exported
    total = 0
    tables: dict[tuple[str, str], str] = {}
    for source in sources().values():
        for feed in (one for dataset in source.datasets.values() for one in dataset.feeds.values()):
            # What a series says in a second table bears that table's name too.
            first = tables.setdefault((source.iso.lower(), feed.series), feed.table)
            if feed.table != first:
                tables[source.iso.lower(), f"{feed.series}_{feed.table}"] = feed.table
    for contract in market_tables(small_lake):
        own = [
            str(path)
            for path in sorted(folder.glob("parquet/*/*/*.parquet"))
            if tables[path.parts[-3], path.parts[-2]] == contract.name
        ]
        columns = {
            tuple(one[0] for one in bare.execute(f"DESCRIBE FROM '{path}'").fetchall()) for path in own
        }
        assert columns <= {tuple(contract.column_names)}
        table = f"power.{contract.full_name}"
        (count,) = bare.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        if not own:
            assert count == 0
            continue
        files = f"read_parquet({own}, hive_partitioning = false)"
        assert bare.execute(f"SELECT count(*) FROM {files}").fetchone() == (count,)
        for one, other in ((files, table), (table, files)):
            query = f"SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})"
            assert bare.execute(query).fetchone() == (0,)
        total += count
    assert report.rows == total > 0


def test_each_file_is_of_one_operator_and_year_by_time_and_then_by_place(
    bare: duckdb.DuckDBPyConnection, exported: tuple[Path, ExportReport]
) -> None:
    folder, _ = exported
    for path in folder.glob("parquet/*/*/*.parquet"):
        columns = [column[0] for column in bare.execute(f"DESCRIBE FROM '{path}'").fetchall()]
        named = ["settlement_location"] if "settlement_location" in columns else []
        order = ", ".join(["datetime_utc", *named])
        (row,) = records(
            bare,
            f"SELECT list(DISTINCT iso) AS isos, list(DISTINCT year(delivery_date)) AS years, "
            f"count(*) FILTER (WHERE here < before) AS disorder FROM (SELECT *, ({order}) AS here, "
            f"lag(({order})) OVER () AS before FROM '{path}')",
        )
        assert [iso.lower() for iso in row["isos"]] == [path.parts[-3]]  # type: ignore[attr-defined]
        assert row["years"] == [int(path.stem[-4:])]
        assert row["disorder"] == 0


def test_the_metadata_is_what_the_views_say(
    bare: duckdb.DuckDBPyConnection, exported: tuple[Path, ExportReport]
) -> None:
    folder, _ = exported
    for source in sources().values():
        for view in ("hubs", "nodes", "zones"):
            told = json.loads((folder / f"metadata/{view}/{source.iso.lower()}_{view}.json").read_text())
            names = records(bare, f"FROM power.meta.{view} WHERE iso = $iso", iso=source.iso)
            assert sorted(one["settlement_location_id"] for one in told) == sorted(
                str(one["settlement_location_id"]) for one in names
            )
        place = folder / f"metadata/ancillary_services/{source.iso.lower()}_as_products.json"
        assert {one["as_product"] for one in json.loads(place.read_text())} == set(source.as_products)
    markets = json.loads((folder / "metadata/market_info.json").read_text())
    assert [one["iso"] for one in markets] == sorted(sources())
    for one in markets:
        assert one["full_name"] == sources()[one["iso"]].title
        assert one["redistribute"] in ("yes", "no", "unknown")
        assert one["time_zones"]


def test_a_repeated_export_writes_no_rows_again(
    small_lake: Lake, exported: tuple[Path, ExportReport]
) -> None:
    folder, first = exported
    before = files_in(folder)
    again = export(small_lake, Store(str(folder)))
    assert again.rows == 0
    assert set(again.unchanged) == {name for name in first.written if name.startswith("parquet/")}
    assert files_in(folder) == before


def test_a_damaged_file_is_written_again(small_lake: Lake, exported: tuple[Path, ExportReport]) -> None:
    folder, _ = exported
    before = files_in(folder)
    path = next(folder.glob("parquet/*/*/*.parquet"))
    path.write_bytes(b"PAR1")
    report = export(small_lake, Store(str(folder)))
    assert [name for name in report.written if name.startswith("parquet/")] == [str(path.relative_to(folder))]
    assert set(files_in(folder)) == set(before)


def test_an_interrupted_export_leaves_whole_files_only(small_lake: Lake, tmp_path: Path) -> None:
    written: list[str] = []

    def interrupt(step: str) -> None:
        written.append(step)
        if len(written) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(small_lake, Store(str(tmp_path)), on_step=interrupt)
    (name,) = files_in(tmp_path)
    assert duckdb.sql(f"SELECT count(*) > 0 FROM '{tmp_path / name}'").fetchone() == (True,)
    # What a killed process left beside its target goes with the next export.
    left = (tmp_path / name).with_name(f".{Path(name).name}.elsewhere.1.0000.part")
    left.write_bytes(b"half")
    stamp = (tmp_path / name).stat().st_mtime - 2 * 86400
    os.utime(left, (stamp, stamp))
    report = export(small_lake, Store(str(tmp_path)))
    assert report.unchanged == [name]
    assert set(files_in(tmp_path)) == {*report.written, *report.unchanged}


def test_only_what_is_asked_for_is_written(small_lake: Lake, tmp_path: Path) -> None:
    source = sources()["NYISO"]
    report = export(small_lake, Store(str(tmp_path)), [source], years=[2025])
    assert report.written
    assert all("nyiso" in name or name == "metadata/market_info.json" for name in report.written)
    assert not [name for name in report.written if name.endswith(".parquet") and "_2025." not in name]
    none = export(small_lake, Store(str(tmp_path / "none")), [source], years=[1999])
    assert none.rows == 0


def test_what_is_to_be_passed_on_leaves_out_those_whose_terms_do_not_say_so(
    small_lake: Lake, tmp_path: Path
) -> None:
    report = export(small_lake, Store(str(tmp_path)), to_pass_on=True)
    free = {source.iso for source in sources().values() if source.terms.redistribute == "yes"}
    assert set(report.kept_back) == set(sources()) - free
    told = json.loads((tmp_path / "metadata/market_info.json").read_text())
    assert {one["iso"] for one in told} == free
    owners = {Path(name).parts[1].upper() for name in files_in(tmp_path) if name.startswith("parquet/")}
    assert owners <= free


def test_a_series_of_two_tables_has_a_file_for_each(small_lake: Lake, tmp_path: Path) -> None:
    report = export(small_lake, Store(str(tmp_path)), [sources()["CAISO"]])
    names = {Path(name).parent.name for name in report.written if name.startswith("parquet/")}
    fed = {
        (feed.series, feed.table)
        for dataset in sources()["CAISO"].datasets.values()
        for feed in dataset.feeds.values()
    }
    assert ("da_energy_hourly", "price_adders") in fed
    assert {"da_energy_hourly", "da_energy_hourly_price_adders"} <= names


def test_the_command_says_in_one_sentence_what_is_wrong(small_lake: Lake, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    root = small_lake.settings.root
    for words in (["--to", blocked / "deeper"], ["--iso", "nowhere"], ["--year", "99"]):
        said = pmp("export", *words, LAKE_URI=root)
        assert said.code == 1, said.text
        assert len(said.err.strip().splitlines()) == 1, said.err
    empty = pmp("export", "--to", tmp_path / "out", LAKE_URI=str(tmp_path / "nothing"))
    assert empty.code == 1
    assert "There is no lake" in empty.err
    done = pmp("export", "--iso", "nyiso", "--to", tmp_path / "out", "--json", LAKE_URI=root)
    assert done.code == 0, done.text
    assert json.loads(done.out)["rows"] > 0


@pytest.mark.long
def test_an_export_keeps_to_its_memory_however_many_rows_there_are(tmp_path: Path) -> None:
    """Three million rows sorted by time, while they lie by location: several times the limit if they are held."""
    pmp_words = [sys.executable, "-m", "lake.cli"]
    peaks = {}
    for rows in (1_000_000, 3_000_000):
        folder = tmp_path / str(rows)
        write_days(folder / "csv", rows)
        environ = os.environ | {
            "LAKE_URI": str(folder / "lake"),
            "LAKE_MEMORY_LIMIT": f"{LIMIT}MB",
            "LAKE_THREADS": "2",
        }
        words = ["--iso", "pjm", "--dataset", "da_energy_hourly", str(folder / "csv")]
        measured([*pmp_words, "import", *words], environ)
        measured([*pmp_words, "build", "--iso", "pjm"], environ)
        out = folder / "out"
        peaks[rows] = measured([*pmp_words, "export", "--to", str(out)], environ).peak_bytes / 1e6
        files = f"read_parquet('{out}/parquet/pjm/da_energy_hourly/*.parquet')"
        assert duckdb.sql(f"SELECT count(*) FROM {files}").fetchone() == (rows,)
    assert max(peaks.values()) < BASE + 1.5 * LIMIT, peaks
    assert peaks[3_000_000] < 1.4 * peaks[1_000_000], peaks


@pytest.mark.long
def test_an_export_into_a_bucket_is_the_same_and_is_not_repeated(
    small_lake: Lake,
    s3_store: Place,
    exported: tuple[Path, ExportReport],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in s3_store.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    place = f"{s3_store.lake_uri}/export"
    target = Store(place, load_settings(uri=place).storage_options)
    export(small_lake, target, [sources()["NYISO"]])
    folder, _ = exported
    for name in target.list():
        if name.startswith("parquet/"):
            copy = tmp_path / Path(name).name
            target.fetch_to(name, copy)
            query = f"SELECT count(*) FROM (FROM '{copy}' EXCEPT ALL FROM '{folder / name}')"
            assert duckdb.sql(query).fetchone() == (0,)
    again = export(small_lake, target, [sources()["NYISO"]])
    assert again.rows == 0
    assert again.unchanged
