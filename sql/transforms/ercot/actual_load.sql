-- actual_load: hourly actual load by weather zone or by forecast zone.
--
-- Reads:  Actual System Load by Weather Zone (NP6-345-CD) and by Forecast Zone (NP6-346-CD), a day a
--         file, columns by name.
-- Grain:  one zone, one hour. Hours are told by their end, on Central time.
-- Source: ERCOT. TOTAL is the system. Zones of the two reports share names (NORTH, WEST) and are others.
-- Why:    DSTFlag is Y in the second of the two autumn hours only; in spring the hour that ends at 03:00
--         is not there.
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
            { 'area': 'NORTH_C', 'kind': 'WEATHER_ZONE', 'megawatts': north_c },
            { 'area': 'SOUTHERN', 'kind': 'WEATHER_ZONE', 'megawatts': southern },
            { 'area': 'SOUTH_C', 'kind': 'WEATHER_ZONE', 'megawatts': south_c },
            { 'area': 'HOUSTON', 'kind': 'ZONE', 'megawatts': houston },
            { 'area': 'SOUTH', 'kind': 'ZONE', 'megawatts': south },
            {
                'area': 'NORTH',
                'kind': CASE WHEN coast IS NULL THEN 'ZONE' ELSE 'WEATHER_ZONE' END,
                'megawatts': north
            },
            {
                'area': 'WEST',
                'kind': CASE WHEN coast IS NULL THEN 'ZONE' ELSE 'WEATHER_ZONE' END,
                'megawatts': west
            },
            { 'area': 'TOTAL', 'kind': 'SYSTEM', 'megawatts': CASE WHEN coast IS NOT NULL THEN total END }
        ]) AS cell
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT
            CAST(NULL AS VARCHAR) AS coast,
            CAST(NULL AS VARCHAR) AS east,
            CAST(NULL AS VARCHAR) AS far_west,
            CAST(NULL AS VARCHAR) AS north_c,
            CAST(NULL AS VARCHAR) AS southern,
            CAST(NULL AS VARCHAR) AS south_c,
            CAST(NULL AS VARCHAR) AS houston,
            CAST(NULL AS VARCHAR) AS south
        WHERE FALSE
    ) AS columns_of_both_reports
    WHERE blank_to_null(operday) IS NOT NULL
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
