-- locations: every settlement location that a price or a list names.
--
-- Grain: one location (operator and id).
-- Reads: market.energy_prices, market.locations (current rows).
-- Means: name, type, zone and voltage as the latest price has them, else the newest list that names it;
--        the markets where it is priced; the first and the last delivery date of a price; and what only
--        lists say: the source's own type, groups (hubs, areas, aggregates), state, coordinates. lists are
--        those that name it, is_listed says whether the newest of one of them still does. What is not
--        known is NULL, and a list of nothing is empty.
-- Why:   the prices are the register: a location exists from the day it is priced. Lists know more of it, and
--        of locations that nobody has asked the prices of.
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
),

prices AS (
    SELECT
        iso,
        settlement_location_id,
        ARG_MAX(settlement_location, last_delivery_date) AS settlement_location,
        ARG_MAX(settlement_location_type, last_delivery_date) AS settlement_location_type,
        ARG_MAX(zone, last_delivery_date) AS zone,
        ARG_MAX(voltage_kv, last_delivery_date) AS voltage_kv,
        MIN(first_delivery_date) AS first_delivery_date,
        MAX(last_delivery_date) AS last_delivery_date,
        LIST(
            market_type || ' ' || interval_minutes || ' min' ORDER BY market_type, interval_minutes
        ) AS markets
    FROM priced
    GROUP BY iso, settlement_location_id
),

newest AS (
    SELECT
        iso,
        location_list,
        MAX(struct_pack(delivery_date, published_at_utc)) AS list_at
    FROM market.locations
    GROUP BY iso, location_list
),

-- Of each list the newest that names the location, and in it the rows that hold longest.
told AS (
    SELECT
        locations.*,
        newest.list_at = struct_pack(locations.delivery_date, locations.published_at_utc) AS is_listed
    FROM market.locations
    INNER JOIN newest
        ON
            locations.iso = newest.iso
            AND locations.location_list = newest.location_list
    QUALIFY RANK() OVER (
        PARTITION BY locations.iso, locations.location_list, locations.settlement_location_id
        ORDER BY locations.delivery_date DESC, locations.published_at_utc DESC, locations.valid_to_utc DESC
    ) = 1
),

listed AS (
    SELECT
        iso,
        settlement_location_id,
        ARG_MAX(settlement_location, valid_from_utc) AS settlement_location,
        ARG_MAX(settlement_location_type, valid_from_utc) AS settlement_location_type,
        ARG_MAX(source_type, valid_from_utc) AS source_type,
        ARG_MAX(zone, valid_from_utc) AS zone,
        ARG_MAX(subzone, valid_from_utc) AS subzone,
        ARG_MAX(node, valid_from_utc) AS node,
        ARG_MAX(voltage_kv, valid_from_utc) AS voltage_kv,
        ARG_MAX(state, valid_from_utc) AS state,
        ARG_MAX(latitude, valid_from_utc) AS latitude,
        ARG_MAX(longitude, valid_from_utc) AS longitude,
        ARG_MAX(is_active, valid_from_utc) AS is_active,
        LIST(DISTINCT member_of ORDER BY member_of) FILTER (WHERE member_of <> '') AS member_of,
        LIST(DISTINCT location_list ORDER BY location_list) AS lists,
        BOOL_OR(is_listed) AS is_listed
    FROM told
    GROUP BY iso, settlement_location_id
)

SELECT
    COALESCE(prices.iso, listed.iso) AS iso,
    COALESCE(prices.settlement_location_id, listed.settlement_location_id) AS settlement_location_id,
    COALESCE(prices.settlement_location, listed.settlement_location) AS settlement_location,
    COALESCE(prices.settlement_location_type, listed.settlement_location_type) AS settlement_location_type,
    COALESCE(prices.zone, listed.zone) AS zone,
    COALESCE(prices.voltage_kv, listed.voltage_kv) AS voltage_kv,
    prices.first_delivery_date,
    prices.last_delivery_date,
    COALESCE(prices.markets, CAST([] AS VARCHAR[])) AS markets,
    listed.source_type,
    listed.subzone,
    listed.node,
    COALESCE(listed.member_of, CAST([] AS VARCHAR[])) AS member_of,
    listed.state,
    listed.latitude,
    listed.longitude,
    listed.is_active,
    COALESCE(listed.lists, CAST([] AS VARCHAR[])) AS lists,
    COALESCE(listed.is_listed, FALSE) AS is_listed
FROM prices
FULL JOIN listed
    ON
        prices.iso = listed.iso
        AND prices.settlement_location_id = listed.settlement_location_id
