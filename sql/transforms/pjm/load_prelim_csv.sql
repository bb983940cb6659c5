-- load_prelim_csv: hourly preliminary load, from Data Miner's CSV.
--
-- Reads:  hrl_load_prelim, columns by name.
-- Grain:  one load area, one hour (datetime_beginning_utc starts it).
-- Source: PJM Data Miner 2. The mean of telemetry over the hour.
-- Why:    telemetry and meters differ, so this is no earlier version of the metered load.
WITH published AS (
    SELECT
        filename,
        datetime_beginning_utc,
        naive_of_12_hour_stamp(datetime_beginning_utc) AS start_utc,
        TRIM(load_area) AS area,
        prelim_load_avg_hourly AS megawatts
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    'preliminary' AS load_type,
    area,
    CASE
        WHEN UPPER(area) IN ('RTO', 'PJM RTO', 'RTO_COMBINED') THEN 'SYSTEM'
        WHEN UPPER(area) LIKE '%REGION%' THEN 'REGION'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS load_mw,
    CASE
        WHEN start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(datetime_beginning_utc, 'blank')
        WHEN blank_to_null(area) IS NULL
            THEN 'a row names no area'
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat_ws(' ', 'the load of', area, 'is not a number:', megawatts)
    END AS objection
FROM published
WHERE blank_to_null(megawatts) IS NOT NULL
