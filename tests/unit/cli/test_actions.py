"""`guard actions` and `guard stop-orders`; how people type until when an account is armed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.app.arming import mode_of, read_span, read_until
from guard.cli.actions import action_row, hedge_row
from guard.cli.main import run
from guard.ports.errors import InputError
from guard.ports.records import HedgeRecord, IntentRecord, OrderJournalState, OrderRecord
from guard.risk.zones import Zone

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_an_action_tells_why_who_what_and_at_which_cost() -> None:
    """Everything that the journal knows, by name."""
    detail = {
        "plan": {"explanation": ["Reduce: x"]},
        "outcome": {"ending": "target_holds", "reason": "the target holds"},
    }
    intent = IntentRecord(
        intent_id="i",
        account_id="a",
        at=NOW,
        state="done",
        zone=Zone.DANGER,
        reason="distance",
        detail=json.dumps(detail),
        risk_ratio_before=0.8,
        risk_ratio_after=0.3,
        notional=1000.0,
        finished_at=NOW,
        origin="confirm",
        requested_by="user-mia",
        cost_planned=1.0,
        cost_actual=1.2,
    )
    order = OrderRecord(
        order_id="o",
        intent_id="i",
        account_id="a",
        step=0,
        client_order_id="o",
        remedy="reduce",
        symbol="BTC/USDT:USDT",
        side="sell",
        leg="long",
        contracts="1",
        limit_price="37000",
        reduce_only=True,
        state=OrderJournalState.VERIFIED,
        updated_at=NOW,
        filled="1",
        average_price=37_100.0,
        mark_price=37_150.0,
    )
    row: dict[str, Any] = action_row(intent, [order], account="main", asked_by="mia")
    assert (row["origin"], row["asked_by"], row["ending"]) == ("confirm", "mia", "target_holds")
    assert (row["cost_planned"], row["cost_actual"], row["explanation"]) == (1.0, 1.2, ["Reduce: x"])
    assert row["orders"][0]["mark_price"] == 37_150.0
    assert row["orders"][0]["average_price"] == 37_100.0


def test_a_hedge_tells_what_it_protects() -> None:
    """And since when its account is safe."""
    hedge = HedgeRecord("h", "a", "i", "BTC/USDT:USDT", "short", "0.5", "ETH/USDT:USDT", "long", NOW, safe_since=NOW)
    row = hedge_row(hedge, "main")
    assert row["protects"] == "ETH/USDT:USDT long"
    assert row["safe_since"] == "2026-11-21T12:00:00+00:00"


@pytest.mark.parametrize(
    ("typed", "after"),
    [("8h", timedelta(hours=8)), ("30m", timedelta(minutes=30)), ("2d", timedelta(days=2))],
)
def test_an_arming_ends_after_a_duration(typed: str, after: timedelta) -> None:
    """Minutes, hours, days."""
    assert read_until(typed, NOW) == NOW + after
    assert read_span(typed) == after


def test_an_arming_ends_at_a_time() -> None:
    """UTC unless the time says otherwise."""
    assert read_until("2026-12-01T00:00", NOW) == datetime(2026, 12, 1, tzinfo=UTC)
    assert read_until("2026-12-01T09:00+09:00", NOW) == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["", "8", "0h", "tomorrow", "2026-11-21T11:59", "400d", "2028-01-01T00:00"])
def test_an_end_that_makes_no_sense_is_refused(typed: str) -> None:
    """Past, too far, or no time at all: one line that says what is allowed."""
    with pytest.raises(InputError, match="--until was"):
        read_until(typed, NOW)


def test_modes_by_name() -> None:
    """All four, and no other."""
    assert [mode_of(each) for each in ("observe", "suggest", "confirm", "auto")] == [
        "observe",
        "suggest",
        "confirm",
        "auto",
    ]
    with pytest.raises(InputError, match="mode was off, must be one of observe, suggest, confirm, auto"):
        mode_of("off")


def test_orders_are_stopped_and_resumed_without_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It must work while the database does not; the file says who made it and when."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUARD__DATABASE__URL", f"sqlite:///{tmp_path / 'guard.db'}")
    file = tmp_path / "guard.stop"
    assert run(["stop-orders"]) == 0
    assert "guard stop-orders by" in file.read_text(encoding="utf-8")
    assert f"orders are stopped while {file} exists" in capsys.readouterr().out
    assert run(["stop-orders", "--resume"]) == 0
    assert not file.exists()
    assert run(["stop-orders", "--resume"]) == 0
    assert "orders were not stopped" in capsys.readouterr().out
    monkeypatch.setenv("GUARD__PROTECT__KILL_SWITCH_FILE", str(tmp_path / "no" / "folder"))
    assert run(["stop-orders"]) == 2
    assert "orders are NOT stopped" in capsys.readouterr().err
