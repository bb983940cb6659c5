-- da_lmp_bus: day-ahead prices by pnode, the bus of the network model.
--
-- Reads:  da-lmp-by-bus (DA-LMP-B), every era of its header.
-- Grain:  one pnode, one interval (GMTIntervalEnd closes it).
-- Source: SPP portal. LMP = MEC + MCC + MLC, all signed so. BAA, the balancing authority, is printed since
--         2026-04-01: the zone.
-- Why:    a pnode and a settlement location may share a name: a pnode has its kind behind its name as its id.
--         Where each column stands is not confirmed, and varies between days in the files by settlement
--         location: columns are read by name. GMTIntervalEnd is the truth, the Central stamp beside it only
--         confirms it.
WITH published AS (
    SELECT
        filename,
        blank_to_null(pnode) AS bus,
        blank_to_null(baa) AS baa,
        naive_of_24_hour_stamp(gmtintervalend) AS end_utc,
        naive_of_24_hour_stamp(interval) AS end_local,
        gmtintervalend AS printed_end,
        lmp,
        mec,
        mcc,
        mlc
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT CAST(NULL AS VARCHAR) AS baa
        WHERE FALSE
    ) AS columns_of_every_era
    WHERE COALESCE(interval, gmtintervalend, pnode) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    end_utc - INTERVAL 60 MINUTE AS interval_start_utc,
    end_utc AS interval_end_utc,
    bus AS settlement_location,
    concat(bus, ':BUS') AS settlement_location_id,
    'BUS' AS settlement_location_type,
    baa AS zone,
    TRY_CAST(lmp AS DOUBLE) AS lmp_total,
    TRY_CAST(mec AS DOUBLE) AS lmp_energy,
    TRY_CAST(mcc AS DOUBLE) AS lmp_congestion,
    TRY_CAST(mlc AS DOUBLE) AS lmp_loss,
    CASE
        WHEN end_utc IS NULL
            THEN 'the GMT end of an interval is not a stamp: ' || COALESCE(printed_end, 'blank')
        WHEN end_utc <> time_bucket(INTERVAL 60 MINUTE, end_utc)
            THEN 'an interval ends off the grid: ' || printed_end
        WHEN COALESCE(end_utc - end_local NOT IN (INTERVAL 5 HOUR, INTERVAL 6 HOUR), TRUE)
            THEN 'the Central and the GMT end of an interval do not agree at ' || printed_end
        WHEN bus IS NULL THEN 'a row names no pnode at ' || printed_end
        WHEN TRY_CAST(lmp AS DOUBLE) IS NULL
            THEN concat('the LMP of ', bus, ' at ', printed_end, ' is not a number: ', lmp)
    END AS objection
FROM published
