"""What the venue answers when it refuses: nearly always HTTP 200 with a code in the envelope."""

from __future__ import annotations

from typing import Any, Final

from guard.sandbox.dialects.rest import Answer, Bodies
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.faults import FaultKind


class WireError(Exception):
    """A refusal: `{"retCode": code, "retMsg": text, ...}` with an HTTP status."""

    def __init__(self, code: int, text: str, status: int = 200) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.status = status


def parameter_error(text: str) -> WireError:
    """A parameter is missing, malformed or contradicts the account."""
    return WireError(10001, text)


def envelope(result: Any, now_ms: int, code: int = 0, text: str = "OK") -> dict[str, Any]:
    """What every answer is wrapped in."""
    return {"retCode": code, "retMsg": text, "result": result, "retExtInfo": {}, "time": now_ms}


_TABLE: dict[Reason, tuple[int, str]] = {
    Reason.UNKNOWN_SYMBOL: (10001, "params error: Symbol Invalid"),
    Reason.QTY_MISSING: (10001, "params error: Qty invalid"),
    Reason.QTY_TOO_SMALL: (10001, "The number of contracts is below the minimum order quantity"),
    Reason.QTY_TOO_LARGE: (10001, "The number of contracts exceeds maximum limit allowed: too large"),
    Reason.QTY_PRECISION: (10001, "Qty invalid"),
    Reason.PRICE_MISSING: (10001, "params error: Price invalid"),
    Reason.PRICE_PRECISION: (10001, "Price invalid"),
    Reason.PRICE_TOO_HIGH: (30208, "The order price is higher than the maximum buying price."),
    Reason.PRICE_TOO_LOW: (30209, "The order price is lower than the minimum selling price."),
    Reason.NOTIONAL_TOO_SMALL: (110094, "Order does not meet minimum order value {}USDT"),
    Reason.WRONG_LEG: (10001, "position idx not match position mode"),
    Reason.REDUCE_ONLY_REJECTED: (110017, "current position is zero, cannot fix reduce-only order qty"),
    Reason.MARGIN_INSUFFICIENT: (110007, "ab not enough for new order"),
    Reason.POSITION_TOO_LARGE: (110090, "Order placement failed as your position may exceed the max limit."),
    Reason.DUPLICATE_CLIENT_ID: (110072, "OrderLinkedID is duplicate"),
    Reason.NO_DEPTH: (110118, "Unable to retrieve a price of the market order due to low liquidity"),
    Reason.WOULD_TRIGGER: (110093, "expect Falling, but trigger_price >= current"),
    Reason.TRIGGER_MISSING: (10001, "params error: TriggerPrice invalid"),
    Reason.UNKNOWN_ORDER: (110001, "order not exists or too late to cancel"),
    Reason.LEVERAGE_INVALID: (10001, "leverage invalid"),
    Reason.LEVERAGE_TOO_HIGH: (110013, "Cannot set leverage due to risk limit level."),
    Reason.MODE_UNCHANGED: (110025, "Position mode is not modified"),
    Reason.HAS_ORDERS: (110028, "You have existing open orders, so position mode cannot be switched"),
    Reason.HAS_POSITIONS: (110024, "You have an existing position, so position mode cannot be switched"),
    Reason.BALANCE_INSUFFICIENT: (110012, "Insufficient available balance."),
    Reason.TOO_MANY_ORDERS: (110020, "Not allowed to have more than 500 active orders."),
}


def from_rejection(error: Rejection) -> WireError:
    """The venue's words for an engine's refusal."""
    code, text = _TABLE.get(error.reason, (10001, error.reason.value))
    return WireError(code, text.format(error.detail))


def _said(code: int, text: str, status: int = 200) -> Answer:
    return Answer(status, {"retCode": code, "retMsg": text, "result": {}, "retExtInfo": {}, "time": 0})


def _limited(now_ms: int) -> Answer:
    """Too many requests of one user: the limit is lifted at a time that stands in a header."""
    answer = _said(10006, "Too many visits. Exceeded the API Rate Limit.")
    headers = {
        "X-Bapi-Limit": "50",
        "X-Bapi-Limit-Status": "0",
        "X-Bapi-Limit-Reset-Timestamp": str(now_ms + _WINDOW_MS),
    }
    return Answer(answer.status, answer.payload, headers)


# Longer than the venue's second, so that a test can tell it from the usual pause.
_WINDOW_MS = 20_000
BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: _said(10016, "Service is restarting. Please try again later."),
    FaultKind.SERVER_BUSY: _said(429, "The trading service is experiencing a high server load. Please retry."),
    FaultKind.INTERNAL_ERROR: _said(10016, "System error. Please try again later."),
    FaultKind.UNKNOWN_STATE: _said(10000, "Server Timeout"),
    FaultKind.TOO_MANY_REQUESTS: _limited,
    FaultKind.BANNED: _said(10018, "access too frequent", status=403),
    FaultKind.BAD_CREDENTIALS: _said(10003, "API key is invalid."),
}
