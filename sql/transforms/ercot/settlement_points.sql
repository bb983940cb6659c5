-- settlement_points: the electrical buses, and the resource nodes that they belong to.
--
-- Reads:  Settlement_Points of NP4-160-SG, columns by name.
-- Grain:  one electrical bus, and beside them one resource node.
-- Source: ERCOT, on each load of the network model, about twice a month. The file's name tells the moment of
--         the load on the Central clock; a row has no times of its own.
-- Why:    a bus and a settlement point may have one name. Buses get a suffix, settlement points keep theirs,
--         as prices name them. The load zone is one of the four competitive ones; those of municipal
--         utilities and co-operatives stand in another file of the same archive. A resource node of several
--         buses has their zone and voltage where they agree.
WITH listed AS (
    SELECT
        filename,
        blank_to_null(electrical_bus) AS bus,
        blank_to_null(voltage_level) AS voltage_level,
        blank_to_null(substation) AS substation,
        blank_to_null(settlement_load_zone) AS load_zone,
        blank_to_null(resource_node) AS resource_node,
        blank_to_null(hub) AS hub,
        local_to_utc(
            'America/Chicago',
            try_strptime(
                stamp_text(regexp_extract(parse_filename(filename), '(\d{8}_\d{6})\.csv', 1)),
                '%m%d%Y_%H%M%S '
            ),
            1
        ) AS loaded_utc
    FROM raw_columns(getvariable('raw_files'))
),

places AS (
    SELECT
        filename,
        loaded_utc,
        concat(bus, ':BUS') AS location_id,
        bus AS location_name,
        'BUS' AS location_type,
        'ELECTRICAL_BUS' AS own_type,
        load_zone,
        hub,
        resource_node AS node,
        substation,
        voltage_level,
        CASE
            WHEN bus IS NULL
                THEN 'a row names no ELECTRICAL_BUS'
            WHEN voltage_level IS NOT NULL AND TRY_CAST(voltage_level AS DOUBLE) IS NULL
                THEN concat_ws(' ', 'VOLTAGE_LEVEL of', bus, 'is not a number:', voltage_level)
        END AS objection
    FROM listed
    UNION ALL BY NAME
    SELECT
        filename,
        loaded_utc,
        resource_node AS location_id,
        resource_node AS location_name,
        'RESOURCE_NODE' AS location_type,
        'RESOURCE_NODE' AS own_type,
        CASE WHEN COUNT(DISTINCT load_zone) = 1 THEN MIN(load_zone) END AS load_zone,
        CASE WHEN COUNT(DISTINCT substation) = 1 THEN MIN(substation) END AS substation,
        CASE WHEN COUNT(DISTINCT voltage_level) = 1 THEN MIN(voltage_level) END AS voltage_level
    FROM listed
    WHERE resource_node IS NOT NULL
    GROUP BY filename, loaded_utc, resource_node
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    local_to_utc(
        'America/Chicago', DATE_TRUNC('day', utc_to_local('America/Chicago', loaded_utc)), 1
    ) AS interval_start_utc,
    local_to_utc(
        'America/Chicago', DATE_TRUNC('day', utc_to_local('America/Chicago', loaded_utc)) + INTERVAL 1 DAY, 1
    ) AS interval_end_utc,
    'Settlement_Points' AS location_list,
    location_name AS settlement_location,
    location_type AS settlement_location_type,
    location_id AS settlement_location_id,
    own_type AS source_type,
    load_zone AS zone,
    COALESCE(hub, '') AS member_of,
    node,
    substation AS description,
    TRY_CAST(voltage_level AS DOUBLE) AS voltage_kv,
    DATE_TRUNC('minute', loaded_utc) AS published_at_utc,
    objection
FROM places
