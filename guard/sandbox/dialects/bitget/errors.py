"""What Bitget answers when it refuses: HTTP status, code and message, one table for all of them."""

from __future__ import annotations

from guard.sandbox.engine.orders import Reason, Rejection


class WireError(Exception):
    """An error answer: `{"code": code, "msg": msg, "data": null}` with an HTTP status."""

    def __init__(self, code: str, msg: str, *, status: int = 400) -> None:
        super().__init__(f"{status} {code} {msg}")
        self.status = status
        self.code = code
        self.msg = msg


# {} is the rejection's detail.
_TABLE: dict[Reason, tuple[str, str]] = {
    Reason.UNKNOWN_SYMBOL: ("40034", "Parameter {} does not exist"),
    Reason.QTY_MISSING: ("40019", "Parameter size cannot be empty"),
    Reason.QTY_TOO_SMALL: ("45111", "less than the minimum order quantity {}"),
    Reason.QTY_TOO_LARGE: ("45112", "more than the maximum order quantity {}"),
    Reason.QTY_PRECISION: ("40808", "Parameter verification exception size checkScale error"),
    Reason.PRICE_MISSING: ("40019", "Parameter price cannot be empty"),
    Reason.PRICE_PRECISION: ("45115", "The price you enter should be a multiple of the price step"),
    Reason.PRICE_TOO_HIGH: ("40706", "Wrong order price, must not be higher than {}"),
    Reason.PRICE_TOO_LOW: ("40706", "Wrong order price, must not be lower than {}"),
    Reason.NOTIONAL_TOO_SMALL: ("45110", "less than the minimum amount {} USDT"),
    Reason.WRONG_LEG: ("40774", "The order type for unilateral position must also be the unilateral position type."),
    Reason.REDUCE_ONLY_REJECTED: ("22002", "No position to close"),
    Reason.MARGIN_INSUFFICIENT: ("40762", "The order amount exceeds the balance"),
    Reason.POSITION_TOO_LARGE: ("45113", "Maximum order value limit triggered"),
    Reason.DUPLICATE_CLIENT_ID: ("40786", "Duplicate clientOid"),
    Reason.UNKNOWN_ORDER: ("40768", "Order does not exist"),
    Reason.LEVERAGE_INVALID: ("40797", "Exceeded the maximum settable leverage"),
    Reason.LEVERAGE_TOO_HIGH: ("40797", "Exceeded the maximum settable leverage"),
    Reason.HAS_ORDERS: ("45117", "Currently holding positions or orders, the margin mode cannot be adjusted"),
    Reason.HAS_POSITIONS: ("45117", "Currently holding positions or orders, the margin mode cannot be adjusted"),
}
_OTHER = ("40017", "Parameter verification failed")


def from_rejection(error: Rejection) -> WireError:
    """The venue's words for an engine's refusal."""
    code, message = _TABLE.get(error.reason, _OTHER)
    return WireError(code, message.format(error.detail))


def empty(parameter: str) -> WireError:
    """A mandatory parameter was not sent, is empty, or cannot be read."""
    return WireError("40019", f"Parameter {parameter} cannot be empty")
