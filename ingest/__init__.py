"""Sources: what each ISO publishes, where, how often, how fast we may ask; fetching it and landing the raw bytes.

This wing knows nothing of tables, Iceberg or DuckDB. What happened is told as events to a sink that is handed in.
"""
