"""Terms of a symbol that is not held: where an adapter tells them, they are those of the leg once it is held."""

from __future__ import annotations

import pytest

from guard.ports.errors import VenueError
from guard.ports.venue import TellsTerms
from guard.sandbox.faults import FaultKind
from tests.contract.venues.harness import Harness

TELL = {"binanceusdm", "bingx", "bitget", "bybit", "gate", "hyperliquid", "kucoinfutures", "okx"}
# Their orders name the margin mode themselves.
NAMED = {"kucoinfutures", "okx"}


async def test_they_are_those_of_the_leg(bench: Harness) -> None:
    """Tiers and leverage as in a book that holds it; elsewhere nothing is told, and nothing guessed."""
    plain = bench.account("alice", bench.holding("ETHUSDT", "1", "3400"))
    opened = await bench.open(plain, directly=True)
    assert isinstance(opened, TellsTerms)
    symbol = bench.symbol("BTCUSDT")
    terms = await opened.terms(symbol)
    assert (terms is not None) == (bench.venue in TELL)
    if terms is None:
        return
    assert (terms.symbol, terms.margin_mode) == (symbol, "cross")
    held = await bench.open(bench.account("bob", bench.holding("BTCUSDT", "1", "43500")), directly=True)
    book = (await held.fetch_book()).book
    assert terms.tiers == book.tiers.get(symbol, ())
    assert terms.parameters == book.parameters.get(symbol, {})
    assert terms.leverage == book.positions[0].leverage
    with pytest.raises(VenueError):
        await opened.terms("NOSUCH/USDT:USDT")


async def test_isolated_margin_is_told(bench: Harness) -> None:
    """An order would open an isolated leg: nothing that a cross pool could be hedged with."""
    if bench.venue not in TELL - NAMED or not bench.has_isolated_beside_cross:
        pytest.skip("one margin mode for all, or no terms")
    account = bench.account("alice", bench.holding("ETHUSDT", "1", "3400"))
    account.account.settings_of(bench.engine_symbol("BTCUSDT")).isolated = True
    terms = await (await bench.open(account, directly=True)).terms(bench.symbol("BTCUSDT"))
    assert terms is not None
    assert terms.margin_mode == "isolated"


async def test_no_older_margin_mode_stands_in(bench: Harness) -> None:
    """It may have been changed since: without a new answer no order opens a leg of an unknown kind."""
    if bench.venue not in TELL:
        pytest.skip("no terms")
    opened = await bench.open(bench.account("alice", bench.holding("ETHUSDT", "1", "3400")), directly=True)
    assert isinstance(opened, TellsTerms)
    symbol = bench.symbol("BTCUSDT")
    assert await opened.terms(symbol) is not None
    bench.clock.jump(120.0)
    bench.server.add_fault(FaultKind.OUTAGE)
    with pytest.raises(VenueError):
        await opened.terms(symbol)
