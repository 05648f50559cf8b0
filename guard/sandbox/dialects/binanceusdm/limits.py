"""Request weights: what an address has used in the current minute, and when the venue has had enough."""

from __future__ import annotations

from dataclasses import dataclass, field

from guard.sandbox.dialects.binanceusdm.errors import WireError

_MINUTE_MS = 60_000


@dataclass(slots=True)
class WeightLimit:
    """A budget of weight a minute and address; who goes on after a 429 is banned with a 418."""

    limit: int = 2_400
    patience: int = 20
    ban_ms: int = 120_000
    _used: dict[str, tuple[int, int]] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)
    _banned_until: dict[str, int] = field(default_factory=dict)

    def spend(self, address: str, weight: int, now_ms: int) -> int:
        """Count a request; returns the weight used in this minute.

        Raises:
            WireError: 429 over the limit, 418 while banned, both -1003 and with Retry-After.
        """
        banned_until = self._banned_until.get(address, 0)
        if now_ms < banned_until:
            raise _ban(banned_until, now_ms)
        minute = now_ms // _MINUTE_MS
        last_minute, used = self._used.get(address, (minute, 0))
        if last_minute != minute:
            used = 0
            self._refused.pop(address, None)
        used += weight
        self._used[address] = (minute, used)
        if used > self.limit:
            self._refuse(address, now_ms)
        return used

    def used(self, address: str, now_ms: int) -> int:
        """The weight that `address` used in this minute."""
        minute, used = self._used.get(address, (0, 0))
        return used if minute == now_ms // _MINUTE_MS else 0

    def _refuse(self, address: str, now_ms: int) -> None:
        count = self._refused.get(address, 0) + 1
        self._refused[address] = count
        if count > self.patience:
            self._banned_until[address] = now_ms + self.ban_ms
            raise _ban(now_ms + self.ban_ms, now_ms)
        raise WireError(
            429,
            -1003,
            f"Too many requests; current limit is {self.limit} requests per minute.",
            retry_after_s=max(1, (_MINUTE_MS - now_ms % _MINUTE_MS) // 1000),
        )


def _ban(until_ms: int, now_ms: int) -> WireError:
    return WireError(
        418,
        -1003,
        f"Way too many requests; IP banned until {until_ms}. Please use the websocket for live updates to avoid bans.",
        retry_after_s=max(1, (until_ms - now_ms) // 1000),
    )
