-- lmp_5min: locational prices of real time, every five minutes of a week.
--
-- Reads:  5MIN_LMP, a file a week: lines before the header, and one or two after the rows without a price.
-- Grain:  one node, five minutes. Stamps are Eastern Standard Time all year.
-- Source: MISO market reports, final prices. The energy component is not printed; it is what is left.
-- Why:    whether a stamp begins or ends its five minutes was changed by MISO and is stated in no file. One
--         of whole days says it itself: from 00:00 to 23:55 stamps begin, from 00:05 to 00:00 they end. Any
--         other file is objected to: a guess would move every price by five minutes. The first and the last
--         stamp come from the few thousand distinct ones, so that the file streams however large it is.
--         A file names no types. Known hubs, and names that end in .HUB as theirs do, are hubs; every other
--         node is a node. What kind of node it is the day-ahead prices say, and with them meta.locations.
WITH raw AS (
    SELECT
        filename,
        blank_to_null(stamp) AS stamp,
        blank_to_null(node) AS node,
        blank_to_null(lmp) AS lmp,
        blank_to_null(mcc) AS mcc,
        blank_to_null(mlc) AS mlc
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'node': 'VARCHAR',
                'lmp': 'VARCHAR',
                'mcc': 'VARCHAR',
                'mlc': 'VARCHAR'
            }
        )
),

prices AS (
    SELECT
        *,
        -- Numbers from a thousand on may be printed with a comma.
        TRY_CAST(REPLACE(lmp, ',', '') AS DOUBLE) AS lmp_total,
        TRY_CAST(REPLACE(mcc, ',', '') AS DOUBLE) AS lmp_congestion,
        TRY_CAST(REPLACE(mlc, ',', '') AS DOUBLE) AS lmp_loss
    FROM raw
    WHERE
        stamp IS DISTINCT FROM 'MKTHOUR_EST'
        AND (lmp IS NOT NULL OR mcc IS NOT NULL OR mlc IS NOT NULL)
        -- Words about the file that stand under a price: neither a moment nor a place.
        AND (
            stamp IS NOT NULL
            OR node IS NOT NULL
            OR COALESCE(TRY_CAST(lmp AS DOUBLE), TRY_CAST(mcc AS DOUBLE), TRY_CAST(mlc AS DOUBLE)) IS NOT NULL
        )
),

printed_stamps AS (
    SELECT DISTINCT
        filename,
        stamp
    FROM prices
),

stamps AS (
    SELECT
        filename,
        stamp,
        COALESCE(naive_of_24_hour_stamp(stamp), naive_of_12_hour_stamp(stamp)) AS stamp_est
    FROM printed_stamps
),

edges AS (
    SELECT
        filename,
        MIN(stamp_est) AS first_stamp,
        MAX(stamp_est) AS last_stamp,
        CASE
            WHEN CAST(MIN(stamp_est) AS TIME) = TIME '00:00' AND CAST(MAX(stamp_est) AS TIME) = TIME '23:55'
                THEN INTERVAL 0 MINUTE
            WHEN CAST(MIN(stamp_est) AS TIME) = TIME '00:05' AND CAST(MAX(stamp_est) AS TIME) = TIME '00:00'
                THEN INTERVAL 5 MINUTE
        END AS behind_start
    FROM stamps
    GROUP BY filename
),

moments AS (
    SELECT
        stamps.*,
        edges.first_stamp,
        edges.last_stamp,
        edges.behind_start
    FROM stamps
    INNER JOIN edges ON stamps.filename = edges.filename
),

known AS (
    SELECT CAST(getvariable('known_locations') AS MAP (VARCHAR, VARCHAR)) AS types
)

SELECT
    parse_dirpath(prices.filename) AS raw_folder,
    -- A file that is objected to has a time all the same, so that its objection is heard.
    moments.stamp_est - COALESCE(moments.behind_start, INTERVAL 0 MINUTE) + INTERVAL 5 HOUR
        AS interval_start_utc,
    prices.node AS settlement_location,
    prices.node AS settlement_location_id,
    COALESCE(known.types[prices.node], CASE WHEN prices.node LIKE '%.HUB' THEN 'HUB' ELSE 'NODE' END)
        AS settlement_location_type,
    prices.lmp_total,
    exact_remainder(prices.lmp_total, prices.lmp_congestion, prices.lmp_loss) AS lmp_energy,
    prices.lmp_congestion,
    prices.lmp_loss,
    CASE
        WHEN moments.stamp_est IS NULL
            THEN concat('a row has no readable time: ', prices.stamp, ' at ', prices.node)
        WHEN moments.behind_start IS NULL
            THEN concat(
                'stamps from ', moments.first_stamp, ' to ', moments.last_stamp,
                ' do not say whether they begin or end their five minutes (00:00 to 23:55, or 00:05 to 00:00)'
            )
        WHEN prices.node IS NULL THEN concat('a row of ', prices.stamp, ' names no node')
        WHEN
            prices.lmp_total IS NULL
            OR (prices.lmp_congestion IS NULL AND prices.mcc IS NOT NULL)
            OR (prices.lmp_loss IS NULL AND prices.mlc IS NOT NULL)
            THEN concat('a price of ', prices.node, ' at ', prices.stamp, ' is not a number')
    END AS objection
FROM prices
INNER JOIN moments
    ON
        prices.filename = moments.filename
        AND prices.stamp IS NOT DISTINCT FROM moments.stamp
CROSS JOIN known
