-- load_forecast_by_forecast_zone: the load forecast of the next week by forecast zone, every hour anew.
--
-- Reads:  Seven-Day Load Forecast by Forecast Zone (NP3-560-CD), a publication a file, columns by name.
-- Grain:  one forecast zone or the system, one hour, one publication. Hours are told by their end on Central
--         time, without padding.
-- Source: ERCOT. No model is named: the report itself is the name of the forecast. Publication, flag and
--         hours as in load_forecast_by_model.
-- Why:    forecast zones share names with weather zones (North, West) and are others.
WITH published AS (
    SELECT
        *,
        regexp_extract(parse_filename(filename), '\.(20\d{6}\.\d{6})\d{0,3}\.', 1) AS printed_publication,
        CASE WHEN regexp_matches(parse_filename(filename), '(?i)xhr') THEN 'Y' ELSE '' END AS is_second_pass
    FROM raw_plain_columns(getvariable('raw_files'))
),

hours AS MATERIALIZED (
    -- The calendar is asked once an hour, and not once a publication.
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
        UNNEST([
            { 'area': 'North', 'kind': 'ZONE', 'id': 'NORTH', 'megawatts': published.north },
            { 'area': 'South', 'kind': 'ZONE', 'id': 'SOUTH', 'megawatts': published.south },
            { 'area': 'West', 'kind': 'ZONE', 'id': 'WEST', 'megawatts': published.west },
            { 'area': 'Houston', 'kind': 'ZONE', 'id': 'HOUSTON', 'megawatts': published.houston },
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
    'NP3-560-CD' AS forecast,
    cell.area AS area,
    cell.kind AS area_type,
    cell.id AS area_id,
    TRY_CAST(cell.megawatts AS DOUBLE) AS forecast_mw,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN TRY_CAST(cell.megawatts AS DOUBLE) IS NULL
            THEN
                concat_ws(
                    ' ', 'the forecast of', cell.area, 'at', printed_hour, 'is not a number:', cell.megawatts
                )
    END AS objection
FROM cells
WHERE blank_to_null(cell.megawatts) IS NOT NULL
