"""One authorized request on its way to a handler, and what an endpoint is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guard.sandbox.dialects import numbers
from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.kucoinfutures.signing import Security
from guard.sandbox.dialects.kucoinfutures.wording import WireError, bad_parameter, symbol_of
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rules.kucoinfutures import RULE, KucoinRule
from guard.sandbox.engine.state import VenueState
from guard.sandbox.keys import ApiKey


@dataclass(slots=True)
class WireVenue:
    """What stands behind the wire: the world, and the tokens that open private streams, by account id."""

    world: World
    tokens: dict[str, int] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random("kucoin tokens"))

    @property
    def rule(self) -> KucoinRule:
        """How margins are computed."""
        rule = self.world.engine.market.rule
        return rule if isinstance(rule, KucoinRule) else RULE

    def token(self, account_id: int | None) -> str:
        """A fresh token; a private one for an account."""
        made = f"{self._random.getrandbits(160):040x}"
        if account_id is not None:
            self.tokens[made] = account_id
        return made


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `now_ms` is the time that the venue claims, skew included; `rest` ends the path."""

    venue: WireVenue
    params: Mapping[str, Any]
    key: ApiKey | None
    now_ms: int
    rest: str = ""
    host: str = ""

    @property
    def market(self) -> Market:
        """Prices and contracts."""
        return self.venue.world.engine.market

    @property
    def state(self) -> VenueState:
        """The engine's state."""
        return self.venue.world.engine.state

    @property
    def account(self) -> Account:
        """The caller's account."""
        if self.key is None:
            raise WireError("400001", "Please check the header of your request", 401)
        return self.venue.world.engine.accounts[self.key.account_id]

    def figures(self) -> AccountFigures:
        """The caller's figures at the present marks."""
        return self.venue.world.engine.figures(self.account)

    def text(self, name: str, default: str | None = None) -> str:
        """A parameter; mandatory without a default."""
        value = self.params.get(name)
        if value is None or value == "":
            if default is None:
                raise bad_parameter(f"{name} parameter is missing or empty.")
            return default
        return str(value)

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.text(name, str(default)))
        except ValueError as error:
            raise bad_parameter(f"{name} parameter invalid.") from error

    def decimal(self, name: str) -> Decimal | None:
        """A number, or None when it is not sent."""
        raw = self.text(name, "")
        if not raw:
            return None
        value = numbers.finite(raw)
        if value is None:
            raise bad_parameter(f"{name} parameter invalid.")
        return value

    def flag(self, name: str) -> bool:
        """A truth value; false when it is not sent."""
        return str(self.params.get(name, "")).lower() == "true"

    def symbol(self, wire_id: str | None = None) -> str:
        """The engine's symbol of the contract that is named."""
        return symbol_of(self.market, wire_id or self.text("symbol"))

    def maybe_symbol(self) -> str | None:
        """The same where naming one is optional."""
        return self.symbol() if self.params.get("symbol") else None

    def instrument(self, symbol: str) -> Instrument:
        """A listed contract."""
        return self.market.instruments[symbol]


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a path does, and who may call it."""

    handler: Handler
    security: Security = Security.NONE


Table = Mapping[tuple[str, str], Endpoint]
"""By method and path; a path that ends with a slash takes whatever follows it."""


def paged(call: Call, items: list[dict[str, Any]], number: str = "currentPage") -> dict[str, Any]:
    """One page of a list."""
    size = min(max(call.whole("pageSize", 50), 1), 1_000)
    page = max(call.whole(number, 1), 1)
    return {
        number: page,
        "pageSize": size,
        "totalNum": len(items),
        "totalPage": max(1, -(-len(items) // size)),
        "items": items[(page - 1) * size : page * size],
    }
