-- rtm_mcpc: real-time clearing prices for capacity of 15 minutes.
--
-- Reads:  Real-Time Clearing Prices for Capacity by 15-Minute Settlement Interval (NP6-331-CD), a file an
--         interval. Columns by position.
-- Grain:  one product, one interval of the whole system: hour 1 to 24 and quarter 1 to 4 on Central time.
-- Source: ERCOT, $/MW for the hour. Since 2025-12-05, when energy and reserves began to be dispatched
--         together.
-- Why:    RepeatedHourFlag is Y in the second of the two autumn hours only.
WITH placed AS (
    SELECT
        filename,
        TRIM(product) AS as_product,
        price,
        concat_ws(' ', delivery_date, delivery_hour, delivery_interval, repeated) AS printed_interval,
        flagged_to_utc(
            'America/Chicago',
            wall_of_hour_ending(delivery_date, delivery_hour)
            + CASE
                WHEN regexp_full_match(TRIM(delivery_interval), '[1-4]')
                    THEN TO_MINUTES(15 * (CAST(TRIM(delivery_interval) AS INTEGER) - 1))
            END,
            COALESCE(TRIM(repeated), '')
        ) AS start_utc
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'delivery_date': 'VARCHAR',
                'delivery_hour': 'VARCHAR',
                'delivery_interval': 'VARCHAR',
                'repeated': 'VARCHAR',
                'product': 'VARCHAR',
                'price': 'VARCHAR'
            }
        )
    WHERE
        COALESCE(TRIM(delivery_date), '') <> 'DeliveryDate'
        AND COALESCE(delivery_date, product, price) IS NOT NULL
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
        WHEN start_utc IS NULL THEN 'no interval of Central time is ' || printed_interval
        WHEN COALESCE(as_product, '') = '' THEN 'a row names no product at ' || printed_interval
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the price of ', as_product, ' at ', printed_interval, ' is not a number: ', price)
    END AS objection
FROM placed
