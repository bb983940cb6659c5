-- lmp: locational prices of a day, hour by hour in the columns of one row.
--
-- Reads:  da_expost_lmp (da_lmp in earlier years), da_exante_lmp, rt_lmp_prelim, rt_lmp_final. Four lines
--         stand before the header; the second is the market day, with or without zeros.
-- Grain:  one node, one hour. Hours end with their number and are Eastern Standard Time all year: every day
--         has 24.
-- Source: MISO market reports. A node has three rows: LMP, MCC, MLC. The energy component is not printed; it
--         is what is left: exact in day-ahead files, within rounding the same at all nodes in real time.
-- Why:    rows are brought together before hours are taken apart: three rows a node instead of 72. Lines of
--         the preamble are rows without a value. Every day has 24 hours, and a blank cell is no price.
WITH raw AS (
    SELECT
        filename,
        node,
        node_type,
        kind,
        [
            he_01, he_02, he_03, he_04, he_05, he_06, he_07, he_08, he_09, he_10, he_11,
            he_12, he_13, he_14, he_15, he_16, he_17, he_18, he_19, he_20, he_21, he_22,
            he_23, he_24
        ] AS printed
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
        MIN(node_type) AS node_type,
        MIN(printed) FILTER (kind = 'LMP') AS lmp,
        MIN(printed) FILTER (kind = 'MCC') AS mcc,
        MIN(printed) FILTER (kind = 'MLC') AS mlc,
        COUNT(DISTINCT printed) FILTER (kind = 'LMP') > 1
        OR COUNT(DISTINCT printed) FILTER (kind = 'MCC') > 1
        OR COUNT(DISTINCT printed) FILTER (kind = 'MLC') > 1 AS is_contradicted
    FROM raw
    WHERE kind IN ('LMP', 'MCC', 'MLC')
    GROUP BY filename, node
),

hours AS (
    SELECT
        nodes.*,
        days.market_day,
        UNNEST(RANGE(1, 25)) AS hour_ending
    FROM nodes
    LEFT JOIN days ON nodes.filename = days.filename
),

priced AS (
    SELECT
        *,
        TRY_CAST(lmp[hour_ending] AS DOUBLE) AS lmp_total,
        TRY_CAST(mcc[hour_ending] AS DOUBLE) AS lmp_congestion,
        TRY_CAST(mlc[hour_ending] AS DOUBLE) AS lmp_loss
    FROM hours
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    market_day + TO_HOURS(hour_ending - 1) + INTERVAL 5 HOUR AS interval_start_utc,
    node AS settlement_location,
    node AS settlement_location_id,
    CASE
        WHEN node_type = 'Hub' AND node LIKE '%.HUB' THEN 'HUB'
        WHEN node_type = 'Hub' THEN 'AGGREGATE'
        WHEN node_type = 'Loadzone' THEN 'ZONE'
        WHEN node_type = 'Interface' THEN 'INTERFACE'
        WHEN node_type = 'Gennode' THEN 'RESOURCE_NODE'
        ELSE 'NODE'
    END AS settlement_location_type,
    lmp_total,
    exact_remainder(lmp_total, lmp_congestion, lmp_loss) AS lmp_energy,
    lmp_congestion,
    lmp_loss,
    CASE
        WHEN market_day IS NULL THEN 'the file does not say which market day it is of'
        WHEN node IS NULL THEN 'a row names no node'
        WHEN is_contradicted THEN 'gives two different values for ' || node
        WHEN
            lmp_total IS NULL
            OR (lmp_congestion IS NULL AND mcc[hour_ending] IS NOT NULL)
            OR (lmp_loss IS NULL AND mlc[hour_ending] IS NOT NULL)
            THEN concat('a price of ', node, ' in hour ending ', hour_ending, ' is not a number')
    END AS objection
FROM priced
WHERE lmp[hour_ending] IS NOT NULL OR mcc[hour_ending] IS NOT NULL OR mlc[hour_ending] IS NOT NULL
