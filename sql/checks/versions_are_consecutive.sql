-- versions_are_consecutive: versions of a quantity are numbered 1, 2, 3 and so on.
--
-- Severity: error
-- Finds:    keys whose versions do not begin with 1 or leave a number out.
-- Reads:    meta.every_row.
-- Why:      a number left out is a version that was lost. Only keys with a later version are looked at.
WITH revised AS (
    SELECT DISTINCT
        table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        place,
        interval_start_utc
    FROM meta.every_row
    WHERE version <> 1
)

SELECT
    every_row.table_name,
    every_row.iso,
    every_row.market_type,
    every_row.interval_minutes,
    every_row.delivery_date,
    every_row.place,
    every_row.interval_start_utc,
    LIST(DISTINCT every_row.version ORDER BY every_row.version) AS versions
FROM meta.every_row
SEMI JOIN revised
    ON
        every_row.table_name = revised.table_name
        AND every_row.iso = revised.iso
        AND every_row.market_type IS NOT DISTINCT FROM revised.market_type
        AND every_row.interval_minutes = revised.interval_minutes
        AND every_row.delivery_date = revised.delivery_date
        AND every_row.place = revised.place
        AND every_row.interval_start_utc = revised.interval_start_utc
GROUP BY
    every_row.table_name,
    every_row.iso,
    every_row.market_type,
    every_row.interval_minutes,
    every_row.delivery_date,
    every_row.place,
    every_row.interval_start_utc
HAVING MIN(every_row.version) <> 1 OR MAX(every_row.version) <> COUNT(DISTINCT every_row.version)
