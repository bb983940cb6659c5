-- lmp_unverified_json: near-live real-time prices from Data Miner's JSON.
--
-- Reads:  rt_unverified_fivemin_lmps (before: unverified_five_min_lmps) and rt_unverified_hrl_lmps, as the
--         API answers them: the envelope {links, items, ...} of a page, or the bare array of download=true.
-- Grain:  one location, one interval (datetime_beginning_utc starts it).
-- Source: PJM Data Miner 2, minutes after the interval. The feed has total, congestion and loss, no energy
--         price, no zone, no voltage and no version. A request may ask for any subset; the rest is NULL.
-- Why:    energy is what the total leaves, as an exact decimal, where all three are there. Where the type of
--         a location is left out, the engine's known locations name the hubs, zones and interfaces (the
--         variable known_locations, a MAP from pnode_id to type); the rest are nodes.
WITH published AS (
    -- A page has its rows under items; a bare array is read row by row, so items is NULL there.
    SELECT
        filename,
        UNNEST(
            COALESCE(
                items,
                [struct_pack(
                    datetime_beginning_utc := datetime_beginning_utc,
                    pnode_id := pnode_id,
                    pnode_name := pnode_name,
                    type := type,
                    total_lmp_rt := total_lmp_rt,
                    congestion_price_rt := congestion_price_rt,
                    marginal_loss_price_rt := marginal_loss_price_rt
                )]
            )
        ) AS item
    FROM read_json(
        getvariable('raw_files'),
        filename = TRUE,
        maximum_object_size = 33554432,
        columns = {
            'items': 'STRUCT(
                datetime_beginning_utc VARCHAR,
                pnode_id VARCHAR,
                pnode_name VARCHAR,
                type VARCHAR,
                total_lmp_rt DOUBLE,
                congestion_price_rt DOUBLE,
                marginal_loss_price_rt DOUBLE
            )[]',
            'datetime_beginning_utc': 'VARCHAR',
            'pnode_id': 'VARCHAR',
            'pnode_name': 'VARCHAR',
            'type': 'VARCHAR',
            'total_lmp_rt': 'DOUBLE',
            'congestion_price_rt': 'DOUBLE',
            'marginal_loss_price_rt': 'DOUBLE'
        }
    )
),

priced AS (
    SELECT
        filename,
        item.*,
        naive_of_iso_stamp(item.datetime_beginning_utc) AS interval_start_utc,
        COALESCE(
            blank_to_null(item.type),
            CAST(getvariable('known_locations') AS MAP (VARCHAR, VARCHAR))[item.pnode_id]
        ) AS pnode_type
    FROM published
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    COALESCE(pnode_name, pnode_id) AS settlement_location,
    CASE
        WHEN pnode_type IN ('HUB', 'ZONE', 'INTERFACE') THEN pnode_type
        WHEN pnode_type IN ('AGGREGATE', 'EHV', 'RESIDUAL_METERED_EDC') THEN 'AGGREGATE'
        WHEN pnode_type = 'GEN' THEN 'RESOURCE_NODE'
        WHEN pnode_type = 'TIE' THEN 'INTERFACE'
        ELSE 'NODE'
    END AS settlement_location_type,
    pnode_id AS settlement_location_id,
    total_lmp_rt AS lmp_total,
    exact_remainder(total_lmp_rt, congestion_price_rt, marginal_loss_price_rt) AS lmp_energy,
    congestion_price_rt AS lmp_congestion,
    marginal_loss_price_rt AS lmp_loss,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(datetime_beginning_utc, 'absent')
        WHEN pnode_id IS NULL THEN 'an item has no pnode_id'
        WHEN total_lmp_rt IS NULL THEN 'an item has no total_lmp_rt'
    END AS objection
FROM priced
