-- as_xml: ancillary service prices from OASIS XML.
--
-- Reads:  OASISReport documents of PRC_AS and PRC_INTVL_AS, with or without the prefix m:.
-- Grain:  one product, one region, one interval.
-- Source: CAISO OASIS. DATA_ITEM names the product in its own way (SP_CLR_PRC, NS_CLR_PRC, ...); the codes
--         of the CSV are used, so that one product has one name. RESOURCE_NAME is the region. See lmp_xml
--         for the way the documents are cut.
-- Why:    prices are those of nested regions, as published: a resource is paid the sum over the regions it
--         lies in. A missing region is not a price of zero.
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

products AS (
    SELECT
        raw_folder,
        market_run,
        utc_of_iso_stamp(xml_text(element, 'INTERVAL_START_GMT')) AS interval_start_utc,
        utc_of_iso_stamp(xml_text(element, 'INTERVAL_END_GMT')) AS interval_end_utc,
        xml_text(element, 'RESOURCE_NAME') AS region,
        CASE xml_text(element, 'DATA_ITEM')
            WHEN 'SP_CLR_PRC' THEN 'SR'
            WHEN 'NS_CLR_PRC' THEN 'NR'
            ELSE regexp_replace(xml_text(element, 'DATA_ITEM'), '_CLR_PRC$', '')
        END AS product,
        TRY_CAST(xml_text(element, 'VALUE') AS DOUBLE) AS price
    FROM elements
)

SELECT
    raw_folder,
    interval_start_utc,
    interval_end_utc,
    product AS as_product,
    CASE product
        WHEN 'RU' THEN 'REG_UP'
        WHEN 'RD' THEN 'REG_DOWN'
        WHEN 'SR' THEN 'SPIN'
        WHEN 'NR' THEN 'NON_SPIN'
        WHEN 'RMU' THEN 'REG_MILEAGE_UP'
        WHEN 'RMD' THEN 'REG_MILEAGE_DOWN'
        ELSE 'OTHER'
    END AS as_product_standard,
    COALESCE(region, 'SYSTEM') AS as_region,
    CASE WHEN product IN ('RMU', 'RMD') THEN '$/MW' ELSE '$/MWh' END AS unit,
    price AS market_clearing_price,
    CASE
        WHEN market_run <> getvariable('source_market')
            THEN 'a report is of the market run ' || market_run
        WHEN product IS NULL
            THEN 'an element has no DATA_ITEM'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || product || ' has no readable start or end in UTC'
        WHEN price IS NULL
            THEN 'the product ' || product || ' has no readable price'
    END AS objection
FROM products
