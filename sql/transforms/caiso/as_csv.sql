-- as_csv: ancillary service prices from OASIS CSV.
--
-- Reads:  PRC_AS (day-ahead, hourly) and PRC_INTVL_AS (real time, 15 minutes). Their column order differs,
--         so columns are read by name.
-- Grain:  one product (ANC_TYPE), one region (ANC_REGION), one interval.
-- Source: CAISO OASIS. The column MW holds the price. RU RD SR NR are capacity, RMU RMD mileage (price per
--         MW of movement).
-- Why:    prices are those of nested regions, as published: a resource is paid the sum over the regions it
--         lies in. A missing region is not a price of zero.
WITH published AS (
    SELECT
        filename,
        ANC_TYPE AS product,
        ANC_REGION AS region,
        MARKET_RUN_ID AS market_run,
        utc_of_iso_stamp(INTERVALSTARTTIME_GMT) AS interval_start_utc,
        utc_of_iso_stamp(INTERVALENDTIME_GMT) AS interval_end_utc,
        TRY_CAST(MW AS DOUBLE) AS price
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
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
            THEN 'a row is of the market run ' || market_run
        WHEN product IS NULL
            THEN 'a row names no ANC_TYPE'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || product || ' has no readable start or end in UTC'
        WHEN price IS NULL
            THEN 'the product ' || product || ' has no readable price'
    END AS objection
FROM published
