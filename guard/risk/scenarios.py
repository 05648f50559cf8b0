"""What could happen: scenario sets for stress, as moves of assets. Pure data and its construction.

A scenario is a vector of relative moves by asset. The sets follow the way venues describe stress: class shocks, each
asset alone, a market factor with betas, a broken hedge, a depeg of the collateral, funding, extreme moves, and the
worst-side fill of open orders.

Source: OKX portfolio margin MR1 and MR6 (2025-01): +-12 % BTC and ETH, +-18 % majors, +-25 % others; extreme 24 / 36 /
50 %. The third and two thirds of MR1 are its inner grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from guard.risk.assets import STABLE, moves, parts
from guard.risk.book import Book, OrderSide
from guard.risk.bookerror import BookError

BLUE_CHIPS: Final = frozenset({"BTC", "ETH"})
MAJORS: Final = frozenset(
    {"LTC", "BCH", "EOS", "OKB", "DOT", "BSV", "LINK", "FIL", "ADA", "TRX", "UNI", "XRP", "BNB", "SOL", "DOGE"}
)
EXTREME_MAJORS: Final = frozenset({"SOL", "DOGE", "PEPE", "XRP", "BNB", "SHIB", "LTC", "ORDI", "WLD", "BCH", "ADA"})

GRID: Final = (1 / 3, 2 / 3, 1.0)
LADDER: Final = (0.01, 0.02, 0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50)
"""Moves of the whole market that a grid looks at, in both directions."""
DEPEGS: Final = (0.02, 0.05, 0.10)
FUNDING_RATE: Final = 0.001
"""Funding paid in one interval, as a fraction of notional, against every leg."""
FUNDING_INTERVALS: Final = 9
"""Three days of eight-hour intervals."""


class Kind(StrEnum):
    """Which set a scenario belongs to."""

    ALL = "all"
    ALONE = "alone"
    BETA = "beta"
    HEDGE_BREAK = "hedge-break"
    DEPEG = "depeg"
    FUNDING = "funding"
    EXTREME = "extreme"
    ORDERS = "orders"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario.

    `moves` are relative moves by asset (`-0.1` = down 10 %), `otherwise` that of every other asset that is not stable.
    `funding` is paid by every leg, as a fraction of its notional. `fills` fills the open orders of one side first.
    """

    name: str
    kind: Kind
    moves: Mapping[str, float] = field(default_factory=dict)
    otherwise: float = 0.0
    funding: float = 0.0
    fills: OrderSide | None = None


def class_shock(asset: str) -> float:
    """The size of an asset's class shock as a fraction."""
    return 0.12 if asset in BLUE_CHIPS else 0.18 if asset in MAJORS else 0.25


def extreme_shock(asset: str) -> float:
    """The size of an asset's extreme move as a fraction."""
    return 0.24 if asset in BLUE_CHIPS else 0.36 if asset in EXTREME_MAJORS else 0.50


def movable(book: Book) -> tuple[str, ...]:
    """Assets of a book whose price moves with a market: bases of legs and of orders, and coins held as collateral."""
    bases = [parts(position.symbol, position.settle)[0] for position in book.positions]
    bases += [parts(order.symbol, "")[0] for order in book.orders]
    underlyings = frozenset(bases)
    coins = [item.asset for item in book.collateral if item.balance and moves(item.asset, underlyings)]
    return tuple(dict.fromkeys(base for base in (*bases, *coins) if base not in STABLE))


def standard_scenarios(book: Book, betas: Mapping[str, float] | None = None) -> tuple[Scenario, ...]:
    """The scenario sets that fit a book.

    Args:
        book: the book.
        betas: beta to BTC by asset; BTC is 1, and every other asset counts at least 1 (and 1 where none is given).
    """
    assets = movable(book)
    if not assets:
        return tuple(_depegs(book))
    return (
        *_together(assets),
        *_alone(assets),
        *_betas(assets, betas or {}),
        *_hedge_break(book, assets),
        *_depegs(book),
        _funding(),
        *_extremes(assets),
        *_fills(book, assets),
    )


