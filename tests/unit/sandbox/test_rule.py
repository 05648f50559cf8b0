from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.margin import AccountFigures, LegFigures, Pool
from guard.sandbox.engine.market import AssetIndex, Market
from guard.sandbox.engine.rule import BracketRule

D = Decimal


class WithClosingFee(BracketRule):
    """A venue that counts the fee of closing into what a pool must keep, isolated or cross."""

    def isolated_requirement(self, account: Account, market: Market, leg: LegFigures) -> Decimal:
        """Maintenance and the fee."""
        return leg.maintenance + leg.notional * account.taker_rate

    def requirement(
        self, account: Account, market: Market, figures: AccountFigures, currency: str, legs: Sequence[LegFigures]
    ) -> Decimal:
        """The same of every leg."""
        return sum((self.isolated_requirement(account, market, leg) for leg in legs), D(0))


@dataclass(frozen=True, slots=True)
class AlivePool(Pool):
    """A pool that dies only below its requirement."""

    @property
    def is_dead(self) -> bool:
        """Strictly below."""
        return bool(self.legs) and self.equity < self.maintenance


class DollarPool(BracketRule):
    """A venue where every coin backs one dollar pool at 90 %, and equality is not yet death."""

    def groups(self, account: Account, market: Market, figures: AccountFigures) -> dict[str, Sequence[LegFigures]]:
        """All legs together."""
        return {"USD": figures.legs}

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """Coins at 90 % of their index."""
        values = (item.margin_balance * market.asset(name).bid_rate for name, item in figures.assets.items())
        return sum(values, D(0))

    def pool(
        self,
        currency: str,
        equity: Decimal,
        requirement: Decimal,
        legs: tuple[LegFigures, ...],
        *,
        isolated: bool = False,
    ) -> Pool:
        """A pool of this venue."""
        return AlivePool(currency, equity, requirement, legs, isolated)


def shown(engine: Engine, account: Account) -> Decimal:
    """The displayed price of death of the account's first leg."""
    figures = engine.figures(account)
    price = liquidation_price(account, engine.market, figures, figures.legs[0])
    assert price is not None
    return price


def test_a_rule_decides_death_and_the_price_that_is_shown() -> None:
    """3 BTC from 43,500 on 10,000: with 2.5 % - 16,300 ... and 0.05 % of the value more, death comes earlier."""
    prices = []
    for rule in (BracketRule(), WithClosingFee()):
        engine = Engine(start_ms=0, rule=rule)
        account = engine.add_account("alice", {"USDT": D(10_000)}, [Holding("BTCUSDT", D(3), D(43_500))])
        price = shown(engine, account)
        prices.append(price)
        engine.set_price("BTCUSDT", price + D("0.01"))
        assert len(account.liquidations) == 0
        engine.set_price("BTCUSDT", price - D("0.01"))
        assert len(account.liquidations) == 1
    plain, with_fee = prices
    # 10,000 + 3 (P - 43,500) = 3 P (0.005 + f) - 50
    assert plain == (3 * D(43_500) - 10_050) / (3 * (1 - D("0.005")))
    assert abs(with_fee - (3 * D(43_500) - 10_050) / (3 * (1 - D("0.0055")))) < D("1e-15")


def test_an_isolated_pool_has_its_requirement_too() -> None:
    """The fee of closing counts for a leg with margin of its own."""
    engine = Engine(start_ms=0, rule=WithClosingFee())
    holding = Holding("BTCUSDT", D(1), D(43_500), isolated_wallet=D(1_000))
    account = engine.add_account("alice", {"USDT": D(10_000)}, [holding])
    (pool, _) = engine.market.rule.pools(account, engine.market, engine.figures(account))
    assert pool.isolated
    assert pool.maintenance == D("174") + D("21.75")


def test_a_pool_of_all_coins_follows_the_coin_that_backs_it() -> None:
    """Bitcoin as collateral falls with the market it backs; equality is no death where the venue says so."""
    engine = Engine(start_ms=0, instruments=default_instruments() | inverse_instruments(), rule=DollarPool())
    engine.market.assets["BTC"] = AssetIndex(bid_buffer=D("0.1"), follows="BTCUSDT")
    account = engine.add_account("alice", {"BTC": D(1)}, [Holding("BTCUSDT", D(1), D(43_500))], mode="multi")
    assert account.mode == "multi"
    price = shown(engine, account)
    # 0.9 P + P - 43,500 = 0.004 P
    assert abs(price - D(43_500) / (D("1.9") - D("0.004"))) < D("1e-15")
    engine.set_price("BTCUSDT", D(30_000))
    assert len(account.liquidations) == 0
    engine.set_price("BTCUSDT", D(20_000))
    assert len(account.liquidations) == 1
    (pool,) = engine.market.rule.pools(account, engine.market, engine.figures(account))
    assert pool.equity >= 0


def test_equality_is_death_only_where_the_rule_says_so() -> None:
    """The default pool dies at equality, a subclass may live."""
    engine = Engine(start_ms=0)
    account = engine.add_account("alice", {"USDT": D(174)}, [Holding("BTCUSDT", D(1), D(43_500))])
    (leg,) = engine.figures(account).legs
    assert Pool("USDT", D(174), leg.maintenance, (leg,)).is_dead
    assert not AlivePool("USDT", D(174), leg.maintenance, (leg,)).is_dead
