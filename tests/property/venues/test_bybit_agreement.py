"""Any Bybit account: what the adapter reads and the engine computes is what the sandbox's own rule says.

The wire's JSON goes through parsing and assembling without a socket.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.ports.venue import Instrument as Grid
from guard.risk.assess import assess
from guard.sandbox.dialects.bybit import shapes_account, shapes_market, shapes_orders
from guard.sandbox.dialects.bybit.naming import category_of, listed, wire_id
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest, Rejection
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.sides import Leg, Side
from guard.venues.bybit import parse_reference as reads
from guard.venues.bybit.assemble import Answers, Reference, assemble, torn_evidence
from guard.venues.bybit.parse import Category, read_orders, read_positions, read_wallet
from guard.venues.bybit.parse_reference import FeeRates, Modes
from guard.venues.markets import Listing, MarketTable
from tests.unit.venues.bybit import answers as made

RULE = shapes_account.RULE
CONTRACTS = listed()
NAMES = ("BTCUSDT", "ETHUSDT", "BTCUSDC", "BTCUSD", "ETHUSD")
CATEGORIES: tuple[Category, ...] = ("linear", "inverse")


def unified(name: str) -> str:
    """The unified symbol of an engine symbol."""
    contract = CONTRACTS[name]
    return f"{contract.base}/{contract.quote}:{contract.margin_asset}"


def listing(name: str) -> Listing:
    """A contract as the adapter knows it; grids do not matter here."""
    contract = CONTRACTS[name]
    grid = Grid(unified(name), contract.step, contract.step, contract.tick, Decimal(1))
    return Listing(wire_id(contract), unified(name), contract.margin_asset, contract.kind, 1.0, grid, 0.0006, 0.0001)


MARKETS = MarketTable.of([listing(name) for name in NAMES])

legs = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "dollars": st.integers(200, 3_000_000),
        "long": st.booleans(),
        "leverage": st.integers(1, 50),
        "entry": st.integers(80, 120),
    }
)
orders = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "dollars": st.integers(200, 200_000),
        "buy": st.booleans(),
        "away": st.integers(1, 9),
    }
)


def venue(marks: dict[str, int], buffer: int) -> Engine:
    """The venue with these moves of its marks, in percent, and a haircut on BTC."""
    engine = Engine(start_ms=1_790_000_000_000, instruments=CONTRACTS, rule=RULE)
    for name, percent in marks.items():
        engine.market.set_price(name, engine.market.mark(name) * percent / 100)
    engine.market.assets["BTC"] = AssetIndex(follows="BTCUSD", bid_buffer=Decimal(buffer) / 100)
    engine.market.assets["ETH"] = AssetIndex(follows="ETHUSD")
    engine.market.assets["USDC"] = AssetIndex(index=Decimal("0.9987"))
    return engine


def size(engine: Engine, name: str, dollars: int) -> Decimal:
    """That many dollars of a contract, on its step."""
    contract = CONTRACTS[name]
    return (
        max(Decimal(1), contract.qty_of_value(Decimal(dollars), engine.market.mark(name)) // contract.step)
        * contract.step
    )


def opened(engine: Engine, held: list[dict[str, Any]], *, hedge: bool, balances: dict[str, int]) -> Account:
    """An account with one leg of each symbol and side."""
    holdings: dict[tuple[str, bool], Holding] = {}
    leverages: dict[str, int] = {}
    for leg in held:
        name, side = leg["name"], leg["long"]
        if not hedge and any(other == name for other, _ in holdings):
            continue
        word = (Leg.LONG if side else Leg.SHORT) if hedge else Leg.BOTH
        leverage = leverages.setdefault(name, leg["leverage"])
        entry = (engine.market.mark(name) * leg["entry"] / 100).quantize(CONTRACTS[name].tick)
        qty = size(engine, name, leg["dollars"]) * (1 if side else -1)
        holdings[name, side] = Holding(name, qty, entry, leverage=leverage, leg=word)
    amounts = {asset: Decimal(amount) / 100 for asset, amount in balances.items()}
    return engine.add_account("alice", amounts, list(holdings.values()), hedge_mode=hedge)


def rest(engine: Engine, account: Account, wanted: list[dict[str, Any]]) -> None:
    """Orders away from the mark, as far as the venue takes them."""
    for order in wanted:
        name, buys = order["name"], order["buy"]
        away = 1 - order["away"] / 100 if buys else 1 + order["away"] / 100
        price = (engine.market.mark(name) * Decimal(str(away))).quantize(CONTRACTS[name].tick)
        price -= price % CONTRACTS[name].tick
        leg = (Leg.LONG if buys else Leg.SHORT) if account.hedge_mode else Leg.BOTH
        side = Side.BUY if buys else Side.SELL
        request = OrderRequest(name, side, leg, OrderKind.LIMIT, size(engine, name, order["dollars"]), price)
        try:
            place_order(engine.state, account, request)
        except Rejection:
            continue


def read(engine: Engine, account: Account) -> tuple[Answers, Reference]:
    """The account through the wire's shapes and the adapter's parsing."""
    market, figures = engine.market, engine.figures(account)
    rows: dict[str, list[Any]] = {category: [] for category in CATEGORIES}
    waiting: dict[str, list[Any]] = {category: [] for category in CATEGORIES}
    for position in account.held():
        row = shapes_account.position_json(account, market, figures, position)
        rows[category_of(CONTRACTS[position.symbol])].append(row)
    for order in account.open_orders.values():
        contract = CONTRACTS[order.symbol]
        waiting[category_of(contract)].append(shapes_orders.order_json(order, contract))
    answers = Answers(
        wallet=read_wallet(made.envelope({"list": [shapes_account.wallet_json(account, market, figures)]})),
        positions=tuple(row for category in CATEGORIES for row in read_positions(rows[category], category)),
        orders=tuple(row for category in CATEGORIES for row in read_orders(waiting[category], category)),
        parts={"balances": made.NOW, "positions": made.NOW},
    )
    return answers, reference(engine, account)


def reference(engine: Engine, account: Account) -> Reference:
    """What is public, through the adapter's parsing too."""
    market = engine.market
    wire = {wire_id(CONTRACTS[name]): name for name in NAMES}
    return Reference(
        markets=MARKETS,
        modes=Modes("cross", symbols={"BTCUSDT": "hedge" if account.hedge_mode else "one_way"}),
        tiers={
            market_id: reads.read_tiers(made.listing(shapes_market.risk_limits_json(CONTRACTS[name])), market_id)
            for market_id, name in wire.items()
        },
        fees=dict.fromkeys(wire, FeeRates(float(account.taker_rate), float(account.maker_rate))),
        ratios=reads.read_collateral_ratios(
            made.listing([shapes_market.collateral_json(market, coin) for coin in market.assets])
        ),
        loans=reads.read_loan_tiers(made.listing([shapes_account.loan_tiers_json(coin) for coin in market.assets])),
        leverages={market_id: float(account.settings_of(name).leverage) for market_id, name in wire.items()},
        marks={market_id: float(market.mark(name)) for market_id, name in wire.items()},
        prices={coin: float(market.asset(coin).index) for coin in market.assets},
    )


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    held=st.lists(legs, max_size=5),
    wanted=st.lists(orders, max_size=4),
    hedge=st.booleans(),
    marks=st.dictionaries(st.sampled_from(NAMES), st.integers(60, 150)),
    usdt=st.integers(-5_000_000, 50_000_000),
    btc=st.integers(0, 1_000),
    buffer=st.integers(0, 30),
)
def test_both_rules_agree(
    held: list[dict[str, Any]],
    wanted: list[dict[str, Any]],
    hedge: bool,
    marks: dict[str, int],
    usdt: int,
    btc: int,
    buffer: int,
) -> None:
    """Equity, requirement and initial margin, whatever is held, owed and ordered."""
    engine = venue(marks, buffer)
    account = opened(engine, held, hedge=hedge, balances={"USDT": usdt, "BTC": btc, "USDC": 12_345})
    rest(engine, account, wanted)
    answers, known = read(engine, account)
    fetched = assemble("alice", answers, known, torn_evidence(answers, MARKETS))
    assert (fetched.missing, fetched.torn) == ((), ())
    figures = engine.figures(account)
    cross = [leg for leg in figures.legs if not leg.isolated]
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(float(RULE.equity(account, engine.market, figures, USD)), rel=1e-7, abs=1e-4)
    needs = float(RULE.requirement(account, engine.market, figures, USD, cross))
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(needs, rel=1e-7, abs=1e-4)
    assert pool.initial_margin == pytest.approx(float(RULE.initial(engine.market, figures)), rel=1e-7, abs=1e-4)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    held=st.lists(legs, min_size=1, max_size=4),
    hedge=st.booleans(),
    usdt=st.integers(-500_000, 20_000_000),
    btc=st.integers(0, 300),
    buffer=st.integers(0, 30),
)
def test_an_account_dies_where_the_engine_says(
    held: list[dict[str, Any]], hedge: bool, usdt: int, btc: int, buffer: int
) -> None:
    """A hair before a liquidation shock the sandbox's rule lets it live, a hair behind it no longer."""
    engine = venue({}, buffer)
    account = opened(engine, held, hedge=hedge, balances={"USDT": usdt, "BTC": btc, "USDC": 12_345})
    answers, known = read(engine, account)
    (pool,) = assess(assemble("alice", answers, known, ()).book).pools
    before = engine.market.marks()
    if pool.risk_ratio is None or pool.risk_ratio >= 1.0:
        assert dead(engine, account)
        return
    assert not dead(engine, account)
    for shock in (pool.liquidation_shock_down, pool.liquidation_shock_up):
        for beyond in (-1e-6, 1e-6) if shock is not None and abs(shock) > 1e-4 and shock > -0.99 else ():
            factor = Decimal(repr(1 + (shock or 0.0) * (1 + beyond)))
            for name, mark in before.items():
                engine.market.set_price(name, mark * factor)
            assert dead(engine, account) is (beyond > 0)


def dead(engine: Engine, account: Account) -> bool:
    """Whether the venue would take the account over now."""
    figures = engine.figures(account)
    return any(pool.is_dead for pool in RULE.pools(account, engine.market, figures))
