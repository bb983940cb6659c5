-- one_current_version: of every quantity exactly one version holds.
--
-- Severity:  error
-- Finds:     keys (without version) with several current versions, or with none.
-- Tolerance: none may be current where a newer file replaces an older one as a whole (feeds of stamps off
--            the grid): what the newer file leaves out has ceased to hold.
-- Reads:     market.energy_prices_all, market.ancillary_services_all, market.price_adders_all, meta.datasets.
-- Why:       market.<table> shows current rows; two of one key would be counted twice, none would be a hole.
--            Only keys with a row that is not the first version, or not current, can be wrong (two current
--            first versions are what no_duplicate_keys finds), so only those are counted.
WITH versions AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id AS place,
        interval_start_utc,
        version,
        is_current,
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
        is_current,
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
        is_current,
        data_source
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
    WHERE version > 1 OR NOT is_current
),

judged AS (
    SELECT
        versions.table_name,
        versions.iso,
        versions.market_type,
        versions.interval_minutes,
        versions.delivery_date,
        versions.place,
        versions.interval_start_utc,
        COUNT(*) AS versions,
        COUNT(*) FILTER (WHERE versions.is_current) AS current_versions,
        split_part(ANY_VALUE(versions.data_source), '/', 3) AS dataset
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
    HAVING COUNT(*) FILTER (WHERE versions.is_current) <> 1
)

SELECT judged.*
FROM judged
ANTI JOIN meta.datasets
    ON
        judged.iso = datasets.iso
        AND judged.dataset = datasets.dataset
        AND judged.table_name = datasets.table_name
        AND judged.current_versions = 0
        AND datasets.stamp IS NOT NULL
