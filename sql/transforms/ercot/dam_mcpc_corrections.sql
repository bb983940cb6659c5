-- dam_mcpc_corrections: day-ahead clearing prices for capacity that were corrected.
--
-- Reads:  DAM Price Corrections (NP4-196-M), the documents named DAM_MCPC. Columns by name.
-- Grain:  one product, one hour of the whole system. Hours are told by their end, 1 to 24, on Central time.
-- Source: ERCOT, $/MW for the hour. The report of the day itself is not published again.
-- Why:    only what was corrected is in it, so a correction is another stage of the same price.
WITH published AS (
    SELECT
        filename,
        TRIM(astype) AS as_product,
        mcpccorrected AS price,
        concat_ws(' ', deliverydate, deliveryhour, dstflag) AS printed_hour,
        flagged_to_utc(
            'America/Chicago', wall_of_hour_ending(deliverydate, deliveryhour), COALESCE(TRIM(dstflag), '')
        ) AS start_utc
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS dstflag
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE COALESCE(deliverydate, astype, mcpccorrected) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    as_product,
    CASE as_product
        WHEN 'REGUP' THEN 'REG_UP'
        WHEN 'REGDN' THEN 'REG_DOWN'
        WHEN 'RRS' THEN 'SPIN'
        WHEN 'NSPIN' THEN 'NON_SPIN'
        WHEN 'ECRS' THEN 'CONTINGENCY'
        ELSE 'OTHER'
    END AS as_product_standard,
    'SYSTEM' AS as_region,
    '$/MW' AS unit,
    TRY_CAST(price AS DOUBLE) AS market_clearing_price,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN COALESCE(as_product, '') = '' THEN 'a row names no product at ' || printed_hour
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat(as_product, ' as corrected at ', printed_hour, ' is not a number: ', price)
    END AS objection
FROM published
