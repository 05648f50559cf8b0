"""One request on its way to a handler: the world, the caller and the parameters; and how numbers are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from guard.sandbox.dialects import numbers
from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.gate.errors import WireError, invalid
from guard.sandbox.dialects.gate.names import SETTLES, settle_of, symbol_of, wire_id
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.keys import ApiKey

LARGEST_PAGE = 100
plain = partial(numbers.plain, places=16)
"""How the venue writes a number."""


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized request. `now_ms` is the time that the venue claims; `params` holds parts of its path too."""

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
            raise WireError("MISSING_REQUIRED_HEADER", "KEY is required", 401)
        return self.world.engine.accounts[self.key.account_id]

    def figures(self) -> AccountFigures:
        """The caller's figures at the present marks."""
        return self.world.engine.figures(self.account)

    @property
    def settle(self) -> str:
        """The settlement currency of the path."""
        settle = self.text("settle")
        if settle not in SETTLES:
            raise invalid("settle")
        return settle

    def settled_account(self) -> Account:
        """The caller's account, known to have a wallet in the path's currency."""
        account = self.account
        if self.settle.upper() not in self.figures().assets:
            raise WireError("USER_NOT_FOUND", "please transfer funds first to create futures account")
        return account

    def text(self, name: str) -> str:
        """A mandatory text."""
        value = self.params.get(name)
        if value is None or value == "":
            raise invalid(name)
        return str(value)

    def maybe(self, name: str) -> str | None:
        """An optional text."""
        value = self.params.get(name)
        return None if value is None or value == "" else str(value)

    def decimal(self, name: str) -> Decimal:
        """A mandatory finite number."""
        return as_decimal(self.text(name), name)

    def is_true(self, name: str) -> bool:
        """A truth value, written as such or as a word."""
        return str(self.params.get(name, "")).lower() == "true"

    def instrument(self) -> Instrument:
        """The mandatory contract, of the path's currency."""
        instrument = self.market.instrument(symbol_of(self.text("contract")))
        if settle_of(instrument) != self.settle:
            raise WireError("CONTRACT_NOT_FOUND")
        return instrument

    def selected(self) -> list[Instrument]:
        """The contracts that a request is about: of `contract`, or all of the path's currency."""
        wanted = self.maybe("contract")
        listed = [self.market.instruments[symbol] for symbol in self.market.symbols()]
        return [each for each in listed if settle_of(each) == self.settle and wanted in {None, wire_id(each)}]

    def page(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows from `offset` on, `limit` of them."""
        limit, offset = int(self.maybe("limit") or LARGEST_PAGE), int(self.maybe("offset") or 0)
        return rows[offset : offset + min(LARGEST_PAGE, limit)]


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """What a path does, and whether it asks for a key."""

    handler: Handler
    is_private: bool = True


Table = Mapping[tuple[str, str], Route]
"""By method and path; `{name}` in a path stands for any one part of it."""


def as_decimal(text: object, name: str) -> Decimal:
    """A finite number, or the refusal of the parameter `name`."""
    value = numbers.finite(str(text))
    if value is None:
        raise invalid(name)
    return value


def wire_s(world: World, engine_ms: int) -> float:
    """A moment of the engine in the wire's time, in seconds: the engine may have been moved ahead of it."""
    return (engine_ms - (world.engine.now_ms - world.wire_ms)) / 1000
