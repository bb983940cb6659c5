"""The object store: raw files and journals under one address, on a local disk or on S3.

An object becomes visible only when it is whole. Locally that is a temporary file in the same folder, flushed
to the disk and then renamed; on S3 it is one put. What a killed run leaves behind are temporary files, never
half an object, and the next run sweeps them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

import fsspec  # type: ignore[import-untyped]

from ingest.disk import PART, is_abandoned, is_running, part_of, whole_file
from ingest.errors import StorageError

__all__ = ["Store", "explain", "is_running"]


class Store:
    """Objects by key under one address.

    Args:
        uri: a local folder, or ``s3://bucket/prefix``.
        options: what fsspec's file system takes (for S3: ``key``, ``secret``, ``endpoint_url``,
            ``client_kwargs``). Without them the standard ``AWS_*`` variables hold.
    """

    def __init__(self, uri: str, options: Mapping[str, Any] | None = None) -> None:
        self.uri = uri.rstrip("/") or "/"
        self.is_local = "://" not in uri or uri.startswith("file://")
        if self.is_local:
            self._folder = Path(self.uri.removeprefix("file://")).absolute()
            self._root = self._folder.as_posix()
            self._fs = fsspec.filesystem("file")
        else:
            protocol, _, self._root = self.uri.partition("://")
            # Others write here too: a cached listing, or a file system with old credentials, would be wrong.
            words = {"skip_instance_cache": True, "use_listings_cache": False, **(options or {})}
            with self._sentences("open"):
                self._fs = fsspec.filesystem(protocol, **words)

    def __repr__(self) -> str:
        return f"Store({self.uri!r})"

    @property
    def bucket(self) -> str:
        """The bucket of a remote store, else the folder."""
        return self._root if self.is_local else self._root.split("/", 1)[0]

    def url(self, key: str) -> str:
        """Where an object is: a path on a local disk, else its address."""
        return (
            self._address(key) if self.is_local else f"{self.uri.partition('://')[0]}://{self._address(key)}"
        )

    def local_path(self, key: str) -> Path | None:
        """The object's file on this machine, or None where the store is remote."""
        return Path(self._address(key)) if self.is_local else None

    def exists(self, key: str) -> bool:
        """Whether the object is there.

        Raises:
            StorageError: the store cannot be asked.
        """
        with self._sentences(key):
            return bool(self._fs.exists(self._address(key)))

    def size(self, key: str) -> int:
        """The object's bytes.

        Raises:
            StorageError: it is not there, or the store cannot be asked.
        """
        with self._sentences(key):
            return int(self._fs.info(self._address(key))["size"])

    def open(self, key: str) -> IO[bytes]:
        """The object's bytes as a file.

        Raises:
            StorageError: it is not there, or the store cannot be asked.
        """
        with self._sentences(key):
            opened: IO[bytes] = self._fs.open(self._address(key), "rb")
            return opened

    def read_bytes(self, key: str) -> bytes:
        """All of a small object.

        Raises:
            StorageError: it is not there, or the store cannot be asked.
        """
        with self._sentences(key):
            return bytes(self._fs.cat_file(self._address(key)))

    def fetch_to(self, key: str, local_path: Path) -> None:
        """Copy an object to a local file, whole or not at all.

        Raises:
            StorageError: it is not there, or the store cannot be asked.
        """
        with self._sentences(key), part_of(local_path) as part:
            self._fs.get_file(self._address(key), str(part))
            part.replace(local_path)

    def put(self, key: str, local_path: Path) -> bool:
        """Keep a local file under a key; False where the key is there already (then so is the content).

        Raises:
            StorageError: the store cannot be written.
        """
        if self.exists(key):
            return False
        with self._sentences(key):
            if self.is_local:
                with whole_file(Path(self._address(key))) as part:
                    shutil.copyfile(local_path, part)
            else:
                self._fs.put_file(str(local_path), self._address(key))
        return True

    def replace(self, key: str, local_path: Path) -> None:
        """Put a local file under a key, whole, in place of the one that may be there. Not for raw.

        Raises:
            StorageError: the store cannot be written.
        """
        with self._sentences(key):
            if self.is_local:
                with whole_file(Path(self._address(key))) as part:
                    shutil.copyfile(local_path, part)
            else:
                self._fs.put_file(str(local_path), self._address(key))

    def link_or_copy(self, key: str, path: Path) -> bool:
        """Keep a user's file under a key: as a hard link on the same file system, else as a copy.

        False where the key is there already.

        Raises:
            StorageError: the store cannot be written.
        """
        if self.is_local and not self.exists(key):
            target = Path(self._address(key))
            with self._sentences(key):
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    os.link(path.resolve(), target)
                    return True
                except FileExistsError:
                    return False
                except OSError:
                    # Another file system, or one without hard links: the copy below does.
                    pass
        return self.put(key, path)

    def write_bytes(self, key: str, data: bytes) -> None:
        """Write a small object whole, in place of the one that may be there. For journals, not for raw.

        Raises:
            StorageError: the store cannot be written.
        """
        with self._sentences(key):
            if self.is_local:
                with whole_file(Path(self._address(key))) as part:
                    part.write_bytes(data)
            else:
                self._fs.pipe_file(self._address(key), data)

    def list(self, prefix: str = "") -> list[str]:
        """Every key under a prefix (whole folder names), in order; none where there is no such folder.

        Raises:
            StorageError: the store cannot be asked.
        """
        start = len(self._root) + 1
        with self._sentences(prefix):
            try:
                paths = self._fs.find(self._address(prefix) if prefix else self._root)
            except FileNotFoundError as error:
                if not self.is_local and "bucket" in str(error).lower():
                    raise
                return []
        return sorted(path[start:] for path in paths if not path.endswith(PART))

    def delete(self, key: str) -> None:
        """Delete a journal that has been folded elsewhere; nothing happens where it is gone already.

        Raises:
            ValueError: a key under ``raw/``: raw objects are never deleted.
            StorageError: the store cannot be written.
        """
        if PurePosixPath(key).parts[:1] == ("raw",):
            raise ValueError(f"'{key}' is a raw object; those are never deleted.")
        with self._sentences(key), suppress(FileNotFoundError):
            self._fs.rm_file(self._address(key))

    def sweep(self, prefix: str = "") -> int:
        """Remove what killed runs left under a prefix; how many files. Live writers keep theirs."""
        if not self.is_local:
            return 0
        folder = Path(self._address(prefix)) if prefix else self._folder
        swept = 0
        for path in folder.rglob(f".*{PART}"):
            if is_abandoned(path):
                path.unlink(missing_ok=True)
                swept += 1
        return swept

    def check(self) -> None:
        """Ask the store for one listing, so that wrong credentials, bucket or region show before the work.

        Raises:
            StorageError: one sentence that names the place and the remedy.
        """
        with self._sentences(""):
            if self.is_local:
                self._folder.mkdir(parents=True, exist_ok=True)
                with part_of(self._folder / "check") as part:
                    part.write_bytes(b"")
            else:
                self._check_bucket()

    def _check_bucket(self) -> None:
        # A listing first: its error names wrong credentials, which the bodiless answer to HEAD cannot.
        self._fs.call_s3("list_objects_v2", Bucket=self.bucket, MaxKeys=1)
        head = self._fs.call_s3("head_bucket", Bucket=self.bucket)
        headers = head.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        there = head.get("BucketRegion") or headers.get("x-amz-bucket-region")
        here = self._fs.s3.meta.region_name
        # Python's client follows the bucket to its region without a word; DuckDB and other readers do not.
        if there and here and there != here and here != "aws-global":
            raise StorageError(_other_region(self.bucket, there, here))

    def _address(self, key: str) -> str:
        if key.startswith("/") or ".." in PurePosixPath(key).parts:
            raise ValueError(f"'{key}' is not a key: keys are relative and stay inside the store.")
        return f"{self._root}/{key}".rstrip("/")

    @contextmanager
    def _sentences(self, key: str) -> Iterator[None]:
        """Turn whatever the file system raises into one sentence without secrets."""
        try:
            yield
        except _errors(self.is_local) as error:
            raise StorageError(explain(error, self.uri, self.bucket, key)) from None


