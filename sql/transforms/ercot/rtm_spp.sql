-- rtm_spp: real-time prices of 15 minutes by settlement point.
--
-- Reads:  Settlement Point Prices at Resource Nodes, Hubs and Load Zones (NP6-905-CD), a file an interval.
--         Columns by position; the last one is missing in files of before mid-2011.
-- Grain:  one settlement point in one sense, one interval: hour 1 to 24 and quarter 1 to 4 on Central time.
-- Source: ERCOT. Prices hold the reliability and scarcity adders. No components.
-- Why:    a load zone and a direct-current tie come twice under one name, as LZ (LZ_DC) and energy-weighted
--         as LZEW (LZ_DCEW), at different prices: the second gets the type behind its name as an id of its
--         own. The interval is what the columns say; the file's name says its end.
WITH published AS (
    SELECT
        *,
        TRIM(point) AS place,
        TRIM(kind) AS place_kind
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'delivery_date': 'VARCHAR',
                'delivery_hour': 'VARCHAR',
                'delivery_interval': 'VARCHAR',
                'point': 'VARCHAR',
                'kind': 'VARCHAR',
                'price': 'VARCHAR',
                'repeated': 'VARCHAR'
            }
        )
    WHERE
        COALESCE(TRIM(delivery_date), '') <> 'DeliveryDate'
        AND COALESCE(delivery_date, point, price) IS NOT NULL
),

clock AS MATERIALIZED (
    SELECT
        delivery_date,
        delivery_hour,
        delivery_interval,
        repeated,
        flagged_to_utc('America/Chicago', wall_start, COALESCE(TRIM(repeated), '')) AS start_utc
    FROM (
        SELECT
            delivery_date,
            delivery_hour,
            delivery_interval,
            repeated,
            wall_of_hour_ending(MIN(delivery_date), MIN(delivery_hour))
            + CASE
                WHEN regexp_full_match(TRIM(MIN(delivery_interval)), '[1-4]')
                    THEN TO_MINUTES(15 * (CAST(TRIM(MIN(delivery_interval)) AS INTEGER) - 1))
            END AS wall_start
        FROM published
        GROUP BY delivery_date, delivery_hour, delivery_interval, repeated
    ) AS quarters
),

prices AS (
    SELECT
        published.filename,
        published.place,
        published.place_kind,
        published.price,
        concat_ws(
            ' ',
            published.delivery_date,
            published.delivery_hour,
            published.delivery_interval,
            published.repeated
        ) AS printed_interval,
        clock.start_utc
    FROM published
    INNER JOIN clock
        ON
            published.delivery_date IS NOT DISTINCT FROM clock.delivery_date
            AND published.delivery_hour IS NOT DISTINCT FROM clock.delivery_hour
            AND published.delivery_interval IS NOT DISTINCT FROM clock.delivery_interval
            AND published.repeated IS NOT DISTINCT FROM clock.repeated
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    place AS settlement_location,
    CASE
        WHEN place_kind IN ('LZEW', 'LZ_DCEW') THEN concat(place, ':', place_kind)
        ELSE place
    END AS settlement_location_id,
    CASE
        WHEN place_kind IN ('HU', 'SH', 'AH') THEN 'HUB'
        WHEN place_kind IN ('LZ', 'LZEW') THEN 'ZONE'
        WHEN place_kind IN ('LZ_DC', 'LZ_DCEW') THEN 'INTERFACE'
        WHEN place_kind IN ('RN', 'PCCRN', 'LCCRN', 'PUN') THEN 'RESOURCE_NODE'
        ELSE 'NODE'
    END AS settlement_location_type,
    CASE WHEN place_kind IN ('LZ', 'LZEW') THEN place END AS zone,
    TRY_CAST(price AS DOUBLE) AS lmp_total,
    CASE
        WHEN start_utc IS NULL THEN 'no interval of Central time is ' || printed_interval
        WHEN COALESCE(place, '') = '' THEN 'a row names no settlement point at ' || printed_interval
        WHEN COALESCE(place_kind, '') = ''
            THEN concat('the settlement point ', place, ' has no type at ', printed_interval)
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the price of ', place, ' at ', printed_interval, ' is not a number: ', price)
    END AS objection
FROM prices
