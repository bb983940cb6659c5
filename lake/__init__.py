"""Power Market Lake: the open lakehouse of US electricity-market data.

import lake

con = lake.connect()                       # DuckDB with the lake attached
con.sql("SELECT * FROM market.energy_prices LIMIT 5")
frame = lake.scan("energy_prices")         # a Polars LazyFrame of the current rows
"""

from lake.api import connect, scan

__all__ = ["connect", "scan"]
