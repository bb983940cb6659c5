"""Accounts that a host needs: roads over it are closed without them, and one sentence says what is lacking."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingest import registry
from ingest.credentials import closed_hosts, not_accepted
from ingest.fetch import Session
from ingest.plan import Plan, plan
from ingest.registry import Credentials, Host, Pace, Retention, Source
from lake.config import Settings
from lake.doctor import examine

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
NAMES = ["SOME_USERNAME", "SOME_PASSWORD"]
WHERE = "an account is free: www.example.com/register"
ACCOUNT = {"SOME_USERNAME": "somebody", "SOME_PASSWORD": "battery-horse"}
SAID = f"needs an account: set SOME_USERNAME and SOME_PASSWORD ({WHERE})"


@pytest.fixture
def locked() -> Source:
    """An ISO whose archive of a dataset needs an account, and whose daily files of ten days do not."""
    source = registry.source("NYISO")
    credentials = Credentials(variables=NAMES, account=WHERE)
    pace = Pace(requests=1, seconds=1)
    host = Host(base="https://api.example.com/v1", pace=pace, credentials=credentials)
    dataset = source.dataset("da_energy_hourly")
    daily = dataset.road("daily").model_copy(update={"retention": Retention(days=10)})
    archive = daily.model_copy(
        update={"name": "archive", "host": "locked", "retention": Retention(months=24)}
    )
    return source.model_copy(
        update={
            "hosts": {**source.hosts, "locked": host},
            "datasets": {dataset.name: dataset.model_copy(update={"roads": [daily, archive]})},
        }
    )


def planned(source: Source, environ: dict[str, str], first: date, last: date) -> Plan:
    datasets = [source.dataset("da_energy_hourly")]
    return plan(source, datasets, first, last, "hubs", NOW, closed=closed_hosts(source, environ))


def test_a_road_without_its_account_is_closed_and_the_rest_keeps_working(locked: Source) -> None:
    job = planned(locked, {}, date(2026, 10, 1), date(2026, 11, 19))
    assert [(leg.road.name, leg.first) for leg in job.legs] == [("daily", date(2026, 11, 10))]
    (gap,) = job.missing
    assert (gap.status, gap.first, gap.last) == ("not_asked", date(2026, 10, 1), date(2026, 11, 9))
    assert gap.reason == f"api.example.com {SAID}"


def test_what_no_road_keeps_is_expired_whatever_the_account(locked: Source) -> None:
    job = planned(locked, {}, date(2024, 11, 1), date(2024, 12, 1))
    assert [(gap.status, gap.last) for gap in job.missing] == [
        ("expired", date(2024, 11, 19)),
        ("not_asked", date(2024, 12, 1)),
    ]


def test_with_the_account_the_road_is_open(locked: Source) -> None:
    assert closed_hosts(locked, ACCOUNT) == {}
    job = planned(locked, ACCOUNT, date(2026, 10, 1), date(2026, 10, 5))
    assert [leg.road.name for leg in job.legs] == ["archive"]
    assert not job.missing


def test_only_what_is_lacking_is_asked_for(locked: Source) -> None:
    (said,) = closed_hosts(locked, {"SOME_USERNAME": "somebody", "SOME_PASSWORD": ""}).values()
    assert "set SOME_PASSWORD (" in said


def test_an_account_that_is_not_accepted_is_a_sentence_with_its_variables(locked: Source) -> None:
    said = not_accepted(locked.hosts["locked"])
    assert said == (
        f"api.example.com does not accept the credentials. Check SOME_USERNAME and SOME_PASSWORD ({WHERE})."
    )


def test_no_value_of_an_account_is_ever_shown(locked: Source) -> None:
    with Session(locked, ACCOUNT) as session:
        assert "battery-horse" not in session.redactor.text("https://x/?a=battery-horse by somebody")


def test_the_doctor_says_which_account_is_lacking(locked: Source, tmp_path: Path) -> None:
    settings = Settings(uri=str(tmp_path / "lake"))
    for environ, words in (({}, SAID), (ACCOUNT, "SOME_USERNAME and SOME_PASSWORD are set")):
        found = [one for one in examine(settings, [locked], environ) if one.what == "NYISO"]
        assert [one.sentence for one in found] == [f"api.example.com{' ' if not environ else ': '}{words}"]
        assert all(one.good for one in found)
