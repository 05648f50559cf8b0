"""One request on its way to a handler: the venue, the caller and the parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guard.sandbox.dialects import numbers
from guard.sandbox.dialects.bingx.signing import Security
from guard.sandbox.dialects.bingx.words import WireError, market_id
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.keys import ApiKey, KeyRing


@dataclass(slots=True)
class WireVenue:
    """What stands behind the wire. Listen keys are one for each account, and stay valid."""

    engine: Engine
    keys: KeyRing
    listen_keys: dict[str, int] = field(default_factory=dict)

    def instruments(self, *, inverse: bool) -> list[Instrument]:
        """The contracts of one kind."""
        listed = (self.engine.market.instruments[symbol] for symbol in self.engine.market.symbols())
        return [each for each in listed if each.is_inverse == inverse]

    def listen(self, account_id: int) -> str:
        """The account's listen key."""
        key = hashlib.sha256(f"bingx:{account_id}".encode()).hexdigest()
        self.listen_keys[key] = account_id
        return key


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized request. `now_ms` is the time that the venue claims, skew included."""

    venue: WireVenue
    params: Mapping[str, str]
    key: ApiKey | None
    now_ms: int

    @property
    def engine(self) -> Engine:
        """The venue's engine."""
        return self.venue.engine

    @property
    def market(self) -> Market:
        """Prices and contracts."""
        return self.venue.engine.market

    @property
    def api_key(self) -> ApiKey:
        """The caller's key."""
        if self.key is None:
            raise WireError(100413, "Incorrect apiKey")
        return self.key

    @property
    def account(self) -> Account:
        """The caller's account."""
        return self.venue.engine.accounts[self.api_key.account_id]

    def figures(self) -> AccountFigures:
        """The caller's figures at the present marks."""
        return self.venue.engine.figures(self.account)

    def text(self, name: str) -> str:
        """A mandatory parameter."""
        value = self.params.get(name)
        if not value:
            raise WireError(109400, f"Invalid parameters, err:{name}: {name} is a required field")
        return value

    def decimal(self, name: str) -> Decimal:
        """A mandatory number."""
        value = numbers.finite(self.text(name))
        if value is None:
            raise WireError(109400, f"Invalid parameters, err:{name}: not a number")
        return value

    def instrument(self) -> Instrument:
        """The contract of the mandatory symbol."""
        wanted = self.text("symbol")
        for symbol in self.market.symbols():
            if market_id(self.market.instruments[symbol]) == wanted:
                return self.market.instruments[symbol]
        raise WireError(109425, f"{wanted} not exist, please verify it in api")

    def maybe_symbol(self) -> str | None:
        """The engine's symbol of the optional parameter."""
        return self.instrument().symbol if self.params.get("symbol") else None


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a path does and who may call it; `bare` answers stand without the envelope."""

    handler: Handler
    security: Security = Security.NONE
    bare: bool = False


Table = Mapping[tuple[str, str], Endpoint]
