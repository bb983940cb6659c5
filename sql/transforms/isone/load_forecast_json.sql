-- load_forecast_json: hourly load forecasts in every vintage, from the web services.
--
-- Reads:  hourlyloadforecast/all, reliabilityregionloadforecast/all of one target day.
-- Grain:  one forecast of one area at one hour, of one vintage (CreationDate).
-- Source: ISO New England web services v1.1. LoadMw is the forecast; NetLoadMw would be without what is shed.
--         Vintages of a running day restate hours that are over: they are kept as published. Vintages of the
--         regions are made seconds to minutes after those of the system.
-- Why:    the moments are printed with their offsets; of two vintages of one second nothing is known.
WITH documents AS (
    SELECT
        filename,
        COALESCE(
            document -> 'ReliabilityRegionLoadForecasts' -> 'ReliabilityRegionLoadForecast',
            document -> 'ReliabilityRegionLoadForecast'
        ) AS regions,
        COALESCE(
            document -> 'HourlyLoadForecasts' -> 'HourlyLoadForecast', document -> 'HourlyLoadForecast'
        ) AS system_forecasts
    FROM raw_documents(getvariable('raw_files'))
),

items AS (
    SELECT
        filename,
        regions IS NOT NULL AS is_regional,
        UNNEST(json_items(COALESCE(regions, system_forecasts))) AS item
    FROM documents
),

published AS (
    SELECT
        filename,
        is_regional,
        item ->> 'BeginDate' AS begin_date,
        item ->> 'CreationDate' AS creation_date,
        utc_of_offset_stamp(item ->> 'BeginDate') AS interval_start_utc,
        utc_of_offset_stamp(item ->> 'CreationDate') AS published_at_utc,
        CASE WHEN is_regional THEN item ->> 'ReliabilityRegion' ELSE 'NEPOOL AREA' END AS area,
        item ->> 'LoadMw' AS megawatts
    FROM items
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    published_at_utc,
    CASE WHEN is_regional THEN 'reliability regions' ELSE 'system' END AS forecast,
    area,
    CASE WHEN is_regional THEN 'ZONE' ELSE 'SYSTEM' END AS area_type,
    -- The number that prices and demand have for the zone.
    CASE area
        WHEN 'NEPOOL AREA' THEN '32'
        WHEN '.Z.MAINE' THEN '4001'
        WHEN '.Z.NEWHAMPSHIRE' THEN '4002'
        WHEN '.Z.VERMONT' THEN '4003'
        WHEN '.Z.CONNECTICUT' THEN '4004'
        WHEN '.Z.RHODEISLAND' THEN '4005'
        WHEN '.Z.SEMASS' THEN '4006'
        WHEN '.Z.WCMASS' THEN '4007'
        WHEN '.Z.NEMASSBOST' THEN '4008'
        ELSE area
    END AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS forecast_mw,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'BeginDate is not a stamp with an offset: ' || COALESCE(begin_date, 'blank')
        WHEN published_at_utc IS NULL
            THEN 'CreationDate is not a stamp with an offset: ' || COALESCE(creation_date, 'blank')
        WHEN blank_to_null(area) IS NULL
            THEN 'a row names no region at ' || begin_date
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat('the forecast of ', area, ' at ', begin_date, ' is not a number: ', megawatts)
    END AS objection
FROM published
WHERE megawatts IS NOT NULL
