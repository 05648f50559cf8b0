"""ccxt.pro, tamed: every frame is noted, nothing that it starts outlives it, and it parses no figures.

`listening` derives a class from a ccxt.pro exchange class. Knows ccxt's hooks, no venue.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from guard.ports.venue import AccountSpec
from guard.venues import library
from guard.venues.addresses import replace_host
from guard.venues.client import Dialect
from guard.venues.hub import VenueSite
from guard.venues.streaming.plan import StreamBounds, StreamPlan
from guard.venues.wire import NotesAnswers, quiet_logger

# ccxt gives a connection up after so many unanswered pings; the guard has a watch of its own for that.
_NEVER = 1_000_000
# What ccxt keeps of a stream; shared with nobody.
_CACHES = ("balance", "tickers", "bidsasks", "orderbooks", "trades", "fundingRates", "liquidations", "myLiquidations")


class Receiver(Protocol):
    """Who listens."""

    def connected(self) -> None:
        """A connection stands."""
        ...

    def heard(self) -> None:
        """A frame came in, whatever it says."""
        ...

    def take(self, message: object) -> bool:
        """Read a decoded message; True: it was for the receiver, ccxt need not see it."""
        ...

    def lost(self, error: object) -> None:
        """A connection fell."""
        ...


class Listens:
    """Mixin over a ccxt.pro exchange class: tells a receiver, and ends what it has started."""

    guard_receiver: Receiver | None
    guard_close_s: float
    guard_timers: set[asyncio.TimerHandle]
    guard_tasks: set[asyncio.Task[Any]]
    clients: dict[str, Any]
    streaming: dict[str, Any]
    asyncio_loop: asyncio.AbstractEventLoop

    def client(self, url: str) -> Any:
        """Ccxt's connection to `url`, noting every frame."""
        inherited: Any = super()
        is_new = url not in (self.clients or {})
        client: Any = inherited.client(url)
        if is_new:
            client.handle_message = self._noted(client.handle_message)
            client.open = self._tracked(client.open)
        return client

    def _noted(self, handle: Callable[[object], None]) -> Callable[[object], None]:
        def noted(frame: object) -> None:
            if self.guard_receiver is not None:
                self.guard_receiver.heard()
            handle(frame)

        return noted

    def _tracked(self, work: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., asyncio.Task[Any]]:
        """`work` as a task that ends with this exchange."""

        def tracked(*arguments: object) -> asyncio.Task[Any]:
            task = asyncio.ensure_future(work(*arguments))
            self.guard_tasks.add(task)
            task.add_done_callback(self.guard_tasks.discard)
            return task

        return tracked

    def handle_message(self, client: object, message: object) -> None:
        """The hook for every decoded message: the receiver first, ccxt for what is left."""
        receiver = self.guard_receiver
        if receiver is None or receiver.take(message):
            return
        inherited: Any = super()
        inherited.handle_message(client, message)

    def on_connected(self, client: Any, message: object = None) -> None:
        """The hook for a connection that stands."""
        # Some venues tell a pace of their own, which is too slow to notice silence by.
        client.keepAlive = min(client.keepAlive, self.streaming["keepAlive"])
        inherited: Any = super()
        inherited.on_connected(client, message)
        if self.guard_receiver is not None:
            self.guard_receiver.connected()

    def on_error(self, client: object, error: object) -> None:
        """The hook for a connection that failed."""
        inherited: Any = super()
        inherited.on_error(client, error)
        self._lost(error)

    def on_close(self, client: object, error: object) -> None:
        """The hook for a connection that the venue ended."""
        inherited: Any = super()
        inherited.on_close(client, error)
        self._lost(f"closed by the venue (code {error})")

    def _lost(self, error: object) -> None:
        if self.guard_receiver is not None:
            self.guard_receiver.lost(error)

    def spawn(self, method: Callable[..., Coroutine[Any, Any, Any]], *arguments: object) -> Any:
        """Work that ccxt starts on the side: a failure ends the connection, nobody else would hear of it.

        Returns a future of ccxt's own kind, which ccxt may settle itself.
        """
        future: Any = future_type()()
        # Whoever awaits it still gets the exception; nobody has to.
        future.add_done_callback(_seen)
        task = self._tracked(method)(*arguments)

        def settle(done: asyncio.Task[Any]) -> None:
            error = None if done.cancelled() else done.exception()
            if done.cancelled():
                future.cancel()
            elif error is not None:
                future.reject(error)
                self._lost(error)
            else:
                future.resolve(done.result())

        task.add_done_callback(settle)
        return future

    def delay(self, timeout_ms: float, method: Callable[..., Coroutine[Any, Any, Any]], *arguments: object) -> object:
        """Work that ccxt wants done later, such as keeping a listen key alive."""

        def due() -> None:
            self.guard_timers.discard(timer)
            self.spawn(method, *arguments)

        timer = self.asyncio_loop.call_later(timeout_ms / 1000, due)
        self.guard_timers.add(timer)
        return timer

    async def close(self, clean_instance_data: bool = False) -> None:  # noqa: FBT001, FBT002 - ccxt's signature
        """End everything; never waits longer than `guard_close_s` for the venue."""
        self.guard_receiver = None
        for timer in self.guard_timers:
            timer.cancel()
        self.guard_timers.clear()
        tasks = list(self.guard_tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        inherited: Any = super()
        await inherited.close(clean_instance_data)

    async def close_ws_clients(self) -> None:
        """Say goodbye on every connection, but do not wait for ever."""
        clients, self.clients = list((self.clients or {}).values()), {}
        goodbyes = [asyncio.ensure_future(client.close()) for client in clients]
        if not goodbyes:
            return
        _, late = await asyncio.wait(goodbyes, timeout=self.guard_close_s)
        for goodbye in late:
            goodbye.cancel()
        await asyncio.gather(*goodbyes, return_exceptions=True)


def future_type() -> Any:
    """Ccxt's future: an asyncio future with `resolve` and `reject`."""
    return importlib.import_module("ccxt.async_support.base.ws.future").Future


def _seen(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


def listening(exchange_type: type) -> type:
    """A class derived from the ccxt.pro class `exchange_type` that tells a `Receiver`."""
    return type(exchange_type.__name__, (Listens, NotesAnswers, exchange_type), {"__module__": __name__})


class SocketMaker:
    """Makes the ccxt.pro exchanges of one site.

    One of them, the pattern, is complete; the others are shallow copies with connections, credentials and options of
    their own, so that an account's stream costs a few KiB and not ccxt's tables once more.
    """

    def __init__(self, site: VenueSite, ccxt_id: str, dialect: Dialect, plan: StreamPlan, bounds: StreamBounds) -> None:
        self._site = site
        self._dialect = dialect
        self._plan = plan
        self._bounds = bounds
        self._exchange_type = listening(library.exchange_class(ccxt_id, "pro"))
        self._pattern: Any = None

    def public(self, receiver: Receiver) -> Any:
        """An exchange without credentials, complete, since public streams count subscriptions in nested options."""
        return self._made(receiver)

    def private(self, spec: AccountSpec, receiver: Receiver) -> Any:
        """An exchange with the account's credentials. It knows no markets: nothing is parsed."""
        if self._pattern is None:
            self._pattern = self._made(None)
            # Not None, or every method would load the venue's markets first.
            self._pattern.markets, self._pattern.markets_by_id, self._pattern.symbols = {}, {}, []
        exchange = copy.copy(self._pattern)
        for name in _CACHES:
            setattr(exchange, name, {})
        exchange.clients, exchange.ws_dial_backoff = {}, {}
        exchange.options = dict(self._pattern.options)
        exchange.guard_timers, exchange.guard_tasks = set(), set()
        exchange.guard_receiver = receiver
        exchange.session = self._site.session()
        secrets = spec.credentials
        exchange.apiKey, exchange.secret, exchange.password = secrets.api_key, secrets.secret, secrets.passphrase
        exchange.walletAddress = secrets.wallet_address
        exchange.guard_account = spec.name
        skew = self._site.skew_ms.last
        exchange.options["timeDifference"] = round(skew.value) if skew else 0
        return exchange

    async def close(self) -> None:
        """Release the pattern."""
        if self._pattern is not None:
            await self._pattern.close()
            self._pattern = None

    def _made(self, receiver: Receiver | None) -> Any:
        exchange = self._exchange_type(self._config(receiver))
        if self._site.base_url is not None:
            exchange.urls["api"] = replace_host(exchange.urls["api"], self._site.base_url)
        # So often that three pongs must be missing before a connection counts as silent.
        ping_ms = int(self._bounds.silent_after_s * 1000 / 3)
        exchange.streaming = {**exchange.streaming, "keepAlive": ping_ms, "maxPingPongMisses": _NEVER}
        return exchange

    def _config(self, receiver: Receiver | None) -> dict[str, object]:
        site = self._site
        return {
            "guard_clock": site.clock,
            "guard_budget": site.budget,
            "guard_refusal": self._dialect.refusal,
            "guard_pause_s": self._dialect.pause_s,
            "guard_corrects_nonce": self._dialect.corrects_nonce,
            "guard_receiver": receiver,
            "guard_close_s": self._bounds.close_s,
            "guard_timers": set(),
            "guard_tasks": set(),
            "session": site.session(),
            "ssl_context": site.ssl_context,
            "logger": quiet_logger(),
            "timeout": int(site.timeout_s * 1000),
            "timeout_on_exit": 0,
            "enableRateLimit": True,
            "options": {**self._dialect.options, **self._plan.options},
        }
