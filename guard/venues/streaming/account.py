"""The private stream of one account: says that something happened, and nothing about how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from guard.ports.errors import VenueError
from guard.ports.venue import AccountSpec
from guard.venues.hub import VenueSite
from guard.venues.streaming.link import Link
from guard.venues.streaming.plan import StreamBounds, StreamPlan, Watcher
from guard.venues.streaming.socket import SocketMaker


class AccountLink(Link):
    """Listens to one account's positions, balances and orders.

    Args:
        spec: whose.
        on_event: called when the account has changed, and when a connection stands again, since what happened
            meanwhile was not heard; must be quick and not raise.
    """

    def __init__(
        self,
        spec: AccountSpec,
        site: VenueSite,
        plan: StreamPlan,
        sockets: SocketMaker,
        bounds: StreamBounds,
        on_event: Callable[[], None],
    ) -> None:
        secrets = spec.credentials
        super().__init__(
            f"{site.venue} {spec.name}", site, bounds, (secrets.api_key, secrets.secret, secrets.passphrase)
        )
        self._spec = spec
        self._plan = plan
        self._sockets = sockets
        self._on_event = on_event
        self._known: dict[str, object] = {}
        self.events = 0

    def open_exchange(self) -> Any:
        """An exchange with the account's key."""
        return self._sockets.private(self._spec, self)

    def watchers(self, exchange: Any) -> Sequence[Watcher]:
        """The account's channels."""
        return () if self._plan.watch_account is None else self._plan.watch_account(exchange)

    def connected(self) -> None:
        """See `Receiver`; after a fall, also a reason to read the account."""
        super().connected()
        if self.falls:
            self._on_event()

    def take(self, message: object) -> bool:
        """News, unless it is what was said before."""
        try:
            found = self._plan.read_events(message)
        except VenueError as error:
            self.lost(error)
            return True
        if found is None:
            return False
        is_news = False
        for event in found:
            if event.substance is None or self._known.get(event.key) != event.substance:
                self._known[event.key] = event.substance
                is_news = True
        if is_news:
            self.events += 1
            self._on_event()
        return True
