-- load_csv: hourly load from OASIS CSV.
--
-- Reads:  SLD_FCST with the market run ACTUAL, columns by name.
-- Grain:  one area, one hour.
-- Source: CAISO OASIS. Only the GMT columns tell time: OPR_HR is 25 in the repeated hour. Rows are unsorted;
--         POS, LOAD_TYPE and GROUP are artefacts of the report.
-- Why:    areas are data: the list grows with every balancing authority that joins the western market, and
--         areas lie within one another. CA ISO-TAC is CAISO's own total; PGE is Portland, PGE-TAC is not.
WITH published AS (
    SELECT
        filename,
        TAC_AREA_NAME AS area,
        MARKET_RUN_ID AS market_run,
        utc_of_iso_stamp(INTERVALSTARTTIME_GMT) AS interval_start_utc,
        utc_of_iso_stamp(INTERVALENDTIME_GMT) AS interval_end_utc,
        TRY_CAST(MW AS DOUBLE) AS megawatts
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    interval_start_utc,
    interval_end_utc,
    'actual' AS load_type,
    area,
    CASE
        WHEN area = 'CA ISO-TAC' THEN 'SYSTEM'
        WHEN area LIKE '%-TAC' THEN 'ZONE'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    megawatts AS load_mw,
    CASE
        WHEN market_run <> getvariable('source_market')
            THEN 'a row is of the market run ' || market_run
        WHEN blank_to_null(area) IS NULL
            THEN 'a row names no TAC_AREA_NAME'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || area || ' has no readable start or end in UTC'
        WHEN megawatts IS NULL
            THEN 'the load of ' || area || ' is not a number'
    END AS objection
FROM published
