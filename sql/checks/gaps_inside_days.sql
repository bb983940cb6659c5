-- gaps_inside_days: a delivery day that is there has all of its intervals.
--
-- Severity:  warning
-- Finds:     days of a series with some intervals, but not as many as the day has room for.
-- Tolerance: off the grid, less than one nominal interval of the day may be uncovered (see meta.coverage).
-- Reads:     meta.coverage.
-- Why:       23, 24 or 25 hours make a day, so 24 intervals in autumn are a hole, and in spring one too many.
--            The last day of a market that is still running is found too, until it is over.
SELECT
    iso,
    table_name,
    series,
    market_type,
    interval_minutes,
    delivery_date,
    intervals,
    intervals_expected,
    minutes,
    minutes_expected
FROM meta.coverage
WHERE NOT complete
