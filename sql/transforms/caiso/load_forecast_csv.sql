-- load_forecast_csv: load forecasts from OASIS CSV.
--
-- Reads:  SLD_FCST with the market runs DAM, 2DA, 7DA and RTM, columns by name.
-- Grain:  one forecast, one area, one interval.
-- Source: CAISO OASIS. Only the GMT columns tell time: OPR_HR is 25 in the repeated hour. Rows are unsorted;
--         POS, LOAD_TYPE and GROUP are artefacts of the report. The report keeps the last forecast of an
--         interval only, and does not say when it was published: a vintage is what was seen at a moment. The
--         data item tells the forecast; RTM has two of them.
-- Why:    areas are data: the list grows with every balancing authority that joins the western market, and
--         areas lie within one another. CA ISO-TAC is CAISO's own total; PGE is Portland, PGE-TAC is not.
WITH published AS (
    SELECT
        filename,
        TAC_AREA_NAME AS area,
        XML_DATA_ITEM AS item,
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
    CASE item
        WHEN 'SYS_FCST_DA_MW' THEN 'DAM'
        WHEN 'SYS_FCST_2DA_MW' THEN '2DA'
        WHEN 'SYS_FCST_7DA_MW' THEN '7DA'
        WHEN 'SYS_FCST_15MIN_MW' THEN 'RTPD'
        WHEN 'SYS_FCST_5MIN_MW' THEN 'RTD'
    END AS forecast,
    area,
    CASE
        WHEN area = 'CA ISO-TAC' THEN 'SYSTEM'
        WHEN area LIKE '%-TAC' THEN 'ZONE'
        ELSE 'AREA'
    END AS area_type,
    area AS area_id,
    megawatts AS forecast_mw,
    CASE
        WHEN item IS NULL OR regexp_matches(item, '^SYS_FCST_(DA|2DA|7DA|15MIN|5MIN)_MW$') IS FALSE
            THEN 'the data item ' || COALESCE(item, '(blank)') || ' is no forecast that is known'
        WHEN market_run <> getvariable('source_market')
            THEN 'a row is of the market run ' || market_run
        WHEN blank_to_null(area) IS NULL
            THEN 'a row names no TAC_AREA_NAME'
        WHEN interval_start_utc IS NULL OR interval_end_utc IS NULL
            THEN 'an interval of ' || area || ' has no readable start or end in UTC'
        WHEN megawatts IS NULL
            THEN 'the forecast of ' || area || ' is not a number'
    END AS objection
FROM published
