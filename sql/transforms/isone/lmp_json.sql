-- lmp_json: prices by location from the web services.
--
-- Reads:  hourlylmp and fiveminutelmp of one day or a part of it.
-- Grain:  one location, one interval (BeginDate starts it, with its offset).
-- Source: ISO New England web services v1.1. LmpTotal = EnergyComponent + CongestionComponent +
--         LossComponent.
-- Why:    an answer has its items in an envelope, the current one has not, and a single item is no array.
WITH items AS (
    SELECT
        filename,
        UNNEST(
            json_items(
                COALESCE(
                    document -> 'HourlyLmps' -> 'HourlyLmp', document -> 'HourlyLmp',
                    document -> 'FiveMinLmps' -> 'FiveMinLmp', document -> 'FiveMinLmp'
                )
            )
        ) AS item
    FROM raw_documents(getvariable('raw_files'))
),

published AS (
    SELECT
        filename,
        item ->> 'BeginDate' AS begin_date,
        item -> 'Location' ->> '$."$"' AS location_name,
        item -> 'Location' ->> '@LocId' AS location_id,
        item -> 'Location' ->> '@LocType' AS location_type,
        item ->> 'LmpTotal' AS lmp,
        TRY_CAST(item ->> 'EnergyComponent' AS DOUBLE) AS energy,
        TRY_CAST(item ->> 'CongestionComponent' AS DOUBLE) AS congestion,
        TRY_CAST(item ->> 'LossComponent' AS DOUBLE) AS loss
    FROM items
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    utc_of_offset_stamp(begin_date) AS interval_start_utc,
    COALESCE(location_name, location_id) AS settlement_location,
    location_id AS settlement_location_id,
    CASE location_type
        WHEN 'HUB' THEN 'HUB'
        WHEN 'LOAD ZONE' THEN 'ZONE'
        WHEN 'EXT. NODE' THEN 'INTERFACE'
        WHEN 'DRRAZ' THEN 'AGGREGATE'
        WHEN 'DISPATCH ZONE' THEN 'AGGREGATE'
        WHEN 'INT. AREA' THEN 'AGGREGATE'
        ELSE 'NODE'
    END AS settlement_location_type,
    TRY_CAST(lmp AS DOUBLE) AS lmp_total,
    energy AS lmp_energy,
    congestion AS lmp_congestion,
    loss AS lmp_loss,
    CASE
        WHEN utc_of_offset_stamp(begin_date) IS NULL
            THEN 'BeginDate is not a stamp with an offset: ' || COALESCE(begin_date, 'blank')
        WHEN blank_to_null(location_id) IS NULL
            THEN 'a row names no location at ' || begin_date
        WHEN TRY_CAST(lmp AS DOUBLE) IS NULL
            THEN concat('the price of ', location_id, ' at ', begin_date, ' is not a number: ', lmp)
    END AS objection
FROM published
