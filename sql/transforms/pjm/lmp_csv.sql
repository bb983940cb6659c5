-- lmp_csv: locational prices from Data Miner's CSV.
--
-- Reads:  da_hrl_lmps, rt_hrl_lmps, rt_fivemin_hrl_lmps. One layout of fourteen columns since 2017; the
--         price columns end in _da or _rt.
-- Grain:  one location, one interval (datetime_beginning_utc starts it), one version_nbr.
-- Source: PJM Data Miner 2. Energy + congestion + loss = total, all signed so.
-- Why:    a year of all locations is 120 million rows here. Columns are read by position, typed by the
--         parser itself, and nothing is computed that the contract does not need; the shape's header is
--         compared before, name by name and in order. Only UTC tells the two 01:00 of autumn apart, so
--         the EPT column is not looked at. Corrections come as new versions of the same rows, the old ones
--         stay with row_is_current False: version_nbr orders them, the flag adds nothing.
SELECT
    parse_dirpath(filename) AS raw_folder,
    datetime_beginning_utc AS interval_start_utc,
    pnode_name AS settlement_location,
    CASE pnode_type
        WHEN 'LOAD' THEN 'NODE'
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
    pnode_id AS settlement_location_id,
    pricing_zone AS zone,
    kilovolts(voltage) AS voltage_kv,
    total_lmp AS lmp_total,
    system_energy_price AS lmp_energy,
    congestion_price AS lmp_congestion,
    marginal_loss_price AS lmp_loss,
    version_nbr AS source_version,
    CASE
        WHEN datetime_beginning_utc IS NULL THEN 'a row has no datetime_beginning_utc'
        WHEN total_lmp IS NULL THEN 'a row has no total LMP'
    END AS objection
FROM read_csv(
    getvariable('raw_files'),
    auto_detect = FALSE,
    header = TRUE,
    delim = ',',
    quote = '"',
    escape = '"',
    filename = TRUE,
    timestampformat = '%-m/%-d/%Y %-I:%M:%S %p',
    columns = {
        'datetime_beginning_utc': 'TIMESTAMP',
        'datetime_beginning_ept': 'VARCHAR',
        'pnode_id': 'VARCHAR',
        'pnode_name': 'VARCHAR',
        'voltage': 'VARCHAR',
        'equipment': 'VARCHAR',
        'pnode_type': 'VARCHAR',
        'pricing_zone': 'VARCHAR',
        'system_energy_price': 'DOUBLE',
        'total_lmp': 'DOUBLE',
        'congestion_price': 'DOUBLE',
        'marginal_loss_price': 'DOUBLE',
        'row_is_current': 'VARCHAR',
        'version_nbr': 'INTEGER'
    }
)
