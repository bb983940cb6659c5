"""Files as the sources really served them: imported, built, and equal to an independent reading of their bytes.

Genuine files are found by folder (PMP_SAMPLES); files of the simulated sites stand beside them, one at least
for every shape of every dataset, so that nothing here needs the genuine ones.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard
from behaviour_kit import ISOS, LISTS, SERIES, World, assert_series, read, written
from oracle import contract
from oracle.shell import Row
from registry_kit import declared, small
from samples_kit import NOW, Sample, case_of_sample, genuine, is_passed_over, is_readable, simulated_files

from ingest import registry
from ingest.simulator import Simulator
from lake.build import BuildReport
from lake.errors import SchemaDrift
from lake.recognise import recognise
from lake.stage import lay_out

pytestmark = pytest.mark.long


@dataclass
class Imported:
    """A lake with every sample in it."""

    world: World
    samples: list[Sample]
    reports: dict[str, BuildReport] = field(default_factory=dict)
    told: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)

    def key_of(self, sample: Sample) -> str:
        """The raw object that a sample became."""
        rows = self.world.query(
            "SELECT DISTINCT raw_key FROM meta.raw_files WHERE iso = $iso AND dataset = $dataset AND url = $url "
            "AND raw_key IS NOT NULL",
            iso=sample.iso,
            dataset=sample.dataset,
            url=f"file:{sample.path.name}",
        )
        return str(rows[0]["raw_key"]) if rows else ""


@pytest.fixture(scope="module")
def site() -> Iterator[Simulator]:
    with (
        declared(*(small(source) for source in registry.sources().values())),
        Simulator(now=NOW, nodes=2) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def simulated(site: Simulator, tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Files of the simulated sites: every dataset's day, and every other layout that it has or had."""
    folder = tmp_path_factory.mktemp("simulated")
    found = []
    for source in registry.sources().values():
        for name, dataset in source.datasets.items():
            if not dataset.feeds:
                continue
            for number, (title, content) in enumerate(simulated_files(site, source, dataset)):
                path = folder / name / f"{number}-{title}"
                written(path.parent, [(path.name, content)])
                found.append(Sample(source.iso, name, path, f"simulated {source.iso.lower()} {name} {title}"))
    return found


