"""The macros that transforms share: the clock, text read strictly, decimals without binary rounding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.shell import SQL, shell

ZONES = ("America/New_York", "America/Los_Angeles", "America/Chicago")
FIRST, LAST = datetime(1998, 1, 1), datetime(2040, 1, 1)


def moments_of(zone: str, wall: datetime) -> tuple[datetime | None, datetime | None]:
    """The first and the second moment at which a zone's clock shows a wall time, worked out with zoneinfo."""
    found = []
    for fold in (0, 1):
        moment = wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        found.append(moment.replace(tzinfo=None) if shown == wall else None)
    return found[0], found[1]


def asked(zone: str, walls: Sequence[datetime]) -> list[tuple[datetime | None, datetime | None]]:
    """The same from the macro."""
    rows = shell().execute(
        """
        SELECT local_to_utc($zone, wall, 1), local_to_utc($zone, wall, 2)
        FROM (SELECT UNNEST($walls) AS wall, generate_subscripts($walls, 1) AS place)
        ORDER BY place
        """,
        {"zone": zone, "walls": list(walls)},
    )
    return [(first, second) for first, second in rows.fetchall()]


@st.composite
def walls_near_a_change(draw: st.DrawFn) -> tuple[str, list[datetime]]:
    """Wall times within two days of a change of the clock, and some anywhere."""
    zone = draw(st.sampled_from(ZONES))
    change = draw(st.sampled_from(CHANGES[zone]))
    near = draw(st.lists(st.integers(-48 * 3600, 48 * 3600), min_size=1, max_size=40))
    close = draw(st.lists(st.integers(-2 * 3600, 2 * 3600), min_size=1, max_size=40))
    far = draw(st.lists(st.datetimes(FIRST, LAST), max_size=10))
    return zone, [*(change + timedelta(seconds=second) for second in [*near, *close]), *far]


def changes_of(zone: str) -> list[datetime]:
    """The wall times (before the change) at which a zone's clock changes, by hour."""
    found = []
    hour = FIRST.replace(tzinfo=UTC)
    offset = hour.astimezone(ZoneInfo(zone)).utcoffset()
    while hour < LAST.replace(tzinfo=UTC):
        hour += timedelta(hours=1)
        now = hour.astimezone(ZoneInfo(zone)).utcoffset()
        if now != offset and offset is not None:
            found.append((hour + offset).replace(tzinfo=None))
        offset = now
    return found


CHANGES = {zone: changes_of(zone) for zone in ZONES}


@settings(max_examples=150, deadline=None)
@given(walls_near_a_change())
def test_local_to_utc_says_what_zoneinfo_says(given_walls: tuple[str, list[datetime]]) -> None:
    zone, walls = given_walls
    assert asked(zone, walls) == [moments_of(zone, wall) for wall in walls]


@pytest.mark.parametrize("zone", ZONES)
def test_every_quarter_of_an_hour_around_every_change_is_right(zone: str) -> None:
    walls = [change + timedelta(minutes=15 * step) for change in CHANGES[zone] for step in range(-12, 13)]
    assert asked(zone, walls) == [moments_of(zone, wall) for wall in walls]


def test_the_hour_that_spring_leaves_out_is_no_moment() -> None:
    walls = [datetime(2006, 4, 2, 2, 30), datetime(2007, 3, 11, 2), datetime(2007, 3, 11, 2, 59, 59)]
    assert asked("America/New_York", walls) == [(None, None)] * 3
    assert asked("America/New_York", [datetime(2007, 3, 11, 3)]) == [(datetime(2007, 3, 11, 7),) * 2]


def test_the_hour_that_autumn_repeats_is_two_moments() -> None:
    assert asked("America/New_York", [datetime(2006, 10, 29, 1, 30), datetime(2007, 11, 4, 1)]) == [
        (datetime(2006, 10, 29, 5, 30), datetime(2006, 10, 29, 6, 30)),
        (datetime(2007, 11, 4, 5), datetime(2007, 11, 4, 6)),
    ]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.datetimes(FIRST, LAST), min_size=1, max_size=50))
def test_a_moment_s_wall_time_leads_back_to_it(zone: str, moments: list[datetime]) -> None:
    rows = shell().execute(
        """
        SELECT moment IN (local_to_utc($zone, wall, 1), local_to_utc($zone, wall, 2))
        FROM (SELECT moment, utc_to_local($zone, moment) AS wall FROM (SELECT UNNEST($moments) AS moment))
        """,
        {"zone": zone, "moments": moments},
    )
    assert {held for (held,) in rows.fetchall()} == {True}


