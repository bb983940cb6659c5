-- pnode_csv: the pricing nodes, from Data Miner's CSV.
--
-- Reads:  pnode, columns by name.
-- Grain:  one pricing node from one effective date on; a node that changed has several rows.
-- Source: PJM Data Miner 2. effective_date and termination_date are midnights of the prevailing time of the
--         East; 12/31/9999 means that no end is known.
--         Times are kept as they are stated, also where an end lies before its beginning.
-- Why:    the feed shows the list as it is now and says nothing of when it was made. Its subtype is the type
--         that the prices print.
WITH listed AS (
    SELECT
        *,
        local_to_utc('America/New_York', naive_of_12_hour_stamp(effective_date), 1) AS from_utc,
        CASE
            WHEN termination_date NOT LIKE '%/9999 %'
                THEN local_to_utc('America/New_York', naive_of_12_hour_stamp(termination_date), 1)
        END AS to_utc,
        COALESCE(blank_to_null(pnode_subtype), blank_to_null(pnode_type)) AS own_type
    FROM raw_columns(getvariable('raw_files'))
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
        WHEN to_utc IS NULL AND blank_to_null(termination_date) NOT LIKE '%/9999 %'
            THEN concat_ws(' ', 'the termination_date of node', pnode_id, 'is not a date:', termination_date)
    END AS objection
FROM listed
