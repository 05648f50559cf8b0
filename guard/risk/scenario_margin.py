"""Pieces of scenario margin as venues publish them: forward price, price ladder, contingencies.

Not a margin rule: no venue's portfolio margin can be reproduced from public parameters alone (model `reported`). These
pieces explain such figures and check single lines of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def forward_price(index: float, annual_rate: float, days: float) -> float:
    """Forward price of an index.

    Formula:
        index * exp(annual_rate * days / 365)

    Args:
        index: price of the underlying in quote.
        annual_rate: annualised basis rate, fraction.
        days: days to expiry.

    Source: wiki.dederi.io, portfolio margin (2,253.2 for 2,243.3 at 8 % and 20 days).
    """
    return index * math.exp(annual_rate * days / 365.0)


def price_ladder(size: float, forward: float, shocks: Sequence[float]) -> tuple[float, ...]:
    """PnL of a futures position after each relative shock, in quote.

    Args:
        size: base units, negative for a short.
        forward: forward price in quote.
        shocks: relative moves, fractions.

    Source: as `forward_price` (-3,380 for 10 ETH at -15 %).
    """
    return tuple(size * forward * shock for shock in shocks)


def size_contingency(size: float, index: float, rate: float) -> float:
    """Charge for the size of a position whatever its direction, in quote: `rate * index * |size|`.

    Source: as `forward_price` (134.6 for 10 ETH at 0.6 %).
    """
    return rate * index * abs(size)


def offset_contingency(long: float, short: float, rate: float) -> float:
    """Charge for contracts of one underlying that offset each other, in base units: `rate * min(long, short)`.

    Source: Deribit portfolio margin (old page): 1 % of 100 BTC long against 100 BTC short is 1 BTC.
    """
    return rate * min(abs(long), abs(short))
