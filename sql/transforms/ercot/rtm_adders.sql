-- rtm_adders: real-time price adders for scarcity and reliability of 15 minutes.
--
-- Reads:  Real-Time Price Adders for 15-Minute Settlement Interval (NP6-324-CD), a file an interval. Columns
--         by name: since 2025-12-05 other ones.
-- Grain:  one adder, one interval of the whole system: hour 1 to 24 and quarter 1 to 4 on Central time.
-- Source: ERCOT, $/MWh. RTRSVPOR and RTRSVPOFF are the adders of reserves on line and off line, RTRDP that of
--         reliability deployments. Since 2025-12-05 RTRDPA, and the same by reserve product.
-- Why:    each adder becomes a row under its own name. The flag is called DSTFlag or RepeatedHourFlag.
WITH published AS (
    SELECT
        filename,
        concat_ws(' ', deliverydate, deliveryhour, deliveryinterval, dstflag, repeatedhourflag)
            AS printed_interval,
        flagged_to_utc(
            'America/Chicago',
            wall_of_hour_ending(deliverydate, deliveryhour)
            + CASE
                WHEN regexp_full_match(TRIM(deliveryinterval), '[1-4]')
                    THEN TO_MINUTES(15 * (CAST(TRIM(deliveryinterval) AS INTEGER) - 1))
            END,
            COALESCE(TRIM(dstflag), TRIM(repeatedhourflag), '')
        ) AS start_utc,
        UNNEST([
            { 'component': 'RTRSVPOR', 'price': rtrsvpor },
            { 'component': 'RTRSVPOFF', 'price': rtrsvpoff },
            { 'component': 'RTRDP', 'price': rtrdp },
            { 'component': 'RTRDPA', 'price': rtrdpa },
            { 'component': 'RTRDPRU', 'price': rtrdpru },
            { 'component': 'RTRDPRD', 'price': rtrdprd },
            { 'component': 'RTRDPRRS', 'price': rtrdprrs },
            { 'component': 'RTRDPECRS', 'price': rtrdpecrs },
            { 'component': 'RTRDPNS', 'price': rtrdpns }
        ]) AS part
    FROM (
        SELECT * FROM raw_plain_columns(getvariable('raw_files'))
        UNION ALL BY NAME
        SELECT
            CAST(NULL AS VARCHAR) AS dstflag,
            CAST(NULL AS VARCHAR) AS repeatedhourflag,
            CAST(NULL AS VARCHAR) AS rtrsvpor,
            CAST(NULL AS VARCHAR) AS rtrsvpoff,
            CAST(NULL AS VARCHAR) AS rtrdp,
            CAST(NULL AS VARCHAR) AS rtrdpa,
            CAST(NULL AS VARCHAR) AS rtrdpru,
            CAST(NULL AS VARCHAR) AS rtrdprd,
            CAST(NULL AS VARCHAR) AS rtrdprrs,
            CAST(NULL AS VARCHAR) AS rtrdpecrs,
            CAST(NULL AS VARCHAR) AS rtrdpns
        WHERE FALSE
    ) AS columns_of_every_era
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    'SYSTEM' AS settlement_location_id,
    part.component AS component,
    TRY_CAST(part.price AS DOUBLE) AS price,
    CASE
        WHEN start_utc IS NULL THEN 'no interval of Central time is ' || printed_interval
        WHEN TRY_CAST(part.price AS DOUBLE) IS NULL
            THEN concat(part.component, ' of ', printed_interval, ' is not a number: ', part.price)
    END AS objection
FROM published
WHERE blank_to_null(part.price) IS NOT NULL
