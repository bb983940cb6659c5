-- dam_lmp_bus: day-ahead prices by electrical bus.
--
-- Reads:  DAM Hourly LMPs (NP4-183-CD), a day a file. Columns by position; the last one is missing in files
--         of before mid-2011.
-- Grain:  one bus, one hour. Hours are told by their end, 01:00 to 24:00, on Central time.
-- Source: ERCOT. Some 17,000 buses, whose names change with the model of the network. No components.
-- Why:    a bus and a settlement point may have one name: a bus has its kind behind its name as its id.
WITH published AS (
    SELECT
        *,
        TRIM(bus) AS place
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'delivery_date': 'VARCHAR',
                'hour_ending': 'VARCHAR',
                'bus': 'VARCHAR',
                'price': 'VARCHAR',
                'repeated': 'VARCHAR'
            }
        )
    WHERE
        COALESCE(TRIM(delivery_date), '') <> 'DeliveryDate'
        AND COALESCE(delivery_date, bus, price) IS NOT NULL
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
        clock.start_utc
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
    concat(place, ':BUS') AS settlement_location_id,
    'BUS' AS settlement_location_type,
    TRY_CAST(price AS DOUBLE) AS lmp_total,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN COALESCE(place, '') = '' THEN 'a row names no bus at ' || printed_hour
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the LMP of ', place, ' at ', printed_hour, ' is not a number: ', price)
    END AS objection
FROM prices
