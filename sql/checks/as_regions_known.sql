-- as_regions_known: every reserve region of the rows is one that the registry declares.
--
-- Severity:  warning
-- Finds:     regions that are not in meta.as_regions, with the days on which they occur.
-- Tolerance: SYSTEM stands for "the source names no region" and needs no declaration.
-- Reads:     market.ancillary_services (current rows), meta.as_regions.
-- Why:       nested regions are added up by meta.as_regions; a region that is not there would be left out in
--            silence. Declare it in the operator's registry file.
WITH named AS (
    SELECT
        iso,
        market_type,
        delivery_date,
        as_region,
        COUNT(*) AS rows,
        ANY_VALUE(data_source) AS data_source
    FROM market.ancillary_services
    WHERE as_region <> 'SYSTEM'
    GROUP BY iso, market_type, delivery_date, as_region
)

SELECT named.*
FROM named
ANTI JOIN meta.as_regions
    ON
        named.iso = as_regions.iso
        AND named.as_region = as_regions.as_region
