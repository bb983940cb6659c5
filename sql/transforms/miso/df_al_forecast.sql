-- df_al_forecast: the mid-term load forecast of seven days, by groups of local resource zones and in all.
--
-- Reads:  df_al, its sheet, columns by their titles.
-- Grain:  one group of zones (or MISO), one hour, one report. Hours are Eastern Standard Time all year.
-- Source: MISO market reports. The report of a day begins with the day before. It says on which day it
--         was published, and so does its name, but not when: the vintage is that day's first moment.
-- Why:    titles, days in words and headers are repeated between the rows, and blank columns stand between
--         the others since 2026-04-27. So what stands beside an hour, or is a number, must be a forecast;
--         all else is no row.
WITH raw AS (
    SELECT
        filename,
        cells
    FROM raw_cells(getvariable('raw_files'))
),

headers AS (
    SELECT
        filename,
        MIN(cells) AS titles,
        COUNT(DISTINCT cells) > 1 AS is_contradicted
    FROM raw
    WHERE cells[1] = 'Market Day'
    GROUP BY filename
),

publications AS (
    SELECT
        filename,
        COALESCE(
            MAX(day_of_cell(regexp_extract(
                ARRAY_TO_STRING(cells, ' '),
                'Publish(?:ed)? Date:?\s*(\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{4})', 1
            ))),
            CAST(MAX(try_strptime(
                stamp_text(regexp_extract(parse_filename(filename), '(\d{8})_df_al', 1)), '%Y%m%d'
            )) AS DATE)
        ) AS published_on
    FROM raw
    GROUP BY filename
),

printed AS (
    SELECT
        raw.filename,
        publications.published_on,
        headers.is_contradicted,
        raw.cells[1] AS printed_day,
        raw.cells[LIST_POSITION(headers.titles, 'HourEnding')] AS printed_hour,
        UNNEST(headers.titles) AS title,
        UNNEST(raw.cells) AS megawatts
    FROM raw
    INNER JOIN headers ON raw.filename = headers.filename
    INNER JOIN publications ON raw.filename = publications.filename
    WHERE raw.cells[1] IS DISTINCT FROM 'Market Day'
),

published AS (
    SELECT
        filename,
        published_on,
        is_contradicted,
        printed_day,
        day_of_cell(printed_day) AS market_day,
        printed_hour,
        CASE
            WHEN LIST_CONTAINS(RANGE(1, 25), TRY_CAST(printed_hour AS DOUBLE))
                THEN CAST(CAST(printed_hour AS DOUBLE) AS INTEGER)
        END AS hour_ending,
        NULLIF(regexp_extract(title, '^(.+) MTLF \(MWh\)$', 1), '') AS area,
        megawatts
    FROM printed
    WHERE
        megawatts IS NOT NULL
        AND (title IS NULL OR regexp_matches(title, '^LRZ|\(MWh\)$'))
        AND NOT COALESCE(regexp_matches(title, ' Actual ?Load \(MWh\)$'), FALSE)
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    market_day + TO_HOURS(hour_ending - 1) + INTERVAL 5 HOUR AS interval_start_utc,
    'MTLF' AS forecast,
    published_on + INTERVAL 5 HOUR AS published_at_utc,
    area,
    CASE WHEN area = 'MISO' THEN 'SYSTEM' ELSE 'ZONE' END AS area_type,
    area AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS forecast_mw,
    CASE
        WHEN is_contradicted THEN 'the headers between the rows do not agree'
        WHEN area IS NULL THEN concat('something stands under no title that is known: ', megawatts)
        WHEN market_day IS NULL
            THEN concat('a forecast of ', area, ' stands beside no market day: ', printed_day)
        WHEN hour_ending IS NULL
            THEN concat('a forecast of ', area, ' on ', market_day, ' is of no hour: ', printed_hour)
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat('the forecast of ', area, ' on ', market_day, ' is not a number: ', megawatts)
    END AS objection
FROM published
WHERE TRY_CAST(printed_hour AS DOUBLE) IS NOT NULL OR TRY_CAST(megawatts AS DOUBLE) IS NOT NULL
