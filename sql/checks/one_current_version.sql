-- one_current_version: of every quantity exactly one version holds.
--
-- Severity:  error
-- Finds:     keys (without version) with several current versions, or with none.
-- Tolerance: none may be current where a newer file replaces an older one as a whole (feeds of stamps off
--            the grid): what the newer file leaves out has ceased to hold.
-- Reads:     meta.every_row, meta.datasets.
-- Why:       market.<table> shows current rows; two of one key would be counted twice, none would be a hole.
--            Only keys with a row that is not the first version, or not current, can be wrong (two current
--            first versions are what no_duplicate_keys finds), so only those are counted.
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
    WHERE version > 1 OR NOT is_current
),

judged AS (
    SELECT
        every_row.table_name,
        every_row.iso,
        every_row.market_type,
        every_row.interval_minutes,
        every_row.delivery_date,
        every_row.place,
        every_row.interval_start_utc,
        ANY_VALUE(every_row.series) AS series,
        COUNT(*) AS versions,
        COUNT(*) FILTER (WHERE every_row.is_current) AS current_versions
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
    HAVING COUNT(*) FILTER (WHERE every_row.is_current) <> 1
)

SELECT judged.*
FROM judged
ANTI JOIN meta.datasets
    ON
        judged.iso = datasets.iso
        AND judged.series = datasets.series
        AND judged.table_name = datasets.table_name
        AND judged.current_versions = 0
        AND datasets.stamp IS NOT NULL
