"""Hedges by another coin: what legs weigh, how a hedge is divided among them, and how each part is held to its leg."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from guard.ports.records import HedgeRecord
from guard.protect.explain import plan_lines
from guard.protect.hedges import compare_hedges
from guard.protect.hedging import Protected, empty_leg, hedge_room, proxied
from guard.protect.legs import LegKey
from guard.protect.lever import Lever
from guard.protect.levers import Hedges, Market, cutting_levers, hedging_levers
from guard.protect.outcome import Ending
from guard.protect.plan import Plan, PlanLimits, Target, plan_protection
from guard.protect.plan_steps import steps_of
from guard.protect.policy import ProtectPolicy
from guard.protect.poolkey import PoolKey
from guard.protect.proxies import Share, after_cuts, beta_between, divided, proxy_symbols, shares_of
from guard.protect.restore import Restored, Task
from guard.protect.slack import Goal
from guard.protect.steps import check_plan

BTC, ETH, SOL = "BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"
BETAS = {"BTC": 1.0, "ETH": 1.2, "SOL": 1.5}
NOW = datetime(2026, 11, 21, tzinfo=UTC)
AGAINST_ETH = HedgeRecord("h", "account-1", "i", BTC, "short", "0.5", ETH, "long", NOW)


@pytest.fixture
def alts(make: Any) -> Any:
    """10 ETH and 100 SOL long in one-way mode, with money for a hedge; BTC is not held, its terms are known."""
    legs = [make.position(ETH, "long", 10.0, 2_500.0, 2_500.0), make.position(SOL, "long", 100.0, 100.0, 100.0)]
    book = make.book([replace(leg, leverage=50.0) for leg in legs], 2_600.0)
    terms = {"contract_size": 1.0, "leverage": 50.0, "mark_price": 40_000.0}
    return replace(book, parameters={BTC: terms}, tiers={**book.tiers, BTC: book.tiers[ETH]})


def hedged_plan(make: Any, book: Any, distance: float = 0.25, **fields: Any) -> Plan:
    """A plan that may only hedge."""
    rules = {symbol: make.instrument(symbol) for symbol in (BTC, ETH, SOL)}
    wanted: dict[str, Any] = {"remedies": ("hedge",), "betas": BETAS, "limits": PlanLimits()} | fields
    return plan_protection(book, Target(0.9, distance), rules, **wanted)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (60, [60]),  # the heaviest alone weighs a tenth more
        (89, [60, 29]),
        (95, [59, 28, 8]),  # in proportion; what rounding leaves goes to the heaviest
        (109, [66, 33, 10]),
    ],
)
def test_a_hedge_is_divided_among_the_heaviest(units: int, expected: list[int]) -> None:
    """The fewest legs that have room for it; no part is larger than its leg."""
    shares = [Share((symbol, "long"), 1.0, weight) for symbol, weight in (("A", 66.0), ("B", 33.0), ("C", 10.0))]
    found = [count for _, count in divided(units, 1.0, 1, shares)]
    assert sum(found) == units
    assert found == expected
    assert all(count <= share.weight for share, count in zip(shares, found, strict=False))


def test_no_part_is_below_the_smallest_order() -> None:
    """A leg for which the venue would take no order is left to the others."""
    shares = [Share((symbol, "long"), 1.0, weight) for symbol, weight in (("A", 90.0), ("B", 5.0))]
    assert [count for _, count in divided(90, 1.0, 10, shares)] == [90]


def test_what_legs_weigh(make: Any) -> None:
    """By beta, without the other leg of the symbol, without what is hedged, heaviest first; a plan's cuts come off."""
    legs = [
        make.position(ETH, "long", 10.0, 1.0, 2_000.0),
        make.position(ETH, "short", 5.0, 1.0, 2_000.0),
        make.position(SOL, "long", 200.0, 1.0, 100.0),
        make.position("XRP/USDT:USDT", "long", 1.0, 1.0, 1.0),
    ]
    shares = shares_of(legs, "long", BETAS, {(SOL, "long"): 5_000.0})
    assert shares == (Share((SOL, "long"), 1.5, 22_500.0), Share((ETH, "long"), 1.2, 12_000.0))
    assert after_cuts(shares, {(SOL, "long"): 9_000.0, (ETH, "long"): 10_000.0}) == (
        Share((SOL, "long"), 1.5, 9_000.0),
    )
    assert beta_between(BETAS, BTC, ETH) == 1.2
    assert beta_between({}, BTC, ETH) == 1.0


