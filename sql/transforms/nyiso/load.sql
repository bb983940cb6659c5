-- load: load by zone, five-minute samples and integrated hours.
--
-- Reads:  pal (five minutes, the stamps leave the grid) and palIntegrated (hours). Five columns in one order
--         since 2001, read by position; only the name of the last one differs.
-- Grain:  one zone, one stamp. Files of before April 2005 may print a stamp twice with different values: the
--         later row counts as the source's own second version.
-- Source: NYISO MIS, P-58B and P-58C. MW, net of what stands behind the meters. There is no row of the whole
--         state.
-- Why:    the column Time Zone says EST or EDT, but until 2006 it changed some hours after the clock did. So
--         it is asked in the repeated hour only, where the stamp alone does not say which pass is meant;
--         where it calls both passes EDT, file order decides: what comes after the first step back in time
--         is the second pass. Until 2005-01-30 New York City and Long Island are one area without a PTID:
--         its name is its id.
WITH lines AS (
    SELECT
        *,
        ROW_NUMBER() OVER () AS line_number
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'time_zone': 'VARCHAR',
                'zone_name': 'VARCHAR',
                'ptid': 'VARCHAR',
                'megawatts': 'VARCHAR'
            }
        )
    WHERE stamp IS DISTINCT FROM 'Time Stamp'
),

clock AS (
    SELECT
        *,
        local_to_utc('America/New_York', wall_stamp, 1) AS first_utc,
        local_to_utc('America/New_York', wall_stamp, 2) AS second_utc
    FROM (
        SELECT
            stamp,
            naive_of_24_hour_stamp(MIN(stamp)) AS wall_stamp
        FROM lines
        GROUP BY stamp
    ) AS stamps
),

readings AS (
    SELECT
        lines.*,
        clock.wall_stamp,
        clock.first_utc,
        clock.second_utc,
        clock.wall_stamp <= LAG(clock.wall_stamp) OVER (
            PARTITION BY lines.filename, lines.zone_name
            ORDER BY lines.line_number
        ) AS is_step_back
    FROM lines
    INNER JOIN clock ON lines.stamp IS NOT DISTINCT FROM clock.stamp
),

passes AS (
    SELECT
        *,
        BOOL_OR(time_zone = 'EST') OVER repeated_hours AS is_labelled,
        BOOL_OR(is_step_back) OVER repeated_hour AS is_behind_step
    FROM readings
    WINDOW
        repeated_hours AS (PARTITION BY filename, first_utc <> second_utc),
        repeated_hour AS (
            PARTITION BY filename, zone_name, first_utc <> second_utc
            ORDER BY line_number
        )
),

placed AS (
    SELECT
        *,
        CASE
            WHEN time_zone = 'EST' THEN second_utc
            WHEN is_labelled THEN first_utc
            WHEN is_behind_step THEN second_utc
            ELSE first_utc
        END AS repeated_utc
    FROM passes
),

counted AS (
    SELECT
        *,
        COALESCE(CASE WHEN first_utc <> second_utc THEN repeated_utc END, first_utc) AS stamp_utc,
        ROW_NUMBER() OVER (same_stamp ORDER BY line_number) AS telling,
        MIN(megawatts) OVER same_stamp AS lowest,
        MAX(megawatts) OVER same_stamp AS highest
    FROM placed
    WINDOW same_stamp AS (PARTITION BY filename, zone_name, first_utc, repeated_utc)
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    stamp_utc AS interval_start_utc,
    stamp_utc,
    'actual' AS load_type,
    zone_name AS area,
    'ZONE' AS area_type,
    COALESCE(blank_to_null(ptid), zone_name) AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS load_mw,
    CASE
        WHEN wall_stamp < TIMESTAMP '2005-04-01' AND lowest <> highest THEN CAST(telling AS INTEGER)
    END AS source_version,
    CASE
        WHEN stamp_utc IS NULL
            THEN 'no clock in New York ever showed the stamp ' || COALESCE(stamp, '(blank)')
        WHEN COALESCE(time_zone, '') NOT IN ('EST', 'EDT')
            THEN concat_ws(' ', 'the time zone of', stamp, 'is neither EST nor EDT:', time_zone)
        WHEN blank_to_null(zone_name) IS NULL
            THEN 'a row names no zone'
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat_ws(' ', 'the load of', zone_name, 'at', stamp, 'is not a number:', megawatts)
    END AS objection
FROM counted
WHERE blank_to_null(megawatts) IS NOT NULL
