"""`guard sandbox serve`: the sandbox venue alone, until it is told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from guard.ports.clock import Clock
from guard.ports.errors import InputError
from guard.sandbox.dialects.dialect import Dialect
from guard.sandbox.dialects.table import DIALECTS, dialect_of
from guard.sandbox.scenarios import SCENARIOS, Scenario
from guard.sandbox.server import SandboxAccount, SandboxServer

_VARIABLES = {"api_key": "GUARD_API_KEY", "secret": "GUARD_API_SECRET", "passphrase": "GUARD_API_PASSPHRASE"}
DEMO_ACCOUNT = "demo"


def open_scenario(
    scenario: Scenario,
    clock: Clock,
    *,
    speed: float,
    seed: int,
    names: tuple[str, ...] = (DEMO_ACCOUNT,),
    dialect: Dialect | None = None,
) -> SandboxServer:
    """A server, not started yet, in which `scenario` begins now, with one account of its kind for every name.

    Args:
        scenario: the world.
        clock: what the venue's time follows.
        speed: scenario seconds per second of the clock, > 0.
        seed: of the noise, the keys and the faults.
        names: accounts with the scenario's balance and legs.
        dialect: whose API the server speaks; Binance USD-M by default.
    """
    start_ms = int(clock.now().timestamp() * 1000)
    spoken = dialect or dialect_of("binanceusdm")
    engine = scenario.engine(start_ms, speed, seed, dialect=spoken)
    server = SandboxServer(engine, clock, seed=seed, dialect=spoken)
    for fault in scenario.faults(start_ms, speed):
        server.faults.add(fault)
    money, legs = scenario.opening(spoken)
    for name in names:
        server.add_account(name, money, legs, hedge_mode=scenario.hedge_mode)
    return server


async def serve(
    *,
    listen: str,
    dialect: str,
    scenario: str,
    seed: int,
    speed: float,
    clock: Clock,
    stop: asyncio.Event,
    say: Callable[[str], None] | None = None,
) -> None:
    """Serve the sandbox on `listen` until `stop` is set.

    Args:
        listen: `HOST:PORT`; port 0 takes any free one.
        dialect: whose API it speaks.
        scenario: a name of `SCENARIOS`.
        seed: of noise, keys and faults.
        speed: scenario seconds per second, > 0.
        clock: what the venue's time follows.
        stop: set it to end.
        say: where the start text goes; standard output by default.

    Raises:
        InputError: an unknown name, a speed that is not above 0, or an address that cannot be listened on.
    """
    host, port = _address(listen)
    if dialect not in DIALECTS:
        raise InputError(f"--dialect was {dialect}", fix=f"use one of: {', '.join(DIALECTS)}")
    if scenario not in SCENARIOS:
        raise InputError(f"--scenario was {scenario}", fix=f"use one of: {', '.join(SCENARIOS)}")
    if speed <= 0:
        raise InputError(f"--speed was {speed}", fix="give a number above 0")
    world, spoken = SCENARIOS[scenario], dialect_of(dialect)
    if world.hedge_mode and not spoken.has_hedge_mode:
        raise InputError(f"--scenario {scenario} needs hedge mode, {dialect} has none", fix="choose another scenario")
    server = open_scenario(world, clock, speed=speed, seed=seed, dialect=spoken)
    try:
        await server.start(host, port)
    except OSError as error:
        raise InputError(f"--listen {listen}: {error.strerror or error}", fix="choose another port") from error
    try:
        (say or _print)(start_text(server, server.accounts[DEMO_ACCOUNT], dialect, world, speed))
        await stop.wait()
    finally:
        await server.stop()


def start_text(server: SandboxServer, account: SandboxAccount, dialect: str, scenario: Scenario, speed: float) -> str:
    """What a person needs to use the sandbox that has just started."""
    lasts_s = scenario.duration_s / speed
    shown = "\n".join(f"  {name.replace('_', ' '):<14} {value}" for name, value in account.credentials.items())
    settings = "".join(
        f"  {_VARIABLES[name]}={value} \\\n" for name, value in account.credentials.items() if name in _VARIABLES
    )
    wallet = account.credentials.get("wallet_address")
    options = f" --wallet-address {wallet}" if wallet else ""
    symbol = next((leg.symbol for leg in account.account.held()), server.engine.market.symbols()[0])
    return f"""\
sandbox venue at {server.base_url}, speaking {dialect}
scenario {scenario.name}: {scenario.title}; {lasts_s:.0f} s at speed {speed:g}, then prices stay

demo account (this key exists only in this sandbox):
{shown}

watch it with the guard (once `guard db upgrade` has made a database):
{settings}  guard account add {account.name} --venue {dialect} --base-url {server.base_url}{options}
  guard run
or with ccxt: replace scheme and host of every URL in exchange.urls['api'] with those of {server.base_url}
(http and ws), and use the key above.

drive it:
  curl {server.base_url}/sandbox/state
  curl -d '{{"symbol": "{symbol}", "price": "40000"}}' {server.base_url}/sandbox/price
  curl -d '{{"kind": "outage", "times": 5}}' {server.base_url}/sandbox/fault
"""


def _address(listen: str) -> tuple[str, int]:
    host, separator, port = listen.rpartition(":")
    if not separator or not host or not port.isdigit() or int(port) > 65_535:
        raise InputError(f"--listen was {listen}", fix="give HOST:PORT such as 127.0.0.1:9000")
    return host, int(port)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
