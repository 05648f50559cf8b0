"""Funding: what longs pay shorts at fixed times, on the notional at the mark."""

from __future__ import annotations

from guard.sandbox.engine.accounts import Account, LedgerKind
from guard.sandbox.engine.state import AccountEvent, VenueState


def next_funding_ms(now_ms: int, interval_ms: int) -> int:
    """The first multiple of `interval_ms` after `now_ms`."""
    return (now_ms // interval_ms + 1) * interval_ms


def pay_funding(state: VenueState, account: Account) -> None:
    """Book one funding payment for every held leg.

    Formula: `payment = -qty * mark * rate`; an isolated leg pays out of its own margin.
    """
    for position in account.held():
        market = state.market
        asset = market.instruments[position.symbol].margin_asset
        amount = -position.qty * market.mark(position.symbol) * market.funding_rate(position.symbol)
        booked = state.book_money(account, LedgerKind.FUNDING_FEE, asset, amount, symbol=position.symbol)
        if account.settings_of(position.symbol).isolated:
            position.isolated_wallet += booked
        state.emit(AccountEvent(account.id, "FUNDING_FEE", (asset,), ((position.symbol, position.leg),)))
