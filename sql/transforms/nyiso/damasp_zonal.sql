-- damasp_zonal: day-ahead prices of reserves and regulation, zone by zone.
--
-- Reads:  damasp since 2016-06-23. Columns are read by position; the header has not changed since.
-- Grain:  one product, one zone, one hour (the stamp starts it).
-- Source: NYISO MIS, P-5. Regulation is one price for all of New York and is printed for each zone;
--         reserve prices of a zone already hold those of the regions around it.
-- Why:    the column Time Zone says EST or EDT, so the repeated hour needs no guess; New York's clock only
--         confirms it. One raw row holds four prices. Each becomes a row under its own product, blank ones
--         none.
WITH placed AS (
    SELECT
        *,
        CASE time_zone
            WHEN 'EDT'
                THEN utc_if_shown('America/New_York', naive_of_24_hour_stamp(stamp), INTERVAL (-4) HOUR)
            WHEN 'EST'
                THEN utc_if_shown('America/New_York', naive_of_24_hour_stamp(stamp), INTERVAL (-5) HOUR)
        END AS stamp_utc
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'time_zone': 'VARCHAR',
                'zone_name': 'VARCHAR',
                'ptid': 'VARCHAR',
                'ten_min_spinning': 'VARCHAR',
                'ten_min_non_synchronous': 'VARCHAR',
                'thirty_min_operating': 'VARCHAR',
                'regulation_capacity': 'VARCHAR'
            }
        )
    WHERE stamp IS DISTINCT FROM 'Time Stamp'
),

offers AS (
    SELECT
        filename,
        stamp,
        time_zone,
        stamp_utc,
        zone_name,
        UNNEST([
            {
                'product': '10 Min Spinning Reserve',
                'standard': 'SPIN',
                'unit': '$/MWh',
                'price': ten_min_spinning
            },
            {
                'product': '10 Min Non-Synchronous Reserve',
                'standard': 'NON_SPIN',
                'unit': '$/MWh',
                'price': ten_min_non_synchronous
            },
            {
                'product': '30 Min Operating Reserve',
                'standard': 'SUPPLEMENTAL',
                'unit': '$/MWh',
                'price': thirty_min_operating
            },
            {
                'product': 'NYCA Regulation Capacity',
                'standard': 'REG',
                'unit': '$/MWh',
                'price': regulation_capacity
            }
        ]) AS offer
    FROM placed
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    stamp_utc AS interval_start_utc,
    offer.product AS as_product,
    offer.standard AS as_product_standard,
    COALESCE(zone_name, 'SYSTEM') AS as_region,
    offer.unit AS unit,
    TRY_CAST(offer.price AS DOUBLE) AS market_clearing_price,
    CASE
        WHEN stamp_utc IS NULL
            THEN concat_ws(' ', 'no clock in New York ever showed the stamp', stamp, time_zone)
        WHEN zone_name IS NULL
            THEN 'a row names no zone'
        WHEN TRY_CAST(offer.price AS DOUBLE) IS NULL
            THEN 'the price of ' || offer.product || ' at ' || stamp || ' is not a number: ' || offer.price
    END AS objection
FROM offers
WHERE blank_to_null(offer.price) IS NOT NULL
