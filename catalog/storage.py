"""Storage errors as sentences: a missing bucket, a wrong key and a wrong region are different things.

PyArrow reports S3's answers as OSError with the code somewhere in a long text; DuckDB as HTTP errors.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from catalog.errors import SetupError

# What the two say, in the order to look for it: a wrong region comes as a redirect or inside a 400.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|HTTP status 301|\b301\b",
        "the bucket is in another region; set AWS_REGION to the bucket's region",
    ),
    (
        r"NO_SUCH_BUCKET|NoSuchBucket|bucket does not exist",
        "the bucket does not exist; create it, or correct LAKE_URI",
    ),
    (
        r"INVALID_ACCESS_KEY|InvalidAccessKeyId|SIGNATURE_DOES_NOT_MATCH|SignatureDoesNotMatch|EXPIRED_TOKEN"
        r"|ExpiredToken|INVALID_CLIENT_TOKEN|UNRECOGNIZED_CLIENT|MISSING_AUTHENTICATION_TOKEN",
        "the store does not accept these credentials; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
        "AWS_SESSION_TOKEN",
    ),
    (
        r"ACCESS_DENIED|AccessDenied|HTTP 403|HTTP status 403|\b403\b|PermissionError|Permission denied",
        "access is denied; check the credentials, and that they may read, write and list there",
    ),
    (
        r"NETWORK_CONNECTION|Could not connect|Connection refused|Could not resolve|Could not establish",
        "the store cannot be reached; check AWS_ENDPOINT_URL and the network",
    ),
    (r"No space left", "the disk is full; make room, or move the lake"),
    (r"Read-only file system", "the file system is read-only; choose another LAKE_URI"),
)


def remedy(error: Exception) -> str | None:
    """What is wrong with the storage and what to do, or None where the error does not say it plainly."""
    said = str(error)
    return next((advice for pattern, advice in _REMEDIES if re.search(pattern, said)), None)


@contextmanager
def storage_explained(place: str) -> Iterator[None]:
    """Turn what PyArrow and DuckDB raise about the storage of `place` into SetupError, one sentence each.

    FileNotFoundError is left alone: what it means depends on what was looked for.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, duckdb.IOException) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SetupError(f"{place} cannot be used: {remedy(error) or lines[0].rstrip('.')}.") from error
