"""Which independent reader reads which dataset, and what a source's own printed numbers are called in the tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from oracle import caiso, contract, ercot, isone, lists, miso, miso_archives, miso_load, nyiso, pjm, spp
from oracle.shell import Case, Row

# The numbers that a source prints, by its own column or component, and the contract column they arrive in.
PRINTED = {
    "LMP": "lmp_total",
    "MCE": "lmp_energy",
    "MCC": "lmp_congestion",
    "MCL": "lmp_loss",
    "MEC": "lmp_energy",
    "MLC": "lmp_loss",
    "MGHG": "price",
    "LmpTotal": "lmp_total",
    "EnergyComponent": "lmp_energy",
    "CongestionComponent": "lmp_congestion",
    "LossComponent": "lmp_loss",
    "MW": "market_clearing_price",
    "LBMP": "lmp_total",
    "Marginal Cost Losses": "lmp_loss",
    "MCPC": "market_clearing_price",
    "Component": "price",
    "value": "market_clearing_price",
    "total_mw": "cleared_quantity_mw",
}
RESULTS = {"REG": "REG", "SR": "SPIN", "PR": "NON_SPIN", "30MIN": "SUPPLEMENTAL"}
SERVICES = {
    "Ratio": "OTHER",
    "Mileage": "REG_MILEAGE",
    "Performance": "REG_MILEAGE",
    "Regulation": "REG",
    "Non-Synchronized": "NON_SPIN",
    "Synchronized": "SPIN",
    "Primary": "NON_SPIN",
    "Secondary": "SUPPLEMENTAL",
    "Thirty": "SUPPLEMENTAL",
}
RESERVE_PRICES = {"mcp": "", "mcp_capped": " capped", "reg_ccp": " capability", "reg_pcp": " performance"}
PJM_PARTS = {
    "total_lmp": "lmp_total",
    "system_energy_price": "lmp_energy",
    "congestion_price": "lmp_congestion",
    "marginal_loss_price": "lmp_loss",
}


def published(
    iso: str, source_name: str, table: str, market: str, case: Case, known: Mapping[str, str]
) -> list[Row]:
    """What a raw object says for one table and market, read without the project's SQL.

    Args:
        iso: the operator.
        source_name: the source's own word for the dataset (``da_hrl_lmps``, ``PRC_LMP``, ``damasp``).
        table: the table that the rows are for.
        market: DA or RT; a file may speak of both.
        case: the raw object.
        known: the type of a location by its id, where the file does not say it.
    """
    if table == "locations":
        return lists.priced_locations(case, known) if iso == "SPP" else lists.READERS[iso](case)
    match iso, table:
        case "CAISO", "energy_prices":
            return caiso.energy_prices(case)
        case "CAISO", "price_adders":
            return caiso.price_adders(case)
        case "CAISO", "ancillary_services":
            return caiso.ancillary_services(case)
        case "NYISO", "energy_prices":
            return nyiso.energy_prices(case)
        case "PJM", "load":
            return pjm.load(case)
        case "PJM", "load_forecast":
            return pjm.load_forecast(case)
        case "CAISO", "load":
            return caiso.load(case)
        case "CAISO", "load_forecast":
            return caiso.load_forecast(case)
        case "NYISO", "load":
            return nyiso.load(case)
        case "NYISO", "load_forecast":
            return nyiso.load_forecast(case)
        case "NYISO", "ancillary_services":
            return nyiso.ancillary_services(case)
        case "PJM", "energy_prices":
            derived = "unverified" in source_name
            return pjm.energy_prices(case, market.lower(), derived=derived, known=known)
        case "PJM", "ancillary_services":
            results = "reserve_market_results" in source_name
            rows = pjm.reserve_results(case) if results else pjm.long_services(case)
            return [_of_pjm(row, results) for row in rows]
        case "ERCOT", "energy_prices":
            return ercot.energy_prices(case, known)
        case "ERCOT", "ancillary_services":
            return ercot.ancillary_services(case)
        case "ERCOT", "load":
            return ercot.load(case)
        case "ERCOT", "load_forecast":
            return ercot.load_forecast(case)
        case "ERCOT", "price_adders":
            return ercot.price_adders(case)
        case "ISONE", "energy_prices":
            return isone.energy_prices(case)
        case "ISONE", "ancillary_services":
            return isone.ancillary_services(case)
        case "ISONE", "load":
            return isone.load(case)
        case "ISONE", "load_forecast":
            return isone.load_forecast(case)
        case "MISO", "energy_prices" | "energy_prices_ex_ante":
            return miso_archives.energy_prices(case, known)
        case "MISO", "ancillary_services":
            return miso.ancillary_services(case)
        case "MISO", "load":
            return miso_load.load(case)
        case "MISO", "load_forecast":
            return miso_load.load_forecast(case)
        case "SPP", "load":
            return spp.load(case)
        case "SPP", "load_forecast":
            return spp.load_forecast(case)
        case "SPP", "energy_prices":
            return spp.energy_prices(case, market, known)
        case "SPP", "ancillary_services":
            return spp.ancillary_services(case, market)
    raise LookupError(f"no reader for {table} of {iso}")


def _of_pjm(row: Row, results: bool) -> Row:
    """The comparable product and the region, by the words of the feeds' own documentation."""
    product = str(row["as_product"])
    if results:
        performance = product.endswith("performance")
        return row | {"as_product_standard": "REG_MILEAGE" if performance else RESULTS[product.split(" ")[0]]}
    # The first words that fit decide: "Non-Synchronized" before "Synchronized", a ratio before what it is of.
    standard = next((kind for words, kind in SERVICES.items() if words in product), "OTHER")
    region = "PJM_RTO" if "RTO" in product else "MAD" if product.startswith("M") else "SYSTEM"
    return row | {"as_product_standard": standard, "as_region": region}


