"""One request on its way to a handler, and how the venue refuses one that it cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guard.sandbox.dialects.hyperliquid.wallets import Wallets
from guard.sandbox.dialects.rest import Answer
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.market import Market


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `now_ms` is the time that the venue claims."""

    engine: Engine
    wallets: Wallets
    params: Mapping[str, Any]
    now_ms: int

    @property
    def market(self) -> Market:
        """Prices and contracts."""
        return self.engine.market


class Refused(Exception):
    """The request ends with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.payload))
        self.answer = answer


def bad_body() -> Refused:
    """A body of another form."""
    return Refused(Answer(422, "Failed to deserialize the JSON body into the target type"))


def no_such_coin() -> Refused:
    """A coin that is not listed: the venue breaks down over it."""
    return Refused(Answer(500, None))


def error(text: str) -> Refused:
    """A refused action: status 200, and the reason."""
    return Refused(Answer(200, {"status": "err", "response": text}))
