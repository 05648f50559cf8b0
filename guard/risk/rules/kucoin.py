"""`kucoin`: KuCoin futures, classic cross margin: a continuous maintenance rate, worst side of position and orders.

Formula, per symbol, in base units:
    worst  = max(|pos + buys|, |pos - sells|)                pos = long - short, signed
    MMR    = min((1 + worst / m) / (2 * mmr_lev_constant), mmr_limit)
    MM     = worst * MP * MMR                                 fee to close = worst * MP * taker
    IMR    = max(1 / leverage, f * MMR)
    IM     = max(position IM + same-side order IM, IM of opposite orders beyond the position)
             position IM = |pos| * MP * IMR, order IM = size * price * (IMR + taker)
    risk   = (sum MM + sum close fees) / (balance + cross UPL - isolated margin - fees to open)
             orders are cancelled at >= 0.95, liquidation at >= 1

    The rate follows the size, not the price: the requirement is a straight line in the mark.

Formula, isolated (BitMEX-like), on the entry value C:
    posComm = C * (1 + 1 / leverage) * taker                  reported as the closing fee
    posMaint = C * mm_rate + posComm + C * funding_rate       mm_rate from the isolated risk limits in `tiers`

Pools: one for each settlement asset; isolated legs are pools of their own.
Parameters: `m`, `mmr_limit`, `mmr_lev_constant`, `f` of every symbol held or on order (`k` for the largest open size);
`funding_rate` for isolated legs. The venue announces changes (`adjustActiveTime`): read them live.

Source: KuCoin support 35084093025049, 35233217061785, 35084240398361 and API samples; golden cases `test_kucoin`: MMR
0.501667 % (constant 100) and 0.401333 % (125), margin 250 against 450, requirement 900 against 1,800, risk 5.8756 %.
Confidence: verified for the classic account. Known limits: the unified account uses tiers (model `tiered`); the funding
term of isolated legs is inferred.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from guard.risk.book import Book, Position
from guard.risk.fields import Field, Number
from guard.risk.pool import Array, Pool
from guard.risk.rules.bingx import isolated_margins
from guard.risk.rules.build import Terms, build_pool, optional_parameter, parameter, single_lines, tier_stack
from guard.risk.rules.losses import order_leg
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import OpenOrder, held_by_symbol, opening_orders
from guard.risk.rules.part import Part, Sheet, parts_by_settlement, require_kind, sheet_of
from guard.risk.rules.rule import ORDER_PARAMETERS, Rule


@dataclass(frozen=True, slots=True)
class Constants:
    """KuCoin's constants of a symbol."""

    m: float
    mmr_limit: float
    mmr_lev_constant: float
    f: float

    def mm_rate(self, size: float) -> float:
        """Maintenance rate of a size in base units."""
        return min((1.0 + size / self.m) / (2.0 * self.mmr_lev_constant), self.mmr_limit)

    def im_rate(self, size: float, leverage: float) -> float:
        """Initial rate of a size in base units."""
        return max(1.0 / leverage, self.f * self.mm_rate(size))


@dataclass(slots=True)
class Exposure:
    """A symbol at hand and on order, in base units and in quote."""

    leg: Position
    pos: float = 0.0
    buys: float = 0.0
    sells: float = 0.0
    buys_value: float = 0.0
    sells_value: float = 0.0

    @property
    def worst(self) -> float:
        """The larger exposure after either side's orders are filled."""
        return max(abs(self.pos + self.buys), abs(self.pos - self.sells))

    def initial_margin(self, constants: Constants, taker: float) -> float:
        """Initial margin of position and orders together."""
        rate = constants.im_rate(self.worst, self.leg.leverage)
        held = abs(self.pos) * self.leg.mark_price * rate
        same, other, other_size = self.buys_value, self.sells_value, self.sells
        if self.pos < 0.0:
            same, other, other_size = self.sells_value, self.buys_value, self.buys
        beyond = max(0.0, other_size - abs(self.pos)) / other_size if other_size > 0.0 else 0.0
        return max(held + same * (rate + taker), other * beyond * (rate + taker))


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    orders = opening_orders(book)
    return tuple(
        _cross_pool(book, part, [each for each in orders if each.terms.settle == part.currency])
        if part.cross
        else build_pool(part, _isolated_terms(book, part.sheet))
        for part in parts_by_settlement(book, {each.terms.settle for each in orders})
    )


