-- lmp_adders_xml: the greenhouse-gas component of locational prices, from OASIS XML.
--
-- Reads:  the same documents as lmp_xml, only their elements of DATA_ITEM LMP_GHG_PRC.
-- Grain:  one node, one interval, one component.
-- Source: CAISO OASIS. See lmp_xml, also for the way the documents are cut.
-- Why:    the component has no column in energy_prices; total = energy + congestion + loss + this.
WITH documents AS (
    SELECT
        parse_dirpath(filename) AS raw_folder,
        content AS document
    FROM read_text(getvariable('raw_files'))
),

reports AS (
    SELECT
        raw_folder,
        UNNEST(
            regexp_extract_all(document, '<(?:\w+:)?REPORT_ITEM>.*?</(?:\w+:)?REPORT_ITEM>', 0, 's')
        ) AS report
    FROM documents
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

components AS (
    SELECT
        raw_folder,
        market_run,
        utc_of_iso_stamp(xml_text(element, 'INTERVAL_START_GMT')) AS interval_start_utc,
        utc_of_iso_stamp(xml_text(element, 'INTERVAL_END_GMT')) AS interval_end_utc,
        xml_text(element, 'RESOURCE_NAME') AS node,
        TRY_CAST(xml_text(element, 'VALUE') AS DOUBLE) AS price
    FROM elements
    WHERE xml_text(element, 'DATA_ITEM') = 'LMP_GHG_PRC'
)

SELECT
    raw_folder,
    interval_start_utc,
    interval_end_utc,
    node AS settlement_location_id,
    -- No column of the table: a day file of every node is cut to hubs and zones by it.
    CASE
        WHEN node LIKE 'TH\_%' ESCAPE '\' THEN 'HUB'
        WHEN node LIKE 'DLAP\_%' ESCAPE '\' THEN 'ZONE'
        WHEN node LIKE '%-APND' THEN 'AGGREGATE'
        ELSE 'NODE'
    END AS settlement_location_type,
    'GREENHOUSE_GAS' AS component,
    price,
    CASE
        WHEN market_run <> getvariable('source_market')
            THEN 'a report is of the market run ' || market_run
        WHEN node IS NULL
            THEN 'an element has no RESOURCE_NAME'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || node || ' has no readable start or end in UTC'
        WHEN price IS NULL
            THEN 'the component LMP_GHG_PRC of ' || node || ' has no readable price'
    END AS objection
FROM components
