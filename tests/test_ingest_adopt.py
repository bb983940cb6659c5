"""Adopting files that a user has: as they are, each with an event, the bad ones with a sentence."""

from __future__ import annotations

import gzip
import os
import shutil
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from ingest_kit import NOW, MemorySink, caiso, dataset, nyiso, pjm, source

from ingest.adopt import Adoption, adopt
from ingest.events import Event, Status
from ingest.registry import Source
from ingest.storage import Store

CSV = "Time Stamp,Name,PTID\n07/18/2022 00:00,WEST,61752\n"
NO_DATA = (
    '<?xml version="1.0"?><m:OASISReport xmlns:m="x"><m:ERROR><m:ERR_CODE>1000</m:ERR_CODE>'
    "<m:ERR_DESC>No data returned for the specified selection</m:ERR_DESC></m:ERROR></m:OASISReport>"
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_NOW", NOW.isoformat())


class Shelf:
    """A user's folder, a lake, and what the lake's header recognition says."""

    def __init__(self, folder: Path, entry: Source) -> None:
        self.files = folder / "mine"
        self.files.mkdir()
        self.source = entry
        self.store = Store(str(folder / "lake"))
        self.sink = MemorySink()
        self.names: Sequence[str] = [next(iter(entry.datasets))]

    def write(self, name: str, data: bytes | str = CSV) -> Path:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def known(self, told: Event) -> Event | None:
        return next(
            (
                event
                for event in reversed(self.sink.events)
                if event.dataset == told.dataset
                and event.raw_key
                and (event.sha256 == told.sha256 or event.content_sha256 == told.content_sha256)
            ),
            None,
        )

    def adopt(self, *paths: Path, name: str | None = None, published_at: datetime | None = None) -> Adoption:
        entry = self.source.dataset(name) if name else None
        return adopt(
            paths or [self.files],
            self.source,
            entry,
            self.store,
            self.sink,
            published_at,
            lambda path: self.names,
            self.known,
        )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, nyiso())


def test_a_file_is_kept_as_it_is_with_an_event_without_a_period(shelf: Shelf) -> None:
    path = shelf.write("20220718damlbmp_zone.csv")
    os.utime(path, (1_658_100_000, 1_658_100_000))
    (event,) = shelf.adopt().events
    assert event.status is Status.OK
    assert (event.period_start, event.period_end) == (None, None)
    assert (event.road, event.scope, event.part) == ("import", "all", "")
    assert (event.published_at, event.published_at_basis) == (
        datetime.fromtimestamp(1_658_100_000, UTC),
        "file",
    )
    assert event.raw_key is not None
    assert event.raw_key.startswith("raw/nyiso/energy/undated/")
    assert event.raw_key.endswith("_20220718damlbmp_zone.csv")
    kept = shelf.store.local_path(event.raw_key)
    assert kept is not None
    assert kept.samefile(path)


def test_the_time_of_publication_may_be_said(shelf: Shelf) -> None:
    shelf.write("a.csv")
    said = datetime(2022, 7, 17, 15, tzinfo=UTC)
    (event,) = shelf.adopt(published_at=said).events
    assert (event.published_at, event.published_at_basis) == (said, "source")


def test_folders_are_searched_through_and_hidden_files_left_alone(shelf: Shelf) -> None:
    shelf.write("2022/07/a.csv", CSV + "a")
    shelf.write("2022/08/b.csv", CSV + "b")
    shelf.write(".hidden.csv", CSV + "c")
    shelf.write(".git/config", CSV + "d")
    outcome = shelf.adopt()
    assert outcome.adopted == 2
    assert outcome.complete
    # A file named twice is taken once.
    assert len(shelf.adopt(shelf.files, shelf.files / "2022" / "07" / "a.csv").events) == 2


