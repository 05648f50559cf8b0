"""`okx`: OKX futures and swaps in single-currency (futures) and multi-currency mode.

Formula:
    value = contracts * ctVal * MP (linear), contracts * ctVal / MP (inverse)
    mmr   = value * mm_rate(tier)                  tier by contracts; the rate applies to the whole position
    imr   = value / leverage                        on the mark
    fee   = value * taker                           liquidation fee, part of the requirement
    orders: mmr and imr of the larger exposure after either side's orders (one-way), of all orders (hedge)
    single-currency: equity = cross balance - frozen + UPL             a pool for each settlement asset
    multi-currency:  equity = sum_a counted_a(balance_a + UPL_a) * price_a           one pool in USD; positive amounts
                     count by their discount tiers, debts in full
    mgnRatio = equity / (mmr + fee)                 high is good; liquidation at <= 1
    risk_ratio = (mmr + fee) / equity

Parameters: `account_mode` under `*`: `single` or `multi`. Tiers are in contracts. Discounts: `haircut_tiers` (haircut =
1 - discount). Collateral `frozen`: what orders, options and isolated transfers reserve.

Source: OKX help iv-multi-currency-margin-mode and v-tiered-maintenance-margin-ratio-rules, recorded API payloads;
golden cases `test_okx` (mgnRatio 107.03564178926794 to 1e-9, liquidation price within a tick).
Confidence: isolated and per-position figures verified. Known limits: the order terms are inferred; tiers of whole
instrument families are looked up by the leg's own contracts; portfolio margin is not computed (model `reported`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.bookerror import BookError, keyed
from guard.risk.pool import Pool
from guard.risk.rules.build import ACCOUNT, Terms, build_pool, optional_parameter, single_lines, tier_stack
from guard.risk.rules.losses import append_legs, order_leg
from guard.risk.rules.marks import orders_are_priced
from guard.risk.rules.orders import OpenOrder, opening_orders
from guard.risk.rules.part import Part, Sheet, part_of_everything, parts_by_settlement, sheet_of
from guard.risk.rules.rule import ACCOUNT_MODE, ORDER_PARAMETERS, Rule
from guard.risk.tiers import tables_of


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    mode = optional_parameter(book, ACCOUNT, "account_mode")
    if mode not in {"single", "multi"}:
        raise BookError(f"{keyed('parameters', ACCOUNT)}.account_mode", "is missing, must be one of: single, multi")
    orders = opening_orders(book)
    if mode == "multi":
        return tuple(_pool(book, part, orders, inside=part.cross) for part in part_of_everything(book, "USD"))
    parts = parts_by_settlement(book, {each.terms.settle for each in orders})
    return tuple(_pool(book, part, orders, inside=False) for part in parts)


def _pool(book: Book, part: Part, orders: Sequence[OpenOrder], *, inside: bool) -> Pool:
    terms = _terms(book, part.sheet)
    mine = [each for each in orders if part.cross and (inside or each.terms.settle == part.currency)]
    extra: Sheet | None = None
    initial = 0.0
    if mine:
        prices = {item.asset: item.price for item in part.collateral}
        waiting = _beyond_positions(book, part.sheet, mine)
        extra = sheet_of([order_leg(each) for each, _ in waiting])
        rates = np.array([_order_rate(book, part.sheet, mine, each) for each, _ in waiting])
        sizes = np.array([size for _, size in waiting])
        terms = append_legs(terms, rates[None, :] + book.fees.taker, np.zeros((1, len(waiting))), sizes)
        worth = [
            prices.get(each.terms.settle, 1.0) * each.value / each.size / each.terms.leverage for each, _ in waiting
        ]
        initial = float(sizes @ np.array(worth))
    return build_pool(part, terms, extra=extra, upl_counts_inside=inside, im_orders=initial)


def _terms(book: Book, sheet: Sheet) -> Terms:
    if not sheet.positions:
        return Terms(np.zeros((1, 0)), np.zeros((1, 0)), im_rate=np.zeros(0), fee_rate=np.zeros(0), charged=np.zeros(0))
    contracts = np.array([position.contracts for position in sheet.positions])
    rates = tier_stack(book, sheet, contracts, "contracts", marginal=False).rate_at(contracts)
    rate, deduction = single_lines(rates)
    fee = np.full(len(contracts), book.fees.taker)
    return Terms(rate, deduction, im_rate=1.0 / sheet.leverage, fee_rate=fee, charged=sheet.size)


def _beyond_positions(book: Book, sheet: Sheet, orders: Sequence[OpenOrder]) -> list[tuple[OpenOrder, float]]:
    """For each symbol and side of orders, the size by which they make the exposure larger than the positions are."""
    found: list[tuple[OpenOrder, float]] = []
    for symbol in dict.fromkeys(each.order.symbol for each in orders):
        of_symbol = [each for each in orders if each.order.symbol == symbol]
        buys = sum(each.size for each in of_symbol if each.buy)
        sells = sum(each.size for each in of_symbol if not each.buy)
        if book.position_mode == "hedge":
            found += [(each, each.size) for each in of_symbol]
            continue
        net = sum(
            float(size) * position.sign
            for size, position in zip(sheet.size, sheet.positions, strict=True)
            if position.symbol == symbol
        )
        larger = max(abs(net + buys), abs(net - sells))
        side_is_buy = abs(net + buys) >= abs(net - sells)
        first = next((each for each in of_symbol if each.buy == side_is_buy), None)
        if first is not None and larger > abs(net):
            found.append((first, larger - abs(net)))
    return found


def _order_rate(book: Book, sheet: Sheet, orders: Sequence[OpenOrder], each: OpenOrder) -> float:
    """Rate of the tier that position and orders of a symbol reach together."""
    symbol = each.order.symbol
    contracts = sum(position.contracts for position in sheet.positions if position.symbol == symbol)
    contracts += sum(other.order.remaining for other in orders if other.order.symbol == symbol)
    table = tables_of(book.tiers).table(symbol, marginal=False)
    table.check_within(contracts, "the position with orders", "contracts")
    return float(table.rate[table.row(contracts)])


def risk_unit_requirement(
    margin_risk: float, minimum_charge: float, multipliers: Sequence[tuple[float, float]]
) -> float:
    """Maintenance margin of a portfolio-margin risk unit from its scenario margin and its minimum charge (MR7).

    Formula:
        MR7_adjusted = sum over increments of MR7 times the multiplier of the increment
        MMR = max(margin_risk, MR7_adjusted)

    Args:
        margin_risk: the larger of the scenario margins plus contingencies, in USD.
        minimum_charge: MR7 before scaling, in USD.
        multipliers: rows `(from, multiplier)`, the first from 0, in USD.

    Source: OKX notice 4417291853837: 40,000 against a minimum charge of 30,000 gives 50,000. Its table is misprinted
    (lost digits); portfolio margin as a whole is not computed here.
    """
    adjusted = 0.0
    ends = [start for start, _ in multipliers[1:]] + [float("inf")]
    for (start, multiplier), end in zip(multipliers, ends, strict=True):
        adjusted += max(0.0, min(minimum_charge, end) - start) * multiplier
    return max(margin_risk, adjusted)


RULE: Final = Rule(
    model="okx",
    pools=pools,
    follows_marks=orders_are_priced,
    parameters=(*ORDER_PARAMETERS, ACCOUNT_MODE),
)
