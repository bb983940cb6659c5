-- rtbm_lmp_daily: real-time prices of a day by settlement location.
--
-- Reads:  rtbm-lmp-by-location, By_Day (RTBM-LMP-DAILY-SL), whose columns have other names.
-- Grain:  one settlement location, one interval (GMTIntervalEnd closes it).
-- Source: SPP portal. LMP = MEC + MCC + MLC, all signed so. Several settlement locations share a pnode, so
--         the location is the key. BAA, the balancing authority, is printed since 2026-04-01: the zone.
-- Why:    names of columns vary in case, blanks and order between days; they are read by name. GMTIntervalEnd
--         is the truth, the Central stamp beside it only confirms it.
WITH published AS (
    SELECT
        filename,
        settlement_location_name AS location,
        blank_to_null(baa) AS baa,
        naive_of_24_hour_stamp(gmt_interval) AS end_utc,
        naive_of_24_hour_stamp(interval) AS end_local,
        gmt_interval AS printed_end,
        lmp,
        mec,
        mcc,
        mlc
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS baa
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE COALESCE(interval, gmt_interval, settlement_location_name) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    end_utc - INTERVAL 5 MINUTE AS interval_start_utc,
    end_utc AS interval_end_utc,
    location AS settlement_location,
    location AS settlement_location_id,
    COALESCE(
        CAST(getvariable('known_locations') AS MAP (VARCHAR, VARCHAR))[location],
        CASE WHEN location LIKE '%\_HUB' ESCAPE '\' THEN 'AGGREGATE' ELSE 'NODE' END
    ) AS settlement_location_type,
    baa AS zone,
    TRY_CAST(lmp AS DOUBLE) AS lmp_total,
    TRY_CAST(mec AS DOUBLE) AS lmp_energy,
    TRY_CAST(mcc AS DOUBLE) AS lmp_congestion,
    TRY_CAST(mlc AS DOUBLE) AS lmp_loss,
    CASE
        WHEN end_utc IS NULL
            THEN 'the GMT end of an interval is not a stamp: ' || COALESCE(printed_end, 'blank')
        WHEN end_utc <> time_bucket(INTERVAL 5 MINUTE, end_utc)
            THEN 'an interval ends off the grid: ' || printed_end
        WHEN COALESCE(end_utc - end_local NOT IN (INTERVAL 5 HOUR, INTERVAL 6 HOUR), TRUE)
            THEN 'the Central and the GMT end of an interval do not agree at ' || printed_end
        WHEN blank_to_null(location) IS NULL THEN 'a row names no settlement location at ' || printed_end
        WHEN TRY_CAST(lmp AS DOUBLE) IS NULL
            THEN concat('the LMP of ', location, ' at ', printed_end, ' is not a number: ', lmp)
    END AS objection
FROM published
