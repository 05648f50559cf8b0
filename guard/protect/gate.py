"""The gates: may protection act now, and if not, why not? Pure.

Every gate is data in, and every closed gate says so by itself: the answer lists all of them, not the first.
What is not known closes a gate. Owns no state; `count_confirmation` is the one step of the count that it needs.

What leads to an order decides which gates it meets: `auto` (the guard by itself) all of them; `confirm` (a tap on a
plan that the guard proposed) and `command` (a person's own order) need that tap, and no pause after the last plan; a
`command` may come in any zone. `unwind` (a hedge is taken off) needs no danger, and by itself only where it is armed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from guard.ports.records import IntentOrigin, Mode
from guard.protect.hours import hours_words
from guard.protect.plan_values import Plan, Target
from guard.protect.policy import ProtectPolicy
from guard.risk.book import Book
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone

# Ordered from good to bad. `unknown` has no place: an account that is not understood is never acted upon.
_ORDER = (Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.DANGER, Zone.LIQUIDATION)
# A person may act whenever they want to, and a hedge is taken off in calm.
_ANY_ZONE = frozenset({"command", "unwind"})
_NO_VENUE_FIGURE = "the venue gave no figure of its own to compare with"


class RefusalCode(StrEnum):
    """Which gate is closed."""

    NOT_ARMED = "not_armed"
    ARMING_EXPIRED = "arming_expired"
    NO_CONSENT = "no_consent"
    WATCHED_ONLY = "watched_only"
    FROZEN = "frozen"
    STOPPED = "stopped"
    ZONE_BELOW = "zone_below"
    ZONE_UNKNOWN = "zone_unknown"
    NOT_CONFIRMED = "not_confirmed"
    DATA_NOT_FRESH = "data_not_fresh"
    DISPUTED = "disputed"
    POSITION_MODE_UNPROVEN = "position_mode_unproven"
    KEY_MAY_NOT_TRADE = "key_may_not_trade"
    COOLDOWN = "cooldown"
    DAILY_CAP = "daily_cap"
    NOTHING_ALLOWED = "nothing_allowed"
    IN_FLIGHT = "in_flight"
    REMEDY_OFF = "remedy_off"
    NO_PRICES = "no_prices"
    OUTSIDE_LIMITS = "outside_limits"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One closed gate, with a line for a person."""

    code: RefusalCode
    text: str


@dataclass(frozen=True, slots=True)
class GateFacts:
    """Everything that the gates look at, for one account at one moment.

    Args:
        mode: how far the account is armed.
        frozen: automation of the account was stopped, by a person or after a surprise.
        stopped: the kill switch of the process is on.
        zone: the account's zone in this cycle.
        confirmed_cycles: consecutive cycles in which the zone called for action, this one included.
        quality: the verdict on this cycle's data.
        conforms: whether our figures agree with the venue's own; None = the venue gave none to compare with.
        position_mode_proven: whether the venue itself stated its position mode in this session.
        may_trade: whether the key may trade; None = the venue does not tell.
        now: the cycle's time.
        last_finished_at: when the last plan of the account ended; None = never.
        notional_today: what protection has traded since the start of the day, in quote currency.
        daily_cap: most that it may trade in a day, in quote currency.
        symbols: those with open legs and what these could be hedged with; of a person's own order, those that it names.
        in_flight: a plan of this account is still open.
        watched_only: why nothing can be done at this venue or with such an account at all; empty = something can.
        origin: what leads to the order.
        consented: a person said yes to exactly this, just now.
        mode_until: when the arming ends; None = it does not.
        distance: distance to liquidation, a fraction; None = out of reach, or not known.
        hours: hours of the book's own volatility to liquidation; None = not known, or not asked for.
        needs: remedies that a person's own order names; empty = whatever is allowed.
        target: the levels that a plan must restore now; None = those of the policy.
    """

    mode: Mode
    frozen: bool
    stopped: bool
    zone: Zone
    confirmed_cycles: int
    quality: DataQuality
    conforms: bool | None
    position_mode_proven: bool
    may_trade: bool | None
    now: datetime
    last_finished_at: datetime | None
    notional_today: float
    daily_cap: float
    symbols: frozenset[str]
    in_flight: bool
    watched_only: str = ""
    origin: IntentOrigin = "auto"
    consented: bool = False
    mode_until: datetime | None = None
    distance: float | None = None
    hours: float | None = None
    needs: frozenset[str] = frozenset()
    target: Target | None = None

    @property
    def mode_now(self) -> Mode:
        """The mode, once its end is looked at."""
        return mode_at(self.mode, self.mode_until, self.now)

    @property
    def by_itself(self) -> bool:
        """Whether nobody asked for it."""
        return self.origin == "auto" or (self.origin == "unwind" and not self.consented)


