"""The dataset registry: what each ISO publishes, as data.

One YAML file an ISO under ``ingest/sources``. Loaded by strict models: a key that is not known is refused, so a typing
error in a YAML file is a sentence and not a setting that silently does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ingest.errors import RegistryError, UnknownName

SOURCES = Path(__file__).parent / "sources"

Scope = Literal["hubs", "all"]
Market = Literal["DA", "RT"]
DATA_TYPES = (
    "lmp as load load_forecast fuel_mix constraints weather renewables storage emissions outages demand_response "
    "curtailment interchange locations"
).split()
# Data types that always belong to a market.
PRICED = ("lmp", "as")
# In minutes, nominally.
A_DAY = 1440
# A week begins on a Monday; a quarter is one of the calendar.
SPAN = r"^(hour|day|week|month|quarter|year|\d+ days)$"


class Strict(BaseModel):
    """A model that refuses keys it does not know and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Pace(Strict):
    """How fast a host may be asked: ``requests`` per ``seconds``, and how long to wait before trying again."""

    requests: int = Field(gt=0)
    seconds: float = Field(gt=0)
    attempts: int = Field(default=4, gt=0)
    first_wait_seconds: float = 2.0
    max_wait_seconds: float = 120.0


class Credentials(Strict):
    """The environment variables that a host cannot be asked without, and where their values are had."""

    variables: list[str] = Field(min_length=1)
    account: str


class Host(Strict):
    """A web host of a source.

    ``credential`` names the environment variable whose value shares the pace; ``credentials`` are what the host must be
    told by whoever asks it. ``needs`` what a machine may lack: pages that scripts draw are read by a browser.
    """

    base: str
    pace: Pace
    member_pace: Pace | None = None
    credential: str | None = None
    credentials: Credentials | None = None
    needs: Literal["browser"] | None = None
    headers: dict[str, str] = {}
    proxy: str | None = None
    user_agent: str | None = None
    connect_seconds: float = 10
    read_seconds: float = 120


class Retention(Strict):
    """How far back a road reaches: a number of months or days before now, or a fixed first day."""

    months: int | None = None
    days: int | None = None
    since: date | None = None
    confirmed: bool = True


class Published(Strict):
    """When a delivery day can be asked for: ``at`` on the market's clock, ``day`` days from the delivery day."""

    day: int
    at: time
    # How late the source may be before "nothing" is a fault; what stands there all the time is never late.
    late_hours: int = Field(default=24, ge=0)


class Era(Strict):
    """Overrides of a road's ``ask`` for delivery days from ``start`` until before ``until``."""

    start: date | None = None
    until: date | None = None
    ask: dict[str, str]


class Road(Strict):
    """One way to a publication, with its own retention, span and cost.

    ``brings`` is the scope of the rows in an answer, ``span`` the most that one request may cover, ``not_across`` the
    boundaries that a request must not cross, ``parts`` the requests that together make one period. A file that comes
    later than the publication itself holds a day ``behind_days`` after it. ``calls`` is how often the host is asked for
    one request: more than once where a list comes first, or every file has to be asked for on its own.
    """

    name: str
    route: str
    host: str
    brings: Scope
    span: Annotated[str, Field(pattern=SPAN)]
    retention: Retention = Retention()
    behind_days: int | None = Field(default=None, ge=0)
    calls: int = Field(default=1, gt=0)
    megabytes: float = Field(gt=0)
    ask: dict[str, str]
    eras: list[Era] = []
    parts: list[str] = [""]
    not_across: list[Literal["utc_year", "archive"]] = []
    archive_after_days: int | None = None
    note: str = ""

    def asks(self, day: date) -> dict[str, str]:
        """What to ask with on a delivery day: the road's words, overridden by the era that the day falls in."""
        words = dict(self.ask)
        for era in self.eras:
            if (era.start is None or day >= era.start) and (era.until is None or day < era.until):
                words.update(era.ask)
        return words


