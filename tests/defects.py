"""Defects of rows, by what is wrong, as SQL over copies of the small lake's tables (schema ``every``)."""

from __future__ import annotations

NEW_YORK = "iso = 'NYISO' AND interval_minutes = 60 AND settlement_location_id = '61752'"
ONE_HOUR = f"{NEW_YORK} AND interval_start_utc = TIMESTAMPTZ '2025-11-01 15:00:00+00'"
HUB_HOUR = (
    "settlement_location_id = 'TH_NP15_GEN-APND' AND delivery_date = '2025-11-01' AND delivery_hour = 2"
)
LONG_DAY = "iso = 'CAISO' AND delivery_date = '2025-11-02'"

# What is wrong: the check that is for it, how many rows it must find, and the statements that plant it.
DEFECTS: dict[str, tuple[str, int, list[str]]] = {
    "a key twice": (
        "no_duplicate_keys",
        1,
        [f"INSERT INTO every.energy_prices FROM every.energy_prices WHERE {ONE_HOUR}"],
    ),
    "a key twice in another series": (
        "no_duplicate_keys",
        1,
        [
            "INSERT INTO every.energy_prices SELECT * REPLACE ('raw/nyiso/other/2025-11-01/x.csv' AS data_source) "
            f"FROM every.energy_prices WHERE {ONE_HOUR}"
        ],
    ),
    "a reserve price twice": (
        "no_duplicate_keys",
        2,
        [
            "INSERT INTO every.ancillary_services FROM every.ancillary_services WHERE iso = 'CAISO' "
            "AND as_product = 'RU' AND as_region = 'AS_CAISO' AND delivery_date = '2025-11-02' AND delivery_hour = 2"
        ],
    ),
    "two current versions": (
        "one_current_version",
        1,
        [
            "INSERT INTO every.energy_prices SELECT * REPLACE (2 AS version) "
            f"FROM every.energy_prices WHERE {ONE_HOUR}"
        ],
    ),
    "no current version": (
        "one_current_version",
        1,
        [f"UPDATE every.energy_prices SET is_current = false WHERE {ONE_HOUR}"],
    ),
    "a version left out": (
        "versions_are_consecutive",
        1,
        [
            "INSERT INTO every.energy_prices SELECT * REPLACE (3 AS version, false AS is_current) "
            f"FROM every.energy_prices WHERE {ONE_HOUR}"
        ],
    ),
    "no first version": (
        "versions_are_consecutive",
        1,
        [f"UPDATE every.energy_prices SET version = 2 WHERE {ONE_HOUR}"],
    ),
    "an interval that is too long": (
        "intervals_do_not_overlap",
        1,
        [
            f"UPDATE every.energy_prices SET interval_end_utc = interval_end_utc + INTERVAL 1 MINUTE WHERE {ONE_HOUR}"
        ],
    ),
    "an interval that begins too early": (
        "intervals_do_not_overlap",
        1,
        [
            "UPDATE every.price_adders SET interval_start_utc = interval_start_utc - INTERVAL 1 SECOND "
            "WHERE settlement_location_id = 'TH_NP15_GEN-APND' AND delivery_date = '2025-11-03' AND delivery_hour = 1"
            " AND interval_start_utc > TIMESTAMPTZ '2025-11-03 07:00:00+00'",
            "UPDATE every.price_adders SET interval_end_utc = interval_end_utc + INTERVAL 2 DAY "
            "WHERE settlement_location_id = 'TH_NP15_GEN-APND' AND delivery_date = '2025-11-01' AND delivery_hour = 24",
        ],
    ),
    "an hour that is missing on a day": (
        "gaps_inside_days",
        1,
        [f"DELETE FROM every.ancillary_services WHERE {LONG_DAY} AND delivery_hour = 7"],
    ),
    "a day without rows though its file is there": (
        "gaps_inside_days",
        1,
        [f"DELETE FROM every.ancillary_services WHERE {LONG_DAY}"],
    ),
    "a run off the grid that is missing": (
        "gaps_inside_days",
        1,
        [
            "DELETE FROM every.energy_prices WHERE iso = 'NYISO' AND interval_minutes = 5 "
            "AND datetime_local BETWEEN '2025-11-03 11:00:00' AND '2025-11-03 11:30:00'"
        ],
    ),
    "one location without an hour": (
        "locations_have_every_interval",
        1,
        [f"DELETE FROM every.energy_prices WHERE {ONE_HOUR}"],
    ),
    "a price beyond every cap": (
        "prices_are_plausible",
        1,
        [f"UPDATE every.energy_prices SET lmp_total = 10000.5 WHERE {ONE_HOUR}"],
    ),
    "a component below every floor": (
        "prices_are_plausible",
        1,
        [f"UPDATE every.energy_prices SET lmp_congestion = -2000.5 WHERE {ONE_HOUR}"],
    ),
    "a reserve price that is no number": (
        "prices_are_plausible",
        1,
        [
            "UPDATE every.ancillary_services SET market_clearing_price = 'nan'::DOUBLE WHERE iso = 'CAISO' "
            "AND as_product = 'RU' AND as_region = 'AS_CAISO' AND delivery_date = '2025-11-01' AND delivery_hour = 2"
        ],
    ),
    "an adder without end": (
        "prices_are_plausible",
        1,
        [f"UPDATE every.price_adders SET price = '-inf'::DOUBLE WHERE {HUB_HOUR}"],
    ),
    "a load that no area can have had": (
        "loads_are_plausible",
        1,
        [
            "INSERT INTO every.load (iso, load_type, delivery_date, area_type, area_id, load_mw, is_current) "
            "VALUES ('NYISO', 'actual', '2025-11-01', 'ZONE', '61752', 1e6, true)"
        ],
    ),
    "a region that nobody declared": (
        "as_regions_known",
        1,
        [
            "UPDATE every.ancillary_services SET as_region = 'AS_MARS' WHERE iso = 'CAISO' "
            "AND as_region = 'AS_CAISO' AND delivery_date = '2025-11-01'"
        ],
    ),
    "a product under another standard": (
        "as_products_agree",
        3,
        ["UPDATE every.ancillary_services SET as_product_standard = 'SPIN' WHERE as_product = 'NR'"],
    ),
    "components that do not add up": (
        "components_add_up",
        1,
        [f"UPDATE every.energy_prices SET lmp_loss = lmp_loss + 0.01 WHERE {ONE_HOUR}"],
    ),
    "an adder that is no part of the price": (
        "components_add_up",
        1,
        [
            f"UPDATE every.energy_prices SET lmp_total = lmp_total + 3 WHERE {HUB_HOUR}",
            f"UPDATE every.price_adders SET price = 2 WHERE {HUB_HOUR}",
        ],
    ),
    "energy that differs between locations": (
        "energy_is_one_price",
        1,
        [
            "UPDATE every.energy_prices SET lmp_energy = lmp_energy + 0.04, lmp_loss = lmp_loss - 0.04 "
            f"WHERE {ONE_HOUR}"
        ],
    ),
    "the repeated hour read as the first": (
        "local_time_agrees",
        1,
        [
            "UPDATE every.ancillary_services SET datetime_utc = datetime_utc - INTERVAL 1 HOUR "
            "WHERE iso = 'CAISO' AND datetime_local = '2025-11-02 01:00:00' "
            "AND datetime_utc = TIMESTAMPTZ '2025-11-02 09:00:00+00' AND datetime_utc = interval_start_utc "
            "AND as_product = 'RU' AND as_region = 'AS_CAISO'",
            "UPDATE every.ancillary_services SET datetime_local = datetime_local + INTERVAL 1 HOUR "
            "WHERE iso = 'CAISO' AND datetime_utc <> interval_start_utc",
        ],
    ),
    "daylight time in winter": (
        "local_time_agrees",
        24,
        [f"UPDATE every.energy_prices SET dst_flag = 'N' WHERE {NEW_YORK} AND delivery_date = '2025-11-01'"],
    ),
    "a row on the wrong day": (
        "local_time_agrees",
        1,
        [f"UPDATE every.energy_prices SET delivery_date = delivery_date + 1 WHERE {ONE_HOUR}"],
    ),
    "a row that no raw object told": (
        "rows_have_raw_objects",
        1,
        [f"UPDATE every.energy_prices SET data_source = 'raw/nyiso/da_energy_hourly/x' WHERE {ONE_HOUR}"],
    ),
    "rows of a file that cannot be read": (
        "rows_have_raw_objects",
        1,
        [
            "INSERT INTO meta.raw_files BY NAME SELECT * REPLACE ('zzz' AS event_id, 'quarantined' AS status) "
            "FROM meta.raw_files WHERE iso = 'NYISO' AND dataset = 'da_energy_hourly' AND status = 'ok' "
            "ORDER BY event_id LIMIT 1"
        ],
    ),
}
