-- isolf: the load forecast of the next six days by zone, as one day's file published it.
--
-- Reads:  isolf. One column per zone and one for the whole state, read by name; whole megawatts.
-- Grain:  one area, one hour (the stamp starts it), one file.
-- Source: NYISO MIS, P-7. The file does not say when it was published: the archive's stamp of the member
--         does, else the moment that the file itself was last written.
-- Why:    a row holds all areas of an hour; each becomes a row. Nothing in the row tells the two hours from
--         01:00 of autumn apart, and both may print the same numbers. File order does: the second row of
--         that stamp is the second pass. Zones have the ids (PTID) that they have in the files of load, told
--         by name.
WITH lines AS (
    SELECT
        *,
        naive_of_24_hour_stamp("Time Stamp") AS wall_stamp,
        ROW_NUMBER() OVER () AS line_number
    FROM raw_columns(getvariable('raw_files'))
    WHERE blank_to_null("Time Stamp") IS NOT NULL
),

placed AS (
    SELECT
        *,
        local_to_utc(
            'America/New_York',
            wall_stamp,
            ROW_NUMBER() OVER (PARTITION BY filename, wall_stamp ORDER BY line_number)
        ) AS start_utc
    FROM lines
),

told AS (
    SELECT
        filename,
        "Time Stamp",
        start_utc,
        UNNEST([
            {
                'area': 'Capitl',
                'megawatts': Capitl
            },
            {
                'area': 'Centrl',
                'megawatts': Centrl
            },
            {
                'area': 'Dunwod',
                'megawatts': Dunwod
            },
            {
                'area': 'Genese',
                'megawatts': Genese
            },
            {
                'area': 'Hud Vl',
                'megawatts': "Hud Vl"
            },
            {
                'area': 'Longil',
                'megawatts': Longil
            },
            {
                'area': 'Mhk Vl',
                'megawatts': "Mhk Vl"
            },
            {
                'area': 'Millwd',
                'megawatts': Millwd
            },
            {
                'area': 'N.Y.C.',
                'megawatts': "N.Y.C."
            },
            {
                'area': 'North',
                'megawatts': North
            },
            {
                'area': 'West',
                'megawatts': West
            },
            {
                'area': 'NYISO',
                'megawatts': NYISO
            }
        ]) AS cell
    FROM placed
),

zones (name, ptid) AS (
    VALUES
    ('WEST', '61752'),
    ('GENESE', '61753'),
    ('CENTRL', '61754'),
    ('NORTH', '61755'),
    ('MHK VL', '61756'),
    ('CAPITL', '61757'),
    ('HUD VL', '61758'),
    ('MILLWD', '61759'),
    ('DUNWOD', '61760'),
    ('N.Y.C.', '61761'),
    ('LONGIL', '61762')
)

SELECT
    parse_dirpath(told.filename) AS raw_folder,
    told.start_utc AS interval_start_utc,
    'isolf' AS forecast,
    local_to_utc('America/New_York', member_written(told.filename), 1) AS published_at_utc,
    told.cell.area AS area,
    CASE WHEN told.cell.area = 'NYISO' THEN 'SYSTEM' ELSE 'ZONE' END AS area_type,
    COALESCE(zones.ptid, told.cell.area) AS area_id,
    TRY_CAST(told.cell.megawatts AS DOUBLE) AS forecast_mw,
    CASE
        WHEN told.start_utc IS NULL
            THEN 'no clock in New York ever showed the stamp ' || COALESCE(told."Time Stamp", '(blank)')
        WHEN TRY_CAST(told.cell.megawatts AS DOUBLE) IS NULL
            THEN concat_ws(
                ' ', 'the forecast of', told.cell.area, 'at', told."Time Stamp",
                'is not a number:', told.cell.megawatts
            )
    END AS objection
FROM told
LEFT JOIN zones ON UPPER(told.cell.area) = zones.name
WHERE blank_to_null(told.cell.megawatts) IS NOT NULL