@pytest.fixture(scope="module")
def imported(simulated: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """Every sample imported, each file with a time of its own, and one build an ISO."""
    folder = tmp_path_factory.mktemp("files")
    every = []
    for number, sample in enumerate([*simulated, *genuine()]):
        path = folder / sample.iso / sample.dataset / f"{number:03d}-{sample.path.name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample.path, path)
        os.utime(path, (NOW.timestamp() - 86400 * 300 + 3600 * number,) * 2)
        every.append(Sample(sample.iso, sample.dataset, path, sample.name))
    with World(tmp_path_factory.mktemp("lake"), None, NOW) as world:
        found = Imported(world, every)
        for iso in ISOS:
            source = registry.source(iso)
            for number, name in enumerate(source.datasets):
                place = folder / iso / name
                if number == 0:
                    said = world.pmp("import", "--iso", iso, "--dataset", name, place)
                    assert said.code in (0, 3), said.text
                elif place.is_dir():
                    world.take(iso, name, [place])
            found.reports[iso] = world.build(iso)
        yield found


@pytest.mark.parametrize(("iso", "table", "series"), SERIES)
def test_a_table_holds_what_the_files_say_and_nothing_else(
    imported: Imported, iso: str, table: str, series: str
) -> None:
    bad = [
        imported.key_of(sample)
        for sample in imported.samples
        if sample.iso == iso and not is_readable(sample)
    ]
    assert assert_series(imported.world, iso, table, series, leave_out=bad) > 0


@pytest.mark.parametrize("given", [pytest.param(one, id=one.name) for one in genuine()] or [None])
def test_every_price_of_a_file_is_in_a_table(imported: Imported, given: Sample | None) -> None:
    """Said once more without versions and clocks: place, instant and numbers, as printed."""
    for sample in [given] if given else imported.samples:
        every_price_is_told(imported, sample)


def every_price_is_told(imported: Imported, sample: Sample) -> None:
    source = registry.source(sample.iso)
    dataset = source.dataset(sample.dataset)
    case = case_of_sample(sample)
    if not is_readable(sample):
        # What says that it is empty is not taken in at all.
        key = imported.key_of(sample)
        assert not key or key in imported.reports[sample.iso].quarantined
        return
    for feed in dataset.feeds.values():
        known = (sample.iso, feed.table, feed.series)
        if known not in imported.told:
            imported.told[known] = imported.world.series(*known)
        place = contract.PLACE[feed.table]
        if feed.table in LISTS:
            # Whether a row states its times or not, it says the same of the location.
            place = ("location_list", "settlement_location_id", "member_of")
        fields = (*place, *contract.VALUES[feed.table])
        time = "interval_end_utc" if feed.stamp == "end" else "interval_start_utc"
        held = {
            (None if feed.table in LISTS else row[time].replace(tzinfo=None), *(row[name] for name in fields))
            for row in imported.told[known]
        }
        stamped = "stamp_utc" if feed.stamp else "interval_start_utc"
        printed = {
            (
                None if feed.table in LISTS else row[stamped],
                *(row.get(name, "" if name == "member_of" else None) for name in fields),
            )
            for row in read(source, dataset, feed, case)
        }
        missing = _not_told(printed, held, len(place) + 1)
        assert not missing, f"{len(missing)} of {len(printed)}: {sorted(missing, key=str)[:3]}"


def _not_told(
    printed: set[tuple[object, ...]], held: set[tuple[object, ...]], keys: int
) -> list[tuple[object, ...]]:
    """What is printed and not held. A number that a file leaves out may be there from another."""
    missing = [row for row in printed if row not in held]
    by_key: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    if missing:
        for row in held:
            by_key.setdefault(row[:keys], []).append(row)
    return [
        row
        for row in missing
        if not any(
            all(mine is None or mine == theirs for mine, theirs in zip(row, other, strict=True))
            for other in by_key.get(row[:keys], [])
        )
    ]


@pytest.mark.parametrize("iso", ISOS)
def test_only_files_that_nobody_can_read_are_quarantined_and_each_with_a_sentence(
    imported: Imported, iso: str
) -> None:
    unread = {
        imported.key_of(sample)
        for sample in imported.samples
        if sample.iso == iso and not is_readable(sample) and not is_passed_over(sample)
    }
    report = imported.reports[iso]
    assert not report.failed
    assert set(report.quarantined) == unread - {""}
    assert all(reason.endswith(".") for reason in report.quarantined.values())


def test_every_shape_of_every_dataset_has_a_sample(imported: Imported, tmp_path: Path) -> None:
    seen: set[tuple[str, str, str]] = set()
    for number, sample in enumerate(imported.samples):
        source = registry.source(sample.iso)
        for member in lay_out(sample.path, sample.path.name, tmp_path / str(number)):
            try:
                shape = recognise(member, source.dataset(sample.dataset), source).shape
            except SchemaDrift:
                continue
            seen.add((sample.iso, sample.dataset, shape))
    declared_shapes = {
        (source.iso, name, shape)
        for source in registry.sources().values()
        for name, dataset in source.datasets.items()
        for shape in dataset.shapes
    }
    assert not declared_shapes - seen


def kept_otherwise(text: bytes, stem: str) -> Iterator[tuple[str, bytes]]:
    """The same text as different people keep it, under names that begin alike: some say the time."""
    plain = text.replace(b"\r\n", b"\n")
    if text[:1] == b"{":
        yield f"plain-{stem}.json", text
        yield f"packed-{stem}.json.gz", gzip.compress(text)
        yield f"packed-{stem}.json.zst", zstandard.compress(text)
        return
    marked = b"\xef\xbb\xbf" + plain
    archive, quoted = io.BytesIO(), io.StringIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(f"inner-{stem}.csv", marked)
    csv.writer(quoted, quoting=csv.QUOTE_ALL).writerows(csv.reader(io.StringIO(text.decode())))
    yield f"unix-{stem}.csv", plain
    yield f"windows-{stem}.csv", plain.replace(b"\n", b"\r\n")
    yield f"marked-{stem}.csv", marked
    yield f"without-the-last-line-end-{stem}.csv", plain.rstrip(b"\n")
    yield f"blank-lines-around-{stem}.csv", b"\n" + plain + b"\n\n"
    yield f"packed-{stem}.csv.gz", gzip.compress(marked)
    yield f"packed-{stem}.csv.zst", zstandard.compress(plain)
    yield f"archive-{stem}.zip", archive.getvalue()
    yield f"quoted-{stem}.csv", quoted.getvalue().encode()


@pytest.mark.long
@pytest.mark.parametrize("iso", ISOS)
def test_a_file_that_was_kept_otherwise_says_the_same(
    simulated: list[Sample], iso: str, tmp_path: Path
) -> None:
    """Line ends, a byte order mark, quotes, blank lines and compression change nothing: all is one version."""
    first = {sample.dataset: sample for sample in reversed(simulated) if sample.iso == iso}
    with World(tmp_path / "lake", None, NOW) as world:
        for name, sample in first.items():
            members = case_of_sample(sample).members
            first_name, first_text = next(iter(members.items()))
            # The components of a zip as one file, as its single query would have them.
            header = first_text.split(b"\n", 1)[0]
            joined = first_text + b"".join(
                text.split(b"\n", 1)[1] for text in list(members.values())[1:] if text.startswith(header)
            )
            for number, (title, content) in enumerate(kept_otherwise(joined, Path(first_name).stem)):
                paths = written(tmp_path / name / str(number), [(title, content)])
                moment = NOW - timedelta(days=30 - number)
                assert world.take(iso, name, paths, published_at=moment).complete
        report = world.build(iso)
        assert report.complete, (report.quarantined, report.failed)
        for one, table, series in SERIES:
            if one == iso:
                assert assert_series(world, iso, table, series) > 0
                versions = {row["version"] for row in world.series(iso, table, series)}
                assert max(versions) <= len(registry.source(iso).stage_order(series))
