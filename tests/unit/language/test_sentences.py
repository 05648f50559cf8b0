"""The sentences that the pure rooms really make are recognised, whole, in every other language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guard.app.hours_notice import hours_known_text, hours_unknown_text
from guard.app.killswitch import Stopped
from guard.app.planning import HEDGE_RESTS
from guard.app.proxy_market import BARRED, ISOLATED, UNREADABLE, UNTOLD
from guard.language.catalogue import ENGLISH_CODE, LANGUAGES, catalogue
from guard.language.speech import speech_of
from guard.ports.records import HedgeRecord, OrderJournalState, OrderRecord
from guard.ports.venue import Instrument
from guard.ports.wishes import Wish
from guard.protect.answers import surprises
from guard.protect.by_hand import plan_by_hand
from guard.protect.cancelling import ended
from guard.protect.consent import Shown
from guard.protect.consent_texts import arming_ended_text
from guard.protect.explain import plan_lines
from guard.protect.gate import GateFacts, nearness, plan_refusals, refusals
from guard.protect.hedges import compare_hedges
from guard.protect.hedging import Protected, hedge_room
from guard.protect.hours_plan import shortfall_note
from guard.protect.legs import LegKey, differences
from guard.protect.moving import with_move_told
from guard.protect.netting import uneven
from guard.protect.outcome import Ending, Level, Outcome
from guard.protect.plan import plan_protection, plan_reduction
from guard.protect.plan_values import Plan, PlanLimits, Target
from guard.protect.policy import ProtectPolicy
from guard.protect.proxies import no_proxy_line
from guard.protect.texts import acting_text, order_line, outcome_text, refused_text
from guard.risk.book import Book, Collateral, Fees, Position, Side, Tier
from guard.risk.own_volatility import PoolHours
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BTC = "BTC/USDT:USDT"
OTHERS = [language for language in LANGUAGES if language != ENGLISH_CODE]
RULES = {BTC: Instrument(BTC, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1), Decimal(5))}
SHUT = GateFacts(
    mode="suggest",
    frozen=True,
    stopped=True,
    zone=Zone.DANGER,
    confirmed_cycles=1,
    quality=DataQuality(Quality.STALE, ("marks are 90 s old",)),
    conforms=False,
    position_mode_proven=False,
    may_trade=False,
    now=NOW,
    last_finished_at=NOW,
    notional_today=1.0,
    daily_cap=1.0,
    symbols=frozenset(),
    in_flight=True,
    watched_only="the guard sends no orders at mexc: accounts there are watched only",
)
SOME: tuple[dict[str, Any], ...] = (
    {},
    {"origin": "command"},
    {"mode": "auto", "mode_until": NOW},
    {"zone": Zone.WATCH},
    {"zone": Zone.UNKNOWN, "conforms": None, "may_trade": None},
    {"quality": DataQuality(Quality.DISPUTED, ("equity",)), "needs": frozenset({"hedge"})},
)
STRICT = ProtectPolicy(allow_symbols=(BTC,), remedies=(), act_at_distance=0.06)
HOURLY = ProtectPolicy(act_at_hours=6.0)


ORDER = OrderRecord(
    order_id="o",
    intent_id="i",
    account_id="a",
    step=0,
    client_order_id="o",
    remedy="reduce",
    symbol=BTC,
    side="sell",
    leg="long",
    contracts="1",
    limit_price="37000",
    reduce_only=True,
    state=OrderJournalState.REJECTED,
    updated_at=NOW,
)


def book(side: Side = "long", mark: float = 38_000.0) -> Book:
    """Two BTC from 40,000, close to the end."""
    leg = Position(BTC, side, 2.0, 1.0, "linear", "USDT", 40_000.0, mark, 20.0)
    return Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=NOW,
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", 6_000.0),),
        positions=(leg,),
        tiers={BTC: (Tier(0.0, None, 0.01),)},
    )


def said_by_gates() -> set[str]:
    """Every refusal there is, in the forms that it has."""
    policies = (ProtectPolicy(), STRICT, HOURLY, replace(HOURLY, act_at_distance=0.06))
    said = {each.text for facts in SOME for policy in policies for each in refusals(replace(SHUT, **facts), policy)}
    return said | {nearness(0.055, 4.2, policy) for policy in policies[1:]}


def plans() -> list[Plan]:
    """Plans that help, that do not, and by hand."""
    limits = PlanLimits()
    helped = plan_reduction(book(), Target(), RULES, limits=limits)
    assert helped.feasible
    dear = plan_reduction(book(), Target(), RULES, limits=replace(limits, max_cost_bps=1.0))
    capped = plan_reduction(book(), Target(), RULES, limits=replace(limits, max_notional_left=10.0))
    lost = plan_reduction(book(mark=36_000.0), Target(), RULES, limits=limits)
    calm = plan_reduction(book(), Target(1.0, 0.001), RULES, limits=limits)
    wishes = (Wish("reduce", BTC, share=0.5), Wish("reduce", "X", share=0.5), Wish("reduce", BTC), Wish("hedge", BTC))
    by_hand = [plan_by_hand(book(), wish, RULES, limits=limits) for wish in (*wishes, Wish("net"), Wish("unhedge"))]
    # A hedge without free margin, a leg in both margins, and one that is quoted in coin.
    (leg,) = book().positions
    odd = replace(book(), position_mode="hedge", model="tiered")
    twice = replace(odd, positions=(leg, replace(leg, margin_mode="isolated", isolated_margin=4_000.0)))
    coin = replace(leg, symbol="ETH/BTC:BTC", settle="BTC")
    quoted = replace(odd, positions=(coin,), tiers={coin.symbol: odd.tiers[BTC]}, collateral=(Collateral("BTC", 1e6),))
    by_hand += [
        plan_by_hand(each, Wish("hedge", each.positions[0].symbol, share=1.0), RULES, limits=limits)
        for each in (odd, twice, quoted)
    ]
    return [helped, dear, capped, lost, calm, *by_hand]


def said_of_plans() -> set[str]:
    """Three lines of each plan, why it is not allowed, and how it outgrew what was shown."""
    made = plans()
    lines = {line for plan in made for line in (*plan_lines(plan), plan.reason)}
    lines |= {refusal.text for refusal in plan_refusals(made[0], replace(STRICT, allow_symbols=("X",)))}
    before = Shown.of(made[0])
    lines.add(replace(before, cost=0.0).outgrown_by(made[0], 0.0))
    lines.add(replace(before, notional=0.0).outgrown_by(made[0], 0.0))
    lines.add(replace(before, acts_on=()).outgrown_by(made[0], 0.0))
    dearer = dict.fromkeys(before.prices, 1e9)
    lines.add(replace(before, prices=dearer).outgrown_by(replace(made[0], by_hand=True), 0.0))
    return lines


def said_in_messages() -> set[str]:
    """Lines of messages about every ending, about a refusal, and about an arming that has ended."""
    order = ORDER
    filled = replace(order, filled="1", average_price=37_100.0)
    lines = [order_line(each) for each in (order, filled, replace(filled, contracts="2"))]
    level = Level(0.5, None)
    for ending in Ending:
        outcome = Outcome(
            "i", ending, "the target holds", (filled,), level, level, 10.0, 1.0, 2.0, standing="BTC long 1"
        )
        lines += outcome_text("alice", outcome).splitlines()
    lines += refused_text("alice", ()).splitlines()
    lines += acting_text("alice", nearness(0.5, 4.2, HOURLY)).splitlines()
    for unknown in (
        PoolHours(None, history_h=3.5, lacking=BTC),
        PoolHours(None),
        PoolHours(None, of_present_only=True),
    ):
        lines += hours_unknown_text("alice", unknown).splitlines()
    lines += hours_known_text("alice", 6.0).splitlines()
    lines += arming_ended_text("alice", "auto", NOW + timedelta(hours=1)).splitlines()
    return {*lines, Stopped("the kill switch is on since 2026-11-21 12:00:00 UTC: guard stop-orders by mia", "1").why}


def said_of_hedges() -> set[str]:
    """What happens to hedges by themselves, what is left between two legs, and why one is not opened."""
    short, far = replace(book("short").positions[0], contracts=0.5), "ETH/USDT:USDT"
    hedge = HedgeRecord("h", "a", "i", BTC, "short", "0.5", far, "long", NOW)
    other = replace(short, symbol=far, side="long", contracts=0.1)
    pairs = [(short, other), (replace(short, contracts=0.4), replace(other, contracts=99.0)), (other,), (short,)]
    books = [replace(book(), positions=legs) for legs in pairs]
    lines = {f"alice: {news.text}" for each in books for news in compare_hedges([hedge], each, NOW)}
    two, twice = (
        [hedge, replace(hedge, hedge_id="h2")],
        replace(book(), positions=(replace(short, contracts=1.0), other)),
    )
    lines |= {f"alice: {news.text}" for news in compare_hedges(two, twice, NOW, {"ETH": 7.0})}
    order = replace(ORDER, remedy="net", filled="1")
    lines |= set(uneven([order]))
    tries = [Protected(BTC, "short", (BTC, "long")), Protected(BTC, "long", (far, "long"))]
    tries += [Protected(BTC, "long", (far, "short")), Protected("SOL/EUR:EUR", "short", (BTC, "long"))]
    rooms = [hedge_room(book(), each, short, RULES[BTC], ()) for each in tries]
    rooms.append(hedge_room(book(), tries[0], replace(short, margin_mode="isolated"), RULES[BTC], ()))
    lines.add("the target does not hold any more: what is left of the hedges stays")
    return lines | {f"{room.why}: nothing was opened" for room in rooms}


def said_of_other_ways() -> set[str]:
    """Why nothing is hedged with another coin, and what money in other wallets would do."""
    whys = [UNTOLD, UNREADABLE, ISOLATED, BARRED, "it has no price", "it has an isolated short leg"]
    whys += [
        "it is held long in one-way mode, an order would make that leg smaller",
        "it is quoted in BTC, limits are in dollars",
        f"{BTC} short of 0.1 contracts is below the smallest order of 1",
        f"{BTC} short has a smallest order of 1 contracts, above half of the largest order allowed",
    ]
    rules, held = {BTC: RULES[BTC]}, book()
    plain = plan_reduction(held, Target(0.01, 0.12), rules, limits=PlanLimits())
    kept = [PlanLimits(transferable={"USDT": amount}) for amount in (1_000.0, 1e9)]
    eased = [
        plan_protection(held, Target(0.01, 0.12), rules, remedies=("reduce", "transfer"), limits=limits)
        for limits in kept
    ]
    told = {note for each in eased for note in with_move_told(plain, each).notes}
    told |= {note for each in eased for note in with_move_told(replace(plain, feasible=False), each).notes}
    assert {each.partition(":")[0] for each in told} == {"cheaper", "what would do"}
    assert any("with nothing traded" in each for each in told)
    assert any("traded for" in each for each in told)
    margin = "no margin is free for the hedge that would restore pool USDT"
    told.add(shortfall_note(18.6, 24.0))
    return {no_proxy_line(BTC, why) for why in whys} | told | {f"! {note}" for note in told} | {HEDGE_RESTS, margin}


def said_of_cancellations() -> set[str]:
    """How they end."""
    cancel = replace(ORDER, remedy="cancel", state=OrderJournalState.SUBMITTED, venue_order_id="7")
    ends = [cancel, ended(cancel, is_open=True, at=NOW), ended(cancel, is_open=False, at=NOW)]
    return {order_line(each) for each in ends}


def said_of_surprises() -> set[str]:
    """What froze an account: the lines of the gravest message that protection sends."""
    long: LegKey = (BTC, "long")
    short: LegKey = (BTC, "short")
    lines = set(differences({long: Decimal(1)}, {long: Decimal("0.5"), short: Decimal("0.01")}))
    lines |= set(differences({long: Decimal(1)}, {}))
    lines |= set(surprises(replace(ORDER, filled="2", average_price=1.0)))
    lines |= {"the position mode is hedge, it was one_way", "order 7 on BTC/USDT:USDT is still open"}
    lines |= {"what became of order g0s0c0 could not be found out for a day"}
    assert len(lines) == 8
    return {f"! {line}" for line in lines}


def said_of_limits() -> set[str]:
    """What is wrong with a plan that no venue or journal takes; it needs books of a size that no test has."""
    largest = "takes too many orders of at most 0.5 contracts; raise the limit"
    return {
        "no reduction on the venue's steps restores the target",
        "the plan has 70 steps, at most 64 can be journalled",
        f"reducing {BTC} {largest}",
        f"hedging on {BTC} {largest}",
    }


@pytest.mark.parametrize("language", OTHERS)
def test_what_protection_says_is_recognised(language: str) -> None:
    """Each sentence by itself: one that stays English has no pattern, or another form than its pattern."""
    speech = speech_of(language, "UTC")
    unknown = [
        part
        for line in sorted(
            said_by_gates()
            | said_of_plans()
            | said_of_limits()
            | said_in_messages()
            | said_of_hedges()
            | said_of_other_ways()
            | said_of_cancellations()
            | said_of_surprises()
        )
        for part in speech.sentence(line).split("; ")
        if part and part in line.split("; ") and part not in FOREIGN
    ]
    assert not unknown, "add to sentences.po:\n" + "\n".join(unknown)


FOREIGN: frozenset[str] = frozenset()
"""Words of a venue or of another room that stand inside a line as they are."""


@pytest.mark.parametrize("language", OTHERS)
def test_no_step_of_a_plan_stays_in_english(language: str) -> None:
    """Also one of several: whoever is woken by it reads what it sells."""
    speech = speech_of(language, "UTC")
    several = f"Do: net sell 1 {BTC} (long leg); hedge buy 2 ETH/USDT:USDT (short leg) against {BTC}"
    steps = [several, *(line for line in said_of_plans() if " leg)" in line)]
    assert len(steps) > 1
    english = re.compile(r"( leg\)|Reduce|Do|\bsell|\bbuy|\bnet|\bhedge|\bcancel)\b")
    assert [line for line in steps if english.search(speech.sentence(line))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_every_figure(language: str) -> None:
    """A hole that is lost is a figure that is not told."""
    patterns = catalogue(language).patterns
    assert patterns
    for pattern in patterns:
        for name in pattern.form.groupindex:
            assert f"{{{name}}}" in pattern.translation, pattern.form.pattern