class Shape(Strict):
    """One layout of a raw file and the SQL that reads it, per feed.

    For CSV and JSON ``columns`` must all be there, ``optional`` and ``ignored`` may be; anything else is drift. A name
    ending in ``*`` stands for its prefix, an empty one for columns without a name. ``fixed_order`` where the SQL reads
    by position. XML is told by ``contains``. Where lines stand before a CSV's header, ``begins`` is how the header's
    line begins, and ``contains`` what the lines before it say. ``root`` is the key that the items of a JSON document
    stand under. ``says`` are values of a CSV's first row that tell datasets with the same header apart. ``pivots``
    where the SQL brings several raw rows together: what it must remember grows with what it reads, so it reads a few
    files at a time.
    """

    format: Literal["csv", "json", "xml"]
    columns: list[str] = []
    optional: list[str] = []
    ignored: list[str] = []
    fixed_order: bool = False
    begins: str | None = None
    contains: list[str] = []
    says: dict[str, str] = {}
    pivots: bool = False
    link: str | None = None
    root: str | None = None
    sql: dict[str, str]


class Feed(Strict):
    """Which table a dataset feeds, as which series, at which stage of the ISO's own deciding.

    ``market`` is left out where no market has a part in it: load is neither day-ahead nor real-time.
    """

    table: str
    series: str
    stage: str = "final"
    market: Market | None = None
    interval_minutes: int
    stamp: Literal["begin", "end"] | None = None
    source_market: str | None = None
    advisory_after_publication: bool = False


class Dataset(Strict):
    """One publication of an ISO.

    ``stem`` is the word that the source's own file names carry, where it is not the first of ``source_name``;
    ``other_stems`` are those of its other files of the same, such as bundles of older days.
    ``market`` is left out where no market has a part in it; prices and ancillary services always have one. Rows of an
    answer may speak of ``days_before`` the period that was asked for and ``days_after`` it, as forecasts do.
    """

    name: str
    title: str
    source_name: str
    stem: str | None = None
    other_stems: list[str] = []
    data_type: Literal[tuple(DATA_TYPES)] | Literal["control"]  # type: ignore[valid-type]
    market: Market | None = None
    interval_minutes: int
    default: bool = True
    since: date | None = None
    until: date | None = None
    since_reason: str = ""
    scopes: list[Scope] = ["hubs", "all"]
    published: Published
    settles_days: int = 0
    days_before: int = Field(default=0, ge=0)
    days_after: int = Field(default=0, ge=0)
    corrections: str | None = None
    may_be_empty: bool = False
    chunk: Literal["month", "day"] = "month"
    gaps: list[str] = []
    feeds: dict[str, Feed] = {}
    roads: list[Road]
    shapes: dict[str, Shape] = {}

    @property
    def data_types(self) -> set[str]:
        """What a user may call it: its data type, and the tables that its files are as much for."""
        tables = {feed.table for feed in self.feeds.values() if feed.interval_minutes < A_DAY}
        return {self.data_type} | (tables & set(DATA_TYPES))

    @property
    def file_stem(self) -> str:
        """The word that the source's own file names carry for this publication."""
        return self.stem or self.source_name.split()[0]

    def longest_stem_in(self, file_name: str) -> int:
        """How long the longest word of this publication is that a file's name carries; 0 where it carries none."""
        stems = [stem for stem in (self.file_stem, *self.other_stems) if stem.lower() in file_name.lower()]
        return max(map(len, stems), default=0)

    def road(self, name: str) -> Road:
        """The road of that name.

        Raises:
            UnknownName: there is none.
        """
        for road in self.roads:
            if road.name == name:
                return road
        raise UnknownName(f"road of {self.name}", name, [road.name for road in self.roads])


class Locations(Strict):
    """What the scope ``hubs`` means at an ISO, and the ids to ask by."""

    hub_types: list[str]
    known: dict[str, dict[str, str]] = {}


class Product(Strict):
    """An ancillary-service product by the source's own word."""

    standard: str
    title: str


class Terms(Strict):
    """Whether the source's terms let its data be passed on."""

    redistribute: Literal["yes", "no", "unknown"]
    note: str


