"""Cancelling, netting and hedging at every venue that can trade: real ccxt, real store, the sandbox's own rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from guard.app.judge import appraise
from guard.ports.records import HedgeRecord
from guard.ports.records import OrderJournalState as State
from guard.ports.venue import FetchedBook
from guard.protect.executor import Executor
from guard.protect.intents import draft_intent
from guard.protect.outcome import Announcement, Ending, Outcome
from guard.protect.plan_values import Plan, Remedy, Step
from guard.protect.policy import ProtectPolicy
from guard.protect.quotes import read_quotes
from guard.protect.run import Assignment
from guard.protect.sizing import contract_notional, exact, limit_price
from guard.risk.assess import assess
from guard.risk.book import OrderSide, Side
from guard.risk.quality import DataQuality
from guard.risk.zones import Zone
from guard.sandbox.engine.sides import Leg
from guard.sandbox.engine.sides import Side as EngineSide
from guard.sandbox.faults import FaultKind
from guard.store.store import Store
from tests.contract.venues.harness import Harness
from tests.integration.protect.armed import Armed, armed_at, trading_venues

VENUES = trading_venues()
HEDGING = [kind for kind in VENUES if kind.has_hedge_mode]
BOTH = [("BTCUSDT", "3", "43500", "LONG"), ("BTCUSDT", "-1", "43500", "SHORT")]
ONE = [("BTCUSDT", "3", "43500", "BOTH")]
POLICY = ProtectPolicy(max_child_notional=30_000.0)


def at(kinds: list[type[Harness]]) -> pytest.MarkDecorator:
    """One test for each venue."""
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.venue)


@dataclass
class Hands:
    """Carries out what a test asks for, and remembers what people were told."""

    armed: Armed
    told: list[Announcement] = field(default_factory=list)
    count: int = 0

    async def do(self, *wanted: tuple[Remedy, str, Side, str, str], hedges: tuple[HedgeRecord, ...] = ()) -> Outcome:
        """Steps (remedy, contract, leg, coins, what it protects or cancels) by hand, through a fresh executor."""
        venue = self.armed.watch.venue
        assert venue is not None
        fetched = await venue.fetch_book()
        harness, book = self.armed.harness, fetched.book
        quotes = await read_quotes(venue, {harness.symbol(name) for _, name, _, _, _ in wanted}, 10.0)
        steps = []
        for remedy, name, leg, coins, protects in wanted:
            symbol = harness.symbol(name)
            rules = quotes.instruments[symbol]
            held = next((each for each in book.positions if each.symbol == symbol), None)
            mark = held.mark_price if held else quotes.depth[symbol].bids[0].price
            side: OrderSide = "buy" if (leg == "long") == (remedy in {"hedge", "cancel"}) else "sell"
            size = harness.qty(name, Decimal(coins)) / rules.contract_size
            kind = held.kind if held else "linear"
            notional = float(size) * contract_notional(kind, float(rules.contract_size), mark)
            price = limit_price(side, mark, POLICY.max_slippage_bps, rules.tick)
            if remedy == "cancel":
                order = next(each for each in book.orders if each.order_id == protects)
                assert order.price is not None
                size, price = exact(order.remaining), exact(order.price)
                steps.append(Step(remedy, symbol, leg, side, size, price, 0.0, 0.0, order_id=protects))
            else:
                steps.append(Step(remedy, symbol, leg, side, size, price, 1.0, notional, protects=protects))
        return await self._execute(fetched, tuple(steps), quotes.instruments, hedges)

    async def _execute(
        self, fetched: FetchedBook, steps: tuple[Step, ...], rules: Any, hedges: tuple[HedgeRecord, ...]
    ) -> Outcome:
        armed, risk = self.armed, assess(fetched.book)
        assert armed.watch.venue is not None
        self.count += 1
        plan = Plan(True, "as told", steps, 1.0, risk, risk, 0.0, by_hand=True)
        intent, orders = draft_intent(
            plan,
            fetched.book,
            rules,
            POLICY,
            intent_id=f"by-hand-{self.count}",
            account_id=armed.watch.record.account_id,
            at=armed.harness.clock.now(),
            zone=Zone.SAFE,
            reason="a test",
            origin="command",
            unwinds=hedges,
        )
        executor = Executor(
            armed.watch.venue,
            armed.store,
            armed.harness.clock,
            POLICY,
            self._notify,
            freeze=self._freeze,
            judge=self._judge,
            stop=asyncio.Event(),
        )
        return await executor.execute(Assignment(armed.watch.record, intent, orders, plan, fetched, rules, 1e9))

    async def _notify(self, announcement: Announcement) -> None:
        self.told.append(announcement)

    async def _freeze(self, _account_id: str, reason: str) -> None:
        raise AssertionError(f"frozen: {reason}")

    def _judge(self, fetched: FetchedBook) -> DataQuality:
        return appraise(fetched, self.armed.watch.policy, self.armed.harness.clock.now()).quality

    def coins(self) -> dict[str, Decimal]:
        """What the venue holds of BTC, by leg, in coins."""
        base = self.armed.harness.base
        held = self.armed.guarded.account.held()
        mine = [each for each in held if each.symbol == self.armed.harness.engine_symbol("BTCUSDT")]
        return {each.leg.value: round(base("BTCUSDT", each.qty), 4) for each in mine}


@pytest.fixture
async def hands(store: Store) -> AsyncIterator[Callable[..., Any]]:
    """An account at a venue with legs and a resting order to buy half a bitcoin; everything is closed at the end."""
    async with AsyncExitStack() as held:

        async def build(kind: type[Harness], *legs: tuple[str, str, str, str], **fields: Any) -> tuple[Hands, str]:
            opening: AbstractAsyncContextManager[Armed] = armed_at(kind, store, list(legs), **fields)
            armed = await held.enter_async_context(opening)
            leg = Leg.LONG if fields.get("hedge_mode") else Leg.BOTH
            armed.harness.rest(armed.guarded, "BTCUSDT", EngineSide.BUY, "0.5", "40000", leg=leg)
            reading = await armed.turn()
            assert reading.fetched is not None, reading.error
            (order,) = reading.fetched.book.orders
            assert order.order_id is not None
            return Hands(armed), order.order_id

        yield build


@at(HEDGING)
async def test_cancelled_netted_hedged_and_unwound(hands: Callable[..., Any], kind: type[Harness]) -> None:
    """In one intent, with answers that are lost on the way; then the hedge is taken off again."""
    mine, order_id = await hands(kind, *BOTH, hedge_mode=True)
    armed: Armed = mine.armed
    symbol = armed.harness.symbol("BTCUSDT")
    armed.spoil_the_next_order(FaultKind.LOST_ANSWER)
    outcome = await mine.do(
        ("cancel", "BTCUSDT", "long", "0.5", order_id),
        ("net", "BTCUSDT", "long", "0.6", ""),
        ("net", "BTCUSDT", "short", "0.6", ""),
        ("hedge", "BTCUSDT", "short", "1", f"{symbol} long"),
    )
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert mine.coins() == {"LONG": Decimal("2.4"), "SHORT": Decimal("-1.4")}
    assert not armed.guarded.account.open_orders
    assert {order.state for order in outcome.orders} == {State.VERIFIED}
    (hedge,) = await armed.store.open_hedges()
    assert (hedge.leg, hedge.protects_symbol, hedge.protects_leg) == ("short", symbol, "long")
    outcome = await mine.do(("reduce", "BTCUSDT", "short", "1", ""), hedges=(hedge,))
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert mine.coins() == {"LONG": Decimal("2.4"), "SHORT": Decimal("-0.4")}
    assert await armed.store.open_hedges() == []


@at([kind for kind in VENUES if kind.venue in {"hyperliquid", "okx"}])
async def test_cancelled_and_hedged_by_proxy_in_one_way_mode(hands: Callable[..., Any], kind: type[Harness]) -> None:
    """A short on another contract, priced from its order book; one on the same contract is refused."""
    mine, order_id = await hands(kind, *ONE)
    armed: Armed = mine.armed
    protects = f"{armed.harness.symbol('BTCUSDT')} long"
    refused = await mine.do(("hedge", "BTCUSDT", "short", "1", protects))
    assert refused.ending is Ending.FORBIDDEN, refused
    assert armed.sent_at_venue() == 1
    outcome = await mine.do(
        ("cancel", "BTCUSDT", "long", "0.5", order_id), ("hedge", "ETHUSDT", "short", "10", protects)
    )
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert mine.coins() == {"BOTH": Decimal(3)}
    legs = armed.legs()
    assert legs[armed.harness.engine_symbol("ETHUSDT"), "BOTH"] < 0
    (hedge,) = await armed.store.open_hedges()
    assert hedge.symbol == armed.harness.symbol("ETHUSDT")
    assert not armed.guarded.account.open_orders
