-- lmp_rt_json: real-time prices from Data Miner's JSON.
--
-- Reads:  rt_hrl_lmps, rt_fivemin_hrl_lmps, rt_fivemin_mnt_lmps and the real-time half of
--         rt_da_monthly_lmps, as the API answers them: the envelope {links, items, ...} of a page, or the
--         bare array of download=true.
-- Grain:  one location, one interval (datetime_beginning_utc starts it), one version_nbr.
-- Source: PJM Data Miner 2. A request may ask for any subset of the fields; what it did not ask for is NULL,
--         energy too: it is published, so it is not ours to derive.
-- Why:    where the type of a location is left out, the engine's known locations name the hubs, zones and
--         interfaces (the variable known_locations, a MAP from pnode_id to type); the rest are nodes.
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
                    voltage := voltage,
                    type := type,
                    zone := zone,
                    system_energy_price_rt := system_energy_price_rt,
                    total_lmp_rt := total_lmp_rt,
                    congestion_price_rt := congestion_price_rt,
                    marginal_loss_price_rt := marginal_loss_price_rt,
                    version_nbr := version_nbr
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
                voltage VARCHAR,
                type VARCHAR,
                zone VARCHAR,
                system_energy_price_rt DOUBLE,
                total_lmp_rt DOUBLE,
                congestion_price_rt DOUBLE,
                marginal_loss_price_rt DOUBLE,
                version_nbr INTEGER
            )[]',
            'datetime_beginning_utc': 'VARCHAR',
            'pnode_id': 'VARCHAR',
            'pnode_name': 'VARCHAR',
            'voltage': 'VARCHAR',
            'type': 'VARCHAR',
            'zone': 'VARCHAR',
            'system_energy_price_rt': 'DOUBLE',
            'total_lmp_rt': 'DOUBLE',
            'congestion_price_rt': 'DOUBLE',
            'marginal_loss_price_rt': 'DOUBLE',
            'version_nbr': 'INTEGER'
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
    blank_to_null(zone) AS zone,
    kilovolts(voltage) AS voltage_kv,
    total_lmp_rt AS lmp_total,
    system_energy_price_rt AS lmp_energy,
    congestion_price_rt AS lmp_congestion,
    marginal_loss_price_rt AS lmp_loss,
    version_nbr AS source_version,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'datetime_beginning_utc is not a stamp: ' || COALESCE(datetime_beginning_utc, 'absent')
        WHEN pnode_id IS NULL THEN 'an item has no pnode_id'
        WHEN total_lmp_rt IS NULL THEN 'an item has no total_lmp_rt'
    END AS objection
FROM priced
