-- reserve_prices_json: real-time reserve prices by reserve zone, from the web services.
--
-- Reads:  hourlyprelimreserveprice, hourlyfinalreserveprice, fiveminutereserveprice.
-- Grain:  one product, one reserve zone, one interval (BeginDate starts it, with its offset).
-- Source: ISO New England web services v1.1. Prices cascade: TMSR is at least TMNSR, that at least TMOR.
-- Why:    five-minute stamps carry some seconds of noise, which are dropped.
--         ROS (7000) is the rest of the system; local zones have a requirement for thirty minutes only.
WITH items AS (
    SELECT
        filename,
        UNNEST(
            json_items(
                COALESCE(
                    document -> 'FinalHourlyReservePrices' -> 'FinalHourlyReservePrice',
                    document -> 'FinalHourlyReservePrice',
                    document -> 'PrelimHourlyReservePrices' -> 'PrelimHourlyReservePrice',
                    document -> 'PrelimHourlyReservePrice',
                    document -> 'FiveMinReservePrices' -> 'FiveMinReservePrice',
                    document -> 'FiveMinReservePrice'
                )
            )
        ) AS item
    FROM raw_documents(getvariable('raw_files'))
),

offers AS (
    SELECT
        filename,
        item ->> 'BeginDate' AS begin_date,
        item ->> 'ReserveZoneName' AS reserve_zone,
        without_seconds_of_noise(utc_of_offset_stamp(begin_date)) AS interval_start_utc,
        UNNEST([
            {
                'product': 'TMSR',
                'standard': 'SPIN',
                'price': item ->> 'TmsrClearingPrice',
                'quantity': item ->> 'TmsrDesignatedMw'
            },
            {
                'product': 'TMNSR',
                'standard': 'NON_SPIN',
                'price': item ->> 'TmnsrClearingPrice',
                'quantity': item ->> 'TmnsrDesignatedMw'
            },
            {
                'product': 'TMOR',
                'standard': 'SUPPLEMENTAL',
                'price': item ->> 'TmorClearingPrice',
                'quantity': item ->> 'TmorDesignatedMw'
            }
        ]) AS offer
    FROM items
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    offer.product AS as_product,
    offer.standard AS as_product_standard,
    reserve_zone AS as_region,
    '$/MWh' AS unit,
    TRY_CAST(offer.price AS DOUBLE) AS market_clearing_price,
    TRY_CAST(offer.quantity AS DOUBLE) AS cleared_quantity_mw,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'BeginDate is not a stamp with an offset: ' || COALESCE(begin_date, 'blank')
        WHEN blank_to_null(reserve_zone) IS NULL
            THEN 'a row names no reserve zone at ' || begin_date
        WHEN
            (offer.price IS NOT NULL AND TRY_CAST(offer.price AS DOUBLE) IS NULL)
            OR (offer.quantity IS NOT NULL AND TRY_CAST(offer.quantity AS DOUBLE) IS NULL)
            THEN concat('a number of ', offer.product, ' at ', begin_date, ' is none')
    END AS objection
FROM offers
WHERE offer.price IS NOT NULL OR offer.quantity IS NOT NULL
