-- locations: every location that the web services know.
--
-- Reads:  /locations and /locations/all, JSON: {"Locations": {"Location": […]}}.
-- Grain:  one location (LocationID).
-- Source: ISO-NE web services. No date of its own: the day is that of the download.
-- Why:    the nodes of the hub are a type of their own, which is how membership in the hub is known. Reserve,
--         capacity and dispatch zones are no zones of energy prices: they are aggregates. Names of nodes
--         hold several blanks in a row, which belong to them.
WITH listed AS (
    SELECT
        filename,
        UNNEST(Locations.Location) AS place
    FROM read_json(
        getvariable('raw_files'),
        filename = TRUE,
        maximum_object_size = 33554432,
        columns = {
            'Locations': 'STRUCT("Location" STRUCT('
            '"LocationID" VARCHAR, "LocationType" VARCHAR, "LocationName" VARCHAR, "AreaType" VARCHAR, '
            '"NetworkNodeType" VARCHAR)[])'
        }
    )
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    'locations' AS location_list,
    COALESCE(place.LocationName, place.LocationID) AS settlement_location,
    CASE place.LocationType
        WHEN 'HUB' THEN 'HUB'
        WHEN 'LOAD ZONE' THEN 'ZONE'
        WHEN 'EXT. NODE' THEN 'INTERFACE'
        WHEN 'NETWORK NODE'
            THEN CASE place.NetworkNodeType WHEN 'UNIT' THEN 'RESOURCE_NODE' ELSE 'NODE' END
        WHEN 'HUB NODE' THEN 'NODE'
        ELSE 'AGGREGATE'
    END AS settlement_location_type,
    place.LocationID AS settlement_location_id,
    concat_ws(' ', place.LocationType, place.NetworkNodeType) AS source_type,
    CASE WHEN place.LocationType = 'HUB NODE' THEN '4000' ELSE '' END AS member_of,
    place.AreaType AS description,
    CASE
        WHEN blank_to_null(place.LocationID) IS NULL
            THEN concat_ws(' ', 'a location has no LocationID:', place.LocationName)
        WHEN blank_to_null(place.LocationType) IS NULL
            THEN 'the location ' || place.LocationID || ' has no type'
    END AS objection
FROM listed
