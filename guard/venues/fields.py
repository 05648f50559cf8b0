"""Reading fields of a venue's answers: decimal strings, where "" and null mean missing and never 0. Pure.

`where` is the request by its full name, `binanceusdm GET fapi/v3/account`. A field that is absent or unreadable becomes
a `BadAnswer` that names the request, the row and the field.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from guard.ports.errors import BadAnswer

_SHOWN_MAX = 60
Row = Mapping[str, Any]


def refused(where: str, what: str) -> BadAnswer:
    """The error that says what was wrong with the answer of the request `where`."""
    return BadAnswer(f"{where}: {what}", fix="no figure was taken from it")


def record(answer: object, where: str) -> Row:
    """`answer`, known to be an object.

    Raises:
        BadAnswer: it is something else.
    """
    if not isinstance(answer, dict):
        raise _not_a("an object", answer, where)
    return answer


def rows(answer: object, where: str) -> list[Row]:
    """`answer`, known to be a list of objects.

    Raises:
        BadAnswer: it is something else.
    """
    if not isinstance(answer, list):
        raise _not_a("a list", answer, where)
    for index, row in enumerate(answer):
        if not isinstance(row, dict):
            raise _not_a("an object", row, f"{where}: row {index}")
    return answer


def number(row: Row, key: str, where: str) -> float:
    """A required number.

    Raises:
        BadAnswer: missing, empty, null, not a number, or not finite.
    """
    try:
        raw = row[key]
        value = float(raw)
    except (KeyError, TypeError, ValueError):
        raise _bad(row, key, where) from None
    if not math.isfinite(value) or raw is True or raw is False:
        raise _bad(row, key, where)
    return value


def optional_number(row: Row, key: str, where: str) -> float | None:
    """A number, or None when it is missing, empty or null.

    Raises:
        BadAnswer: something stands there that is no number.
    """
    raw = row.get(key)
    return None if raw is None or raw == "" else number(row, key, where)


def above_zero(row: Row, key: str, where: str) -> float | None:
    """A number above 0; None where nothing stands, or a 0 that stands for nothing.

    Raises:
        BadAnswer: something stands there that is no number.
    """
    value = optional_number(row, key, where)
    return value if value is not None and value > 0 else None


def positive(row: Row, key: str, where: str) -> float:
    """A required number above 0.

    Raises:
        BadAnswer: missing, unreadable, or not above 0.
    """
    value = number(row, key, where)
    if value <= 0:
        raise _bad(row, key, where)
    return value


def decimal(row: Row, key: str, where: str) -> Decimal:
    """A required number, exactly as it was written.

    Raises:
        BadAnswer: missing, empty, null, not a number, or not finite.
    """
    raw = row.get(key)
    if isinstance(raw, str | int) and not isinstance(raw, bool):
        try:
            value = Decimal(raw)
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite():
            return value
    raise _bad(row, key, where)


def exact(row: Row, key: str, where: str) -> Decimal:
    """`decimal`, of a venue that writes JSON numbers with a point, whose shortest text is what it wrote.

    Raises:
        BadAnswer: missing, empty, null, not a number, or not finite.
    """
    raw = row.get(key)
    return decimal({**row, key: repr(raw)} if isinstance(raw, float) else row, key, where)


def positive_decimal(row: Row, key: str, where: str) -> Decimal:
    """A required number above 0, exactly as it was written.

    Raises:
        BadAnswer: missing, unreadable, or not above 0.
    """
    value = decimal(row, key, where)
    if value <= 0:
        raise _bad(row, key, where)
    return value


def text(row: Row, key: str, where: str) -> str:
    """A required word, or an identifier that the venue writes as a number.

    Raises:
        BadAnswer: missing, empty or null.
    """
    raw = row.get(key)
    if isinstance(raw, str) and raw:
        # Symbols and currencies are the same words in every answer and every account: kept once.
        return sys.intern(raw)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    raise _bad(row, key, where)


def optional_text(row: Row, key: str) -> str | None:
    """A word, or None when it is missing, empty or null."""
    raw = row.get(key)
    return str(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) and raw != "" else None


def flag(row: Row, key: str, where: str) -> bool:
    """A required truth value; the venue writes some as words.

    Raises:
        BadAnswer: missing, or neither true nor false.
    """
    raw = row.get(key)
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw in {"true", "false"}:
        return raw == "true"
    raise _bad(row, key, where)


def optional_flag(row: Row, key: str, where: str) -> bool | None:
    """A truth value, or None when it is missing, empty or null.

    Raises:
        BadAnswer: something stands there that is neither true nor false.
    """
    raw = row.get(key)
    return None if raw is None or raw == "" else flag(row, key, where)


def _bad(row: Row, key: str, where: str) -> BadAnswer:
    name = next((str(row[naming]) for naming in ("symbol", "asset") if row.get(naming)), "the answer")
    raw = row.get(key)
    if raw is None or raw == "":
        return refused(where, f"{name} has no {key}")
    return refused(where, f"{key} of {name} was {_shown(raw)}")


def _not_a(wanted: str, found: object, where: str) -> BadAnswer:
    return refused(where, f"answered {_shown(found)}, not {wanted}")


def _shown(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= _SHOWN_MAX else shown[: _SHOWN_MAX - 3] + "..."
