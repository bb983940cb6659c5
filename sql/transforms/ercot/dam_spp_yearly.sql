-- dam_spp_yearly: day-ahead prices of a year by hub and load zone.
--
-- Reads:  Historical DAM Load Zone and Hub Prices (NP4-180-ER), the sheets of a year's book. Columns by
--         position.
-- Grain:  one hub or load zone, one hour. Hours are told by their end, 01:00 to 24:00, on Central time.
-- Source: ERCOT. The same prices as in the daily report, which has all settlement points.
-- Why:    Repeated Hour Flag is Y in the second of the two autumn hours only. Numbers come as the book holds
--         them, with up to 17 digits.
WITH published AS (
    SELECT
        *,
        TRIM(point) AS place
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'delivery_date': 'VARCHAR',
                'hour_ending': 'VARCHAR',
                'repeated': 'VARCHAR',
                'point': 'VARCHAR',
                'price': 'VARCHAR'
            }
        )
    WHERE
        COALESCE(TRIM(delivery_date), '') <> 'Delivery Date'
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
