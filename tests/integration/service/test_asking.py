"""Everything that is measured and looked after, asked of the running service over a real Telegram library."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.telegram import Message
from tests.harness.installation import Guard, Outside, add_arguments, open_account

MIA = 501
ANSWER_S = 20.0


def asked(outside: Outside, text: str) -> Message:
    """What Mia is answered."""
    answer = outside.talk(lambda telegram: telegram.person(MIA, "Mia").ask(text, timeout_s=ANSWER_S))
    assert isinstance(answer, Message)
    return answer


def tapped(outside: Outside, message: Message, label: str) -> str:
    """The notice after Mia's tap."""

    async def tap(telegram: Any) -> str:
        mia = telegram.person(MIA, "Mia")
        notice: str = await mia.answer_to(mia.tap(message, label), timeout_s=ANSWER_S)
        return notice

    answer = outside.talk(tap)
    assert isinstance(answer, str)
    return answer


def test_the_running_service_answers_from_its_last_book_and_reads_anew_when_asked(
    outside: Outside, guard: Guard
) -> None:
    """Read once an hour: only a tap makes the venue's new price known, and at once."""
    open_account(outside, guard)
    (guard.home / "token").write_text(outside.telegram.token, encoding="utf-8")
    guard.environment |= {
        "GUARD__TELEGRAM__TOKEN_FILE": str(guard.home / "token"),
        "GUARD__TELEGRAM__BASE_URL": outside.telegram.base_url,
        "GUARD__SCHEDULE__CALM_S": "3600",
        "GUARD__SCHEDULE__WARNING_S": "3600",
        "GUARD__STREAM__ENABLED": "false",
    }
    guard.must("user", "add", "mia")
    guard.must(*add_arguments(outside), "--user", "mia")
    code = guard.must("user", "link", "mia").strip()
    guard.run()
    guard.wait_for("a bot that listens", lambda: guard.health()[1]["telegram"] == "running")
    guard.wait_healthy()
    asked(outside, f"/start {code}")
    risk = asked(outside, "/risk")
    for command, words in (
        ("/liq main", "If only this price moves\nBTC/USDT:USDT long\nat "),
        ("/stress", "when all falls: USDT pool at -"),
        ("/stress BTC -40%", "Liquidated first: USDT pool"),
        ("/whatif close BTC 50%", "What if: Close 1 contract (50.0 %) of BTC/USDT:USDT long"),
        ("/whatif hedge BTC 1", "one-way mode"),
        ("/leverage", "Leverage now "),
        ("/health", "✅ The guard sees all your accounts"),
        ("/log 5", "Nothing happened since"),
    ):
        assert words in asked(outside, command).text, command
    assert "Equity 30,000 USDT" in risk.text
    outside.do(lambda server: server.set_price("BTCUSDT", Decimal(41_500)))
    tapped(outside, risk, "🔄 Refresh")
    assert "Equity 30,000 USDT" in risk.text
    notice = tapped(outside, risk, "📡 Read now")
    assert notice.startswith("Updated ")
    assert "Equity 26,000 USDT" in risk.text
    tapped(outside, risk, "📡 Read now")
    assert "Somebody had it read a moment ago" in risk.text
    assert "A drill is on its way" in asked(outside, "/test").text
    guard.wait_for("the drill", lambda: any("DRILL" in text for text in outside.texts(MIA)))
