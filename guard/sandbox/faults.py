"""Declared faults: how the venue misbehaves on purpose, switchable while it runs."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong. `value_ms` is meant where a kind says so."""

    OUTAGE = "outage"  # 503 without a body that makes sense
    MAINTENANCE = "maintenance"  # 503 with the venue's code -1016
    SERVER_BUSY = "server-busy"  # 503 with -1008
    INTERNAL_ERROR = "internal-error"  # 500 with -1000
    UNKNOWN_STATE = "unknown-state"  # the request is executed, then 503 "execution status unknown" with -1007
    RESET = "reset"  # the connection is cut before anything is done
    LOST_ANSWER = "lost-answer"  # the request is executed, then the connection is cut
    HANG = "hang"  # no answer for value_ms
    LATENCY = "latency"  # the answer comes value_ms late
    TOO_MANY_REQUESTS = "too-many-requests"  # 429
    BANNED = "banned"  # 418
    TRUNCATED = "truncated"  # half of the JSON
    HTML = "html"  # a web page where JSON should be
    CLOCK_SKEW = "clock-skew"  # the venue's clock is value_ms ahead
    BAD_CREDENTIALS = "bad-credentials"  # every key is refused
    STREAM_SILENT = "stream-silent"  # streams stay open and say nothing
    STREAM_DROP = "stream-drop"  # streams are closed, and again when reopened
    STREAM_DUPLICATE = "stream-duplicate"  # every stream message comes twice


@dataclass(slots=True)
class Fault:
    """A fault that is on: for paths that contain `path`, `times` times or until cleared, in a window of time."""

    kind: FaultKind
    path: str = ""
    method: str = ""
    times: int | None = None
    value_ms: int = 0
    probability: float = 1.0
    from_ms: int | None = None
    until_ms: int | None = None

    def covers(self, method: str, path: str, now_ms: int) -> bool:
        """Whether it strikes this request now, luck aside."""
        in_time = (self.from_ms is None or self.from_ms <= now_ms) and (self.until_ms is None or now_ms < self.until_ms)
        return in_time and self.path in path and self.method in {"", method} and self.times != 0


@dataclass(slots=True)
class Faults:
    """Every fault that is on, and how often each kind struck; seeded luck."""

    seed: int = 0
    active: list[Fault] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(f"faults:{self.seed}")

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on."""
        self.active.append(fault)
        return fault

    def clear(self, kind: FaultKind | None = None) -> None:
        """Switch faults of one kind off, or all."""
        self.active = [fault for fault in self.active if kind is not None and fault.kind is not kind]

    def strike(self, kind: FaultKind, method: str, path: str, now_ms: int) -> Fault | None:
        """The fault of `kind` that hits this request, counted and used up; None when there is none."""
        for fault in self.active:
            if fault.kind is not kind or not fault.covers(method, path, now_ms):
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
            self.struck[kind.value] += 1
            return fault
        return None

    def present(self, kind: FaultKind, now_ms: int, path: str = "") -> Fault | None:
        """The fault of `kind` that is on now, without using it up."""
        return next((f for f in self.active if f.kind is kind and f.covers("", path, now_ms)), None)
