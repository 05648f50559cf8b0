"""What moves: assets, and how their moves move marks and collateral. Knows no venue and no margin.

A scenario is a relative move of each asset. The mark of `BTC/USDT:USDT` moves with BTC against USDT; BTC held as
collateral moves with BTC: that is how wrong-way risk comes in by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from guard.risk.assets import moves, parts
from guard.risk.bookerror import BookError
from guard.risk.pool import Array, Index, Pool
from guard.risk.valuation import Market


@dataclass(frozen=True, slots=True)
class Movers:
    """The assets of a pool whose price can move, and where each is used.

    `base` and `quote` (legs,), `asset` (assets,) and `own` are indices into `names`.
    """

    names: tuple[str, ...]
    base: Index
    quote: Index
    asset: Index
    own: int
    underlyings: frozenset[str]
    """Bases of the legs."""
    moving: tuple[float, ...]

    def common(self) -> Array:
        """A move of the whole market: 1 for every asset that is not stable, shape (names,)."""
        return np.array(self.moving)

    def vector(self, by_name: Mapping[str, float], *, otherwise: float = 0.0) -> Array:
        """Moves (or betas) by asset name as an array; assets that are not named get `otherwise`."""
        return np.array([by_name.get(name, otherwise) for name in self.names])


def movers_of(pool: Pool) -> Movers:
    """The movers of a pool."""
    legs = pool.legs
    if len(pool.symbols) == legs.size.size:
        symbols = pool.symbols
    else:
        symbols = tuple([pool.symbols[index] for index in legs.symbol.tolist()])
    return _movers(pool.currency, pool.assets.names, symbols, tuple(legs.settle.tolist()))


@lru_cache(maxsize=256)
def _movers(currency: str, assets: tuple[str, ...], symbols: tuple[str, ...], settle: tuple[int, ...]) -> Movers:
    """Movers by names: the same account has the same ones cycle after cycle."""
    pairs = [parts(symbol, assets[index]) for symbol, index in zip(symbols, settle, strict=True)]
    names = tuple(dict.fromkeys([currency, *assets, *(name for pair in pairs for name in pair)]))
    place = {name: index for index, name in enumerate(names)}
    underlyings = frozenset(base for base, _ in pairs)
    return Movers(
        names=names,
        base=np.array([place[base] for base, _ in pairs], dtype=np.intp),
        quote=np.array([place[quote] for _, quote in pairs], dtype=np.intp),
        asset=np.array([place[name] for name in assets], dtype=np.intp),
        own=place[currency],
        underlyings=underlyings,
        moving=tuple([1.0 if moves(name, underlyings) else 0.0 for name in names]),
    )


def market_after(pool: Pool, movers: Movers, moved: Array) -> Market:
    """Prices after relative moves of shape (scenarios, movers), each above -1 (`-0.1` = down 10 %).

    Raises:
        BookError: an asset would lose everything or more.
    """
    grown = 1.0 + moved
    if not bool((grown > 0.0).all()):
        raise BookError("shock", "was at or below -100 %, must be above -100 %")
    legs, assets = pool.legs, pool.assets
    ratio = grown[:, movers.base]
    quotes = grown[:, movers.quote]
    if bool((quotes != 1.0).any()):
        ratio = ratio / quotes
    if bool(legs.inverse.any()):
        ratio = np.where(legs.inverse, 1.0 / ratio, ratio)
    return Market(v=legs.mark * ratio, price=assets.price * grown[:, movers.asset], own=grown[:, movers.own])
