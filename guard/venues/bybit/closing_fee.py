"""The fee to close that Bybit puts into maintenance margins, measured on the venue's own figures. Pure.

The venue states `positionMM = value * mm_rate - mm_deduction + fee to close`. How the fee follows the mark in cross
margin mode is not published. The rule takes `value * (1 - s / leverage) * taker`; the taker rate with which this yields
what the venue charges all plain legs together is the one to compute with. Where the venue's fee is of another form, the
rate absorbs the difference at the present prices, and the rest shows where figures are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guard.risk.book import Position, Tier
from guard.risk.bookerror import BookError
from guard.risk.tiers import tier_table

# A rate further than this factor from the account's own is no fee: something else is wrong, and is to be seen.
_FACTOR_MAX = 2.0


@dataclass(frozen=True, slots=True)
class ChargedLeg:
    """A cross leg whose maintenance margin the venue states, in its settlement coin; `price` is USD per coin."""

    position: Position
    tiers: tuple[Tier, ...]
    maintenance: float
    price: float


def measured_taker(legs: Iterable[ChargedLeg], stated: float) -> float:
    """The taker rate that the venue's maintenance margins contain.

    Formula:
        `sum(price * (MM - (value * mm_rate - mm_deduction))) / sum(price * value * (1 - s / leverage))`, with value at
        the mark in the settlement coin, s = +1 for legs whose value falls towards bankruptcy (long linear, short
        inverse), else -1.

    Args:
        legs: legs without a hedge and without open orders, whose tier and form are those of the table.
        stated: the account's taker rate, as a fraction.

    Returns:
        The measured rate, or `stated` when there is nothing to measure or the result is no fee (off by more than a
        factor of 2).
    """
    fees = bases = 0.0
    for leg in legs:
        held = leg.position
        size = held.contracts * held.contract_size
        value = size / held.mark_price if held.kind == "inverse" else size * held.mark_price
        direction = 1.0 if (held.side == "long") != (held.kind == "inverse") else -1.0
        base = value * (1.0 - direction / held.leverage)
        try:
            plain = float(tier_table(held.symbol, leg.tiers).maintenance(value))
        except BookError:
            return stated
        fees += leg.price * (leg.maintenance - plain)
        bases += leg.price * base
    if bases <= 0.0 or stated <= 0.0:
        return stated
    rate = fees / bases
    return rate if stated / _FACTOR_MAX <= rate <= stated * _FACTOR_MAX else stated
