-- energy_prices_ex_ante: locational prices of energy, as they were before they were settled on.
--
-- What:  one price and its components of the first solution of a market. A market operator that prices its
--        dispatch again afterwards settles on the later prices, which are in energy_prices.
-- Grain: one market run's interval, at one location, in one version.
-- Key:   (iso, market_type, interval_minutes, settlement_location_id, interval_start_utc, version).
--        Time in the key is UTC: the repeated hour of autumn is two rows, the missing hour of spring none.
-- Why:   an ex-ante price is another price, not an early version of the ex-post one. In a table of its
--        own, under the contract of energy_prices, it neither revises the settled price nor is averaged with
--        it.
CREATE TABLE market.energy_prices_ex_ante (
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
    settlement_location VARCHAR NOT NULL,
    settlement_location_type VARCHAR NOT NULL,
    settlement_location_id VARCHAR NOT NULL,
    zone VARCHAR,
    voltage_kv DOUBLE,
    lmp_total DOUBLE NOT NULL,
    lmp_energy DOUBLE,
    lmp_congestion DOUBLE,
    lmp_loss DOUBLE,
    system_lambda DOUBLE,
    dst_flag VARCHAR NOT NULL,
    data_source VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    is_current BOOLEAN NOT NULL,
    PRIMARY KEY (iso, market_type, interval_minutes, settlement_location_id, interval_start_utc, version),
    CHECK (iso IN ('CAISO', 'ERCOT', 'ISONE', 'MISO', 'NYISO', 'PJM', 'SPP')),
    CHECK (market_type IN ('DA', 'RT')),
    CHECK (
        settlement_location_type IN (
            'HUB', 'ZONE', 'NODE', 'INTERFACE', 'RESOURCE_NODE', 'AGGREGATE', 'BUS'
        )
    ),
    CHECK (settlement_location_id <> ''),
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

COMMENT ON TABLE market.energy_prices_ex_ante IS
'Locational prices of energy of a market''s first solution (ex-ante), before the prices of energy_prices '
'that are settled on; the same columns.';
COMMENT ON COLUMN market.energy_prices_ex_ante.datetime_utc IS
'Start of the interval, UTC; the same moment as interval_start_utc.';
COMMENT ON COLUMN market.energy_prices_ex_ante.datetime_local IS
'Start of the interval on the market''s own clock, without a zone. The repeated hour of autumn '
'appears twice; dst_flag tells them apart.';
COMMENT ON COLUMN market.energy_prices_ex_ante.interval_start_utc IS
'Start of the interval, UTC, inclusive. Runs off the grid keep their own stamps; nothing is snapped.';
COMMENT ON COLUMN market.energy_prices_ex_ante.interval_end_utc IS
'End of the interval, UTC, exclusive.';
COMMENT ON COLUMN market.energy_prices_ex_ante.delivery_date IS
'The market day the interval starts in, on the market''s clock. Tables are partitioned by its year.';
COMMENT ON COLUMN market.energy_prices_ex_ante.delivery_hour IS
'1 to 24: wall-clock hour of the start plus one, also on the repeated hour.';
COMMENT ON COLUMN market.energy_prices_ex_ante.delivery_interval IS
'0 for an hourly price, else the interval within the hour: 1 to 4 (15 minutes), 1 to 12 (5 minutes).';
COMMENT ON COLUMN market.energy_prices_ex_ante.interval_minutes IS
'Nominal length of the interval in minutes: 5, 15 or 60. The stamps say how long it really was.';
COMMENT ON COLUMN market.energy_prices_ex_ante.iso IS
'The market operator: CAISO, ERCOT, ISONE, MISO, NYISO, PJM or SPP.';
COMMENT ON COLUMN market.energy_prices_ex_ante.market_type IS
'DA (day-ahead) or RT (real-time). interval_minutes tells the real-time markets of one operator apart.';
COMMENT ON COLUMN market.energy_prices_ex_ante.settlement_location IS
'Name of the location, as the source writes it.';
COMMENT ON COLUMN market.energy_prices_ex_ante.settlement_location_type IS
'HUB, ZONE, NODE, INTERFACE, RESOURCE_NODE, AGGREGATE or BUS; the source''s own word is kept in '
'meta.locations.';
COMMENT ON COLUMN market.energy_prices_ex_ante.settlement_location_id IS
'The source''s id of the location, or its name where there is no id. Never NULL, unique within one '
'operator.';
COMMENT ON COLUMN market.energy_prices_ex_ante.zone IS
'Zone the location belongs to, where the source says so.';
COMMENT ON COLUMN market.energy_prices_ex_ante.voltage_kv IS
'Voltage of the location in kV, where the source says so.';
COMMENT ON COLUMN market.energy_prices_ex_ante.lmp_total IS
'Locational marginal price, $/MWh, as published.';
COMMENT ON COLUMN market.energy_prices_ex_ante.lmp_energy IS
'Energy component, $/MWh. NULL where the source has none. Where a source publishes the total and '
'every other component, it is the exact decimal difference.';
COMMENT ON COLUMN market.energy_prices_ex_ante.lmp_congestion IS
'Congestion component, $/MWh, signed so that total = energy + congestion + loss (some sources print '
'the opposite sign). NULL where the source has none.';
COMMENT ON COLUMN market.energy_prices_ex_ante.lmp_loss IS
'Loss component, $/MWh, signed so that total = energy + congestion + loss. NULL where the source has none.';
COMMENT ON COLUMN market.energy_prices_ex_ante.system_lambda IS
'System-wide price of energy, $/MWh, where it stands in the same publication as the price.';
COMMENT ON COLUMN market.energy_prices_ex_ante.dst_flag IS
'Y while the market''s clock is on daylight saving time, else N.';
COMMENT ON COLUMN market.energy_prices_ex_ante.data_source IS
'Raw key of the file the row came from; joins to meta.raw_files.raw_key.';
COMMENT ON COLUMN market.energy_prices_ex_ante.version IS
'1, 2, 3 and so on: each change of a price, of the stage, or of the source''s own version number.';
COMMENT ON COLUMN market.energy_prices_ex_ante.is_current IS
'True for the version that holds now. market.energy_prices_ex_ante shows only these, '
'market.energy_prices_ex_ante_all every version.';
