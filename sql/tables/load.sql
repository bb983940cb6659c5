-- load: how much was consumed.
--
-- What:  the load of an area as the market operator measured, metered or estimated it.
-- Grain: one interval of one area, of one kind (load_type), in one version.
-- Key:   (iso, load_type, interval_minutes, area_type, area_id, interval_start_utc, version). Zones and other
--        areas may share names, so the type of an area belongs to its identity.
-- Why:   telemetry, settlement meters and estimates are different quantities that differ by percents, not
--        versions of one; load_type keeps them apart. No market (day-ahead, real-time) has a part in it.
CREATE TABLE market.load (
    datetime_utc TIMESTAMPTZ NOT NULL,
    datetime_local TIMESTAMP NOT NULL,
    interval_start_utc TIMESTAMPTZ NOT NULL,
    interval_end_utc TIMESTAMPTZ NOT NULL,
    delivery_date DATE NOT NULL,
    delivery_hour INTEGER NOT NULL,
    delivery_interval INTEGER NOT NULL,
    interval_minutes INTEGER NOT NULL,
    iso VARCHAR NOT NULL,
    load_type VARCHAR NOT NULL,
    area VARCHAR NOT NULL,
    area_type VARCHAR NOT NULL,
    area_id VARCHAR NOT NULL,
    load_mw DOUBLE NOT NULL,
    dst_flag VARCHAR NOT NULL,
    data_source VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    is_current BOOLEAN NOT NULL,
    PRIMARY KEY (iso, load_type, interval_minutes, area_type, area_id, interval_start_utc, version),
    CHECK (iso IN ('CAISO', 'ERCOT', 'ISONE', 'MISO', 'NYISO', 'PJM', 'SPP')),
    CHECK (load_type IN ('actual', 'metered', 'preliminary', 'estimated')),
    CHECK (area_type IN ('SYSTEM', 'REGION', 'ZONE', 'WEATHER_ZONE', 'AREA')),
    CHECK (area_id <> ''),
    CHECK (datetime_utc = interval_start_utc),
    CHECK (interval_end_utc > interval_start_utc),
    CHECK (delivery_date = CAST(datetime_local AS DATE)),
    CHECK (delivery_hour BETWEEN 1 AND 24),
    CHECK (delivery_hour = date_part('hour', datetime_local) + 1),
    CHECK (interval_minutes IN (5, 15, 30, 60)),
    CHECK (
        (interval_minutes = 60 AND delivery_interval = 0)
        OR (interval_minutes < 60 AND delivery_interval BETWEEN 1 AND 60 / interval_minutes)
    ),
    CHECK (dst_flag IN ('Y', 'N')),
    CHECK (version >= 1)
);

COMMENT ON TABLE market.load IS
'Load by area, one row per area, interval, kind of load and version, as published.';
COMMENT ON COLUMN market.load.datetime_utc IS
'Start of the interval, UTC; the same moment as interval_start_utc.';
COMMENT ON COLUMN market.load.datetime_local IS
'Start of the interval on the market''s own clock, without a zone. The repeated hour of autumn '
'appears twice; dst_flag tells them apart.';
COMMENT ON COLUMN market.load.interval_start_utc IS
'Start of the interval, UTC, inclusive. Runs off the grid keep their own stamps; nothing is snapped.';
COMMENT ON COLUMN market.load.interval_end_utc IS
'End of the interval, UTC, exclusive.';
COMMENT ON COLUMN market.load.delivery_date IS
'The market day the interval starts in, on the market''s clock. Tables are partitioned by its year.';
COMMENT ON COLUMN market.load.delivery_hour IS
'1 to 24: wall-clock hour of the start plus one, also on the repeated hour.';
COMMENT ON COLUMN market.load.delivery_interval IS
'0 for an hourly load, else the interval within the hour: 1 to 2 (30 minutes), 1 to 4 (15), 1 to 12 (5).';
COMMENT ON COLUMN market.load.interval_minutes IS
'Nominal length of the interval in minutes: 5, 15, 30 or 60. The stamps say how long it really was.';
COMMENT ON COLUMN market.load.iso IS
'The market operator: CAISO, ERCOT, ISONE, MISO, NYISO, PJM or SPP.';
COMMENT ON COLUMN market.load.load_type IS
'actual (telemetry or integrated telemetry), metered (settlement meters), preliminary (meters not yet '
'settled) or '
'estimated (the source''s state estimate or profile).';
COMMENT ON COLUMN market.load.area IS
'Name of the area, as the source writes it; SYSTEM where a row is of the whole market and has no name.';
COMMENT ON COLUMN market.load.area_type IS
'SYSTEM (the whole market as the source totals it), REGION, ZONE, WEATHER_ZONE or AREA (a utility, a '
'balancing '
'authority, any other area). Areas may lie within one another: never add up all of them.';
COMMENT ON COLUMN market.load.area_id IS
'The source''s id of the area, or its name where there is no id. Never NULL, unique within operator and '
'area_type.';
COMMENT ON COLUMN market.load.load_mw IS
'Load, MW, the mean of the interval unless the source says otherwise, as published.';
COMMENT ON COLUMN market.load.dst_flag IS
'Y while the market''s clock is on daylight saving time, else N.';
COMMENT ON COLUMN market.load.data_source IS
'Raw key of the file the row came from; joins to meta.raw_files.raw_key.';
COMMENT ON COLUMN market.load.version IS
'1, 2, 3 and so on: each change of the load, of the stage, or of the source''s own version number.';
COMMENT ON COLUMN market.load.is_current IS
'True for the version that holds now. market.load shows only these, market.load_all '
'every version.';
