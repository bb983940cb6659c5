-- prices_are_plausible: prices are numbers that a market can have had.
--
-- Severity:  warning
-- Finds:     rows with a price or component below -2,000 or above 10,000 $/MWh, or with one that is no
--            number (which compares as higher than any).
-- Tolerance: the caps and penalty prices of the markets stay within; the highest cap so far was 9,000 $/MWh.
-- Reads:     market.energy_prices, market.energy_prices_ex_ante, market.ancillary_services,
--            market.price_adders (current rows).
-- Why:       recorded and shown, never dropped: what was published stays what was published.
WITH priced AS (
    SELECT
        'energy_prices' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id AS place,
        interval_start_utc,
        LEAST(lmp_total, lmp_energy, lmp_congestion, lmp_loss, system_lambda) AS lowest_price,
        GREATEST(lmp_total, lmp_energy, lmp_congestion, lmp_loss, system_lambda) AS highest_price,
        data_source
    FROM market.energy_prices
    UNION ALL
    SELECT
        'energy_prices_ex_ante' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        settlement_location_id AS place,
        interval_start_utc,
        LEAST(lmp_total, lmp_energy, lmp_congestion, lmp_loss, system_lambda) AS lowest_price,
        GREATEST(lmp_total, lmp_energy, lmp_congestion, lmp_loss, system_lambda) AS highest_price,
        data_source
    FROM market.energy_prices_ex_ante
    UNION ALL
    SELECT
        'ancillary_services' AS table_name,
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        as_product || ' ' || as_region AS place,
        interval_start_utc,
        market_clearing_price AS lowest_price,
        market_clearing_price AS highest_price,
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
        price AS lowest_price,
        price AS highest_price,
        data_source
    FROM market.price_adders
)

SELECT *
FROM priced
WHERE lowest_price < -2000 OR highest_price > 10000
