-- location_history: from when until when a list said what of a location.
--
-- Grain: one list, location, group and stretch of lists that say the same.
-- Reads: market.locations (current rows).
-- Means: valid_from_utc    as the source states it; where it states nothing, or says something new of what it
--                          had listed before, the start of the day of the first list that says so
--        valid_to_utc      as the source states it, or the start of the day of the first list that no longer
--                          says so, whichever is earlier; NULL while it holds
--        first_listed      the days of the first and the last list that say so. Between two lists nobody
--        last_listed       looked: a change may have come on any day between them.
-- Why:   a source overwrites its list, so what changed can only be seen by comparing lists in the order of
--        the days that they speak of. A list may state other ends for the same row later: the last word
--        holds.
WITH snapshots AS (
    SELECT
        iso,
        location_list,
        delivery_date,
        published_at_utc,
        interval_start_utc,
        ROW_NUMBER() OVER (
            PARTITION BY iso, location_list ORDER BY delivery_date, published_at_utc
        ) AS list_no,
        LEAD(interval_start_utc) OVER (
            PARTITION BY iso, location_list ORDER BY delivery_date, published_at_utc
        ) AS next_day_utc
    FROM (
        SELECT DISTINCT
            iso,
            location_list,
            delivery_date,
            published_at_utc,
            interval_start_utc
        FROM market.locations
    ) AS seen
),

said AS (
    SELECT
        locations.iso,
        locations.location_list,
        locations.settlement_location_id,
        locations.member_of,
        locations.settlement_location,
        locations.settlement_location_type,
        locations.source_type,
        locations.zone,
        locations.subzone,
        locations.node,
        locations.description,
        locations.voltage_kv,
        locations.state,
        locations.latitude,
        locations.longitude,
        locations.is_active,
        CASE WHEN locations.validity_basis = 'source' THEN locations.valid_from_utc END AS stated_from_utc,
        snapshots.list_no,
        MAX(locations.valid_to_utc) AS valid_to_utc,
        ANY_VALUE(snapshots.delivery_date) AS delivery_date,
        ANY_VALUE(snapshots.interval_start_utc) AS interval_start_utc,
        ANY_VALUE(snapshots.next_day_utc) AS next_day_utc
    FROM market.locations
    INNER JOIN snapshots
        ON
            locations.iso = snapshots.iso
            AND locations.location_list = snapshots.location_list
            AND locations.delivery_date = snapshots.delivery_date
            AND locations.published_at_utc = snapshots.published_at_utc
    GROUP BY ALL
),

numbered AS (
    SELECT
        *,
        list_no - ROW_NUMBER() OVER (
            PARTITION BY
                iso, location_list, settlement_location_id, member_of, stated_from_utc, settlement_location,
                settlement_location_type, source_type, zone, subzone, node, description, voltage_kv, state,
                latitude, longitude, is_active
            ORDER BY list_no
        ) AS stretch,
        list_no = MIN(list_no) OVER (
            PARTITION BY iso, location_list, settlement_location_id, member_of, stated_from_utc
        ) AS is_first
    FROM said
)

SELECT
    iso,
    location_list,
    settlement_location_id,
    settlement_location,
    settlement_location_type,
    source_type,
    zone,
    subzone,
    member_of,
    node,
    description,
    voltage_kv,
    state,
    latitude,
    longitude,
    is_active,
    CASE
        WHEN BOOL_OR(is_first) THEN COALESCE(stated_from_utc, MIN(interval_start_utc))
        ELSE MIN(interval_start_utc)
    END AS valid_from_utc,
    LEAST(
        NULLIF(ARG_MAX(valid_to_utc, list_no), TIMESTAMPTZ '9999-12-31 00:00:00+00'),
        -- NULL of the newest list, which LEAST leaves out.
        ARRAY_AGG(next_day_utc ORDER BY list_no DESC)[1]
    ) AS valid_to_utc,
    MIN(delivery_date) AS first_listed,
    MAX(delivery_date) AS last_listed
FROM numbered
GROUP BY
    iso,
    location_list,
    settlement_location_id,
    settlement_location,
    settlement_location_type,
    source_type,
    zone,
    subzone,
    member_of,
    node,
    description,
    voltage_kv,
    state,
    latitude,
    longitude,
    is_active,
    stated_from_utc,
    stretch
