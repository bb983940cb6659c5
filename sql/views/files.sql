-- files: the data files that the tables are made of now.
--
-- Grain: one data file of the current snapshot of a table.
-- Reads: meta.file_columns (the tables' manifests; no data file is opened).
-- Why:   a file's place says what it is: operator, year of delivery, series, chunk (a month or a day) and the
--        fingerprint of everything that it was built from. bytes are those of its columns, compressed; the
--        footer is not counted.
WITH parsed AS (
    SELECT
        *,
        regexp_extract(
            file_path,
            '/iso=([^/]+)/delivery_date_year=(\d+)/([^/]+)/([0-9-]+)-([0-9a-f]{16})-\d+\.parquet$',
            ['iso', 'delivery_year', 'series', 'chunk', 'fingerprint']
        ) AS place
    FROM meta.file_columns
)

SELECT
    table_name,
    NULLIF(place.iso, '') AS iso,
    TRY_CAST(place.delivery_year AS INTEGER) AS delivery_year,
    NULLIF(place.series, '') AS series,
    NULLIF(place.chunk, '') AS chunk,
    NULLIF(place.fingerprint, '') AS fingerprint,
    MAX(row_count) AS rows,
    CAST(SUM(bytes) AS BIGINT) AS bytes,
    CAST(MAX(lower_bound) FILTER (WHERE column_name = 'delivery_date') AS DATE) AS first_delivery_date,
    CAST(MAX(upper_bound) FILTER (WHERE column_name = 'delivery_date') AS DATE) AS last_delivery_date,
    file_path
FROM parsed
GROUP BY table_name, place, file_path
