-- locations: what the sources' own lists of locations say, list by list.
--
-- What:  one location as one list, published at one moment, says it is.
-- Grain: one row of a list: a location, the group that the row puts it in, and when that holds.
-- Key:   (iso, interval_minutes, location_list, settlement_location_id, member_of, valid_from_utc,
--        valid_to_utc, published_at_utc, interval_start_utc, version). Sources do print rows that differ in
--        their end only.
-- Why:   sources overwrite their lists in place, and no two of them say the same things. Every list that was
--        seen is kept whole, as a forecast is kept in every vintage: what appeared, changed or went between
--        two lists is a question, and meta.location_history answers it. meta.locations joins the newest
--        lists to what the prices name.
CREATE TABLE market.locations (
    datetime_utc TIMESTAMPTZ NOT NULL,
    datetime_local TIMESTAMP NOT NULL,
    interval_start_utc TIMESTAMPTZ NOT NULL,
    interval_end_utc TIMESTAMPTZ NOT NULL,
    delivery_date DATE NOT NULL,
    delivery_hour INTEGER NOT NULL,
    interval_minutes INTEGER NOT NULL,
    iso VARCHAR NOT NULL,
    location_list VARCHAR NOT NULL,
    settlement_location VARCHAR NOT NULL,
    settlement_location_type VARCHAR NOT NULL,
    settlement_location_id VARCHAR NOT NULL,
    source_type VARCHAR,
    zone VARCHAR,
    subzone VARCHAR,
    member_of VARCHAR NOT NULL,
    node VARCHAR,
    description VARCHAR,
    voltage_kv DOUBLE,
    state VARCHAR,
    latitude DOUBLE,
    longitude DOUBLE,
    is_active BOOLEAN,
    valid_from_utc TIMESTAMPTZ NOT NULL,
    valid_to_utc TIMESTAMPTZ NOT NULL,
    validity_basis VARCHAR NOT NULL,
    published_at_utc TIMESTAMPTZ NOT NULL,
    published_at_basis VARCHAR NOT NULL,
    data_source VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    is_current BOOLEAN NOT NULL,
    PRIMARY KEY (
        iso,
        interval_minutes,
        location_list,
        settlement_location_id,
        member_of,
        valid_from_utc,
        valid_to_utc,
        published_at_utc,
        interval_start_utc,
        version
    ),
    CHECK (iso IN ('CAISO', 'ERCOT', 'ISONE', 'MISO', 'NYISO', 'PJM', 'SPP')),
    CHECK (location_list <> ''),
    CHECK (
        settlement_location_type IN ('HUB', 'ZONE', 'NODE', 'INTERFACE', 'RESOURCE_NODE', 'AGGREGATE', 'BUS')
    ),
    CHECK (settlement_location_id <> ''),
    CHECK (latitude BETWEEN -90 AND 90),
    CHECK (longitude BETWEEN -180 AND 180),
    CHECK (validity_basis IN ('source', 'list')),
    CHECK (published_at_basis IN ('source', 'schedule', 'file', 'fetch')),
    CHECK (datetime_utc = interval_start_utc),
    CHECK (interval_end_utc > interval_start_utc),
    CHECK (delivery_date = CAST(datetime_local AS DATE)),
    CHECK (delivery_hour = 1),
    CHECK (interval_minutes = 1440),
    CHECK (version >= 1)
);

