-- nodes: the commercial pricing nodes that a day's file of day-ahead prices names.
--
-- Reads:  da_expost_lmp (da_lmp in earlier years). Four lines stand before the header; the second is the
--         market day.
-- Grain:  one node, one file.
-- Source: MISO market reports. The list of its own (aggregated-pnode) needs a key; every node has a day-ahead
--         price, and its rows name the type.
-- Why:    the source's own type is kept: rows of the type Hub are hundreds of aggregates, of which those that
--         end in .HUB are the trading hubs. The rows are vouched for where the prices are read.
WITH raw AS (
    SELECT
        filename,
        node,
        node_type,
        kind
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'node': 'VARCHAR',
                'node_type': 'VARCHAR',
                'kind': 'VARCHAR',
                'he_01': 'VARCHAR',
                'he_02': 'VARCHAR',
                'he_03': 'VARCHAR',
                'he_04': 'VARCHAR',
                'he_05': 'VARCHAR',
                'he_06': 'VARCHAR',
                'he_07': 'VARCHAR',
                'he_08': 'VARCHAR',
                'he_09': 'VARCHAR',
                'he_10': 'VARCHAR',
                'he_11': 'VARCHAR',
                'he_12': 'VARCHAR',
                'he_13': 'VARCHAR',
                'he_14': 'VARCHAR',
                'he_15': 'VARCHAR',
                'he_16': 'VARCHAR',
                'he_17': 'VARCHAR',
                'he_18': 'VARCHAR',
                'he_19': 'VARCHAR',
                'he_20': 'VARCHAR',
                'he_21': 'VARCHAR',
                'he_22': 'VARCHAR',
                'he_23': 'VARCHAR',
                'he_24': 'VARCHAR'
            }
        )
),

days AS (
    SELECT
        filename,
        MIN(CAST(naive_of_24_hour_stamp(node || ' 00:00') AS DATE)) AS market_day
    FROM raw
    WHERE node_type IS NULL AND kind IS NULL
    GROUP BY filename
),

nodes AS (
    SELECT
        filename,
        node,
        CASE WHEN COUNT(DISTINCT node_type) = 1 THEN MIN(node_type) END AS node_type
    FROM raw
    WHERE kind IN ('LMP', 'MCC', 'MLC') AND blank_to_null(node) IS NOT NULL
    GROUP BY filename, node
)

SELECT
    parse_dirpath(nodes.filename) AS raw_folder,
    days.market_day + INTERVAL 5 HOUR AS interval_start_utc,
    days.market_day + INTERVAL 29 HOUR AS interval_end_utc,
    'da_expost_lmp' AS location_list,
    nodes.node AS settlement_location,
    CASE
        WHEN nodes.node_type = 'Hub' AND nodes.node LIKE '%.HUB' THEN 'HUB'
        WHEN nodes.node_type = 'Hub' THEN 'AGGREGATE'
        WHEN nodes.node_type = 'Loadzone' THEN 'ZONE'
        WHEN nodes.node_type = 'Interface' THEN 'INTERFACE'
        WHEN nodes.node_type = 'Gennode' THEN 'RESOURCE_NODE'
        ELSE 'NODE'
    END AS settlement_location_type,
    nodes.node AS settlement_location_id,
    nodes.node_type AS source_type,
    CAST(NULL AS VARCHAR) AS objection
FROM nodes
INNER JOIN days ON nodes.filename = days.filename
WHERE days.market_day IS NOT NULL
