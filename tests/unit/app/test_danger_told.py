"""The message about danger as the cycle writes it: what was a quarter of an hour ago, ways out, buttons, languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from guard.alerts.markup import plain_text
from guard.ports.buttons import account_key
from guard.ports.recipients import Recipient
from guard.ports.records import OutboxMessage
from tests.harness.cycle_world import NOW, Memory, StillClock, World, book

SAFE, DANGER = 40_000.0, 31_000.0


@dataclass
class Household(Memory):
    """A person who reads English, one who reads Japanese, and a group."""

    async def recipients(self, account_id: str) -> list[Recipient]:
        """Both and the group."""
        del account_id
        return [
            Recipient("telegram:7", user_id="anna"),
            Recipient("telegram:8", "ja", "Asia/Tokyo", user_id="mai"),
            Recipient("telegram:-9/3", user_id="anna", group=True),
        ]


async def told_after(minutes: int) -> dict[str, OutboxMessage]:
    """What each is told of danger after a calm while, by destination."""
    clock = StillClock()
    world = World(book(SAFE), clock=clock, memory=Household())
    while clock.at < NOW + timedelta(minutes=minutes):
        await world.turn(book(SAFE, clock.at))
        clock.at += timedelta(seconds=30)
    known = len(world.memory.records)
    await world.turn(book(DANGER, clock.at))
    return {message.destination: message for record in world.memory.records[known:] for message in record.messages}


async def test_danger_is_told_with_the_past_the_ways_out_and_buttons() -> None:
    """To each in their own language and time; a group reads the same and can tap nothing."""
    told = await told_after(20)
    english, japanese = plain_text(told["telegram:7"].html), plain_text(told["telegram:8"].html)
    lines = english.splitlines()
    assert lines[0] == "🔴 DANGER · main (was safe)"
    assert lines[1].startswith("BTC at 30,303 USDT liquidates you (2.2 % below 31,000 USDT now)")
    assert "was 4.0 % 15 min ago" in lines[2]
    assert "Ways out, and the level after each:" in lines
    assert any(line.startswith("• add ") and "distance 12." in line for line in lines)
    assert any(line.startswith("• close 0.") and line.count("BTC long") for line in lines)
    assert japanese.startswith("🔴 危険 · main")
    assert "対処法と実行後の水準:" in japanese
    assert "09:20:00 JST" in japanese
    key = account_key("account-1")
    assert told["telegram:7"].buttons[0][0][1] == f"ack:{key}:3"
    assert told["telegram:8"].buttons[0][0][0] == "✅ 確認"
    assert told["telegram:-9/3"].buttons == ()
    assert told["telegram:-9/3"].html == told["telegram:7"].html