def _errors(is_local: bool) -> tuple[type[Exception], ...]:
    """What the file system may raise."""
    if is_local:
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    return (OSError, ValueError, ImportError, BotoCoreError, ClientError)


def explain(error: BaseException, uri: str, bucket: str, key: str) -> str:
    """One sentence with a remedy for an error of the file system. Says nothing of keys and secrets."""
    chain = list(_chain(error))
    code = next((found for found in map(_code, chain) if found), "")
    names = {type(each).__name__ for each in chain}
    text = " ".join(str(each) for each in chain).lower()
    if code in ("NoSuchBucket",) or "bucket does not exist" in text or "nosuchbucket" in text:
        return _no_bucket(bucket, uri)
    if names & {"NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError", "ProfileNotFound"}:
        return (
            f"No AWS credentials for {uri}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
        )
    if code in (
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
    ):
        return _other_region(bucket, _region(chain), "")
    if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AuthFailure"):
        return (
            f"The storage at {uri} does not accept the credentials ({code}). "
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."
        )
    if code in ("AccessDenied", "403", "Forbidden") or (names & {"PermissionError"} and "://" in uri):
        return (
            f"The storage at {uri} denies access to '{key or bucket}' (AccessDenied). "
            "Check the credentials and what they may do in this bucket."
        )
    if names & {
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "ClientConnectorError",
    }:
        return f"The storage at {uri} cannot be reached. Check AWS_ENDPOINT_URL and the network."
    if "FileNotFoundError" in names:
        return f"There is no object '{key}' in {uri}."
    if names & {"ImportError", "ModuleNotFoundError"}:
        return f"No driver for {uri}: install the package that fsspec names ({error})."
    reason = next((each.strerror for each in chain if isinstance(each, OSError) and each.strerror), None)
    return f"The storage at {uri} failed on '{key or bucket}': {reason or code or type(error).__name__}."


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _code(error: BaseException) -> str:
    response = getattr(error, "response", None)
    found = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(found.get("Code", ""))


def _no_bucket(bucket: str, uri: str) -> str:
    return f"The bucket '{bucket}' of {uri} does not exist. Create it, or set LAKE_URI to one that does."


def _other_region(bucket: str, there: str, here: str) -> str:
    where = f" in the region {there}," if there else " in another region"
    return (
        f"The bucket '{bucket}' is{where} not in the one configured{f' ({here})' if here else ''}. "
        f"Set AWS_REGION and AWS_DEFAULT_REGION to {there or 'the region of the bucket'}."
    )


def _region(chain: list[BaseException]) -> str:
    for each in chain:
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            found = response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region")
            if found:
                return str(found)
    return ""
