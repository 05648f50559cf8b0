"""Any exchange that ccxt knows, by its unified answers: here Binance's, so that the truth is at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.app.clock import SystemClock
from guard.ports.errors import BadAnswer, CredentialsRejected, InputError, OrderRejected
from guard.ports.venue import AccountSpec, Credentials, OrderRequest, VenueAccount
from guard.risk.assess import assess
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.server import SandboxServer
from guard.venues.generic.parse import assemble, read_balances, read_legs
from guard.venues.hub import VenueHub
from guard.venues.registry import needs, open_account

VENUE = "generic:binanceusdm"
BTC = "BTC/USDT:USDT"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    """The sandbox."""
    made = SandboxServer(Engine(start_ms=int(datetime.now(tz=UTC).timestamp() * 1000)), SystemClock(), tick_s=5.0)
    made.served.lift_limits()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def opened(server: SandboxServer) -> AsyncIterator[VenueAccount]:
    """An account 2 BTC long, opened without an adapter."""
    account = server.add_account("alice", {"USDT": 20_000}, [Holding("BTCUSDT", Decimal(2), Decimal(44_000))])
    clock = SystemClock()
    hub = VenueHub(clock)
    spec = AccountSpec("alice", VENUE, Credentials(account.api_key, account.secret), server.base_url)
    found = await open_account(spec, clock, hub)
    yield found
    await found.close()
    await hub.close()


async def test_a_book_of_what_ccxt_tells(opened: VenueAccount) -> None:
    """Marked as reported; never more equity and never less requirement than the venue's own."""
    fetched = await opened.fetch_book()
    assert (fetched.missing, fetched.torn, fetched.book.model) == ((), (), "reported")
    (leg,) = fetched.book.positions
    assert (leg.symbol, leg.side, leg.contracts, leg.mark_price) == (BTC, "long", 2.0, 43_500.0)
    pool = next(pool for pool in assess(fetched.book).pools if pool.currency == "USDT")
    assert pool.equity <= 19_000.0
    assert pool.maintenance_margin >= 2 * 43_500 * 0.005 - 50


async def test_it_cannot_trade(opened: VenueAccount) -> None:
    """And says so, at the check and at an order."""
    check = await opened.check()
    assert any("watched only" in warning for warning in check.warnings)
    assert (check.rights.trade, check.rights.withdraw) == (None, None)
    order = OrderRequest("g1", BTC, "sell", "long", Decimal(1), Decimal(43_000), True, "one_way")
    with pytest.raises(OrderRejected, match="watched only"):
        await opened.submit(order)


async def test_a_wrong_key(server: SandboxServer) -> None:
    """Classified by ccxt's type."""
    server.add_account("bob", {"USDT": 1})
    spec = AccountSpec("bob", VENUE, Credentials("x" * 64, "y" * 64), server.base_url)
    clock = SystemClock()
    hub = VenueHub(clock)
    found = await open_account(spec, clock, hub)
    with pytest.raises(CredentialsRejected):
        await found.fetch_book()
    await found.close()
    await hub.close()


def test_which_exchanges_can_be_watched() -> None:
    """What is needed comes from ccxt; what cannot be watched is refused by name."""
    assert needs("generic:kucoinfutures") == frozenset({"api_key", "secret", "passphrase"})
    with pytest.raises(InputError, match="ccxt has no exchange 'ftx'"):
        needs("generic:ftx")
    with pytest.raises(InputError, match="has no fetchPositions"):
        needs("generic:bitstamp")


