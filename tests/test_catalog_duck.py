"""The DuckDB connection: ready for the lake, offline, and silent about secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from catalog_kit import ROOT

from catalog.duck import S3Access, extension_files, open_duckdb
from catalog.errors import SetupError
from catalog.storage import storage_explained

SECRET = "wJalrXUtnFEMI/K7MDENG'bPxRfiCYEXAMPLEKEY"


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> object:
    row = connection.execute(f"SELECT current_setting('{name}')").fetchone()
    assert row is not None
    return row[0]


def test_the_clock_is_utc_and_the_network_is_left_alone() -> None:
    with open_duckdb() as connection:
        assert setting(connection, "TimeZone") == "UTC"
        assert setting(connection, "autoinstall_known_extensions") is False
        loaded = connection.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
        assert {"httpfs", "avro", "iceberg"} <= {name for (name,) in loaded}


def test_limits_are_set(tmp_path: Path) -> None:
    with open_duckdb(memory_limit="500MB", threads=1, temp_directory=tmp_path / "spill") as connection:
        assert setting(connection, "memory_limit") == "476.8 MiB"
        assert setting(connection, "threads") == 1
        assert setting(connection, "temp_directory") == str(tmp_path / "spill")


def test_a_limit_that_duckdb_does_not_take_is_said() -> None:
    with pytest.raises(SetupError, match="memory_limit = plenty"):
        open_duckdb(memory_limit="plenty")


def test_the_s3_secret_is_there_and_does_not_show() -> None:
    access = S3Access(
        "AKIA", SECRET, session_token="token-value", region="us-east-2", endpoint="http://localhost:9/x"
    )
    with open_duckdb(s3=access) as connection:
        (shown,) = connection.execute("SELECT secret_string FROM duckdb_secrets()").fetchall()
        assert SECRET not in str(shown)
        assert "endpoint=localhost:9/x" in str(shown)
        assert "use_ssl=false" in str(shown)
        assert "url_style=path" in str(shown)
    assert SECRET not in repr(access)
    assert "token-value" not in repr(access)


def test_the_stores_of_a_cloud_are_asked_by_host_name() -> None:
    with open_duckdb(s3=S3Access("AKIA", SECRET, region="eu-central-1")) as connection:
        (shown,) = connection.execute("SELECT secret_string FROM duckdb_secrets()").fetchall()
        assert "region=eu-central-1" in str(shown)
        assert "url_style=path" not in str(shown)


def test_settings_that_duckdb_refuses_are_said_without_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.duck._endpoint", lambda _: {"NO_SUCH_OPTION": "x"})
    with pytest.raises(SetupError) as refusal:
        open_duckdb(s3=S3Access("AKIA", SECRET))
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_missing_extension_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SetupError, match="pip install duckdb-extension-httpfs=="):
        extension_files()


def test_an_extension_of_another_version_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "__version__", "9.9.9")
    with pytest.raises(SetupError, match=r"pip install duckdb-extension-httpfs==9\.9\.9"):
        extension_files()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("AWS Error NO_SUCH_BUCKET during CreateMultipartUpload operation"), "bucket does not exist"),
        (OSError("AWS Error ACCESS_DENIED during PutObject operation: Access Denied"), "access is denied"),
        (
            OSError("AWS Error INVALID_ACCESS_KEY_ID during HeadObject operation"),
            "does not accept these credentials",
        ),
        (OSError("AWS Error SIGNATURE_DOES_NOT_MATCH during GetObject"), "does not accept these credentials"),
        (OSError("AWS Error UNKNOWN (HTTP status 301) during HeadObject operation"), "in another region"),
        (
            OSError("AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 7"),
            "cannot be reached",
        ),
        (OSError(28, "No space left on device"), "disk is full"),
        (duckdb.HTTPException("HTTP 403 (Forbidden)"), "access is denied"),
        (OSError("something new\nwith details"), r"cannot be used: something new\.$"),
    ],
)
def test_storage_errors_are_one_sentence_with_a_remedy(error: Exception, said: str) -> None:
    with pytest.raises(SetupError, match=said) as told, storage_explained("s3://bucket/lake"):
        raise error
    assert str(told.value).startswith("s3://bucket/lake cannot be used: ")
    assert "\n" not in str(told.value)


@pytest.mark.long
def test_many_processes_may_open_at_once_in_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    script = "from catalog.duck import open_duckdb; open_duckdb().close()"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    errors = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 6, errors
    assert list(home.iterdir()) == []
