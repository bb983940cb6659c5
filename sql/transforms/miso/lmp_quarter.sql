-- lmp_quarter: locational prices of a quarter, hour by hour in the columns of a day's row.
--
-- Reads:  DA_LMPs and RT_LMPs, zips of a quarter. Blank lines or one of words stand before the header.
-- Grain:  one node, one hour. Hours end with their number and are Eastern Standard Time all year.
-- Source: MISO market reports. As in the file of a day, a node has three rows a day: LMP, MCC, MLC, and the
--         energy component is what is left. Numbers from a thousand on have a comma, and quotes around them.
-- Why:    a quarter has millions of prices. Hours are taken apart first, and numbers are brought together by
--         node and hour: states of a fixed size, which may spill to disk. The days are read once each.
WITH raw AS (
    SELECT
        filename,
        market_day,
        node,
        node_type,
        UPPER(TRIM(kind)) AS kind,
        [
            he_01, he_02, he_03, he_04, he_05, he_06, he_07, he_08, he_09, he_10, he_11,
            he_12, he_13, he_14, he_15, he_16, he_17, he_18, he_19, he_20, he_21, he_22,
            he_23, he_24
        ] AS printed
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
    WHERE UPPER(TRIM(kind)) IN ('LMP', 'MCC', 'MLC')
),

printed_days AS (
    SELECT DISTINCT market_day AS printed_day
    FROM raw
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
),

hours AS (
    SELECT
        filename,
        market_day AS printed_day,
        node,
        node_type,
        kind,
        UNNEST(RANGE(1, 25)) AS hour_ending,
        blank_to_null(UNNEST(printed)) AS printed
    FROM raw
),

numbers AS (
    SELECT
        *,
        TRY_CAST(REPLACE(printed, ',', '') AS DOUBLE) AS price
    FROM hours
    WHERE printed IS NOT NULL
),

nodes AS (
    SELECT
        filename,
        printed_day,
        node,
        hour_ending,
        MIN(UPPER(TRIM(node_type))) AS node_type,
        MIN(price) FILTER (kind = 'LMP') AS lmp_total,
        MIN(price) FILTER (kind = 'MCC') AS lmp_congestion,
        MIN(price) FILTER (kind = 'MLC') AS lmp_loss,
        COALESCE(MAX(price) FILTER (kind = 'LMP') <> MIN(price) FILTER (kind = 'LMP'), FALSE)
        OR COALESCE(MAX(price) FILTER (kind = 'MCC') <> MIN(price) FILTER (kind = 'MCC'), FALSE)
        OR COALESCE(MAX(price) FILTER (kind = 'MLC') <> MIN(price) FILTER (kind = 'MLC'), FALSE)
            AS is_contradicted,
        BOOL_OR(price IS NULL) AS is_no_number
    FROM numbers
    GROUP BY filename, printed_day, node, hour_ending
)

SELECT
    parse_dirpath(nodes.filename) AS raw_folder,
    days.market_day + TO_HOURS(nodes.hour_ending - 1) + INTERVAL 5 HOUR AS interval_start_utc,
    nodes.node AS settlement_location,
    nodes.node AS settlement_location_id,
    CASE
        WHEN nodes.node_type = 'HUB' AND nodes.node LIKE '%.HUB' THEN 'HUB'
        WHEN nodes.node_type = 'HUB' THEN 'AGGREGATE'
        WHEN nodes.node_type = 'LOADZONE' THEN 'ZONE'
        WHEN nodes.node_type = 'INTERFACE' THEN 'INTERFACE'
        WHEN nodes.node_type = 'GENNODE' THEN 'RESOURCE_NODE'
        ELSE 'NODE'
    END AS settlement_location_type,
    nodes.lmp_total,
    exact_remainder(nodes.lmp_total, nodes.lmp_congestion, nodes.lmp_loss) AS lmp_energy,
    nodes.lmp_congestion,
    nodes.lmp_loss,
    CASE
        WHEN days.market_day IS NULL THEN concat('a row is of no readable day: ', nodes.printed_day)
        WHEN blank_to_null(nodes.node) IS NULL THEN concat('a row of ', nodes.printed_day, ' names no node')
        WHEN nodes.is_contradicted
            THEN concat('gives two different values for ', nodes.node, ' on ', nodes.printed_day)
        WHEN nodes.is_no_number OR nodes.lmp_total IS NULL
            THEN concat(
                'a price of ', nodes.node, ' on ', nodes.printed_day, ' in hour ending ', nodes.hour_ending,
                ' is not a number'
            )
    END AS objection
FROM nodes
INNER JOIN days ON nodes.printed_day IS NOT DISTINCT FROM days.printed_day
