-- load_forecast_csv: hourly load forecasts by area, from Data Miner's CSV.
--
-- Reads:  load_frcstd_hist (snapshots kept of every six hours) and load_frcstd_7_day (the newest set). The
--         two name their columns otherwise, so columns are read by name.
-- Grain:  one area, one hour, one moment of evaluation.
-- Source: PJM Data Miner 2. What is there of evaluated_at says when the forecast was made; the feeds name
--         the whole RTO and RTO_COMBINED.
-- Why:    every evaluation is a vintage of its own. A file of one feed has none of the other's columns.
WITH known_columns AS (
    -- The columns this file understands. What a raw file lacks is NULL.
    SELECT
        CAST(NULL AS VARCHAR) AS filename,
        CAST(NULL AS VARCHAR) AS evaluated_at_utc,
        CAST(NULL AS VARCHAR) AS evaluated_at_datetime_utc,
        CAST(NULL AS VARCHAR) AS forecast_hour_beginning_utc,
        CAST(NULL AS VARCHAR) AS forecast_datetime_beginning_utc,
        CAST(NULL AS VARCHAR) AS forecast_area,
        CAST(NULL AS VARCHAR) AS forecast_load_mw
    WHERE FALSE
),

published AS (
    SELECT * FROM known_columns
    UNION ALL BY NAME
    SELECT * FROM raw_columns(getvariable('raw_files'))
),

told AS (
    SELECT
        filename,
        evaluated_at_utc IS NOT NULL AS is_kept,
        COALESCE(evaluated_at_utc, evaluated_at_datetime_utc) AS printed_evaluation,
        COALESCE(forecast_hour_beginning_utc, forecast_datetime_beginning_utc) AS printed_start,
        TRIM(forecast_area) AS area,
        forecast_load_mw AS megawatts
    FROM published
),

placed AS (
    SELECT
        *,
        naive_of_12_hour_stamp(printed_evaluation) AS evaluated_utc,
        naive_of_12_hour_stamp(printed_start) AS start_utc
    FROM told
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    CASE WHEN is_kept THEN 'load_frcstd_hist' ELSE 'load_frcstd_7_day' END AS forecast,
    evaluated_utc AS published_at_utc,
    area,
    CASE
        WHEN UPPER(area) IN ('RTO', 'PJM RTO', 'RTO_COMBINED') THEN 'SYSTEM'
        WHEN UPPER(area) LIKE '%REGION%' THEN 'REGION'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS forecast_mw,
    CASE
        WHEN start_utc IS NULL
            THEN 'the beginning of an hour is not a stamp: ' || COALESCE(printed_start, 'blank')
        WHEN evaluated_utc IS NULL
            THEN 'the moment of evaluation is not a stamp: ' || COALESCE(printed_evaluation, 'blank')
        WHEN blank_to_null(area) IS NULL
            THEN 'a row names no area'
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat_ws(' ', 'the forecast of', area, 'is not a number:', megawatts)
    END AS objection
FROM placed
WHERE blank_to_null(megawatts) IS NOT NULL
