"""`bitmex`: BitMEX "base + step" risk limits. The venue closed on 2026-09-23; the rule stays for history and teaching.

Formula, on the entry value C of a leg in its settlement asset:
    steps    = max(0, ceil((C - base) / step))
    IM rate  = base_im + steps * base_mm          MM rate = base_mm + steps * base_mm
    posInit  = C / leverage
    posComm  = C * (1 + 1 / leverage) * taker      rounded up to the unit (1e-8 XBT, 1e-6 USDt); the closing fee here
    posMaint = C * MM rate + posComm + C * funding_rate
    equity   = balance + UPL                       liquidation when equity <= sum posMaint of the currency

    The requirement stands on the entry value: it does not move with the mark. After liquidation the position is taken
    over at the bankruptcy price and the maintenance margin is lost.

Parameters: `base`, `step` (in the settlement asset), `base_im`, `base_mm` of every symbol held; `funding_rate`.

Source: BitMEX app/riskLimitsExamples, API sample; golden cases `test_bitmex` (table from 200 to 1,000 XBT; 100x example
with liquidation at half the initial margin; posMaint 435,787 units).
Confidence: verified. Known limits: base and step changed over time (200/100, later 200/150 XBT): they are the book's.
The API's `maintMargin` of an isolated position is its margin plus PnL, not the requirement.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.fields import Field, Number
from guard.risk.pool import Pool
from guard.risk.rules.build import Terms, build_pool, optional_parameter, parameter
from guard.risk.rules.marks import nothing_is_shared
from guard.risk.rules.orders import margins_beyond_positions
from guard.risk.rules.part import Sheet, parts_by_settlement
from guard.risk.rules.rule import ORDER_PARAMETERS, Rule

UNITS: Final = {"XBT": 1e-8, "BTC": 1e-8, "USDT": 1e-6}
"""Smallest unit of a settlement asset, to which fees are rounded up."""


def risk_limit_rates(value: float, *, base: float, step: float, base_im: float, base_mm: float) -> tuple[float, float]:
    """Initial and maintenance rate of a position value.

    Args:
        value: in the settlement asset.
        base: risk limit without steps, in the settlement asset.
        step: size of a step, in the settlement asset.
        base_im: initial rate without steps.
        base_mm: maintenance rate without steps; each step adds it to both rates.

    Source: bitmex.com/app/riskLimitsExamples: 230 XBT with step 150 needs 1.5 % and 1 %.
    """
    steps = max(0, math.ceil((value - base) / step))
    return base_im + steps * base_mm, base_mm + steps * base_mm


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    margins = margins_beyond_positions(book)
    return tuple(
        build_pool(part, _terms(book, part.sheet), im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0)
        for part in parts_by_settlement(book, margins)
    )


def _terms(book: Book, sheet: Sheet) -> Terms:
    cost = np.where(sheet.inverse, sheet.size / sheet.entry, sheet.size * sheet.entry)
    maintenance, fees = [], []
    for position, value in zip(sheet.positions, cost.tolist(), strict=True):
        why = f"the bitmex rule needs it for {position.symbol}"
        base, step, base_im, base_mm = (
            parameter(book, position.symbol, name, why) for name in ("base", "step", "base_im", "base_mm")
        )
        _, rate = risk_limit_rates(value, base=base, step=step, base_im=base_im, base_mm=base_mm)
        funding = optional_parameter(book, position.symbol, "funding_rate") or 0.0
        maintenance.append(value * (rate + float(funding)))
        fees.append(_rounded_up(value * (1.0 + 1.0 / position.leverage) * book.fees.taker, position.settle))
    nothing = np.zeros(len(cost))
    return Terms(
        line_rate=nothing[None, :],
        line_deduction=-np.array(maintenance, dtype=np.float64)[None, :],
        im_rate=nothing,
        im_fixed=cost / sheet.leverage,
        fee_fixed=np.array(fees, dtype=np.float64),
    )


def _rounded_up(amount: float, settle: str) -> float:
    unit = UNITS.get(settle)
    return amount if unit is None else math.ceil(amount / unit) * unit


RULE: Final = Rule(
    model="bitmex",
    pools=pools,
    follows_marks=nothing_is_shared,
    parameters=(
        *ORDER_PARAMETERS,
        Field("base", Number(above=0, nullable=True), "BitMEX: risk limit without steps, settlement asset", None),
        Field("step", Number(above=0, nullable=True), "BitMEX: size of a step, settlement asset", None),
        Field("base_im", Number(above=0, at_most=1, nullable=True), "initial margin rate of a small position", None),
        Field(
            "base_mm", Number(above=0, at_most=1, nullable=True), "maintenance margin rate of a small position", None
        ),
        Field("funding_rate", Number(above=-1, below=1, nullable=True), "funding rate per interval, fraction", None),
    ),
)
