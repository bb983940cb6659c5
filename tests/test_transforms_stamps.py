"""Reading a stamp never reads beyond it: DuckDB's strptime does, and the process dies where memory ends there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MACROS = Path(__file__).resolve().parents[1] / "sql" / "macros" / "text.sql"
# One string whose last byte is the last one of a page, with a page behind it that nobody may read. DuckDB takes
# Arrow's bytes as they lie.
PROGRAM = """
import ctypes, mmap, struct, sys
import duckdb, pyarrow
READ_WRITE, PRIVATE_ANONYMOUS = 3, 0x22
page, text = mmap.PAGESIZE, sys.argv[2].encode()
system = ctypes.CDLL(None)
system.mmap.restype = ctypes.c_void_p
system.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
system.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
start = system.mmap(None, 2 * page, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0)
assert system.mprotect(start + page, page, 0) == 0
place = start + page - len(text)
ctypes.memmove(place, text, len(text))
ends = pyarrow.py_buffer(struct.pack("<2i", 0, len(text)))
array = pyarrow.StringArray.from_buffers(1, ends, pyarrow.foreign_buffer(place, len(text)))
stamps = pyarrow.table({"field": array})
connection = duckdb.connect()
connection.execute(open(sys.argv[1]).read())
print(connection.sql(f"SELECT {sys.argv[3]}(field) FROM stamps").fetchone()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="lays out memory as Linux does")
@pytest.mark.parametrize(
    ("text", "macro", "stamp"),
    [
        ("11/05/2017 01:00", "naive_of_24_hour_stamp", "2017-11-05 01:00:00"),
        ("2017-01-01T00:00:00", "utc_of_iso_stamp", "None"),
        ("2017-01-01T00:00", "naive_of_iso_stamp", "None"),
        ("7/2/2018 4:00:00", "naive_of_12_hour_stamp", "None"),
        (" " * 20, "naive_of_12_hour_stamp", "None"),
    ],
)
def test_a_stamp_at_the_end_of_memory_is_read_and_nothing_behind_it(
    text: str, macro: str, stamp: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(MACROS), text, macro], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr or f"killed by signal {-done.returncode}"
    assert done.stdout.strip() == stamp
