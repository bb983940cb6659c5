-- dam_spp: day-ahead prices by settlement point.
--
-- Reads:  DAM Settlement Point Prices (NP4-190-CD), a day a file. Columns by position; the last one is
--         missing in files of before mid-2011.
-- Grain:  one settlement point, one hour. Hours are told by their end, 01:00 to 24:00, on Central time.
-- Source: ERCOT. Every name once: load zones in the sense of LZ, no energy-weighted ones. No components.
-- Why:    DSTFlag is Y in the second of the two autumn hours only. Prices are printed without fixed decimals
--         and with a blank before them: 20 is 20.0.
WITH published AS (
    SELECT
        *,
        TRIM(point) AS place
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'delivery_date': 'VARCHAR',
                'hour_ending': 'VARCHAR',
                'point': 'VARCHAR',
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
        hour_ending,
        repeated,
        flagged_to_utc('America/Chicago', wall_start, COALESCE(TRIM(repeated), '')) AS start_utc
    FROM (
        SELECT
            delivery_date,
            hour_ending,
            repeated,
            wall_of_hour_ending(MIN(delivery_date), MIN(hour_ending)) AS wall_start
        FROM published
        GROUP BY delivery_date, hour_ending, repeated
    ) AS hours
),

prices AS (
    SELECT
        published.filename,
        published.place,
        published.price,
        concat_ws(' ', published.delivery_date, published.hour_ending, published.repeated) AS printed_hour,
        clock.start_utc,
        COALESCE(
            CAST(getvariable('known_locations') AS MAP (VARCHAR, VARCHAR))[published.place],
            CASE
                WHEN published.place LIKE 'HB\_%' ESCAPE '\' THEN 'HUB'
                WHEN published.place LIKE 'LZ\_%' ESCAPE '\' THEN 'ZONE'
                ELSE 'RESOURCE_NODE'
            END
        ) AS place_type
    FROM published
    INNER JOIN clock
        ON
            published.delivery_date IS NOT DISTINCT FROM clock.delivery_date
            AND published.hour_ending IS NOT DISTINCT FROM clock.hour_ending
            AND published.repeated IS NOT DISTINCT FROM clock.repeated
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    place AS settlement_location,
    place AS settlement_location_id,
    place_type AS settlement_location_type,
    CASE WHEN place_type = 'ZONE' THEN place END AS zone,
    TRY_CAST(price AS DOUBLE) AS lmp_total,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN COALESCE(place, '') = '' THEN 'a row names no settlement point at ' || printed_hour
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the price of ', place, ' at ', printed_hour, ' is not a number: ', price)
    END AS objection
FROM prices
