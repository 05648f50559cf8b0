"""Funding: what longs pay shorts at fixed times, on the notional at the mark."""

from __future__ import annotations

from guard.sandbox.engine.accounts import Account, LedgerKind
from guard.sandbox.engine.state import AccountEvent, VenueState


def next_funding_ms(now_ms: int, interval_ms: int) -> int:
    """The first multiple of `interval_ms` after `now_ms`."""
    return (now_ms // interval_ms + 1) * interval_ms


def pay_funding(state: VenueState, account: Account) -> None:
    """Book one funding payment for every held leg.

    Formula: `payment = -notional * rate`; an isolated leg pays out of its own margin. A contract that expires has none.
    """
    for position in account.held():
        market = state.market
        instrument = market.instruments[position.symbol]
        if instrument.expires_ms is not None:
            continue
        asset = instrument.margin_asset
        notional = instrument.notional(position.qty, market.mark(position.symbol))
        amount = -notional * market.funding_rate(position.symbol)
        booked = state.book_money(account, LedgerKind.FUNDING_FEE, asset, amount, symbol=position.symbol)
        if account.settings_of(position.symbol).isolated:
            position.isolated_wallet += booked
        state.emit(AccountEvent(account.id, "FUNDING_FEE", (asset,), ((position.symbol, position.leg),)))
