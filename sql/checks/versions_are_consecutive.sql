-- versions_are_consecutive: versions of a quantity are numbered 1, 2, 3 and so on.
--
-- Severity: error
-- Finds:    keys whose versions do not begin with 1 or leave a number out.
-- Reads:    market.energy_prices_all, market.ancillary_services_all, market.price_adders_all.
-- Why:      a number left out is a version that was lost. Only keys with a later version are looked at.
WITH versions AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id AS place,
        interval_start_utc,
        version
    FROM market.energy_prices_all
    UNION ALL
    SELECT
        'ancillary_services' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        as_product || ' ' || as_region AS place,
        interval_start_utc,
        version
    FROM market.ancillary_services_all
    UNION ALL
    SELECT
        'price_adders' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id || ' ' || component AS place,
        interval_start_utc,
        version
    FROM market.price_adders_all
),

revised AS (
    SELECT DISTINCT
        table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        place,
        interval_start_utc
    FROM versions
    WHERE version <> 1
)

SELECT
    versions.table_name,
    versions.iso,
    versions.market_type,
    versions.interval_minutes,
    versions.delivery_date,
    versions.place,
    versions.interval_start_utc,
    LIST(DISTINCT versions.version ORDER BY versions.version) AS versions
FROM versions
SEMI JOIN revised
    ON
        versions.table_name = revised.table_name
        AND versions.iso = revised.iso
        AND versions.market_type = revised.market_type
        AND versions.interval_minutes = revised.interval_minutes
        AND versions.delivery_date = revised.delivery_date
        AND versions.place = revised.place
        AND versions.interval_start_utc = revised.interval_start_utc
GROUP BY
    versions.table_name,
    versions.iso,
    versions.market_type,
    versions.interval_minutes,
    versions.delivery_date,
    versions.place,
    versions.interval_start_utc
HAVING MIN(versions.version) <> 1 OR MAX(versions.version) <> COUNT(DISTINCT versions.version)
