-- sced_lambda: the real-time price of energy in the whole system, a run of the dispatch at a time.
--
-- Reads:  SCED System Lambda (NP6-322-CD), a file a run, in both eras of its header. Columns by name.
-- Grain:  one component, one run. Runs come about every five minutes, off the grid; a run holds until the
--         next.
-- Source: ERCOT, $/MWh. Until some day of autumn 2025 one value, since then one capped and one that is not.
-- Why:    which of the two the one value was is not said, so each has a name of its own.
WITH published AS (
    SELECT
        filename,
        scedtimestamp AS stamp,
        repeatedhourflag AS repeated,
        concat_ws(' ', scedtimestamp, repeatedhourflag) AS printed_run,
        flagged_to_utc(
            'America/Chicago', naive_of_24_hour_stamp(scedtimestamp), COALESCE(TRIM(repeatedhourflag), '')
        ) AS stamp_utc,
        UNNEST([
            { 'component': 'SYSTEM_LAMBDA', 'price': systemlambda },
            { 'component': 'SYSTEM_LAMBDA_CAPPED', 'price': cappedsystemlambda },
            { 'component': 'SYSTEM_LAMBDA_UNCAPPED', 'price': uncappedsystemlambda }
        ]) AS part
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT
            CAST(NULL AS VARCHAR) AS systemlambda,
            CAST(NULL AS VARCHAR) AS cappedsystemlambda,
            CAST(NULL AS VARCHAR) AS uncappedsystemlambda
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
