"""Messages that are no change of zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from guard.alerts.announce import CONSOLE
from guard.alerts.markup import plain_text
from guard.alerts.notices import protection_notice, render_drill, render_unrecorded
from guard.alerts.rules import Rule, zone_priority
from guard.language.speech import ENGLISH
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, Reading
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.zones import Zone
from guard.sim.seeded import SeededIds

NOW = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


def test_what_protection_says_is_recorded_and_sent() -> None:
    """The headline stands out, foreign text is escaped, and the urgency is that of the zone it acts in."""
    told = protection_notice(
        "account-1", "intent-1:done", "alice: <reduced>\n- sold 1 BTC & more", Zone.DANGER, NOW, (), SeededIds(1)
    )
    [alert], [message] = told.alerts, told.messages
    assert (alert.rule, alert.reason, alert.zone) == (Rule.PROTECTION, AlertReason.FIRST, Zone.DANGER)
    assert alert.fingerprint == "account-1/protection/intent-1:done"
    assert message.html == "🛡 <b>alice: &lt;reduced&gt;</b>\n- sold 1 BTC &amp; more\n2026-11-21 12:00:05 UTC"
    assert alert.text == plain_text(message.html)
    assert message.destination == CONSOLE
    assert message.priority == zone_priority(Zone.DANGER, Zone.DANGER)


def test_the_same_event_of_protection_is_one_message() -> None:
    """Told again after a restart, later and with other identifiers, it keeps its dedupe key; another event does not."""

    def key(event: str, seed: int, second: int) -> str:
        at = NOW.replace(second=second)
        told = protection_notice(
            "account-1", event, "text", Zone.DANGER, at, (Recipient("telegram:1"),), SeededIds(seed)
        )
        return told.messages[0].dedupe_key

    assert key("intent-1:done", 1, 5) == key("intent-1:done", 2, 9)
    assert key("intent-1:done", 1, 5) != key("intent-1:failed", 1, 5)


def test_a_message_past_the_store_says_why(
    reading: Callable[..., Reading], risk: Callable[..., AccountRisk], pool: Callable[..., PoolRisk]
) -> None:
    """Zone, level and the failure of the store; an unknown level is not shown as a figure."""
    text = plain_text(render_unrecorded(ENGLISH, reading(Zone.DANGER, risk(pool())), "the disk is full"))
    assert text.startswith("⚠️ DANGER · alice\nThe guard cannot record")
    assert "Why: the disk is full" in text
    assert "Risk ratio 41.5 %" in text
    assert "Risk ratio unknown" in plain_text(render_unrecorded(ENGLISH, reading(Zone.UNKNOWN, None), "x"))
    gone = risk(pool(risk_ratio=None))
    assert "above 100 %, no equity is left" in plain_text(
        render_unrecorded(ENGLISH, reading(Zone.LIQUIDATION, gone), "x")
    )


def test_a_drill_cannot_be_mistaken() -> None:
    """Its first word says what it is."""
    assert plain_text(render_drill(ENGLISH, NOW)).startswith("🔔 DRILL")
