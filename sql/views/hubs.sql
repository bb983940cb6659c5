-- hubs: the locations that are trading hubs.
--
-- Grain: one location (operator and id).
-- Reads: meta.locations.
-- Why:   what most questions begin with.
SELECT *
FROM meta.locations
WHERE settlement_location_type = 'HUB'
