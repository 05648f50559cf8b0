"""Request parameters, read one by one: a missing or malformed one is answered as the venue answers it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from guard.sandbox.dialects import numbers
from guard.sandbox.dialects.binanceusdm.errors import WireError, missing

_E = TypeVar("_E", bound=StrEnum)


class Params:
    """The parameters of one request, all text."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def has(self, name: str) -> bool:
        """Whether the parameter was sent with a value."""
        return bool(self.values.get(name))

    def text(self, name: str) -> str:
        """A mandatory text."""
        value = self.values.get(name)
        if not value:
            raise missing(name)
        return value

    def maybe_text(self, name: str) -> str | None:
        """An optional text."""
        return self.values.get(name) or None

    def decimal(self, name: str) -> Decimal:
        """A mandatory finite number."""
        value = numbers.finite(self.text(name))
        if value is None:
            raise missing(name)
        return value

    def maybe_decimal(self, name: str) -> Decimal | None:
        """An optional finite number."""
        return self.decimal(name) if self.has(name) else None

    def integer(self, name: str) -> int:
        """A mandatory whole number."""
        try:
            return int(self.text(name))
        except ValueError as error:
            raise missing(name) from error

    def maybe_integer(self, name: str) -> int | None:
        """An optional whole number."""
        return self.integer(name) if self.has(name) else None

    def flag(self, name: str) -> bool:
        """A mandatory true or false."""
        value = self.text(name).lower()
        if value not in {"true", "false"}:
            raise missing(name)
        return value == "true"

    def maybe_flag(self, name: str) -> bool | None:
        """An optional true or false."""
        return self.flag(name) if self.has(name) else None

    def choice(self, name: str, kind: type[_E], code: int, message: str, default: _E | None = None) -> _E:
        """One of an enumeration; the venue has a code of its own for each wrong one."""
        if not self.has(name) and default is not None:
            return default
        try:
            return kind(self.text(name).upper())
        except ValueError as error:
            raise WireError(400, code, message) from error

    def limit(self, default: int, largest: int) -> int:
        """The page size."""
        value = self.maybe_integer("limit")
        return default if value is None else max(1, min(value, largest))
