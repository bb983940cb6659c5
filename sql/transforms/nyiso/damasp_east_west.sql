-- damasp_east_west: day-ahead prices of reserves and regulation of the East/West era.
--
-- Reads:  damasp from about 2001-10 to 2015: stamp, four prices of East, the same four of West. Columns are
--         read by position, because the header leaves brackets open in places.
-- Grain:  one product, one region, one hour (the stamp starts it).
-- Source: NYISO MIS, P-5. The layout with SENY columns (2016-01 to 2016-06-22) is not read here: its header
--         names repeat and its order is unconfirmed.
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
                'east_spinning': 'VARCHAR',
                'east_non_synchronous': 'VARCHAR',
                'east_operating': 'VARCHAR',
                'east_regulation': 'VARCHAR',
                'west_spinning': 'VARCHAR',
                'west_non_synchronous': 'VARCHAR',
                'west_operating': 'VARCHAR',
                'west_regulation': 'VARCHAR'
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
                'region': 'East',
                'unit': '$/MWh',
                'price': east_spinning
            },
            {
                'product': '10 Min Non-Synchronous Reserve',
                'standard': 'NON_SPIN',
                'region': 'East',
                'unit': '$/MWh',
                'price': east_non_synchronous
            },
            {
                'product': '30 Min Operating Reserve',
                'standard': 'SUPPLEMENTAL',
                'region': 'East',
                'unit': '$/MWh',
                'price': east_operating
            },
            {
                'product': 'Regulation',
                'standard': 'REG',
                'region': 'East',
                'unit': '$/MWh',
                'price': east_regulation
            },
            {
                'product': '10 Min Spinning Reserve',
                'standard': 'SPIN',
                'region': 'West',
                'unit': '$/MWh',
                'price': west_spinning
            },
            {
                'product': '10 Min Non-Synchronous Reserve',
                'standard': 'NON_SPIN',
                'region': 'West',
                'unit': '$/MWh',
                'price': west_non_synchronous
            },
            {
                'product': '30 Min Operating Reserve',
                'standard': 'SUPPLEMENTAL',
                'region': 'West',
                'unit': '$/MWh',
                'price': west_operating
            },
            {
                'product': 'Regulation',
                'standard': 'REG',
                'region': 'West',
                'unit': '$/MWh',
                'price': west_regulation
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
