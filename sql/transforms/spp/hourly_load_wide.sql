-- hourly_load_wide: hourly load by control zone, a column a zone, until 2026-03-23.
--
-- Reads:  hourly-load, the daily file and the file of a month, columns by name.
-- Grain:  one control zone, one hour (MarketHour ends it, in GMT).
-- Source: SPP portal. Midnight is printed without a time; early files print years with two digits. The
--         total of the system is not in the file: it is the sum of the zones.
-- Why:    a month's file goes on with lines of blanks. A zone that did not exist yet has no column.
WITH published AS (
    SELECT
        filename,
        markethour AS printed_end,
        COALESCE(
            naive_of_24_hour_stamp(markethour),
            naive_of_24_hour_stamp(markethour || ' 00:00'),
            try_strptime(stamp_text(markethour), ['%m/%d/%y %H:%M', '%m/%d/%y'])
        ) AS end_utc,
        UNNEST([
            { 'area': 'CSWS', 'megawatts': csws },
            { 'area': 'EDE', 'megawatts': ede },
            { 'area': 'GRDA', 'megawatts': grda },
            { 'area': 'INDN', 'megawatts': indn },
            { 'area': 'KACY', 'megawatts': kacy },
            { 'area': 'KCPL', 'megawatts': kcpl },
            { 'area': 'LES', 'megawatts': les },
            { 'area': 'MPS', 'megawatts': mps },
            { 'area': 'NPPD', 'megawatts': nppd },
            { 'area': 'OKGE', 'megawatts': okge },
            { 'area': 'OPPD', 'megawatts': oppd },
            { 'area': 'SECI', 'megawatts': seci },
            { 'area': 'SPRM', 'megawatts': sprm },
            { 'area': 'SPS', 'megawatts': sps },
            { 'area': 'WAUE', 'megawatts': waue },
            { 'area': 'WFEC', 'megawatts': wfec },
            { 'area': 'WR', 'megawatts': wr }
        ]) AS cell
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS waue
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE blank_to_null(markethour) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    end_utc - INTERVAL 1 HOUR AS interval_start_utc,
    end_utc AS interval_end_utc,
    'actual' AS load_type,
    cell.area AS area,
    'ZONE' AS area_type,
    cell.area AS area_id,
    TRY_CAST(cell.megawatts AS DOUBLE) AS load_mw,
    CASE
        WHEN end_utc IS NULL THEN 'MarketHour is not a stamp: ' || printed_end
        WHEN end_utc <> time_bucket(INTERVAL 1 HOUR, end_utc)
            THEN 'an hour ends off the grid: ' || printed_end
        WHEN TRY_CAST(cell.megawatts AS DOUBLE) IS NULL
            THEN concat('the load of ', cell.area, ' at ', printed_end, ' is not a number: ', cell.megawatts)
    END AS objection
FROM published
WHERE blank_to_null(cell.megawatts) IS NOT NULL