def location_of(iso: str, source_name: str, table: str, row: Row) -> str:
    """What the source calls the place (and product) of a row."""
    if table == "locations":
        # Buses have a suffix in the id.
        return str(row["settlement_location" if iso == "ERCOT" else "settlement_location_id"])
    if table == "ancillary_services":
        if iso in ("CAISO", "ERCOT", "ISONE", "MISO", "SPP"):
            return f"{row['as_region']} {row['as_product']}"
        if iso == "NYISO":
            return str(row["as_region"])
        product = str(row["as_product"])
        if "reserve_market_results" in source_name:
            return f"{row['as_region']} {product.split(' ')[0]}"
        return product.partition(" (")[0]
    if iso == "ERCOT" and table == "price_adders":
        return str(row["component"])
    if iso == "NYISO" and table == "load_forecast":
        # The issue of a day comes out on the day before.
        return f"{row['area']} of {row['published_at_utc'].astimezone(nyiso.NEW_YORK).date() + timedelta(days=1)}"
    if iso == "ERCOT" and table == "load_forecast":
        model = "" if row["forecast"].startswith("NP3-") else f" {row['forecast']}"
        return f"{row['area']}{model} at {row['published_at_utc'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    if iso == "MISO" and table == "load_forecast":
        # Published on the day that the report is named after, a moment that is its midnight.
        return f"{row['area_id']} of {(row['published_at_utc'].astimezone(UTC) - miso.BEHIND).date()}"
    if iso in ("ISONE", "PJM", "SPP") and table == "load_forecast":
        area = row["area" if iso == "PJM" else "area_id"]
        return f"{area} at {row['published_at_utc'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    if table in ("load", "load_forecast"):
        return str(row["area_id" if iso in ("ISONE", "MISO", "SPP") else "area"])
    named = iso == "NYISO" and table == "energy_prices"
    return str(row["settlement_location" if named else "settlement_location_id"])


def numbers_of(iso: str, table: str, row: Row, printed: Mapping[str, str]) -> dict[str, float | str]:
    """The contract columns of a row as the source's printed numbers say them; of a list, its words."""
    if table == "locations":
        return {"settlement_location": printed["name"]}
    if table in ("load", "load_forecast"):
        return {contract.VALUES[table][0]: float(printed["MW"])}
    if iso == "ISONE" and table == "ancillary_services":
        columns = {"price": "market_clearing_price", "quantity": "cleared_quantity_mw"}
        return {columns[name]: float(text) for name, text in printed.items()}
    if iso == "MISO" and table == "ancillary_services":
        return {"market_clearing_price": float(printed["MCP"])}
    if iso == "SPP" and table == "ancillary_services":
        return {"market_clearing_price": float(printed[row["as_product"]])}
    if iso == "NYISO" and table == "ancillary_services":
        titles = [name for name in printed if name in row["as_product"]]
        return {"market_clearing_price": float(printed[max(titles, key=len)])}
    if iso == "NYISO":
        found = {PRINTED[name]: float(text) for name, text in printed.items() if name in PRINTED}
        return found | {"lmp_congestion": 0 - float(printed["Marginal Cost Congestion"])}
    if iso == "PJM" and "mcp" in printed:
        suffix = str(row["as_product"])[len(str(row["as_product"]).split(" ")[0]) :]
        column = next(name for name, words in RESERVE_PRICES.items() if words == suffix)
        found = {"market_clearing_price": float(printed[column])}
        return found | ({"cleared_quantity_mw": float(printed["total_mw"])} if column == "mcp" else {})
    if iso == "PJM" and table == "energy_prices":
        side = str(row["market_type"]).lower()
        return {
            column: float(text)
            for part, column in PJM_PARTS.items()
            if (text := printed.get(f"{part}_{side}")) is not None
        }
    own = {"price"} if table == "price_adders" else set(PRINTED.values()) - {"price"}
    return {PRINTED[name]: float(text) for name, text in printed.items() if PRINTED.get(name) in own}


def stamp_of(row: Row, stamp: str | None) -> datetime:
    """The instant by which the source names the interval of a row."""
    moment: datetime = row["interval_end_utc" if stamp == "end" else "interval_start_utc"]
    return moment
