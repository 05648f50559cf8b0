"""Unified accounts of Gate as rows of plain values. Pure.

In single-currency mode each currency has its own cross margin; in multi-currency and portfolio mode the totals in USD
are the account's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from guard.venues.fields import Row, number, optional_number, record
from guard.venues.gate import endpoints as at


class UnifiedBalance(NamedTuple):
    """One currency, in its own units. The figures are of single-currency mode; None = the venue did not say.

    `cross_balance` is before unrealized PnL, without isolated margins; `frozen` what spot orders reserve.
    """

    cross_balance: float | None
    frozen: float
    equity: float | None
    maintenance_margin: float | None
    initial_margin: float | None
    available: float | None
    margin_level: float | None


class UnifiedTotals(NamedTuple):
    """The account's figures in USD; the level is equity / maintenance margin: low is bad."""

    equity: float | None
    maintenance_margin: float | None
    initial_margin: float | None
    available: float | None
    margin_level: float | None


class Unified(NamedTuple):
    """`GET v4/unified/accounts`."""

    balances: Mapping[str, UnifiedBalance]
    totals: UnifiedTotals


def read_unified(answer: object) -> Unified:
    """The unified account.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.UNIFIED.name
    row = record(answer, where)
    balances = record(row.get("balances"), f"{where} balances")
    return Unified(
        balances={
            name: _balance(record(each, f"{where} {name}"), f"{where} {name}") for name, each in balances.items()
        },
        totals=UnifiedTotals(
            equity=optional_number(row, "total_margin_balance", where),
            maintenance_margin=optional_number(row, "total_maintenance_margin", where),
            initial_margin=optional_number(row, "total_initial_margin", where),
            available=optional_number(row, "total_available_margin", where),
            margin_level=optional_number(row, "total_maintenance_margin_rate", where),
        ),
    )


def _balance(row: Row, where: str) -> UnifiedBalance:
    return UnifiedBalance(
        cross_balance=optional_number(row, "cross_balance", where),
        frozen=number(row, "freeze", where),
        equity=optional_number(row, "margin_balance", where),
        maintenance_margin=optional_number(row, "mm", where),
        initial_margin=optional_number(row, "im", where),
        available=optional_number(row, "available_margin", where),
        margin_level=optional_number(row, "mmr", where),
    )
