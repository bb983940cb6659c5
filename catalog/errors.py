"""What can go wrong with tables, each a sentence that ends in a remedy.

::

    CatalogError
    ├── ContractError      a file of sql/tables does not say what a contract must say
    ├── SetupError         catalog, warehouse, extensions or credentials cannot be used as given
    ├── CatalogLost        the lake holds tables that the catalog does not know
    ├── DataFileRefused    a Parquet file cannot join the table it was handed in for
    ├── CommitConflict     others kept committing first; nothing was changed, nothing is lost
    ├── LeaseHeld          another process is building the same thing
    └── PublishError       lake.duckdb could not be written
"""


class CatalogError(Exception):
    """Base of everything this package raises on purpose."""


class ContractError(CatalogError):
    """A contract file is missing, is not valid DDL, or leaves something unsaid."""


class SetupError(CatalogError):
    """The catalog, the warehouse or the storage cannot be used as configured."""


class CatalogLost(CatalogError):
    """The warehouse holds tables, and the catalog does not know them."""


class DataFileRefused(CatalogError):
    """A data file cannot be registered: empty, over two partitions, NULL where the contract forbids it."""


class CommitConflict(CatalogError):
    """The commit lost against others more often than it is allowed to try."""


class LeaseHeld(CatalogError):
    """Somebody else holds the lease, and did not give it up while we waited."""


class PublishError(CatalogError):
    """The file of views could not be written."""
