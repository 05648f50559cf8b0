from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, EngineOptions
from guard.sandbox.engine.matching import cancel_all, cancel_order, find_order, modify_order
from guard.sandbox.engine.orderbook import Depth
from guard.sandbox.engine.orders import Order, OrderStatus, Reason, Rejection, TimeInForce
from guard.sandbox.engine.sides import Leg

D = Decimal
Trade = Callable[..., Order]


def test_market_order_pays_spread_and_fee(engine: Engine, account: Account, trade: Trade) -> None:
    """A buyer gets the ask, pays the taker fee, and holds what was bought."""
    order = trade("BUY", "1")
    ask = engine.market.depth.around(D(43500), engine.market.instruments["BTCUSDT"]).asks[0].price
    assert (order.status, order.average_price) == (OrderStatus.FILLED, ask)
    assert account.wallets["USDT"] == D(100_000) - ask * D("0.0005")
    assert account.position("BTCUSDT", Leg.BOTH).entry_price == ask


def test_large_market_order_walks_the_book(trade: Trade, account: Account) -> None:
    """The average is worse than the best price, and every level is a trade."""
    order = trade("BUY", "20")
    assert order.average_price > account.trades[0].price
    assert len(account.trades) > 1
    assert sum(item.qty for item in account.trades) == 20


def test_depth_comes_back_with_time(engine: Engine, trade: Trade) -> None:
    """Two orders at one moment share the book; a second later it is full again."""
    first, second = trade("BUY", "5"), trade("BUY", "5")
    assert second.average_price > first.average_price
    engine.advance(engine.now_ms + 1000)
    assert trade("BUY", "5").average_price == first.average_price
    third, fourth = trade("SELL", "5"), trade("SELL", "5")
    assert fourth.average_price < third.average_price < first.average_price


def test_averaging_in_and_partial_close(engine: Engine, account: Account, trade: Trade) -> None:
    """The entry is the average of what was bought, and a partial close leaves it alone."""
    first = trade("BUY", "1").average_price
    engine.set_price("BTCUSDT", D(40000))
    second = trade("BUY", "3").average_price
    entry = (first + 3 * second) / 4
    assert account.position("BTCUSDT", Leg.BOTH).entry_price == entry
    close = trade("SELL", "1")
    assert account.trades[-1].realized_pnl == (close.average_price - entry).quantize(D("0.00000001"))
    assert account.position("BTCUSDT", Leg.BOTH).entry_price == entry


def test_turning_a_position_realizes_and_reopens(account: Account, trade: Trade) -> None:
    """Selling more than is held closes all of it and opens the rest at the price of the trade."""
    trade("BUY", "1")
    order = trade("SELL", "3")
    position = account.position("BTCUSDT", Leg.BOTH)
    assert (position.qty, position.entry_price) == (D(-2), order.average_price)


def test_limit_waits_and_fills_as_maker_at_its_price(engine: Engine, account: Account, trade: Trade) -> None:
    """A bid below the market waits until the market comes to it, and pays the maker fee."""
    order = trade("BUY", "1", "43000")
    assert order.status is OrderStatus.NEW
    engine.set_price("BTCUSDT", D(43010))
    assert order.filled == 0
    engine.set_price("BTCUSDT", D(42900))
    assert (order.status, order.average_price) == (OrderStatus.FILLED, D(43000))
    assert account.trades[-1].maker
    assert account.trades[-1].fee == D("8.6")
    assert not account.open_orders


def test_limit_that_crosses_takes_first_and_waits_with_the_rest(account: Account, trade: Trade) -> None:
    """What can be had at the limit is taken, the rest becomes a maker order."""
    order = trade("BUY", "30", "43505")
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert order.id in account.open_orders
    assert all(item.price <= 43505 and not item.maker for item in account.trades)


def test_ioc_expires_with_the_rest(account: Account, trade: Trade) -> None:
    """An immediate-or-cancel order never waits."""
    order = trade("BUY", "30", "43505", tif=TimeInForce.IOC)
    assert order.status is OrderStatus.EXPIRED
    assert 0 < order.filled < 30
    assert not account.open_orders


def test_market_order_beyond_the_book_expires_with_the_rest(trade_on: Callable[[Engine, Account], Trade]) -> None:
    """A market order gets what there is, and no more."""
    thin = Engine(start_ms=0, options=EngineOptions(depth=Depth(first_notional=D(10_000), levels=3)))
    order = trade_on(thin, thin.add_account("alice", {"USDT": D(100_000)}))("BUY", "1")
    assert order.status is OrderStatus.EXPIRED
    assert D("0.7") < order.filled < D("0.8")


