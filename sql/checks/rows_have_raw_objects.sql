-- rows_have_raw_objects: every row leads back to a raw object that the ledger knows.
--
-- Severity: error
-- Finds:    values of data_source that are no raw key, or that of a file that was found unreadable.
-- Reads:    meta.every_row, meta.raw_objects.
-- Why:      a price nobody can trace is a rumour.
WITH told AS (
    SELECT
        table_name,
        iso,
        delivery_date,
        data_source,
        COUNT(*) AS rows
    FROM meta.every_row
    GROUP BY table_name, iso, delivery_date, data_source
)

SELECT
    told.*,
    raw_objects.status
FROM told
LEFT JOIN meta.raw_objects ON told.data_source = raw_objects.raw_key
WHERE COALESCE(raw_objects.status, '') <> 'ok'
