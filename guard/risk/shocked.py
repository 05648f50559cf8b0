"""The book as a scenario leaves it: other marks, prices and wallet. Pure.

`guard.risk.stress` values many scenarios at once, but knows neither distance nor zone. Assessing the shocked book does,
and its risk_ratio must be that of the stress (a test holds both together).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from guard.risk.altered import credited, with_fills
from guard.risk.assets import moves, parts
from guard.risk.book import Book, Collateral, Position
from guard.risk.report import AccountRisk
from guard.risk.scenarios import Scenario
from guard.risk.tiers import TierTables

Growth = Callable[[str], float]

ISOLATED_IN_WALLET: Final = frozenset({"bingx", "kucoin", "mexc"})
"""Models whose wallet balance holds the margin of isolated legs."""


def endless(book: Book) -> Book:
    """The book with the last tier of each table going on without end, as it does in stress."""
    tiers = {symbol: (*rows[:-1], replace(rows[-1], cap=None)) for symbol, rows in book.tiers.items()}
    return replace(book, tiers=TierTables(tiers))


def book_after(book: Book, scenario: Scenario, now: AccountRisk) -> Book:
    """The book at the prices of a scenario, after its fills and its funding.

    Args:
        book: the book, with tables that do not end (`endless`).
        scenario: what happens.
        now: the assessment of the book, which knows the currency of each pool.

    Raises:
        BookError: the contract of an order that fills is not known.
    """
    if scenario.fills is not None:
        book, _ = with_fills(book, scenario.fills)
    grown = _growth(book, scenario)
    positions = tuple(_moved(leg, grown) for leg in book.positions)
    currencies = [pool.currency for pool in now.pools if pool.symbol is None]
    shocked = replace(
        book,
        positions=positions,
        collateral=tuple(_priced(item, currencies, grown) for item in book.collateral),
        parameters={symbol: _at_mark(symbol, values, grown) for symbol, values in book.parameters.items()},
    )
    return _after_funding(shocked, scenario.funding) if scenario.funding else shocked


def _growth(book: Book, scenario: Scenario) -> Growth:
    """What one unit of an asset is worth after the scenario."""
    underlyings = frozenset(parts(leg.symbol, leg.settle)[0] for leg in book.positions)

    def grown(asset: str) -> float:
        rest = scenario.otherwise if moves(asset, underlyings) else 0.0
        return 1.0 + scenario.moves.get(asset, rest)

    return grown


def _ratio(symbol: str, settle: str, grown: Growth) -> float:
    base, quote = parts(symbol, settle)
    return grown(base) / grown(quote)


def _moved(leg: Position, grown: Growth) -> Position:
    ratio = _ratio(leg.symbol, leg.settle, grown)
    return leg if ratio == 1.0 else replace(leg, mark_price=leg.mark_price * ratio)


def _priced(item: Collateral, currencies: list[str], grown: Growth) -> Collateral:
    """Prices are in the pool's currency: what a pool is kept in keeps its price of 1, whatever it loses."""
    if item.asset in currencies or not currencies:
        return item
    return replace(item, price=item.price * grown(item.asset) / grown(currencies[0]))


def _at_mark(symbol: str, values: Mapping[str, Any], grown: Growth) -> Mapping[str, Any]:
    """Marks of symbols that have orders and no position move too."""
    if values.get("mark_price") is None:
        return values
    settle = symbol.partition(":")[2].partition("-")[0]
    return {**values, "mark_price": values["mark_price"] * _ratio(symbol, settle, grown)}


def _after_funding(book: Book, rate: float) -> Book:
    """Every leg pays a fraction of its notional: a cross leg from the wallet, an isolated one from its own margin.

    Where the wallet holds the margin of isolated legs too, it shrinks with that margin.
    """
    positions, collateral = [], book.collateral
    for leg in book.positions:
        size = leg.contracts * leg.contract_size
        paid = rate * (size / leg.mark_price if leg.kind == "inverse" else size * leg.mark_price)
        isolated = leg.margin_mode == "isolated"
        positions.append(replace(leg, isolated_margin=(leg.isolated_margin or 0.0) - paid) if isolated else leg)
        if not isolated or book.model in ISOLATED_IN_WALLET:
            collateral = credited(collateral, leg.settle, -paid)
    return replace(book, positions=tuple(positions), collateral=collateral)
