-- no_duplicate_keys: no key stands twice in a table.
--
-- Severity: error
-- Finds:    keys (with version) that more than one row has, with the files that they came from.
-- Reads:    market.energy_prices_all, market.ancillary_services_all, market.price_adders_all.
-- Why:      a build refuses duplicates inside a data file; this sees all files together. Two series that
--           tell the same quantity would double every sum, and must be stages of one series.
WITH keys AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id AS place,
        interval_start_utc,
        version,
        data_source
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
        version,
        data_source
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
        version,
        data_source
    FROM market.price_adders_all
)

SELECT
    table_name,
    iso,
    market_type,
    interval_minutes,
    delivery_date,
    place,
    interval_start_utc,
    version,
    COUNT(*) AS rows,
    MIN(data_source) AS first_data_source,
    MAX(data_source) AS last_data_source
FROM keys
GROUP BY table_name, iso, market_type, interval_minutes, delivery_date, place, interval_start_utc, version
HAVING COUNT(*) > 1
