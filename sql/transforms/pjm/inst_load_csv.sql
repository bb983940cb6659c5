-- inst_load_csv: load at a moment, about every five minutes, from Data Miner's CSV.
--
-- Reads:  inst_load, newest rows first, columns by name.
-- Grain:  one area, one stamp.
-- Source: PJM Data Miner 2. Before October 2023 the stamps are off the grid (3:50:01). PJM RTO is the whole;
--         regions and zones lie in it.
-- Why:    a snapshot holds until the next one; the feed says so with stamp: begin.
WITH published AS (
    SELECT
        filename,
        datetime_beginning_utc,
        naive_of_12_hour_stamp(datetime_beginning_utc) AS start_utc,
        TRIM(area) AS area,
        instantaneous_load AS megawatts
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS stamp_utc,
    'actual' AS load_type,
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
