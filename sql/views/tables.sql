-- tables: what tables there are, what they are for, and how much is in them.
--
-- Grain: one table.
-- Reads: meta.contracts, meta.files, meta.snapshots.
-- Why:   rows count every version, as they stand in the files. Nothing is scanned.
WITH held AS (
    SELECT
        table_name,
        COUNT(*) AS files,
        CAST(SUM(rows) AS BIGINT) AS rows,
        CAST(SUM(bytes) AS BIGINT) AS bytes,
        MIN(first_delivery_date) AS first_delivery_date,
        MAX(last_delivery_date) AS last_delivery_date,
        LIST(DISTINCT iso ORDER BY iso) FILTER (WHERE iso IS NOT NULL) AS isos
    FROM meta.files
    GROUP BY table_name
),

changed AS (
    SELECT
        table_name,
        COUNT(*) AS snapshots,
        MAX(committed_at) AS last_committed_at
    FROM meta.snapshots
    GROUP BY table_name
)

SELECT
    contracts.full_name AS table_name,
    contracts.description,
    contracts.key_columns,
    contracts.column_count,
    COALESCE(held.rows, 0) AS rows,
    COALESCE(held.files, 0) AS files,
    COALESCE(held.bytes, 0) AS bytes,
    held.isos,
    held.first_delivery_date,
    held.last_delivery_date,
    COALESCE(changed.snapshots, 0) AS snapshots,
    changed.last_committed_at
FROM meta.contracts
LEFT JOIN held ON contracts.table_name = held.table_name
LEFT JOIN changed ON contracts.table_name = changed.table_name
