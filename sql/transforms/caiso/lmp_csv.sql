-- lmp_csv: locational prices from OASIS CSV, one raw row per component.
--
-- Reads:  PRC_LMP (day-ahead; price column MW), PRC_RTPD_LMP (15 minutes; PRC), PRC_INTVL_LMP v3 (five
--         minutes; VALUE) and its older v1 and v2 (MW). A group zip has one member per component, a single
--         zip may have all in one: either way the members of one raw folder belong together.
-- Grain:  one node, one interval. Raw: one node, one interval, one LMP_TYPE.
-- Source: CAISO OASIS. Only the GMT columns tell time: OPR_HR is 25 in the repeated hour. Rows are unsorted,
--         GROUP is an artefact of the report. LMP = MCE + MCC + MCL (+ MGHG, which lmp_adders_csv reads).
-- Why:    column order differs between the queries, so columns are read by name, the price by the one name
--         of three that is there. The components of an interval meet in a pivot; if they disagree, if the
--         rows are of another market run, or if a component is unknown, the file is objected to, because a
--         pivot that picks one in silence would invent a price.
WITH published AS (
    SELECT
        filename,
        INTERVALSTARTTIME_GMT,
        INTERVALENDTIME_GMT,
        NODE,
        MARKET_RUN_ID,
        LMP_TYPE,
        COLUMNS('^(MW|PRC|VALUE)$') AS printed_price
    FROM raw_columns(getvariable('raw_files'))
),

components AS (
    SELECT
        parse_dirpath(filename) AS raw_folder,
        utc_of_iso_stamp(INTERVALSTARTTIME_GMT) AS interval_start_utc,
        utc_of_iso_stamp(INTERVALENDTIME_GMT) AS interval_end_utc,
        NODE AS node,
        MARKET_RUN_ID AS market_run,
        LMP_TYPE AS component,
        TRY_CAST(printed_price AS DOUBLE) AS price
    FROM published
),

intervals AS (
    SELECT
        raw_folder,
        interval_start_utc,
        interval_end_utc,
        node,
        MIN(price) FILTER (WHERE component = 'LMP') AS lmp_total,
        MIN(price) FILTER (WHERE component = 'MCE') AS lmp_energy,
        MIN(price) FILTER (WHERE component = 'MCC') AS lmp_congestion,
        MIN(price) FILTER (WHERE component = 'MCL') AS lmp_loss,
        MAX(price) FILTER (WHERE component = 'LMP') AS highest_total,
        MAX(price) FILTER (WHERE component = 'MCE') AS highest_energy,
        MAX(price) FILTER (WHERE component = 'MCC') AS highest_congestion,
        MAX(price) FILTER (WHERE component = 'MCL') AS highest_loss,
        MIN(component) FILTER (WHERE price IS NULL) AS unpriced_component,
        MIN(component) FILTER (
            WHERE component NOT IN ('LMP', 'MCE', 'MCC', 'MCL', 'MGHG')
        ) AS unknown_component,
        MIN(market_run) FILTER (WHERE market_run <> getvariable('source_market')) AS foreign_market_run
    FROM components
    GROUP BY
        raw_folder,
        interval_start_utc,
        interval_end_utc,
        node
)

SELECT
    raw_folder,
    interval_start_utc,
    interval_end_utc,
    node AS settlement_location,
    CASE
        WHEN node LIKE 'TH\_%' ESCAPE '\' THEN 'HUB'
        WHEN node LIKE 'DLAP\_%' ESCAPE '\' THEN 'ZONE'
        WHEN node LIKE '%-APND' THEN 'AGGREGATE'
        ELSE 'NODE'
    END AS settlement_location_type,
    node AS settlement_location_id,
    lmp_total,
    lmp_energy,
    lmp_congestion,
    lmp_loss,
    CASE
        WHEN foreign_market_run IS NOT NULL
            THEN 'a row is of the market run ' || foreign_market_run
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || node || ' has no readable start or end in UTC'
        WHEN unknown_component IS NOT NULL
            THEN 'the component ' || unknown_component || ' is unknown'
        WHEN unpriced_component IS NOT NULL
            THEN 'the component ' || unpriced_component || ' of ' || node || ' has no readable price'
        WHEN lmp_total <> highest_total
            THEN 'two different LMP of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_energy <> highest_energy
            THEN 'two different MCE of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_congestion <> highest_congestion
            THEN 'two different MCC of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_loss <> highest_loss
            THEN 'two different MCL of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
        WHEN lmp_total IS NULL
            THEN 'components but no LMP of ' || node || ' at ' || CAST(interval_start_utc AS VARCHAR)
    END AS objection
FROM intervals
