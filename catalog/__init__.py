"""Tables: contracts, the Iceberg catalog, the commit, what readers attach. Knows nothing of HTTP or markets.

=============  =====================================================================
contract.py    the DDL of ``sql/tables``, introspected
schema.py      a contract as an Iceberg schema, partition spec and sort order
tables.py      open, create, adopt and list the tables
commit.py      one snapshot per batch; the version hint
lease.py       two processes never build one chunk at once
duck.py        a DuckDB connection that is ready for the lake
publish.py     ``lake.duckdb``: the views people attach
=============  =====================================================================
"""
