-- load_xml: hourly load from OASIS XML.
--
-- Reads:  OASISReport documents of SLD_FCST with the market run ACTUAL, with or without the prefix m:.
-- Grain:  one area, one hour.
-- Source: CAISO OASIS. RESOURCE_NAME is the area. See lmp_xml for the way the documents are cut.
-- Why:    the types of areas are those of load_csv.
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
    'actual' AS load_type,
    area,
    CASE
        WHEN area = 'CA ISO-TAC' THEN 'SYSTEM'
        WHEN area LIKE '%-TAC' THEN 'ZONE'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    megawatts AS load_mw,
    CASE
        WHEN market_run <> getvariable('source_market')
            THEN 'a report is of the market run ' || market_run
        WHEN area IS NULL
            THEN 'an element has no RESOURCE_NAME'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || area || ' has no readable start or end in UTC'
        WHEN megawatts IS NULL
            THEN 'the load of ' || area || ' is not a number'
    END AS objection
FROM published
