-- lbmp_hourly: hourly locational prices, stamped with the start of the hour.
--
-- Reads:  damlbmp_zone, damlbmp_gen (day-ahead) and rtlbmp_zone, rtlbmp_gen (real time, integrated over the
--         hour). Also damlbmp_gen_refbus. One layout of six columns since 1999.
-- Grain:  one location (PTID), one hour.
-- Source: NYISO MIS, P-2A/B and P-4A/B. Columns are read by position: the last header is cut off before
--         2016-07; text may be quoted or not, stamps may carry seconds or not, a blank line may stand first.
--         LBMP = energy + losses - congestion: the congestion column has the opposite sign of everybody
--         else's, so it is negated here; energy is not published and is what the others leave, as an exact
--         decimal.
-- Why:    the clock is New York's, and nothing in the row tells the two hours from 01:00 of autumn apart.
--         File order does: per location, what comes after the first step back in time is the second pass.
--         (The first of two equal stamps would not do: real-time stamps off the grid occur once.) So the
--         rows of that hour, and only they, are numbered and walked in file order; all others take their UTC
--         from a small table of the distinct stamps, because asking the calendar for millions of rows is
--         what would take the time. The file is read three times rather than held in memory.
WITH stamps AS (
    -- MIN is the stamp itself, but keeps the calendar's work above the grouping.
    SELECT
        stamp,
        naive_of_24_hour_stamp(MIN(stamp)) AS wall_stamp
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'location_name': 'VARCHAR',
                'ptid': 'VARCHAR',
                'lbmp': 'VARCHAR',
                'losses': 'VARCHAR',
                'congestion': 'VARCHAR'
            }
        )
    WHERE stamp IS DISTINCT FROM 'Time Stamp'
    GROUP BY stamp
),

clock AS MATERIALIZED (
    SELECT
        stamp,
        wall_stamp,
        local_to_utc('America/New_York', wall_stamp, 1) AS first_utc,
        local_to_utc('America/New_York', wall_stamp, 2) AS second_utc
    FROM stamps
),

shown_once AS (
    SELECT
        published.*,
        clock.first_utc AS stamp_utc
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'location_name': 'VARCHAR',
                'ptid': 'VARCHAR',
                'lbmp': 'VARCHAR',
                'losses': 'VARCHAR',
                'congestion': 'VARCHAR'
            }
        ) AS published
    INNER JOIN clock
        ON published.stamp IS NOT DISTINCT FROM clock.stamp
    WHERE clock.first_utc IS NOT DISTINCT FROM clock.second_utc
),

lines AS (
    -- The hour from 01:00 is the only one this clock ever shows twice.
    SELECT
        *,
        ROW_NUMBER() OVER () AS line_number
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'location_name': 'VARCHAR',
                'ptid': 'VARCHAR',
                'lbmp': 'VARCHAR',
                'losses': 'VARCHAR',
                'congestion': 'VARCHAR'
            }
        )
    WHERE regexp_matches(stamp, ' 0?1:')
),

shown_twice AS (
    SELECT
        lines.*,
        clock.wall_stamp,
        clock.first_utc,
        clock.second_utc
    FROM lines
    INNER JOIN clock
        ON lines.stamp = clock.stamp
    WHERE clock.first_utc <> clock.second_utc
),

steps AS (
    SELECT
        *,
        wall_stamp <= LAG(wall_stamp) OVER (PARTITION BY filename, ptid ORDER BY line_number) AS is_step_back
    FROM shown_twice
),

walked AS (
    SELECT
        filename,
        stamp,
        location_name,
        ptid,
        lbmp,
        losses,
        congestion,
        CASE
            WHEN BOOL_OR(is_step_back) OVER (PARTITION BY filename, ptid ORDER BY line_number) THEN second_utc
            ELSE first_utc
        END AS stamp_utc
    FROM steps
),

placed AS (
    SELECT * FROM shown_once
    UNION ALL BY NAME
    SELECT * FROM walked
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    stamp_utc AS interval_start_utc,
    location_name AS settlement_location,
    CASE
        WHEN TRY_CAST(ptid AS INTEGER) BETWEEN 61752 AND 61762 THEN 'ZONE'
        WHEN TRY_CAST(ptid AS INTEGER) BETWEEN 61844 AND 61847 THEN 'INTERFACE'
        WHEN location_name = 'NYISO_LBMP_REFERENCE' THEN 'BUS'
        ELSE 'RESOURCE_NODE'
    END AS settlement_location_type,
    ptid AS settlement_location_id,
    CASE WHEN TRY_CAST(ptid AS INTEGER) BETWEEN 61752 AND 61762 THEN location_name END AS zone,
    TRY_CAST(lbmp AS DOUBLE) AS lmp_total,
    CAST(
        TRY_CAST(lbmp AS DECIMAL(18, 6))
        - TRY_CAST(losses AS DECIMAL(18, 6))
        + TRY_CAST(congestion AS DECIMAL(18, 6)) AS DOUBLE
    ) AS lmp_energy,
    -- 0 - 0 is 0, where the negation of 0 would be -0.
    0 - TRY_CAST(congestion AS DOUBLE) AS lmp_congestion,
    TRY_CAST(losses AS DOUBLE) AS lmp_loss,
    CASE
        WHEN stamp_utc IS NULL
            THEN 'no clock in New York ever showed the stamp ' || COALESCE(stamp, '(blank)')
        WHEN ptid IS NULL
            THEN 'a row has no PTID'
        WHEN TRY_CAST(lbmp AS DOUBLE) IS NULL
            THEN 'the LBMP of ' || ptid || ' at ' || stamp || ' is not a price: ' || COALESCE(lbmp, 'blank')
    END AS objection
FROM placed
