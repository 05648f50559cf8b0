"""Table-driven reading of untrusted JSON: small readers that check one value and describe themselves.

Owns how a number, a word, a time, a list or a record is checked, and how each is written in JSON Schema, so that
the parser and the published schema cannot drift apart. Knows nothing of what a book means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from guard.risk.bookerror import BookError, keyed, one_of

LARGEST: Final = 1e18
"""Largest magnitude of any number in a book: no product of three of them overflows."""
SMALLEST: Final = 1e-18
"""Smallest number that counts as positive: no quotient of two overflows."""

_DECIMAL = re.compile(
    r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?|[+-]?\.[0-9]{1,40}([eE][+-]?[0-9]{1,3})?"
)

Schema = dict[str, Any]


class Reader(Protocol):
    """Checks one value at a path, and describes itself as JSON Schema."""

    def read(self, path: str, value: object) -> Any:
        """The checked value.

        Raises:
            BookError: names the path, what stood there and what must stand there.
        """
        ...

    def wanted(self) -> str:
        """What must stand there, as the end of a sentence."""
        ...

    def schema(self) -> Schema:
        """JSON Schema of the values that `read` accepts."""
        ...


def shown(value: object) -> str:
    """A value as it stands in an error: JSON words, cut at 40 characters."""
    names = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return names[value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a number beyond 1e18"
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number, or a decimal string; bounds are inclusive except `above` and `below`."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    nullable: bool = False

    def read(self, path: str, value: object) -> float | None:
        """The number as float64; None only when nullable."""
        if value is None and self.nullable:
            return None
        number = self._float(path, value)
        inside = (
            (self.above is None or number > self.above)
            and (self.at_least is None or number >= self.at_least)
            and (self.below is None or number < self.below)
            and (self.at_most is None or number <= self.at_most)
        )
        if not inside:
            raise BookError(path, f"was {shown(value)}, must be {self._bounds()}")
        if self.above == 0 and number < SMALLEST:
            raise BookError(path, f"was {shown(value)}, must be at least {SMALLEST:g}")
        return number

    def _float(self, path: str, value: object) -> float:
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BookError(path, f"was {shown(value)}, must be {self.wanted()}")
        if isinstance(value, float) and not math.isfinite(value):
            raise BookError(path, f"was {shown(value)}, must be a finite number")
        if abs(value) > LARGEST:
            raise BookError(path, f"was {shown(value)}, must be within {LARGEST:g}")
        return float(value)

    def _bounds(self) -> str:
        bounds = [
            f"{sign} {bound:g}"
            for sign, bound in ((">", self.above), (">=", self.at_least), ("<", self.below), ("<=", self.at_most))
            if bound is not None
        ]
        return " and ".join(bounds)

    def wanted(self) -> str:
        """`a number > 0` and the like."""
        bounds = self._bounds()
        return f"a number{' ' + bounds if bounds else ''}{' or null' if self.nullable else ''}"

    def schema(self) -> Schema:
        """A number within the bounds, or a decimal string."""
        number: Schema = {"type": "number"}
        for key, bound in (
            ("exclusiveMinimum", self.above),
            ("minimum", self.at_least),
            ("exclusiveMaximum", self.below),
            ("maximum", self.at_most),
        ):
            if bound is not None:
                number[key] = bound
        options: list[Schema] = [number, {"type": "string", "pattern": f"^({_DECIMAL.pattern})$"}]
        if self.nullable:
            options.append({"type": "null"})
        return {"anyOf": options}


@dataclass(frozen=True, slots=True)
class Text:
    """A printable, non-empty word or name."""

    longest: int = 128
    nullable: bool = False

    def read(self, path: str, value: object) -> str | None:
        """The text unchanged; None only when nullable."""
        if value is None and self.nullable:
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > self.longest or not value.isprintable():
            raise BookError(path, f"was {shown(value)}, must be {self.wanted()}")
        return value

    def wanted(self) -> str:
        """`text of 1 to 128 printable characters`."""
        return f"text of 1 to {self.longest} printable characters{' or null' if self.nullable else ''}"

    def schema(self) -> Schema:
        """A string with length limits."""
        kinds = ["string", "null"] if self.nullable else "string"
        return {"type": kinds, "minLength": 1, "maxLength": self.longest}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    nullable: bool = False

    def read(self, path: str, value: object) -> str | None:
        """The word; None only when nullable."""
        if value is None and self.nullable:
            return None
        if not isinstance(value, str) or value not in self.words:
            raise BookError(path, f"was {shown(value)}, must be {self.wanted()}")
        return value

    def wanted(self) -> str:
        """`one of: long, short`."""
        words = f"one of: {one_of(self.words)}" if len(self.words) > 1 else f'"{self.words[0]}"'
        return f"{words}{' or null' if self.nullable else ''}"

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": [*self.words, *([None] if self.nullable else [])]}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; 0, 1 and "yes" are not."""

    def read(self, path: str, value: object) -> bool:
        """The flag."""
        if not isinstance(value, bool):
            raise BookError(path, f"was {shown(value)}, must be {self.wanted()}")
        return value

    def wanted(self) -> str:
        """`true or false`."""
        return "true or false"

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An ISO 8601 time with its offset from UTC."""

    nullable: bool = False

    def read(self, path: str, value: object) -> datetime | None:
        """The time in UTC; None only when nullable."""
        if value is None and self.nullable:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
            moment = moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
        except (ValueError, OverflowError):  # not a date, or a date that UTC cannot hold
            moment = None
        if moment is None:
            raise BookError(path, f"was {shown(value)}, must be {self.wanted()}")
        return moment

    def wanted(self) -> str:
        """With an example, because offsets are what people forget."""
        return f"an ISO 8601 time with an offset, such as 2026-11-21T12:00:00Z{' or null' if self.nullable else ''}"

    def schema(self) -> Schema:
        """A date-time string."""
        return {"type": ["string", "null"] if self.nullable else "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of equal things, with a limit."""

    item: Reader
    most: int
    least: int = 0

    def read(self, path: str, value: object) -> list[Any]:
        """Each item checked at its own path."""
        if not isinstance(value, list | tuple):
            raise BookError(path, f"was {shown(value)}, must be {self.wanted()}")
        if not self.least <= len(value) <= self.most:
            raise BookError(path, f"had {len(value)} entries, must have {self.least} to {self.most}")
        return [self.item.read(f"{path}[{index}]", item) for index, item in enumerate(value)]

    def wanted(self) -> str:
        """`a list`."""
        return "a list"

    def schema(self) -> Schema:
        """An array."""
        return {"type": "array", "items": self.item.schema(), "minItems": self.least, "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Keyed:
    """A mapping from names (symbols, currencies) to equal things, with a limit."""

    item: Reader
    most: int

    def read(self, path: str, value: object) -> dict[str, Any]:
        """Each entry checked at its own path."""
        if not isinstance(value, Mapping):
            raise BookError(path, f"was {shown(value)}, must be {self.wanted()}")
        if len(value) > self.most:
            raise BookError(path, f"had {len(value)} entries, must have at most {self.most}")
        name = Text()
        entries: dict[str, Any] = {}
        for key, item in value.items():
            name.read(f"{path} (key)", key)
            entries[key] = self.item.read(keyed(path, key), item)
        return entries

    def wanted(self) -> str:
        """`an object`."""
        return "an object"

    def schema(self) -> Schema:
        """An object with free keys."""
        return {"type": "object", "additionalProperties": self.item.schema(), "maxProperties": self.most}


class _Required:
    """Marks a field without a default."""


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a record: its reader, its meaning with unit, and its default."""

    name: str
    reader: Reader
    text: str
    default: object = REQUIRED


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known keys only."""

    fields: tuple[Field, ...]

    def read(self, path: str, value: object) -> dict[str, Any]:
        """All fields, defaults filled in."""
        where = path or "the book"
        if not isinstance(value, Mapping):
            raise BookError(where, f"was {shown(value)}, must be {self.wanted()}")
        names = [field.name for field in self.fields]
        for key in value:
            if key not in names:
                inner = f"{path}.{key}" if path else f"{key}"
                raise BookError(_printable(inner), f"is not a known key, allowed keys: {one_of(names)}")
        found: dict[str, Any] = {}
        for field in self.fields:
            inner = f"{path}.{field.name}" if path else field.name
            if field.name in value:
                found[field.name] = field.reader.read(inner, value[field.name])
            elif field.default is REQUIRED:
                raise BookError(inner, f"is missing, must be {field.reader.wanted()}")
            else:
                found[field.name] = field.default
        return found

    def wanted(self) -> str:
        """`an object`."""
        return "an object"

    def schema(self) -> Schema:
        """An object without additional properties."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [field.name for field in self.fields if field.default is REQUIRED],
            "properties": {field.name: {"description": field.text, **field.reader.schema()} for field in self.fields},
        }


def _printable(text: str) -> str:
    """A key that came from outside, safe to print on one line."""
    return text if text.isprintable() and len(text) <= 200 else ascii(text)[:200]
