"""ERCOT's load forecasts: transforms against genuine files, vintages by their names, bulk and repeated hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest
from behaviour_kit import World, assert_series, served, stamp, written
from oracle import ercot
from oracle.shell import Case, assert_same, case_of, genuine, lay_out, objections, published

from ingest import registry
from ingest.simulator import Simulator, ercot_api, ercot_load, ercot_rows

NOW = stamp("2026-11-20 08:00")

MODEL = (
    "DeliveryDate,HourEnding,Coast,East,FarWest,North,NorthCentral,SouthCentral,Southern,West,SystemTotal,"
    "Model,InUseFlag,DSTFlag"
)
ZONE = "DeliveryDate,HourEnding,North,South,West,Houston,SystemTotal,DSTFlag    "
FIELDS = (
    "interval_start_utc",
    "published_at_utc",
    "forecast",
    "is_in_use",
    "area",
    "area_type",
    "area_id",
    "forecast_mw",
)
TRANSFORMS = {MODEL: "ercot/load_forecast_by_model", ZONE: "ercot/load_forecast_by_forecast_zone"}


def document(stamp: str, header: str, *lines: str, word: str = "LFMODWEATHERNP3565") -> Case:
    name = f"cdr.00014837.0000000000000000.{stamp}.{word}.csv"
    return Case(stamp, {name: "\n".join([header, *lines, ""]).encode()})


MODELS = "12268.627,2392.6638,3804.5608,1268.0095,18638.832,9323.998,4920.3599,1988.5255,54605.5765"
MADE = [
    document(
        "20251101.123000",
        MODEL,
        f"11/02/2025,2:00,{MODELS},A3,N,N",
        f"11/02/2025,2:00,{MODELS},A3,Y,Y",
        f"11/02/2025,2:00,{MODELS},E,N,Y",
        f"11/02/2025,24:00,{MODELS},E,N,N",
    ),
    document("20251102.013000", MODEL, f"11/02/2025,1:00,{MODELS},X,N,N"),
    document("20251102.013000", MODEL, f"11/02/2025,1:00,{MODELS},X,N,N", word="LFMODWEATHERNP3565xhr"),
    document(
        "20250309.003000", ZONE, "03/09/2025,4:00,1,2,3,4,10.000000000000001,N", word="LFCCONGESTNP3560"
    ),
]
FOLDERS = ("ercot/load_forecast_by_model_weather_zone", "ercot/load_forecast_by_forecast_zone")
GENUINE = [case_of(path) for path in genuine(*FOLDERS)]


@pytest.mark.parametrize("case", [*MADE, *GENUINE], ids=lambda case: case.name)
def test_a_forecast_says_what_its_file_says(case: Case, tmp_path: Path) -> None:
    (text,) = (case.text(name) for name in case.members)
    transform = TRANSFORMS[MODEL if "Model" in text.splitlines()[0] else ZONE]
    rows = published(transform, lay_out(tmp_path, case))
    assert_same(rows, ercot.load_forecast(case), *FIELDS)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(now=NOW, nodes=2) as running:
        yield running


@pytest.fixture
def member(sim: Simulator, tmp_path: Path) -> Iterator[World]:
    """A user with an account."""
    with World(tmp_path / "lake", sim, NOW, ercot_api.ACCOUNT) as made:
        yield made


def asked(world: World, host: str) -> Counter[str]:
    assert world.sim is not None
    return Counter(seen.path.rpartition("/")[2] for seen in world.sim.requests if seen.host == host)


def test_every_hour_of_a_day_is_a_vintage_by_the_list_as_by_the_archive(member: World) -> None:
    day, names = date(2026, 11, 15), ["load_forecast_hourly"]
    member.accounts = {}
    first = member.ingest("ERCOT", day, day, names)
    assert first.complete, first.landing and first.landing.sentences
    assert asked(member, "www.ercot.com") == {"IceDocListJsonWS": 1, "mirDownload": 24}
    rows = assert_series(member, "ERCOT", "load_forecast", "load_forecast_hourly")
    assert rows == 24 * 48 * 2 * 9
    (told,) = member.query(
        "SELECT count(DISTINCT published_at_utc) AS vintages, count(DISTINCT forecast) AS models, "
        "max(version) AS versions, bool_and(published_at_basis = 'source') AS stated FROM market.load_forecast_all"
    )
    assert told == {"vintages": 24, "models": 2, "versions": 1, "stated": True}
    used = member.query(
        "SELECT DISTINCT forecast, delivery_date AS day FROM market.load_forecast WHERE is_in_use ORDER BY day"
    )
    assert [row["day"].day for row in used] == [15, 16]
    assert len({row["forecast"] for row in used}) == 2
    # The documents that a user gets from the archive are the same.
    assert member.sim is not None
    source = registry.source("ERCOT")
    entry = source.dataset("load_forecast_hourly")
    files = served(member.sim, source, entry, entry.road("archive"), day)
    assert len(files) == 1
    assert member.take("ERCOT", None, written(member.folder.parent / "archive", files)).complete
    assert member.build("ERCOT", names).complete
    assert assert_series(member, "ERCOT", "load_forecast", "load_forecast_hourly") == rows


def test_a_month_of_forecasts_is_fetched_at_once_but_for_the_hour_that_comes_twice(member: World) -> None:
    first, last, names = date(2026, 10, 20), date(2026, 11, 3), ["load_forecast_by_forecast_zone_hourly"]
    report = member.ingest("ERCOT", first, last, names)
    assert report.complete, report.landing and report.landing.sentences
    # Fifteen days, one of 25 hours: both documents of the repeated hour stand alone.
    assert asked(member, "api.ercot.com") == {"np3-560-cd": 1, "download": 3}
    rows = member.query("SELECT DISTINCT published_at_utc AS made FROM market.load_forecast ORDER BY ALL")
    hours = 15 * 24 + 1
    made = [row["made"].astimezone(UTC) for row in rows]
    assert made == [stamp("2026-10-20 05:30") + timedelta(hours=number) for number in range(hours)]
    series = "load_forecast_by_forecast_zone_hourly"
    assert assert_series(member, "ERCOT", "load_forecast", series) > 0


@pytest.mark.parametrize("marked", [True, False], ids=["named xhr", "not told apart by name"])
@pytest.mark.parametrize("road", ["list", "archive"])
def test_both_publications_of_the_repeated_hour_are_vintages(
    member: World, road: str, marked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not marked:
        real = ercot_rows.Document.name.fget
        monkeypatch.setattr(
            ercot_rows.Document,
            "name",
            property(lambda one: real(one).replace("xhr", "")),  # type: ignore[misc]
        )
    day = date(2026, 11, 1)
    member.now = stamp("2026-11-04 08:00" if road == "list" else "2026-11-20 08:00")
    if road == "list":
        member.accounts = {}
    assert member.ingest("ERCOT", day, day, ["load_forecast_by_forecast_zone_hourly"]).complete
    rows = member.query(
        "SELECT published_at_utc AS made, count(*) AS n, max(version) AS version FROM market.load_forecast_all "
        "GROUP BY ALL ORDER BY made"
    )
    made = [row["made"].astimezone(UTC) for row in rows]
    assert made == [stamp("2026-11-01 05:30") + timedelta(hours=number) for number in range(25)]
    assert {(row["n"], row["version"]) for row in rows} == {(49 * 5, 1)}


def test_a_publication_that_the_archive_lacks_is_a_hole_and_no_failure(
    member: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ercot_rows.documents
    lost = stamp("2026-10-21 18:00")

    def fewer(report: ercot_rows.Report, day: date) -> list[ercot_rows.Document]:
        return [one for one in real(report, day) if one.start != lost]

    monkeypatch.setattr(ercot_rows, "documents", fewer)
    days = date(2026, 10, 20), date(2026, 10, 22)
    report = member.download("ERCOT", *days, ["load_forecast_by_forecast_zone_hourly"])
    assert report.complete
    assert report.landing is not None
    (hole,) = [event for event in report.landing.events if event.status == "empty"]
    assert (hole.period_start, hole.period_end) == (lost, lost + timedelta(hours=1))


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        (MODEL, f"03/09/2025,3:00,{MODELS},E,N,N", "no hour of Central time ends at 03/09/2025 3:00 N"),
        (MODEL, f"11/02/2025,2:00,{MODELS},E,N,", "no hour"),
        (MODEL, f",2:00,{MODELS},E,N,N", "no hour"),
        (MODEL, f"11/03/2025,2:00,{MODELS},,N,N", "names no model"),
        (MODEL, f"11/03/2025,2:00,{MODELS},E,maybe,N", "InUseFlag of E is neither Y nor N"),
        (MODEL, f"11/03/2025,2:00,{MODELS.replace('1988.5255', 'n/a')},E,N,N", "E of West at"),
        (ZONE, "11/03/2025,25:00,1,2,3,4,10,N", "no hour"),
        (
            ZONE,
            "11/03/2025,2:00,1,2,3,x,10,N",
            "the forecast of Houston at 11/03/2025 2:00 N is not a number: x",
        ),
    ],
)
def test_a_forecast_that_cannot_be_vouched_for_is_objected_to(
    header: str, line: str, words: str, tmp_path: Path
) -> None:
    rows = published(TRANSFORMS[header], lay_out(tmp_path, document("20251101.123000", header, line)))
    (said,) = objections(rows)
    assert words in said


def test_genuine_forecasts_become_rows_and_those_without_a_moment_take_that_of_their_file(
    tmp_path: Path,
) -> None:
    paths = genuine(*FOLDERS)
    with World(tmp_path / "lake", None, NOW) as world:
        adoption = world.take("ERCOT", None, paths)
        assert adoption.complete, adoption.problems
        assert world.build("ERCOT").complete
        for path in paths:
            series = (
                "load_forecast_hourly" if path.suffix == ".csv" else "load_forecast_by_forecast_zone_hourly"
            )
            assert assert_series(world, "ERCOT", "load_forecast", series) > 0
        rows = world.query("SELECT DISTINCT forecast, published_at_basis AS basis FROM market.load_forecast")
        for row in rows:
            assert row["basis"] == ("source" if row["forecast"] == "NP3-560-CD" else "file")


@pytest.mark.parametrize("case", GENUINE, ids=lambda case: case.name)
def test_the_simulators_forecasts_are_printed_like_the_genuine_ones(case: Case) -> None:
    (own,) = (case.text(name).splitlines() for name in case.members)
    columns = next(one for *_, one in ercot_load.FORECASTS if ("Model" in one) == ("Model" in own[0]))
    made = list(ercot_load.lines(columns, NOW))
    assert columns == own[0]
    assert {len(line.split(",")) for line in made} == {len(own[1].split(","))}
    assert {line.split(",")[1] for line in made} == {line.split(",")[1] for line in own[1:]}
