-- actual_load: hourly actual load by weather zone, and of the system.
--
-- Reads:  Actual System Load by Weather Zone (NP6-345-CD), a day a file, columns by name.
-- Grain:  one weather zone or the system, one hour. Hours are told by their end, on Central time.
-- Source: ERCOT. TOTAL is the system.
-- Why:    DSTFlag is Y in the second of the two autumn hours only; in spring the hour that ends at 03:00
--         is not there. Zones of the report by forecast zone share names (NORTH, WEST) and are others: what
--         a row is of must not hang on a value in it, so each report has a file of its own.
WITH published AS (
    SELECT
        filename,
        operday,
        hourending,
        dstflag,
        UNNEST([
            { 'area': 'COAST', 'kind': 'WEATHER_ZONE', 'megawatts': coast },
            { 'area': 'EAST', 'kind': 'WEATHER_ZONE', 'megawatts': east },
            { 'area': 'FAR_WEST', 'kind': 'WEATHER_ZONE', 'megawatts': far_west },
            { 'area': 'NORTH', 'kind': 'WEATHER_ZONE', 'megawatts': north },
            { 'area': 'NORTH_C', 'kind': 'WEATHER_ZONE', 'megawatts': north_c },
            { 'area': 'SOUTHERN', 'kind': 'WEATHER_ZONE', 'megawatts': southern },
            { 'area': 'SOUTH_C', 'kind': 'WEATHER_ZONE', 'megawatts': south_c },
            { 'area': 'WEST', 'kind': 'WEATHER_ZONE', 'megawatts': west },
            { 'area': 'TOTAL', 'kind': 'SYSTEM', 'megawatts': total }
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
