"""Trouble on order: flood limits as documented, and faults that a test scripts.

Owns when a call is refused with 429 and which next calls fail. Time comes in as an argument, in seconds on a
monotonic clock; nothing here waits.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """Sends allowed in a sliding window; None = no limit.

    Source: core.telegram.org/bots/faq, "My bot is hitting limits": about 30 messages a second over all chats, 1 a
    second in one chat (short bursts pass), 20 a minute in one group.
    """

    per_second: int | None = None
    per_chat_per_second: int | None = None
    per_group_per_minute: int | None = None

    @classmethod
    def documented(cls) -> FloodLimits:
        """The limits in the service's FAQ."""
        return cls(per_second=30, per_chat_per_second=1, per_group_per_minute=20)


class FloodGate:
    """Counts sends and says how long a refused one must wait."""

    def __init__(self, limits: FloodLimits | None = None) -> None:
        self.limits = limits or FloodLimits()
        self.refusals = 0
        self._sent: dict[str, deque[float]] = defaultdict(deque)
        self._held_until: dict[int | None, float] = {}

    def hold(self, until: float, chat_id: int | None = None) -> None:
        """Refuse every send (or those to one chat) until a time on the monotonic clock."""
        self._held_until[chat_id] = until

    def admit(self, now: float, chat_id: int, *, group: bool) -> int | None:
        """Count a send; or the whole seconds to wait when it is refused (a refused send does not count)."""
        windows = [("all", self.limits.per_second, 1.0), (f"chat {chat_id}", self.limits.per_chat_per_second, 1.0)]
        if group:
            windows.append((f"group {chat_id}", self.limits.per_group_per_minute, 60.0))
        free_at = max(self._held_until.get(None, now), self._held_until.get(chat_id, now))
        for name, limit, seconds in windows:
            if limit is not None:
                free_at = max(free_at, self._free_at(name, limit, seconds, now))
        if free_at > now:
            self.refusals += 1
            return max(1, math.ceil(free_at - now))
        for name, limit, _ in windows:
            if limit is not None:
                self._sent[name].append(now)
        return None

    def _free_at(self, name: str, limit: int, seconds: float, now: float) -> float:
        """When one more fits into the window: now, or when the send that must fall out of it first does."""
        sent = self._sent[name]
        while sent and sent[0] <= now - seconds:
            sent.popleft()
        return sent[len(sent) - limit] + seconds if len(sent) >= limit else now


class FaultKind(StrEnum):
    """How a call fails."""

    STATUS = "status"  # an HTTP error with the service's usual body
    GARBAGE = "garbage"  # 200 with a body that is not JSON (a captive portal, a broken proxy)
    HANG = "hang"  # no answer until the caller gives up
    CLOSE = "close"  # the connection is cut before the call is done
    LOST_ANSWER = "lost_answer"  # the call is done, then the connection is cut


@dataclass(slots=True)
class Fault:
    """The next `times` calls of `method` (None = any but getUpdates) fail in this way."""

    kind: FaultKind
    times: int
    method: str | None = None
    status: int = 500
    retry_after_s: int | None = None


class Faults:
    """A queue of scripted faults; the first that matches a call is used up by one."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Script a fault after those already waiting."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Everything works again."""
        self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        """The fault for this call of `method` (lower case); None = the call works."""
        for fault in self._waiting:
            if fault.method == method or (fault.method is None and method != "getupdates"):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
