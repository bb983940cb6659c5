-- reserve_results_csv: results of the reserve and regulation markets, from Data Miner's CSV.
--
-- Reads:  reserve_market_results (hourly until September 2022, five minutes after) and
--         da_reserve_market_results (hourly, since 2022-10; it lacks the regulation columns).
-- Grain:  one locale, service and interval (datetime_beginning_utc starts it). A raw row holds up to four
--         prices of one service: each becomes a product of its own, mcp under the service's plain name with
--         the cleared quantity beside it, the others as capped, capability (reg_ccp) and performance
--         (reg_pcp).
-- Source: PJM Data Miner 2. Column order is unconfirmed, so columns are read by name. REG, SR, PR, 30MIN in
--         locales PJM_RTO and MAD.
-- Why:    the day the step changed is not published, so the rows say it: a row belongs to a five-minute
--         market if any stamp of its file within the hour before or after is off the full hour.
WITH known_columns AS (
    -- The columns this file understands. What a raw file lacks is NULL.
    SELECT
        CAST(NULL AS VARCHAR) AS filename,
        CAST(NULL AS VARCHAR) AS datetime_beginning_utc,
        CAST(NULL AS VARCHAR) AS locale,
        CAST(NULL AS VARCHAR) AS service,
        CAST(NULL AS VARCHAR) AS mcp,
        CAST(NULL AS VARCHAR) AS mcp_capped,
        CAST(NULL AS VARCHAR) AS reg_ccp,
        CAST(NULL AS VARCHAR) AS reg_pcp,
        CAST(NULL AS VARCHAR) AS total_mw
    WHERE FALSE
),

published AS (
    SELECT * FROM known_columns
    UNION ALL BY NAME
    SELECT * FROM raw_columns(getvariable('raw_files'))
),

results AS (
    SELECT
        parse_dirpath(filename) AS raw_folder,
        naive_of_12_hour_stamp(datetime_beginning_utc) AS interval_start_utc,
        datetime_beginning_utc AS printed_stamp,
        COALESCE(blank_to_null(locale), 'SYSTEM') AS as_region,
        TRIM(service) AS service,
        mcp,
        mcp_capped,
        reg_ccp,
        reg_pcp,
        total_mw
    FROM published
),

stepped AS (
    SELECT
        *,
        CASE
            WHEN BOOL_OR(DATE_PART('minute', interval_start_utc) <> 0) OVER nearby THEN 5
            ELSE 60
        END AS interval_minutes
    FROM results
    WINDOW nearby AS (
        PARTITION BY raw_folder
        ORDER BY interval_start_utc
        RANGE BETWEEN INTERVAL 59 MINUTE PRECEDING AND INTERVAL 59 MINUTE FOLLOWING
    )
),

prices AS (
    SELECT
        raw_folder,
        interval_start_utc,
        printed_stamp,
        interval_minutes,
        as_region,
        service,
        total_mw,
        UNNEST(['', ' capped', ' capability', ' performance']) AS kind,
        UNNEST(['mcp', 'mcp_capped', 'reg_ccp', 'reg_pcp']) AS price_column,
        UNNEST([mcp, mcp_capped, reg_ccp, reg_pcp]) AS printed_price
    FROM stepped
)

SELECT
    raw_folder,
    interval_start_utc,
    CAST(interval_minutes AS SMALLINT) AS interval_minutes,
    service || kind AS as_product,
    CASE
        WHEN price_column = 'reg_pcp' THEN 'REG_MILEAGE'
        WHEN service = 'REG' THEN 'REG'
        WHEN service = 'SR' THEN 'SPIN'
        WHEN service IN ('PR', 'NSR') THEN 'NON_SPIN'
        WHEN service IN ('30MIN', 'SecR', 'DASR') THEN 'SUPPLEMENTAL'
        ELSE 'OTHER'
    END AS as_product_standard,
    as_region,
    '$/MWh' AS unit,
    TRY_CAST(printed_price AS DOUBLE) AS market_clearing_price,
    CASE WHEN price_column = 'mcp' THEN TRY_CAST(total_mw AS DOUBLE) END AS cleared_quantity_mw,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(printed_stamp, 'blank')
        WHEN service IS NULL
            THEN 'a row names no service'
        WHEN TRY_CAST(printed_price AS DOUBLE) IS NULL
            THEN price_column || ' is not a price: ' || printed_price
        WHEN TRY_CAST(total_mw AS DOUBLE) IS NULL AND blank_to_null(total_mw) IS NOT NULL
            THEN 'total_mw is not a number: ' || total_mw
    END AS objection
FROM prices
WHERE blank_to_null(printed_price) IS NOT NULL
