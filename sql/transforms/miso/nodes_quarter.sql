-- nodes_quarter: the commercial pricing nodes that a quarter's file of day-ahead prices names, day by day.
--
-- Reads:  DA_LMPs, a zip of a quarter.
-- Grain:  one node, one market day, one file.
-- Source: MISO market reports, as nodes.sql.
-- Why:    the days before the daily files are had from here only. The rows are vouched for where the prices
--         are read.
WITH raw AS (
    SELECT
        filename,
        market_day AS printed_day,
        node,
        node_type
    FROM
        raw_padded_positions(
            getvariable('raw_files'),
            layout := {
                'market_day': 'VARCHAR',
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
    WHERE UPPER(TRIM(kind)) IN ('LMP', 'MCC', 'MLC') AND blank_to_null(node) IS NOT NULL
),

nodes AS (
    SELECT
        filename,
        printed_day,
        node,
        CASE WHEN MIN(node_type) = MAX(node_type) THEN MIN(node_type) END AS node_type
    FROM raw
    GROUP BY filename, printed_day, node
),

printed_days AS (
    SELECT DISTINCT printed_day
    FROM nodes
),

days AS (
    SELECT
        printed_day,
        CAST(
            COALESCE(
                naive_of_24_hour_stamp(printed_day || ' 00:00'),
                naive_of_24_hour_stamp(printed_day),
                naive_of_12_hour_stamp(printed_day)
            ) AS DATE
        ) AS market_day
    FROM printed_days
)

SELECT
    parse_dirpath(nodes.filename) AS raw_folder,
    days.market_day + INTERVAL 5 HOUR AS interval_start_utc,
    days.market_day + INTERVAL 29 HOUR AS interval_end_utc,
    'da_expost_lmp' AS location_list,
    nodes.node AS settlement_location,
    CASE
        WHEN UPPER(nodes.node_type) = 'HUB' AND nodes.node LIKE '%.HUB' THEN 'HUB'
        WHEN UPPER(nodes.node_type) = 'HUB' THEN 'AGGREGATE'
        WHEN UPPER(nodes.node_type) = 'LOADZONE' THEN 'ZONE'
        WHEN UPPER(nodes.node_type) = 'INTERFACE' THEN 'INTERFACE'
        WHEN UPPER(nodes.node_type) = 'GENNODE' THEN 'RESOURCE_NODE'
        ELSE 'NODE'
    END AS settlement_location_type,
    nodes.node AS settlement_location_id,
    nodes.node_type AS source_type,
    CAST(NULL AS VARCHAR) AS objection
FROM nodes
INNER JOIN days ON nodes.printed_day = days.printed_day
WHERE days.market_day IS NOT NULL
