-- intervals_do_not_overlap: at one place and length of interval, one interval ends before the next begins.
--
-- Severity: error
-- Finds:    intervals that begin before the one before them has ended.
-- Reads:    market.energy_prices, market.ancillary_services, market.price_adders (current rows).
-- Why:      two prices for one moment mean a wrong clock or a wrong edge. Intervals that lie on the grid of
--           their nominal length cannot overlap each other, so only places with one off the grid are looked
--           at.
WITH intervals AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id AS place,
        interval_start_utc,
        interval_end_utc,
        data_source
    FROM market.energy_prices
    UNION ALL
    SELECT
        'ancillary_services' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        as_product || ' ' || as_region AS place,
        interval_start_utc,
        interval_end_utc,
        data_source
    FROM market.ancillary_services
    UNION ALL
    SELECT
        'price_adders' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id || ' ' || component AS place,
        interval_start_utc,
        interval_end_utc,
        data_source
    FROM market.price_adders
),

off_grid AS (
    SELECT DISTINCT
        table_name,
        iso,
        market_type,
        interval_minutes,
        place
    FROM intervals
    WHERE
        epoch(interval_start_utc) % (interval_minutes * 60) <> 0
        OR epoch(interval_end_utc) - epoch(interval_start_utc) <> interval_minutes * 60
),

followed AS (
    SELECT
        intervals.*,
        LAG(intervals.interval_end_utc) OVER (
            PARTITION BY
                intervals.table_name,
                intervals.iso,
                intervals.market_type,
                intervals.interval_minutes,
                intervals.place
            ORDER BY intervals.interval_start_utc
        ) AS previous_end_utc
    FROM intervals
    SEMI JOIN off_grid
        ON
            intervals.table_name = off_grid.table_name
            AND intervals.iso = off_grid.iso
            AND intervals.market_type = off_grid.market_type
            AND intervals.interval_minutes = off_grid.interval_minutes
            AND intervals.place = off_grid.place
)

SELECT *
FROM followed
WHERE previous_end_utc > interval_start_utc