def test_which_contracts_could_be_hedged_with(make: Any) -> None:
    """Those of beta 1 that are margined like a leg with a beta; a leg of beta 1 needs none."""
    eth = make.position(ETH, "long", 10.0, 1.0, 2_000.0)
    assert proxy_symbols(make.book([eth], 1.0), BETAS) == (BTC,)
    assert proxy_symbols(make.book([make.position(BTC, "long", 1.0, 1.0, 1.0)], 1.0), BETAS) == ()
    assert proxy_symbols(make.book([replace(eth, symbol="ETH/USDC:USDC", settle="USDC")], 1.0), BETAS) == (
        "BTC/USDC:USDC",
    )
    for other in ({"symbol": f"{ETH}-261225"}, {"margin_mode": "isolated"}, {"kind": "inverse"}):
        assert proxy_symbols(make.book([replace(eth, **other)], 1.0), BETAS) == ()


def test_a_plan_names_what_each_order_is_against(make: Any, alts: Any) -> None:
    """One order for each leg, together below what the legs weigh, each below its own."""
    plan = hedged_plan(make, alts, 0.4)
    assert plan.feasible, plan.reason
    check_plan(plan, alts)
    assert {step.protects for step in plan.steps} == {f"{ETH} long", f"{SOL} long"}
    most = {f"{ETH} long": 1.2 * 25_000.0, f"{SOL} long": 1.5 * 10_000.0}
    assert all(step.notional <= most[step.protects] for step in plan.steps)
    assert plan.cost == pytest.approx(sum(step.cost for step in plan.steps))


def test_what_stands_already_is_not_hedged_again(make: Any, alts: Any) -> None:
    """A short of BTC counts against what the pool weighs, and its record against its leg."""
    short = replace(alts.positions[0], symbol=BTC, side="short", contracts=0.5, entry_price=4e4, mark_price=4e4)
    book = replace(alts, positions=(*alts.positions, short), parameters={})
    known = {(ETH, "long"): proxied((ETH, "long"), [AGAINST_ETH], book.positions, BETAS)}
    assert known == {(ETH, "long"): pytest.approx(20_000.0 / 1.2)}
    plan = hedged_plan(make, book, hedged=known)
    assert plan.feasible, plan.reason
    grown = sum(step.notional for step in plan.steps)
    assert grown + 20_000.0 <= 1.2 * 25_000.0 + 1.5 * 10_000.0
    assert plan.steps[0].protects == f"{SOL} long"


def test_both_kinds_of_hedges_share_the_exposure(make: Any, alts: Any) -> None:
    """In hedge mode a leg's own opposite and a proxy are together not more than the leg."""
    book = replace(alts, position_mode="hedge")
    plan = hedged_plan(make, book)
    assert plan.feasible, plan.reason
    by_proxy = sum(step.notional for step in plan.steps if step.symbol == BTC)
    own = {step.symbol: step.notional for step in plan.steps if step.symbol != BTC}
    left = 1.2 * (25_000.0 - own.get(ETH, 0.0)) + 1.5 * (10_000.0 - own.get(SOL, 0.0))
    assert by_proxy <= left * (1 + 1e-9)


def test_what_a_proxy_stands_against_is_no_room_for_a_leg_of_its_own(make: Any, alts: Any) -> None:
    """In hedge mode too: the order would be refused when it leaves, and the plan would be made again and again."""
    short = replace(alts.positions[0], symbol=BTC, side="short", contracts=0.9, entry_price=4e4, mark_price=4e4)
    book = replace(alts, position_mode="hedge", positions=(*alts.positions, short), parameters={})
    known: dict[LegKey, float] = {(ETH, "long"): 25_000.0, (SOL, "long"): 4_000.0}
    market = Market({symbol: make.instrument(symbol) for symbol in (ETH, SOL)}, {}, PlanLimits(), 0.0005)
    hedges = hedging_levers(book, book.positions, [], market, {}, known)
    assert [(lever.key, lever.contracts(lever.top)) for lever in hedges.levers] == [((SOL, "short"), Decimal(60))]


