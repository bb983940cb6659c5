-- lmp_adders_csv: the greenhouse-gas component of locational prices, from OASIS CSV.
--
-- Reads:  the same files as lmp_csv, only their rows of LMP_TYPE MGHG. Many files have none: it came into
--         the five- and fifteen-minute queries with v2 and v3, into the day-ahead groups in 2023.
-- Grain:  one node, one interval, one component.
-- Source: CAISO OASIS. See lmp_csv.
-- Why:    the component has no column in energy_prices; total = energy + congestion + loss + this.
WITH published AS (
    SELECT
        filename,
        INTERVALSTARTTIME_GMT,
        INTERVALENDTIME_GMT,
        NODE,
        MARKET_RUN_ID,
        LMP_TYPE,
        COLUMNS('^(MW|PRC|VALUE)$') AS printed_price
    FROM raw_columns(getvariable('raw_files'))
),

components AS (
    SELECT
        filename,
        NODE AS node,
        MARKET_RUN_ID AS market_run,
        utc_of_iso_stamp(INTERVALSTARTTIME_GMT) AS interval_start_utc,
        utc_of_iso_stamp(INTERVALENDTIME_GMT) AS interval_end_utc,
        TRY_CAST(printed_price AS DOUBLE) AS price
    FROM published
    WHERE LMP_TYPE = 'MGHG'
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    interval_end_utc,
    node AS settlement_location_id,
    -- No column of the table: a day file of every node is cut to hubs and zones by it.
    CASE
        WHEN node LIKE 'TH\_%' ESCAPE '\' THEN 'HUB'
        WHEN node LIKE 'DLAP\_%' ESCAPE '\' THEN 'ZONE'
        WHEN node LIKE '%-APND' THEN 'AGGREGATE'
        ELSE 'NODE'
    END AS settlement_location_type,
    'GREENHOUSE_GAS' AS component,
    price,
    CASE
        WHEN market_run <> getvariable('source_market')
            THEN 'a row is of the market run ' || market_run
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || node || ' has no readable start or end in UTC'
        WHEN price IS NULL
            THEN 'the component MGHG of ' || node || ' has no readable price'
    END AS objection
FROM components
