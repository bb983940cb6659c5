"""A contract as Iceberg sees it: schema with explicit ids, partition spec, sort order, table properties."""

from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform, YearTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestampType,
    TimestamptzType,
)

from catalog.contract import Contract
from catalog.errors import ContractError

# Only types that DuckDB, Parquet and Iceberg agree on without a conversion. SMALLINT, say, would come back
# as INTEGER: the contract would promise what no reader sees.
ICEBERG_TYPES: dict[str, PrimitiveType] = {
    "BOOLEAN": BooleanType(),
    "INTEGER": IntegerType(),
    "BIGINT": LongType(),
    "DOUBLE": DoubleType(),
    "VARCHAR": StringType(),
    "DATE": DateType(),
    "TIMESTAMP": TimestampType(),
    "TIMESTAMP WITH TIME ZONE": TimestamptzType(),
}

PROPERTIES: dict[str, str] = {
    "write.parquet.compression-codec": "zstd",
    # Every commit writes a whole new metadata file. A reader needs the one that version-hint.text names for
    # as long as it plans a query: twenty commits are far more than that.
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    # commit.py retries itself: PyIceberg's own retry keeps the list of files to delete as it was, which is
    # stale after a conflict, and then refuses any concurrent commit, disjoint or not.
    "commit.retry.num-retries": "0",
}


def iceberg_schema(contract: Contract) -> Schema:
    """Schema with the contract's field ids and comments.

    `required=False` everywhere: DuckDB writes every Parquet field as optional, and PyIceberg refuses such a
    file for a required field. NOT NULL is enforced before the commit instead (and by its statistics in it).
    """
    return Schema(
        *(
            NestedField(
                field_id=column.field_id,
                name=column.name,
                field_type=_iceberg_type(contract, column.name, column.type),
                required=False,
                doc=column.comment,
            )
            for column in contract.columns
        )
    )


def partition_spec(contract: Contract) -> PartitionSpec:
    """identity(iso), year(delivery_date) for market tables; the ledger is not partitioned."""
    if not contract.partitioned:
        return PartitionSpec()
    return PartitionSpec(
        PartitionField(
            source_id=contract.column("iso").field_id,
            field_id=PARTITION_FIELD_ID_START,
            transform=IdentityTransform(),
            name="iso",
        ),
        PartitionField(
            source_id=contract.column("delivery_date").field_id,
            field_id=PARTITION_FIELD_ID_START + 1,
            transform=YearTransform(),
            name="delivery_date_year",
        ),
    )


def sort_order(contract: Contract) -> SortOrder:
    """The order rows have inside each file; recorded for readers, kept by whoever writes the file."""
    return SortOrder(
        *(
            SortField(source_id=contract.column(name).field_id, transform=IdentityTransform())
            for name in contract.sort_columns
        )
    )


def _iceberg_type(contract: Contract, column: str, duckdb_type: str) -> PrimitiveType:
    try:
        return ICEBERG_TYPES[duckdb_type]
    except KeyError:
        raise ContractError(
            f"{contract.full_name}.{column} is {duckdb_type}, which Iceberg has no exact match for; "
            f"use one of {', '.join(ICEBERG_TYPES)}."
        ) from None
