-- dam_mcpc_yearly: day-ahead clearing prices for capacity of a year.
--
-- Reads:  Historical DAM Clearing Prices for Capacity (NP4-181-ER), a year a file. Columns by name: one
--         product has a blank behind its name, and ECRS came in 2023.
-- Grain:  one product, one hour of the whole system. Hours are told by their end, on Central time.
-- Source: ERCOT, $/MW for the hour.
-- Why:    one raw row holds all prices. Each becomes a row under its own product, blank ones none.
WITH hours AS MATERIALIZED (
    -- The calendar is asked once an hour, and not once a product.
    SELECT
        *,
        concat_ws(' ', delivery_date, hour_ending, repeated_hour_flag) AS printed_hour,
        flagged_to_utc(
            'America/Chicago',
            wall_of_hour_ending(delivery_date, hour_ending),
            COALESCE(TRIM(repeated_hour_flag), '')
        ) AS start_utc
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS ecrs
        WHERE FALSE
    ) AS columns_of_every_era
),

published AS (
    SELECT
        filename,
        printed_hour,
        start_utc,
        UNNEST([
            { 'product': 'REGUP', 'standard': 'REG_UP', 'price': regup },
            { 'product': 'REGDN', 'standard': 'REG_DOWN', 'price': regdn },
            { 'product': 'RRS', 'standard': 'SPIN', 'price': rrs },
            { 'product': 'NSPIN', 'standard': 'NON_SPIN', 'price': nspin },
            { 'product': 'ECRS', 'standard': 'CONTINGENCY', 'price': ecrs }
        ]) AS offer
    FROM hours
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    offer.product AS as_product,
    offer.standard AS as_product_standard,
    'SYSTEM' AS as_region,
    '$/MW' AS unit,
    TRY_CAST(offer.price AS DOUBLE) AS market_clearing_price,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN TRY_CAST(offer.price AS DOUBLE) IS NULL
            THEN
                concat(
                    'the price of ', offer.product, ' at ', printed_hour, ' is not a number: ', offer.price
                )
    END AS objection
FROM published
WHERE blank_to_null(offer.price) IS NOT NULL
