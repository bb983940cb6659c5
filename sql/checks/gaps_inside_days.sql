-- gaps_inside_days: a delivery day that was obtained has all of its intervals.
--
-- Severity:  warning
-- Finds:     days between the first and the last of a series that have some of their intervals only, or none
--            though files for them were obtained.
-- Tolerance: off the grid, less than one nominal interval of the day may be uncovered (see meta.coverage).
--            Days that the ledger explains (throttled, not published yet …) or that nobody asked for are gaps
--            as well, but nothing is wrong with them: meta.gaps has them all.
-- Reads:     meta.gaps.
-- Why:       23, 24 or 25 hours make a day, so 24 intervals in autumn are a hole, and in spring one too many.
SELECT
    iso,
    dataset,
    series,
    table_name,
    CAST(UNNEST(generate_series(first_date, last_date, INTERVAL 1 DAY)) AS DATE) AS delivery_date,
    status,
    reason
FROM meta.gaps
WHERE status IN ('incomplete', 'absent')
