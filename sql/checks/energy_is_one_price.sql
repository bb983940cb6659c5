-- energy_is_one_price: the energy component of an interval is the same at every location.
--
-- Severity:  warning
-- Finds:     intervals whose energy component differs between locations told by the same dataset.
-- Tolerance: per operator, see below. Operators that are not named are not looked at: theirs may differ.
-- Reads:     market.energy_prices, market.energy_prices_ex_ante (current rows).
-- Why:       where energy is derived from the total, components add up by themselves, and a component of the
--            wrong sign or place shows only here. Stages of one series are kept apart: they were priced at
--            other times.
WITH tolerances (iso, dollars) AS (
    VALUES
    -- Derived from three numbers in cents: at most 0.015 off each way.
    ('NYISO', 0.0301),
    -- Published with up to six decimals; derived from cents where it is not verified yet.
    ('PJM', 0.0301),
    -- Derived from three numbers in cents; 0.03 was seen in real time, day-ahead files are exact.
    ('MISO', 0.0301),
    -- Published in cents, one number for all.
    ('ISONE', 0.000001)
    -- SPP has an energy price for each of its balancing authorities. ERCOT publishes none.
),

priced AS (
    SELECT
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        interval_start_utc,
        lmp_energy,
        data_source
    FROM market.energy_prices
    UNION ALL
    SELECT
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        interval_start_utc,
        lmp_energy,
        data_source
    FROM market.energy_prices_ex_ante
),

intervals AS (
    SELECT
        iso,
        market_type,
        interval_minutes,
        delivery_date,
        interval_start_utc,
        split_part(data_source, '/', 3) AS dataset,
        MIN(lmp_energy) AS lowest,
        MAX(lmp_energy) AS highest,
        COUNT(*) AS locations
    FROM priced
    GROUP BY iso, market_type, interval_minutes, delivery_date, interval_start_utc, dataset
)

SELECT
    intervals.*,
    tolerances.dollars AS tolerance
FROM intervals
INNER JOIN tolerances ON intervals.iso = tolerances.iso
WHERE intervals.highest - intervals.lowest > tolerances.dollars
