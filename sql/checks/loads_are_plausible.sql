-- loads_are_plausible: a load is a number that an area can have had.
--
-- Severity:  warning
-- Finds:     rows with a load or a forecast below -20,000 or above 250,000 MW, or with one that is no number
--            (which compares as higher than any).
-- Tolerance: the greatest peak of any of the markets was 165,563 MW. Net of what its own panels make, an
--            area may feed back.
-- Reads:     market.load, market.load_forecast (current rows).
-- Why:       recorded and shown, never dropped: what was published stays what was published.
WITH told AS (
    SELECT
        'load' AS table_name,
        iso,
        interval_minutes,
        delivery_date,
        area_type,
        area_id,
        interval_start_utc,
        load_mw AS megawatts,
        data_source
    FROM market.load
    UNION ALL
    SELECT
        'load_forecast' AS table_name,
        iso,
        interval_minutes,
        delivery_date,
        area_type,
        area_id,
        interval_start_utc,
        forecast_mw AS megawatts,
        data_source
    FROM market.load_forecast
)

SELECT *
FROM told
WHERE megawatts < -20000 OR megawatts > 250000
