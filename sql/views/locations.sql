-- locations: every settlement location that a price names.
--
-- Grain: one location (operator and id).
-- Reads: market.energy_prices.
-- Means: name, type, zone and voltage as the latest price has them; markets where it is priced; the first and
--        the last delivery date of a price.
-- Why:   the prices themselves are the register: a location exists from the day it is priced.
WITH priced AS (
    SELECT
        iso,
        settlement_location_id,
        market_type,
        interval_minutes,
        ARG_MAX(settlement_location, interval_start_utc) AS settlement_location,
        ARG_MAX(settlement_location_type, interval_start_utc) AS settlement_location_type,
        ARG_MAX(zone, interval_start_utc) AS zone,
        ARG_MAX(voltage_kv, interval_start_utc) AS voltage_kv,
        MIN(delivery_date) AS first_delivery_date,
        MAX(delivery_date) AS last_delivery_date
    FROM market.energy_prices
    GROUP BY iso, settlement_location_id, market_type, interval_minutes
)

SELECT
    iso,
    settlement_location_id,
    ARG_MAX(settlement_location, last_delivery_date) AS settlement_location,
    ARG_MAX(settlement_location_type, last_delivery_date) AS settlement_location_type,
    ARG_MAX(zone, last_delivery_date) AS zone,
    ARG_MAX(voltage_kv, last_delivery_date) AS voltage_kv,
    MIN(first_delivery_date) AS first_delivery_date,
    MAX(last_delivery_date) AS last_delivery_date,
    LIST(market_type || ' ' || interval_minutes || ' min' ORDER BY market_type, interval_minutes) AS markets
FROM priced
GROUP BY iso, settlement_location_id
