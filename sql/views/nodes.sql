-- nodes: every location that is neither a trading hub nor a zone.
--
-- Grain: one location (operator and id).
-- Reads: meta.locations.
-- Why:   nodes, buses and resource nodes, with interfaces and aggregates, so that meta.hubs, meta.zones and
--        this view together are meta.locations; the type tells them apart.
SELECT *
FROM meta.locations
WHERE settlement_location_type NOT IN ('HUB', 'ZONE')
