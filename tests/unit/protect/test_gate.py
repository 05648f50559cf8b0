"""Every gate: closed by its fact, open at its edge; what is not known closes it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guard.protect.gate import (
    GateFacts,
    RefusalCode,
    acts,
    agrees_with_venue,
    calls_for_action,
    count_confirmation,
    fit_for_orders,
    nearness,
    plan_refusals,
    refusals,
)
from guard.protect.hours import hours_words
from guard.protect.plan_values import Plan, Step
from guard.protect.policy import ProtectPolicy
from guard.risk.book import Book, VenueReported
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BTC = "BTC/USDT:USDT"
FRESH = DataQuality(Quality.FRESH)
OPEN = GateFacts(
    mode="auto",
    frozen=False,
    stopped=False,
    zone=Zone.DANGER,
    confirmed_cycles=2,
    quality=FRESH,
    conforms=True,
    position_mode_proven=True,
    may_trade=True,
    now=NOW,
    last_finished_at=None,
    notional_today=0.0,
    daily_cap=20_000.0,
    symbols=frozenset({BTC}),
    in_flight=False,
)
POLICY = ProtectPolicy()
TAPPED = {"origin": "confirm", "consented": True}
OWN = {"origin": "command", "consented": True}


def test_all_open() -> None:
    """Nothing refuses an armed account in confirmed danger on fresh, undisputed data."""
    assert refusals(OPEN, POLICY) == ()


@pytest.mark.parametrize(
    ("facts", "policy", "code", "words"),
    [
        ({"mode": "observe"}, {}, RefusalCode.NOT_ARMED, "mode is observe"),
        ({"mode": "suggest"}, {}, RefusalCode.NOT_ARMED, "mode is suggest"),
        ({"mode": "confirm"}, {}, RefusalCode.NOT_ARMED, "mode is confirm"),
        ({"watched_only": "accounts there are watched only"}, {}, RefusalCode.WATCHED_ONLY, "watched only"),
        ({"frozen": True}, {}, RefusalCode.FROZEN, "frozen until it is resumed"),
        ({"stopped": True}, {}, RefusalCode.STOPPED, "kill switch"),
        ({"zone": Zone.WARNING}, {}, RefusalCode.ZONE_BELOW, "zone is warning, acting starts in danger"),
        ({"zone": Zone.SAFE}, {"act_in": Zone.WARNING}, RefusalCode.ZONE_BELOW, "zone is safe"),
        ({"zone": Zone.UNKNOWN}, {}, RefusalCode.ZONE_UNKNOWN, "unknown"),
        ({"confirmed_cycles": 1}, {}, RefusalCode.NOT_CONFIRMED, "1 of 2 cycles"),
        ({"confirmed_cycles": 2}, {"confirm_cycles": 3}, RefusalCode.NOT_CONFIRMED, "2 of 3 cycles"),
        ({"quality": DataQuality(Quality.STALE, ("marks are 90 s old",))}, {}, RefusalCode.DATA_NOT_FRESH, "90 s old"),
        ({"quality": DataQuality(Quality.TORN)}, {}, RefusalCode.DATA_NOT_FRESH, "data is torn"),
        ({"quality": DataQuality(Quality.INCOMPLETE)}, {}, RefusalCode.DATA_NOT_FRESH, "data is incomplete"),
        ({"quality": DataQuality(Quality.MISSING)}, {}, RefusalCode.DATA_NOT_FRESH, "data is missing"),
        ({"quality": DataQuality(Quality.DISPUTED, ("equity",))}, {}, RefusalCode.DISPUTED, "disagree"),
        ({"conforms": False}, {}, RefusalCode.DISPUTED, "disagree"),
        ({"conforms": None}, {}, RefusalCode.DISPUTED, "no figure of its own"),
        ({"position_mode_proven": False}, {}, RefusalCode.POSITION_MODE_UNPROVEN, "position mode"),
        ({"may_trade": False}, {}, RefusalCode.KEY_MAY_NOT_TRADE, "may not trade"),
        ({"may_trade": None}, {}, RefusalCode.KEY_MAY_NOT_TRADE, "does not tell"),
        ({"last_finished_at": NOW - timedelta(seconds=29)}, {}, RefusalCode.COOLDOWN, "29 s ago, cooldown is 30 s"),
        ({"last_finished_at": NOW + timedelta(seconds=5)}, {}, RefusalCode.COOLDOWN, "0 s ago"),
        ({"notional_today": 20_000.0}, {}, RefusalCode.DAILY_CAP, "20,000 traded today of at most 20,000"),
        ({"daily_cap": 0.0}, {}, RefusalCode.DAILY_CAP, "at most 0"),
        ({}, {"allow_symbols": ("ETH/USDT:USDT",)}, RefusalCode.NOTHING_ALLOWED, "allow_symbols (ETH/USDT:USDT)"),
        ({"in_flight": True}, {}, RefusalCode.IN_FLIGHT, "still open"),
        ({}, {"remedies": ()}, RefusalCode.REMEDY_OFF, "no remedy is allowed"),
        ({"needs": frozenset({"hedge"})}, {}, RefusalCode.REMEDY_OFF, "hedge is not among the remedies"),
        ({"mode_until": NOW}, {}, RefusalCode.ARMING_EXPIRED, "mode auto ended at 2026-11-21 12:00 UTC"),
        ({"zone": Zone.WATCH}, {"act_at_distance": 0.06}, RefusalCode.ZONE_BELOW, "danger, or 6 % from liquidation"),
        ({"zone": Zone.WATCH}, {"act_at_hours": 6.0}, RefusalCode.ZONE_BELOW, "or 6 h of own volatility from"),
        (
            {"zone": Zone.WATCH, "distance": 0.2, "hours": 6.1},
            {"act_at_distance": 0.06, "act_at_hours": 6.0},
            RefusalCode.ZONE_BELOW,
            "danger, or 6 % or 6 h of own volatility from liquidation",
        ),
        ({"origin": "confirm"}, {}, RefusalCode.NO_CONSENT, "nobody has said yes"),
        ({"origin": "command"}, {}, RefusalCode.NO_CONSENT, "nobody has said yes"),
        ({**TAPPED, "mode": "suggest"}, {}, RefusalCode.NOT_ARMED, "mode is suggest, orders need confirm or auto"),
        ({**TAPPED, "zone": Zone.WARNING}, {}, RefusalCode.ZONE_BELOW, "zone is warning"),
        ({**TAPPED, "confirmed_cycles": 1}, {}, RefusalCode.NOT_CONFIRMED, "1 of 2 cycles"),
        ({**OWN, "mode": "suggest"}, {}, RefusalCode.NOT_ARMED, "mode is suggest, orders need confirm or auto"),
        ({**OWN, "zone": Zone.UNKNOWN}, {}, RefusalCode.ZONE_UNKNOWN, "nothing is sold blindly"),
        ({**OWN, "frozen": True}, {}, RefusalCode.FROZEN, "frozen"),
        ({**OWN, "stopped": True}, {}, RefusalCode.STOPPED, "kill switch"),
        ({**OWN, "conforms": None}, {}, RefusalCode.DISPUTED, "no figure of its own"),
        ({**OWN, "in_flight": True}, {}, RefusalCode.IN_FLIGHT, "still open"),
        ({**OWN, "notional_today": 20_000.0}, {}, RefusalCode.DAILY_CAP, "20,000 traded"),
        ({"origin": "unwind", "mode": "confirm"}, {}, RefusalCode.NOT_ARMED, "orders need auto"),
    ],
)
def test_one_closed_gate(facts: dict[str, Any], policy: dict[str, Any], code: RefusalCode, words: str) -> None:
    """Each closed gate is the only refusal, and says so in words."""
    (refusal,) = refusals(replace(OPEN, **facts), replace(POLICY, **policy))
    assert refusal.code is code
    assert words in refusal.text


@pytest.mark.parametrize(
    ("facts", "policy"),
    [
        ({"zone": Zone.LIQUIDATION}, {}),
        ({"zone": Zone.WARNING}, {"act_in": Zone.WARNING}),
        ({"confirmed_cycles": 1}, {"confirm_cycles": 1}),
        ({"last_finished_at": NOW - timedelta(seconds=30)}, {}),
        ({"notional_today": 19_999.9}, {}),
        ({}, {"allow_symbols": (BTC,)}),
        ({"may_trade": False}, {"dry_run": True}),
        ({"may_trade": None}, {"dry_run": True}),
        ({"mode_until": NOW + timedelta(seconds=1)}, {}),
        ({"zone": Zone.WATCH, "distance": 0.06}, {"act_at_distance": 0.06}),
        ({"zone": Zone.SAFE, "hours": 6.0}, {"act_at_hours": 6.0}),
        ({**TAPPED, "mode": "confirm", "last_finished_at": NOW}, {}),
        ({**OWN, "mode": "confirm", "last_finished_at": NOW}, {}),
        ({**OWN, "zone": Zone.SAFE, "confirmed_cycles": 0}, {}),
        ({**OWN, "needs": frozenset({"hedge"})}, {"remedies": ("hedge",)}),
        ({"origin": "unwind", "zone": Zone.SAFE, "confirmed_cycles": 0}, {}),
    ],
)
def test_open_at_the_edge(facts: dict[str, Any], policy: dict[str, Any]) -> None:
    """Exactly at its bar a gate is open; a dry run needs no right to trade."""
    assert refusals(replace(OPEN, **facts), replace(POLICY, **policy)) == ()


def test_a_dry_run_passes_every_other_gate() -> None:
    """A dry run is a rehearsal: it refuses where the real run would."""
    closed = replace(OPEN, mode="observe", frozen=True, in_flight=True, confirmed_cycles=0)
    codes = [refusal.code for refusal in refusals(closed, replace(POLICY, dry_run=True))]
    assert codes == [RefusalCode.NOT_ARMED, RefusalCode.FROZEN, RefusalCode.NOT_CONFIRMED, RefusalCode.IN_FLIGHT]


def test_every_closed_gate_is_named() -> None:
    """All refusals are told, not the first alone; every code has a gate."""
    closed = GateFacts(
        mode="observe",
        frozen=True,
        stopped=True,
        zone=Zone.DANGER,
        confirmed_cycles=0,
        quality=DataQuality(Quality.STALE),
        conforms=False,
        position_mode_proven=False,
        may_trade=False,
        now=NOW,
        last_finished_at=NOW,
        notional_today=1.0,
        daily_cap=1.0,
        symbols=frozenset(),
        in_flight=True,
        watched_only="accounts there are watched only",
    )
    codes = {refusal.code for refusal in refusals(closed, replace(POLICY, allow_symbols=(BTC,), remedies=()))}
    below = {refusal.code for refusal in refusals(replace(closed, zone=Zone.SAFE), POLICY)}
    unknown = {refusal.code for refusal in refusals(replace(closed, zone=Zone.UNKNOWN), POLICY)}
    asked = {
        refusal.code for refusal in refusals(replace(closed, origin="command", mode="auto", mode_until=NOW), POLICY)
    }
    # That no plan can be priced, and what it contains, is found after the gates.
    later = {RefusalCode.NO_PRICES, RefusalCode.OUTSIDE_LIMITS}
    assert codes | below | unknown | asked == set(RefusalCode) - later


def test_the_distance_calls_for_action_where_it_is_set() -> None:
    """Whatever the zone, but never an unknown one; nothing is near that has no distance."""
    near = replace(POLICY, act_at_distance=0.06)
    assert acts(Zone.SAFE, 0.06, near)
    assert not acts(Zone.SAFE, 0.061, near)
    assert not acts(Zone.SAFE, None, near)
    assert not acts(Zone.UNKNOWN, 0.01, near)
    assert not acts(Zone.SAFE, 0.01, POLICY)
    assert count_confirmation(1, Zone.SAFE, FRESH, near, 0.05) == 2


def test_hours_call_for_action_where_they_are_set() -> None:
    """Whatever the zone and the distance; not where they are not known, nor in an unknown zone."""
    near = replace(POLICY, act_at_hours=6.0)
    assert acts(Zone.SAFE, None, near, 6.0)
    assert not acts(Zone.SAFE, None, near, 6.1)
    assert not acts(Zone.SAFE, 0.01, near, None)
    assert not acts(Zone.SAFE, None, near, math.inf)
    assert not acts(Zone.UNKNOWN, None, near, 1.0)
    assert not acts(Zone.SAFE, None, POLICY, 1.0)
    assert acts(Zone.DANGER, None, near, None)
    assert count_confirmation(1, Zone.SAFE, FRESH, near, None, 5.0) == 2


def test_an_account_that_hovers_at_a_bar_calls_once() -> None:
    """The call is over a fifth beyond the bar: what was told there is not told at each crossing."""
    near = replace(POLICY, act_at_hours=6.0, act_at_distance=0.05)
    assert not acts(Zone.SAFE, 0.055, near, 6.5)
    assert acts(Zone.SAFE, 0.055, near.eased, None)
    assert acts(Zone.SAFE, None, near.eased, 7.1)
    assert not acts(Zone.SAFE, 0.061, near.eased, 7.3)
    assert POLICY.eased == POLICY


def test_what_is_too_near_says_by_which_bar() -> None:
    """In distance, in hours, in both; hours are never rounded up beyond their bar."""
    both = replace(POLICY, act_at_distance=0.06, act_at_hours=6.0)
    far, soon = "liquidation is 5.5 % away, at or below 6 %", "liquidation is 4.2 h of this book's own volatility away"
    assert nearness(0.055, 7.0, both) == far
    assert nearness(0.5, 4.29, both) == f"{soon}, at or below 6 h"
    assert nearness(0.055, 4.2, both) == f"{far}; {soon}, at or below 6 h"
    assert nearness(0.5, 7.0, both) == nearness(0.01, 1.0, POLICY) == ""
    words = [hours_words(hours) for hours in (0.0, 0.357, 1.0, 5.999, 42.06, 167.9)]
    assert words == ["0 h", "0.35 h", "1 h", "5.9 h", "42 h", "167 h"]


def test_a_plan_keeps_to_what_was_allowed() -> None:
    """A remedy or a symbol that the user did not name is a refusal, whoever planned it; a top-up has no symbol."""
    steps = (_step("hedge", "ETH/USDT:USDT"), _step("reduce", BTC), _step("transfer", "USDT"))
    plan = Plan(True, "", steps, 0.0, None, None, 0.0)  # type: ignore[arg-type]  # levels are not looked at
    texts = [refusal.text for refusal in plan_refusals(plan, replace(POLICY, allow_symbols=(BTC,)))]
    assert texts == [
        "hedge is not among the remedies",
        "transfer is not among the remedies",
        "ETH/USDT:USDT is not in allow_symbols",
    ]
    assert plan_refusals(plan, replace(POLICY, remedies=("hedge", "reduce", "transfer"))) == ()
    # Hedges are taken off whatever the remedies are, and never on a symbol that may not be traded.
    unwinding = plan_refusals(plan, replace(POLICY, allow_symbols=(BTC,)), unwinds=True)
    assert [refusal.text for refusal in unwinding] == ["ETH/USDT:USDT is not in allow_symbols"]


def _step(remedy: Any, symbol: str) -> Step:
    return Step(remedy, symbol, "long", "sell", Decimal(1), Decimal(1), 0.0, 0.0)


def test_what_the_venue_does_not_confirm_is_no_ground_for_an_order() -> None:
    """Every further book is judged by it too, not only the one that was planned on; a worse verdict stays."""
    assert fit_for_orders(FRESH, conforms=True) is FRESH
    assert fit_for_orders(FRESH, conforms=None).quality is Quality.DISPUTED
    stale = DataQuality(Quality.STALE)
    assert fit_for_orders(stale, conforms=None) is stale


@pytest.mark.parametrize(
    ("reported", "quality", "agrees"),
    [
        (VenueReported(), FRESH, None),
        (VenueReported(equity=1.0), FRESH, None),
        (VenueReported(maintenance_margin=1.0), FRESH, True),
        (VenueReported(risk_ratio=0.5), DataQuality(Quality.DISPUTED), False),
        (VenueReported(pools={"BTC": VenueReported(risk_ratio=0.5)}), FRESH, True),
    ],
)
def test_agreement_needs_a_figure_to_agree_with(
    reported: VenueReported, quality: DataQuality, agrees: bool | None
) -> None:
    """Equity alone is none: it is read from the same wallet."""
    book = Book("a", "v", "binance-usdm", NOW, collateral=(), positions=(), tiers={}, venue_reported=reported)
    assert agrees_with_venue(book, quality) is agrees


@pytest.mark.parametrize("act_in", [Zone.WARNING, Zone.DANGER, Zone.LIQUIDATION])
@pytest.mark.parametrize("zone", list(Zone))
def test_zones_that_call_for_action(zone: Zone, act_in: Zone) -> None:
    """The zone itself and worse ones call for action; unknown never does."""
    order = [Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.DANGER, Zone.LIQUIDATION]
    assert calls_for_action(zone, act_in) == (zone in order[order.index(act_in) :])


def test_confirmation_counts_consecutive_fresh_cycles() -> None:
    """A calm, unknown or blind cycle starts the count anew."""
    counts = []
    count = 0
    for zone, quality in [
        (Zone.DANGER, FRESH),
        (Zone.LIQUIDATION, FRESH),
        (Zone.DANGER, DataQuality(Quality.STALE)),
        (Zone.DANGER, FRESH),
        (Zone.WARNING, FRESH),
        (Zone.UNKNOWN, FRESH),
        (Zone.DANGER, FRESH),
    ]:
        count = count_confirmation(count, zone, quality, POLICY)
        counts.append(count)
    assert counts == [1, 2, 0, 1, 0, 0, 1]


def test_a_cycle_that_read_nothing_keeps_the_count() -> None:
    """A venue that answers every other time must not keep protection from acting; it never counts as a cycle either."""
    missing = DataQuality(Quality.MISSING)
    count = 0
    for quality in (FRESH, missing, missing, FRESH):
        count = count_confirmation(count, Zone.DANGER, quality, POLICY)
    assert count == 2