@pytest.mark.parametrize(
    ("side", "price", "tif", "reason"),
    [
        ("BUY", "43600", TimeInForce.GTX, Reason.POST_ONLY_WOULD_TAKE),
        ("SELL", "43400", TimeInForce.GTX, Reason.POST_ONLY_WOULD_TAKE),
        ("BUY", "43400", TimeInForce.FOK, Reason.FOK_NOT_FILLABLE),
    ],
)
def test_refused_by_time_in_force(
    account: Account, trade: Trade, side: str, price: str, tif: TimeInForce, reason: Reason
) -> None:
    """Such an order leaves no trace."""
    with pytest.raises(Rejection) as caught:
        trade(side, "1", price, tif=tif)
    assert caught.value.reason is reason
    assert not account.orders


def test_reduce_only_closes_no_more_than_is_held(account: Account, trade: Trade) -> None:
    """A reduce-only order larger than the position closes it and expires with the rest."""
    trade("BUY", "1")
    order = trade("SELL", "3", reduce_only=True)
    assert (order.status, order.filled) == (OrderStatus.EXPIRED, D(1))
    assert account.position("BTCUSDT", Leg.BOTH).qty == 0


@pytest.mark.parametrize("held", ["", "BUY"])
def test_reduce_only_is_refused_when_it_would_open(trade: Trade, held: str) -> None:
    """Without a position, or on the side that makes it larger, reduce-only is refused."""
    if held:
        trade(held, "1")
    with pytest.raises(Rejection) as caught:
        trade("BUY", "1", reduce_only=True)
    assert caught.value.reason is Reason.REDUCE_ONLY_REJECTED


def test_waiting_reduce_only_order_dies_with_its_position(engine: Engine, account: Account, trade: Trade) -> None:
    """When the position is gone, a waiting reduce-only order expires instead of opening one."""
    trade("BUY", "1")
    waiting = trade("SELL", "1", "44000", reduce_only=True)
    trade("SELL", "1")
    engine.settle()
    assert waiting.status is OrderStatus.EXPIRED
    engine.set_price("BTCUSDT", D(45000))
    assert not account.held()


def test_hedge_legs_are_apart(engine: Engine, trade_on: Callable[[Engine, Account], Trade]) -> None:
    """In hedge mode a buy and a sell open two legs, each closed by its own opposite."""
    hedger = engine.add_account("hedger", {"USDT": D(100_000)}, hedge_mode=True)
    trade = trade_on(engine, hedger)
    trade("BUY", "2", leg=Leg.LONG)
    trade("SELL", "1", leg=Leg.SHORT)
    trade("SELL", "0.5", leg=Leg.LONG)
    assert hedger.position("BTCUSDT", Leg.LONG).qty == D("1.5")
    assert hedger.position("BTCUSDT", Leg.SHORT).qty == D(-1)
    with pytest.raises(Rejection) as caught:
        trade("BUY", "2", leg=Leg.SHORT)
    assert caught.value.reason is Reason.REDUCE_ONLY_REJECTED


def test_cancel_and_find(account: Account, trade: Trade, engine: Engine) -> None:
    """An order is found by either id, cancelled once, and not twice."""
    order = trade("BUY", "1", "43000", client_order_id="mine")
    assert find_order(account, "BTCUSDT", None, "mine") is order
    assert find_order(account, "ETHUSDT", order.id, None) is None
    cancel_order(engine.state, account, order.id)
    assert order.status is OrderStatus.CANCELED
    with pytest.raises(Rejection):
        cancel_order(engine.state, account, order.id)


def test_cancel_all_of_one_symbol(account: Account, trade: Trade, engine: Engine) -> None:
    """Orders of other symbols stay."""
    trade("BUY", "1", "43000")
    other = trade("BUY", "1", "3000", symbol="ETHUSDT")
    assert len(cancel_all(engine.state, account, "BTCUSDT")) == 1
    assert list(account.open_orders) == [other.id]


def test_client_id_may_be_used_again_when_its_order_is_over(engine: Engine, account: Account, trade: Trade) -> None:
    """Only an open order blocks its client order id."""
    order = trade("BUY", "1", "43000", client_order_id="mine")
    with pytest.raises(Rejection) as caught:
        trade("BUY", "1", "43000", client_order_id="mine")
    assert caught.value.reason is Reason.DUPLICATE_CLIENT_ID
    cancel_order(engine.state, account, order.id)
    again = trade("BUY", "1", "43000", client_order_id="mine")
    assert find_order(account, "BTCUSDT", None, "mine") is again


def test_modified_order_keeps_its_id_and_may_fill(engine: Engine, account: Account, trade: Trade) -> None:
    """A new price that crosses the book is taken at once."""
    order = trade("BUY", "1", "43000")
    modify_order(engine.state, account, order, D(2), D(43600))
    assert (order.status, order.filled) == (OrderStatus.FILLED, D(2))
    waiting = trade("BUY", "1", "43000")
    modify_order(engine.state, account, waiting, D(1), D(42900))
    assert (waiting.price, list(account.open_orders)) == (D(42900), [waiting.id])
    with pytest.raises(Rejection) as caught:
        modify_order(engine.state, account, waiting, D(1), D(42900))
    assert list(account.open_orders) == [waiting.id]
    assert caught.value.reason is Reason.NOTHING_TO_CHANGE
