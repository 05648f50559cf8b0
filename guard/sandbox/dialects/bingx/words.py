"""What BingX says when it refuses, how it writes numbers, and what it calls a contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.rest import Answer
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import Reason, Rejection

NO_SUCH_ORDER = 80016


class WireError(Exception):
    """A refusal: HTTP 200 with a code other than 0."""

    def __init__(self, code: int, msg: str) -> None:
        super().__init__(f"{code} {msg}")
        self.code = code
        self.msg = msg


_INVALID = 109400
_TABLE: dict[Reason, tuple[int, str]] = {
    Reason.UNKNOWN_SYMBOL: (109425, "{} not exist, please verify it in api"),
    Reason.QTY_TOO_SMALL: (101400, "The minimum order amount is too small."),
    Reason.QTY_PRECISION: (101400, "Order size error"),
    Reason.QTY_TOO_LARGE: (101400, "Order size error"),
    Reason.PRICE_TOO_HIGH: (101211, "Order price should be lower than {}"),
    Reason.PRICE_TOO_LOW: (101211, "Order price should be higher than {}"),
    Reason.NOTIONAL_TOO_SMALL: (110425, "Please ensure that the minimum nominal value is greater than {}u"),
    Reason.REDUCE_ONLY_REJECTED: (101205, "No position to close"),
    Reason.MARGIN_INSUFFICIENT: (101204, "Insufficient margin"),
    Reason.POSITION_TOO_LARGE: (101209, "The maximum position value for this leverage is exceeded"),
    Reason.DUPLICATE_CLIENT_ID: (101481, "clientOrderId is duplicated"),
    Reason.UNKNOWN_ORDER: (NO_SUCH_ORDER, "order not exist"),
    Reason.LEVERAGE_INVALID: (101414, "The maximum leverage for the trading pair is lower than {}"),
    Reason.POST_ONLY_WOULD_TAKE: (101215, "The Maker (Post Only) order would match at once"),
}


def from_rejection(error: Rejection) -> WireError:
    """The venue's words for an engine's refusal; most wrong parameters have one code."""
    code, text = _TABLE.get(error.reason, (_INVALID, f"Invalid parameters, err:{error.reason.value}"))
    return WireError(code, text.format(error.detail))


def refusal(error: WireError, now_ms: int) -> Answer:
    """As the venue sends it."""
    return Answer(200, {"code": error.code, "msg": error.msg, "timestamp": now_ms, "data": {}})


def said(status: int, code: int, msg: str) -> Answer:
    """An answer of the gate."""
    return Answer(status, {"code": code, "msg": msg})


def enveloped(data: Any, now_ms: int) -> dict[str, Any]:
    """A good answer."""
    return {"code": 0, "msg": "", "timestamp": now_ms, "data": data}


def plain(value: Decimal, places: int | None = None) -> str:
    """A number as text, without an exponent."""
    shown = value if places is None else round(value, places)
    return format(shown, "f")


def market_id(instrument: Instrument) -> str:
    """`BTC-USDT`, `BTC-USD`."""
    return f"{instrument.base}-{instrument.quote}"


def digits(unit: Decimal) -> int:
    """How many digits after the point a tick or step has."""
    exponent = unit.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