COMMENT ON TABLE market.locations IS
'Lists of locations, one row per list, location, group and moment of publication, as published. Every list '
'that was seen is kept.';
COMMENT ON COLUMN market.locations.datetime_utc IS
'Start of the day that the list speaks of, UTC; the same moment as interval_start_utc.';
COMMENT ON COLUMN market.locations.datetime_local IS
'Start of that day on the market''s own clock, without a zone.';
COMMENT ON COLUMN market.locations.interval_start_utc IS
'Start of the market day that the list speaks of, UTC, inclusive: the day that the source names, else the'
' day that it was asked for, else the day that it is known of.';
COMMENT ON COLUMN market.locations.interval_end_utc IS
'End of that day, UTC, exclusive.';
COMMENT ON COLUMN market.locations.delivery_date IS
'The market day that the list speaks of, on the market''s clock. Tables are partitioned by its year.';
COMMENT ON COLUMN market.locations.delivery_hour IS
'Always 1: a list is of a whole day. Kept so that every table has the same columns of time.';
COMMENT ON COLUMN market.locations.interval_minutes IS
'Always 1440, the nominal length of a day in minutes. The stamps say how long it really was.';
COMMENT ON COLUMN market.locations.iso IS
'The market operator: CAISO, ERCOT, ISONE, MISO, NYISO, PJM or SPP.';
COMMENT ON COLUMN market.locations.location_list IS
'The list that the row stands in, by the source''s own name of it.';
COMMENT ON COLUMN market.locations.settlement_location IS
'Name of the location as the list writes it.';
COMMENT ON COLUMN market.locations.settlement_location_type IS
'HUB, ZONE, NODE, INTERFACE, RESOURCE_NODE, AGGREGATE or BUS, by the same mapping as in the prices.';
COMMENT ON COLUMN market.locations.settlement_location_id IS
'The source''s id of the location, or its name where there is no id; the same as in market.energy_prices.';
COMMENT ON COLUMN market.locations.source_type IS
'The source''s own word for the type; NULL where it has none.';
COMMENT ON COLUMN market.locations.zone IS
'Zone (or balancing authority) of the location as the list names it; NULL where it names none.';
COMMENT ON COLUMN market.locations.subzone IS
'Part of the zone, where the list names one.';
COMMENT ON COLUMN market.locations.member_of IS
'Id of the hub, area or aggregate that this row puts the location in. Empty where the row puts it in '
'none. A location in several of them has a row for each.';
COMMENT ON COLUMN market.locations.node IS
'Node of the network at which the location is priced or metered, where the list names one.';
COMMENT ON COLUMN market.locations.description IS
'The source''s own description or remark; NULL where it has none.';
COMMENT ON COLUMN market.locations.voltage_kv IS
'Voltage in kV, where the list gives it as a number.';
COMMENT ON COLUMN market.locations.state IS
'State or province, where the list names it.';
COMMENT ON COLUMN market.locations.latitude IS
'Degrees north, as the list gives them.';
COMMENT ON COLUMN market.locations.longitude IS
'Degrees east (negative in America), as the list gives them.';
COMMENT ON COLUMN market.locations.is_active IS
'Whether the source says that the location is in use; NULL where it says nothing of it.';
COMMENT ON COLUMN market.locations.valid_from_utc IS
'From when the row holds: as the source states it; where it states nothing, the start of the day that the'
' list speaks of (validity_basis tells which).';
COMMENT ON COLUMN market.locations.valid_to_utc IS
'Until when the row holds, exclusive, as the source states it; 9999-12-31 where it states no end. '
'meta.location_history says when a location left a list.';
COMMENT ON COLUMN market.locations.validity_basis IS
'How valid_from_utc is known: source (the row states it) or list (the day of the list).';
COMMENT ON COLUMN market.locations.published_at_utc IS
'When this list was published, UTC; where the source does not say so, the full minute in which it was '
'seen: see published_at_basis.';
COMMENT ON COLUMN market.locations.published_at_basis IS
'How published_at_utc is known: source (the source says so), schedule (the source''s timetable), file (the'
' own time of an imported file), fetch (the moment of the download: published then or earlier).';
COMMENT ON COLUMN market.locations.data_source IS
'Raw key of the file the row came from; joins to meta.raw_files.raw_key.';
COMMENT ON COLUMN market.locations.version IS
'1, 2, 3 and so on: each change within one list of one day. A later list is another list, never a '
'version.';
COMMENT ON COLUMN market.locations.is_current IS
'True for the version that holds now. market.locations shows only these, market.locations_all every '
'version.';
