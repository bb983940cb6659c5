-- sced_lmp_bus: real-time prices by electrical bus, a run of the dispatch at a time.
--
-- Reads:  LMPs by Electrical Bus (NP6-787-CD), a file a run. Columns by position.
-- Grain:  one bus, one run. Runs come about every five minutes, off the grid; a run holds until the next one.
-- Source: ERCOT. Without adders and without components.
-- Why:    a bus and a settlement point may have one name: a bus has its kind behind its name as its id.
WITH published AS (
    SELECT
        *,
        TRIM(bus) AS place
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'repeated': 'VARCHAR',
                'bus': 'VARCHAR',
                'price': 'VARCHAR'
            }
        )
    WHERE COALESCE(TRIM(stamp), '') <> 'SCEDTimestamp' AND COALESCE(stamp, bus, price) IS NOT NULL
),

clock AS MATERIALIZED (
    SELECT
        stamp,
        repeated,
        flagged_to_utc('America/Chicago', wall_stamp, COALESCE(TRIM(repeated), '')) AS stamp_utc
    FROM (
        SELECT
            stamp,
            repeated,
            naive_of_24_hour_stamp(MIN(stamp)) AS wall_stamp
        FROM published
        GROUP BY stamp, repeated
    ) AS runs
),

prices AS (
    SELECT
        published.filename,
        published.place,
        published.price,
        concat_ws(' ', published.stamp, published.repeated) AS printed_run,
        clock.stamp_utc
    FROM published
    INNER JOIN clock
        ON
            published.stamp IS NOT DISTINCT FROM clock.stamp
            AND published.repeated IS NOT DISTINCT FROM clock.repeated
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    stamp_utc,
    place AS settlement_location,
    concat(place, ':BUS') AS settlement_location_id,
    'BUS' AS settlement_location_type,
    TRY_CAST(price AS DOUBLE) AS lmp_total,
    CASE
        WHEN stamp_utc IS NULL THEN 'no clock in Chicago ever showed the run ' || printed_run
        WHEN COALESCE(place, '') = '' THEN 'a row names no bus at ' || printed_run
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the LMP of ', place, ' at ', printed_run, ' is not a number: ', price)
    END AS objection
FROM prices
