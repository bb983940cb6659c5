-- rows_have_raw_objects: every row leads back to a raw object that the ledger knows.
--
-- Severity: error
-- Finds:    values of data_source that are no raw key, or that of a file that was found unreadable.
-- Reads:    market.energy_prices_all, market.ancillary_services_all, market.price_adders_all,
--           meta.raw_objects.
-- Why:      a price nobody can trace is a rumour.
WITH sources AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        delivery_date,
        data_source,
        COUNT(*) AS rows
    FROM market.energy_prices_all
    GROUP BY iso, delivery_date, data_source
    UNION ALL
    SELECT
        'ancillary_services' AS table_name,
        iso,
        delivery_date,
        data_source,
        COUNT(*) AS rows
    FROM market.ancillary_services_all
    GROUP BY iso, delivery_date, data_source
    UNION ALL
    SELECT
        'price_adders' AS table_name,
        iso,
        delivery_date,
        data_source,
        COUNT(*) AS rows
    FROM market.price_adders_all
    GROUP BY iso, delivery_date, data_source
)

SELECT
    sources.*,
    raw_objects.status
FROM sources
LEFT JOIN meta.raw_objects ON sources.data_source = raw_objects.raw_key
WHERE COALESCE(raw_objects.status, '') <> 'ok'
