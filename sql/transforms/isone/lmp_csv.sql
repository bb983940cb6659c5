-- lmp_csv: hourly prices by location, from the public reports.
--
-- Reads:  WW_DALMP_ISO, lmp_rt_prelim, lmp_rt_final. Rows begin with a letter: C comments, H names and types,
--         D data, T the number of data rows.
-- Grain:  one location, one hour ending on Eastern prevailing time; in autumn 02X follows 02.
-- Source: ISO New England, static reports. LMP = energy + congestion + loss, all signed so.
-- Why:    locations are told by number: their names hold blanks that count, and were not unique once.
WITH published AS (
    SELECT
        *,
        naive_of_24_hour_stamp(market_day || ' 00:00') AS local_day,
        TRY_CAST(regexp_extract(hour_ending, '^(\d{1,2})X?$', 1) AS INTEGER) AS hour_number,
        CASE WHEN hour_ending LIKE '%X' THEN 2 ELSE 1 END AS pass
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'kind': 'VARCHAR',
                'market_day': 'VARCHAR',
                'hour_ending': 'VARCHAR',
                'location_id': 'VARCHAR',
                'location_name': 'VARCHAR',
                'location_type': 'VARCHAR',
                'lmp': 'VARCHAR',
                'energy': 'VARCHAR',
                'congestion': 'VARCHAR',
                'loss': 'VARCHAR'
            }
        )
    WHERE COALESCE(kind, '') NOT IN ('C', 'H', 'T')
),

hours AS (
    SELECT
        market_day,
        hour_ending,
        local_to_utc('America/New_York', MIN(local_day) + TO_HOURS(MIN(hour_number) - 1), MIN(pass))
            AS interval_start_utc,
        MIN(pass) = 2
        AND local_to_utc('America/New_York', MIN(local_day) + TO_HOURS(MIN(hour_number) - 1), 1)
        = local_to_utc('America/New_York', MIN(local_day) + TO_HOURS(MIN(hour_number) - 1), 2)
            AS is_no_repeated_hour
    FROM published
    WHERE hour_number BETWEEN 1 AND 24
    GROUP BY market_day, hour_ending
)

SELECT
    parse_dirpath(published.filename) AS raw_folder,
    hours.interval_start_utc,
    published.location_name AS settlement_location,
    published.location_id AS settlement_location_id,
    CASE published.location_type
        WHEN 'HUB' THEN 'HUB'
        WHEN 'LOAD ZONE' THEN 'ZONE'
        WHEN 'EXT. NODE' THEN 'INTERFACE'
        WHEN 'DRRAZ' THEN 'AGGREGATE'
        WHEN 'DISPATCH ZONE' THEN 'AGGREGATE'
        WHEN 'INT. AREA' THEN 'AGGREGATE'
        ELSE 'NODE'
    END AS settlement_location_type,
    TRY_CAST(published.lmp AS DOUBLE) AS lmp_total,
    TRY_CAST(published.energy AS DOUBLE) AS lmp_energy,
    TRY_CAST(published.congestion AS DOUBLE) AS lmp_congestion,
    TRY_CAST(published.loss AS DOUBLE) AS lmp_loss,
    CASE
        WHEN published.kind IS NULL OR published.kind <> 'D'
            THEN
                concat(
                    'a line begins with ', COALESCE(published.kind, 'nothing'), ' and not with C, H, D or T'
                )
        WHEN published.local_day IS NULL
            THEN concat('a day is not a date: ', COALESCE(published.market_day, 'blank'))
        WHEN hours.interval_start_utc IS NULL
            THEN concat_ws(' ', 'there is no hour ending', published.hour_ending, 'on', published.market_day)
        WHEN hours.is_no_repeated_hour
            THEN concat_ws(' ', 'no hour is repeated as', published.hour_ending, 'on', published.market_day)
        WHEN blank_to_null(published.location_id) IS NULL
            THEN 'a row names no location on ' || published.market_day
        WHEN TRY_CAST(published.lmp AS DOUBLE) IS NULL
            THEN concat('the price of ', published.location_id, ' is not a number: ', published.lmp)
    END AS objection
FROM published
LEFT JOIN hours
    ON published.market_day = hours.market_day AND published.hour_ending = hours.hour_ending
