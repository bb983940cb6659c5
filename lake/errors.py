"""What can go wrong between raw objects and tables.

LakeError                base; every message is a sentence with a remedy
├── ConfigurationError   an environment variable or .env entry that cannot be right
├── NoLake               there is no lake here yet
├── SchemaDrift          a raw file whose header no declared shape has
├── UnreadableFile       a raw file that cannot be opened or expanded
├── BuildError           a transform or a check stopped a chunk
├── ExportError          a file of an export cannot be written
└── QueryError           a query that DuckDB refuses
"""

from __future__ import annotations


class LakeError(Exception):
    """Base of this wing's errors."""


class ConfigurationError(LakeError):
    """A setting that cannot be right."""


class NoLake(LakeError):
    """There is no lake at the place that the settings name."""


class SchemaDrift(LakeError):
    """A header that no declared shape has."""


class UnreadableFile(LakeError):
    """A raw file that cannot be opened or expanded."""


class BuildError(LakeError):
    """A chunk that cannot be built from the files that there are."""


class ExportError(LakeError):
    """A file of an export that cannot be written."""


class QueryError(LakeError):
    """A query that DuckDB refuses."""
