"""Any account at a branch of Binance: what the adapter reads and the engine computes is what the sandbox's rule says.

The wire's JSON goes from the sandbox's handlers through parsing and assembling, without a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.ports.venue import FetchedBook
from guard.ports.venue import Instrument as Grid
from guard.risk.assess import assess
from guard.sandbox.dialects.binancecoinm import endpoints as coinm_wire
from guard.sandbox.dialects.binancecoinm.wording import wire_id as coin_id
from guard.sandbox.dialects.binancepm import endpoints as pm_wire
from guard.sandbox.dialects.binanceusdm import rest as usdm_wire
from guard.sandbox.dialects.binanceusdm.call import Call, Table, WireVenue
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.table import dialect_of
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.margin import Pool
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest, Rejection
from guard.sandbox.engine.sides import Leg, Side
from guard.sandbox.keys import ApiKey, KeyRing
from guard.venues.binance import assemble as binance
from guard.venues.binance.branch import Branch
from guard.venues.binance.parse_reference import (
    SymbolSetting,
    read_asset_rates,
    read_brackets,
    read_symbol_settings,
)
from guard.venues.binance.rows import read_open_orders
from guard.venues.binancecoinm.branch import COINM
from guard.venues.binancepm import assemble as portfolio
from guard.venues.binancepm import branches, parse
from guard.venues.binanceusdm.branch import USDM
from guard.venues.markets import Listing, MarketTable

D = Decimal
NOW = datetime(2026, 3, 4, tzinfo=UTC)
PARTS = {"balances": NOW, "positions": NOW}
LINEAR = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BTCUSDC")
COINS = ("BTCUSD", "ETHUSD", "BTCUSD_301227")


@dataclass
class World:
    """A venue, an account, and what the wire says of it."""

    engine: Engine
    account: Account
    table: Table
    listed: Mapping[str, Instrument] = field(default_factory=dict)

    def said(self, path: str) -> Any:
        """The answer of a handler, as the account's key would get it."""
        key = ApiKey("k", "s", self.account.id)
        call = Call(WireVenue(self.engine, KeyRing()), Params({}), key, self.engine.now_ms)
        return self.table["GET", path].handler(call)


def wire_id(contract: Instrument) -> str:
    """What the wire calls it."""
    return coin_id(contract) if contract.is_inverse else contract.symbol


def unified(contract: Instrument) -> str:
    """What the guard calls it."""
    term = contract.symbol.partition("_")[2]
    symbol = f"{contract.base}/{contract.quote}:{contract.margin_asset}"
    return f"{symbol}-{term}" if term else symbol


def markets(world: World) -> MarketTable:
    """The listings; grids do not matter here."""
    return MarketTable.of(
        Listing(
            wire_id(item),
            unified(item),
            item.margin_asset,
            item.kind,
            float(item.contract_size),
            Grid(unified(item), D(1), D(1), item.tick, item.contract_size),
            0.0005,
            0.0002,
        )
        for item in world.engine.market.instruments.values()
    )


def read(world: World, branch: Branch, paths: Mapping[str, str], *, multi: bool = False) -> portfolio.Wing:
    """One branch of the account through the adapter's parsing."""
    rates = read_asset_rates(world.said(paths["rates"]), "rates") if multi else {}
    answers = binance.Answers(
        account=branch.read_account(world.said(paths["account"])),
        positions=branch.read_positions(world.said(paths["positions"])),
        orders=read_open_orders(world.said(paths["orders"]), "orders"),
        parts=PARTS,
        rates=rates,
        marks={wire_id(item): float(world.engine.market.mark(name)) for name, item in world.listed.items()},
    )
    told = {**answers.account.leverages, **{row.market_id: row.leverage for row in answers.positions if row.leverage}}
    known = {market_id: SymbolSetting(leverage) for market_id, leverage in told.items()}
    if "settings" in paths:
        known = read_symbol_settings(world.said(paths["settings"]), "settings")
    brackets = read_brackets(world.said(paths["brackets"]), "brackets", branch.bracket_floors, branch.bracket_cap)
    mode = binance.proven_mode("hedge" if world.account.hedge_mode else "one_way", answers, "positions")
    assert mode is not None
    reference = binance.Reference(branch, markets(world), brackets, known, mode, is_multi_assets=multi)
    return portfolio.Wing(answers, reference, binance.torn_evidence(answers.account, answers.positions))


