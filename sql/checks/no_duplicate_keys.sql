-- no_duplicate_keys: no key stands twice in a table.
--
-- Severity: error
-- Finds:    keys (with version) that more than one row has, with the files that they came from.
-- Reads:    meta.every_row.
-- Why:      a build refuses duplicates inside a data file; this sees all files together. Two series that
--           tell the same quantity would double every sum, and must be stages of one series. Rows are first
--           counted by a hash of their key, which takes a tenth of the memory; the few whose hash comes twice
--           are compared in full.
WITH suspects AS (
    SELECT
        hash(
            table_name, iso, market_type, interval_minutes, place, interval_start_utc, version
        ) AS key_hash
    FROM meta.every_row
    GROUP BY key_hash
    HAVING COUNT(*) > 1
)

SELECT
    every_row.table_name,
    every_row.iso,
    every_row.market_type,
    every_row.interval_minutes,
    every_row.delivery_date,
    every_row.place,
    every_row.interval_start_utc,
    every_row.version,
    COUNT(*) AS rows,
    LIST(DISTINCT every_row.series ORDER BY every_row.series) AS series,
    MIN(every_row.data_source) AS first_data_source,
    MAX(every_row.data_source) AS last_data_source
FROM meta.every_row
SEMI JOIN suspects
    ON
        hash(
            every_row.table_name,
            every_row.iso,
            every_row.market_type,
            every_row.interval_minutes,
            every_row.place,
            every_row.interval_start_utc,
            every_row.version
        ) = suspects.key_hash
GROUP BY
    every_row.table_name,
    every_row.iso,
    every_row.market_type,
    every_row.interval_minutes,
    every_row.delivery_date,
    every_row.place,
    every_row.interval_start_utc,
    every_row.version
HAVING COUNT(*) > 1
