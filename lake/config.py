"""Settings: the environment, or a ``.env`` file in the working directory.

Secrets are held as ``SecretStr`` and leave this module only towards the libraries that need them.
"""

from __future__ import annotations

import os
import re
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.errors import ConfigurationError

SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB)\s*$", re.IGNORECASE)

MEGABYTES = {"K": 0.001, "M": 1, "G": 1e3, "T": 1e6}
# DuckDB does not even open a file of views with less.
LEAST_MEGABYTES = 50
# DuckDB counts its own buffers; what readers, writers and the allocator hold besides is about a fourth of them.
DUCKDB_SHARE = 0.8
DATABASE = re.compile(r"^(sqlite|postgresql)(\+\w+)?://")


def _megabytes(size: str) -> float:
    number, unit = SIZE.sub(r"\1 \2", size).split()
    return float(number) * MEGABYTES[unit[0].upper()]


class Settings(BaseSettings):
    """Where the lake is and what it may use.

    ``LAKE_URI`` is a folder or ``s3://bucket/prefix``. ``LAKE_CATALOG_URI`` is an SQLAlchemy URL of SQLite or
    PostgreSQL; by default an SQLite file in the lake's folder, or in the working directory for a lake on S3.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True
    )

    uri: str = Field(default="./lakehouse", validation_alias=AliasChoices("LAKE_URI", "uri"))
    catalog_uri: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("LAKE_CATALOG_URI", "catalog_uri")
    )
    memory_limit: str = Field(
        default="1GB", validation_alias=AliasChoices("LAKE_MEMORY_LIMIT", "memory_limit")
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        gt=0,
        validation_alias=AliasChoices("LAKE_THREADS", "threads"),
    )
    temp_dir: Path | None = Field(default=None, validation_alias=AliasChoices("LAKE_TEMP_DIR", "temp_dir"))
    access_key: SecretStr | None = Field(default=None, validation_alias="AWS_ACCESS_KEY_ID")
    secret_key: SecretStr | None = Field(default=None, validation_alias="AWS_SECRET_ACCESS_KEY")
    session_token: SecretStr | None = Field(default=None, validation_alias="AWS_SESSION_TOKEN")
    region: str | None = Field(
        default=None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION")
    )
    endpoint: str | None = Field(
        default=None, validation_alias=AliasChoices("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    )

    @field_validator("memory_limit")
    @classmethod
    def is_a_size(cls, value: str) -> str:
        """A size that DuckDB understands."""
        if not SIZE.match(value):
            raise ValueError(f"LAKE_MEMORY_LIMIT='{value}' is not a size. Write it like 1GB or 800MB")
        if _megabytes(value) < LEAST_MEGABYTES:
            raise ValueError(
                f"LAKE_MEMORY_LIMIT='{value}' is too little to work with. Give at least {LEAST_MEGABYTES}MB"
            )
        return value

    @field_validator("catalog_uri")
    @classmethod
    def is_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        """The URL of a database that can hold a catalog. It may hold a password and is not repeated."""
        if value and not DATABASE.match(value.get_secret_value()):
            raise ValueError(
                "LAKE_CATALOG_URI is not the URL of a SQLite or PostgreSQL database. Write it like "
                "sqlite:////data/lake/catalog.db or postgresql://user@host/database"
            )
        return value

    @field_validator("uri")
    @classmethod
    def is_a_place(cls, value: str) -> str:
        """A folder or an S3 place; other schemes are refused before anything is written."""
        scheme = urlsplit(value).scheme
        if scheme not in ("", "file", "s3"):
            raise ValueError(f"LAKE_URI='{value}' must be a folder or s3://bucket/prefix")
        if scheme == "s3" and not urlsplit(value).netloc:
            raise ValueError(f"LAKE_URI='{value}' names no bucket. Write it like s3://bucket/prefix")
        return value.rstrip("/") or "/"

    @property
    def build_memory(self) -> str:
        """What DuckDB may count for itself while a build runs, so that the process stays near LAKE_MEMORY_LIMIT."""
        return f"{max(_megabytes(self.memory_limit) * DUCKDB_SHARE, LEAST_MEGABYTES):.0f}MB"

    @property
    def on_s3(self) -> bool:
        """Whether the lake is in object storage rather than in a folder."""
        return self.uri.startswith("s3://")

    @cached_property
    def root(self) -> str:
        """The lake's place: an absolute folder, or the S3 URI."""
        return self.uri if self.on_s3 else str(Path(self.uri.removeprefix("file://")).expanduser().resolve())

    @property
    def warehouse(self) -> str:
        """Where the tables are."""
        return f"{self.root}/warehouse" if self.on_s3 else f"file://{self.root}/warehouse"

    @cached_property
    def catalog(self) -> str:
        """The catalog's SQLAlchemy URL (may hold a password: never print it)."""
        if self.catalog_uri:
            return self.catalog_uri.get_secret_value()
        folder = Path.cwd() if self.on_s3 else Path(self.root)
        return f"sqlite:///{folder / 'catalog.db'}"

    @cached_property
    def scratch(self) -> Path:
        """The folder for temporary files: downloads under way, expanded archives, what DuckDB spills."""
        if self.temp_dir:
            return self.temp_dir.expanduser().resolve()
        if not self.on_s3:
            return Path(self.root) / "scratch"
        return Path(tempfile.gettempdir()) / f"power-market-lake-{os.getuid()}"

    @property
    def storage_options(self) -> dict[str, Any]:
        """What fsspec needs to reach the lake's storage."""
        if not self.on_s3:
            return {}
        client = {
            key: value
            for key, value in (("endpoint_url", self.endpoint), ("region_name", self.region))
            if value
        }
        options: dict[str, Any] = {"client_kwargs": client}
        if self.access_key and self.secret_key:
            options["key"] = self.access_key.get_secret_value()
            options["secret"] = self.secret_key.get_secret_value()
        if self.session_token:
            options["token"] = self.session_token.get_secret_value()
        return options

    @property
    def iceberg_properties(self) -> dict[str, str]:
        """What PyIceberg needs to reach the lake's storage."""
        pairs = {
            "s3.endpoint": self.endpoint,
            "s3.region": self.region,
            "s3.access-key-id": self.access_key and self.access_key.get_secret_value(),
            "s3.secret-access-key": self.secret_key and self.secret_key.get_secret_value(),
            "s3.session-token": self.session_token and self.session_token.get_secret_value(),
        }
        return {key: value for key, value in pairs.items() if value} if self.on_s3 else {}


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process.

    Raises:
        ConfigurationError: a setting cannot be right.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        name = first["loc"][0] if first["loc"] else "setting"
        if str(name) in message:
            raise ConfigurationError(f"{message}.") from None
        raise ConfigurationError(f"{name}: {message}. Mend it in the environment or in .env.") from None
