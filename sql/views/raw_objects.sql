-- raw_objects: what lies under raw/, one row per object, with all that was ever observed of it.
--
-- Grain: one raw key.
-- Reads: meta.raw_files (the ledger), meta.datasets.
-- Why:   data_source of every market row is a raw key, so lineage is one join away. An object may be seen
--        many times: each time with another date of publication it counts as an observation, which is what
--        versions are numbered by. Its status is the last word of a build: ok, quarantined or empty.
WITH told AS (
    SELECT
        *,
        COALESCE(published_at, fetched_at) AS known_at,
        -- Being seen again does not lift a quarantine; only these say something about the content.
        status IN ('ok', 'quarantined', 'empty') AS is_verdict
    FROM meta.raw_files
    WHERE raw_key IS NOT NULL
),

stages AS (
    SELECT
        iso,
        dataset,
        LIST(DISTINCT stage ORDER BY stage) FILTER (WHERE stage IS NOT NULL) AS stages
    FROM meta.datasets
    GROUP BY iso, dataset
)

SELECT
    told.raw_key,
    told.iso,
    told.dataset,
    ANY_VALUE(stages.stages) AS stages,
    ARG_MIN(told.road, told.event_id) AS road,
    MIN(told.period_start) AS period_start,
    MAX(told.period_end) AS period_end,
    CASE WHEN BOOL_OR(told.scope = 'all' OR told.road = 'import') THEN 'all' ELSE 'hubs' END AS scope,
    ARG_MIN(told.sha256, told.event_id) AS sha256,
    ARG_MIN(told.content_sha256, told.event_id) AS content_sha256,
    ARG_MIN(told.bytes, told.event_id) AS bytes,
    MIN(told.known_at) FILTER (WHERE told.status = 'ok') AS first_known_at,
    MAX(told.known_at) FILTER (WHERE told.status = 'ok') AS last_known_at,
    MAX(told.fetched_at) AS last_fetched_at,
    COUNT(DISTINCT told.known_at) FILTER (WHERE told.status = 'ok') AS observations,
    ARG_MAX(told.status, told.event_id) FILTER (WHERE told.is_verdict) AS status,
    NULLIF(arg_max_null(told.message, told.event_id) FILTER (WHERE told.is_verdict), '') AS message
FROM told
LEFT JOIN stages
    ON
        told.iso = stages.iso
        AND told.dataset = stages.dataset
GROUP BY told.raw_key, told.iso, told.dataset
