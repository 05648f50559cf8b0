"""Hedged symbols on venues that charge one side only. Decides which; the rates are the rule's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from guard.risk.pool import Array, Mask
from guard.risk.rules.build import Terms
from guard.risk.rules.part import Sheet


def larger_side(sheet: Sheet) -> Mask:
    """Legs that are charged: of each symbol the side of more value, the long one when both are equal.

    Both legs of a symbol share its mark, so the choice holds along every move of the price.
    """
    values: dict[str, tuple[float, float]] = {}
    for position, value, is_long in zip(sheet.positions, sheet.value.tolist(), sheet.long.tolist(), strict=True):
        long, short = values.get(position.symbol, (0.0, 0.0))
        values[position.symbol] = (long + value, short) if is_long else (long, short + value)
    return np.array(
        [
            (values[position.symbol][0] >= values[position.symbol][1]) == is_long
            for position, is_long in zip(sheet.positions, sheet.long.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )


def charge_only(terms: Terms, chosen: Mask) -> Terms:
    """Terms in which the other legs need nothing and cost nothing to close."""
    if bool(chosen.all()):
        return terms
    kept: Array = chosen.astype(np.float64)
    return replace(
        terms,
        line_rate=terms.line_rate * kept,
        line_deduction=terms.line_deduction * kept,
        fee_rate=None if terms.fee_rate is None else terms.fee_rate * kept,
        fee_fixed=None if terms.fee_fixed is None else terms.fee_fixed * kept,
    )
