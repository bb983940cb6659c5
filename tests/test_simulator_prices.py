"""The synthetic prices: the same in every process, exact, and shaped like a market."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.simulator import expected, prices
from ingest.simulator.prices import Price

YEAR = [datetime(2024, 1, 1, 8, tzinfo=UTC) + timedelta(hours=hour) for hour in range(8784)]


def test_prices_are_the_same_in_every_process_and_version() -> None:
    when = datetime(2022, 7, 1, 20, tzinfo=UTC)
    assert expected.printed("CAISO", "PRC_LMP", "TH_NP15_GEN-APND", when) == GOLDEN["CAISO"]
    assert expected.printed("PJM", "da_hrl_lmps", "51288", when) == GOLDEN["PJM"]
    assert expected.printed("NYISO", "damlbmp_zone", "N.Y.C.", when) == GOLDEN["NYISO"]


GOLDEN: dict[str, dict[str, str]] = {
    "CAISO": {"LMP": "25.8641", "MCC": "-0.05955", "MCE": "26.78063", "MCL": "-0.85698", "MGHG": "0"},
    "PJM": {
        "system_energy_price_da": "48.97",
        "total_lmp_da": "59.952998",
        "congestion_price_da": "10.101538",
        "marginal_loss_price_da": "0.881460",
    },
    "NYISO": {"LBMP": "50.78", "Marginal Cost Losses": "-0.26", "Marginal Cost Congestion": "0.05"},
}


@pytest.mark.parametrize(
    ("dataset", "location"),
    [("PRC_LMP", "TH_SP15_GEN-APND"), ("PRC_RTPD_LMP", "ELAP_PACE-APND"), ("PRC_INTVL_LMP", "MALIN_5_N101")],
)
def test_the_components_of_an_oasis_price_add_up_exactly(dataset: str, location: str) -> None:
    for when in YEAR[::61]:
        printed = expected.printed("CAISO", dataset, location, when)
        cells = {name: Decimal(text) for name, text in printed.items()}
        assert cells["LMP"] == cells["MCE"] + cells["MCC"] + cells["MCL"] + cells["MGHG"]


@pytest.mark.parametrize("name", ["da_hrl_lmps", "rt_hrl_lmps", "rt_da_monthly_lmps"])
def test_the_components_of_a_data_miner_price_add_up_exactly(name: str) -> None:
    for when in YEAR[::61]:
        cells = expected.printed("PJM", name, "51291", when)
        market = "da" if name.startswith("da") else "rt"
        parts = [Decimal(cells[f"{part}_{market}"]) for part in PARTS]
        assert Decimal(cells[f"total_lmp_{market}"]) == sum(parts)


PARTS = ("system_energy_price", "congestion_price", "marginal_loss_price")


@pytest.mark.parametrize("stem", ["damlbmp_zone", "rtlbmp_zone"])
def test_energy_is_one_number_for_all_zones_of_an_interval(stem: str) -> None:
    for when in YEAR[::97]:
        energy = set()
        for zone in ("WEST", "N.Y.C.", "H Q"):
            cells = expected.printed("NYISO", stem, zone, when)
            losses = Decimal(cells["Marginal Cost Losses"])
            energy.add(Decimal(cells["LBMP"]) - losses + Decimal(cells["Marginal Cost Congestion"]))
        assert len(energy) == 1


def test_a_year_has_negative_prices_and_spikes_but_is_mostly_plain() -> None:
    totals = [float(expected.printed("CAISO", "PRC_LMP", "TH_SP15_GEN-APND", when)["LMP"]) for when in YEAR]
    assert min(totals) < 0 < 150 < max(totals)
    assert 20 < sorted(totals)[len(totals) // 2] < 60


def test_evenings_are_dearer_than_nights() -> None:
    evening = [prices.energy(1, minute, 18, 6, 1) for minute in range(500)]
    night = [prices.energy(1, minute, 3, 6, 1) for minute in range(500)]
    assert sorted(evening)[250] > 1.5 * sorted(night)[250]


def test_the_repeated_hour_has_two_prices() -> None:
    day = date(2022, 11, 6)
    repeated = [i for i in expected.intervals("CAISO", "PRC_LMP", day) if i.hour in (8, 9) and i.day == 6]
    found = {expected.printed("CAISO", "PRC_LMP", "TH_NP15_GEN-APND", i)["LMP"] for i in repeated}
    assert len(repeated) == len(found) == 2


@given(st.integers(-(10**12), 10**12), st.sampled_from([1, 10, 10_000]))
def test_rounding_goes_to_the_nearest_tick_and_is_odd(amount: int, tick: int) -> None:
    result = prices.rounded(amount, tick)
    assert result % tick == 0
    assert 2 * abs(result - amount) <= tick
    assert prices.rounded(-amount, tick) == -result


@given(st.integers(-(10**10), 10**10))
def test_printing_keeps_every_decimal(amount: int) -> None:
    assert Decimal(prices.decimals(amount, 6)) * 1_000_000 == amount
    assert Decimal(prices.bare(amount * 10, 5)) * 1_000_000 == amount * 10


def test_bare_numbers_drop_trailing_zeros_as_the_source_does() -> None:
    assert [prices.bare(amount, 5) for amount in (0, 30_399_300, -5_000_000, -10, 120_000_000)] == [
        "0",
        "30.3993",
        "-5",
        "-0.00001",
        "120",
    ]


def test_the_total_is_the_sum_of_the_parts() -> None:
    assert Price(5, -3, 2, -1).total == 3


def test_unknown_names_are_key_errors() -> None:
    when = datetime(2022, 7, 1, 20, tzinfo=UTC)
    with pytest.raises(KeyError):
        expected.printed("ERCOT", "x", "y", when)
    with pytest.raises(KeyError):
        expected.printed("PJM", "da_hrl_lmps", "999", when)
    with pytest.raises(KeyError):
        expected.printed("PJM", "ancillary_services", "no such service", when)
