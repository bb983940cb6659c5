-- load_forecast: how much was expected to be consumed, in every vintage.
--
-- What:  the forecast load of an area, as published at one moment.
-- Grain: one interval of one area, of one forecast (or model), as published at one moment, in one version.
-- Key:   (iso, interval_minutes, forecast, area_type, area_id, published_at_utc, interval_start_utc,
--        version).
-- Why:   what was expected on the eve is a fact of its own: a later forecast is not a revision of an earlier
--        one. A version is a change within one vintage only.
CREATE TABLE market.load_forecast (
    datetime_utc TIMESTAMPTZ NOT NULL,
    datetime_local TIMESTAMP NOT NULL,
    interval_start_utc TIMESTAMPTZ NOT NULL,
    interval_end_utc TIMESTAMPTZ NOT NULL,
    delivery_date DATE NOT NULL,
    delivery_hour INTEGER NOT NULL,
    delivery_interval INTEGER NOT NULL,
    interval_minutes INTEGER NOT NULL,
    iso VARCHAR NOT NULL,
    forecast VARCHAR NOT NULL,
    published_at_utc TIMESTAMPTZ NOT NULL,
    published_at_basis VARCHAR NOT NULL,
    horizon_minutes INTEGER NOT NULL,
    is_in_use BOOLEAN,
    area VARCHAR NOT NULL,
    area_type VARCHAR NOT NULL,
    area_id VARCHAR NOT NULL,
    forecast_mw DOUBLE NOT NULL,
    dst_flag VARCHAR NOT NULL,
    data_source VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    is_current BOOLEAN NOT NULL,
    PRIMARY KEY (
        iso, interval_minutes, forecast, area_type, area_id, published_at_utc, interval_start_utc, version
    ),
    CHECK (iso IN ('CAISO', 'ERCOT', 'ISONE', 'MISO', 'NYISO', 'PJM', 'SPP')),
    CHECK (forecast <> ''),
    CHECK (published_at_basis IN ('source', 'schedule', 'file', 'fetch')),
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

COMMENT ON TABLE market.load_forecast IS
'Load forecasts by area, one row per area, interval, forecast, moment of publication and version, as '
'published. '
'Every vintage is kept.';
COMMENT ON COLUMN market.load_forecast.datetime_utc IS
'Start of the interval, UTC; the same moment as interval_start_utc.';
COMMENT ON COLUMN market.load_forecast.datetime_local IS
'Start of the interval on the market''s own clock, without a zone. The repeated hour of autumn '
'appears twice; dst_flag tells them apart.';
COMMENT ON COLUMN market.load_forecast.interval_start_utc IS
'Start of the interval, UTC, inclusive. Runs off the grid keep their own stamps; nothing is snapped.';
COMMENT ON COLUMN market.load_forecast.interval_end_utc IS
'End of the interval, UTC, exclusive.';
COMMENT ON COLUMN market.load_forecast.delivery_date IS
'The market day the interval starts in, on the market''s clock. Tables are partitioned by its year.';
COMMENT ON COLUMN market.load_forecast.delivery_hour IS
'1 to 24: wall-clock hour of the start plus one, also on the repeated hour.';
COMMENT ON COLUMN market.load_forecast.delivery_interval IS
'0 for an hourly forecast, else the interval within the hour: 1 to 2 (30 minutes), 1 to 4 (15), 1 to 12 (5).';
COMMENT ON COLUMN market.load_forecast.interval_minutes IS
'Nominal length of the interval in minutes: 5, 15, 30 or 60. The stamps say how long it really was.';
COMMENT ON COLUMN market.load_forecast.iso IS
'The market operator: CAISO, ERCOT, ISONE, MISO, NYISO, PJM or SPP.';
COMMENT ON COLUMN market.load_forecast.forecast IS
'The source''s own name of the forecast or of its model.';
COMMENT ON COLUMN market.load_forecast.published_at_utc IS
'When this vintage was published, UTC. Where the file does not say so, the full minute in which the source '
'wrote it, or in which it was first seen: see published_at_basis.';
COMMENT ON COLUMN market.load_forecast.published_at_basis IS
'How published_at_utc is known: source (the source says so), schedule (the source''s timetable), file '
'(the own '
'time of an imported file), fetch (the moment of the download: published then or earlier).';
COMMENT ON COLUMN market.load_forecast.horizon_minutes IS
'Full minutes from published_at_utc to the start of the interval; negative where the interval had begun.';
COMMENT ON COLUMN market.load_forecast.is_in_use IS
'Whether the source itself used this model for the interval, where it says so.';
COMMENT ON COLUMN market.load_forecast.area IS
'Name of the area, as the source writes it; SYSTEM where a row is of the whole market and has no name.';
COMMENT ON COLUMN market.load_forecast.area_type IS
'SYSTEM (the whole market as the source totals it), REGION, ZONE, WEATHER_ZONE or AREA (a utility, a '
'balancing '
'authority, any other area). Areas may lie within one another: never add up all of them.';
COMMENT ON COLUMN market.load_forecast.area_id IS
'The source''s id of the area, or its name where there is no id. Never NULL, unique within operator and '
'area_type.';
COMMENT ON COLUMN market.load_forecast.forecast_mw IS
'Forecast load, MW, the mean of the interval unless the source says otherwise, as published.';
COMMENT ON COLUMN market.load_forecast.dst_flag IS
'Y while the market''s clock is on daylight saving time, else N.';
COMMENT ON COLUMN market.load_forecast.data_source IS
'Raw key of the file the row came from; joins to meta.raw_files.raw_key.';
COMMENT ON COLUMN market.load_forecast.version IS
'1, 2, 3 and so on: each change within one vintage. A later forecast is another vintage, never a version.';
COMMENT ON COLUMN market.load_forecast.is_current IS
'True for the version that holds now. market.load_forecast shows only these, market.load_forecast_all '
'every version.';
