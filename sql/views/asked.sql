-- asked: what was asked for, by period, and whether it came.
--
-- Grain: one event of the ledger that speaks of a period.
-- Reads: meta.raw_files, meta.raw_objects, meta.roads, meta.markets.
-- Means: came    the period was obtained, or its source says that there is nothing
--        status  as in the ledger; quarantined where the file that came cannot be read
--        brings  which locations the road brings, whatever was asked for; a file of one's own is built whole
--        parts   how many requests the road needs for one period
-- Why:   a file that cannot be read was not obtained, whatever its download said.
WITH verdicts AS (
    SELECT
        raw_key,
        message,
        status = 'quarantined' AS is_refused
    FROM meta.raw_objects
)

SELECT
    raw_files.event_id,
    raw_files.iso,
    raw_files.dataset,
    raw_files.road,
    COALESCE(raw_files.part, '') AS part,
    raw_files.period_start,
    raw_files.period_end,
    raw_files.scope,
    CASE WHEN verdicts.is_refused THEN 'quarantined' ELSE raw_files.status END AS status,
    CASE WHEN verdicts.is_refused THEN verdicts.message ELSE raw_files.message END AS reason,
    raw_files.status IN ('ok', 'unchanged', 'empty') AND NOT COALESCE(verdicts.is_refused, FALSE) AS came,
    COALESCE(roads.brings, 'all') AS brings,
    COALESCE(roads.parts, 1) AS parts,
    markets.clock
FROM meta.raw_files
INNER JOIN meta.markets ON raw_files.iso = markets.iso
LEFT JOIN verdicts ON raw_files.raw_key = verdicts.raw_key
LEFT JOIN meta.roads
    ON
        raw_files.iso = roads.iso
        AND raw_files.dataset = roads.dataset
        AND raw_files.road = roads.road
WHERE raw_files.period_start IS NOT NULL
