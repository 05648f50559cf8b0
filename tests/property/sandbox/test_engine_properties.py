"""What no sequence of trades and prices may break."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.sandbox.engine.accounts import Account, LedgerKind
from guard.sandbox.engine.engine import Engine, EngineOptions, Holding
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import Order, OrderKind, OrderRequest, Rejection, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

D = Decimal
COINS = {"BTCUSDT": "BTCUSD", "ETHUSDT": "ETHUSD", "SOLUSDT": "BTCUSD"}
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
START = {"BTCUSDT": D(43500), "ETHUSDT": D(3400), "SOLUSDT": D(56), "BTCUSD": D(43500), "ETHUSD": D(3400)}
QTY = {"BTCUSDT": D("0.25"), "ETHUSDT": D(3), "SOLUSDT": D(200), "BTCUSD": D(10_000), "ETHUSD": D(10_000)}

steps = st.lists(
    st.tuples(
        st.sampled_from(["market", "limit", "ioc", "reduce", "price", "wait"]),
        st.sampled_from(SYMBOLS),
        st.sampled_from(list(Side)),
        st.integers(1, 12),
        st.integers(-60, 60),
    ),
    max_size=25,
)


def play(engine: Engine, account: Account, actions: list[tuple[str, str, Side, int, int]]) -> list[Order]:
    """Live through the actions; what the venue refuses does not happen."""
    placed = []
    for kind, symbol, side, size, move in actions:
        factor = 1 + D(move) / 1000
        if kind == "price":
            engine.set_price(symbol, (START[symbol] * (1 + D(move) / 200)).quantize(D("0.01")))
        elif kind == "wait":
            engine.advance(engine.now_ms + size * 1000)
        else:
            tick = engine.market.instruments[symbol].tick
            price = (engine.market.mark(symbol) * factor / tick).to_integral_value() * tick
            is_limit = kind in {"limit", "ioc"}
            request = OrderRequest(
                symbol=symbol,
                side=side,
                leg=Leg.BOTH,
                kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
                qty=QTY[symbol] * size,
                price=price if is_limit else None,
                time_in_force=TimeInForce.IOC if kind == "ioc" else TimeInForce.GTC,
                reduce_only=kind == "reduce" or None,
            )
            try:
                placed.append(place_order(engine.state, account, request))
            except Rejection:
                continue
            engine.settle()
    return placed


def opened() -> tuple[Engine, Account]:
    """A venue with frequent funding, and an account on it."""
    engine = Engine(start_ms=0, options=EngineOptions(funding_interval_ms=7000))
    return engine, engine.add_account("alice", {"USDT": D(50_000)})


@given(steps)
@settings(max_examples=60, deadline=None)
def test_wallet_is_the_sum_of_its_ledger(actions: list[tuple[str, str, Side, int, int]]) -> None:
    """Every change of a wallet has an entry, to the last digit; trades explain PnL and fees."""
    engine, account = opened()
    play(engine, account, actions)
    assert account.wallets["USDT"] == sum(entry.amount for entry in account.ledger)
    fees = sum((entry.amount for entry in account.ledger if entry.kind is LedgerKind.COMMISSION), D(0))
    assert fees == -sum((trade.fee for trade in account.trades), D(0))


@given(steps)
@settings(max_examples=60, deadline=None)
def test_equity_changes_only_by_prices_fees_and_funding(actions: list[tuple[str, str, Side, int, int]]) -> None:
    """What was traded, at what it is worth now, is the equity: nothing appears from nowhere (8 places a trade)."""
    engine, account = opened()
    play(engine, account, actions)
    if account.liquidated:
        return
    cash = {LedgerKind.TRANSFER, LedgerKind.COMMISSION, LedgerKind.FUNDING_FEE}
    expected = sum((entry.amount for entry in account.ledger if entry.kind in cash), D(0))
    for trade in account.trades:
        expected += trade.qty * trade.side.sign * (engine.market.mark(trade.symbol) - trade.price)
    assert abs(engine.equity(account) - expected) <= D("1e-8") * (len(account.trades) + 1)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_coins_are_conserved(actions: list[tuple[str, str, Side, int, int]]) -> None:
    """Of coin-settled contracts too: what was traded, at what it is worth now in the coin, is the equity."""
    engine = Engine(start_ms=0, instruments=inverse_instruments(), options=EngineOptions(funding_interval_ms=7000))
    account = engine.add_account("alice", {"BTC": D(2), "ETH": D(15)})
    play(engine, account, [(kind, COINS[symbol], side, size, move) for kind, symbol, side, size, move in actions])
    figures = engine.figures(account)
    for name, asset in figures.assets.items():
        entries = [entry for entry in account.ledger if entry.asset == name]
        assert asset.wallet == sum(entry.amount for entry in entries)
        trades = [trade for trade in account.trades if trade.asset == name]
        if account.liquidated:
            continue
        expected = sum((item.amount for item in entries if item.kind is not LedgerKind.REALIZED_PNL), D(0))
        for trade in trades:
            signed = trade.qty * trade.side.sign
            expected += signed / trade.price - signed / engine.market.mark(trade.symbol)
        assert abs(asset.margin_balance - expected) <= D("1e-8") * (len(trades) + 1)
        assert asset.cross_margin_balance > asset.cross_maintenance or not asset.maintenance


@given(
    coins=st.integers(1, 400),
    legs=st.tuples(st.integers(-900, 900), st.integers(-900, 900)),
    mark=st.integers(15_000, 120_000),
)
@settings(max_examples=150, deadline=None)
def test_coin_pool_dies_exactly_when_its_coins_do_not_suffice(coins: int, legs: tuple[int, int], mark: int) -> None:
    """A plain sum over both hedge legs in coins says the same as the engine."""
    engine = Engine(start_ms=0, instruments=inverse_instruments())
    sizes = {Leg.LONG: D(abs(legs[0])) * 1000, Leg.SHORT: -D(abs(legs[1])) * 1000}
    holdings = [Holding("BTCUSD", qty, D(43_500), leg=leg) for leg, qty in sizes.items() if qty]
    account = engine.add_account("alice", {"BTC": D(coins) / 100}, holdings, hedge_mode=True)
    engine.set_price("BTCUSD", D(mark))
    equity, need = D(coins) / 100, D(0)
    for qty in sizes.values():
        equity += qty / 43_500 - qty / mark
        for bracket in inverse_instruments()["BTCUSD"].brackets:
            need += bracket.mm_rate * max(D(0), min(abs(qty) / mark, bracket.cap) - bracket.floor)
    assert account.liquidated is (bool(holdings) and equity <= need)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_reduce_only_never_flips(actions: list[tuple[str, str, Side, int, int]]) -> None:
    """A reduce-only order leaves a position of the same side, or none; it never fills more than it asked for."""
    engine, account = opened()
    for action in actions:
        symbol = action[1]
        before = account.position(symbol, Leg.BOTH).qty
        placed = play(engine, account, [action])
        after = account.position(symbol, Leg.BOTH).qty
        if action[0] == "reduce" and placed:
            assert before * after >= 0
            assert abs(after) <= abs(before)
            assert placed[0].filled <= placed[0].qty


@given(steps)
@settings(max_examples=60, deadline=None)
def test_alive_means_above_maintenance(actions: list[tuple[str, str, Side, int, int]]) -> None:
    """After every step an account with positions has more than it must maintain."""
    engine, account = opened()
    play(engine, account, actions)
    asset = engine.figures(account).assets["USDT"]
    assert not account.held() or asset.cross_margin_balance > asset.cross_maintenance


@given(
    balance=st.integers(1_000, 50_000),
    btc=st.integers(-400, 400),
    eth=st.integers(-4000, 4000),
    mark=st.integers(20_000, 80_000),
)
@settings(max_examples=150, deadline=None)
def test_liquidated_exactly_when_equity_does_not_exceed_maintenance(
    balance: int, btc: int, eth: int, mark: int
) -> None:
    """The engine kills an account at a mark if, and only if, a plain sum over its legs says so."""
    legs = {"BTCUSDT": D(btc) / 100, "ETHUSDT": D(eth) / 100}
    engine = Engine(start_ms=0)
    holdings = [Holding(symbol, qty, START[symbol]) for symbol, qty in legs.items() if qty]
    account = engine.add_account("alice", {"USDT": D(balance)}, holdings)
    engine.set_price("BTCUSDT", D(mark))

    marks = {"BTCUSDT": D(mark), "ETHUSDT": START["ETHUSDT"]}
    equity = D(balance) + sum((qty * (marks[symbol] - START[symbol]) for symbol, qty in legs.items()), D(0))
    need = D(0)
    for symbol, qty in legs.items():
        notional = abs(qty) * marks[symbol]
        for bracket in default_instruments()[symbol].brackets:
            need += bracket.mm_rate * max(D(0), min(notional, bracket.cap) - bracket.floor)
    assert account.liquidated is (bool(holdings) and equity <= need)


@given(notional=st.decimals(0, 400_000_000, places=2), symbol=st.sampled_from(sorted(default_instruments())))
def test_maintenance_is_marginal(notional: Decimal, symbol: str) -> None:
    """The quick form with `cum` is the sum of rates over the parts of the notional, bracket by bracket."""
    instrument = default_instruments()[symbol]
    capped = min(notional, instrument.brackets[-1].cap)
    parts = (item.mm_rate * max(D(0), min(capped, item.cap) - item.floor) for item in instrument.brackets)
    assert instrument.maintenance(capped) == sum(parts, D(0))
