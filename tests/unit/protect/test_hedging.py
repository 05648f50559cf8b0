"""Hedges while they are opened: capped by what they are against, verified, kept; refused where they would reduce."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import HedgeRecord
from guard.ports.records import OrderJournalState as State
from guard.protect.outcome import Ending

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
LONG = f"{BTC} long"


@pytest.fixture
def hedged(new_world: Callable[..., Any], make: Any) -> Any:
    """1 BTC long in hedge mode."""
    return new_world(make.book([make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 5_500.0, "hedge"))


@pytest.fixture
def proxied(new_world: Callable[..., Any], make: Any) -> Any:
    """10 ETH long in one-way mode, BTC not held but quoted."""
    world = new_world(make.book([make.position(ETH, "long", 10.0, 2_500.0, 2_000.0)], 6_000.0))
    world.rules[ETH] = make.instrument(ETH)
    world.venue.middles[BTC] = 36_000.0
    return world


async def opened(world: Any, contracts: str, *, symbol: str = BTC, protects: str = LONG, **fields: Any) -> Any:
    """A hedge on the short leg, as a person asked for it."""
    step = world.step("hedge", symbol, "short", contracts, protects=protects)
    return await world.executor().execute(await world.stepped(step, by_hand=True, **fields))


async def test_the_other_leg_grows_by_what_filled(hedged: Any) -> None:
    """Not reduce-only, in children, each verified; kept with both legs, and told."""
    outcome = await opened(hedged, "0.6")
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert hedged.venue.legs() == {(BTC, "long"): 1.0, (BTC, "short"): 0.6}
    assert [(request.side, request.reduce_only) for request in hedged.venue.arrived] == [("sell", False)] * 3
    assert {order.state for order in outcome.orders} == {State.VERIFIED}
    (hedge,) = hedged.journal.hedges.values()
    assert (hedge.symbol, hedge.leg, hedge.contracts) == (BTC, "short", "0.600")
    assert (hedge.protects_symbol, hedge.protects_leg, hedge.intent_id) == (BTC, "long", "intent-1")
    assert 0 < outcome.cost == pytest.approx(0.001 * outcome.notional, rel=0.01)
    hedged.assert_sound()


async def test_never_more_than_what_it_is_against(hedged: Any) -> None:
    """Whatever was planned: both legs are level at most, and then it is over."""
    outcome = await opened(hedged, "1.4")
    assert hedged.venue.legs() == {(BTC, "long"): 1.0, (BTC, "short"): 1.0}
    assert outcome.ending is Ending.AS_ASKED
    (hedge,) = hedged.journal.hedges.values()
    assert Decimal(hedge.contracts) == 1


async def test_the_cap_is_read_anew_before_the_first_order(hedged: Any, make: Any) -> None:
    """The leg that is protected shrank since the plan: frozen as a change that nobody ordered, nothing is opened."""
    step = hedged.step("hedge", BTC, "short", "0.6", protects=LONG)
    task = await hedged.stepped(step)
    hedged.venue.book = make.book([make.position(BTC, "long", 0.3, 40_000.0, 36_000.0)], 5_500.0, "hedge")
    outcome = await hedged.executor().execute(task)
    assert outcome.ending is Ending.SURPRISE
    assert hedged.venue.sent == 0


async def test_in_one_way_mode_it_would_be_a_reduction(world: Any) -> None:
    """Refused before anything is sent; nothing is frozen, people read why."""
    outcome = await opened(world, "0.5")
    assert outcome.ending is Ending.FORBIDDEN
    assert world.venue.sent == 0
    assert not world.frozen
    assert f"in one-way mode a hedge on {BTC} would be a reduction of its long leg" in world.told[0].text


async def test_a_proxy_of_a_symbol_that_is_not_held(proxied: Any) -> None:
    """Priced at the middle of its order book, capped by the value of what it is against."""
    outcome = await opened(proxied, "0.7", protects=f"{ETH} long")
    assert outcome.ending is Ending.AS_ASKED, outcome
    legs = proxied.venue.legs()
    assert legs[ETH, "long"] == 10.0
    assert legs[BTC, "short"] * 36_000.0 <= 20_000.0 < (legs[BTC, "short"] + 0.002) * 36_000.0
    (hedge,) = proxied.journal.hedges.values()
    assert (hedge.protects_symbol, hedge.protects_leg) == (ETH, "long")


async def test_every_hedge_of_a_leg_counts(proxied: Any) -> None:
    """What stands against it already leaves that much less room."""
    proxied.journal.hedges["h"] = HedgeRecord(
        "h", "account-1", "i", BTC, "short", "0.4", ETH, "long", proxied.clock.now()
    )
    proxied.venue.change(BTC, "short", Decimal("0.4"))
    proxied.venue.legs_before = proxied.venue.legs()
    await opened(proxied, "0.7", protects=f"{ETH} long")
    assert proxied.venue.legs()[BTC, "short"] == pytest.approx(0.555)


async def test_without_a_price_nothing_is_opened(proxied: Any) -> None:
    """An order book of one side, or none."""
    step = proxied.step("hedge", BTC, "short", "0.1", protects=f"{ETH} long")
    task = await proxied.stepped(step)
    proxied.venue.middles.clear()
    outcome = await proxied.executor().execute(task)
    assert outcome.ending is Ending.NOT_FRESH
    assert "the order book of BTC/USDT:USDT has no price" in outcome.reason
    assert proxied.venue.sent == 0


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"protects": f"{ETH} long"}, "there is no leg"),
        ({"protects": f"{BTC} short"}, "there is no leg"),
        ({"side": "buy"}, "does not open"),
    ],
)
async def test_a_plan_that_contradicts_itself_is_refused(hedged: Any, fields: dict[str, Any], why: str) -> None:
    """A defect of ours; never journalled."""
    step = replace(hedged.step("hedge", BTC, "short", "0.1", protects=LONG), **fields)
    with pytest.raises(ValueError, match=why):
        await hedged.stepped(step)


async def test_a_leg_on_the_same_side_is_no_hedge(hedged: Any, make: Any) -> None:
    """A long against a long."""
    step = replace(hedged.step("hedge", BTC, "long", "0.1", protects=LONG))
    outcome = await hedged.executor().execute(await hedged.stepped(step))
    assert outcome.ending is Ending.FORBIDDEN
    assert "is no hedge of the long leg" in outcome.reason


@pytest.mark.parametrize("fault", ["silent", "lost", "open", "half", "taken", "twice"])
async def test_bad_luck_with_a_hedge(hedged: Any, fault: str) -> None:
    """Looked up, sent again only when it is lost for certain, followed up when it filled in part."""
    hedged.venue.faults = [fault]
    outcome = await opened(hedged, "0.5")
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert hedged.venue.legs()[BTC, "short"] == 0.5
    (hedge,) = hedged.journal.hedges.values()
    assert Decimal(hedge.contracts) == Decimal("0.5")
    hedged.assert_sound()


async def test_a_hedge_beyond_its_order_freezes(hedged: Any) -> None:
    """It filled more than was asked; what stands is kept all the same."""
    hedged.venue.faults = ["overfill"]
    outcome = await opened(hedged, "0.2")
    assert outcome.ending is Ending.SURPRISE
    assert hedged.frozen
    (hedge,) = hedged.journal.hedges.values()
    assert Decimal(hedge.contracts) == Decimal("0.201")


async def test_reducing_the_leg_of_a_hedge_takes_it_off_its_record(hedged: Any) -> None:
    """The oldest goes first where hedges are taken off; what is reduced beside that cuts the newest."""
    at = hedged.clock.now()
    for name, size in (("h1", "0.2"), ("h2", "0.3")):
        hedged.journal.hedges[name] = HedgeRecord(name, "account-1", "i", BTC, "short", size, BTC, "long", at)
    hedged.venue.change(BTC, "short", Decimal("0.5"))
    hedged.venue.legs_before = hedged.venue.legs()
    task = await hedged.stepped(hedged.step("reduce", BTC, "short", "0.1"), by_hand=True)
    await hedged.executor().execute(task)
    assert {key: hedge.contracts for key, hedge in hedged.journal.hedges.items()} == {"h1": "0.2", "h2": "0.2"}
    before = tuple(hedged.journal.hedges.values())
    step = hedged.step("reduce", BTC, "short", "0.3")
    await hedged.executor().execute(await hedged.stepped(step, by_hand=True, origin="unwind", unwinds=before))
    first, second = hedged.journal.hedges["h1"], hedged.journal.hedges["h2"]
    assert (first.contracts, first.close_reason, first.closed_at is None) == ("0", "taken off", False)
    assert (second.contracts, second.closed_at) == ("0.100", None)
    assert hedged.journal.intents["intent-2"].origin == "unwind"


async def test_hedges_stay_once_it_is_not_calm_any_more(new_world: Callable[..., Any], make: Any) -> None:
    """The guard takes them off by itself while the target holds, child by child; a person's order is carried out."""
    for person in (None, "user-1"):
        legs = [make.position(BTC, side, size, 40_000.0, 40_000.0) for side, size in (("long", 1.0), ("short", 0.5))]
        world = new_world(make.book(legs, 9_000.0, "hedge"))
        hedge = HedgeRecord("h1", "account-1", "i", BTC, "short", "0.5", BTC, "long", world.clock.now())
        world.journal.hedges["h1"] = hedge
        step = world.step("reduce", BTC, "short", "0.5")
        task = await world.stepped(step, by_hand=True, origin="unwind", unwinds=(hedge,), requested_by=person)
        assert world.policy.target.holds(task.plan.before)
        world.venue.after_submit = lambda venue=world.venue: venue.move(-0.2)
        outcome = await world.executor().execute(task)
        left = Decimal(world.journal.hedges["h1"].contracts)
        assert outcome.ending is (Ending.AS_ASKED if person else Ending.OVERTAKEN)
        assert (left == 0) == (person is not None)
        assert left < Decimal("0.5")
        world.assert_sound()
