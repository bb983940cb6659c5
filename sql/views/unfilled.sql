-- unfilled: days of a series, from its first to its last, that do not have all of their intervals.
--
-- Grain: one table, series and delivery date.
-- Reads: meta.coverage.
-- Means: has_rows  some intervals are there
--        found     how many of how many, for a person
-- Why:   the last date of a series says nothing about the days before it.
WITH coverage AS MATERIALIZED (
    SELECT *
    FROM meta.coverage
),

calendar AS (
    SELECT
        iso,
        table_name,
        series,
        interval_minutes,
        CAST(UNNEST(generate_series(MIN(delivery_date), MAX(delivery_date), INTERVAL 1 DAY)) AS DATE)
            AS delivery_date
    FROM coverage
    GROUP BY iso, table_name, series, interval_minutes
),

compared AS (
    SELECT
        calendar.*,
        COALESCE(coverage.rows, 0) AS rows,
        CASE
            WHEN coverage.rows IS NULL THEN 'no interval of ' || calendar.interval_minutes || ' minutes'
            WHEN coverage.intervals_expected IS NULL
                THEN
                    CAST(coverage.minutes AS BIGINT) || ' of ' || CAST(coverage.minutes_expected AS BIGINT)
                    || ' minutes'
            ELSE
                coverage.intervals || ' of ' || coverage.intervals_expected || ' intervals of '
                || calendar.interval_minutes || ' minutes'
        END AS found
    FROM calendar
    LEFT JOIN coverage
        ON
            calendar.iso = coverage.iso
            AND calendar.table_name = coverage.table_name
            AND calendar.series = coverage.series
            AND calendar.interval_minutes = coverage.interval_minutes
            AND calendar.delivery_date = coverage.delivery_date
    WHERE COALESCE(NOT coverage.complete, TRUE)
)

SELECT
    iso,
    table_name,
    series,
    delivery_date,
    BOOL_OR(rows > 0) AS has_rows,
    string_agg(found, ', ' ORDER BY interval_minutes) AS found
FROM compared
GROUP BY iso, table_name, series, delivery_date
