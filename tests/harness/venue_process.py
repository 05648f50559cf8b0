"""A sandbox venue in a process of its own, so that what the guard costs can be measured alone.

Prints one line of JSON: base_url, api_key, secret of an account with 20 long legs; ends with its parent's pipe. The
first argument is how many contracts to list at least.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from decimal import Decimal

from guard.app.clock import SystemClock
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.listing import default_instruments
from guard.sandbox.server import SandboxServer

LEGS = 20


async def main() -> None:
    """Serve until standard input closes."""
    clock = SystemClock()
    listed = default_instruments()
    template = listed["LINKUSDT"]
    names = [f"COIN{number:02d}USDT" for number in range(max(LEGS, int(sys.argv[1]) - len(listed)))]
    instruments = listed | {name: replace(template, symbol=name, base=name[:-4]) for name in names}
    server = SandboxServer(Engine(start_ms=int(clock.now().timestamp() * 1000), instruments=instruments), clock)
    # The measure is work, not patience: no limit on requests.
    server.served.lift_limits()
    await server.start()
    holdings = [Holding(symbol=name, qty=Decimal(10), entry_price=Decimal(95)) for name in names[:LEGS]]
    account = server.add_account("bench", {"USDT": "20000"}, holdings)
    line = {"base_url": server.base_url, "api_key": account.api_key, "secret": account.secret}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
