-- day_ahead_reserves_json: day-ahead prices of ancillary services, from the web services.
--
-- Reads:  daasreservedata. Cleared since 2025-03-01.
-- Grain:  one product, one hour, for the system.
-- Source: ISO New England web services v1.1. local_day is the beginning of the hour, with its offset; it is
--         gmt_begin_date that holds the beginning of the day, and not in GMT.
-- Why:    designations look cumulative (more of a lesser product than of a better one), and what they add up
--         to is not documented: they are stored as printed. The price of forecast energy (FER) is what
--         meeting the forecast earns, beside the quantity of energy imbalance reserve (EIR).
WITH items AS (
    SELECT
        filename,
        UNNEST(
            json_items(document -> 'isone_web_services' -> 'day_ahead_reserves' -> 'day_ahead_reserve')
        ) AS item
    FROM raw_documents(getvariable('raw_files'))
),

offers AS (
    SELECT
        filename,
        item -> 'market_hour' ->> 'local_day' AS local_day,
        item -> 'market_hour' ->> 'local_hour_end' AS hour_ending,
        utc_of_offset_stamp(local_day) AS interval_start_utc,
        UNNEST([
            {
                'product': 'TMSR',
                'standard': 'SPIN',
                'price': item ->> 'tmsr_clearing_price',
                'quantity': item ->> 'tmsr_designation_mw'
            },
            {
                'product': 'TMNSR',
                'standard': 'NON_SPIN',
                'price': item ->> 'tmnsr_clearing_price',
                'quantity': item ->> 'tmnsr_designation_mw'
            },
            {
                'product': 'TMOR',
                'standard': 'SUPPLEMENTAL',
                'price': item ->> 'tmor_clearing_price',
                'quantity': item ->> 'tmor_designation_mw'
            },
            {
                'product': 'FER',
                'standard': 'OTHER',
                'price': item ->> 'fer_clearing_price',
                'quantity': CAST(NULL AS VARCHAR)
            },
            {
                'product': 'EIR',
                'standard': 'OTHER',
                'price': CAST(NULL AS VARCHAR),
                'quantity': item ->> 'eir_designation_mw'
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
    '$/MWh' AS unit,
    TRY_CAST(offer.price AS DOUBLE) AS market_clearing_price,
    TRY_CAST(offer.quantity AS DOUBLE) AS cleared_quantity_mw,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'local_day is not a stamp with an offset: ' || COALESCE(local_day, 'blank')
        WHEN
            TRY_CAST(RTRIM(hour_ending, 'X') AS INTEGER)
            <> date_part('hour', utc_to_local('America/New_York', interval_start_utc)) + 1
            THEN concat('hour ending ', hour_ending, ' does not begin at ', local_day)
        WHEN
            (offer.price IS NOT NULL AND TRY_CAST(offer.price AS DOUBLE) IS NULL)
            OR (offer.quantity IS NOT NULL AND TRY_CAST(offer.quantity AS DOUBLE) IS NULL)
            THEN concat('a number of ', offer.product, ' in hour ending ', hour_ending, ' is none')
    END AS objection
FROM offers
WHERE offer.price IS NOT NULL OR offer.quantity IS NOT NULL
