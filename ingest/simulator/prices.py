"""Synthetic prices: a hash of (series, location, instant), shaped like a market.

Nothing is stored and nothing is random: the same question gives the same price in every process, so a test
can say what an answer must contain without asking for it. Amounts are integers of one millionth of a dollar,
and the components add up exactly before a source's rounding is applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

_MASK = (1 << 64) - 1
DOLLAR = 1_000_000

# Dollars per local hour of a plain day: a night trough, a morning ramp, a midday belly, an evening peak.
_SHAPE = (27, 25, 24, 23, 24, 28, 36, 42, 37, 31, 27, 25, 24, 25, 28, 34, 44, 57, 63, 56, 47, 40, 34, 30)
# Percent of that by month: summer and deep winter are dear, spring is cheap.
_SEASON = (118, 108, 82, 74, 78, 96, 124, 132, 112, 92, 94, 114)


@lru_cache(maxsize=65536)
def seed(*words: str) -> int:
    """A 64-bit number for a name, the same in every process."""
    return int.from_bytes(blake2b("\x1f".join(words).encode(), digest_size=8).digest(), "big")


def mix(left: int, right: int) -> int:
    """Two numbers stirred into one (the finisher of splitmix64)."""
    value = (left + right * 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def rounded(amount: int, tick: int) -> int:
    """An amount on the grid of a source's decimals, half away from zero."""
    if amount < 0:
        return -((-amount + tick // 2) // tick) * tick
    return ((amount + tick // 2) // tick) * tick


@dataclass(frozen=True, slots=True)
class Price:
    """A price and its components in millionths of a dollar; congestion is signed as a part of the total."""

    energy: int
    congestion: int
    loss: int
    ghg: int = 0

    @property
    def total(self) -> int:
        """The price itself."""
        return self.energy + self.congestion + self.loss + self.ghg


def energy(series: int, minute: int, hour: int, month: int, tick: int) -> int:
    """The price of energy of a series at an instant, the same at every location.

    ``minute`` counts from 1970 in UTC; ``hour`` and ``month`` are the market's clock. Spikes and negative
    prices happen.
    """
    draw = mix(series, minute)
    amount = _SHAPE[hour] * _SEASON[month - 1] * (DOLLAR // 100)
    amount += amount * (draw % 401 - 200) // 1000 + (draw >> 10) % DOLLAR
    kind = (draw >> 40) % 1000
    if kind < 6:
        amount *= 3 + (draw >> 52) % 12
    elif kind < 30 and 8 <= hour <= 16:
        amount = -amount // 3
    return rounded(amount, tick)


def severity(series: int, minute: int) -> int:
    """How congested the grid is at an instant, in millionths of a dollar at the worst location."""
    draw = mix(series ^ 0xC0FFEE, minute // 60)
    kind = draw % 100
    if kind < 40:
        return (draw >> 8) % DOLLAR
    if kind < 97:
        return (draw >> 8) % (12 * DOLLAR)
    return (draw >> 8) % (160 * DOLLAR)


def congestion(series: int, place: int, minute: int, worst: int, tick: int) -> int:
    """The congestion part at a location: its side of the grid times the hour's severity, often nothing."""
    draw = mix(series ^ place, minute)
    if draw % 5 == 0:
        return 0
    side = place % 2001 - 1000
    return rounded(worst * side // 1000 + (draw >> 16) % 40_000 - 20_000, tick)


def loss(place: int, energy_amount: int, tick: int) -> int:
    """The loss part: a fraction of the energy price that belongs to the location, up to 6 % either way."""
    return rounded(energy_amount * ((place >> 16) % 121 - 60) // 1000, tick)


def reserve(series: int, product: int, minute: int, hour: int, tick: int) -> int:
    """The price of a reserve product: often zero, dear in the evening."""
    draw = mix(series ^ product, minute)
    if draw % 10 < 3:
        return 0
    amount = _SHAPE[hour] * (DOLLAR // 20) + (draw >> 8) % (3 * DOLLAR)
    if draw % 400 == 7:
        amount *= 40
    return rounded(amount, tick)


def decimals(amount: int, places: int) -> str:
    """An amount as a decimal number with so many places."""
    return f"{amount / DOLLAR:.{places}f}"


def bare(amount: int, places: int) -> str:
    """An amount with at most so many places and no trailing zeros: ``30.3993``, ``0``."""
    text = f"{amount / DOLLAR:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