def mode_at(mode: Mode, until: datetime | None, now: datetime) -> Mode:
    """The mode that holds at `now`: `observe` from `until` on."""
    return mode if until is None or now < until else "observe"


def calls_for_action(zone: Zone, act_in: Zone) -> bool:
    """Whether `zone` is `act_in` or worse; `unknown` never is."""
    return zone in _ORDER and _ORDER.index(zone) >= _ORDER.index(act_in)


def acts(zone: Zone, distance: float | None, policy: ProtectPolicy, hours: float | None = None) -> bool:
    """Whether an account calls for action: by its zone, or by how near liquidation is where that is set.

    Args:
        zone: the account's.
        distance: to liquidation, a fraction.
        policy: what is set.
        hours: of the book's own volatility to liquidation; None = not known: they call for nothing then.
    """
    if zone is Zone.UNKNOWN:
        return False
    return calls_for_action(zone, policy.act_in) or bool(nearness(distance, hours, policy))


def nearness(distance: float | None, hours: float | None, policy: ProtectPolicy) -> str:
    """By which bars, in distance and in hours, liquidation is too near; empty = by none."""
    lines = []
    bar = policy.act_at_distance
    if bar is not None and distance is not None and distance <= bar:
        lines.append(f"liquidation is {distance * 100:.3g} % away, at or below {bar * 100:g} %")
    if policy.act_at_hours is not None and hours is not None and hours <= policy.act_at_hours:
        least = f"{policy.act_at_hours:g} h"
        lines.append(f"liquidation is {hours_words(hours)} of this book's own volatility away, at or below {least}")
    return "; ".join(lines)


def count_confirmation(
    confirmed_cycles: int,
    zone: Zone,
    quality: DataQuality,
    policy: ProtectPolicy,
    distance: float | None = None,
    hours: float | None = None,
) -> int:
    """The count of consecutive cycles that call for action, after one more cycle.

    A cycle that read nothing says nothing: it neither counts nor starts the count anew, or a venue that answers every
    other time would keep protection from ever acting. Data that was read and is not fresh starts the count anew.
    """
    if quality.quality is Quality.MISSING:
        return confirmed_cycles
    if quality.quality is Quality.FRESH and acts(zone, distance, policy, hours):
        return confirmed_cycles + 1
    return 0


def refusals(facts: GateFacts, policy: ProtectPolicy) -> tuple[Refusal, ...]:
    """Every gate that is closed, in the order of `RefusalCode`; empty = all are open.

    A dry run passes the same gates, save that its key need not be allowed to trade: nothing is sent.
    """
    closed = ((code, check(facts, policy)) for code, check in _GATES.items())
    return tuple(Refusal(code, text) for code, text in closed if text)


