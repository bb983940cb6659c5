-- load_forecast_xml: load forecasts from OASIS XML.
--
-- Reads:  OASISReport documents of SLD_FCST with the market runs DAM, 2DA, 7DA and RTM, with or without the
--         prefix m:.
-- Grain:  one forecast, one area, one interval.
-- Source: CAISO OASIS. RESOURCE_NAME is the area. See lmp_xml for the way the documents are cut.
-- Why:    the types of areas are those of load_csv, the forecasts those of load_forecast_csv.
WITH reports AS (
    SELECT
        parse_dirpath(filename) AS raw_folder,
        UNNEST(
            regexp_extract_all(content, '<(?:\w+:)?REPORT_ITEM>.*?</(?:\w+:)?REPORT_ITEM>', 0, 's')
        ) AS report
    FROM read_text(getvariable('raw_files'))
),

elements AS (
    SELECT
        raw_folder,
        xml_text(report, 'MKT_TYPE') AS market_run,
        UNNEST(
            regexp_extract_all(report, '<(?:\w+:)?REPORT_DATA>.*?</(?:\w+:)?REPORT_DATA>', 0, 's')
        ) AS element
    FROM reports
),

published AS (
    SELECT
        raw_folder,
        market_run,
        xml_text(element, 'DATA_ITEM') AS item,
        utc_of_iso_stamp(xml_text(element, 'INTERVAL_START_GMT')) AS interval_start_utc,
        utc_of_iso_stamp(xml_text(element, 'INTERVAL_END_GMT')) AS interval_end_utc,
        xml_text(element, 'RESOURCE_NAME') AS area,
        TRY_CAST(xml_text(element, 'VALUE') AS DOUBLE) AS megawatts
    FROM elements
)

SELECT
    raw_folder,
    interval_start_utc,
    interval_end_utc,
    CASE item
        WHEN 'SYS_FCST_DA_MW' THEN 'DAM'
        WHEN 'SYS_FCST_2DA_MW' THEN '2DA'
        WHEN 'SYS_FCST_7DA_MW' THEN '7DA'
        WHEN 'SYS_FCST_15MIN_MW' THEN 'RTPD'
        WHEN 'SYS_FCST_5MIN_MW' THEN 'RTD'
    END AS forecast,
    area,
    CASE
        WHEN area = 'CA ISO-TAC' THEN 'SYSTEM'
        WHEN area LIKE '%-TAC' THEN 'ZONE'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    megawatts AS forecast_mw,
    CASE
        WHEN item IS NULL OR regexp_matches(item, '^SYS_FCST_(DA|2DA|7DA|15MIN|5MIN)_MW$') IS FALSE
            THEN 'the data item ' || COALESCE(item, '(blank)') || ' is no forecast that is known'
        WHEN market_run <> getvariable('source_market')
            THEN 'a report is of the market run ' || market_run
        WHEN area IS NULL
            THEN 'an element has no RESOURCE_NAME'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || area || ' has no readable start or end in UTC'
        WHEN megawatts IS NULL
            THEN 'the forecast of ' || area || ' is not a number'
    END AS objection
FROM published