def usdm(world: World) -> FetchedBook:
    """A USD-M account."""
    paths = {
        "account": "/fapi/v3/account",
        "positions": "/fapi/v3/positionRisk",
        "orders": "/fapi/v1/openOrders",
        "brackets": "/fapi/v1/leverageBracket",
        "settings": "/fapi/v1/symbolConfig",
        "rates": "/fapi/v1/assetIndex",
    }
    wing = read(world, USDM, paths, multi=world.account.multi_assets)
    return binance.assemble("alice", wing.answers, wing.reference, wing.torn)


def coinm(world: World) -> FetchedBook:
    """A COIN-M account."""
    paths = {
        "account": "/dapi/v1/account",
        "positions": "/dapi/v1/positionRisk",
        "orders": "/dapi/v1/openOrders",
        "brackets": "/dapi/v2/leverageBracket",
    }
    wing = read(world, COINM, paths)
    return binance.assemble("alice", wing.answers, wing.reference, wing.torn)


def pm(world: World) -> FetchedBook:
    """A portfolio margin account."""
    um = {
        "account": "/papi/v2/um/account",
        "positions": "/papi/v1/um/positionRisk",
        "orders": "/papi/v1/um/openOrders",
        "brackets": "/papi/v1/um/leverageBracket",
        "settings": "/papi/v1/um/symbolConfig",
    }
    cm = {
        "account": "/papi/v1/cm/account",
        "positions": "/papi/v1/cm/positionRisk",
        "orders": "/papi/v1/cm/openOrders",
        "brackets": "/papi/v1/cm/leverageBracket",
    }
    wings = [read(world, branches.LINEAR, um), read(world, branches.INVERSE, cm)]
    money = portfolio.Money(
        balances=parse.read_balances(world.said("/papi/v1/balance"), "balance"),
        totals=parse.read_totals(world.said("/papi/v1/account"), "account"),
        index_prices=parse.read_index_prices(world.said("/sapi/v1/portfolio/asset-index-price"), "index"),
        collateral_rates=parse.read_rates(world.said("/sapi/v1/portfolio/collateralRate"), "rates"),
        loan_leverages=parse.read_loan_leverages(world.said("/sapi/v1/portfolio/margin-asset-leverage"), "loans"),
        parts=PARTS,
    )
    return portfolio.assemble("alice", wings, money)


@dataclass(frozen=True)
class Kind:
    """A kind of account: its wire, its contracts and money, and what may be mixed in it."""

    venue: str
    table: Table
    fetch: Callable[[World], FetchedBook]
    names: tuple[str, ...]
    money: Mapping[str, tuple[int, int]]
    multi_assets: bool = False
    isolated: bool = True


KINDS = {
    "usdm": Kind("binanceusdm", usdm_wire.ENDPOINTS, usdm, LINEAR, {"USDT": (0, 300_000), "USDC": (0, 100_000)}),
    "usdm-multi": Kind(
        "binanceusdm",
        usdm_wire.ENDPOINTS,
        usdm,
        LINEAR,
        {"USDT": (-50_000, 300_000), "USDC": (-20_000, 100_000), "BTC": (0, 5)},
        multi_assets=True,
        isolated=False,
    ),
    "coinm": Kind("binancecoinm", coinm_wire.TABLE, coinm, COINS, {"BTC": (0, 20), "ETH": (0, 200)}),
    "pm": Kind(
        "binancepm",
        pm_wire.TABLE,
        pm,
        LINEAR + COINS,
        {"USDT": (-50_000, 300_000), "BTC": (-2, 10), "ETH": (-20, 100)},
        isolated=False,
    ),
}
legs = st.lists(
    st.tuples(
        st.integers(0, 6),  # which contract
        st.integers(500, 900_000),  # dollars
        st.booleans(),  # long
        st.integers(1, 20),  # leverage
        st.integers(85, 115),  # entry, percent of the mark
        st.booleans(),  # isolated
    ),
    max_size=5,
)
orders = st.lists(
    st.tuples(st.integers(0, 6), st.integers(500, 100_000), st.booleans(), st.integers(-9, 9)), max_size=3
)


