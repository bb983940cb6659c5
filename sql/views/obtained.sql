-- obtained: for which stretches of time a dataset has landed.
--
-- Grain: one dataset, scope and unbroken stretch.
-- Reads: meta.asked.
-- Means: scope hubs  the locations of the scope hubs, at least
--        scope all   every location: brought by roads that bring all, whatever was asked for
-- Why:   what is there is decided by periods, not by requests: a day that failed on one road may have come
--        in a month's file on another. A request in parts counts when all parts are there; pages are parts
--        too ('HUB/2' is a page of the part HUB, '2' one of a request without parts).
WITH parts_told AS (
    SELECT
        iso,
        dataset,
        road,
        period_start,
        period_end,
        brings,
        parts,
        part,
        BOOL_OR(came) AS came
    FROM meta.asked
    GROUP BY iso, dataset, road, period_start, period_end, brings, parts, part
),

parts_lost AS (
    SELECT lost.*
    FROM parts_told AS lost
    ANTI JOIN parts_told AS found
        ON
            lost.iso = found.iso
            AND lost.dataset = found.dataset
            AND lost.road = found.road
            AND lost.period_start = found.period_start
            AND lost.period_end = found.period_end
            AND found.came
            AND (lost.part IN ('', found.part) OR starts_with(found.part, lost.part || '/'))
    WHERE NOT lost.came
),

whole AS (
    SELECT
        told.iso,
        told.dataset,
        told.road,
        told.period_start,
        told.period_end,
        told.brings
    FROM parts_told AS told
    ANTI JOIN parts_lost AS lost
        ON
            told.iso = lost.iso
            AND told.dataset = lost.dataset
            AND told.road = lost.road
            AND told.period_start = lost.period_start
            AND told.period_end = lost.period_end
    WHERE told.came
    GROUP BY told.iso, told.dataset, told.road, told.period_start, told.period_end, told.brings, told.parts
    HAVING COUNT(DISTINCT split_part(told.part, '/', 1)) >= told.parts
),

reached AS (
    SELECT
        whole.*,
        scopes.scope,
        MAX(whole.period_end) OVER (
            PARTITION BY whole.iso, whole.dataset, scopes.scope
            ORDER BY whole.period_start, whole.period_end
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached_until
    FROM whole
    INNER JOIN (VALUES ('hubs'), ('all')) AS scopes (scope)
        ON scopes.scope = 'hubs' OR whole.brings = 'all'
),

numbered AS (
    SELECT
        *,
        COUNT(*) FILTER (WHERE reached_until IS NULL OR reached_until < period_start) OVER (
            PARTITION BY iso, dataset, scope
            ORDER BY period_start, period_end
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stretch_no
    FROM reached
)

SELECT
    iso,
    dataset,
    scope,
    MIN(period_start) AS stretch_start,
    MAX(period_end) AS stretch_end
FROM numbered
GROUP BY iso, dataset, scope, stretch_no