def levers_of(make: Any, book: Any) -> tuple[list[Lever], Hedges]:
    """What could be cut, and what could be opened, of a book of one pool."""
    market = Market({symbol: make.instrument(symbol) for symbol in (BTC, ETH, SOL)}, {}, PlanLimits(), 0.0005)
    cutting, obstacles = cutting_levers(book, market)
    assert obstacles == []
    return cutting, hedging_levers(book, book.positions, cutting, market, BETAS, {})


def test_a_proxy_has_room_for_what_other_levers_leave(make: Any, alts: Any) -> None:
    """A leg's own opposite and what is cut off it take from the exposure, each by its beta."""
    cutting, hedges = levers_of(make, replace(alts, position_mode="hedge"))
    names = [(lever.position.symbol, lever.position.side, lever.grows) for lever in (*cutting, *hedges.levers)]
    assert names[-1] == (BTC, "short", True)
    tie, loose = hedges.ties[-1], hedges.loose[-1]
    assert {names[index]: weight for index, weight in tie.weights} == {
        (ETH, "long", False): 1.2, (SOL, "long", False): 1.5,
        (ETH, "short", True): 1.2, (SOL, "short", True): 1.5, (BTC, "short", True): 1.0,
    }  # fmt: skip
    assert tie.most == loose.most == 1.2 * 25_000.0 + 1.5 * 10_000.0
    traded = np.zeros(len(names))
    traded[names.index((ETH, "short", True))] = 25_000.0
    traded[-1] = 15_000.0
    assert tie.holds(traded)
    traded[-1] = 15_001.0
    assert not tie.holds(traded)


def test_what_a_plan_cuts_is_not_hedged_by_it(make: Any, alts: Any) -> None:
    """ETH is closed but for 1,000 of 25,000: the hedge is against SOL first."""
    cutting, hedges = levers_of(make, alts)
    levers = (*cutting, *hedges.levers)
    units = tuple(9_600 if lever.key == (ETH, "long") else 250 if lever.grows else 0 for lever in levers)
    task = Task(alts, PoolKey("USDT"), Goal(Target()), levers, ())
    steps = steps_of((), [Restored(task, units, 0.0)], ("reduce", "hedge"), PlanLimits())
    assert [(step.remedy, step.protects, step.contracts) for step in steps] == [
        ("reduce", "", Decimal("9.600")),
        ("hedge", f"{SOL} long", Decimal("0.250")),
    ]


@pytest.mark.parametrize(
    ("limits", "legs", "why"),
    [
        ((ETH, SOL), (), f"no hedge with {BTC}: it is not in allow_symbols"),
        (
            (),
            (("long", "cross"),),
            f"no hedge with {BTC}: it is held long in one-way mode, an order would make that leg",
        ),
    ],
)
def test_why_there_is_no_proxy_is_told(make: Any, alts: Any, limits: tuple[str, ...], legs: Any, why: str) -> None:
    """Beside the plan, whether it is feasible or not."""
    held = [replace(alts.positions[0], symbol=BTC, side=side, contracts=0.001, mark_price=4e4) for side, _ in legs]
    book = replace(alts, positions=(*alts.positions, *held))
    plan = hedged_plan(make, book, limits=PlanLimits(allow_symbols=limits))
    assert not plan.feasible
    assert plan.notes[0].startswith(why)
    assert why in plan_lines(plan)[2]
    reduced = hedged_plan(make, book, limits=PlanLimits(allow_symbols=limits), remedies=("reduce", "hedge"))
    assert reduced.feasible
    assert why in plan_lines(reduced)[2]


def test_a_hedge_that_no_margin_is_free_for_is_told(make: Any, alts: Any) -> None:
    """With BTC at a leverage of 5 it would take more than there is; no cap stands in the way."""
    dear = replace(alts, parameters={BTC: {**alts.parameters[BTC], "leverage": 5.0}})
    plan = hedged_plan(make, dear, limits=PlanLimits(max_notional_left=1e6))
    assert not plan.feasible
    assert plan.reason.startswith("no margin is free for the hedge that would restore pool USDT")


