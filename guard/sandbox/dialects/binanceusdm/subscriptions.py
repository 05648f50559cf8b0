"""What one stream connection listens to, and when each of its market streams is due. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_SECOND_MS = 1000
_SLOW_MS = 3000


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """What the address of a connection asks for."""

    names: tuple[str, ...]
    listen_keys: tuple[str, ...]
    combined: bool


def parse_address(path: str, query: Mapping[str, str]) -> StreamAddress:
    """Read `/ws/<names>`, `/stream?streams=<names>`, `/private/ws?listenKey=<key>` and `/market/ws/<number>`.

    A bare number after `/ws/` only tells connections apart and names no stream. A name may turn out to be a
    listen key: `/ws/<listenKey>` is the older form.
    """
    parts = [part for part in path.split("/") if part]
    tail = parts[parts.index("ws") + 1 :] if "ws" in parts else []
    names = [name for name in tail if not name.isdigit()]
    names += [name for name in query.get("streams", "").split("/") if name]
    keys = [key for key in query.get("listenKey", "").split("/") if key]
    return StreamAddress(tuple(names), tuple(keys), combined="ws" not in parts)


@dataclass(slots=True)
class Subscriptions:
    """The streams of one connection; `combined` wraps every message with its stream's name."""

    combined: bool
    _due_ms: dict[str, int] = field(default_factory=dict)
    _accounts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str) -> None:
        """Listen to a market stream from now on."""
        self._due_ms.setdefault(name, 0)

    def listen(self, listen_key: str, account_id: int) -> None:
        """Listen to the user data of an account."""
        self._accounts[listen_key] = account_id

    def forget(self, name: str) -> None:
        """Listen no more."""
        self._due_ms.pop(name, None)
        self._accounts.pop(name, None)

    def names(self) -> list[str]:
        """Every market stream that is listened to."""
        return list(self._due_ms)

    def listen_keys(self) -> list[str]:
        """Every listen key of this connection."""
        return list(self._accounts)

    def listen_keys_of(self, account_id: int) -> list[str]:
        """The listen keys under which an account's news come."""
        return [key for key, owner in self._accounts.items() if owner == account_id]

    def of_kind(self, kind: str, symbol: str) -> list[str]:
        """The streams of one kind for one symbol, or for all of them (`!kind@arr`)."""
        wanted = {f"{symbol.lower()}@{kind}", f"!{kind}@arr"}
        return [name for name in self._due_ms if name in wanted]

    def due(self, now_ms: int) -> list[str]:
        """The market streams that speak now: at once after subscribing, then in their rhythm."""
        ready = [name for name, due_ms in self._due_ms.items() if due_ms <= now_ms]
        for name in ready:
            self._due_ms[name] = now_ms + (_SLOW_MS if name.endswith(("@markPrice", "@arr")) else _SECOND_MS)
        return ready
