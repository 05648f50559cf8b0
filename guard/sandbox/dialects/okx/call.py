"""One request on its way to a handler: the world, the caller and the parameters; and how numbers are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from guard.sandbox.dialects import numbers
from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.okx.errors import WireError, missing
from guard.sandbox.dialects.okx.instruments import symbol_of, wire_id
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.keys import ApiKey

plain = partial(numbers.plain, places=16)
"""How the venue writes a number."""


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized request. `now_ms` is the time that the venue claims, skew included."""

    world: World
    params: Mapping[str, Any]
    key: ApiKey | None
    now_ms: int

    @property
    def market(self) -> Market:
        """Prices and contracts."""
        return self.world.engine.market

    @property
    def account(self) -> Account:
        """The caller's account."""
        if self.key is None:
            raise WireError("50103", 'Request header "OK-ACCESS-KEY" cannot be empty.', 401)
        return self.world.engine.accounts[self.key.account_id]

    def figures(self) -> AccountFigures:
        """The caller's figures at the present marks."""
        return self.world.engine.figures(self.account)

    def text(self, name: str) -> str:
        """A mandatory text."""
        value = self.params.get(name)
        if value is None or value == "":
            raise missing(name)
        return str(value)

    def maybe(self, name: str) -> str | None:
        """An optional text."""
        value = self.params.get(name)
        return None if value is None or value == "" else str(value)

    def decimal(self, name: str) -> Decimal:
        """A mandatory finite number."""
        value = numbers.finite(self.text(name))
        if value is None:
            raise missing(name)
        return value

    def maybe_decimal(self, name: str) -> Decimal | None:
        """An optional finite number."""
        return None if self.maybe(name) is None else self.decimal(name)

    def is_true(self, name: str) -> bool:
        """A truth value, written as such or as a word."""
        return str(self.params.get(name, "")).lower() == "true"

    def instrument(self) -> Instrument:
        """The mandatory contract, checked."""
        return self.market.instrument(symbol_of(self.text("instId")))

    def selected(self) -> list[Instrument]:
        """The contracts that a request is about: of `instId`, or all."""
        wanted = self.maybe("instId")
        listed = [self.market.instruments[symbol] for symbol in self.market.symbols()]
        return [each for each in listed if wanted in {None, wire_id(each)}]


Handler = Callable[[Call], list[Any]]
"""Makes the rows of `data`."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a path does, and whether it asks for a key."""

    handler: Handler
    is_private: bool = True


Table = Mapping[tuple[str, str], Route]


def wire_time(world: World, engine_ms: int) -> str:
    """A moment of the engine in the wire's time: the engine may have been moved ahead of it."""
    return str(engine_ms - (world.engine.now_ms - world.wire_ms))
