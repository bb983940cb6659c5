-- damasp_single: day-ahead prices of reserves and regulation of the first years, one region.
--
-- Reads:  damasp of 2000 to about 2001-09: stamp and four prices. Columns are read by position, because the
--         header leaves brackets open.
-- Grain:  one product, one hour (the stamp starts it); the region is SYSTEM, the source names none.
-- Source: NYISO MIS, P-5.
-- Why:    there is no Time Zone column, so the repeated hour is read by file order: within it, everything
--         from the first step back in time on is the second pass. One raw row holds all prices of a stamp;
--         each becomes a row under its own product and region, blank ones none.
WITH lines AS (
    SELECT
        *,
        naive_of_24_hour_stamp(stamp) AS wall_stamp,
        ROW_NUMBER() OVER () AS line_number
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'stamp': 'VARCHAR',
                'spinning': 'VARCHAR',
                'non_synchronous': 'VARCHAR',
                'operating': 'VARCHAR',
                'regulation': 'VARCHAR'
            }
        )
    WHERE stamp IS DISTINCT FROM 'Time Stamp'
),

readings AS (
    SELECT
        *,
        local_to_utc('America/New_York', wall_stamp, 1) AS first_utc,
        local_to_utc('America/New_York', wall_stamp, 2) AS second_utc,
        wall_stamp <= LAG(wall_stamp) OVER (PARTITION BY filename ORDER BY line_number) AS is_step_back
    FROM lines
),

placed AS (
    SELECT
        *,
        CASE WHEN BOOL_OR(is_step_back) OVER repeated_hour THEN second_utc ELSE first_utc END AS stamp_utc
    FROM readings
    WINDOW repeated_hour AS (
        PARTITION BY filename, first_utc <> second_utc
        ORDER BY line_number
    )
),

offers AS (
    SELECT
        filename,
        stamp,
        stamp_utc,
        UNNEST([
            {
                'product': '10 Min Spinning Reserve',
                'standard': 'SPIN',
                'region': 'SYSTEM',
                'unit': '$/MWh',
                'price': spinning
            },
            {
                'product': '10 Min Non-Synchronous Reserve',
                'standard': 'NON_SPIN',
                'region': 'SYSTEM',
                'unit': '$/MWh',
                'price': non_synchronous
            },
            {
                'product': '30 Min Operating Reserve',
                'standard': 'SUPPLEMENTAL',
                'region': 'SYSTEM',
                'unit': '$/MWh',
                'price': operating
            },
            {
                'product': 'Regulation',
                'standard': 'REG',
                'region': 'SYSTEM',
                'unit': '$/MWh',
                'price': regulation
            }
        ]) AS offer
    FROM placed
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    stamp_utc AS interval_start_utc,
    offer.product AS as_product,
    offer.standard AS as_product_standard,
    offer.region AS as_region,
    offer.unit AS unit,
    TRY_CAST(offer.price AS DOUBLE) AS market_clearing_price,
    CASE
        WHEN stamp_utc IS NULL
            THEN 'no clock in New York ever showed the stamp ' || COALESCE(stamp, '(blank)')
        WHEN TRY_CAST(offer.price AS DOUBLE) IS NULL
            THEN 'the price of ' || offer.product || ' at ' || stamp || ' is not a number: ' || offer.price
    END AS objection
FROM offers
WHERE blank_to_null(offer.price) IS NOT NULL