def test_the_room_is_weighed_by_beta(make: Any) -> None:
    """10 ETH at 2,000 with beta 1.2 are 24,000 of BTC; a proxy leaves less room on the leg's own symbol too."""
    legs = [make.position(ETH, "long", 10.0, 2_000.0, 2_000.0), make.position(BTC, "short", 0.5, 4e4, 4e4)]
    book = make.book(legs, 1.0, "hedge")
    rules = make.instrument(BTC)
    reference, against = empty_leg(BTC, "short", 40_000.0, rules, "cross"), Protected(BTC, "short", (ETH, "long"))
    assert hedge_room(book, against, reference, rules, (), BETAS).contracts == Decimal("0.600")
    half = replace(AGAINST_ETH, contracts="0.3")
    assert hedge_room(book, against, reference, rules, (half,), BETAS).contracts == Decimal("0.300")
    alone = hedge_room(book, against, replace(reference, margin_mode="isolated"), rules, (), BETAS)
    assert (alone.contracts, alone.why) == (Decimal(0), f"a short leg on {BTC} would be in isolated margin")
    own, eth = Protected(ETH, "short", (ETH, "long")), make.instrument(ETH)
    room = hedge_room(book, own, replace(legs[0], side="short"), eth, (AGAINST_ETH,), BETAS)
    assert room.contracts == Decimal("1.666")


@pytest.mark.parametrize(
    ("eth", "betas", "text"),
    [
        (10.0, BETAS, ""),  # 20,000 of BTC against 24,000
        (8.0, BETAS, ""),
        (7.0, BETAS, "is larger than the leg that it is against"),
        (8.0, {}, "is larger than the leg that it is against"),
    ],
)
def test_a_proxy_that_outgrows_its_leg_is_told(make: Any, eth: float, betas: dict[str, float], text: str) -> None:
    """By the betas of the account."""
    legs = [make.position(ETH, "long", eth, 2_000.0, 2_000.0), make.position(BTC, "short", 0.5, 4e4, 4e4)]
    news = compare_hedges([AGAINST_ETH], make.book(legs, 1.0), NOW, betas)
    assert [text in each.text for each in news] == [True] * bool(text)


def test_hedges_that_are_too_much_together(make: Any) -> None:
    """Neither is larger than the leg, both are: the newest is told."""
    legs = [make.position(ETH, "long", 7.0, 2_000.0, 2_000.0), make.position(BTC, "short", 0.6, 4e4, 4e4)]
    pair = [replace(AGAINST_ETH, hedge_id=name, contracts="0.3") for name in ("h1", "h2")]
    pair[1] = replace(pair[1], opened_at=NOW + timedelta(hours=1))
    (news,) = compare_hedges(pair, make.book(legs, 1.0), NOW, BETAS)
    assert (news.hedge.hedge_id, news.grave) == ("h2", False)
    assert "and earlier ones are larger than the leg that they are against" in news.text


async def test_an_order_is_capped_by_beta_when_it_leaves(new_world: Callable[..., Any], make: Any) -> None:
    """What was planned for a beta of 1.2 opens that much and no more, recorded with its leg."""
    world = new_world(
        make.book([make.position(ETH, "long", 10.0, 2_500.0, 2_000.0)], 6_000.0),
        ProtectPolicy(max_child_notional=10_000.0, betas=BETAS),
    )
    world.rules[ETH] = make.instrument(ETH)
    world.venue.middles[BTC] = 36_000.0
    world.venue.betas = BETAS
    step = world.step("hedge", BTC, "short", "0.9", protects=f"{ETH} long")
    outcome = await world.executor().execute(await world.stepped(step, by_hand=True))
    assert outcome.ending is Ending.AS_ASKED, outcome
    short = world.venue.legs()[BTC, "short"]
    assert short * 36_000.0 <= 24_000.0 < (short + 0.002) * 36_000.0
    assert world.venue.legs()[ETH, "long"] == 10.0
    (hedge,) = world.journal.hedges.values()
    assert (float(hedge.contracts), hedge.protects_symbol, hedge.protects_leg) == (short, ETH, "long")
    world.assert_sound()
