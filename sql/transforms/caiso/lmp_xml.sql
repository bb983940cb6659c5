-- lmp_xml: locational prices from OASIS XML, one raw element per component.
--
-- Reads:  OASISReport documents of PRC_LMP, PRC_RTPD_LMP and PRC_INTVL_LMP, with or without the prefix m:.
-- Grain:  one node, one interval. Raw: one REPORT_DATA per node, interval and DATA_ITEM (LMP_PRC,
--         LMP_ENE_PRC, LMP_CONG_PRC, LMP_LOSS_PRC; LMP_GHG_PRC is read by lmp_adders_xml).
-- Source: CAISO OASIS. The market run stands once, in the REPORT_HEADER of each REPORT_ITEM (MKT_TYPE).
-- Why:    single requests of the early years are XML. The documents are small, so each is read whole (the
--         engine lays it out without compression) and cut by its elements. The components meet in a pivot
--         under the same rules as in lmp_csv.
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
        xml_text(element, 'DATA_ITEM') AS component,
        TRY_CAST(xml_text(element, 'VALUE') AS DOUBLE) AS price
    FROM elements
),

intervals AS (
    SELECT
        raw_folder,
        interval_start_utc,
        interval_end_utc,
        node,
        MIN(price) FILTER (WHERE component = 'LMP_PRC') AS lmp_total,
        MIN(price) FILTER (WHERE component = 'LMP_ENE_PRC') AS lmp_energy,
        MIN(price) FILTER (WHERE component = 'LMP_CONG_PRC') AS lmp_congestion,
        MIN(price) FILTER (WHERE component = 'LMP_LOSS_PRC') AS lmp_loss,
        MAX(price) FILTER (WHERE component = 'LMP_PRC') AS highest_total,
        MAX(price) FILTER (WHERE component = 'LMP_ENE_PRC') AS highest_energy,
        MAX(price) FILTER (WHERE component = 'LMP_CONG_PRC') AS highest_congestion,
        MAX(price) FILTER (WHERE component = 'LMP_LOSS_PRC') AS highest_loss,
        MIN(component) FILTER (WHERE price IS NULL) AS unpriced_component,
        MIN(component) FILTER (
            WHERE component NOT IN ('LMP_PRC', 'LMP_ENE_PRC', 'LMP_CONG_PRC', 'LMP_LOSS_PRC', 'LMP_GHG_PRC')
        ) AS unknown_component,
        MIN(market_run) FILTER (WHERE market_run <> getvariable('source_market')) AS foreign_market_run
    FROM components
    GROUP BY
        raw_folder,
        interval_start_utc,
        interval_end_utc,
        node
)

SELECT
    raw_folder,
    interval_start_utc,
    interval_end_utc,
    node AS settlement_location,
    CASE
        WHEN node LIKE 'TH\_%' ESCAPE '\' THEN 'HUB'
        WHEN node LIKE 'DLAP\_%' ESCAPE '\' THEN 'ZONE'
        WHEN node LIKE '%-APND' THEN 'AGGREGATE'
        ELSE 'NODE'
    END AS settlement_location_type,
    node AS settlement_location_id,
    lmp_total,
    lmp_energy,
    lmp_congestion,
    lmp_loss,
    CASE
        WHEN foreign_market_run IS NOT NULL
            THEN 'a report is of the market run ' || foreign_market_run
        WHEN node IS NULL
            THEN 'an element has no RESOURCE_NAME'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || node || ' has no readable start or end in UTC'
        WHEN unknown_component IS NOT NULL
            THEN 'the component ' || unknown_component || ' is unknown'
        WHEN unpriced_component IS NOT NULL
            THEN 'the component ' || unpriced_component || ' of ' || node || ' has no readable price'
        WHEN lmp_total <> highest_total
            THEN 'two different LMP_PRC of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_energy <> highest_energy
            THEN 'two different LMP_ENE_PRC of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_congestion <> highest_congestion
            THEN 'two different LMP_CONG_PRC of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_loss <> highest_loss
            THEN 'two different LMP_LOSS_PRC of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_total IS NULL
            THEN 'components but no LMP_PRC of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
    END AS objection
FROM intervals