def row(**fields: Any) -> dict[str, Any]:
    """A position as ccxt tells it."""
    return {
        "symbol": BTC,
        "side": "long",
        "contracts": 2.0,
        "contractSize": 1.0,
        "entryPrice": 44_000.0,
        "markPrice": 43_500.0,
        "leverage": 10.0,
        "marginMode": "cross",
        "maintenanceMargin": 400.0,
        "unrealizedPnl": -1_000.0,
        "hedged": False,
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"maintenanceMargin": None}, f"maintenance margin of {BTC}"),
        ({"maintenanceMargin": 0.0}, f"maintenance margin of {BTC}"),
        ({"contractSize": None}, f"contract size of {BTC}"),
        ({"markPrice": None}, f"mark price of {BTC}"),
        ({"marginMode": "isolated"}, f"margin of isolated {BTC}"),
        ({"symbol": "ETH/USD:ETH"}, "balance of ETH"),
    ],
)
def test_what_is_not_told_is_named(fields: dict[str, Any], missing: str) -> None:
    """The book is incomplete then."""
    legs = read_legs([row(**fields)], "somewhere")
    fetched = assemble("a", "generic:x", {"USDT": 20_000.0}, legs, {"balances": NOW, "positions": NOW})
    assert missing in fetched.missing


@pytest.mark.parametrize(("pnl", "equity"), [(-1_000.0, 19_000.0), (1_000.0, 20_000.0)])
def test_a_loss_is_taken_off_and_a_profit_not_added(pnl: float, equity: float) -> None:
    """Whether the total contains it differs from exchange to exchange."""
    legs = read_legs([row(unrealizedPnl=pnl)], "somewhere")
    fetched = assemble("a", "generic:x", {"USDT": 20_000.0}, legs, {"balances": NOW, "positions": NOW})
    assert fetched.book.venue_reported.pools["USDT"].equity == equity


def test_a_loss_that_is_not_told_is_computed() -> None:
    """An exchange whose positions come without PnL must not look richer than it is."""
    legs = read_legs([row(unrealizedPnl=None, contractSize=None)], "somewhere", {BTC: 0.5}.get)
    fetched = assemble("a", "generic:x", {"USDT": 20_000.0}, legs, {"balances": NOW, "positions": NOW})
    assert fetched.missing == ()
    assert fetched.book.venue_reported.pools["USDT"].equity == 19_500.0
    coin = row(symbol="BTC/USD:BTC", side="short", contracts=87, contractSize=100.0, unrealizedPnl=None)
    (leg,) = read_legs([coin], "somewhere")
    assert leg.unrealized == pytest.approx(8_700 / 43_500 - 8_700 / 44_000)


def test_the_smaller_side_of_a_hedge_may_need_nothing() -> None:
    """Some exchanges charge one side only."""
    legs = read_legs([row(hedged=True), row(side="short", contracts=1.0, maintenanceMargin=0.0)], "somewhere")
    fetched = assemble("a", "generic:x", {"USDT": 20_000.0}, legs, {"balances": NOW, "positions": NOW})
    assert fetched.missing == ()


def test_a_row_with_a_value_and_no_size_is_refused() -> None:
    """It is held, and nobody knows how much of it."""
    with pytest.raises(BadAnswer, match="has no contracts"):
        read_legs([row(contracts=None)], "somewhere")
    empty = dict.fromkeys(("contracts", "maintenanceMargin", "unrealizedPnl"))
    assert read_legs([row(**empty), row(contracts=0.0)], "somewhere") == ()


async def test_listings_are_loaded_anew(opened: VenueAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a day: ccxt would answer what it has for ever, and never know a new contract."""
    await opened.fetch_book()
    exchange: Any = opened._client.exchange  # type: ignore[attr-defined]
    loaded = exchange.markets
    day_s = 25 * 3_600.0
    clock = opened._client.site.clock  # type: ignore[attr-defined]
    began = clock.monotonic()
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: began + day_s)
    await opened.fetch_book()
    assert exchange.markets is not loaded


@pytest.mark.parametrize("field", ["symbol", "side", "entryPrice"])
def test_a_leg_without_what_it_needs_is_refused(field: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer):
        read_legs([row(**{field: None})], "somewhere")


def test_a_leg_that_stands_twice_is_refused() -> None:
    """Neither adding nor dropping would be right."""
    with pytest.raises(BadAnswer, match="stands twice"):
        read_legs([row(), row()], "somewhere")


def test_balances_without_what_is_zero() -> None:
    """Ccxt lists every currency that the venue ever mentioned."""
    assert read_balances({"total": {"USDT": 5.0, "BTC": 0.0, "XYZ": None}}, "somewhere") == {"USDT": 5.0}
