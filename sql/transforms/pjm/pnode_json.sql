-- pnode_json: the pricing nodes, from Data Miner's JSON.
--
-- Reads:  pnode, as the API answers it: the envelope {links, items, ...} of a page, or the bare array of
--         download=true.
-- Grain:  one pricing node from one effective date on; a node that changed has several rows.
-- Source: PJM Data Miner 2. effective_date and termination_date are midnights of the prevailing time of the
--         East; the year 9999 means that no end is known. Times are kept as they are stated.
-- Why:    the feed shows the list as it is now and says nothing of when it was made.
WITH items AS (
    -- A page has its rows under items; a bare array is read row by row, so items is NULL there.
    SELECT
        filename,
        UNNEST(
            COALESCE(
                items,
                [struct_pack(
                    pnode_id := pnode_id,
                    pnode_name := pnode_name,
                    pnode_type := pnode_type,
                    pnode_subtype := pnode_subtype,
                    zone := zone,
                    voltage_level := voltage_level,
                    effective_date := effective_date,
                    termination_date := termination_date
                )]
            )
        ) AS item
    FROM read_json(
        getvariable('raw_files'),
        filename = TRUE,
        maximum_object_size = 33554432,
        columns = {
            'items': 'STRUCT(
                pnode_id VARCHAR,
                pnode_name VARCHAR,
                pnode_type VARCHAR,
                pnode_subtype VARCHAR,
                zone VARCHAR,
                voltage_level VARCHAR,
                effective_date VARCHAR,
                termination_date VARCHAR
            )[]',
            'pnode_id': 'VARCHAR',
            'pnode_name': 'VARCHAR',
            'pnode_type': 'VARCHAR',
            'pnode_subtype': 'VARCHAR',
            'zone': 'VARCHAR',
            'voltage_level': 'VARCHAR',
            'effective_date': 'VARCHAR',
            'termination_date': 'VARCHAR'
        }
    )
),

nodes AS (
    SELECT
        filename,
        item.*
    FROM items
),

listed AS (
    SELECT
        *,
        local_to_utc('America/New_York', naive_of_iso_stamp(effective_date), 1) AS from_utc,
        CASE
            WHEN termination_date NOT LIKE '9999-%'
                THEN local_to_utc('America/New_York', naive_of_iso_stamp(termination_date), 1)
        END AS to_utc,
        COALESCE(blank_to_null(pnode_subtype), blank_to_null(pnode_type)) AS own_type
    FROM nodes
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    'pnode' AS location_list,
    COALESCE(blank_to_null(pnode_name), pnode_id) AS settlement_location,
    CASE own_type
        WHEN 'GEN' THEN 'RESOURCE_NODE'
        WHEN 'AGGREGATE' THEN 'AGGREGATE'
        WHEN 'EHV' THEN 'AGGREGATE'
        WHEN 'RESIDUAL_METERED_EDC' THEN 'AGGREGATE'
        WHEN 'ZONE' THEN 'ZONE'
        WHEN 'HUB' THEN 'HUB'
        WHEN 'INTERFACE' THEN 'INTERFACE'
        WHEN 'TIE' THEN 'INTERFACE'
        ELSE 'NODE'
    END AS settlement_location_type,
    blank_to_null(pnode_id) AS settlement_location_id,
    own_type AS source_type,
    blank_to_null(zone) AS zone,
    kilovolts(voltage_level) AS voltage_kv,
    from_utc AS valid_from_utc,
    to_utc AS valid_to_utc,
    CASE
        WHEN blank_to_null(pnode_id) IS NULL
            THEN 'a row has no pnode_id'
        WHEN from_utc IS NULL AND blank_to_null(effective_date) IS NOT NULL
            THEN concat_ws(' ', 'the effective_date of node', pnode_id, 'is not a date:', effective_date)
        WHEN to_utc IS NULL AND blank_to_null(termination_date) NOT LIKE '9999-%'
            THEN concat_ws(' ', 'the termination_date of node', pnode_id, 'is not a date:', termination_date)
    END AS objection
FROM listed