def shock(moves_by_asset: Mapping[str, float]) -> Scenario:
    """A scenario of one's own; the asset `ALL` stands for everything that is not stable and not named.

    Raises:
        BookError: a move of -100 % or below, or none at all.
    """
    if not moves_by_asset:
        raise BookError("shock", "names no asset")
    for asset, move in moves_by_asset.items():
        if not -1.0 < move < float("inf"):
            raise BookError("shock", f"of {asset} was {move:g}, must be above -1 (-100 %)")
    rest = {asset: move for asset, move in moves_by_asset.items() if asset != "ALL"}
    name = ", ".join(f"{asset} {move:+.4g}" for asset, move in moves_by_asset.items())
    return Scenario(name, Kind.CUSTOM, rest, moves_by_asset.get("ALL", 0.0))


def market_ladder() -> tuple[Scenario, ...]:
    """The grid: everything that is not stable moves by the same, from far down to far up."""
    steps = sorted(sign * size for sign in (-1.0, 1.0) for size in LADDER)
    return tuple(shock({"ALL": step}) for step in steps)


def _percent(fraction: float) -> str:
    return f"{fraction * 100:+.3g} %"


def _together(assets: Iterable[str]) -> Iterable[Scenario]:
    for part in GRID:
        for sign, word in ((-1, "down"), (1, "up")):
            shocks = {asset: sign * part * class_shock(asset) for asset in assets}
            name = f"everything {word}, {part:.0%} of its class shock"
            yield Scenario(name, Kind.ALL, shocks, sign * part * 0.25)


def _alone(assets: Iterable[str]) -> Iterable[Scenario]:
    for asset in assets:
        for sign in (-1, 1):
            move = sign * class_shock(asset)
            yield Scenario(f"{asset} alone {_percent(move)}", Kind.ALONE, {asset: move})


def _betas(assets: Iterable[str], betas: Mapping[str, float]) -> Iterable[Scenario]:
    listed = tuple(assets)
    for market in (-0.12, 0.12):
        shocks = {asset: max(-0.95, market * _beta(asset, betas)) for asset in listed}
        yield Scenario(f"market {_percent(market)}, others by beta", Kind.BETA, shocks, market)


def _beta(asset: str, betas: Mapping[str, float]) -> float:
    return 1.0 if asset == "BTC" else max(1.0, betas.get(asset, 1.0))


def _hedge_break(book: Book, assets: Iterable[str]) -> Iterable[Scenario]:
    """What is long falls and what is short rises: opposite positions that were meant to offset each other do not."""
    net: dict[str, float] = {}
    for position in book.positions:
        base = parts(position.symbol, position.settle)[0]
        size = position.contracts * position.contract_size
        net[base] = net.get(base, 0.0) + position.sign * (
            size if position.kind == "inverse" else size * position.mark_price
        )
    sides = {net.get(asset, 0.0) >= 0.0 for asset in assets}
    if len(sides) > 1:
        shocks = {asset: (-1 if net.get(asset, 0.0) >= 0.0 else 1) * class_shock(asset) for asset in assets}
        yield Scenario("correlation breaks: longs down, shorts up", Kind.HEDGE_BREAK, shocks)


def _depegs(book: Book) -> Iterable[Scenario]:
    pegged = sorted(
        {item.asset for item in book.collateral if item.asset in STABLE and item.asset != "USD" and item.balance}
    )
    for asset in pegged:
        for size in DEPEGS:
            yield Scenario(f"{asset} loses its peg, {_percent(-size)}", Kind.DEPEG, {asset: -size})


def _funding() -> Scenario:
    paid = FUNDING_RATE * FUNDING_INTERVALS
    name = f"funding against every leg: {paid:.1%} of notional in {FUNDING_INTERVALS} intervals"
    return Scenario(name, Kind.FUNDING, funding=paid)


def _extremes(assets: Iterable[str]) -> Iterable[Scenario]:
    for sign, word in ((-1, "down"), (1, "up")):
        shocks = {asset: sign * extreme_shock(asset) for asset in assets}
        yield Scenario(f"extreme move {word}", Kind.EXTREME, shocks, sign * 0.50)


def _fills(book: Book, assets: Iterable[str]) -> Iterable[Scenario]:
    """The side of the open orders that hurts fills, and the market goes on against it."""
    sides = {order.side for order in book.orders if not order.reduce_only and not order.conditional}
    for side, sign in (("buy", -1), ("sell", 1)):
        if side in sides:
            shocks = {asset: sign * class_shock(asset) for asset in assets}
            name = f"all open {side} orders fill, then everything {'down' if sign < 0 else 'up'}"
            yield Scenario(name, Kind.ORDERS, shocks, sign * 0.25, fills="buy" if side == "buy" else "sell")
