-- unanswered: delivery dates that were asked for and did not come, or not whole.
--
-- Grain: one dataset and delivery date.
-- Reads: meta.asked, meta.obtained.
-- Means: status and reason are the latest word: throttled, failed, not_asked, not_published, quarantined or
--        expired; scope is what was asked for.
-- Why:   a throttled answer is never "no data", and a failed request never disappears, until the period has
--        come by any road.
WITH days AS (
    SELECT
        *,
        CAST(
            UNNEST(
                generate_series(
                    CAST(CAST(timezone(clock, period_start) AS DATE) AS TIMESTAMP),
                    timezone(clock, period_end) - INTERVAL 1 MICROSECOND,
                    INTERVAL 1 DAY
                )
            ) AS DATE
        ) AS delivery_date
    FROM meta.asked
    WHERE NOT came
)

SELECT
    days.iso,
    days.dataset,
    days.delivery_date,
    ARG_MAX(days.scope, days.event_id) AS scope,
    ARG_MAX(days.status, days.event_id) AS status,
    COALESCE(ARG_MAX(days.reason, days.event_id), '') AS reason
FROM days
ANTI JOIN meta.obtained
    ON
        days.iso = obtained.iso
        AND days.dataset = obtained.dataset
        AND days.scope = obtained.scope
        AND obtained.stretch_start <= GREATEST(
            days.period_start,
            timezone(days.clock, CAST(days.delivery_date AS TIMESTAMP))
        )
        AND obtained.stretch_end >= LEAST(
            days.period_end,
            timezone(days.clock, CAST(days.delivery_date + 1 AS TIMESTAMP))
        )
GROUP BY days.iso, days.dataset, days.delivery_date
