"""OKX's refusals: codes, texts and HTTP statuses, and which of the engine's reasons becomes which."""

from __future__ import annotations

from typing import Final

from guard.sandbox.dialects.rest import Answer, Bodies
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.faults import FaultKind


class WireError(Exception):
    """A refusal in the venue's form."""

    def __init__(self, code: str, text: str, status: int = 200) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.status = status


_REASONS: Final[dict[Reason, tuple[str, str]]] = {
    Reason.UNKNOWN_SYMBOL: ("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
    Reason.QTY_MISSING: ("51000", "Parameter sz error"),
    Reason.QTY_TOO_SMALL: ("51020", "Your order should meet or exceed the minimum order amount."),
    Reason.QTY_TOO_LARGE: ("51101", "Order amount exceeds the max order amount per transaction"),
    Reason.QTY_PRECISION: ("51121", "Order quantity must be a multiple of the lot size."),
    Reason.PRICE_MISSING: ("51000", "Parameter px error"),
    Reason.PRICE_PRECISION: ("51000", "Parameter px error"),
    Reason.PRICE_TOO_HIGH: ("51137", "The highest price limit for buy orders is exceeded."),
    Reason.PRICE_TOO_LOW: ("51138", "The lowest price limit for sell orders is exceeded."),
    Reason.NOTIONAL_TOO_SMALL: ("51020", "Your order should meet or exceed the minimum order amount."),
    Reason.WRONG_LEG: ("51000", "Parameter posSide error"),
    Reason.REDUCE_ONLY_REJECTED: (
        "51169",
        "Order failed because you don't have any positions in this direction to reduce or close.",
    ),
    Reason.REDUCE_ONLY_NOT_ALLOWED: ("51205", "Reduce-Only is not available"),
    Reason.MARGIN_INSUFFICIENT: ("51008", "Order failed. Insufficient margin in your account."),
    Reason.POSITION_TOO_LARGE: ("51004", "Order failed: the position would exceed the limit of the current leverage."),
    Reason.DUPLICATE_CLIENT_ID: ("51016", "Client order ID already exists."),
    Reason.NO_DEPTH: ("51109", "No available offer"),
    Reason.WOULD_TRIGGER: ("51278", "SL trigger price cannot be lower than the last price"),
    Reason.TRIGGER_MISSING: ("51000", "Parameter triggerPx error"),
    Reason.UNKNOWN_ORDER: ("51603", "Order does not exist"),
    Reason.LEVERAGE_INVALID: ("59102", "Leverage exceeds the maximum limit. Please lower the leverage."),
    Reason.LEVERAGE_TOO_HIGH: ("59102", "Leverage exceeds the maximum limit. Please lower the leverage."),
    Reason.HAS_ORDERS: ("59000", "Setting failed. Cancel any open orders, close positions, and stop bots first."),
    Reason.HAS_POSITIONS: ("59000", "Setting failed. Cancel any open orders, close positions, and stop bots first."),
    Reason.MODE_UNCHANGED: ("59000", "Setting failed. Cancel any open orders, close positions, and stop bots first."),
    Reason.TOO_MANY_ORDERS: ("51025", "Order count exceeds the limit"),
}


def from_rejection(rejection: Rejection) -> WireError:
    """The venue's words for what the engine refused."""
    code, text = _REASONS.get(rejection.reason, ("51000", f"Parameter error: {rejection.reason.value}"))
    return WireError(code, text)


def missing(name: str) -> WireError:
    """A parameter that is absent or unreadable."""
    return WireError("51000", f"Parameter {name} error", 400)


def said(status: int, code: str, text: str) -> Answer:
    """A refusal of a whole request."""
    return Answer(status, {"code": code, "data": [], "msg": text})


_LIMITED = said(429, "50011", "Too Many Requests")
BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: said(503, "50001", "Service temporarily unavailable. Try again later"),
    FaultKind.SERVER_BUSY: said(429, "50013", "Systems are busy. Please try again later."),
    FaultKind.INTERNAL_ERROR: said(500, "50026", "System error. Try again later"),
    FaultKind.UNKNOWN_STATE: said(
        400,
        "50004",
        "API endpoint request timeout (does not mean that the request was successful or failed, please check the "
        "request result).",
    ),
    FaultKind.TOO_MANY_REQUESTS: _LIMITED,
    FaultKind.BANNED: _LIMITED,
    FaultKind.BAD_CREDENTIALS: said(401, "50111", "Invalid OK-ACCESS-KEY"),
}
