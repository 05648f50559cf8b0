"""What protection looks at before it acts: the facts for the gates, the market, and the plan of a wish.

Owns the questions to the store and to the venue. What they mean is decided by `guard.protect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from math import isfinite
from typing import Final

from guard.app.judge import appraise
from guard.app.own_hours import hours_after
from guard.app.proxy_market import PlanMarket, plan_market, read_market, wanted_proxies
from guard.app.watch import Watch, nearness_of
from guard.ports.clock import Clock
from guard.ports.records import HedgeRecord, IntentOrigin, Reading
from guard.ports.venue import FetchedBook, Instrument, VenueAccount
from guard.ports.wishes import Wish
from guard.protect.by_hand import plan_by_hand
from guard.protect.closing import was_never_sent
from guard.protect.consent import target_of
from guard.protect.gate import (
    GateFacts,
    Refusal,
    RefusalCode,
    agrees_with_venue,
    count_confirmation,
    fit_for_orders,
    plan_refusals,
)
from guard.protect.hedges import is_due, protected_by
from guard.protect.hedging import proxied
from guard.protect.hours_plan import HoursPlan, plan_in_hours
from guard.protect.moving import with_move_told
from guard.protect.outcome import StopSignal
from guard.protect.plan import plan_protection
from guard.protect.plan_values import Plan, PlanLimits, Target
from guard.protect.policy import ExecutionBounds, ProtectPolicy
from guard.protect.quotes import Quotes
from guard.protect.setbacks import StepKey, begins_with, step_key, without_reduced
from guard.protect.watched_only import watched_only
from guard.protect.worth import dollars, worth
from guard.risk.book import Book
from guard.risk.quality import DataQuality
from guard.store.store import Store

AIM: Final = 0.03
"""How far past its target a plan aims, as a part of it: one that only just reaches it misses it at the next tick."""

HEDGE_RESTS: Final = "no hedge is planned for now: the last one was refused"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done, what leads to it, who asked for it (a user id), and whether they have just said yes."""

    wish: Wish = field(default_factory=Wish)
    origin: IntentOrigin = "auto"
    requested_by: str | None = None
    consented: bool = False


BY_ITSELF = Asked()


@dataclass(frozen=True, slots=True)
class Priced:
    """A plan with what it was made from; `plan` is None when nothing could be priced, and `refusals` say why.

    `unwinds` are the hedges that it takes off. `target` are the levels that it was made for, None: those of the facts.
    """

    plan: Plan | None
    instruments: Mapping[str, Instrument]
    refusals: tuple[Refusal, ...] = ()
    unwinds: tuple[HedgeRecord, ...] = ()
    target: Target | None = None


def verdict_for_orders(fetched: FetchedBook, watch: Watch, now: datetime) -> DataQuality:
    """The quality of a book that an order would rest on; not fresh unless the venue's own figures confirm it."""
    quality = appraise(fetched, watch.policy, now).quality
    return fit_for_orders(quality, conforms=agrees_with_venue(fetched.book, quality))


