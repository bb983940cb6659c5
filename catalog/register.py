"""A Parquet file that DuckDB wrote becomes a data file of a table: its footer is held to the contract.

PyIceberg's own check is not enough: it takes a file without field ids (every column then reads as NULL) or
without one of the columns, and prints a table to the terminal where it objects.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow
import pyarrow.parquet
from pyiceberg.io.pyarrow import parquet_file_to_data_file, pyarrow_to_schema
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from catalog.contract import Contract
from catalog.errors import DataFileRefused
from catalog.storage import remedy

# Footers are small and far away on an object store.
FOOTERS_AT_ONCE = 8
FIELD_ID = b"PARQUET:field_id"


def register(contract: Contract, table: Table, paths: Sequence[str]) -> list[DataFile]:
    """The files at `paths` as data files of `table`, with partition and statistics from their footers.

    Raises DataFileRefused, naming the file, where one is not there or not what the contract says: other
    columns, types or field ids, no rows, two partitions, NULL in a NOT NULL column.
    """
    with ThreadPoolExecutor(max_workers=FOOTERS_AT_ONCE) as pool:
        return list(pool.map(lambda path: _data_file(contract, table, path), paths))


def _data_file(contract: Contract, table: Table, path: str) -> DataFile:
    try:
        with table.io.new_input(path).open() as stream:
            footer = pyarrow.parquet.read_metadata(stream)
        if footer.num_rows == 0:
            raise DataFileRefused(
                f"{path} holds no rows; an empty chunk adds no file to {contract.full_name}."
            )
        if odd := _differences(table.schema(), footer.schema.to_arrow_schema()):
            raise DataFileRefused(
                f"{path} cannot join {contract.full_name}: {', '.join(odd)}. Write it with the contract's "
                "columns, cast to its types, and with its FIELD_IDS."
            )
        file = parquet_file_to_data_file(table.io, table.metadata, path)
    except FileNotFoundError:
        raise DataFileRefused(
            f"{path} is not there; it was to join {contract.full_name}. Build the chunk again."
        ) from None
    except (ValueError, OSError) as error:
        if remedy(error) is not None:
            raise
        raise DataFileRefused(
            f"{path} cannot join {contract.full_name}: {error}. A file is whole, and holds one operator and "
            "one delivery year."
        ) from error
    nulls = file.null_value_counts or {}
    for column in contract.columns:
        if not column.nullable and nulls.get(column.field_id, 0):
            raise DataFileRefused(
                f"{path} holds {nulls[column.field_id]} NULLs in {column.name}, which {contract.full_name} "
                "forbids; correct the transform that wrote it."
            )
    return file


def _differences(wanted: Schema, arrow_schema: pyarrow.Schema) -> list[str]:
    """What is wrong with the columns of a file, in words."""
    unnumbered = [field.name for field in arrow_schema if FIELD_ID not in (field.metadata or {})]
    if unnumbered:
        return [f"no field id on {', '.join(unnumbered)}"]
    actual = pyarrow_to_schema(arrow_schema)
    found = {field.name: (field.field_id, str(field.field_type)) for field in actual.fields}
    expected = {field.name: (field.field_id, str(field.field_type)) for field in wanted.fields}
    return [
        *(f"no column {name}" for name in expected if name not in found),
        *(f"an extra column {name}" for name in found if name not in expected),
        *(
            f"{name} is {found[name][1]} with id {found[name][0]}, not {kind} with id {field_id}"
            for name, (field_id, kind) in expected.items()
            if name in found and found[name] != (field_id, kind)
        ),
    ]