def _cross_pool(book: Book, part: Part, orders: list[OpenOrder]) -> Pool:
    exposures = _exposures(part, orders)
    constants = {symbol: _constants(book, symbol) for symbol in exposures}
    extra = [each.leg for symbol, each in exposures.items() if symbol not in part.sheet.symbols]
    legs = [*part.sheet.positions, *extra]
    seen: set[str] = set()
    charged, rates = np.zeros(len(legs)), np.zeros(len(legs))
    for index, leg in enumerate(legs):
        if leg.symbol not in seen:  # the symbol's first leg carries the requirement of the whole symbol
            seen.add(leg.symbol)
            charged[index] = exposures[leg.symbol].worst
            rates[index] = constants[leg.symbol].mm_rate(charged[index])
    sheet = sheet_of(legs)
    im_rate = np.array([constants[leg.symbol].im_rate(exposures[leg.symbol].worst, leg.leverage) for leg in legs])
    whole = sum(each.initial_margin(constants[symbol], book.fees.taker) for symbol, each in exposures.items())
    rate, deduction = single_lines(rates)
    return build_pool(
        part,
        Terms(rate, deduction, im_rate=im_rate, fee_rate=np.full(len(legs), book.fees.taker), charged=charged),
        extra=sheet_of(extra) if extra else None,
        withheld=isolated_margins(book, part.currency) + book.fees.taker * sum(each.value for each in orders),
        im_orders=whole - float((im_rate * sheet.value).sum()),
    )


def _exposures(part: Part, orders: list[OpenOrder]) -> dict[str, Exposure]:
    found: dict[str, Exposure] = {}
    held = held_by_symbol(part.sheet.positions)
    for position in part.sheet.positions:
        each = found.setdefault(position.symbol, Exposure(held[position.symbol]))
        each.pos += position.sign * position.contracts * position.contract_size
    for order in orders:
        if order.order.symbol not in found:
            found[order.order.symbol] = Exposure(order_leg(order))
        each = found[order.order.symbol]
        if order.buy:
            each.buys, each.buys_value = each.buys + order.size, each.buys_value + order.value
        else:
            each.sells, each.sells_value = each.sells + order.size, each.sells_value + order.value
    return found


def _constants(book: Book, symbol: str) -> Constants:
    why = f"the kucoin rule needs it for {symbol}"
    names = ("m", "mmr_limit", "mmr_lev_constant", "f")
    return Constants(*(parameter(book, symbol, name, why) for name in names))


def _isolated_terms(book: Book, sheet: Sheet) -> Terms:
    cost = sheet.size * sheet.entry
    rates: Array = tier_stack(book, sheet, cost, marginal=False).rate_at(cost)
    funding = np.array([optional_parameter(book, symbol, "funding_rate") or 0.0 for symbol in sheet.symbols])
    nothing = np.zeros(len(cost))
    return Terms(
        line_rate=nothing[None, :],
        line_deduction=-(cost * (rates + funding))[None, :],
        im_rate=nothing,
        im_fixed=cost / sheet.leverage,
        fee_fixed=cost * (1.0 + 1.0 / sheet.leverage) * book.fees.taker,
    )


def max_open_size(
    *, free_margin: float, leverage: float, price: float, k: float, same_side: float = 0.0, opposite: float = 0.0
) -> float:
    """The largest position that can still be opened in one direction, in base units.

    Formula:
        k * ln(free_margin * leverage / (k * price) + 1) - same_side + opposite

    Args:
        free_margin: margin that is not in use, in quote.
        leverage: leverage chosen.
        price: price of the order in quote.
        k: the symbol's constant, in base units.
        same_side: position and orders of that side, in base units.
        opposite: position of the other side, in base units.

    Source: KuCoin support 35084240398361 (16.39 BTC for 100,000 USDT at 10x and 60,000).
    """
    return k * math.log(free_margin * leverage / (k * price) + 1.0) - same_side + opposite


RULE: Final = Rule(
    model="kucoin",
    pools=pools,
    follows_marks=nothing_is_shared,
    wallet_holds_isolated=True,
    parameters=(
        *ORDER_PARAMETERS,
        Field("m", Number(above=0, nullable=True), "KuCoin: scale of the maintenance rate, base units", None),
        Field("k", Number(above=0, nullable=True), "KuCoin: scale of the largest open size, base units", None),
        Field("f", Number(above=0, nullable=True), "KuCoin: initial over maintenance rate", None),
        Field("mmr_limit", Number(above=0, at_most=1, nullable=True), "KuCoin: highest maintenance rate", None),
        Field("mmr_lev_constant", Number(above=0, nullable=True), "KuCoin: leverage constant of the rate", None),
        Field("funding_rate", Number(above=-1, below=1, nullable=True), "funding rate per interval, fraction", None),
    ),
)
