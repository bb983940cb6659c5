-- load_forecast_json: hourly load forecasts by area, from Data Miner's JSON.
--
-- Reads:  load_frcstd_7_day, as the API answers it: the envelope {links, items, ...} of a page, or the bare
--         array of download=true.
-- Grain:  one area, one hour, one moment of evaluation.
-- Source: PJM Data Miner 2. The newest set only; evaluated_at_datetime_utc says when it was made.
-- Why:    every evaluation is a vintage of its own.
WITH items AS (
    -- A page has its rows under items; a bare array is read row by row, so items is NULL there.
    SELECT
        filename,
        UNNEST(
            COALESCE(
                items,
                [struct_pack(
                    evaluated_at_datetime_utc := evaluated_at_datetime_utc,
                    forecast_datetime_beginning_utc := forecast_datetime_beginning_utc,
                    forecast_area := forecast_area,
                    forecast_load_mw := forecast_load_mw
                )]
            )
        ) AS item
    FROM read_json(
        getvariable('raw_files'),
        filename = TRUE,
        maximum_object_size = 33554432,
        columns = {
            'items': 'STRUCT(
                evaluated_at_datetime_utc VARCHAR,
                forecast_datetime_beginning_utc VARCHAR,
                forecast_area VARCHAR,
                forecast_load_mw DOUBLE
            )[]',
            'evaluated_at_datetime_utc': 'VARCHAR',
            'forecast_datetime_beginning_utc': 'VARCHAR',
            'forecast_area': 'VARCHAR',
            'forecast_load_mw': 'DOUBLE'
        }
    )
),

placed AS (
    SELECT
        filename,
        item.evaluated_at_datetime_utc AS printed_evaluation,
        item.forecast_datetime_beginning_utc AS printed_start,
        naive_of_iso_stamp(item.evaluated_at_datetime_utc) AS evaluated_utc,
        naive_of_iso_stamp(item.forecast_datetime_beginning_utc) AS start_utc,
        TRIM(item.forecast_area) AS area,
        item.forecast_load_mw AS forecast_mw
    FROM items
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    'load_frcstd_7_day' AS forecast,
    evaluated_utc AS published_at_utc,
    area,
    CASE
        WHEN UPPER(area) IN ('RTO', 'PJM RTO', 'RTO_COMBINED') THEN 'SYSTEM'
        WHEN UPPER(area) LIKE '%REGION%' THEN 'REGION'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    forecast_mw,
    CASE
        WHEN start_utc IS NULL
            THEN 'the beginning of an hour is not a stamp: ' || COALESCE(printed_start, 'absent')
        WHEN evaluated_utc IS NULL
            THEN 'the moment of evaluation is not a stamp: ' || COALESCE(printed_evaluation, 'absent')
        WHEN blank_to_null(area) IS NULL
            THEN 'an item names no area'
        WHEN forecast_mw IS NULL
            THEN 'an item has no forecast_load_mw'
    END AS objection
FROM placed
