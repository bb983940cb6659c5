"""The store: whole objects or none, raw never overwritten, trouble told in one sentence without secrets."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.disk import ABANDONED_SECONDS
from ingest.errors import StorageError
from ingest.storage import Store

KEY = "raw/caiso/da_energy_hourly/2022-01-01/0123456789ab_day.zip"
SECRET = "s3cr3t-access-key-value"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def options(endpoint: str, region: str = "us-east-2", **words: Any) -> dict[str, Any]:
    return {
        "key": "AKIAEXAMPLE",
        "secret": SECRET,
        "endpoint_url": endpoint,
        "client_kwargs": {"region_name": region},
        **words,
    }


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.long)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return Store(str(tmp_path / "lake"))
    address = request.getfixturevalue("endpoint")
    bucket = f"lake-{os.urandom(4).hex()}"
    _create(address, bucket)
    return Store(f"s3://{bucket}/some/prefix", options(address))


def _create(endpoint: str, bucket: str) -> None:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key=SECRET,
        region_name="us-east-2",
    )
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "day.zip"
    path.write_bytes(b"content" * 1000)
    return path


def test_an_object_can_be_put_found_listed_and_fetched(store: Store, file: Path, tmp_path: Path) -> None:
    assert not store.exists(KEY)
    assert store.put(KEY, file)
    assert store.exists(KEY)
    assert store.size(KEY) == 7000
    assert store.list("raw") == [KEY]
    assert store.list("raw/caiso/da_energy_hourly") == [KEY]
    assert store.list() == [KEY]
    assert store.list("raw/cai") == []
    assert store.read_bytes(KEY) == file.read_bytes()
    with store.open(KEY) as opened:
        assert opened.read(7) == b"content"
    store.fetch_to(KEY, tmp_path / "sub" / "copy.zip")
    assert (tmp_path / "sub" / "copy.zip").read_bytes() == file.read_bytes()


def test_a_raw_object_is_never_overwritten(store: Store, file: Path, tmp_path: Path) -> None:
    store.put(KEY, file)
    other = tmp_path / "other"
    other.write_bytes(b"something else")
    assert not store.put(KEY, other)
    assert not store.link_or_copy(KEY, other)
    assert store.read_bytes(KEY) == file.read_bytes()


def test_a_journal_is_written_read_replaced_and_deleted(store: Store) -> None:
    store.write_bytes("ledger/run/1.json", b"{}")
    store.write_bytes("ledger/run/1.json", b"{1}")
    assert store.read_bytes("ledger/run/1.json") == b"{1}"
    store.delete("ledger/run/1.json")
    store.delete("ledger/run/1.json")
    assert store.list("ledger") == []


def test_raw_objects_cannot_be_deleted(store: Store, file: Path) -> None:
    store.put(KEY, file)
    with pytest.raises(ValueError, match="never deleted"):
        store.delete(KEY)
    assert store.exists(KEY)


def test_a_missing_object_is_one_sentence(store: Store, tmp_path: Path) -> None:
    for ask in (store.read_bytes, store.open, store.size, lambda key: store.fetch_to(key, tmp_path / "x")):
        with pytest.raises(StorageError, match=r"There is no object 'raw/nothing'"):
            ask("raw/nothing")
    assert not (tmp_path / "x").exists()


def test_a_good_store_passes_its_check(store: Store) -> None:
    store.check()


@pytest.mark.parametrize("key", ["/etc/passwd", "../outside", "raw/../../x"])
def test_a_key_stays_inside_the_store(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="is not a key"):
        Store(str(tmp_path)).exists(key)


def test_a_local_object_appears_only_when_it_is_whole(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path / "lake"))
    seen: list[list[str]] = []
    flush = os.fsync

    def look(descriptor: int) -> None:
        seen.append(store.list())
        flush(descriptor)

    monkeypatch.setattr("ingest.disk.os.fsync", look)
    store.put(KEY, file)
    # First the file is flushed, while its name is still another; then the folder that holds the name.
    assert seen == [[], [KEY]]


def test_an_interrupted_put_leaves_nothing(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path / "lake"))

    def interrupt(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("ingest.storage.shutil.copyfile", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.put(KEY, file)
    assert [path for path in (tmp_path / "lake").rglob("*") if path.is_file()] == []


def test_temporary_files_of_killed_writers_are_swept_and_those_of_live_ones_kept(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "lake"))
    folder = tmp_path / "lake" / "raw"
    folder.mkdir(parents=True)
    host = socket.gethostname()
    dead = folder / f".a.zip.{host}.999999999.abcdef01.part"
    live = folder / f".a.zip.{host}.{os.getppid()}.abcdef01.part"
    foreign = folder / ".a.zip.elsewhere.1.abcdef01.part"
    old = folder / ".b.zip.elsewhere.1.abcdef01.part"
    for path in (dead, live, foreign, old):
        path.write_bytes(b"half")
    age = old.stat().st_mtime - ABANDONED_SECONDS - 60
    os.utime(old, (age, age))
    assert store.list() == []
    assert store.sweep() == 2
    assert sorted(folder.iterdir()) == sorted([live, foreign])


def test_a_users_file_is_linked_where_that_is_possible(tmp_path: Path, file: Path) -> None:
    store = Store(str(tmp_path / "lake"))
    assert store.link_or_copy(KEY, file)
    kept = store.local_path(KEY)
    assert kept is not None
    assert kept.samefile(file)


def test_a_link_to_a_file_is_not_kept_as_a_link_to_a_link(tmp_path: Path, file: Path) -> None:
    store = Store(str(tmp_path / "lake"))
    (tmp_path / "alias.zip").symlink_to(file)
    store.link_or_copy(KEY, tmp_path / "alias.zip")
    kept = store.local_path(KEY)
    assert kept is not None
    assert not kept.is_symlink()
    assert kept.samefile(file)


def test_a_users_file_is_copied_where_it_cannot_be_linked(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("ingest.storage.os.link", refuse)
    store = Store(str(tmp_path / "lake"))
    assert store.link_or_copy(KEY, file)
    kept = store.local_path(KEY)
    assert kept is not None
    assert not kept.samefile(file)
    assert kept.read_bytes() == file.read_bytes()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, file: Path) -> None:
    (tmp_path / "lake").write_bytes(b"a file where the folder should be")
    with pytest.raises(StorageError, match="failed on"):
        Store(str(tmp_path / "lake")).put(KEY, file)


def test_a_remote_store_has_no_local_path() -> None:
    store = Store("s3://bucket/prefix", options("http://127.0.0.1:9"))
    assert store.local_path(KEY) is None
    assert store.url(KEY) == f"s3://bucket/prefix/{KEY}"


def told(call: Any) -> str:
    """The sentence of a failing call: one line, no secret, no traceback of the libraries below."""
    with pytest.raises(StorageError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    assert SECRET not in text
    assert caught.value.__cause__ is None
    return text


@pytest.mark.long
def test_a_missing_bucket_is_one_sentence(endpoint: str, file: Path) -> None:
    store = Store("s3://no-such-bucket/x", options(endpoint))
    for call in (
        store.check,
        store.list,
        lambda: store.put("raw/x", file),
        lambda: store.write_bytes("x", b""),
    ):
        assert told(call).startswith("The bucket 'no-such-bucket' of s3://no-such-bucket/x does not exist.")


@pytest.mark.long
def test_a_wrong_region_is_one_sentence(endpoint: str) -> None:
    _create(endpoint, "in-ohio")
    text = told(Store("s3://in-ohio", options(endpoint, region="eu-west-1")).check)
    assert text == (
        "The bucket 'in-ohio' is in the region us-east-2, not in the one configured (eu-west-1). "
        "Set AWS_REGION and AWS_DEFAULT_REGION to us-east-2."
    )


@pytest.mark.long
def test_missing_credentials_are_one_sentence(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    store = Store("s3://any-bucket", {"endpoint_url": endpoint})
    assert told(store.check).startswith("No AWS credentials for s3://any-bucket.")


@pytest.mark.long
def test_an_endpoint_that_does_not_answer_is_one_sentence() -> None:
    store = Store(
        "s3://any-bucket", options("http://127.0.0.1:9", config_kwargs={"retries": {"max_attempts": 0}})
    )
    assert told(store.check) == (
        "The storage at s3://any-bucket cannot be reached. Check AWS_ENDPOINT_URL and the network."
    )


@pytest.mark.long
def test_wrong_credentials_are_one_sentence(file: Path) -> None:
    import requests
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    _create(address, "guarded")
    # From here on moto checks who asks: all its servers in this process do, until it is told to stop.
    requests.post(f"{address}/moto-api/reset-auth", data=b"0", timeout=5)
    try:
        store = Store("s3://guarded", options(address))
        assert "does not accept the credentials (InvalidAccessKeyId)" in told(store.check)
        for call in (store.list, lambda: store.put("raw/x", file), lambda: store.read_bytes("x")):
            text = told(call)
            assert "does not accept the credentials" in text or "denies access" in text
            assert "AWS_" in text or "credentials" in text
    finally:
        requests.post(f"{address}/moto-api/reset-auth", data=b"inf", timeout=5)
    server.stop()
