-- load_metered_csv: hourly metered load, from Data Miner's CSV.
--
-- Reads:  hrl_load_metered, columns by name.
-- Grain:  one load area, one hour (datetime_beginning_utc starts it), verified or not yet.
-- Source: PJM Data Miner 2. MWh of an hour. The area RTO is PJM's own sum of the others. Load areas are
--         finer than zones, and named otherwise than in the prices.
-- Why:    the feed has no version column; what becomes verified is the source's second version.
WITH published AS (
    SELECT
        filename,
        datetime_beginning_utc,
        naive_of_12_hour_stamp(datetime_beginning_utc) AS start_utc,
        TRIM(load_area) AS area,
        is_verified,
        mw AS megawatts
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    'metered' AS load_type,
    area,
    CASE
        WHEN UPPER(area) IN ('RTO', 'PJM RTO', 'RTO_COMBINED') THEN 'SYSTEM'
        WHEN UPPER(area) LIKE '%REGION%' THEN 'REGION'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS load_mw,
    CASE UPPER(TRIM(is_verified)) WHEN 'FALSE' THEN 1 WHEN 'TRUE' THEN 2 END AS source_version,
    CASE
        WHEN start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(datetime_beginning_utc, 'blank')
        WHEN blank_to_null(area) IS NULL
            THEN 'a row names no area'
        WHEN COALESCE(UPPER(TRIM(is_verified)), '') NOT IN ('TRUE', 'FALSE')
            THEN 'is_verified of ' || area || ' is neither True nor False: ' || COALESCE(is_verified, 'blank')
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat_ws(' ', 'the load of', area, 'is not a number:', megawatts)
    END AS objection
FROM published
WHERE blank_to_null(megawatts) IS NOT NULL