def test_the_same_content_again_is_unchanged_also_under_another_name(shelf: Shelf) -> None:
    shelf.write("a.csv")
    first = shelf.adopt().events[0]
    shelf.write("copy of a.csv")
    outcome = shelf.adopt()
    assert [event.status for event in outcome.events] == [Status.UNCHANGED] * 2
    assert {event.raw_key for event in outcome.events} == {first.raw_key}
    assert outcome.unchanged == 2
    assert len(shelf.store.list("raw")) == 1


def test_an_object_without_its_event_is_told_by_the_next_import(shelf: Shelf) -> None:
    shelf.write("a.csv")
    shelf.adopt()
    shelf.sink.writes.clear()
    (event,) = shelf.adopt().events
    assert event.status is Status.OK
    assert len(shelf.store.list("raw")) == 1


def test_an_oasis_zip_downloaded_twice_is_unchanged_although_it_is_stamped(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, caiso())
    for stamp in ("20220101_08_00_00", "20230101_09_30_00"):
        path = shelf.files / f"20211231_20220101_PRC_LMP_DAM_{stamp}_v1.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{path.stem}.csv", "INTERVALSTARTTIME_GMT,MW\n2022-01-01T08:00:00-00:00,1\n")
        outcome = shelf.adopt()
    assert outcome.unchanged == 2
    assert len(shelf.store.list("raw")) == 1


def test_every_bad_file_has_its_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, caiso())
    good = shelf.write("good.zip")
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("day.csv", "INTERVALSTARTTIME_GMT,MW\n" + "2022-01-01T08:00:00-00:00,1\n" * 50)
    shelf.write("cut.zip", good.read_bytes()[:-40])
    shelf.write("empty.csv", b"")
    shelf.write("page.csv", "<!DOCTYPE html><html><body>Sign in to this network</body></html>")
    shelf.write("limits.csv", "<html><body>Acceptable Use Policy: too many requests</body></html>")
    shelf.write("none.xml", NO_DATA)
    shelf.write("cut.csv.gz", gzip.compress(os.urandom(5000))[:-100])
    shelf.write("cut.csv.zst", zstandard.compress(os.urandom(5000))[:-100])
    with zipfile.ZipFile(shelf.files / "none.zip", "w") as archive:
        archive.writestr("INVALID_REQUEST.xml", NO_DATA)
    outcome = shelf.adopt(name="da_energy_hourly")
    told = {problem.path.name: (problem.status, problem.message) for problem in outcome.problems}
    assert told.keys() == {
        "cut.zip", "empty.csv", "page.csv", "limits.csv", "none.xml", "none.zip", "cut.csv.gz", "cut.csv.zst"
    }  # fmt: skip
    assert {name for name, (status, _) in told.items() if status is Status.EMPTY} == {"none.xml", "none.zip"}
    assert all(told[name][0] is Status.QUARANTINED for name in told.keys() - {"none.xml", "none.zip"})
    assert "cannot be read to its end" in told["cut.zip"][1]
    assert "cannot be read to its end" in told["cut.csv.gz"][1]
    assert "empty (0 bytes)" in told["empty.csv"][1]
    assert "web page" in told["page.csv"][1]
    assert "(1000)" in told["none.xml"][1]
    # Each is in the ledger too, without an object; the good one is adopted.
    assert outcome.adopted == 1
    assert len(outcome.events) == 9
    assert [event.raw_key for event in outcome.events if event.status is not Status.OK] == [None] * 8
    assert not outcome.complete
    assert len(shelf.store.list("raw")) == 1


def test_a_file_that_cannot_be_opened_has_its_sentence(shelf: Shelf) -> None:
    shelf.write("a.csv")
    outcome = shelf.adopt(shelf.files / "a.csv", shelf.files / "missing.csv")
    assert outcome.adopted == 1
    assert [problem.sentence for problem in outcome.problems] == [
        f"{shelf.files / 'missing.csv'}: The file cannot be read: No such file or directory."
    ]


