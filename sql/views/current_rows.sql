-- current_rows: every row that holds now, of every market table, by what they have in common.
--
-- Grain: one key of one market table.
-- Reads: meta.every_row.
-- Why:   what is asked of all tables alike (coverage, overlaps) is asked once.
SELECT * EXCLUDE (version, is_current)
FROM meta.every_row
WHERE is_current
