-- da_mcp: day-ahead clearing prices of operating reserves by reserve zone.
--
-- Reads:  da-mcp (DA-MCP).
-- Grain:  one product, one reserve zone, one interval (GMTIntervalEnd closes it).
-- Source: SPP portal. The zone SPP (SWPW in the west) is the whole balancing authority: not a sum.
-- Why:    products were added over the years (ramp 2022, uncertainty 2023), so each column may be missing.
--         One raw row holds all prices. Each becomes a row under its own product, blank ones none.
WITH published AS (
    SELECT
        filename,
        blank_to_null(reserve_zone) AS reserve_zone,
        naive_of_24_hour_stamp(gmtintervalend) AS end_utc,
        naive_of_24_hour_stamp(interval) AS end_local,
        gmtintervalend AS printed_end,
        UNNEST([
            { 'product': 'RegUP', 'standard': 'REG_UP', 'unit': '$/MW', 'price': regup },
            { 'product': 'RegDN', 'standard': 'REG_DOWN', 'unit': '$/MW', 'price': regdn },
            { 'product': 'Spin', 'standard': 'SPIN', 'unit': '$/MW', 'price': spin },
            { 'product': 'Supp', 'standard': 'NON_SPIN', 'unit': '$/MW', 'price': supp },
            { 'product': 'RampUP', 'standard': 'RAMP_UP', 'unit': '$/MW', 'price': rampup },
            { 'product': 'RampDN', 'standard': 'RAMP_DOWN', 'unit': '$/MW', 'price': rampdn },
            { 'product': 'UncUP', 'standard': 'UNCERTAINTY_UP', 'unit': '$/MW', 'price': uncup }
        ]) AS offer
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT
            CAST(NULL AS VARCHAR) AS rampup,
            CAST(NULL AS VARCHAR) AS rampdn,
            CAST(NULL AS VARCHAR) AS uncup
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE COALESCE(interval, gmtintervalend, reserve_zone) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    end_utc - INTERVAL 60 MINUTE AS interval_start_utc,
    end_utc AS interval_end_utc,
    offer.product AS as_product,
    offer.standard AS as_product_standard,
    COALESCE(reserve_zone, 'SYSTEM') AS as_region,
    offer.unit AS unit,
    TRY_CAST(offer.price AS DOUBLE) AS market_clearing_price,
    CASE
        WHEN end_utc IS NULL
            THEN 'the GMT end of an interval is not a stamp: ' || COALESCE(printed_end, 'blank')
        WHEN end_utc <> time_bucket(INTERVAL 60 MINUTE, end_utc)
            THEN 'an interval ends off the grid: ' || printed_end
        WHEN COALESCE(end_utc - end_local NOT IN (INTERVAL 5 HOUR, INTERVAL 6 HOUR), TRUE)
            THEN 'the Central and the GMT end of an interval do not agree at ' || printed_end
        WHEN reserve_zone IS NULL THEN 'a row names no reserve zone at ' || printed_end
        WHEN TRY_CAST(offer.price AS DOUBLE) IS NULL
            THEN
                concat('the price of ', offer.product, ' at ', printed_end, ' is not a number: ', offer.price)
    END AS objection
FROM published
WHERE blank_to_null(offer.price) IS NOT NULL
