"""One request on its way to a handler, and what an endpoint is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guard.sandbox.dialects import numbers
from guard.sandbox.dialects.bitget.errors import WireError, empty
from guard.sandbox.dialects.bitget.names import PRODUCTS, engine_symbol, product_of
from guard.sandbox.dialects.bitget.signing import Security
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.engine.rules.bitget import UNIFIED
from guard.sandbox.keys import ApiKey


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized request. `now_ms` is the time that the venue claims, skew included."""

    engine: Engine
    params: Mapping[str, Any]
    key: ApiKey | None
    now_ms: int

    @property
    def market(self) -> Market:
        """Prices and contracts."""
        return self.engine.market

    @property
    def account(self) -> Account:
        """The caller's account."""
        if self.key is None:
            raise WireError("40001", "ACCESS_KEY cannot be empty")
        return self.engine.accounts[self.key.account_id]

    def text(self, name: str) -> str:
        """A mandatory parameter."""
        value = self.params.get(name)
        if value is None or value == "":
            raise empty(name)
        return str(value)

    def maybe(self, name: str) -> str | None:
        """An optional parameter."""
        value = self.params.get(name)
        return None if value is None or value == "" else str(value)

    def decimal(self, name: str) -> Decimal:
        """A mandatory number."""
        value = numbers.finite(self.text(name))
        if value is None:
            raise WireError("40020", f"Parameter {name} error")
        return value

    def product(self, name: str = "productType") -> str:
        """The mandatory product type; the demo ones of the venue are known here too, and empty."""
        product = self.text(name).upper()
        if product.removeprefix("S") not in {*PRODUCTS, *(each.removeprefix("S") for each in PRODUCTS)}:
            raise WireError("40020", f"Parameter {name} error")
        return product

    def instrument(self) -> Instrument:
        """The mandatory contract, of the product that is named beside it."""
        name = self.text("symbol")
        instrument = self.market.instrument(engine_symbol(name))
        asked = self.maybe("productType")
        if asked is not None and asked.upper() != product_of(instrument):
            raise Rejection(Reason.UNKNOWN_SYMBOL, name)
        return instrument


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a path does, who may call it, and for which accounts."""

    handler: Callable[[Call], Any]
    security: Security = Security.NONE

    def check_kind(self, path: str, call: Call) -> None:
        """Unified accounts are asked with v3 requests, classic ones with v2.

        Raises:
            WireError: the other kind of account asks.
        """
        if self.security is Security.NONE:
            return
        is_unified = call.account.mode == UNIFIED
        if is_unified and path.startswith("/api/v2/"):
            raise WireError(
                "40085", "You are in Unified Account mode, and the Classic Account API is not supported at this time"
            )
        if not is_unified and path.startswith("/api/v3/"):
            raise WireError(
                "40084", "You are in Classic Account mode, and the Unified Account API is not supported at this time"
            )


Table = Mapping[tuple[str, str], Endpoint]
