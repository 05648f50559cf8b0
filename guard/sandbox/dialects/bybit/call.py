"""One request on its way to a handler: the venue, the caller and the parameters; and what an endpoint is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from guard.sandbox.dialects.bybit.naming import by_wire_id
from guard.sandbox.dialects.bybit.refusals import WireError, parameter_error
from guard.sandbox.dialects.bybit.signing import Security
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market
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
            raise WireError(10003, "API key is invalid.")
        return self.engine.accounts[self.key.account_id]

    def figures(self) -> AccountFigures:
        """The caller's figures at the present marks."""
        return self.engine.figures(self.account)

    def maybe(self, name: str) -> str | None:
        """An optional text."""
        value = self.params.get(name)
        return None if value in {None, ""} else str(value)

    def text(self, name: str) -> str:
        """A mandatory text."""
        value = self.maybe(name)
        if value is None:
            raise parameter_error(f"params error: {name} is required")
        return value

    def decimal(self, name: str) -> Decimal | None:
        """An optional finite number."""
        value = self.maybe(name)
        if value is None:
            return None
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise parameter_error(f"params error: {name} invalid") from error
        if not number.is_finite():
            raise parameter_error(f"params error: {name} invalid")
        return number

    def flag(self, name: str) -> bool:
        """An optional truth value, false by default."""
        return str(self.params.get(name, False)).lower() == "true"

    def category(self) -> str:
        """The mandatory category."""
        category = self.text("category")
        if category not in {"linear", "inverse", "spot", "option"}:
            raise parameter_error("params error: category invalid")
        return category

    def instrument(self) -> Instrument:
        """The contract of the mandatory symbol."""
        return by_wire_id(self.market, self.category(), self.text("symbol"))

    def page(self, rows: Sequence[Any], default: int, most: int, *, points_on: bool = False) -> dict[str, Any]:
        """The page of `rows` that was asked for.

        The cursor is empty at the end; lists of an account point on from every page that has rows (`points_on`).
        """
        limit = min(most, int(self.decimal("limit") or default))
        begin = int(self.decimal("cursor") or 0)
        end = begin + limit
        page = list(rows[begin:end])
        has_next = bool(page) if points_on else end < len(rows)
        return {"list": page, "nextPageCursor": str(end) if has_next else ""}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a path does, and who may call it."""

    handler: Callable[[Call], Any]
    security: Security = Security.NONE


Table = Mapping[tuple[str, str], Endpoint]
