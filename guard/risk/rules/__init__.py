"""Margin rules by `model` name.

A rule is a pure function from a book to its pools in normal form (`guard.risk.pool`). Adding a venue is adding one
file here and one line below: valuation, scenarios and the liquidation solver are shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guard.risk.book import Book
from guard.risk.bookerror import BookError, one_of
from guard.risk.pool import Pool
from guard.risk.rules import (
    binance_coinm,
    binance_pm,
    binance_usdm,
    binance_usdm_multi,
    bingx,
    bitget,
    bitmex,
    bybit_uta,
    deribit_sm,
    gate,
    hyperliquid,
    kraken_futures,
    kucoin,
    margin_level,
    mexc,
    okx,
    reported,
    tiered,
)
from guard.risk.rules.rule import Rule

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        file.RULE.model: file.RULE
        for file in (
            tiered,
            binance_usdm,
            binance_usdm_multi,
            binance_coinm,
            binance_pm,
            bybit_uta,
            okx,
            kucoin,
            gate,
            bitget,
            bingx,
            mexc,
            hyperliquid,
            deribit_sm,
            kraken_futures,
            bitmex,
            margin_level,
            reported,
        )
    }
)

MODELS: Final = tuple(RULES)
"""Names that a book's `model` may have."""


def rule_of(model: str) -> Rule:
    """The rule of a model name.

    Raises:
        BookError: there is no such rule.
    """
    if model not in RULES:
        raise BookError("model", f'was "{model}", must be one of: {one_of(MODELS)}')
    return RULES[model]


def pools_of(book: Book) -> tuple[Pool, ...]:
    """The pools of a book under its own rule.

    Raises:
        BookError: the rule needs something that the book does not have.
    """
    return rule_of(book.model).pools(book)
