-- coverage: how much of every delivery day is there.
--
-- Grain: one table, series, market (NULL where none has a part), length of interval and delivery date
--        (current rows only).
-- Reads: meta.current_rows, meta.markets (the clock), meta.datasets (which feeds run off the grid).
-- Means: intervals           different intervals of the day that at least one location has
--        intervals_expected  what the day has room for: 23, 24 or 25 hours between two local midnights, cut
--                            into intervals. NULL where the source's stamps run off the grid: there is no
--                            right number of them.
--        minutes             how much of the day those intervals cover, overlaps counted once, what reaches
--                            over midnight counted to the day it lies in
--        rows_lacking        rows that would be there if every location of the day had every interval that
--                            any of them has. Not a fault by itself: locations come and go, and not every
--                            product is priced in every region and hour.
--        complete            every expected interval is there; off the grid: less than one nominal interval
--                            of the day is uncovered, because a run may begin seconds after midnight.
--        Of a forecast, a day is there when one vintage has all of it: pieces of several vintages make no
--        forecast of the day. intervals and minutes are those of the fullest vintage; a place is an area in
--        a vintage, so rows_lacking counts what vintages that begin or end within the day leave out.
-- Why:   max(date) hides holes. This is what resuming, status and gaps are based on. Intervals and places
--        are counted apart, each in one pass over few columns that spills to disk, so that tens of millions
--        of rows fit into a small memory.
WITH stamps AS MATERIALIZED (
    SELECT
        iso,
        table_name,
        series,
        market_type,
        interval_minutes,
        delivery_date,
        vintage,
        interval_start_utc,
        MAX(interval_end_utc) AS interval_end_utc
    FROM meta.current_rows
    GROUP BY
        iso, table_name, series, market_type, interval_minutes, delivery_date, vintage, interval_start_utc
),

places AS (
    SELECT
        iso,
        table_name,
        series,
        market_type,
        interval_minutes,
        delivery_date,
        place,
        COUNT(*) AS rows
    FROM meta.current_rows
    GROUP BY iso, table_name, series, market_type, interval_minutes, delivery_date, place
),

held AS (
    SELECT
        iso,
        table_name,
        series,
        market_type,
        interval_minutes,
        delivery_date,
        CAST(SUM(rows) AS BIGINT) AS rows,
        COUNT(*) AS locations
    FROM places
    GROUP BY iso, table_name, series, market_type, interval_minutes, delivery_date
),

days AS (
    SELECT DISTINCT
        stamps.iso,
        stamps.delivery_date,
        timezone(markets.clock, CAST(stamps.delivery_date AS TIMESTAMP)) AS day_start_utc,
        timezone(markets.clock, CAST(stamps.delivery_date + 1 AS TIMESTAMP)) AS day_end_utc
    FROM stamps
    INNER JOIN meta.markets ON stamps.iso = markets.iso
),

pieces AS (
    SELECT
        stamps.* EXCLUDE (interval_end_utc),
        LEAST(stamps.interval_end_utc, days.day_end_utc) AS interval_end_utc,
        TRUE AS is_own
    FROM stamps
    INNER JOIN days
        ON
            stamps.iso = days.iso
            AND stamps.delivery_date = days.delivery_date
    UNION ALL BY NAME
    SELECT
        stamps.* REPLACE (
            days.day_end_utc AS interval_start_utc,
            CAST(stamps.delivery_date + 1 AS DATE) AS delivery_date
        ),
        FALSE AS is_own
    FROM stamps
    INNER JOIN days
        ON
            stamps.iso = days.iso
            AND stamps.delivery_date = days.delivery_date
    WHERE stamps.interval_end_utc > days.day_end_utc
),

edges AS (
    SELECT
        *,
        MAX(interval_end_utc) OVER (
            PARTITION BY iso, table_name, series, market_type, interval_minutes, delivery_date, vintage
            ORDER BY interval_start_utc, is_own
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_until
    FROM pieces
),

vintages AS (
    SELECT
        iso,
        table_name,
        series,
        market_type,
        interval_minutes,
        delivery_date,
        vintage,
        COUNT(*) FILTER (WHERE is_own) AS intervals,
        SUM(
            GREATEST(0, epoch(interval_end_utc) - epoch(GREATEST(interval_start_utc, covered_until))) / 60
        ) AS minutes
    FROM edges
    GROUP BY iso, table_name, series, market_type, interval_minutes, delivery_date, vintage
),

counted AS (
    SELECT
        iso,
        table_name,
        series,
        market_type,
        interval_minutes,
        delivery_date,
        MAX(intervals) AS intervals,
        MAX(minutes) AS minutes
    FROM vintages
    GROUP BY iso, table_name, series, market_type, interval_minutes, delivery_date
),

feeds AS (
    SELECT
        iso,
        table_name,
        series,
        BOOL_OR(stamp IS NOT NULL) AS off_grid
    FROM meta.datasets
    WHERE table_name IS NOT NULL
    GROUP BY iso, table_name, series
),

measured AS (
    SELECT
        held.*,
        counted.intervals,
        counted.minutes,
        (epoch(days.day_end_utc) - epoch(days.day_start_utc)) / 60 AS minutes_expected,
        COALESCE(feeds.off_grid, FALSE) AS off_grid
    FROM held
    INNER JOIN counted
        ON
            held.iso = counted.iso
            AND held.table_name = counted.table_name
            AND held.series = counted.series
            AND held.market_type IS NOT DISTINCT FROM counted.market_type
            AND held.interval_minutes = counted.interval_minutes
            AND held.delivery_date = counted.delivery_date
    INNER JOIN days
        ON
            held.iso = days.iso
            AND held.delivery_date = days.delivery_date
    LEFT JOIN feeds
        ON
            held.iso = feeds.iso
            AND held.table_name = feeds.table_name
            AND held.series = feeds.series
)

SELECT
    iso,
    table_name,
    series,
    market_type,
    interval_minutes,
    delivery_date,
    rows,
    locations,
    locations * intervals - rows AS rows_lacking,
    intervals,
    CASE WHEN NOT off_grid THEN CAST(minutes_expected / interval_minutes AS BIGINT) END AS intervals_expected,
    minutes,
    minutes_expected,
    CASE
        WHEN off_grid THEN minutes > minutes_expected - interval_minutes
        -- A list is of a day, and a day is not always its nominal length.
        WHEN interval_minutes = 1440 THEN minutes = minutes_expected
        ELSE minutes = minutes_expected AND intervals = minutes_expected / interval_minutes
    END AS complete
FROM measured
