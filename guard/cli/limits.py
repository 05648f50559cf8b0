"""`guard limits`: the margin tables behind a book, symbol by symbol, and the largest size that can still be opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import typer

from guard.cli.offline import AsJson, BookPath, bad_books_told, read_book
from guard.cli.output import console, print_json

if TYPE_CHECKING:
    from guard.risk.book import Book
    from guard.risk.rules.kucoin import Constants, Exposure

FEWEST_ROWS: Final = 9
"""Rows of a table that goes on for ever: the risk limits of BitMEX from 200 to 1,000 XBT."""
MOST_ROWS: Final = 200
IN_CONTRACTS: Final = frozenset({"okx", "mexc"})
WHOLE: Final = frozenset({"okx", "mexc", "kraken-futures", "bitmex"})
"""Models whose rate applies to the whole position instead of to slices."""


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("limits")(limits)


def limits(book: BookPath, as_json: AsJson = False) -> None:
    """Margin tables of a book: size, rates and leverage of each tier; under kucoin what orders net, and open size."""
    from guard.cli.limits_table import limits_table

    parsed = read_book(book)
    with bad_books_told():
        answer = {
            "account": parsed.account,
            "model": parsed.model,
            "applies_to": "whole position" if parsed.model in WHOLE else "slice",
            "symbols": [_symbol(parsed, symbol) for symbol in _symbols(parsed)],
        }
    if as_json:
        print_json(answer)
    else:
        console().print(limits_table(answer))


def _symbols(book: Book) -> list[str]:
    """Every symbol that the book speaks of, in its order."""
    from guard.risk.rules.build import ACCOUNT

    named = [*(leg.symbol for leg in book.positions), *(order.symbol for order in book.orders)]
    return [symbol for symbol in dict.fromkeys([*named, *book.tiers, *book.parameters]) if symbol != ACCOUNT]


def _symbol(book: Book, symbol: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"symbol": symbol, "unit": _unit(book.model, symbol), "rows": []}
    if book.model == "bitmex":
        return answer | {"rows": _risk_limits(book, symbol)}
    if book.model == "kucoin" and (symbol not in book.tiers or "m" in book.parameters.get(symbol, {})):
        return answer | _continuous(book, symbol)  # tiers there are the risk limits of isolated legs
    return answer | {"rows": _tiers(book, symbol)}


def _unit(model: str, symbol: str) -> str:
    """What the sizes of a symbol's tiers are measured in."""
    from guard.risk.assets import parts

    settle = symbol.partition(":")[2].partition("-")[0]
    base, quote = parts(symbol, settle or "quote currency")
    if model in IN_CONTRACTS:
        return "contracts"
    if model == "kraken-futures":
        return "contracts" if settle == base else quote
    if model == "bitmex":
        return settle or base
    return base if model == "binance-coinm" else quote


def _tiers(book: Book, symbol: str) -> list[dict[str, Any]]:
    """Rows as the book has them, with the deductions that the rule derives."""
    from guard.risk.tiers import tables_of

    if symbol not in book.tiers:
        return []
    deductions = tables_of(book.tiers).table(symbol, marginal=book.model not in WHOLE).deduction.tolist()
    return [
        _row(tier.floor, tier.cap, None, tier.mm_rate, deduction, tier.max_leverage)
        for tier, deduction in zip(book.tiers[symbol], deductions, strict=True)
    ]


def _row(
    floor: float,
    cap: float | None,
    im_rate: float | None,
    mm_rate: float,
    mm_deduction: float | None,
    max_leverage: float | None,
) -> dict[str, Any]:
    return {
        "floor": floor, "cap": cap, "im_rate": im_rate, "mm_rate": mm_rate, "mm_deduction": mm_deduction,
        "max_leverage": max_leverage, "mm_of_im": None if im_rate is None else mm_rate / im_rate,
    }  # fmt: skip


def _risk_limits(book: Book, symbol: str) -> list[dict[str, Any]]:
    """Base and steps written out, at least as far as the position reaches."""
    from guard.risk.rules.bitmex import risk_limit_rates
    from guard.risk.rules.build import parameter

    why = f"the bitmex rule needs it for {symbol}"
    given = {name: parameter(book, symbol, name, why) for name in ("base", "step", "base_im", "base_mm")}
    largest = max((_entry_value(leg) for leg in book.positions if leg.symbol == symbol), default=0.0)
    rows: list[dict[str, Any]] = []
    floor, cap = 0.0, given["base"]
    while len(rows) < FEWEST_ROWS or (floor < largest and len(rows) < MOST_ROWS):
        im_rate, mm_rate = risk_limit_rates(cap, **given)
        rows.append(_row(floor, cap, im_rate, mm_rate, None, 1.0 / im_rate))
        floor, cap = cap, cap + given["step"]
    return rows


