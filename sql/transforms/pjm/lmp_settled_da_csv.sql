-- lmp_settled_da_csv: the day-ahead half of the settlement-verified prices, from Data Miner's CSV.
--
-- Reads:  rt_da_monthly_lmps (hourly, real-time and day-ahead side by side). Aggregates, zones, hubs and
--         interfaces only.
-- Grain:  one location, one hour (datetime_beginning_utc starts it).
-- Source: PJM Data Miner 2, after the month is closed.
-- Why:    the two halves of a row are prices of two markets. Each half is read by its own file, so that a
--         row of the table never has to say which half it was.
WITH known_columns AS (
    -- The columns and types this file understands. What a raw file lacks is NULL.
    SELECT
        CAST(NULL AS VARCHAR) AS filename,
        CAST(NULL AS VARCHAR) AS datetime_beginning_utc,
        CAST(NULL AS VARCHAR) AS pnode_id,
        CAST(NULL AS VARCHAR) AS pnode_name,
        CAST(NULL AS VARCHAR) AS voltage,
        CAST(NULL AS VARCHAR) AS type,
        CAST(NULL AS VARCHAR) AS zone,
        CAST(NULL AS VARCHAR) AS system_energy_price_da,
        CAST(NULL AS VARCHAR) AS total_lmp_da,
        CAST(NULL AS VARCHAR) AS congestion_price_da,
        CAST(NULL AS VARCHAR) AS marginal_loss_price_da,
        CAST(NULL AS VARCHAR) AS version_nbr
    WHERE FALSE
),

published AS (
    SELECT * FROM known_columns
    UNION ALL BY NAME
    SELECT * FROM raw_columns(getvariable('raw_files'))
),

priced AS (
    SELECT
        *,
        naive_of_12_hour_stamp(datetime_beginning_utc) AS interval_start_utc,
        TRY_CAST(total_lmp_da AS DOUBLE) AS lmp_total
    FROM published
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    pnode_name AS settlement_location,
    CASE
        WHEN type IN ('HUB', 'ZONE', 'INTERFACE') THEN type
        WHEN type IN ('AGGREGATE', 'EHV', 'RESIDUAL_METERED_EDC') THEN 'AGGREGATE'
        WHEN type = 'GEN' THEN 'RESOURCE_NODE'
        WHEN type = 'TIE' THEN 'INTERFACE'
        ELSE 'NODE'
    END AS settlement_location_type,
    pnode_id AS settlement_location_id,
    zone,
    kilovolts(voltage) AS voltage_kv,
    lmp_total,
    TRY_CAST(system_energy_price_da AS DOUBLE) AS lmp_energy,
    TRY_CAST(congestion_price_da AS DOUBLE) AS lmp_congestion,
    TRY_CAST(marginal_loss_price_da AS DOUBLE) AS lmp_loss,
    TRY_CAST(version_nbr AS INTEGER) AS source_version,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(datetime_beginning_utc, 'blank')
        WHEN lmp_total IS NULL
            THEN 'total_lmp_da is not a price: ' || COALESCE(total_lmp_da, 'blank')
    END AS objection
FROM priced
