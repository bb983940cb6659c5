-- ancillary_services: prices and cleared quantities of reserves, regulation and the like.
--
-- What:  one clearing price (and quantity, where published with it) of one product in one region.
-- Grain: one market run's interval, one product, one region, in one version.
-- Key:   (iso, market_type, interval_minutes, as_product, as_region, interval_start_utc, version).
-- Why:   products have other names and other nested regions in every market. The source's own name is
--        kept in as_product, the comparable one is as_product_standard. Different prices of one product
--        (capped and uncapped, say) are different as_products, so that the key stays a key.
CREATE TABLE market.ancillary_services (
    datetime_utc TIMESTAMPTZ NOT NULL,
    datetime_local TIMESTAMP NOT NULL,
    interval_start_utc TIMESTAMPTZ NOT NULL,
    interval_end_utc TIMESTAMPTZ NOT NULL,
    delivery_date DATE NOT NULL,
    delivery_hour INTEGER NOT NULL,
    interval_minutes INTEGER NOT NULL,
    iso VARCHAR NOT NULL,
    market_type VARCHAR NOT NULL,
    as_product VARCHAR NOT NULL,
    as_product_standard VARCHAR NOT NULL,
    as_region VARCHAR NOT NULL,
    market_clearing_price DOUBLE,
    cleared_quantity_mw DOUBLE,
    unit VARCHAR NOT NULL,
    data_source VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    is_current BOOLEAN NOT NULL,
    PRIMARY KEY (iso, market_type, interval_minutes, as_product, as_region, interval_start_utc, version),
    CHECK (iso IN ('CAISO', 'ERCOT', 'ISONE', 'MISO', 'NYISO', 'PJM', 'SPP')),
    CHECK (market_type IN ('DA', 'RT')),
    CHECK (
        as_product_standard IN (
            'REG_UP', 'REG_DOWN', 'REG', 'REG_MILEAGE_UP', 'REG_MILEAGE_DOWN', 'REG_MILEAGE',
            'SPIN', 'NON_SPIN', 'SUPPLEMENTAL', 'CONTINGENCY', 'RAMP_UP', 'RAMP_DOWN',
            'IMBALANCE_UP', 'IMBALANCE_DOWN', 'RELIABILITY_UP', 'RELIABILITY_DOWN',
            'UNCERTAINTY_UP', 'OTHER'
        )
    ),
    CHECK (as_product <> ''),
    CHECK (as_region <> ''),
    CHECK (market_clearing_price IS NOT NULL OR cleared_quantity_mw IS NOT NULL),
    CHECK (datetime_utc = interval_start_utc),
    CHECK (interval_end_utc > interval_start_utc),
    CHECK (delivery_date = CAST(datetime_local AS DATE)),
    CHECK (delivery_hour BETWEEN 1 AND 24),
    CHECK (delivery_hour = date_part('hour', datetime_local) + 1),
    CHECK (interval_minutes IN (5, 15, 60)),
    CHECK (version >= 1)
);

COMMENT ON TABLE market.ancillary_services IS
'Clearing prices and quantities of ancillary services, one row per product, region, interval and '
'version, as published.';
COMMENT ON COLUMN market.ancillary_services.datetime_utc IS
'Start of the interval, UTC; the same moment as interval_start_utc.';
COMMENT ON COLUMN market.ancillary_services.datetime_local IS
'Start of the interval on the market''s own clock, without a zone. The repeated hour of autumn '
'appears twice; datetime_utc tells them apart.';
COMMENT ON COLUMN market.ancillary_services.interval_start_utc IS
'Start of the interval, UTC, inclusive. Runs off the grid keep their own stamps; nothing is snapped.';
COMMENT ON COLUMN market.ancillary_services.interval_end_utc IS
'End of the interval, UTC, exclusive.';
COMMENT ON COLUMN market.ancillary_services.delivery_date IS
'The market day the interval starts in, on the market''s clock. Tables are partitioned by its year.';
COMMENT ON COLUMN market.ancillary_services.delivery_hour IS
'1 to 24: wall-clock hour of the start plus one, also on the repeated hour.';
COMMENT ON COLUMN market.ancillary_services.interval_minutes IS
'Nominal length of the interval in minutes: 5, 15 or 60. The stamps say how long it really was.';
COMMENT ON COLUMN market.ancillary_services.iso IS
'The market operator: CAISO, ERCOT, ISONE, MISO, NYISO, PJM or SPP.';
COMMENT ON COLUMN market.ancillary_services.market_type IS
'DA (day-ahead) or RT (real-time).';
COMMENT ON COLUMN market.ancillary_services.as_product IS
'The product, as the source names it. Different prices of one product are different as_products.';
COMMENT ON COLUMN market.ancillary_services.as_product_standard IS
'The comparable product: REG_UP, REG_DOWN, REG, REG_MILEAGE_UP, REG_MILEAGE_DOWN, REG_MILEAGE, SPIN, '
'NON_SPIN, SUPPLEMENTAL (30 minutes), CONTINGENCY, RAMP_UP, RAMP_DOWN, IMBALANCE_UP, IMBALANCE_DOWN, '
'RELIABILITY_UP, RELIABILITY_DOWN, UNCERTAINTY_UP or OTHER.';
COMMENT ON COLUMN market.ancillary_services.as_region IS
'The region the price holds for, as the source names it; SYSTEM where it names none. Nested regions '
'are stored as published, their nesting in meta.as_regions.';
COMMENT ON COLUMN market.ancillary_services.market_clearing_price IS
'Clearing price in the unit of the column unit, as published. NULL where only a quantity was published.';
COMMENT ON COLUMN market.ancillary_services.cleared_quantity_mw IS
'Quantity cleared, MW, where it stands in the same publication as the price.';
COMMENT ON COLUMN market.ancillary_services.unit IS
'Unit of market_clearing_price: $/MWh, $/MW and so on.';
COMMENT ON COLUMN market.ancillary_services.data_source IS
'Raw key of the file the row came from; joins to meta.raw_files.raw_key.';
COMMENT ON COLUMN market.ancillary_services.version IS
'1, 2, 3 and so on: each change of a price, of a quantity, of the stage, or of the source''s own '
'version number.';
COMMENT ON COLUMN market.ancillary_services.is_current IS
'True for the version that holds now. market.ancillary_services shows only these, '
'market.ancillary_services_all every version.';
