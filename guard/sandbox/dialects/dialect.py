"""What a dialect is: a venue's own words over the one engine. A new one joins by a folder and a row in `table.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from guard.ports.clock import Clock
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.faults import Faults
from guard.sandbox.keys import ApiKey, KeyRing


@dataclass(slots=True)
class World:
    """What stands behind the wire: the engine, the keys, the declared faults, and time.

    `sync` brings the engine to the present and returns the clock's time in epoch milliseconds; `wire_ms` is what it
    returned last, for what is said of an event while the engine moves.
    """

    engine: Engine
    keys: KeyRing
    faults: Faults
    clock: Clock
    sync: Callable[[], int]
    wire_ms: int = 0


class StreamSide(Protocol):
    """Every open WebSocket connection of a venue."""

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:
        """Serve one connection until either side closes it."""
        ...

    def push(self, now_ms: int) -> None:
        """Say what is due at `now_ms`; drop connections when a fault says so."""
        ...

    async def until_listened(self) -> None:
        """Wait until somebody listens to an account's own events."""
        ...

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        ...


class Served(Protocol):
    """A dialect in use: one engine, one set of keys."""

    @property
    def streams(self) -> StreamSide:
        """The WebSocket side."""
        ...

    async def rest(self, request: web.Request) -> web.Response:
        """Answer one request of the REST side."""
        ...

    async def refused(self, request: web.Request, now_ms: int) -> web.Response | None:
        """The answer to a WebSocket handshake that a fault spoils; None lets it through."""
        ...

    def lift_limits(self) -> None:
        """Refuse nobody for asking too much from now on."""
        ...


def key_pair(key: ApiKey, passphrase: str = "") -> dict[str, str]:
    """The credentials of a venue that signs with a key and a secret, and perhaps a passphrase."""
    pair = {"api_key": key.key, "secret": key.secret}
    return {**pair, "passphrase": passphrase} if passphrase else pair


class Dialect(Protocol):
    """A venue's words."""

    @property
    def name(self) -> str:
        """As in `--dialect`, and the same as the guard's name for the venue."""
        ...

    @property
    def wallet_asset(self) -> str:
        """What accounts of the scenarios are funded with."""
        ...

    @property
    def has_hedge_mode(self) -> bool:
        """Whether an account can hold a long and a short leg of one symbol."""
        ...

    @property
    def rule(self) -> MarginRule:
        """How the venue computes margin."""
        ...

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:
        """What a client opens an account with: `api_key`, `secret`, `passphrase`, `wallet_address`, as it needs."""
        ...

    def instruments(self) -> dict[str, Instrument]:
        """What it lists, by the engine's canonical symbols."""
        ...

    def open(self, world: World) -> Served:
        """Serve `world` in this dialect."""
        ...