class Source(Strict):
    """One ISO."""

    iso: str
    title: str
    clock: str
    regions: str
    data_since: date
    terms: Terms
    locations: Locations
    hosts: dict[str, Host]
    stages: dict[str, list[str]] = {}
    as_products: dict[str, Product] = {}
    as_regions: dict[str, str | None] = {}
    as_regions_note: str = ""
    gaps: dict[str, str] = {}
    datasets: dict[str, Dataset]

    @model_validator(mode="after")
    def names_agree(self) -> Source:
        """Every name that an entry refers to must exist."""
        for dataset in self.datasets.values():
            # A feed of a whole day lists what there is: no market has a part in that.
            priced = [feed for feed in dataset.feeds.values() if feed.interval_minutes < A_DAY]
            sides = [dataset.market, *(feed.market for feed in priced)]
            if dataset.data_type in PRICED and None in sides:
                raise ValueError(f"{dataset.name}: prices need a market, of the dataset and of every feed")
            for road in dataset.roads:
                if road.host not in self.hosts:
                    raise ValueError(
                        f"{dataset.name}: road {road.name} names the host '{road.host}', which is not there"
                    )
            for shape_name, shape in dataset.shapes.items():
                if unknown := shape.sql.keys() - dataset.feeds.keys():
                    raise ValueError(
                        f"{dataset.name}: shape {shape_name} has SQL for unknown feeds {sorted(unknown)}"
                    )
            for feed in dataset.feeds.values():
                if feed.stage not in self.stage_order(feed.series):
                    raise ValueError(
                        f"{dataset.name}: stage '{feed.stage}' is not in stages of {feed.series}"
                    )
            if dataset.corrections and dataset.corrections not in self.datasets:
                raise ValueError(f"{dataset.name}: corrections '{dataset.corrections}' is not a dataset")
        return self

    def stage_order(self, series: str) -> list[str]:
        """The stages of a series, first to last."""
        return self.stages.get(series, ["final"])

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name.

        Raises:
            UnknownName: there is none.
        """
        try:
            return self.datasets[name]
        except KeyError:
            raise UnknownName(f"dataset of {self.iso}", name, self.datasets) from None

    def pick(
        self,
        data_types: Iterable[str] | None = None,
        markets: Iterable[str] | None = None,
        scope: Scope = "hubs",
        names: Iterable[str] | None = None,
    ) -> list[Dataset]:
        """The datasets that a user's words mean: by name, or by data type and market at a scope.

        Without words: day-ahead prices and ancillary services. What belongs to no market is meant whatever the markets.

        Raises:
            UnknownName: a data type, market or dataset that is not known.
        """
        if names:
            return [self.dataset(name) for name in names]
        types = [word.lower() for word in (data_types or ["lmp", "as"])]
        for word in types:
            if word not in DATA_TYPES:
                raise UnknownName("data type", word, DATA_TYPES)
        sides = [word.upper() for word in (markets or ["DA"])]
        for word in sides:
            if word not in ("DA", "RT"):
                raise UnknownName("market", word.lower(), ["da", "rt"])
        return [
            dataset
            for dataset in self.datasets.values()
            if dataset.data_types & set(types)
            and (dataset.market is None or dataset.market in sides)
            and dataset.default
            and scope in dataset.scopes
        ]


def load_source(path: Path) -> Source:
    """One ISO's registry file.

    Raises:
        RegistryError: the file is not YAML, or says something that the models do not know.
    """
    try:
        words = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, entry in words.get("datasets", {}).items():
            entry["name"] = name
        words.pop("definitions", None)  # YAML anchors live there
        return Source.model_validate(words)
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise RegistryError(f"{path} is not a registry file: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RegistryError(f"{path}: {place}: {first['msg']} ({error.error_count()} in all).") from error


@cache
def sources(folder: Path = SOURCES) -> Mapping[str, Source]:
    """Every ISO by its name in capitals.

    Raises:
        RegistryError: a file is wrong.
    """
    loaded = (load_source(path) for path in sorted(folder.glob("*.yaml")))
    return {source.iso: source for source in loaded}


def source(iso: str) -> Source:
    """The ISO of that name, in any case and with or without a hyphen.

    Raises:
        UnknownName: there is none.
    """
    known = sources()
    name = iso.upper().replace("-", "")
    if name not in known:
        raise UnknownName("ISO", iso, (key.lower() for key in known))
    return known[name]
