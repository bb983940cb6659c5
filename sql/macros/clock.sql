-- clock: from a market's wall clock to UTC, and back.
--
-- What:  scalar macros over a named time zone of the tz database. Every TIMESTAMP here is naive; what it
--        means (wall clock or UTC) stands in its name.
-- Why:   twice a year a wall clock lies. In autumn one hour is shown twice, in spring one hour is never
--        shown. A plain conversion picks one reading in silence; these say which reading they mean and
--        answer NULL where there is none. The zone database knows the rules of every year (the United
--        States moved both changes in 2007), so no date is written down.
-- How:   around any wall time only two offsets can hold: that of a day earlier and that of a day later.
--        Each gives one candidate; a candidate counts if the clock shows the wall time at that moment.
-- Cost:  several calendar calls per value. Call them on the distinct stamps, not on every row.

-- The wall clock of a zone at a moment in UTC.
CREATE OR REPLACE MACRO utc_to_local(zone_name, utc_stamp) AS
timezone(zone_name, timezone('UTC', utc_stamp));

-- How far the zone's clock is ahead of UTC around a wall time (an INTERVAL, negative in America).
CREATE OR REPLACE MACRO offset_near(zone_name, wall_stamp) AS
wall_stamp - timezone('UTC', timezone(zone_name, wall_stamp));

-- The wall time read with a given offset, if the zone's clock shows it at that moment, else NULL.
CREATE OR REPLACE MACRO utc_if_shown(zone_name, wall_stamp, clock_offset) AS
CASE
    WHEN utc_to_local(zone_name, wall_stamp - clock_offset) = wall_stamp
        THEN wall_stamp - clock_offset
END;

-- The moment at which a zone's clock shows a wall time: pass 1 is the first time it shows it, pass 2 the
-- second. The two differ only in the repeated hour. NULL in the hour that spring leaves out.
CREATE OR REPLACE MACRO local_to_utc(zone_name, wall_stamp, pass) AS
CASE
    WHEN pass = 1
        THEN LEAST(
            utc_if_shown(zone_name, wall_stamp, offset_near(zone_name, wall_stamp - INTERVAL 1 DAY)),
            utc_if_shown(zone_name, wall_stamp, offset_near(zone_name, wall_stamp + INTERVAL 1 DAY))
        )
    ELSE GREATEST(
        utc_if_shown(zone_name, wall_stamp, offset_near(zone_name, wall_stamp - INTERVAL 1 DAY)),
        utc_if_shown(zone_name, wall_stamp, offset_near(zone_name, wall_stamp + INTERVAL 1 DAY))
    )
END;

-- The moment at which a zone's clock shows a wall time, where a flag says which time is meant: Y the second,
-- N the first. NULL where the clock shows the wall time twice and the flag says neither.
CREATE OR REPLACE MACRO flagged_to_utc(zone_name, wall_stamp, flag) AS
CASE
    WHEN flag = 'Y' THEN local_to_utc(zone_name, wall_stamp, 2)
    WHEN flag = 'N' OR local_to_utc(zone_name, wall_stamp, 1) = local_to_utc(zone_name, wall_stamp, 2)
        THEN local_to_utc(zone_name, wall_stamp, 1)
END;
