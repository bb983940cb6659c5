-- actual_load_by_forecast_zone: hourly actual load by forecast zone.
--
-- Reads:  Actual System Load by Forecast Zone (NP6-346-CD), a day a file, columns by name.
-- Grain:  one forecast zone, one hour. Hours are told by their end, on Central time.
-- Source: ERCOT. TOTAL is the system, which the report by weather zone tells: it is not told twice.
-- Why:    forecast zones share names with weather zones (NORTH, WEST) and are others. Flag and hours as in
--         actual_load.
WITH published AS (
    SELECT
        filename,
        operday,
        hourending,
        dstflag,
        UNNEST([
            { 'area': 'NORTH', 'kind': 'ZONE', 'megawatts': north },
            { 'area': 'SOUTH', 'kind': 'ZONE', 'megawatts': south },
            { 'area': 'WEST', 'kind': 'ZONE', 'megawatts': west },
            { 'area': 'HOUSTON', 'kind': 'ZONE', 'megawatts': houston }
        ]) AS cell
    FROM raw_plain_columns(getvariable('raw_files'))
),

placed AS (
    SELECT
        *,
        concat_ws(' ', operday, hourending, dstflag) AS printed_hour,
        flagged_to_utc(
            'America/Chicago', wall_of_hour_ending(operday, hourending), COALESCE(TRIM(dstflag), '')
        ) AS start_utc
    FROM published
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    'actual' AS load_type,
    cell.area AS area,
    cell.kind AS area_type,
    cell.area AS area_id,
    TRY_CAST(cell.megawatts AS DOUBLE) AS load_mw,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN TRY_CAST(cell.megawatts AS DOUBLE) IS NULL
            THEN concat('the load of ', cell.area, ' at ', printed_hour, ' is not a number: ', cell.megawatts)
    END AS objection
FROM placed
WHERE blank_to_null(cell.megawatts) IS NOT NULL