def test_the_session_s_own_time_zone_does_not_matter() -> None:
    connection = shell().cursor()
    connection.execute("SET TimeZone = 'Asia/Tokyo'")
    row = connection.execute(
        "SELECT local_to_utc('America/New_York', TIMESTAMP '2021-11-07 01:30:00', 2)"
    ).fetchone()
    assert row == (datetime(2021, 11, 7, 6, 30),)


def value(expression: str, **given_values: object) -> object:
    row = shell().execute(f"SELECT {expression}", given_values).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("label", "kilovolts"),
    [
        ("69 KV", 69.0),
        ("138 KV", 138.0),
        ("34.5", 34.5),
        ("13.8 kV", 13.8),
        ("500KV", 500.0),
        ("", None),
        ("AREA", None),
    ],
)
def test_a_voltage_is_read_from_its_label(label: str, kilovolts: float | None) -> None:
    assert value("kilovolts($label)", label=label) == kilovolts


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2018-10-13T11:00:00-00:00", datetime(2018, 10, 13, 11)),
        ("2018-10-13T11:00:00+00:00", datetime(2018, 10, 13, 11)),
        ("2018-10-13T11:00:00Z", datetime(2018, 10, 13, 11)),
        ("2018-10-13T11:00:00-07:00", None),
        ("2018-10-13T11:00:00", None),
        ("2018-10-13", None),
        (None, None),
    ],
)
def test_a_stamp_that_does_not_say_utc_is_not_taken_for_it(
    stamp: str | None, moment: datetime | None
) -> None:
    assert value("utc_of_iso_stamp(CAST($stamp AS VARCHAR))", stamp=stamp) == moment


@pytest.mark.parametrize(
    ("macro", "stamp", "moment"),
    [
        ("naive_of_12_hour_stamp", "7/2/2018 4:00:00 AM", datetime(2018, 7, 2, 4)),
        ("naive_of_12_hour_stamp", "12/31/2018 12:00:00 AM", datetime(2018, 12, 31)),
        ("naive_of_12_hour_stamp", "12/31/2018 12:05:00 PM", datetime(2018, 12, 31, 12, 5)),
        ("naive_of_12_hour_stamp", "8/1/2018 4:00", None),
        ("naive_of_24_hour_stamp", "11/05/2017 01:00", datetime(2017, 11, 5, 1)),
        ("naive_of_24_hour_stamp", "11/05/2017 16:10:46", datetime(2017, 11, 5, 16, 10, 46)),
        ("naive_of_24_hour_stamp", "6/1/24 0:00", None),
        ("naive_of_24_hour_stamp", "13/05/2017 01:00", None),
        ("naive_of_iso_stamp", "2026-06-09T04:00:00", datetime(2026, 6, 9, 4)),
        ("naive_of_iso_stamp", "2026-06-09T04:00:00.250", datetime(2026, 6, 9, 4, 0, 0, 250000)),
        ("naive_of_iso_stamp", "2026-06-09T04:00:00-04:00", None),
    ],
)
def test_a_stamp_of_another_form_is_not_guessed_at(macro: str, stamp: str, moment: datetime | None) -> None:
    assert value(f"{macro}($stamp)", stamp=stamp) == moment


@settings(max_examples=300, deadline=None)
@given(*(st.decimals(-99999, 99999, places=6) for _ in range(3)))
def test_a_remainder_is_the_decimal_computed_by_hand(total: Decimal, first: Decimal, second: Decimal) -> None:
    said = value("exact_remainder($a, $b, $c)", a=float(total), b=float(first), c=float(second))
    assert said == float(total - first - second)


def test_text_of_xml_is_found_whatever_its_prefix() -> None:
    text = "<m:ROW><m:NAMES>no</m:NAMES>\n<m:NAME> A &amp; B &lt;1&gt; </m:NAME></m:ROW>"
    assert value("xml_text($text, 'NAME')", text=text) == "A & B <1>"
    assert value("xml_text($text, 'NAME')", text=text.replace("m:", "")) == "A & B <1>"
    assert value("xml_text($text, 'OTHER')", text=text) is None


@pytest.mark.parametrize(
    "path", sorted(SQL.glob("transforms/*/*.sql")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_transform_opens_by_saying_what_it_reads(path: object) -> None:
    text = (SQL / str(path)).read_text(encoding="utf-8")
    head = text[: re.search(r"^(WITH|SELECT)\b", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    assert all(f"-- {word}" in head for word in ("Reads:", "Grain:", "Source:", "Why:"))
    assert "getvariable('raw_files')" in text
    assert ";" not in re.sub("--.*", "", text)
