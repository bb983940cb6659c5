-- sced_adders: real-time price adders for scarcity and reliability, a run of the dispatch at a time.
--
-- Reads:  Real-Time Price Adders by SCED interval (NP6-323-CD), a file a run. Columns by name: since
--         2025-12-05 other ones.
-- Grain:  one adder, one run. Runs come about every five minutes, off the grid; a run holds until the next.
-- Source: ERCOT, $/MWh. RTORPA and RTOFFPA are the adders of reserves on line and off line, RTORDPA that of
--         reliability deployments. Since 2025-12-05 RTRDPA, and the same by reserve product.
-- Why:    each adder becomes a row under its own name. Megawatts beside them are no prices; the system lambda
--         has a report of its own.
WITH published AS (
    SELECT
        filename,
        concat_ws(' ', scedtimestamp, repeatedhourflag) AS printed_run,
        flagged_to_utc(
            'America/Chicago', naive_of_24_hour_stamp(scedtimestamp), COALESCE(TRIM(repeatedhourflag), '')
        ) AS stamp_utc,
        UNNEST([
            { 'component': 'RTORPA', 'price': rtorpa },
            { 'component': 'RTOFFPA', 'price': rtoffpa },
            { 'component': 'RTORDPA', 'price': rtordpa },
            { 'component': 'RTRDPA', 'price': rtrdpa },
            { 'component': 'RTRDPARUS', 'price': rtrdparus },
            { 'component': 'RTRDPARDS', 'price': rtrdpards },
            { 'component': 'RTRDPARRS', 'price': rtrdparrs },
            { 'component': 'RTRDPAECRS', 'price': rtrdpaecrs },
            { 'component': 'RTRDPANSS', 'price': rtrdpanss }
        ]) AS part
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT
            CAST(NULL AS VARCHAR) AS rtorpa,
            CAST(NULL AS VARCHAR) AS rtoffpa,
            CAST(NULL AS VARCHAR) AS rtordpa,
            CAST(NULL AS VARCHAR) AS rtrdpa,
            CAST(NULL AS VARCHAR) AS rtrdparus,
            CAST(NULL AS VARCHAR) AS rtrdpards,
            CAST(NULL AS VARCHAR) AS rtrdparrs,
            CAST(NULL AS VARCHAR) AS rtrdpaecrs,
            CAST(NULL AS VARCHAR) AS rtrdpanss
        WHERE FALSE
    ) AS columns_of_every_era
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    stamp_utc,
    'SYSTEM' AS settlement_location_id,
    part.component AS component,
    TRY_CAST(part.price AS DOUBLE) AS price,
    CASE
        WHEN stamp_utc IS NULL THEN 'no clock in Chicago ever showed the run ' || printed_run
        WHEN TRY_CAST(part.price AS DOUBLE) IS NULL
            THEN concat(part.component, ' of ', printed_run, ' is not a number: ', part.price)
    END AS objection
FROM published
WHERE blank_to_null(part.price) IS NOT NULL
