"""Gate's refusals: labels, texts and HTTP statuses, and which of the engine's reasons becomes which."""

from __future__ import annotations

from typing import Final

from guard.sandbox.dialects.rest import Answer, Bodies
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.faults import FaultKind


class WireError(Exception):
    """A refusal in the venue's form."""

    def __init__(self, label: str, text: str = "", status: int = 400) -> None:
        super().__init__(f"{label} {text}".strip())
        self.label = label
        self.text = text
        self.status = status

    def answer(self) -> Answer:
        """The answer to the request."""
        return Answer(self.status, self.payload())

    def payload(self) -> dict[str, str]:
        """Label and text."""
        return {"label": self.label, **({"message": self.text} if self.text else {})}


_REASONS: Final[dict[Reason, tuple[str, str]]] = {
    Reason.UNKNOWN_SYMBOL: ("CONTRACT_NOT_FOUND", ""),
    Reason.QTY_TOO_SMALL: ("SIZE_TOO_SMALL", ""),
    Reason.QTY_TOO_LARGE: ("SIZE_TOO_LARGE", ""),
    Reason.QTY_PRECISION: ("INVALID_PARAM_VALUE", "invalid argument: size"),
    Reason.PRICE_MISSING: ("INVALID_PARAM_VALUE", "invalid argument: price"),
    Reason.PRICE_PRECISION: ("INVALID_PARAM_VALUE", "invalid argument: price"),
    Reason.PRICE_TOO_HIGH: ("PRICE_TOO_DEVIATED", "order price too deviated from the mark price"),
    Reason.PRICE_TOO_LOW: ("PRICE_TOO_DEVIATED", "order price too deviated from the mark price"),
    Reason.REDUCE_ONLY_REJECTED: ("POSITION_EMPTY", "empty position"),
    Reason.MARGIN_INSUFFICIENT: ("INSUFFICIENT_AVAILABLE", "insufficient available margin"),
    Reason.POSITION_TOO_LARGE: ("RISK_LIMIT_EXCEEDED", "the position exceeds its risk limit"),
    Reason.DUPLICATE_CLIENT_ID: ("REPEATED_CREATION", "repeated text"),
    Reason.POST_ONLY_WOULD_TAKE: ("ORDER_POC_IMMEDIATE", "order would match and take immediately"),
    Reason.FOK_NOT_FILLABLE: ("ORDER_FOK", "order cannot be filled whole"),
    Reason.NO_DEPTH: ("CONTRACT_NO_COUNTER", ""),
    Reason.WOULD_TRIGGER: ("AUTO_TRIGGER_PRICE_LESS_LAST", "invalid argument: Trigger.Price must < last_price"),
    Reason.TRIGGER_MISSING: ("INVALID_PARAM_VALUE", "invalid argument: Trigger.Price"),
    Reason.LEVERAGE_INVALID: ("LEVERAGE_TOO_HIGH", ""),
    Reason.LEVERAGE_TOO_HIGH: ("LEVERAGE_TOO_HIGH", ""),
    Reason.HAS_ORDERS: ("POSITION_HOLDING", "there are open orders"),
    Reason.HAS_POSITIONS: ("POSITION_HOLDING", "there are open positions"),
    Reason.MODE_UNCHANGED: ("NO_CHANGE", "No change is made"),
    Reason.TOO_MANY_ORDERS: ("TOO_MANY_ORDERS", ""),
}


def from_rejection(rejection: Rejection) -> WireError:
    """The venue's words for what the engine refused."""
    if rejection.reason is Reason.UNKNOWN_ORDER:
        return WireError("ORDER_NOT_FOUND", "Order not found", 404)
    label, text = _REASONS.get(rejection.reason, ("INVALID_PARAM_VALUE", f"invalid argument: {rejection.reason.value}"))
    return WireError(label, text)


def invalid(name: str) -> WireError:
    """A parameter that is absent or unreadable."""
    return WireError("INVALID_PARAM_VALUE", f"invalid argument: {name}")


_LIMITED = WireError("TOO_MANY_REQUESTS", "Request Rate Limit Exceeded", 429).answer()
BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: WireError("SERVER_ERROR", "System maintenance", 503).answer(),
    FaultKind.SERVER_BUSY: WireError("TOO_BUSY", "Server is too busy, please try again later", 503).answer(),
    FaultKind.INTERNAL_ERROR: WireError("SERVER_ERROR", "Internal server error", 500).answer(),
    FaultKind.UNKNOWN_STATE: WireError("INTERNAL", "request timed out, its outcome is not known", 504).answer(),
    FaultKind.TOO_MANY_REQUESTS: _LIMITED,
    FaultKind.BANNED: _LIMITED,
    FaultKind.BAD_CREDENTIALS: WireError("INVALID_KEY", "Invalid key provided", 401).answer(),
}
