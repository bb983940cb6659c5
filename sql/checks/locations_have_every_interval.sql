-- locations_have_every_interval: a location priced on a day is priced in every interval that the day has.
--
-- Severity: warning
-- Finds:    locations and days with fewer intervals than other locations of the same file's dataset have.
-- Reads:    market.energy_prices, market.energy_prices_ex_ante (current rows).
-- Why:      a day may have all of its intervals, and one location a hole. Locations do begin and end, at
--           midnight as a rule; during a day it is worth a look.
WITH priced AS (
    SELECT
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id,
        data_source
    FROM market.energy_prices
    UNION ALL
    SELECT
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id,
        data_source
    FROM market.energy_prices_ex_ante
),

held AS (
    SELECT
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        split_part(data_source, '/', 3) AS dataset,
        settlement_location_id,
        COUNT(*) AS intervals
    FROM priced
    GROUP BY iso, market_type, interval_minutes, delivery_date, dataset, settlement_location_id
),

compared AS (
    SELECT
        *,
        MAX(intervals) OVER (
            PARTITION BY iso, market_type, interval_minutes, delivery_date, dataset
        ) AS most_intervals
    FROM held
)

SELECT *
FROM compared
WHERE intervals < most_intervals
