-- hub_names: the trading hubs and the ties to other grids.
--
-- Reads:  Hub_Name_AND_DC_Ties of NP4-160-SG: the one column NAME.
-- Grain:  one hub or tie.
-- Source: ERCOT, in one archive with the electrical buses; the file's name tells the moment on the Central
--         clock.
-- Why:    no file of the archive says which type a name is; the name does.
WITH listed AS (
    SELECT
        filename,
        blank_to_null(name) AS place,
        local_to_utc(
            'America/Chicago',
            try_strptime(
                stamp_text(regexp_extract(parse_filename(filename), '(\d{8}_\d{6})\.csv', 1)),
                '%m%d%Y_%H%M%S '
            ),
            1
        ) AS loaded_utc
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    local_to_utc(
        'America/Chicago', DATE_TRUNC('day', utc_to_local('America/Chicago', loaded_utc)), 1
    ) AS interval_start_utc,
    local_to_utc(
        'America/Chicago', DATE_TRUNC('day', utc_to_local('America/Chicago', loaded_utc)) + INTERVAL 1 DAY, 1
    ) AS interval_end_utc,
    'Hub_Name_AND_DC_Ties' AS location_list,
    place AS settlement_location,
    CASE
        WHEN place LIKE 'HB\_%' ESCAPE '\' THEN 'HUB'
        WHEN place LIKE 'DC\_%' ESCAPE '\' THEN 'INTERFACE'
        ELSE 'AGGREGATE'
    END AS settlement_location_type,
    place AS settlement_location_id,
    DATE_TRUNC('minute', loaded_utc) AS published_at_utc,
    CASE WHEN place IS NULL THEN 'a row has no NAME' END AS objection
FROM listed
