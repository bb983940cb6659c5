-- stlf: the load forecast of the next minutes by balancing authority, every five minutes anew.
--
-- Reads:  stlf-vs-actual (OP-STLF), columns by name.
-- Grain:  one balancing authority, five minutes (GMTInterval closes them), one file.
-- Source: SPP portal. The moment that a file was made at stands in its name, on the Central clock: where the
--         clock goes back, the minutes before the change call it 02:00, and a d follows in the second pass.
--         Minutes that are over are in the file as they were expected. BAA is printed since 2026-04.
-- Why:    the actual beside the forecast is not taken, as from the mid-term forecast: what is said of the
--         newest minutes is partial.
WITH published AS (
    SELECT
        filename,
        gmtinterval AS printed_end,
        naive_of_24_hour_stamp(gmtinterval) AS end_utc,
        naive_of_24_hour_stamp(interval) AS end_local,
        stlf AS megawatts,
        blank_to_null(baa) AS authority,
        COUNT(blank_to_null(baa)) OVER (PARTITION BY filename) > 0 AS prints_authorities,
        try_strptime(regexp_extract(parse_filename(filename), '(\d{12})d?', 1) || ' ', '%Y%m%d%H%M')
            AS printed_made,
        CASE WHEN regexp_matches(parse_filename(filename), '\d{12}d') THEN 2 ELSE 1 END AS pass
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS baa
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE blank_to_null(gmtinterval) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    end_utc - INTERVAL 5 MINUTE AS interval_start_utc,
    end_utc AS interval_end_utc,
    'STLF' AS forecast,
    COALESCE(
        local_to_utc('America/Chicago', printed_made - INTERVAL 5 MINUTE, pass) + INTERVAL 5 MINUTE,
        local_to_utc('America/Chicago', printed_made, 1)
    ) AS published_at_utc,
    COALESCE(authority, 'SPP') AS area,
    'SYSTEM' AS area_type,
    COALESCE(authority, 'SPP') AS area_id,
    TRY_CAST(megawatts AS DOUBLE) AS forecast_mw,
    CASE
        WHEN end_utc IS NULL THEN 'the GMT end of an interval is not a stamp: ' || printed_end
        WHEN end_utc <> time_bucket(INTERVAL 5 MINUTE, end_utc)
            THEN 'an interval ends off the grid: ' || printed_end
        WHEN COALESCE(end_utc - end_local NOT IN (INTERVAL 5 HOUR, INTERVAL 6 HOUR), TRUE)
            THEN 'the Central and the GMT end of an interval do not agree at ' || printed_end
        WHEN prints_authorities AND authority IS NULL
            THEN 'a row names no balancing authority at ' || printed_end
        WHEN TRY_CAST(megawatts AS DOUBLE) IS NULL
            THEN concat('the forecast at ', printed_end, ' is not a number: ', megawatts)
    END AS objection
FROM published
WHERE blank_to_null(megawatts) IS NOT NULL
