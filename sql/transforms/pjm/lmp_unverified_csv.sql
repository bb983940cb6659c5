-- lmp_unverified_csv: near-live real-time prices, from Data Miner's CSV.
--
-- Reads:  rt_unverified_fivemin_lmps (before: unverified_five_min_lmps) and rt_unverified_hrl_lmps.
-- Grain:  one location, one interval (datetime_beginning_utc starts it).
-- Source: PJM Data Miner 2, minutes after the interval. It prints total, congestion and loss, no energy
--         price, no zone, no voltage and no version; names are the long ones.
-- Why:    energy is what the total leaves, as an exact decimal. Where the type of a location is left out,
--         the engine's known locations name the hubs, zones and interfaces (the variable known_locations,
--         a MAP from pnode_id to type); the rest are nodes.
WITH known_columns AS (
    -- The columns and types this file understands. What a raw file lacks is NULL.
    SELECT
        CAST(NULL AS VARCHAR) AS filename,
        CAST(NULL AS VARCHAR) AS datetime_beginning_utc,
        CAST(NULL AS VARCHAR) AS pnode_id,
        CAST(NULL AS VARCHAR) AS pnode_name,
        CAST(NULL AS VARCHAR) AS type,
        CAST(NULL AS VARCHAR) AS total_lmp_rt,
        CAST(NULL AS VARCHAR) AS congestion_price_rt,
        CAST(NULL AS VARCHAR) AS marginal_loss_price_rt
    WHERE FALSE
),

published AS (
    SELECT * FROM known_columns
    UNION ALL BY NAME
    SELECT * FROM raw_columns(getvariable('raw_files'))
),

priced AS (
    SELECT
        * EXCLUDE (type),
        COALESCE(
            blank_to_null(type),
            CAST(getvariable('known_locations') AS MAP (VARCHAR, VARCHAR))[pnode_id]
        ) AS pnode_type,
        naive_of_12_hour_stamp(datetime_beginning_utc) AS interval_start_utc,
        TRY_CAST(total_lmp_rt AS DOUBLE) AS lmp_total,
        TRY_CAST(congestion_price_rt AS DOUBLE) AS lmp_congestion,
        TRY_CAST(marginal_loss_price_rt AS DOUBLE) AS lmp_loss
    FROM published
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    pnode_name AS settlement_location,
    CASE
        WHEN pnode_type IN ('HUB', 'ZONE', 'INTERFACE') THEN pnode_type
        WHEN pnode_type IN ('AGGREGATE', 'EHV', 'RESIDUAL_METERED_EDC') THEN 'AGGREGATE'
        WHEN pnode_type = 'GEN' THEN 'RESOURCE_NODE'
        WHEN pnode_type = 'TIE' THEN 'INTERFACE'
        ELSE 'NODE'
    END AS settlement_location_type,
    pnode_id AS settlement_location_id,
    lmp_total,
    exact_remainder(lmp_total, lmp_congestion, lmp_loss) AS lmp_energy,
    lmp_congestion,
    lmp_loss,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(datetime_beginning_utc, 'blank')
        WHEN lmp_total IS NULL
            THEN 'total_lmp_rt is not a price: ' || COALESCE(total_lmp_rt, 'blank')
    END AS objection
FROM priced
