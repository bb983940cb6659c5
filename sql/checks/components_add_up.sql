-- components_add_up: total = energy + congestion + loss, and what stands in price_adders.
--
-- Severity:  warning
-- Finds:     prices whose components differ from the total by more than rounding explains.
-- Tolerance: per operator, see below: every published number is rounded by itself.
-- Reads:     market.energy_prices, market.energy_prices_ex_ante, market.price_adders (current rows).
-- Why:       a component that is missing, doubled or of the wrong sign shows here first. Where this system
--            derives energy from the total, the sum is right by itself; energy_is_one_price looks at that.
WITH tolerances (iso, dollars) AS (
    VALUES
    -- Five decimals: five rounded numbers are at most 2.5e-5 apart.
    ('CAISO', 0.00005),
    -- Six decimals, but system energy in cents in older verified files: 0.005 was seen.
    ('PJM', 0.01),
    -- Energy is derived as an exact decimal; what is left is binary rounding.
    ('NYISO', 0.000001),
    ('MISO', 0.000001),
    -- Cents: four rounded numbers are at most 0.02 apart; 0.01 was seen.
    ('ISONE', 0.0201),
    -- Four decimals: 0.0003 was seen in what the portal serves.
    ('SPP', 0.00035)
    -- ERCOT publishes no components.
),

priced AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id,
        interval_start_utc,
        data_source,
        lmp_total,
        lmp_energy + lmp_congestion + lmp_loss AS components
    FROM market.energy_prices
    UNION ALL
    SELECT
        'energy_prices_ex_ante' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id,
        interval_start_utc,
        data_source,
        lmp_total,
        lmp_energy + lmp_congestion + lmp_loss AS components
    FROM market.energy_prices_ex_ante
),

summed AS (
    SELECT
        priced.*,
        -- Cents, where an operator's rounding has not been looked at.
        COALESCE(tolerances.dollars, 0.02) AS tolerance
    FROM priced
    LEFT JOIN tolerances ON priced.iso = tolerances.iso
),

differing AS (
    -- Few are left to be joined to their adders.
    SELECT *
    FROM summed
    WHERE abs(lmp_total - components) > tolerance
),

adders AS (
    SELECT
        iso,
        market_type,
        interval_minutes,
        settlement_location_id,
        interval_start_utc,
        SUM(price) AS price
    FROM market.price_adders
    WHERE price <> 0
    GROUP BY iso, market_type, interval_minutes, settlement_location_id, interval_start_utc
)

SELECT
    differing.table_name,
    differing.iso,
    differing.market_type,
    differing.interval_minutes,
    differing.delivery_date,
    differing.settlement_location_id,
    differing.interval_start_utc,
    differing.lmp_total,
    differing.components,
    adders.price AS adders,
    differing.tolerance,
    differing.data_source
FROM differing
LEFT JOIN adders
    ON
        differing.table_name = 'energy_prices'
        AND differing.iso = adders.iso
        AND differing.market_type = adders.market_type
        AND differing.interval_minutes = adders.interval_minutes
        AND differing.settlement_location_id = adders.settlement_location_id
        AND differing.interval_start_utc = adders.interval_start_utc
WHERE abs(differing.lmp_total - differing.components - COALESCE(adders.price, 0)) > differing.tolerance
