-- rtm_spp_corrections: real-time prices of 15 minutes by settlement point that were corrected.
--
-- Reads:  RTM Price Corrections (NP4-197-M), the documents named RTM_SPP. Columns by name.
-- Grain:  one settlement point in one sense, one interval: hour 1 to 24 and quarter 1 to 4 on Central time.
-- Source: ERCOT. The reports of the intervals themselves are not published again.
-- Why:    only what was corrected is in it, so a correction is another stage of the same price. A point is
--         told by its name and type as in the report of each interval.
WITH published AS (
    SELECT
        filename,
        TRIM(settlementpointname) AS place,
        TRIM(settlementpointtype) AS place_kind,
        sppcorrected AS price,
        concat_ws(' ', deliverydate, deliveryhour, deliveryinterval, dstflag) AS printed_interval,
        flagged_to_utc(
            'America/Chicago',
            wall_of_hour_ending(deliverydate, deliveryhour)
            + CASE
                WHEN regexp_full_match(TRIM(deliveryinterval), '[1-4]')
                    THEN TO_MINUTES(15 * (CAST(TRIM(deliveryinterval) AS INTEGER) - 1))
            END,
            COALESCE(TRIM(dstflag), '')
        ) AS start_utc
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS dstflag
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE COALESCE(deliverydate, settlementpointname, sppcorrected) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    place AS settlement_location,
    CASE
        WHEN place_kind IN ('LZEW', 'LZ_DCEW') THEN concat(place, ':', place_kind)
        ELSE place
    END AS settlement_location_id,
    CASE
        WHEN place_kind IN ('HU', 'SH', 'AH') THEN 'HUB'
        WHEN place_kind IN ('LZ', 'LZEW') THEN 'ZONE'
        WHEN place_kind IN ('LZ_DC', 'LZ_DCEW') THEN 'INTERFACE'
        WHEN place_kind IN ('RN', 'PCCRN', 'LCCRN', 'PUN') THEN 'RESOURCE_NODE'
        ELSE 'NODE'
    END AS settlement_location_type,
    CASE WHEN place_kind IN ('LZ', 'LZEW') THEN place END AS zone,
    TRY_CAST(price AS DOUBLE) AS lmp_total,
    CASE
        WHEN start_utc IS NULL THEN 'no interval of Central time is ' || printed_interval
        WHEN COALESCE(place, '') = '' THEN 'a row names no settlement point at ' || printed_interval
        WHEN COALESCE(place_kind, '') = ''
            THEN concat('the settlement point ', place, ' has no type at ', printed_interval)
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat(place, ' as corrected at ', printed_interval, ' is not a number: ', price)
    END AS objection
FROM published
