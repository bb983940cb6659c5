-- generator: the generators as the site lists them now.
--
-- Reads:  generator.csv, columns by name.
-- Grain:  one generator (PTID).
-- Source: NYISO MIS, P-19. Overwritten in place and without any date: the day is that of the download.
-- Why:    an aggregation is another PTID that several generators bid under; it is the group of the row.
--         Where the site has no coordinates it may leave them blank or print zeros, and no generator of New
--         York stands at 0° north 0° east: those are no statement.
WITH listed AS (
    SELECT
        filename,
        blank_to_null("Generator Name") AS generator,
        blank_to_null("Generator PTID") AS ptid,
        blank_to_null("Aggregation PTID") AS aggregation,
        blank_to_null(subzone) AS subzone,
        blank_to_null(zone) AS zone_name,
        blank_to_null(latitude) AS latitude,
        blank_to_null(longitude) AS longitude,
        UPPER(blank_to_null(active)) AS active
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    'generator' AS location_list,
    COALESCE(generator, ptid) AS settlement_location,
    'RESOURCE_NODE' AS settlement_location_type,
    ptid AS settlement_location_id,
    zone_name AS zone,
    subzone,
    COALESCE(aggregation, '') AS member_of,
    CASE
        WHEN TRY_CAST(latitude AS DOUBLE) <> 0 OR TRY_CAST(longitude AS DOUBLE) <> 0
            THEN TRY_CAST(latitude AS DOUBLE)
    END AS latitude,
    CASE
        WHEN TRY_CAST(latitude AS DOUBLE) <> 0 OR TRY_CAST(longitude AS DOUBLE) <> 0
            THEN TRY_CAST(longitude AS DOUBLE)
    END AS longitude,
    CASE active WHEN 'Y' THEN TRUE WHEN 'N' THEN FALSE END AS is_active,
    CASE
        WHEN ptid IS NULL
            THEN concat_ws(' ', 'a row has no Generator PTID:', generator)
        WHEN latitude IS NOT NULL AND TRY_CAST(latitude AS DOUBLE) IS NULL
            THEN concat_ws(' ', 'the latitude of generator', ptid, 'is not a number:', latitude)
        WHEN longitude IS NOT NULL AND TRY_CAST(longitude AS DOUBLE) IS NULL
            THEN concat_ws(' ', 'the longitude of generator', ptid, 'is not a number:', longitude)
        WHEN active NOT IN ('Y', 'N')
            THEN concat_ws(' ', 'Active of generator', ptid, 'is neither Y nor N:', active)
    END AS objection
FROM listed
