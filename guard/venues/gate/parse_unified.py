"""Unified accounts of Gate as rows of plain values. Pure.

In single-currency mode each currency has its own cross margin; in multi-currency and portfolio mode the totals in USD
are the account's.

`equity` of a currency is of cross margin; it is taken to hold the unrealized PnL of its cross legs, which the venue
does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from guard.venues.fields import Row, number, optional_flag, optional_number, record
from guard.venues.gate import endpoints as at


class UnifiedBalance(NamedTuple):
    """One currency, in its own units. The figures are of single-currency mode; None = the venue did not say.

    `cross_balance` is before unrealized PnL, without isolated margins; `frozen` what spot orders reserve. `whole` is
    the equity of the currency in the other modes, `owed` what is borrowed of it, `is_collateral` whether it counts.
    """

    cross_balance: float | None
    frozen: float
    whole: float | None
    owed: float
    is_collateral: bool
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
    spot_order_loss: float
    """What open spot orders take off the equity, in USD."""

    @property
    def owes(self) -> bool:
        """Whether anything is borrowed."""
        return any(balance.owed for balance in self.balances.values())


def read_unified(answer: object) -> Unified:
    """The unified account.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.UNIFIED.name
    row = record(answer, where)
    balances = record(row.get("balances"), f"{where} balances")
    counts_all = optional_flag(row, "is_all_collateral", where) is True
    return Unified(
        balances={
            name: _balance(record(each, f"{where} {name}"), f"{where} {name}", counts=counts_all)
            for name, each in balances.items()
        },
        totals=UnifiedTotals(
            equity=optional_number(row, "total_margin_balance", where),
            maintenance_margin=optional_number(row, "total_maintenance_margin", where),
            initial_margin=optional_number(row, "total_initial_margin", where),
            available=optional_number(row, "total_available_margin", where),
            margin_level=optional_number(row, "total_maintenance_margin_rate", where),
        ),
        spot_order_loss=optional_number(row, "spot_order_loss", where) or 0.0,
    )


def _balance(row: Row, where: str, *, counts: bool) -> UnifiedBalance:
    return UnifiedBalance(
        cross_balance=optional_number(row, "cross_balance", where),
        frozen=number(row, "freeze", where),
        whole=optional_number(row, "equity", where),
        owed=max(optional_number(row, key, where) or 0.0 for key in ("borrowed", "total_liab", "negative_liab")),
        is_collateral=counts or optional_flag(row, "enabled_collateral", where) is not False,
        equity=optional_number(row, "margin_balance", where),
        maintenance_margin=optional_number(row, "mm", where),
        initial_margin=optional_number(row, "im", where),
        available=optional_number(row, "available_margin", where),
        margin_level=optional_number(row, "mmr", where),
    )
