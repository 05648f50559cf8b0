"""One request on its way to a handler: the venue, the caller and the parameters; and what an endpoint is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guard.sandbox.dialects.binanceusdm.errors import WireError
from guard.sandbox.dialects.binanceusdm.limits import WeightLimit
from guard.sandbox.dialects.binanceusdm.listenkeys import ListenKeys
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.binanceusdm.signing import Security
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.keys import ApiKey, KeyRing


@dataclass(slots=True)
class WireVenue:
    """What stands behind the wire: the engine, the keys, the budgets and the listen keys."""

    engine: Engine
    keys: KeyRing
    weights: WeightLimit = field(default_factory=WeightLimit)
    sapi_weights: WeightLimit = field(default_factory=lambda: WeightLimit(limit=12_000))
    listen_keys: ListenKeys = field(default_factory=ListenKeys)


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized request. `now_ms` is the time that the venue claims, skew included."""

    venue: WireVenue
    params: Params
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
    def account(self) -> Account:
        """The caller's account."""
        if self.key is None:
            raise WireError(401, -2014, "API-key format invalid.")
        return self.venue.engine.accounts[self.key.account_id]

    def figures(self) -> AccountFigures:
        """The caller's figures at the present marks."""
        return self.venue.engine.figures(self.account)

    def symbol(self) -> str:
        """The mandatory symbol, checked."""
        return self.market.instrument(self.params.text("symbol")).symbol

    def maybe_symbol(self) -> str | None:
        """The optional symbol, checked."""
        return self.symbol() if self.params.has("symbol") else None

    def instrument(self, symbol: str) -> Instrument:
        """A listed contract."""
        return self.market.instrument(symbol)


Handler = Callable[[Call], Any]
Weight = int | Callable[[Params], int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a path does, what it costs and who may call it."""

    handler: Handler
    security: Security = Security.NONE
    weight: Weight = 1

    def cost(self, params: Params) -> int:
        """The request weight."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


Table = Mapping[tuple[str, str], Endpoint]
