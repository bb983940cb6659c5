-- gaps: what the lake lacks, and why.
--
-- Grain: one run of delivery dates, both ends included, that lack the same for the same reason.
-- Reads: meta.unanswered (the ledger), meta.unfilled (the tables), meta.obtained, meta.asked, meta.datasets.
-- Means: status throttled, failed, not_asked, not_published, quarantined, expired: told by the ledger; a
--        period of a dataset was asked for and no road has brought it.
--        status incomplete (some intervals), absent (none, though files for the day were obtained), empty
--        (none, and the source said so), never_asked (none, and nobody asked): found between the first and
--        the last day of a series. dataset names every dataset that could have brought it, table_name the
--        tables that lack it.
--        A day that the ledger explains is not told a second time.
-- Why:   what a relational download history was for, answered by what is there.
WITH feeds AS (
    SELECT DISTINCT
        datasets.iso,
        datasets.dataset,
        datasets.table_name,
        datasets.series,
        markets.clock
    FROM meta.datasets
    INNER JOIN meta.markets ON datasets.iso = markets.iso
    WHERE datasets.series IS NOT NULL
),

fed AS (
    SELECT
        iso,
        dataset,
        string_agg(DISTINCT series, ', ' ORDER BY series) AS series
    FROM feeds
    GROUP BY iso, dataset
),

unanswered AS MATERIALIZED (
    SELECT *
    FROM meta.unanswered
),

said_empty AS (
    SELECT
        iso,
        dataset,
        period_start,
        period_end
    FROM meta.asked
    WHERE status = 'empty'
),

unexplained AS (
    SELECT
        unfilled.*,
        feeds.dataset,
        -- Files of one's own tell the span of their rows, which does not reach from midnight to midnight.
        timezone(feeds.clock, CAST(unfilled.delivery_date AS TIMESTAMP) + INTERVAL 12 HOUR) AS noon
    FROM meta.unfilled
    LEFT JOIN feeds
        ON
            unfilled.iso = feeds.iso
            AND unfilled.table_name = feeds.table_name
            AND unfilled.series = feeds.series
),

judged AS (
    SELECT
        unexplained.iso,
        unexplained.table_name,
        unexplained.series,
        unexplained.delivery_date,
        string_agg(DISTINCT unexplained.dataset, ', ' ORDER BY unexplained.dataset) AS dataset,
        CASE
            WHEN BOOL_OR(unexplained.has_rows) THEN 'incomplete'
            WHEN COUNT(said_empty.iso) > 0 THEN 'empty'
            WHEN COUNT(obtained.iso) > 0 THEN 'absent'
            ELSE 'never_asked'
        END AS status,
        ANY_VALUE(unexplained.found) AS found
    FROM unexplained
    LEFT JOIN unanswered
        ON
            unexplained.iso = unanswered.iso
            AND unexplained.dataset = unanswered.dataset
            AND unexplained.delivery_date = unanswered.delivery_date
    LEFT JOIN said_empty
        ON
            unexplained.iso = said_empty.iso
            AND unexplained.dataset = said_empty.dataset
            AND unexplained.noon >= said_empty.period_start
            AND unexplained.noon < said_empty.period_end
    LEFT JOIN meta.obtained
        ON
            unexplained.iso = obtained.iso
            AND unexplained.dataset = obtained.dataset
            AND unexplained.noon >= obtained.stretch_start
            AND unexplained.noon < obtained.stretch_end
    GROUP BY unexplained.iso, unexplained.table_name, unexplained.series, unexplained.delivery_date
    HAVING COUNT(unanswered.iso) = 0
),

told AS (
    SELECT
        unanswered.iso,
        unanswered.dataset,
        fed.series,
        CAST(NULL AS VARCHAR) AS table_name,
        unanswered.scope,
        unanswered.status,
        unanswered.reason,
        unanswered.delivery_date
    FROM unanswered
    LEFT JOIN fed
        ON
            unanswered.iso = fed.iso
            AND unanswered.dataset = fed.dataset
    UNION ALL BY NAME
    SELECT
        iso,
        dataset,
        series,
        string_agg(table_name, ', ' ORDER BY table_name) AS table_name,
        status,
        CASE status
            WHEN 'incomplete' THEN found || ' are there'
            WHEN 'empty' THEN 'the source says that there is nothing for this day'
            WHEN 'absent' THEN 'files for this day were obtained, and hold no row of it'
            ELSE 'this day was never asked for'
        END AS reason,
        delivery_date
    FROM judged
    GROUP BY iso, dataset, series, status, reason, delivery_date
),

runs AS (
    -- Days in a row, each less its number, are one and the same day.
    SELECT
        *,
        delivery_date - CAST(
            ROW_NUMBER() OVER (
                PARTITION BY iso, dataset, series, table_name, scope, status, reason
                ORDER BY delivery_date
            ) AS INTEGER
        ) AS run
    FROM told
)

SELECT
    iso,
    dataset,
    series,
    table_name,
    scope,
    MIN(delivery_date) AS first_date,
    MAX(delivery_date) AS last_date,
    COUNT(*) AS days,
    status,
    reason
FROM runs
GROUP BY iso, dataset, series, table_name, scope, status, reason, run
