-- atl_pnode_map: which nodes make up a trading hub or another aggregate.
--
-- Reads:  ATL_PNODE_MAP, columns by name: their order differs between the lists.
-- Grain:  one node in one aggregate, from one effective start until one end.
-- Source: CAISO OASIS, one CSV in a zip. The member's name says which days were asked for; a row says from
--         when until when it holds, on both clocks; kept as stated.
-- Why:    the only source of membership in a trading hub.
WITH listed AS (
    SELECT
        filename,
        blank_to_null(pnode_id) AS node,
        blank_to_null(apnode_id) AS aggregate_id,
        blank_to_null(description) AS description,
        eff_start_dt_gmt,
        eff_end_dt_gmt,
        utc_of_iso_stamp(eff_start_dt_gmt) AS from_utc,
        -- The end is the last second of the row; the turn of 2030 stands for none.
        CASE
            WHEN eff_end_dt_gmt NOT LIKE '2031-01-01T07:59:59%'
                THEN utc_of_iso_stamp(eff_end_dt_gmt) + INTERVAL 1 SECOND
        END AS to_utc,
        try_strptime(
            stamp_text(regexp_extract(parse_filename(filename), '(?:^|[_-])(\d{8})_\d{8}_', 1)), '%Y%m%d '
        ) AS asked_day
    FROM raw_columns(getvariable('raw_files'))
)

SELECT
    parse_dirpath(filename) AS raw_folder,
    local_to_utc('America/Los_Angeles', asked_day, 1) AS interval_start_utc,
    local_to_utc('America/Los_Angeles', asked_day + INTERVAL 1 DAY, 1) AS interval_end_utc,
    'ATL_PNODE_MAP' AS location_list,
    node AS settlement_location,
    CASE
        WHEN node LIKE 'TH\_%' ESCAPE '\' THEN 'HUB'
        WHEN node LIKE 'DLAP\_%' ESCAPE '\' THEN 'ZONE'
        WHEN node LIKE '%-APND' THEN 'AGGREGATE'
        ELSE 'NODE'
    END AS settlement_location_type,
    node AS settlement_location_id,
    aggregate_id AS member_of,
    description,
    from_utc AS valid_from_utc,
    to_utc AS valid_to_utc,
    CASE
        WHEN node IS NULL
            THEN 'a row has no PNODE_ID'
        WHEN aggregate_id IS NULL
            THEN 'the row of ' || node || ' has no APNODE_ID'
        WHEN from_utc IS NULL AND blank_to_null(eff_start_dt_gmt) IS NOT NULL
            THEN concat_ws(' ', 'EFF_START_DT_GMT of', node, 'is no stamp in GMT:', eff_start_dt_gmt)
        WHEN to_utc IS NULL AND blank_to_null(eff_end_dt_gmt) NOT LIKE '2031-01-01T07:59:59%'
            THEN concat_ws(' ', 'EFF_END_DT_GMT of', node, 'is no stamp in GMT:', eff_end_dt_gmt)
    END AS objection
FROM listed
