-- load_forecast_by_model: the load forecasts of the next week by model and weather zone, every hour anew.
--
-- Reads:  Seven-Day Load Forecast by Model and Weather Zone (NP3-565-CD), a publication a file. Columns by
--         name.
-- Grain:  one model, one weather zone or the system, one hour, one publication. Hours are told by their end
--         on Central time, without padding.
-- Source: ERCOT. The wall time of publication stands in the file's name; in the repeated hour a name without
--         xhr may mean either pass, and the moment that the raw object was known at is taken. DSTFlag is Y in
--         the second of the two autumn hours only.
-- Why:    every model is kept, under its own name as the forecast: the key of the table tells models apart.
--         InUseFlag changes from day to day and from model to model within one publication, so it belongs to
--         the row. The zones have the ids that they have in the actual load.
WITH published AS (
    SELECT
        *,
        regexp_extract(parse_filename(filename), '\.(20\d{6}\.\d{6})\d{0,3}\.', 1) AS printed_publication,
        CASE WHEN regexp_matches(parse_filename(filename), '(?i)xhr') THEN 'Y' ELSE '' END AS is_second_pass
    FROM raw_plain_columns(getvariable('raw_files'))
),

hours AS MATERIALIZED (
    -- The calendar is asked once an hour, and not once a model and publication.
    SELECT
        deliverydate,
        hourending,
        dstflag,
        flagged_to_utc('America/Chicago', wall_start, COALESCE(TRIM(dstflag), '')) AS start_utc
    FROM (
        SELECT
            deliverydate,
            hourending,
            dstflag,
            wall_of_hour_ending(MIN(deliverydate), MIN(hourending)) AS wall_start
        FROM published
        GROUP BY deliverydate, hourending, dstflag
    ) AS printed
),

publications AS MATERIALIZED (
    SELECT
        filename,
        flagged_to_utc(
            'America/Chicago',
            try_strptime(MIN(printed_publication) || ' ', '%Y%m%d.%H%M%S '),
            MIN(is_second_pass)
        ) AS published_at_utc
    FROM published
    GROUP BY filename
),

cells AS (
    SELECT
        published.filename,
        hours.start_utc,
        publications.published_at_utc,
        concat_ws(' ', published.deliverydate, published.hourending, published.dstflag) AS printed_hour,
        TRIM(published.model) AS model,
        TRIM(published.inuseflag) AS in_use,
        UNNEST([
            { 'area': 'Coast', 'kind': 'WEATHER_ZONE', 'id': 'COAST', 'megawatts': published.coast },
            { 'area': 'East', 'kind': 'WEATHER_ZONE', 'id': 'EAST', 'megawatts': published.east },
            { 'area': 'FarWest', 'kind': 'WEATHER_ZONE', 'id': 'FAR_WEST', 'megawatts': published.farwest },
            { 'area': 'North', 'kind': 'WEATHER_ZONE', 'id': 'NORTH', 'megawatts': published.north },
            {
                'area': 'NorthCentral',
                'kind': 'WEATHER_ZONE',
                'id': 'NORTH_C',
                'megawatts': published.northcentral
            },
            {
                'area': 'SouthCentral',
                'kind': 'WEATHER_ZONE',
                'id': 'SOUTH_C',
                'megawatts': published.southcentral
            },
            { 'area': 'Southern', 'kind': 'WEATHER_ZONE', 'id': 'SOUTHERN', 'megawatts': published.southern },
            { 'area': 'West', 'kind': 'WEATHER_ZONE', 'id': 'WEST', 'megawatts': published.west },
            { 'area': 'SystemTotal', 'kind': 'SYSTEM', 'id': 'TOTAL', 'megawatts': published.systemtotal }
        ]) AS cell
    FROM published
    INNER JOIN hours
        ON
            published.deliverydate IS NOT DISTINCT FROM hours.deliverydate
            AND published.hourending IS NOT DISTINCT FROM hours.hourending
            AND published.dstflag IS NOT DISTINCT FROM hours.dstflag
    INNER JOIN publications
        ON published.filename = publications.filename
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    published_at_utc,
    model AS forecast,
    CASE in_use WHEN 'Y' THEN TRUE WHEN 'N' THEN FALSE END AS is_in_use,
    cell.area AS area,
    cell.kind AS area_type,
    cell.id AS area_id,
    TRY_CAST(cell.megawatts AS DOUBLE) AS forecast_mw,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN COALESCE(model, '') = '' THEN 'a row names no model at ' || printed_hour
        WHEN COALESCE(in_use, '') NOT IN ('', 'Y', 'N')
            THEN concat('InUseFlag of ', model, ' is neither Y nor N at ', printed_hour)
        WHEN TRY_CAST(cell.megawatts AS DOUBLE) IS NULL
            THEN
                concat_ws(
                    ' ',
                    'the forecast',
                    model,
                    'of',
                    cell.area,
                    'at',
                    printed_hour,
                    'is not a number:',
                    cell.megawatts
                )
    END AS objection
FROM cells
WHERE blank_to_null(cell.megawatts) IS NOT NULL
