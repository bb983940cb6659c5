-- sced_lmp: real-time prices by settlement point, a run of the dispatch at a time.
--
-- Reads:  LMPs by Resource Nodes, Load Zones and Trading Hubs (NP6-788-CD), a file a run. Columns by
--         position.
-- Grain:  one settlement point, one run. Runs come about every five minutes, off the grid; a run holds until
--         the next one.
-- Source: ERCOT. Every name once. Without adders and without components.
-- Why:    RepeatedHourFlag is Y in the second of the two autumn hours only. Prices are padded to the right.
WITH published AS (
    SELECT
        *,
        TRIM(point) AS place
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'repeated': 'VARCHAR',
                'point': 'VARCHAR',
                'price': 'VARCHAR'
            }
        )
    WHERE COALESCE(TRIM(stamp), '') <> 'SCEDTimestamp' AND COALESCE(stamp, point, price) IS NOT NULL
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
        clock.stamp_utc,
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
            published.stamp IS NOT DISTINCT FROM clock.stamp
            AND published.repeated IS NOT DISTINCT FROM clock.repeated
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    stamp_utc,
    place AS settlement_location,
    place AS settlement_location_id,
    place_type AS settlement_location_type,
    CASE WHEN place_type = 'ZONE' THEN place END AS zone,
    TRY_CAST(price AS DOUBLE) AS lmp_total,
    CASE
        WHEN stamp_utc IS NULL THEN 'no clock in Chicago ever showed the run ' || printed_run
        WHEN COALESCE(place, '') = '' THEN 'a row names no settlement point at ' || printed_run
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the LMP of ', place, ' at ', printed_run, ' is not a number: ', price)
    END AS objection
FROM prices
