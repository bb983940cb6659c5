-- dam_lambda: the day-ahead price of energy in the whole system.
--
-- Reads:  DAM System Lambda (NP4-523-CD), a day a file. Columns by position.
-- Grain:  one hour. Hours are told by their end, 1:00 to 24:00, on Central time.
-- Source: ERCOT, $/MWh. A price at a point less this is its congestion; there is no loss in it.
-- Why:    DSTFlag is Y in the second of the two autumn hours only.
WITH placed AS (
    SELECT
        filename,
        price,
        concat_ws(' ', delivery_date, hour_ending, repeated) AS printed_hour,
        flagged_to_utc(
            'America/Chicago', wall_of_hour_ending(delivery_date, hour_ending), COALESCE(TRIM(repeated), '')
        ) AS start_utc
    FROM
        raw_positions(
            getvariable('raw_files'),
            layout := {
                'delivery_date': 'VARCHAR',
                'hour_ending': 'VARCHAR',
                'price': 'VARCHAR',
                'repeated': 'VARCHAR'
            }
        )
    WHERE
        COALESCE(TRIM(delivery_date), '') <> 'DeliveryDate'
        AND COALESCE(delivery_date, hour_ending, price) IS NOT NULL
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    start_utc AS interval_start_utc,
    'SYSTEM' AS settlement_location_id,
    'SYSTEM_LAMBDA' AS component,
    TRY_CAST(price AS DOUBLE) AS price,
    CASE
        WHEN start_utc IS NULL THEN 'no hour of Central time ends at ' || printed_hour
        WHEN TRY_CAST(price AS DOUBLE) IS NULL
            THEN concat('the system lambda of ', printed_hour, ' is not a number: ', price)
    END AS objection
FROM placed
