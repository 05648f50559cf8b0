"""How venues write numbers: always plain text, never an exponent; and how those that are sent to them are read."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def money(value: Decimal) -> str:
    """8 places, as wallets and margins are written."""
    return f"{value:.8f}"


def plain(value: Decimal, places: int = 8) -> str:
    """Without an exponent and without trailing zeros, at most `places` of them."""
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def on_grid(value: Decimal, unit: Decimal) -> str:
    """With as many places as the tick or step `unit` has."""
    return f"{value:.{decimals(unit)}f}"


def decimals(unit: Decimal) -> int:
    """The number of places of a tick or step."""
    exponent = unit.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def finite(text: str) -> Decimal | None:
    """The number that a text stands for; None where it is none, or not finite."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