def test_a_file_without_permission_has_its_sentence(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ingest.adopt.sha256_of", refuse)
    shelf.write("a.csv")
    assert shelf.adopt().problems[0].message == "The file cannot be read: Permission denied."


def test_a_header_that_fits_several_datasets_asks_for_the_flag(shelf: Shelf) -> None:
    shelf.write("a.csv")
    shelf.names = ["rt_energy_hourly", "da_energy_hourly"]
    outcome = shelf.adopt()
    assert outcome.events == ()
    assert outcome.problems[0].message == (
        "The header fits several datasets: da_energy_hourly, rt_energy_hourly. Say which with --dataset."
    )
    assert not outcome.complete


def test_a_header_that_fits_nothing_is_shown(shelf: Shelf) -> None:
    shelf.write("a.csv")
    shelf.names = []
    outcome = shelf.adopt()
    assert "No dataset of NYISO has this header: 'Time Stamp,Name,PTID'" in outcome.problems[0].message
    assert "--dataset" in outcome.problems[0].message
    assert shelf.store.list("raw") == []


def test_archives_and_compressed_files_are_adopted_as_they_are(shelf: Shelf) -> None:
    shelf.write("a.csv.gz", gzip.compress(CSV.encode()))
    shelf.write("b.csv.zst", zstandard.compress(CSV.encode() + b"b"))
    with zipfile.ZipFile(shelf.files / "c.zip", "w") as archive:
        archive.writestr("c.csv", CSV)
    outcome = shelf.adopt()
    assert outcome.adopted == 3
    suffixes = {Path(event.raw_key or "").suffix for event in outcome.events}
    assert suffixes == {".gz", ".zst", ".zip"}


def test_json_of_data_miner_is_rows_and_its_error_document_is_not(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, pjm())
    shelf.write("rows.json", '{"items":[{"datetime_beginning_utc":"2026-06-09T04:00:00"}],"totalRows":1}')
    shelf.write("error.json", '{"errors":[{"field":"a","message":"Not allowed.","detail":[]}]}')
    outcome = shelf.adopt()
    assert outcome.adopted == 1
    assert "Not allowed." in outcome.problems[0].message


def test_events_are_told_in_batches(shelf: Shelf) -> None:
    for number in range(130):
        shelf.write(f"{number:03d}.csv", CSV + str(number))
    assert len(shelf.adopt().events) == 130
    assert [len(batch) for batch in shelf.sink.writes] == [64, 64, 2]


def genuine(folder: str, iso: str) -> list[Path]:
    """The genuine samples of a market, where they are beside the checkout."""
    root = Path(os.environ.get("PMP_SAMPLES") or Path(__file__).parents[2] / "shared" / "samples")
    return sorted(path for path in (root / iso / folder).glob("*") if path.is_file())


def test_genuine_files_are_adopted_and_genuine_errors_are_not(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, caiso())
    good = genuine("prc_lmp_dam", "caiso") + genuine("prc_as", "caiso") + genuine("prc_rtpd_lmp", "caiso")
    bad = genuine("_errors", "caiso")
    if not good:
        good = [
            shelf.write("20220101_20220102_PRC_LMP_DAM_20220101_08_00_00_v1.csv", "OPR_DT,MW\n2022-01-01,1\n")
        ]
    if not bad:
        bad = [shelf.write("INVALID_REQUEST_1000_no_data.xml", NO_DATA)]
    copies = tmp_path / "copies"
    copies.mkdir()
    for path in good + bad:
        shutil.copy(path, copies)
    outcome = shelf.adopt(copies)
    assert outcome.adopted == len(good)
    assert [problem.status for problem in outcome.problems] == [Status.EMPTY] * len(bad)


def test_a_source_without_the_sites_route_still_adopts(tmp_path: Path) -> None:
    road = {"name": "daily", "route": "mis", "host": "mis", "ask": {}}
    hosts = {"mis": {"base": "http://mis.example.org", "pace": {"requests": 1, "seconds": 1}}}
    shelf = Shelf(tmp_path, source("NYISO", "America/New_York", hosts, {}, dataset("any", [road])))
    shelf.write("a.csv")
    assert shelf.adopt().adopted == 1
