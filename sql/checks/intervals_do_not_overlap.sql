-- intervals_do_not_overlap: at one place and length of interval, one interval ends before the next begins.
--
-- Severity: error
-- Finds:    intervals that begin before the one before them has ended.
-- Reads:    meta.current_rows.
-- Why:      two prices for one moment mean a wrong clock or a wrong edge. Intervals that lie on the grid of
--           their nominal length cannot overlap each other, so only places with one off the grid are looked
--           at.
WITH off_grid AS (
    SELECT DISTINCT
        table_name,
        iso,
        market_type,
        interval_minutes,
        place
    FROM meta.current_rows
    WHERE
        epoch(interval_start_utc) % (interval_minutes * 60) <> 0
        OR epoch(interval_end_utc) - epoch(interval_start_utc) <> interval_minutes * 60
),

followed AS (
    SELECT
        current_rows.*,
        LAG(current_rows.interval_end_utc) OVER (
            PARTITION BY
                current_rows.table_name,
                current_rows.iso,
                current_rows.market_type,
                current_rows.interval_minutes,
                current_rows.place
            ORDER BY current_rows.interval_start_utc
        ) AS previous_end_utc
    FROM meta.current_rows
    SEMI JOIN off_grid
        ON
            current_rows.table_name = off_grid.table_name
            AND current_rows.iso = off_grid.iso
            AND current_rows.market_type IS NOT DISTINCT FROM off_grid.market_type
            AND current_rows.interval_minutes = off_grid.interval_minutes
            AND current_rows.place = off_grid.place
)

SELECT *
FROM followed
WHERE previous_end_utc > interval_start_utc
