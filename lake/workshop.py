"""The workshop of one chunk: its raw files laid out, recognised, and read by the transforms that fit them."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from catalog.contract import Contract, load_contracts, sql_folder
from ingest.clock import Period
from ingest.registry import Dataset, Feed, source
from lake import finish
from lake.config import Settings
from lake.engine import bare, raw_file
from lake.errors import SchemaDrift, UnreadableFile
from lake.recognise import Recognised, is_empty_answer, recognise
from lake.scratch import new_place, sweep
from lake.stage import lay_out

# A pivot of this many bytes of text stays well under the smallest sensible memory limit.
BATCH_BYTES = 256 << 20
VARIABLE = re.compile(r"getvariable\('(raw_files|source_market|known_locations)'\)")


@dataclass(frozen=True)
class Sighting:
    """A raw object as seen once: its place in the order of what is known, and the stage it speaks of."""

    observation_no: int
    stage_rank: int
    advisory_after: datetime | None = None
    known_at: datetime | None = None
    basis: str = "fetch"
    # The market day that a file speaks of which does not say so itself.
    day: Period | None = None

    @property
    def vintage(self) -> datetime | None:
        """The minute in which it was published, naive UTC: roads tell one moment to the second or to two of them."""
        return self.known_at.replace(tzinfo=None, second=0, microsecond=0) if self.known_at else None


@dataclass(frozen=True)
class RawFile:
    """A raw object of a chunk. ``whole`` where all its rows are wanted, else only those of the scope hubs."""

    number: int
    raw_key: str
    dataset: str
    whole: bool
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class ChunkJob:
    """All that a worker needs to build a chunk. ``period`` is None to ask the files for their own span only."""

    settings: Settings
    iso: str
    table: str
    series: str
    chunk: str
    period: Period | None
    files: tuple[RawFile, ...]
    revised: bool
    target: str = ""


@dataclass(frozen=True)
class Group:
    """Members that one statement reads: same dataset, feed and header, and the same part of their rows wanted."""

    dataset: str
    feed: str
    sql: str
    header: tuple[str, ...]
    whole: bool
    pivots: bool


def feeds_of(iso: str, table: str, series: str) -> Iterator[tuple[Dataset, str, Feed]]:
    """The feeds that make a series of a table, with their datasets."""
    for dataset in source(iso).datasets.values():
        for name, feed in dataset.feeds.items():
            if feed.table == table and feed.series == series:
                yield dataset, name, feed


def _batches(paths: list[str]) -> list[list[str]]:
    """Paths in their order, cut between raw objects into parts of about BATCH_BYTES."""
    batches: list[list[str]] = [[]]
    weight, folder = 0, ""
    for path in paths:
        size = Path(path).stat().st_size
        if weight + size > BATCH_BYTES and batches[-1] and str(Path(path).parent) != folder:
            batches.append([])
            weight = 0
        batches[-1].append(path)
        weight, folder = weight + size, str(Path(path).parent)
    return batches


@cache
def _contracts() -> dict[str, Contract]:
    """The contracts, read once by a process that builds many chunks."""
    return load_contracts()


class Workshop:
    """The scratch folder, the connection and the recognised members of one job."""

    def __init__(self, job: ChunkJob) -> None:
        self.job = job
        self.source = source(job.iso)
        self.contract: Contract = _contracts()[job.table]
        self.feeds = [
            (dataset, name, feed) for dataset, name, feed in feeds_of(job.iso, job.table, job.series)
        ]
        self.folder = new_place(job.settings.scratch, f"build-{job.chunk}")
        self.quarantined: dict[str, str] = {}
        self.members: dict[int, list[Recognised]] = {}
        self.connection = bare(job.settings, self.folder / "spill")

    def __enter__(self) -> Workshop:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.connection.execute(
            "CREATE TEMP TABLE objects (object_no INTEGER, raw_key VARCHAR, advisory_after TIMESTAMP)"
        )
        self.connection.execute(
            "CREATE TEMP TABLE observations (object_no INTEGER, observation_no INTEGER, stage_rank INTEGER)"
        )
        self.connection.execute(
            "CREATE TEMP TABLE vintages (object_no INTEGER, published_at TIMESTAMPTZ, basis VARCHAR, "
            "day_start TIMESTAMP, day_end TIMESTAMP)"
        )
        for raw in self.job.files:
            self._lay_out(raw)
        self._tell_when_members_were_written()
        keys = [raw.raw_key for raw in sorted(self.job.files, key=lambda raw: raw.number)]
        self.connection.execute("SET VARIABLE raw_keys = $keys", {"keys": keys})
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        sweep(self.folder)

    def _lay_out(self, raw: RawFile) -> None:
        name = raw.raw_key.rsplit("/", 1)[-1].split("_", 1)[-1]
        dataset = self.source.dataset(raw.dataset)
        try:
            local = raw_file(self.job.settings, raw.raw_key, self.folder / "raw")
            members = lay_out(local, name, self.folder / "members" / str(raw.number))
            self.members[raw.number] = [
                recognise(member, dataset, self.source) for member in members if not is_empty_answer(member)
            ]
        except (UnreadableFile, SchemaDrift) as error:
            self.quarantined[raw.raw_key] = str(error)
            return
        advisory = max(
            (sight.advisory_after for sight in raw.sightings if sight.advisory_after), default=None
        )
        self.connection.execute(
            "INSERT INTO objects VALUES (?, ?, ?)",
            [raw.number, raw.raw_key, advisory.replace(tzinfo=None) if advisory else None],
        )
        self.connection.executemany(
            "INSERT INTO observations VALUES (?, ?, ?)",
            [[raw.number, sight.observation_no, sight.stage_rank] for sight in raw.sightings],
        )

        vintages = {sight.vintage: sight for sight in raw.sightings if sight.vintage}
        for moment, sight in vintages.items():
            edges = (
                (sight.day.start.replace(tzinfo=None), sight.day.end.replace(tzinfo=None))
                if sight.day
                else ()
            )
            self.connection.execute(
                "INSERT INTO vintages VALUES (?, ?, ?, ?, ?)",
                [raw.number, moment, sight.basis, *(edges or (None, None))],
            )

    def _tell_when_members_were_written(self) -> None:
        """Bind the stamps that archives give their members, by path, for the macro ``member_written``."""
        stamps = {
            str(one.member.path): one.member.written
            for members in self.members.values()
            for one in members
            if one.member.written
        }
        self.connection.execute(
            "SET VARIABLE members_written = MAP($paths::VARCHAR[], $stamps::TIMESTAMP[])",
            {"paths": list(stamps), "stamps": list(stamps.values())},
        )

    def drop(self, raw: RawFile, reason: str) -> None:
        """Leave a raw file out, and say why."""
        self.quarantined[raw.raw_key] = reason
        self.members.pop(raw.number, None)

    def groups(self, only: RawFile | None = None) -> dict[Group, list[str]]:
        """The members of the job (or of one raw file) by the statement that reads them."""
        found: dict[Group, list[str]] = defaultdict(list)
        for raw in [only] if only else self.job.files:
            for dataset, name, _ in self.feeds:
                if dataset.name != raw.dataset:
                    continue
                for member in self.members.get(raw.number, []):
                    shape = dataset.shapes[member.shape]
                    sql = shape.sql.get(name)
                    if sql:
                        group = Group(dataset.name, name, sql, member.header, raw.whole, shape.pivots)
                        found[group].append(str(member.member.path))
        return found

    def reads(self, only: RawFile | None = None) -> list[finish.Read]:
        """The transforms to run, with their variables set on the connection."""
        made = []
        for number, (group, paths) in enumerate(self.groups(only).items()):
            feed = self.source.dataset(group.dataset).feeds[group.feed]
            text = (sql_folder() / "transforms" / group.sql).read_text(encoding="utf-8").rstrip().rstrip(";")
            text = VARIABLE.sub(rf"getvariable('\g<1>_{number}')", text)
            known = {key: kind for kind, ids in self.source.locations.known.items() for key in ids}
            self.connection.execute(f"SET VARIABLE raw_files_{number} = $paths", {"paths": paths})
            self.connection.execute(
                f"SET VARIABLE source_market_{number} = $word", {"word": feed.source_market}
            )
            self.connection.execute(
                f"SET VARIABLE known_locations_{number} = MAP($ids, $kinds)",
                {"ids": list(known), "kinds": list(known.values())},
            )
            columns = tuple(row[0] for row in self.connection.execute(f"DESCRIBE {text}").fetchall())
            # A list is of use whole only; it is the prices that a scope narrows.
            whole = group.whole or self.contract.lists
            types = () if whole else tuple(self.source.locations.hub_types)
            read = finish.Read(text, columns, types)
            if group.pivots and only is None:
                read = self._in_batches(number, read, paths)
            made.append(read)
        return made

    def _in_batches(self, number: int, read: finish.Read, paths: list[str]) -> finish.Read:
        """A pivot over many large files, made a few raw objects at a time: its rows wait in files of their own.

        The members of one raw object stay together; that is all that a transform may bring together.
        """
        batches = _batches(paths)
        if len(batches) == 1:
            return read
        waiting = []
        for batch in batches:
            self.connection.execute(f"SET VARIABLE raw_files_{number} = $paths", {"paths": batch})
            waiting.append(str(self.folder / f"batch-{secrets.token_hex(4)}.parquet"))
            self.connection.execute(f"COPY ({finish.wanted_sql(read)}) TO '{waiting[-1]}' (FORMAT parquet)")
        self.connection.execute(f"SET VARIABLE batches_{number} = $paths", {"paths": waiting})
        sql = f"SELECT * FROM read_parquet(getvariable('batches_{number}'))"
        return finish.Read(sql, read.columns, read.location_types)

    def publish(self, only: RawFile | None = None) -> list[finish.Read]:
        """(Re)define the view ``published`` over the files that can still be read."""
        reads = self.reads(only)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW published AS {finish.published_sql(self.contract, reads)}"
        )
        return reads