def plan_refusals(
    plan: Plan, policy: ProtectPolicy, needs: frozenset[str] = frozenset(), *, unwinds: bool = False
) -> tuple[Refusal, ...]:
    """What a plan contains that was never allowed; empty = nothing. The planner keeps to it: this is the second lock.

    Args:
        plan: what would be journalled.
        policy: what the user allows.
        needs: remedies that a person's own order names; they must be among the user's all the same.
        unwinds: it takes hedges of the guard off, whatever the remedies against danger are; symbols count all the same.
    """
    allowed = frozenset(policy.remedies)
    remedies = [] if unwinds else sorted({step.remedy for step in plan.steps} | needs)
    lines = [f"{remedy} is not among the remedies" for remedy in remedies if remedy not in allowed]
    if policy.allow_symbols:
        symbols = sorted({step.symbol for step in plan.steps if step.remedy != "transfer"})
        lines += [f"{symbol} is not in allow_symbols" for symbol in symbols if symbol not in policy.allow_symbols]
    return tuple(Refusal(RefusalCode.OUTSIDE_LIMITS, line) for line in lines)


def fit_for_orders(quality: DataQuality, *, conforms: bool | None) -> DataQuality:
    """The verdict on a book that an order would rest on: one that the venue gave nothing to compare with is disputed.

    For whatever happens between the gates and the order: each further book is judged by it.
    """
    if quality.quality is Quality.FRESH and conforms is None:
        return DataQuality(Quality.DISPUTED, (_NO_VENUE_FIGURE,), quality.age_s)
    return quality


def agrees_with_venue(book: Book, quality: DataQuality) -> bool | None:
    """Whether the venue's own figures agree with ours; None when it gave none for any pool."""
    reported = (book.venue_reported, *book.venue_reported.pools.values())
    if all(figures.maintenance_margin is None and figures.risk_ratio is None for figures in reported):
        return None
    return quality.quality is not Quality.DISPUTED


def _armed(facts: GateFacts, _policy: ProtectPolicy) -> str:
    if facts.mode_now != facts.mode:
        return ""
    if facts.by_itself:
        return "" if facts.mode == "auto" else f"mode is {facts.mode}, orders need auto"
    return "" if facts.mode in {"confirm", "auto"} else f"mode is {facts.mode}, orders need confirm or auto"


def _arming_holds(facts: GateFacts, _policy: ProtectPolicy) -> str:
    if facts.mode_now == facts.mode or facts.mode_until is None:
        return ""
    return f"mode {facts.mode} ended at {facts.mode_until:%Y-%m-%d %H:%M} UTC"


def _consented(facts: GateFacts, _policy: ProtectPolicy) -> str:
    return "" if facts.by_itself or facts.consented else "nobody has said yes to it"


def _actable(facts: GateFacts, _policy: ProtectPolicy) -> str:
    return facts.watched_only


def _frozen(facts: GateFacts, _policy: ProtectPolicy) -> str:
    return "automation of this account is frozen until it is resumed" if facts.frozen else ""


def _stopped(facts: GateFacts, _policy: ProtectPolicy) -> str:
    return "the kill switch is on" if facts.stopped else ""


def _zone_below(facts: GateFacts, policy: ProtectPolicy) -> str:
    if facts.origin in _ANY_ZONE or facts.zone is Zone.UNKNOWN or acts(facts.zone, facts.distance, policy, facts.hours):
        return ""
    return f"zone is {facts.zone}, acting starts in {policy.act_in}{_or_nearer(policy)}"


def _or_nearer(policy: ProtectPolicy) -> str:
    bars = [] if policy.act_at_distance is None else [f"{policy.act_at_distance * 100:g} %"]
    bars += [] if policy.act_at_hours is None else [f"{policy.act_at_hours:g} h of own volatility"]
    return f", or {' or '.join(bars)} from liquidation" if bars else ""


def _zone_unknown(facts: GateFacts, _policy: ProtectPolicy) -> str:
    return "zone is unknown: nothing is sold blindly" if facts.zone is Zone.UNKNOWN else ""


def _confirmed(facts: GateFacts, policy: ProtectPolicy) -> str:
    if facts.origin in _ANY_ZONE or not acts(facts.zone, facts.distance, policy, facts.hours):
        return ""
    if facts.confirmed_cycles >= policy.confirm_cycles:
        return ""
    return f"zone {facts.zone} seen for {facts.confirmed_cycles} of {policy.confirm_cycles} cycles"


