-- locations: the settlement locations that a day's file of day-ahead prices names.
--
-- Reads:  da-lmp-by-settlement-location (DA-LMP-SL), every era of its header.
-- Grain:  one settlement location, one file; the day is that of the first interval.
-- Source: SPP portal. Where its own map of settlement locations is, and what it looks like, is not confirmed;
--         every location has a day-ahead price, and its row names the pnode and the balancing authority.
-- Why:    several settlement locations share a pnode, which the prices have no column for. The rows are
--         vouched for where the prices are read.
WITH published AS (
    SELECT
        filename,
        blank_to_null(settlement_location) AS location,
        blank_to_null(pnode) AS pnode,
        blank_to_null(baa) AS baa,
        naive_of_24_hour_stamp(gmtintervalend) - INTERVAL 60 MINUTE AS start_utc
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS baa
        WHERE FALSE
    ) AS columns_of_every_era
),

days AS (
    SELECT
        filename,
        DATE_TRUNC('day', utc_to_local('America/Chicago', MIN(start_utc))) AS market_day
    FROM published
    GROUP BY filename
),

places AS (
    SELECT
        filename,
        location,
        CASE WHEN COUNT(DISTINCT pnode) = 1 THEN MIN(pnode) END AS pnode,
        CASE WHEN COUNT(DISTINCT baa) = 1 THEN MIN(baa) END AS baa
    FROM published
    WHERE location IS NOT NULL
    GROUP BY filename, location
)

SELECT
    parse_dirpath(places.filename) AS raw_folder,
    local_to_utc('America/Chicago', days.market_day, 1) AS interval_start_utc,
    local_to_utc('America/Chicago', days.market_day + INTERVAL 1 DAY, 1) AS interval_end_utc,
    'da-lmp-by-settlement-location' AS location_list,
    places.location AS settlement_location,
    COALESCE(
        CAST(getvariable('known_locations') AS MAP (VARCHAR, VARCHAR))[places.location],
        CASE WHEN places.location LIKE '%\_HUB' ESCAPE '\' THEN 'AGGREGATE' ELSE 'NODE' END
    ) AS settlement_location_type,
    places.location AS settlement_location_id,
    places.baa AS zone,
    places.pnode AS node,
    CAST(NULL AS VARCHAR) AS objection
FROM places
INNER JOIN days ON places.filename = days.filename
WHERE days.market_day IS NOT NULL
