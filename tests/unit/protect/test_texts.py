"""What people read: every ending has a headline, every figure a unit, nothing is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.ports.records import OrderRecord
from guard.protect.explain import plan_lines
from guard.protect.gate import Refusal, RefusalCode
from guard.protect.outcome import Ending, Kind, Level, Outcome
from guard.protect.plan import plan_reduction
from guard.protect.texts import infeasible_text, kind_of, order_line, outcome_text, refused_text
from guard.risk.book import Book

BTC = "BTC/USDT:USDT"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def order(**changes: Any) -> OrderRecord:
    """A filled sell order."""
    fields: dict[str, Any] = {
        "order_id": "o",
        "intent_id": "i",
        "account_id": "a",
        "step": 0,
        "client_order_id": "gx",
        "remedy": "reduce",
        "symbol": BTC,
        "side": "sell",
        "leg": "long",
        "contracts": "0.4",
        "limit_price": "35820.0",
        "reduce_only": True,
        "state": State.VERIFIED,
        "updated_at": NOW,
        "filled": "0.4",
        "average_price": 35_982.0,
    }
    return OrderRecord(**(fields | changes))


def outcome(ending: Ending, **changes: Any) -> Outcome:
    """An outcome with one order."""
    fields: dict[str, Any] = {
        "intent_id": "i",
        "reason": "the target holds",
        "orders": (order(),),
        "before": Level(0.783, 0.038),
        "after": Level(0.349, 0.1204),
        "notional": 14_392.8,
        "cost": 14.39,
        "planned_cost": 21.6,
    }
    return Outcome(ending=ending, **(fields | changes))


def test_acted() -> None:
    """The whole message."""
    assert outcome_text("alice", outcome(Ending.TARGET_HOLDS)).splitlines() == [
        "alice: acted, back under the target",
        "the target holds",
        "sell 0.4 BTC/USDT:USDT (long leg), limit 35820.0 USDT: filled 0.4 contracts at 35,982 USDT",
        "Risk ratio 78.3 % -> 34.9 %, distance to liquidation 3.8 % -> 12.0 %",
        "traded 14,392.80 USDT, cost 14.39 USDT (21.60 USDT planned)",
    ]


@pytest.mark.parametrize("ending", list(Ending))
def test_every_ending_has_words(ending: Ending) -> None:
    """No ending without a headline; a surprise says what to do."""
    text = outcome_text("alice", outcome(ending, details=("a short leg appeared",)))
    assert text.startswith("alice: ")
    assert "! a short leg appeared" in text
    assert ("arm it again" in text) == (ending is Ending.SURPRISE)


def test_kinds() -> None:
    """What did not go well is a failure unless it has a kind of its own."""
    assert {ending: kind_of(ending) for ending in Ending if kind_of(ending) is not Kind.FAILED} == {
        Ending.TARGET_HOLDS: Kind.ACTED,
        Ending.AS_ASKED: Kind.ACTED,
        Ending.AS_ASKED: Kind.ACTED,
        Ending.EXHAUSTED: Kind.ACTED,
        Ending.RECOVERED: Kind.ACTED,
        Ending.PENDING: Kind.PENDING,
        Ending.SURPRISE: Kind.SURPRISE,
        Ending.DRY_RUN: Kind.DRY_RUN,
    }


def test_without_an_after_and_without_cost() -> None:
    """What is not known is left out, not printed as none."""
    text = outcome_text("alice", outcome(Ending.PENDING, after=None, cost=None, notional=0.0))
    assert "->" not in text
    assert "None" not in text
    assert "traded" not in text
    text = outcome_text("alice", outcome(Ending.RECOVERED, cost=None, before=Level(None, None)))
    assert "Risk ratio none (no equity left) -> 34.9 %" in text
    assert "none left -> 12.0 %" in text
    assert "cost" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filled": "0.1"}, "filled only 0.1 contracts at 35,982 USDT"),
        ({"average_price": None}, "filled 0.4 contracts"),
        ({"filled": "0", "state": State.APPROVED}, "not sent"),
        ({"filled": "0", "state": State.PLANNED}, "not sent"),
        ({"filled": "0", "state": State.REJECTED, "error": "code -2022"}, "rejected, code -2022"),
        ({"filled": "0", "state": State.UNKNOWN}, "unknown"),
    ],
)
def test_order_lines(changes: dict[str, Any], words: str) -> None:
    """What became of an order, in words."""
    assert order_line(order(**changes)).endswith(": " + words)


def test_refused_and_infeasible(btc_book: Book, make: Any) -> None:
    """Every closed gate on a line; why no plan helps and what would."""
    text = refused_text("alice", [Refusal(RefusalCode.FROZEN, "frozen"), Refusal(RefusalCode.COOLDOWN, "too soon")])
    assert text == "alice: protection does not act\nfrozen\ntoo soon"
    plan = plan_reduction(btc_book, make.target, {}, limits=make.limits)
    text = infeasible_text("alice", plan)
    assert "no trading rules" in text
    assert text.endswith("add 2,946.73 USDT")
    what, level, instead = plan_lines(plan)
    assert what.startswith("No plan: ")
    assert level == "Risk ratio 9.6 %, distance to liquidation 3.8 %"
    assert instead == "Instead: add 2,946.73 USDT"
