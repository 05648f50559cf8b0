"""A sandbox venue and a loopback Telegram in a process of their own, so that what the guard costs is measured alone.

Prints one line of JSON (addresses, accounts, a symbol of its own for each account), then answers commands on standard
input, one JSON object a line: `{"prices": {symbol: price}}` moves marks and streams them at once, `{"texts": true}`
tells when each message to a chat came in. Times are Unix seconds of this machine's clock. Ends with its parent's pipe.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

from guard.app.clock import SystemClock
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.listing import default_instruments
from guard.sandbox.server import SandboxServer
from guard.sandbox.telegram.server import TelegramSandbox
from guard.sandbox.telegram.trouble import FloodGate

ACCOUNTS = 50
SHARED = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
FIRST_CHAT = 1_000


class NotingGate(FloodGate):
    """Notes when each message comes in."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[int, float]] = []

    def admit(self, now: float, chat_id: int, *, group: bool) -> int | None:
        """Let it pass."""
        self.came.append((chat_id, time.time()))
        return super().admit(now, chat_id, group=group)


class Outside:
    """Venue and Telegram with 50 accounts and their owners' chats."""

    def __init__(self) -> None:
        clock = SystemClock()
        listed = default_instruments()
        template = listed["LINKUSDT"]
        self.own = [f"OWN{number:02d}USDT" for number in range(ACCOUNTS)]
        listed |= {name: replace(template, symbol=name, base=name[:-4]) for name in self.own}
        engine = Engine(start_ms=int(clock.now().timestamp() * 1000), instruments=listed)
        self.server = SandboxServer(engine, clock, tick_s=0.2)
        self.server.served.lift_limits()
        self.telegram = TelegramSandbox(clock)
        self.gate = NotingGate()
        self.telegram.world.flood = self.gate

    async def start(self) -> dict[str, object]:
        """Listen; what the guard has to know."""
        await self.server.start()
        await self.telegram.start()
        accounts = [self._account(number, name) for number, name in enumerate(self.own)]
        return {
            "base_url": self.server.base_url,
            "telegram_url": self.telegram.base_url,
            "token": self.telegram.token,
            "accounts": accounts,
        }

    def _account(self, number: int, own: str) -> dict[str, object]:
        """One account: 2,000 of its own symbol at 95, and a little of what all hold."""
        shared = [
            Holding(symbol=name, qty=self._step(name), entry_price=self.server.engine.market.mark(name))
            for name in SHARED
        ]
        own_leg = Holding(symbol=own, qty=Decimal(2_000), entry_price=self.server.engine.market.mark(own))
        made = self.server.add_account(f"account{number:02d}", {"USDT": "60000"}, [*shared, own_leg])
        chat = FIRST_CHAT + number
        self.telegram.person(chat, f"Owner {number}", started=True)
        mark = float(self.server.engine.market.mark(own))
        return {"key": made.api_key, "secret": made.secret, "chat": chat, "own": own, "mark": mark}

    def _step(self, name: str) -> Decimal:
        return self.server.engine.market.instruments[name].step * 10

    async def answer(self, command: dict[str, Any]) -> object:
        """Do what a line says."""
        if "texts" in command:
            return self.gate.came
        self.server.set_prices({name: Decimal(str(price)) for name, price in command["prices"].items()})
        streams: Any = self.server.served.streams
        for connection in streams._sockets:
            for name in connection.state.names():
                if name.partition("@")[0].upper() in command["prices"]:
                    # Due at once: the venue would send it within a second.
                    connection.state.forget(name)
                    connection.state.add(name)
        sent_at = time.time()
        streams.push(self.server.sync())
        return {"sent_at": sent_at}

    async def stop(self) -> None:
        """Close."""
        await self.server.stop()
        await self.telegram.stop()


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Serve until standard input closes."""
    outside = Outside()
    _say(await outside.start())
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _say(await outside.answer(json.loads(line)))
    await outside.stop()


if __name__ == "__main__":
    asyncio.run(main())
