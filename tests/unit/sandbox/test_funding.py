from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from guard.sandbox.engine.accounts import Account, LedgerKind
from guard.sandbox.engine.choices import set_isolated
from guard.sandbox.engine.engine import EIGHT_HOURS_MS, Engine
from guard.sandbox.engine.funding import next_funding_ms
from guard.sandbox.engine.orders import Order
from guard.sandbox.engine.sides import Leg

D = Decimal
Trade = Callable[..., Order]


def test_funding_times_are_multiples_of_the_interval() -> None:
    """A moment that is a funding time has the next one ahead of it."""
    assert next_funding_ms(0, 1000) == 1000
    assert next_funding_ms(999, 1000) == 1000
    assert next_funding_ms(1000, 1000) == 2000


def test_long_pays_short_receives(engine: Engine, account: Account, trade: Trade) -> None:
    """At a positive rate the long pays on its notional at the mark, the short receives on its own."""
    engine.market.funding_rates["ETHUSDT"] = D("0.0003")
    trade("BUY", "1")
    trade("SELL", "10", symbol="ETHUSDT")
    before = account.wallets["USDT"]
    engine.advance(engine.next_funding_ms)
    assert account.wallets["USDT"] - before == -D(43500) * D("0.0001") + 10 * D(3400) * D("0.0003")
    assert [entry.symbol for entry in account.ledger if entry.kind is LedgerKind.FUNDING_FEE] == ["BTCUSDT", "ETHUSDT"]


def test_every_funding_time_counts_once(engine: Engine, account: Account, trade: Trade) -> None:
    """A day has three, however time is advanced."""
    trade("BUY", "1")
    end = engine.now_ms + 3 * EIGHT_HOURS_MS
    while engine.now_ms < end:
        engine.advance(min(end, engine.now_ms + 3_333_333))
    assert sum(entry.kind is LedgerKind.FUNDING_FEE for entry in account.ledger) == 3


def test_isolated_leg_pays_out_of_its_own_margin(engine: Engine, account: Account, trade: Trade) -> None:
    """Funding of an isolated leg changes its margin and leaves the cross wallet alone."""
    set_isolated(engine.state, account, "BTCUSDT", isolated=True)
    trade("BUY", "1")
    cross = engine.figures(account).assets["USDT"].cross_wallet
    margin = account.position("BTCUSDT", Leg.BOTH).isolated_wallet
    engine.advance(engine.next_funding_ms)
    assert engine.figures(account).assets["USDT"].cross_wallet == cross
    assert account.position("BTCUSDT", Leg.BOTH).isolated_wallet == margin - D("4.35")
