-- dam_mcpc: day-ahead clearing prices for capacity.
--
-- Reads:  DAM Clearing Prices for Capacity (NP4-188-CD), a day a file. Columns by position; the last one is
--         missing in files of before mid-2011.
-- Grain:  one product, one hour of the whole system. Hours are told by their end, on Central time.
-- Source: ERCOT, $/MW for the hour. ECRS since 2023-06-10. The products of an hour come in any order.
-- Why:    DSTFlag is Y in the second of the two autumn hours only.
WITH published AS (
    SELECT
        *,
        TRIM(product) AS as_product
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'delivery_date': 'VARCHAR',
                'hour_ending': 'VARCHAR',
                'product': 'VARCHAR',
                'price': 'VARCHAR',
                'repeated': 'VARCHAR'
            }
        )
    WHERE
        COALESCE(TRIM(delivery_date), '') <> 'DeliveryDate'
        AND COALESCE(delivery_date, product, price) IS NOT NULL
),

placed AS (
    SELECT
        *,
        concat_ws(' ', delivery_date, hour_ending, repeated) AS printed_hour,
        flagged_to_utc(
            'America/Chicago', wall_of_hour_ending(delivery_date, hour_ending), COALESCE(TRIM(repeated), '')
        ) AS start_utc
    FROM published
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
            THEN concat('the price of ', as_product, ' at ', printed_hour, ' is not a number: ', price)
    END AS objection
FROM placed
