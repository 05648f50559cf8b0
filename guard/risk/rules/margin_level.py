"""`margin-level`: forex and CFD brokers such as IFC Markets: equity over used margin, and a stop-out level.

Formula:
    used margin  = size * entry price / leverage      (on the mark with `margin_basis` "mark"); the initial margin here
    margin level = equity / used margin                low is bad
    requirement  = stop_out_level * used margin         shown as maintenance margin
    risk_ratio   = requirement / equity                 1 exactly when the margin level falls to the stop-out level

    Levels of the document behind this rule: safe from 100 % on, a warning zone of 30 to 50 %, automatic reduction below
    20 %. It leaves 50 to 100 % and 20 to 30 % without a name; `guard.risk.levels` names them (watch, danger).

Parameters, under `*` or by symbol: `stop_out_level` (default 0.20). `guard.risk.levels` reads `safe_level` (1.0),
`warning_level` (0.50), `danger_level` (0.30) beside it.

Pools: one for each settlement currency. Prices and values must be in the settlement currency: `size` of EUR/USD is in
EUR, its price in USD.

Source: document on IFC Markets (margin level, its zones, automatic reduction); golden cases `test_margin_level`.
Confidence: the formula is the brokers' own; levels are each broker's: set them. Known limits: no swap, no commission.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.book import Book
from guard.risk.fields import Choice, Field, Number
from guard.risk.pool import Pool
from guard.risk.rules.build import Terms, build_pool, fixed_lines, optional_parameter, single_lines
from guard.risk.rules.marks import orders_are_priced
from guard.risk.rules.orders import order_margins
from guard.risk.rules.part import Sheet, parts_by_settlement, require_kind
from guard.risk.rules.rule import ORDER_PARAMETERS, Rule

STOP_OUT_LEVEL: Final = 0.20
"""Margin level at which positions are reduced, unless the book says otherwise."""


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    require_kind(book, "linear")
    margins = order_margins(book)
    return tuple(
        build_pool(part, _terms(book, part.sheet), im_orders=margins.get(part.currency, 0.0) if part.cross else 0.0)
        for part in parts_by_settlement(book, margins, alone=False)
    )


def _terms(book: Book, sheet: Sheet) -> Terms:
    levels = np.array([_level(book, symbol) for symbol in sheet.symbols], dtype=np.float64)
    on_mark = np.array([optional_parameter(book, symbol, "margin_basis") == "mark" for symbol in sheet.symbols])
    used_at_entry = sheet.size * sheet.entry / sheet.leverage
    rate, _ = single_lines(np.where(on_mark, levels / sheet.leverage, 0.0))
    _, deduction = fixed_lines(np.where(on_mark, 0.0, levels * used_at_entry))
    return Terms(
        rate,
        deduction,
        im_rate=np.where(on_mark, 1.0 / sheet.leverage, 0.0),
        im_fixed=np.where(on_mark, 0.0, used_at_entry),
    )


def _level(book: Book, symbol: str) -> float:
    given = optional_parameter(book, symbol, "stop_out_level")
    return STOP_OUT_LEVEL if given is None else float(given)


RULE: Final = Rule(
    model="margin-level",
    pools=pools,
    follows_marks=orders_are_priced,
    parameters=(
        *ORDER_PARAMETERS,
        Field(
            "stop_out_level", Number(above=0, at_most=10, nullable=True), "margin level of automatic reduction", None
        ),
        Field("danger_level", Number(above=0, at_most=10, nullable=True), "margin level at which danger begins", None),
        Field(
            "warning_level", Number(above=0, at_most=10, nullable=True), "margin level at which warnings begin", None
        ),
        Field("safe_level", Number(above=0, at_most=10, nullable=True), "margin level from which all is well", None),
        Field("margin_basis", Choice(("entry", "mark"), nullable=True), "price that used margin is reckoned on", None),
    ),
)
