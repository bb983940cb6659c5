-- dam_spp_corrections: day-ahead prices by settlement point that were corrected.
--
-- Reads:  DAM Price Corrections (NP4-196-M), the documents named DAM_SPP. Columns by name.
-- Grain:  one settlement point, one hour. Hours are told by their end, 1 to 24, on Central time.
-- Source: ERCOT. The report of the day itself is not published again.
-- Why:    only what was corrected is in it, so a correction is another stage of the same price. A point that
--         a later document corrects again has a later moment of publication.
WITH published AS (
    SELECT
        filename,
        TRIM(settlementpoint) AS place,
        sppcorrected AS price,
        concat_ws(' ', deliverydate, deliveryhour, dstflag) AS printed_hour,
        flagged_to_utc(
            'America/Chicago', wall_of_hour_ending(deliverydate, deliveryhour), COALESCE(TRIM(dstflag), '')
        ) AS start_utc
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS dstflag
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE COALESCE(deliverydate, settlementpoint, sppcorrected) IS NOT NULL
),

prices AS (
    SELECT
        *,
        COALESCE(
            CAST(getvariable('known_locations') AS MAP (VARCHAR, VARCHAR))[place],
            CASE
                WHEN place LIKE 'HB\_%' ESCAPE '\' THEN 'HUB'
                WHEN place LIKE 'LZ\_%' ESCAPE '\' THEN 'ZONE'
                ELSE 'RESOURCE_NODE'
            END
        ) AS place_type
    FROM published
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    place AS settlement_location,
    place AS settlement_location_id,
    place_type AS settlement_location_type,
    CASE WHEN place_type = 'ZONE' THEN place END AS zone,
    TRY_CAST(price AS DOUBLE) AS lmp_total,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN COALESCE(place, '') = '' THEN 'a row names no settlement point at ' || printed_hour
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the corrected price of ', place, ' at ', printed_hour, ' is not a number: ', price)
    END AS objection
FROM prices