def opened(kind: Kind, held: list[Any], wanted: list[Any], shares: list[int], *, hedge: bool) -> World:
    """An account with these legs and orders; its money lies between the kind's bounds."""
    dialect = dialect_of(kind.venue)
    engine = Engine(start_ms=1_790_000_000_000, instruments=dialect.instruments(), rule=dialect.rule)
    engine.market.assets |= {
        "USDT": AssetIndex(D("0.9991"), D("0.001"), D(0)),
        "USDC": AssetIndex(D("1.0002"), D("0.002"), D(0)),
        "BTC": AssetIndex(D(43_500), D("0.05"), D(0)),
        "ETH": AssetIndex(D(3_400), D("0.1"), D(0)),
    }
    holdings: dict[tuple[str, bool], Holding] = {}
    for which, dollars, is_long, leverage, entry, isolated in held:
        name = kind.names[which % len(kind.names)]
        if any(other == name and (not hedge or side == is_long) for other, side in holdings):
            continue
        mine = [each for (other, _), each in holdings.items() if other == name]
        contract, mark = engine.market.instruments[name], engine.market.mark(name)
        qty = (contract.qty_of_value(D(dollars), mark) // contract.step + 1) * contract.step
        apart = kind.isolated and (mine[0].isolated_wallet is not None if mine else isolated)
        own = (contract.notional(qty, mark) / 4).quantize(D("1e-8")) if apart else None
        holdings[name, is_long] = Holding(
            name,
            qty if is_long else -qty,
            (mark * entry / 100).quantize(contract.tick),
            leverage=mine[0].leverage if mine else leverage,
            leg=(Leg.LONG if is_long else Leg.SHORT) if hedge else Leg.BOTH,
            isolated_wallet=own,
        )
    money = {
        name: D(low) + (D(high) - low) * share / 100
        for (name, (low, high)), share in zip(kind.money.items(), shares, strict=False)
    }
    account = engine.add_account(
        "alice", money, list(holdings.values()), hedge_mode=hedge, multi_assets=kind.multi_assets
    )
    world = World(engine, account, kind.table, engine.market.instruments)
    for which, dollars, buys, away in wanted:
        rest(world, kind.names[which % len(kind.names)], dollars, buys=buys, away=away)
    return world


def rest(world: World, name: str, dollars: int, *, buys: bool, away: int) -> None:
    """An order as far as the venue takes it."""
    contract, mark = world.engine.market.instruments[name], world.engine.market.mark(name)
    price = mark * (100 + away) / 100
    price -= price % contract.tick
    qty = (contract.qty_of_value(D(dollars), mark) // contract.step + 1) * contract.step
    leg = (Leg.LONG if buys else Leg.SHORT) if world.account.hedge_mode else Leg.BOTH
    side = Side.BUY if buys else Side.SELL
    try:
        place_order(world.engine.state, world.account, OrderRequest(name, side, leg, OrderKind.LIMIT, qty, price))
    except Rejection:
        return


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(held=legs, wanted=orders, shares=st.lists(st.integers(0, 100), min_size=3, max_size=3), hedge=st.booleans())
def test_both_rules_agree(name: str, held: list[Any], wanted: list[Any], shares: list[int], hedge: bool) -> None:
    """Equity, requirement and death of every pool, and the price at which each leg would bring it about."""
    world = opened(KINDS[name], held, wanted, shares, hedge=hedge)
    fetched = KINDS[name].fetch(world)
    assert (fetched.missing, fetched.torn) == ((), ())
    market, account = world.engine.market, world.account
    figures = world.engine.figures(account)
    theirs = {key_of(world, pool): pool for pool in market.rule.pools(account, market, figures) if pool.legs}
    ours = {key_of_risk(pool): pool for pool in assess(fetched.book).pools if pool.positions}
    assert ours.keys() == theirs.keys()
    for key, pool in theirs.items():
        risk = ours[key]
        assert risk.equity == pytest.approx(float(pool.equity), rel=1e-7, abs=1e-6)
        assert risk.maintenance_margin + risk.closing_fees == pytest.approx(float(pool.maintenance), rel=1e-7, abs=1e-9)
        is_dead = risk.risk_ratio is None or risk.risk_ratio >= 1
        assert is_dead is pool.is_dead
        if pool.is_dead:
            continue
        for leg in pool.legs:
            shown = liquidation_price(account, market, figures, leg)
            symbol = unified(market.instruments[leg.position.symbol])
            (price,) = {each.liquidation_price for each in risk.positions if each.symbol == symbol}
            assert price == (None if shown is None else pytest.approx(float(shown), rel=1e-5))


def key_of(world: World, pool: Pool) -> tuple[str, ...]:
    """A pool by its currency, an isolated one by its leg too."""
    if not pool.isolated:
        return (pool.currency,)
    (leg,) = pool.legs
    side = "long" if leg.position.qty > 0 else "short"
    return (pool.currency, unified(world.engine.market.instruments[leg.position.symbol]), side)


def key_of_risk(pool: Any) -> tuple[str, ...]:
    """The same of ours."""
    if pool.symbol is None:
        return (pool.currency,)
    (leg,) = pool.positions
    return (pool.currency, pool.symbol, leg.side)
