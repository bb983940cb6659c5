-- hourly_load_long: hourly load by control zone and kind of area, a row each, since 2026-03-24.
--
-- Reads:  hourly-load, columns by name.
-- Grain:  one control zone, one kind of area, one hour (Market Hour ends it, in GMT).
-- Source: SPP portal. The kind is CF (conforming: follows the weather) or NC (non-conforming: large users).
--         Some zones have both, and their load is the sum of them; the others have CF alone.
-- Why:    parts are kept as they are published: area is the zone, area_id the part, so that a sum by area
--         goes on where the wide files end.
WITH published AS (
    SELECT
        filename,
        market_hour AS printed_end,
        naive_of_24_hour_stamp(market_hour) AS end_utc,
        blank_to_null(control_zone_name) AS control_zone,
        blank_to_null(forecast_area_type) AS kind,
        load_mw AS megawatts
    FROM raw_plain_columns(getvariable('raw_files'))
    WHERE blank_to_null(market_hour) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    end_utc - INTERVAL 1 HOUR AS interval_start_utc,
    end_utc AS interval_end_utc,
    'actual' AS load_type,
    control_zone AS area,
    'AREA' AS area_type,
    concat_ws(' ', control_zone, kind) AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS load_mw,
    CASE
        WHEN end_utc IS NULL THEN 'Market Hour is not a stamp: ' || printed_end
        WHEN end_utc <> time_bucket(INTERVAL 1 HOUR, end_utc)
            THEN 'an hour ends off the grid: ' || printed_end
        WHEN control_zone IS NULL OR kind IS NULL
            THEN 'a row names no control zone or no kind of area at ' || printed_end
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat('the load of ', control_zone, ' at ', printed_end, ' is not a number: ', megawatts)
    END AS objection
FROM published
WHERE blank_to_null(megawatts) IS NOT NULL
