-- as_long_csv: ancillary services in long form, from Data Miner's CSV.
--
-- Reads:  ancillary_services (hourly), ancillary_services_fivemin_hrl (five minutes; its last two columns
--         are swapped, so columns are read by name) and da_ancillary_services (hourly, since 2022-10).
-- Grain:  one service, one interval (datetime_beginning_utc starts it), one version_nbr. A service has a row
--         for its price and may have one for a quantity: the two become one row.
-- Source: PJM Data Miner 2. The service's name carries the region and the product; unit is Price, MW or
--         Ratio. A blank value is no value.
-- Why:    a unit this file does not know becomes a product of its own, so that nothing is lost and nothing
--         is taken for a price of the service.
WITH known_columns AS (
    -- The columns this file understands. What a raw file lacks is NULL.
    SELECT
        CAST(NULL AS VARCHAR) AS filename,
        CAST(NULL AS VARCHAR) AS datetime_beginning_utc,
        CAST(NULL AS VARCHAR) AS ancillary_service,
        CAST(NULL AS VARCHAR) AS unit,
        CAST(NULL AS VARCHAR) AS value,
        CAST(NULL AS VARCHAR) AS version_nbr
    WHERE FALSE
),

published AS (
    SELECT * FROM known_columns
    UNION ALL BY NAME
    SELECT * FROM raw_columns(getvariable('raw_files'))
),

measured AS (
    SELECT
        parse_dirpath(filename) AS raw_folder,
        naive_of_12_hour_stamp(datetime_beginning_utc) AS interval_start_utc,
        datetime_beginning_utc AS printed_stamp,
        TRIM(ancillary_service) AS service,
        UPPER(TRIM(unit)) IN ('PRICE', '$/MWH') AS is_price,
        UPPER(TRIM(unit)) = 'MW' AS is_quantity,
        TRIM(unit) AS unit,
        value AS printed_value,
        TRY_CAST(value AS DOUBLE) AS measure,
        TRY_CAST(version_nbr AS INTEGER) AS source_version
    FROM published
    WHERE blank_to_null(value) IS NOT NULL
),

products AS (
    SELECT
        raw_folder,
        interval_start_utc,
        source_version,
        service,
        CASE WHEN is_price OR is_quantity THEN service ELSE service || ' (' || unit || ')' END AS as_product,
        CASE WHEN is_price OR is_quantity THEN '$/MWh' ELSE unit END AS unit,
        MIN(measure) FILTER (WHERE NOT is_quantity) AS market_clearing_price,
        MAX(measure) FILTER (WHERE NOT is_quantity) AS highest_price,
        MIN(measure) FILTER (WHERE is_quantity) AS cleared_quantity_mw,
        MAX(measure) FILTER (WHERE is_quantity) AS highest_quantity,
        MIN(printed_stamp) AS printed_stamp,
        MIN(printed_value) FILTER (WHERE measure IS NULL) AS unreadable_value
    FROM measured
    GROUP BY ALL
)

SELECT
    raw_folder,
    interval_start_utc,
    as_product,
    CASE
        WHEN as_product <> service THEN 'OTHER'
        WHEN regexp_matches(service, 'mileage ratio', 'i') THEN 'OTHER'
        WHEN regexp_matches(service, 'regulation.*(mileage|performance)', 'i') THEN 'REG_MILEAGE'
        WHEN regexp_matches(service, 'regulation', 'i') THEN 'REG'
        WHEN regexp_matches(service, 'non-?\s?sync', 'i') THEN 'NON_SPIN'
        WHEN regexp_matches(service, 'synchronized', 'i') THEN 'SPIN'
        WHEN regexp_matches(service, 'primary', 'i') THEN 'NON_SPIN'
        WHEN regexp_matches(service, 'secondary|thirty|30.?min|day.?ahead scheduling|dasr', 'i')
            THEN 'SUPPLEMENTAL'
        ELSE 'OTHER'
    END AS as_product_standard,
    CASE
        WHEN regexp_matches(service, '^(PJM )?RTO\b', 'i') THEN 'PJM_RTO'
        WHEN regexp_matches(service, '^(MAD|Mid-?\s?Atlantic.?(and )?Dominion)\b', 'i') THEN 'MAD'
        ELSE 'SYSTEM'
    END AS as_region,
    unit,
    market_clearing_price,
    cleared_quantity_mw,
    source_version,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(printed_stamp, 'blank')
        WHEN as_product IS NULL
            THEN 'a row names no service or no unit'
        WHEN unreadable_value IS NOT NULL
            THEN 'the value of ' || as_product || ' is not a number: ' || unreadable_value
        WHEN market_clearing_price <> highest_price
            THEN 'two different prices of ' || as_product || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN cleared_quantity_mw <> highest_quantity
            THEN 'two different quantities of ' || as_product || ' at ' || CAST(interval_start_utc AS VARCHAR)
    END AS objection
FROM products
