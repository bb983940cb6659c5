"""Adopting files that a user already has: linked or copied as they are, each with an event.

Nothing is asked of any site. The period of a file is not known here; the build asks the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.clock import now
from ingest.content import kind_of, sha256_of, text_head, whole_stream
from ingest.errors import AnswerError, Refused
from ingest.events import Event, Sink, Status
from ingest.land import raw_key
from ingest.registry import Dataset, Source
from ingest.routes import Route, route
from ingest.storage import Store

ROAD = "import"
# Events are told in batches: a write per file would cost more than the links. A killed import is run again.
BATCH = 64

Recognise = Callable[[Path], Sequence[str]]
# The observation that a file repeats, or None where it says something new; asked with the event it would have.
Known = Callable[[Event], Event | None]


@dataclass(frozen=True)
class Problem:
    """A file that was not adopted, and why."""

    path: Path
    status: Status
    message: str

    @property
    def sentence(self) -> str:
        """The problem for a person."""
        return f"{self.path}: {self.message}"


@dataclass(frozen=True)
class Adoption:
    """What came of an import. A file whose dataset is not known has a problem and no event."""

    events: tuple[Event, ...]
    problems: tuple[Problem, ...]

    @property
    def adopted(self) -> int:
        """Files that are new in the store."""
        return sum(event.status is Status.OK for event in self.events)

    @property
    def unchanged(self) -> int:
        """Files whose content had been adopted before."""
        return sum(event.status is Status.UNCHANGED for event in self.events)

    @property
    def complete(self) -> bool:
        """Whether every file was taken, or said by its source to hold nothing."""
        return all(problem.status is Status.EMPTY for problem in self.problems)


def adopt(
    paths: Sequence[Path],
    source: Source,
    dataset: Dataset | None,
    store: Store,
    sink: Sink,
    published_at: datetime | None,
    recognise: Recognise,
    known: Known | None = None,
    progress: Callable[[Path], None] | None = None,
) -> Adoption:
    """Take files into the store as they are.

    Args:
        paths: files, and folders that are searched through; hidden files are left alone.
        source: the ISO they come from.
        dataset: what they are; None asks ``recognise``.
        store: where they go, under ``raw/<iso>/<dataset>/undated/``.
        sink: where their events go.
        published_at: when they were published; None takes each file's own time.
        recognise: the names of the datasets whose shapes fit a file.
        known: the earlier event that a file repeats, so that it is ``unchanged``; None where it says something
            new. Without it every file is told again, which changes nothing.
        progress: told of every file when it is done.

    Raises:
        StorageError: the store cannot be written.
    """
    adopter = _Adopter(source, dataset, store, sink, published_at, recognise, known or (lambda *words: None))
    events: list[Event] = []
    problems: list[Problem] = []
    waiting: list[Event] = []
    for path in _files(paths):
        event, problem = adopter.take(path)
        if event is not None:
            waiting.append(event)
        if problem is not None:
            problems.append(problem)
        if len(waiting) >= BATCH:
            sink.write(waiting)
            events += waiting
            waiting = []
        if progress is not None:
            progress(path)
    if waiting:
        sink.write(waiting)
    return Adoption((*events, *waiting), tuple(problems))


@dataclass(frozen=True)
class _Adopter:
    source: Source
    dataset: Dataset | None
    store: Store
    sink: Sink
    published_at: datetime | None
    recognise: Recognise
    known: Known

    def take(self, path: Path) -> tuple[Event | None, Problem | None]:
        """Adopt one file: its event, and its problem where it has one."""
        dataset = self.dataset
        try:
            self._judge(path)
            dataset = dataset or self._recognised(path)
            sha256 = sha256_of(path)
            content = route(dataset.roads[0].route).content_sha256(path)
        except AnswerError as error:
            # What a source says of itself ("no data") is empty; everything else is a file that nobody can
            # read.
            status = Status.EMPTY if error.status == Status.EMPTY else Status.QUARANTINED
            problem = Problem(path, status, str(error))
            return (self._event(path, dataset.name, status, str(error)) if dataset else None), problem
        except OSError as error:
            reason = f"The file cannot be read: {error.strerror or type(error).__name__}."
            return None, Problem(path, Status.QUARANTINED, reason)
        event = self._event(path, dataset.name, Status.OK, "").but(
            sha256=sha256, content_sha256=content, bytes=path.stat().st_size
        )
        before = self.known(event)
        if before is not None and before.raw_key and self.store.exists(before.raw_key):
            status, key = Status.UNCHANGED, before.raw_key
        else:
            status, key = Status.OK, raw_key(self.source.iso, dataset.name, None, sha256, path.name)
            self.store.link_or_copy(key, path)
        return event.but(status=status, raw_key=key), None

    def _judge(self, path: Path) -> None:
        """Refuse what is broken, empty, or an error document of one of the source's sites."""
        kind = kind_of(path)
        if kind == "empty":
            raise Refused("The file is empty (0 bytes).")
        if kind in ("gzip", "zstd"):
            whole_stream(path, kind)
            return
        for judge in self._routes():
            judge.judge(path)

    def _routes(self) -> Iterable[Route]:
        datasets = [self.dataset] if self.dataset else list(self.source.datasets.values())
        names = dict.fromkeys(road.route for dataset in datasets for road in dataset.roads)
        return [route(name) for name in names]

    def _recognised(self, path: Path) -> Dataset:
        """The one dataset whose shape fits.

        Raises:
            Refused: none fits, or several do.
        """
        names = list(self.recognise(path))
        if len(names) == 1:
            return self.source.dataset(names[0])
        if names:
            raise Refused(
                f"The header fits several datasets: {', '.join(sorted(names))}. Say which with --dataset."
            )
        header = next(iter(text_head(path).splitlines()), "")[:200]
        what = "the columns of this workbook" if kind_of(path) == "compound" else f"this header: '{header}'"
        raise Refused(
            f"No dataset of {self.source.iso} has {what}. Say with --dataset what it is, "
            f"or declare the shape in ingest/sources/{self.source.iso.lower()}.yaml."
        )

    def _event(self, path: Path, dataset: str, status: Status, message: str) -> Event:
        published = self.published_at or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return Event(
            event_id=self.sink.next_id(),
            run_id=self.sink.run_id,
            iso=self.source.iso,
            dataset=dataset,
            road=ROAD,
            part="",
            period_start=None,
            period_end=None,
            scope="all",
            status=status,
            message=f"{path.name}: {message}" if message else "",
            fetched_at=now(),
            url=f"file:{path.name}",
            attempts=0,
            published_at=published,
            published_at_basis="source" if self.published_at else "file",
        )


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Every file that the paths name, each once, in order; folders are searched through."""
    seen: set[Path] = set()
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        for file in inside:
            hidden = (
                any(word.startswith(".") for word in file.relative_to(path).parts) if path.is_dir() else False
            )
            if not hidden and file.resolve() not in seen:
                seen.add(file.resolve())
                yield file
