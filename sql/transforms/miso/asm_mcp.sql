-- asm_mcp: clearing prices of ancillary services of a day, hour by hour in the columns of one row.
--
-- Reads:  asm_expost_damcp, asm_rtmcp_prelim, asm_rtmcp_final. A block for all of MISO, then one row for
--         every resource with its reserve zone, under a header of its own.
-- Grain:  one product, one zone (or MISO Wide), one hour. Hours are Eastern Standard Time all year.
-- Source: MISO market reports. GEN and DEM are what generation and demand are paid; they differ.
-- Why:    every resource of a zone repeats the zone's price: one row of them is kept, and two different ones
--         are an objection. SERREGMCP, regulation of stored energy, is printed for all of MISO only.
WITH raw AS (
    SELECT
        filename,
        place,
        zone_name,
        product,
        [
            he_01, he_02, he_03, he_04, he_05, he_06, he_07, he_08, he_09, he_10, he_11,
            he_12, he_13, he_14, he_15, he_16, he_17, he_18, he_19, he_20, he_21, he_22,
            he_23, he_24
        ] AS printed
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'place': 'VARCHAR',
                'zone_name': 'VARCHAR',
                'product': 'VARCHAR',
                'he_01': 'VARCHAR',
                'he_02': 'VARCHAR',
                'he_03': 'VARCHAR',
                'he_04': 'VARCHAR',
                'he_05': 'VARCHAR',
                'he_06': 'VARCHAR',
                'he_07': 'VARCHAR',
                'he_08': 'VARCHAR',
                'he_09': 'VARCHAR',
                'he_10': 'VARCHAR',
                'he_11': 'VARCHAR',
                'he_12': 'VARCHAR',
                'he_13': 'VARCHAR',
                'he_14': 'VARCHAR',
                'he_15': 'VARCHAR',
                'he_16': 'VARCHAR',
                'he_17': 'VARCHAR',
                'he_18': 'VARCHAR',
                'he_19': 'VARCHAR',
                'he_20': 'VARCHAR',
                'he_21': 'VARCHAR',
                'he_22': 'VARCHAR',
                'he_23': 'VARCHAR',
                'he_24': 'VARCHAR'
            }
        )
),

days AS (
    SELECT
        filename,
        MIN(CAST(naive_of_24_hour_stamp(place || ' 00:00') AS DATE)) AS market_day
    FROM raw
    WHERE zone_name IS NULL
    GROUP BY filename
),

prices AS (
    SELECT
        filename,
        CASE WHEN zone_name = '-' THEN place ELSE zone_name END AS as_region,
        product AS as_product,
        MIN(printed) AS printed,
        COUNT(DISTINCT printed) > 1 AS is_contradicted
    FROM raw
    WHERE ENDS_WITH(product, 'MCP')
    GROUP BY ALL
),

hours AS (
    SELECT
        prices.*,
        days.market_day,
        UNNEST(RANGE(1, 25)) AS hour_ending
    FROM prices
    LEFT JOIN days ON prices.filename = days.filename
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    market_day + TO_HOURS(hour_ending - 1) + INTERVAL 5 HOUR AS interval_start_utc,
    as_product,
    CASE
        WHEN CONTAINS(as_product, 'MILEAGE') THEN 'REG_MILEAGE'
        WHEN CONTAINS(as_product, 'REG') THEN 'REG'
        WHEN CONTAINS(as_product, 'SPIN') THEN 'SPIN'
        WHEN CONTAINS(as_product, 'SUPP') THEN 'NON_SPIN'
        WHEN STARTS_WITH(as_product, 'RCUP') THEN 'RAMP_UP'
        WHEN STARTS_WITH(as_product, 'RCDOWN') THEN 'RAMP_DOWN'
        WHEN STARTS_WITH(as_product, 'STR') THEN 'SUPPLEMENTAL'
        ELSE 'OTHER'
    END AS as_product_standard,
    COALESCE(as_region, 'SYSTEM') AS as_region,
    '$/MWh' AS unit,
    TRY_CAST(printed[hour_ending] AS DOUBLE) AS market_clearing_price,
    CASE
        WHEN market_day IS NULL THEN 'the file does not say which market day it is of'
        WHEN is_contradicted
            THEN concat('gives two different values for ', as_product, ' in ', as_region)
        WHEN TRY_CAST(printed[hour_ending] AS DOUBLE) IS NULL
            THEN concat(as_product, ' in ', as_region, ' is not a number: ', printed[hour_ending])
    END AS objection
FROM hours
WHERE blank_to_null(printed[hour_ending]) IS NOT NULL
