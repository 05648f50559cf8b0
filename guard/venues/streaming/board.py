"""The latest mark prices of a site by symbol, whoever told them. Knows no connection and no account's figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from guard.ports.clock import Clock

Source = Literal["stream", "call"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark price in quote units, and when it was received (UTC, and on the stopwatch in seconds)."""

    price: float
    at: datetime
    monotonic_s: float
    source: Source


class MarkBoard:
    """Marks of one site, for the symbols that somebody holds.

    Args:
        clock: time of receipt.
        on_change: called with the symbols whose price is another than before; must be quick and not raise.
    """

    def __init__(self, clock: Clock, on_change: Callable[[MarkBoard, frozenset[str]], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._marks: dict[str, Mark] = {}
        self._holders: dict[str, frozenset[str]] = {}
        self._held_since_s: dict[str, float] = {}
        self.ticks = 0

    @property
    def held(self) -> frozenset[str]:
        """Symbols that somebody holds."""
        return frozenset(self._held_since_s)

    def hold(self, account_id: str, symbols: frozenset[str]) -> None:
        """From now on an account holds exactly `symbols` here; marks that nobody needs any more are forgotten."""
        if symbols:
            self._holders[account_id] = symbols
        else:
            self._holders.pop(account_id, None)
        held = frozenset().union(*self._holders.values())
        now_s = self._clock.monotonic()
        self._held_since_s = {symbol: self._held_since_s.get(symbol, now_s) for symbol in held}
        self._marks = {symbol: mark for symbol, mark in self._marks.items() if symbol in held}

    def mark(self, symbol: str) -> Mark | None:
        """The latest mark of a held symbol; None while there is none."""
        return self._marks.get(symbol)

    def put(self, prices: Mapping[str, float | None], source: Source, *, silent_after_s: float = math.inf) -> None:
        """Take note of prices by symbol, received now; None: what is known was said again.

        A price that is no price (not finite, not above 0) is no mark; symbols that nobody holds are left out. An
        answer to a call left the venue earlier than it arrived: it does not replace what the stream has told within
        `silent_after_s`.
        """
        now, now_s = self._clock.now(), self._clock.monotonic()
        changed = set()
        for symbol, told in prices.items():
            known = self._marks.get(symbol)
            price = told if told is not None or known is None else known.price
            if symbol not in self._held_since_s or price is None or not math.isfinite(price) or price <= 0:
                continue
            is_streamed = known is not None and known.source == "stream" and now_s - known.monotonic_s <= silent_after_s
            if source == "call" and is_streamed:
                continue
            self.ticks += 1
            if known is None or known.price != price:
                changed.add(symbol)
            self._marks[symbol] = Mark(price, now, now_s, source)
        if changed:
            self._on_change(self, frozenset(changed))

    def unheard(self, limit_s: float) -> frozenset[str]:
        """Held symbols of which the stream has told nothing for more than `limit_s`, or since they are held."""
        now_s = self._clock.monotonic()
        return frozenset(
            symbol
            for symbol, since_s in self._held_since_s.items()
            if now_s - max(since_s, self._streamed_s(symbol)) > limit_s
        )

    def unstreamed(self, limit_s: float) -> frozenset[str]:
        """Held symbols whose latest mark is not one that the stream told within `limit_s`."""
        now_s = self._clock.monotonic()
        return frozenset(symbol for symbol in self._held_since_s if now_s - self._streamed_s(symbol) > limit_s)

    def _streamed_s(self, symbol: str) -> float:
        mark = self._marks.get(symbol)
        return mark.monotonic_s if mark is not None and mark.source == "stream" else -math.inf
