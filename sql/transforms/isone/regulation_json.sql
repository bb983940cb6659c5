-- regulation_json: five-minute clearing prices of regulation, from the web services.
--
-- Reads:  fiveminutercp.
-- Grain:  one product, one interval, for the system.
-- Source: ISO New England web services v1.1. Capacity is paid by the hour ($/MWh), service by the movement
--         ($/MW). BeginDate starts the interval and carries some seconds of noise, which are dropped.
-- Why:    the two prices pay for different things and are never added.
WITH items AS (
    SELECT
        filename,
        UNNEST(
            json_items(COALESCE(document -> 'FiveMinRcps' -> 'FiveMinRcp', document -> 'FiveMinRcp'))
        ) AS item
    FROM raw_documents(getvariable('raw_files'))
),

offers AS (
    SELECT
        filename,
        item ->> 'BeginDate' AS begin_date,
        without_seconds_of_noise(utc_of_offset_stamp(begin_date)) AS interval_start_utc,
        UNNEST([
            {
                'product': 'Regulation Capacity',
                'standard': 'REG',
                'unit': '$/MWh',
                'price': item ->> 'RegCapacityClearingPrice'
            },
            {
                'product': 'Regulation Service',
                'standard': 'REG_MILEAGE',
                'unit': '$/MW',
                'price': item ->> 'RegServiceClearingPrice'
            }
        ]) AS offer
    FROM items
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    offer.product AS as_product,
    offer.standard AS as_product_standard,
    'SYSTEM' AS as_region,
    offer.unit AS unit,
    TRY_CAST(offer.price AS DOUBLE) AS market_clearing_price,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'BeginDate is not a stamp with an offset: ' || COALESCE(begin_date, 'blank')
        WHEN TRY_CAST(offer.price AS DOUBLE) IS NULL
            THEN concat('the price of ', offer.product, ' at ', begin_date, ' is not a number: ', offer.price)
    END AS objection
FROM offers
WHERE offer.price IS NOT NULL