class Planning:
    """Facts and plans for any account.

    Args:
        store: journal and history.
        clock: time.
        stop: the kill switch.
        bounds: timeouts.
    """

    def __init__(self, store: Store, clock: Clock, stop: StopSignal, bounds: ExecutionBounds) -> None:
        self._store = store
        self._clock = clock
        self._stop = stop
        self._bounds = bounds

    async def facts(self, watch: Watch, reading: Reading, fetched: FetchedBook, asked: Asked) -> GateFacts:
        """Everything the gates look at."""
        account_id, now = reading.account_id, reading.at
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        distance, hours = nearness_of(reading)
        named = asked.wish.symbol
        return GateFacts(
            mode=watch.record.mode,
            frozen=watch.record.frozen,
            stopped=self._stop.is_set(),
            zone=reading.zone,
            confirmed_cycles=count_confirmation(
                watch.confirmed_cycles, reading.zone, reading.quality, watch.protect, distance, hours
            ),
            quality=reading.quality,
            conforms=agrees_with_venue(fetched.book, reading.quality),
            position_mode_proven=fetched.position_mode_proven,
            may_trade=watch.rights.trade if watch.rights else None,
            now=now,
            last_finished_at=await self._last_finished_at(watch, now),
            notional_today=await self._store.notional_traded_since(account_id, day),
            daily_cap=watch.protect.daily_cap(await self._equity_of_day(account_id, day, reading, fetched.book)),
            symbols=frozenset({named} if named else _tradable(fetched.book, watch.protect)),
            # However old: as long as the outcome of one order is not known, no other is sent.
            in_flight=bool(await self._store.open_intents(account_id)),
            watched_only=_watched_only(watch, reading, fetched.book),
            origin=asked.origin,
            consented=asked.consented,
            mode_until=watch.record.mode_until,
            distance=distance,
            hours=hours,
            needs=asked.wish.needs,
            target=watch.target_at(reading),
        )

    async def _last_finished_at(self, watch: Watch, now: datetime) -> datetime | None:
        """When the last plan ended: by the stopwatch where that was in this session, else as stored.

        A wall clock that was set back puts what is stored into the future: waiting for that could take hours.
        One that a crash ended before its first order changed nothing: there is nothing to wait for.
        """
        recent = await self._store.intents(now - timedelta(days=1), watch.record.account_id)
        over = [intent for intent in recent if intent.state in {"done", "failed"} and not was_never_sent(intent)]
        ended = [intent.finished_at for intent in over if intent.finished_at and intent.finished_at <= now]
        if isfinite(watch.acted_s):
            ended.append(now - timedelta(seconds=max(0.0, self._clock.monotonic() - watch.acted_s)))
        return max(ended, default=None)

    async def _equity_of_day(self, account_id: str, day: datetime, reading: Reading, book: Book) -> float:
        """Equity at the day's first reading with figures, in dollars; now, where there is none yet.

        Of that reading only the worst pool is remembered: an account with several counts as what all are worth now, if
        that is more.
        """
        now = worth(book, reading.risk) if reading.risk else 0.0
        first = await self._store.first_equity_since(account_id, day)
        if first is None:
            return now
        then = dollars(book, first[1], first[0])
        if then == 0.0 and first[0] > 0.0:  # of a currency that has no price any more
            return now
        return max(then, now) if reading.risk and len(reading.risk.pools) > 1 else then

    async def priced(
        self, watch: Watch, fetched: FetchedBook, venue: VenueAccount, facts: GateFacts, wish: Wish
    ) -> Priced:
        """The plan of a wish, from the venue's present rules and order books."""
        held = {position.symbol for position in fetched.book.positions}
        proxies = wanted_proxies(fetched.book, watch.protect) if wish.kind == "plan" else ()
        terms, quotes = await read_market(venue, held, proxies, watch.protect, self._bounds.call_timeout_s)
        if held and not held & quotes.instruments.keys():
            why = f"no prices to plan with: {'; '.join(quotes.problems)}"
            return Priced(None, {}, (Refusal(RefusalCode.NO_PRICES, why),))
        limits = watch.protect.limits(facts.daily_cap - facts.notional_today)
        if wish.kind == "plan":
            market = plan_market(fetched.book, quotes, terms)
            plan, target = await self._way_back(watch, market, quotes, limits, facts, wish)
            closed = (*self._rest(watch, market.book, facts, plan), *plan_refusals(plan, watch.protect, wish.needs))
            return Priced(plan, market.instruments, closed, target=target)
        hedges: tuple[HedgeRecord, ...] = ()
        if wish.kind == "unhedge":
            hedges = tuple(await self._store.open_hedges(watch.record.account_id))
            if facts.by_itself:
                hedges = tuple(each for each in hedges if is_due(each, facts.now, watch.protect.unhedge_after_s))
        plan = plan_by_hand(fetched.book, wish, quotes.instruments, limits=limits, depth=quotes.depth, hedges=hedges)
        outside = plan_refusals(plan, watch.protect, wish.needs, unwinds=wish.kind == "unhedge")
        resting = self._rest(watch, fetched.book, facts, plan)
        return Priced(plan, quotes.instruments, (*resting, *outside), hedges)

    def _resting(self, watch: Watch, book: Book, facts: GateFacts) -> frozenset[StepKey]:
        """Steps that were refused lately, and are not tried now by the guard itself."""
        if not facts.by_itself:
            return frozenset()
        return watch.setbacks.resting(book, facts.zone, self._clock.monotonic(), watch.protect.cooldown_s)

    def _rest(self, watch: Watch, book: Book, facts: GateFacts, plan: Plan) -> tuple[Refusal, ...]:
        """That a plan begins with a step that rests, which is a pause like that after any plan."""
        if not begins_with(plan, self._resting(watch, book, facts)):
            return ()
        remedy, symbol, leg = step_key(plan.steps[0])
        return (Refusal(RefusalCode.COOLDOWN, f"{remedy} {symbol} {leg} was refused, and is tried again later"),)

    async def _way_back(
        self, watch: Watch, market: PlanMarket, quotes: Quotes, limits: PlanLimits, facts: GateFacts, wish: Wish
    ) -> tuple[Plan, Target]:
        """The guard's own plan, and the levels that it restores in the end.

        It holds without money from elsewhere: what that would do is told beside it.
        """
        policy, book = watch.protect, market.book
        configured = facts.target or policy.target
        target = target_of(wish, configured)
        # The remedies that it can carry out, without hedges where one has just been refused.
        resting = self._resting(watch, book, facts)
        no_hedge = any(remedy == "hedge" for remedy, _, _ in resting)
        mine = [each for each in policy.remedies if each != "transfer" and not (no_hedge and each == "hedge")]
        # Without betas as well: a proxy that was opened when there were some stands all the same.
        hedges = await self._store.open_hedges(watch.record.account_id) if "hedge" in mine else []
        against = {protected_by(hedge) for hedge in hedges}

        def planned(
            levels: Target, remedies: Sequence[str], limits: PlanLimits, but: frozenset[StepKey] = frozenset()
        ) -> Plan:
            return plan_protection(
                book,
                levels,
                without_reduced(market.instruments, but),
                remedies=remedies,
                limits=limits,
                depth=quotes.depth,
                aim=levels.beyond(AIM),
                betas=policy.betas,
                hedged={key: proxied(key, hedges, book.positions, policy.betas) for key in against},
            )

        def restoring(remedies: Sequence[str], but: frozenset[StepKey] = frozenset()) -> HoursPlan:
            measure = partial(hours_after, watch, facts.now)
            return plan_in_hours(lambda levels: planned(levels, remedies, limits, but), target, asked, measure)

        asked = policy.hours_asked or 0.0
        plan, levels = restoring(mine)
        if begins_with(plan, resting):  # what else helps must not wait for it
            left = {remedy for remedy, _, _ in resting} - {"reduce"}
            other = restoring([each for each in mine if each not in left], resting)
            plan, levels = other if other.plan.feasible else (plan, levels)
        if plan.steps or not plan.feasible:
            notes = (*plan.notes, *market.notes, *((HEDGE_RESTS,) if no_hedge and "hedge" in policy.remedies else ()))
            plan = replace(plan, notes=notes)
            if policy.movable:
                movable = replace(limits, transferable=policy.movable)
                plan = with_move_told(plan, planned(levels, [*mine, "transfer"], movable))
        # Levels of a person's own: the executor must not stop at the configured ones.
        return replace(plan, by_hand=target != configured), levels


def _tradable(book: Book, policy: ProtectPolicy) -> set[str]:
    """What is held, and what it could be hedged with."""
    return {position.symbol for position in book.positions}.union(wanted_proxies(book, policy))


def _watched_only(watch: Watch, reading: Reading, book: Book) -> str:
    """Why this account is never acted upon; empty = it can be."""
    if not watch.can_trade:
        return f"the guard sends no orders at {watch.record.spec.venue}: accounts there are watched only"
    return watched_only(book) if reading.risk is not None else ""