def _entry_value(leg: Any) -> float:
    size: float = leg.contracts * leg.contract_size
    return size / float(leg.entry_price) if leg.kind == "inverse" else size * float(leg.entry_price)


def _continuous(book: Book, symbol: str) -> dict[str, Any]:
    """What KuCoin charges for position and orders together, beside what each by itself would add up to."""
    from guard.risk.rules.build import optional_parameter, parameter
    from guard.risk.rules.kucoin import Constants, max_open_size

    why = f"the kucoin rule needs it for {symbol}"
    constants = Constants(*(parameter(book, symbol, name, why) for name in ("m", "mmr_limit", "mmr_lev_constant", "f")))
    held = _exposure(book, symbol)
    mark, rate = held.leg.mark_price, constants.mm_rate(held.worst)
    answer = {
        "size": held.worst,
        "mm_rate": rate,
        "im_rate": constants.im_rate(held.worst, held.leg.leverage),
        "max_leverage": 1.0 / (constants.f * rate),
        "maintenance_margin": held.worst * mark * rate,
        "initial_margin": held.initial_margin(constants, book.fees.taker),
        "added_up": _added_up(held, constants, book.fees.taker),
        "max_open": None,
    }
    k = optional_parameter(book, symbol, "k")
    if k is not None:
        terms = {"free_margin": _free_margin(book, symbol), "leverage": held.leg.leverage, "price": mark, "k": float(k)}
        pos = held.pos
        long = max_open_size(**terms, same_side=max(pos, 0.0) + held.buys, opposite=max(-pos, 0.0))
        short = max_open_size(**terms, same_side=max(-pos, 0.0) + held.sells, opposite=max(pos, 0.0))
        answer["max_open"] = {"long": max(0.0, long), "short": max(0.0, short)}
    return answer


def _exposure(book: Book, symbol: str) -> Exposure:
    """Position and orders of a symbol."""
    from guard.risk.book import Position
    from guard.risk.rules.kucoin import Exposure
    from guard.risk.rules.orders import held_by_symbol, opening_orders, symbol_terms

    legs = [leg for leg in book.positions if leg.symbol == symbol and leg.margin_mode == "cross"]
    orders = [each for each in opening_orders(book) if each.order.symbol == symbol]
    where = f'parameters["{symbol}"]'
    held = held_by_symbol(legs)
    terms = symbol_terms(book, symbol, held, where)
    mark = terms.mark(symbol, f"{where} is on a symbol without a position")
    empty = Position(symbol, "long", 0.0, terms.contract_size, "linear", terms.settle, mark, mark, terms.leverage)
    return Exposure(
        held.get(symbol, empty),
        pos=sum(leg.sign * leg.contracts * leg.contract_size for leg in legs),
        buys=sum(each.size for each in orders if each.buy),
        sells=sum(each.size for each in orders if not each.buy),
        buys_value=sum(each.value for each in orders if each.buy),
        sells_value=sum(each.value for each in orders if not each.buy),
    )


def _added_up(held: Exposure, constants: Constants, taker: float) -> dict[str, float]:
    """Margins of position, buys and sells each by itself.

    Opposite orders need initial margin beyond the position only, here as in the comparison that KuCoin makes.
    """
    parts = [
        replace(held, buys=0.0, buys_value=0.0, sells=0.0, sells_value=0.0),
        replace(held, pos=0.0, sells=0.0, sells_value=0.0),
        replace(held, pos=0.0, buys=0.0, buys_value=0.0),
    ]
    maintenance = sum(part.worst * held.leg.mark_price * constants.mm_rate(part.worst) for part in parts)
    opposite = parts[2] if held.pos >= 0.0 else parts[1]
    size = opposite.buys + opposite.sells
    beyond = max(0.0, size - abs(held.pos)) / size if size > 0.0 else 0.0
    initial = sum(part.initial_margin(constants, taker) * (beyond if part is opposite else 1.0) for part in parts)
    return {"initial_margin": initial, "maintenance_margin": maintenance}


def _free_margin(book: Book, symbol: str) -> float:
    """Equity less the initial margin of every other symbol."""
    from guard.risk.assess import assess
    from guard.risk.rules.orders import symbol_terms

    settle = symbol_terms(book, symbol, {leg.symbol: leg for leg in book.positions}, f'parameters["{symbol}"]').settle
    others = replace(
        book,
        positions=tuple(leg for leg in book.positions if leg.symbol != symbol or leg.margin_mode == "isolated"),
        orders=tuple(order for order in book.orders if order.symbol != symbol),
    )

    def pool_of(which: Book) -> Any:
        pools = assess(which, liquidation=False).pools
        return next((pool for pool in pools if pool.currency == settle and pool.margin_mode == "cross"), None)

    whole, rest = pool_of(book), pool_of(others)
    if whole is None:
        return 0.0
    return max(0.0, float(whole.equity) - (0.0 if rest is None else float(rest.initial_margin)))
