-- price_adders: the parts of a price that have no column of their own.
--
-- What:  one named component of one price: a greenhouse-gas component, a scarcity adder, a system
--        lambda published by its own report.
-- Grain: one market run's interval, one location (or SYSTEM), one component, in one version.
-- Key:   (iso, market_type, interval_minutes, settlement_location_id, component, interval_start_utc,
--        version).
-- Why:   each market has adders of its own. A narrow table takes any of them without a new column in
--        energy_prices, and without a value being dropped.
CREATE TABLE market.price_adders (
    datetime_utc TIMESTAMPTZ NOT NULL,
    datetime_local TIMESTAMP NOT NULL,
    interval_start_utc TIMESTAMPTZ NOT NULL,
    interval_end_utc TIMESTAMPTZ NOT NULL,
    delivery_date DATE NOT NULL,
    delivery_hour INTEGER NOT NULL,
    delivery_interval INTEGER NOT NULL,
    interval_minutes INTEGER NOT NULL,
    iso VARCHAR NOT NULL,
    market_type VARCHAR NOT NULL,
    settlement_location_id VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    price DOUBLE NOT NULL,
    dst_flag VARCHAR NOT NULL,
    data_source VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    is_current BOOLEAN NOT NULL,
    PRIMARY KEY (
        iso, market_type, interval_minutes, settlement_location_id, component, interval_start_utc, version
    ),
    CHECK (iso IN ('CAISO', 'ERCOT', 'ISONE', 'MISO', 'NYISO', 'PJM', 'SPP')),
    CHECK (market_type IN ('DA', 'RT')),
    CHECK (settlement_location_id <> ''),
    CHECK (component <> '' AND component = UPPER(component)),
    CHECK (datetime_utc = interval_start_utc),
    CHECK (interval_end_utc > interval_start_utc),
    CHECK (delivery_date = CAST(datetime_local AS DATE)),
    CHECK (delivery_hour BETWEEN 1 AND 24),
    CHECK (delivery_hour = date_part('hour', datetime_local) + 1),
    CHECK (interval_minutes IN (5, 15, 60)),
    CHECK (
        (interval_minutes = 60 AND delivery_interval = 0)
        OR (interval_minutes = 15 AND delivery_interval BETWEEN 1 AND 4)
        OR (interval_minutes = 5 AND delivery_interval BETWEEN 1 AND 12)
    ),
    CHECK (dst_flag IN ('Y', 'N')),
    CHECK (version >= 1)
);

COMMENT ON TABLE market.price_adders IS
'Named components of prices that energy_prices has no column for, one row per location, component, '
'interval and version.';
COMMENT ON COLUMN market.price_adders.datetime_utc IS
'Start of the interval, UTC; the same moment as interval_start_utc.';
COMMENT ON COLUMN market.price_adders.datetime_local IS
'Start of the interval on the market''s own clock, without a zone. The repeated hour of autumn '
'appears twice; dst_flag tells them apart.';
COMMENT ON COLUMN market.price_adders.interval_start_utc IS
'Start of the interval, UTC, inclusive. Runs off the grid keep their own stamps; nothing is snapped.';
COMMENT ON COLUMN market.price_adders.interval_end_utc IS
'End of the interval, UTC, exclusive.';
COMMENT ON COLUMN market.price_adders.delivery_date IS
'The market day the interval starts in, on the market''s clock. Tables are partitioned by its year.';
COMMENT ON COLUMN market.price_adders.delivery_hour IS
'1 to 24: wall-clock hour of the start plus one, also on the repeated hour.';
COMMENT ON COLUMN market.price_adders.delivery_interval IS
'0 for an hourly price, else the interval within the hour: 1 to 4 (15 minutes), 1 to 12 (5 minutes).';
COMMENT ON COLUMN market.price_adders.interval_minutes IS
'Nominal length of the interval in minutes: 5, 15 or 60. The stamps say how long it really was.';
COMMENT ON COLUMN market.price_adders.iso IS
'The market operator: CAISO, ERCOT, ISONE, MISO, NYISO, PJM or SPP.';
COMMENT ON COLUMN market.price_adders.market_type IS
'DA (day-ahead) or RT (real-time).';
COMMENT ON COLUMN market.price_adders.settlement_location_id IS
'Id of the location, the same as in energy_prices; SYSTEM where the component holds for the whole market.';
COMMENT ON COLUMN market.price_adders.component IS
'Name of the component, in capitals: GREENHOUSE_GAS, SYSTEM_LAMBDA and so on.';
COMMENT ON COLUMN market.price_adders.price IS
'The component, $/MWh, as published.';
COMMENT ON COLUMN market.price_adders.dst_flag IS
'Y while the market''s clock is on daylight saving time, else N.';
COMMENT ON COLUMN market.price_adders.data_source IS
'Raw key of the file the row came from; joins to meta.raw_files.raw_key.';
COMMENT ON COLUMN market.price_adders.version IS
'1, 2, 3 and so on: each change of the price, of the stage, or of the source''s own version number.';
COMMENT ON COLUMN market.price_adders.is_current IS
'True for the version that holds now. market.price_adders shows only these, market.price_adders_all '
'every version.';