def _fresh(facts: GateFacts, _policy: ProtectPolicy) -> str:
    quality = facts.quality.quality
    if quality in {Quality.FRESH, Quality.DISPUTED}:
        return ""
    why = "; ".join(facts.quality.reasons) or "no reason given"
    return f"data is {quality}: {why}"


def _undisputed(facts: GateFacts, _policy: ProtectPolicy) -> str:
    if facts.quality.quality is Quality.DISPUTED:
        return f"our figures disagree with the venue's: {'; '.join(facts.quality.reasons) or 'no detail'}"
    if facts.conforms is None:
        return _NO_VENUE_FIGURE
    return "" if facts.conforms else "our figures disagree with the venue's"


def _mode_proven(facts: GateFacts, _policy: ProtectPolicy) -> str:
    return "" if facts.position_mode_proven else "the venue has not stated its position mode in this session"


def _may_trade(facts: GateFacts, policy: ProtectPolicy) -> str:
    if policy.dry_run or facts.may_trade:
        return ""
    return "the venue does not tell whether the key may trade" if facts.may_trade is None else "the key may not trade"


def _cooled_down(facts: GateFacts, policy: ProtectPolicy) -> str:
    if facts.last_finished_at is None or not facts.by_itself:
        return ""
    passed_s = (facts.now - facts.last_finished_at).total_seconds()
    if passed_s >= policy.cooldown_s:
        return ""
    return f"the last plan ended {max(passed_s, 0.0):.0f} s ago, cooldown is {policy.cooldown_s:.0f} s"


def _below_cap(facts: GateFacts, _policy: ProtectPolicy) -> str:
    if facts.notional_today < facts.daily_cap:
        return ""
    return f"{facts.notional_today:,.0f} traded today of at most {facts.daily_cap:,.0f} (quote currency)"


def _something_allowed(facts: GateFacts, policy: ProtectPolicy) -> str:
    if not policy.allow_symbols or facts.symbols.intersection(policy.allow_symbols):
        return ""
    return f"none of the open symbols is in allow_symbols ({', '.join(policy.allow_symbols)})"


def _idle(facts: GateFacts, _policy: ProtectPolicy) -> str:
    return "an earlier plan is still open" if facts.in_flight else ""


def _remedy_on(facts: GateFacts, policy: ProtectPolicy) -> str:
    missing = sorted(facts.needs.difference(policy.remedies))
    if missing:
        return f"{', '.join(missing)} is not among the remedies"
    return "" if policy.remedies else "no remedy is allowed"


_GATES: dict[RefusalCode, Callable[[GateFacts, ProtectPolicy], str]] = {
    RefusalCode.NOT_ARMED: _armed,
    RefusalCode.ARMING_EXPIRED: _arming_holds,
    RefusalCode.NO_CONSENT: _consented,
    RefusalCode.WATCHED_ONLY: _actable,
    RefusalCode.FROZEN: _frozen,
    RefusalCode.STOPPED: _stopped,
    RefusalCode.ZONE_BELOW: _zone_below,
    RefusalCode.ZONE_UNKNOWN: _zone_unknown,
    RefusalCode.NOT_CONFIRMED: _confirmed,
    RefusalCode.DATA_NOT_FRESH: _fresh,
    RefusalCode.DISPUTED: _undisputed,
    RefusalCode.POSITION_MODE_UNPROVEN: _mode_proven,
    RefusalCode.KEY_MAY_NOT_TRADE: _may_trade,
    RefusalCode.COOLDOWN: _cooled_down,
    RefusalCode.DAILY_CAP: _below_cap,
    RefusalCode.NOTHING_ALLOWED: _something_allowed,
    RefusalCode.IN_FLIGHT: _idle,
    RefusalCode.REMEDY_OFF: _remedy_on,
}
