-- load_json: load of the system and of the load zones, from the web services.
--
-- Reads:  hourlysysload, realtimehourlydemand, fiveminutesystemload, fiveminuteestimatedzonalload.
-- Grain:  one area, one interval (its beginning is printed with its offset).
-- Source: ISO New England web services v1.1. The system's load is native load and the demand of storage that
--         charges. What solar behind the meter would add stands in fields of its own, and is not taken.
-- Why:    the demand of a zone is settled by meters, days later; its estimate every five minutes is another
--         quantity. The envelope tells which of them an answer holds.
WITH documents AS (
    SELECT
        filename,
        COALESCE(document -> 'HourlyRtDemands' -> 'HourlyRtDemand', document -> 'HourlyRtDemand') AS demand,
        document
        -> 'isone_web_services' -> 'five_min_estimated_zonal_loads' -> 'five_min_estimated_zonal_load'
            AS estimates,
        COALESCE(
            document -> 'HourlySystemLoads' -> 'HourlySystemLoad', document -> 'HourlySystemLoad',
            document -> 'FiveMinSystemLoads' -> 'FiveMinSystemLoad', document -> 'FiveMinSystemLoad'
        ) AS system_loads
    FROM raw_documents(getvariable('raw_files'))
),

items AS (
    SELECT
        filename,
        CASE
            WHEN demand IS NOT NULL THEN 'metered'
            WHEN estimates IS NOT NULL THEN 'estimated'
            ELSE 'actual'
        END AS load_type,
        UNNEST(json_items(COALESCE(demand, estimates, system_loads))) AS item
    FROM documents
),

published AS (
    SELECT
        filename,
        load_type,
        COALESCE(item ->> 'BeginDate', item ->> 'interval_begin_date') AS begin_date,
        without_seconds_of_noise(utc_of_offset_stamp(begin_date)) AS interval_start_utc,
        COALESCE(item -> 'Location' ->> '@LocId', item ->> 'load_zone_id') AS location_id,
        COALESCE(item -> 'Location' ->> '$."$"', item ->> 'load_zone_name') AS location_name,
        COALESCE(item ->> 'Load', item ->> 'LoadMw', item ->> 'estimated_load_mw') AS megawatts
    FROM items
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    load_type,
    CASE WHEN load_type = 'actual' THEN 'NEPOOL AREA' ELSE COALESCE(location_name, location_id) END AS area,
    CASE WHEN load_type = 'actual' THEN 'SYSTEM' ELSE 'ZONE' END AS area_type,
    CASE WHEN load_type = 'actual' THEN '32' ELSE location_id END AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS load_mw,
    CASE
        WHEN interval_start_utc IS NULL
            THEN 'a beginning is not a stamp with an offset: ' || COALESCE(begin_date, 'blank')
        WHEN load_type = 'actual' AND COALESCE(location_id, '32') <> '32'
            THEN 'a load of the system is of the location ' || location_id
        WHEN load_type <> 'actual' AND blank_to_null(location_id) IS NULL
            THEN 'a row names no area at ' || begin_date
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat('the load at ', begin_date, ' is not a number: ', megawatts)
    END AS objection
FROM published
WHERE megawatts IS NOT NULL
