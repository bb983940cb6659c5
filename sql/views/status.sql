-- status: what the lake holds and what it lacks, in one line per series.
--
-- Grain: one series (operator and series); the datasets that feed it are named.
-- Reads: meta.datasets, meta.coverage, meta.gaps, meta.raw_objects, meta.raw_files.
-- Means: days_complete   delivery dates on which every table of the series has every interval, and nothing
--                        that was asked for is outstanding
--        days_lacking    days with something outstanding that could be had (throttled, failed, not asked,
--                        quarantined), whatever is there; and days without all of their intervals
--        days_expired, days_not_published: days without all of their intervals that no road reaches any
--                        more, or not yet
--        rows            current rows in all tables of the series
--        raw_objects, raw_bytes, last_fetched_at: of the datasets that feed the series. A dataset that feeds
--                        two series counts for the first of them only, so that sums are right.
-- Why:   the first question of every morning.
WITH feeds AS (
    SELECT
        iso,
        dataset,
        series,
        table_name,
        market_type,
        ROW_NUMBER() OVER (PARTITION BY iso, dataset ORDER BY feed DESC) AS feed_no
    FROM meta.datasets
    WHERE series IS NOT NULL
),

known AS (
    SELECT
        iso,
        series,
        ANY_VALUE(market_type) AS market_type,
        LIST(DISTINCT dataset ORDER BY dataset) AS datasets
    FROM feeds
    GROUP BY iso, series
),

held_days AS (
    SELECT
        iso,
        series,
        delivery_date,
        BOOL_AND(complete) AS complete,
        CAST(SUM(rows) AS BIGINT) AS rows
    FROM meta.coverage
    GROUP BY iso, series, delivery_date
),

lacking_days AS (
    SELECT
        gaps.iso,
        feeds.series,
        gaps.status,
        CAST(UNNEST(generate_series(gaps.first_date, gaps.last_date, INTERVAL 1 DAY)) AS DATE)
            AS delivery_date
    FROM meta.gaps
    INNER JOIN feeds
        ON
            gaps.iso = feeds.iso
            AND (gaps.series = feeds.series OR gaps.dataset = feeds.dataset)
),

judged_days AS (
    -- Where several datasets feed a series, what could still be had counts.
    SELECT
        COALESCE(held_days.iso, lacking_days.iso) AS iso,
        COALESCE(held_days.series, lacking_days.series) AS series,
        COALESCE(held_days.delivery_date, lacking_days.delivery_date) AS delivery_date,
        CASE
            WHEN BOOL_OR(lacking_days.status IN ('throttled', 'failed', 'not_asked', 'quarantined'))
                THEN 'lacking'
            WHEN BOOL_OR(held_days.complete) THEN 'complete'
            WHEN BOOL_AND(lacking_days.status = 'expired') THEN 'expired'
            WHEN BOOL_AND(lacking_days.status IN ('expired', 'not_published')) THEN 'not_published'
            ELSE 'lacking'
        END AS verdict,
        ANY_VALUE(held_days.delivery_date) AS held_date,
        COALESCE(ANY_VALUE(held_days.rows), 0) AS rows
    FROM held_days
    FULL JOIN lacking_days
        ON
            held_days.iso = lacking_days.iso
            AND held_days.series = lacking_days.series
            AND held_days.delivery_date = lacking_days.delivery_date
    GROUP BY ALL
),

held AS (
    SELECT
        iso,
        series,
        MIN(held_date) AS first_date,
        MAX(held_date) AS last_date,
        CAST(SUM(rows) AS BIGINT) AS rows,
        COUNT(*) FILTER (WHERE verdict = 'complete') AS days_complete,
        COUNT(*) FILTER (WHERE verdict = 'lacking') AS days_lacking,
        COUNT(*) FILTER (WHERE verdict = 'expired') AS days_expired,
        COUNT(*) FILTER (WHERE verdict = 'not_published') AS days_not_published
    FROM judged_days
    GROUP BY iso, series
),

landed AS (
    SELECT
        feeds.iso,
        feeds.series,
        COUNT(*) AS raw_objects,
        COUNT(*) FILTER (WHERE raw_objects.status = 'quarantined') AS quarantined,
        CAST(SUM(raw_objects.bytes) AS BIGINT) AS raw_bytes
    FROM meta.raw_objects
    INNER JOIN feeds
        ON
            raw_objects.iso = feeds.iso
            AND raw_objects.dataset = feeds.dataset
            AND feeds.feed_no = 1
    GROUP BY feeds.iso, feeds.series
),

asked AS (
    SELECT
        feeds.iso,
        feeds.series,
        MAX(raw_files.fetched_at) FILTER (WHERE raw_files.raw_key IS NOT NULL) AS last_fetched_at
    FROM meta.raw_files
    INNER JOIN feeds
        ON
            raw_files.iso = feeds.iso
            AND raw_files.dataset = feeds.dataset
            AND feeds.feed_no = 1
    GROUP BY feeds.iso, feeds.series
)

SELECT
    known.iso,
    known.series,
    known.market_type,
    known.datasets,
    held.first_date,
    held.last_date,
    COALESCE(held.days_complete, 0) AS days_complete,
    COALESCE(held.days_lacking, 0) AS days_lacking,
    COALESCE(held.days_expired, 0) AS days_expired,
    COALESCE(held.days_not_published, 0) AS days_not_published,
    COALESCE(held.rows, 0) AS rows,
    COALESCE(landed.raw_objects, 0) AS raw_objects,
    COALESCE(landed.quarantined, 0) AS quarantined,
    COALESCE(landed.raw_bytes, 0) AS raw_bytes,
    asked.last_fetched_at
FROM known
LEFT JOIN held
    ON
        known.iso = held.iso
        AND known.series = held.series
LEFT JOIN landed
    ON
        known.iso = landed.iso
        AND known.series = landed.series
LEFT JOIN asked
    ON
        known.iso = asked.iso
        AND known.series = asked.series
WHERE held.rows IS NOT NULL OR asked.iso IS NOT NULL
