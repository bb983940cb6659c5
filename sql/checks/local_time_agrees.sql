-- local_time_agrees: local time, delivery date and hour follow from UTC by the rules of the market's clock.
--
-- Severity: error
-- Finds:    moments whose datetime_local, delivery_date, delivery_hour or dst_flag is not what the time zone
--           database says, with the number of rows that have them so.
-- Reads:    market.energy_prices, market.energy_prices_ex_ante, market.ancillary_services,
--           market.price_adders, market.load, market.load_forecast, market.locations,
--           meta.markets (the clock).
-- Why:      a build derives local time with one comparison per row; this asks the calendar, on the distinct
--           moments. Daylight time is when the clock is ahead of its own winter.
WITH stamps AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        dst_flag
    FROM market.energy_prices
    UNION ALL
    SELECT
        'energy_prices_ex_ante' AS table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        dst_flag
    FROM market.energy_prices_ex_ante
    UNION ALL
    SELECT
        'ancillary_services' AS table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        CAST(NULL AS VARCHAR) AS dst_flag
    FROM market.ancillary_services
    UNION ALL
    SELECT
        'price_adders' AS table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        dst_flag
    FROM market.price_adders
    UNION ALL
    SELECT
        'load' AS table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        dst_flag
    FROM market.load
    UNION ALL
    SELECT
        'load_forecast' AS table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        dst_flag
    FROM market.load_forecast
    UNION ALL
    SELECT
        'locations' AS table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        CAST(NULL AS VARCHAR) AS dst_flag
    FROM market.locations
),

moments AS (
    SELECT
        table_name,
        iso,
        delivery_date,
        datetime_utc,
        datetime_local,
        delivery_hour,
        dst_flag,
        COUNT(*) AS rows
    FROM stamps
    GROUP BY table_name, iso, delivery_date, datetime_utc, datetime_local, delivery_hour, dst_flag
),

told AS (
    SELECT
        moments.*,
        markets.clock,
        timezone(markets.clock, moments.datetime_utc) AS clock_time,
        make_timestamp(date_part('year', moments.delivery_date), 1, 1, 0, 0, 0) AS january,
        make_timestamp(date_part('year', moments.delivery_date), 7, 1, 0, 0, 0) AS july
    FROM moments
    INNER JOIN meta.markets ON moments.iso = markets.iso
),

offsets AS (
    SELECT
        *,
        clock_time - timezone('UTC', datetime_utc) AS clock_offset,
        LEAST(
            january - timezone('UTC', timezone(clock, january)),
            july - timezone('UTC', timezone(clock, july))
        ) AS winter_offset
    FROM told
)

SELECT
    table_name,
    iso,
    delivery_date,
    datetime_utc,
    datetime_local,
    delivery_hour,
    dst_flag,
    rows,
    clock_time
FROM offsets
WHERE
    datetime_local <> clock_time
    OR delivery_date <> CAST(clock_time AS DATE)
    OR delivery_hour <> date_part('hour', clock_time) + 1
    OR dst_flag <> CASE WHEN clock_offset > winter_offset THEN 'Y' ELSE 'N' END
