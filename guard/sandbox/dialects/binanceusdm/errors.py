"""What the venue answers when it refuses: HTTP status, code and message, one table for all of them."""

from __future__ import annotations

from guard.sandbox.engine.orders import Reason, Rejection


class WireError(Exception):
    """An error answer: `{"code": code, "msg": msg}` with an HTTP status."""

    def __init__(self, status: int, code: int, msg: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(f"{status} {code} {msg}")
        self.status = status
        self.code = code
        self.msg = msg
        self.retry_after_s = retry_after_s


# {} is the rejection's detail.
_TABLE: dict[Reason, tuple[int, str]] = {
    Reason.UNKNOWN_SYMBOL: (-1121, "Invalid symbol."),
    Reason.QTY_MISSING: (-1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed."),
    Reason.QTY_TOO_SMALL: (-4003, "Quantity less than or equal to zero."),
    Reason.QTY_TOO_LARGE: (-4005, "Quantity greater than max quantity."),
    Reason.QTY_PRECISION: (-1111, "Precision is over the maximum defined for this asset."),
    Reason.PRICE_MISSING: (-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
    Reason.PRICE_PRECISION: (-4014, "Price not increased by tick size."),
    Reason.PRICE_TOO_HIGH: (-4016, "Limit price can't be higher than {}."),
    Reason.PRICE_TOO_LOW: (-4024, "Limit price can't be lower than {}."),
    Reason.NOTIONAL_TOO_SMALL: (-4164, "Order's notional must be no smaller than {} (unless you choose reduce only)."),
    Reason.WRONG_LEG: (-4061, "Order's position side does not match user's setting."),
    Reason.REDUCE_ONLY_REJECTED: (-2022, "ReduceOnly Order is rejected."),
    Reason.REDUCE_ONLY_NOT_ALLOWED: (-1106, "Parameter 'reduceonly' sent when not required."),
    Reason.MARGIN_INSUFFICIENT: (-2019, "Margin is insufficient."),
    Reason.POSITION_TOO_LARGE: (-2027, "Exceeded the maximum allowable position at current leverage."),
    Reason.DUPLICATE_CLIENT_ID: (-4116, "ClientOrderId is duplicated."),
    Reason.POST_ONLY_WOULD_TAKE: (
        -5022,
        (
            "Due to the order could not be executed as maker, the Post Only order will be rejected. "
            "The order will not be recorded in the order history."
        ),
    ),
    Reason.FOK_NOT_FILLABLE: (
        -5021,
        (
            "Due to the order could not be filled immediately, the FOK order has been rejected. "
            "The order will not be recorded in the order history."
        ),
    ),
    Reason.NO_DEPTH: (-2020, "Unable to fill."),
    Reason.WOULD_TRIGGER: (-2021, "Order would immediately trigger."),
    Reason.TRIGGER_MISSING: (
        -1102,
        "Mandatory parameter 'triggerPrice' was not sent, was empty/null, or malformed.",
    ),
    Reason.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
    Reason.LEVERAGE_INVALID: (-4028, "Leverage {} is not valid"),
    Reason.LEVERAGE_TOO_HIGH: (-2027, "Exceeded the maximum allowable position at current leverage."),
    Reason.MODE_UNCHANGED: (-4046, "No need to change margin type."),
    Reason.HAS_ORDERS: (-4047, "Margin type cannot be changed if there exists open orders."),
    Reason.HAS_POSITIONS: (-4048, "Margin type cannot be changed if there exists position."),
    Reason.ISOLATED_IN_MULTI_ASSETS: (
        -4168,
        "Unable to adjust to isolated-margin mode under the Multi-Assets mode.",
    ),
    Reason.BALANCE_INSUFFICIENT: (-4051, "Isolated balance insufficient."),
    Reason.NOT_ISOLATED: (-4054, "Cannot add position margin: position is 0."),
    Reason.NOTHING_TO_CHANGE: (-5027, "No need to modify the order."),
    Reason.TOO_MANY_ORDERS: (-2025, "Reach max open order limit."),
}


def from_rejection(error: Rejection) -> WireError:
    """The venue's words for an engine's refusal."""
    code, message = _TABLE[error.reason]
    return WireError(400, code, message.format(error.detail))


def missing(parameter: str) -> WireError:
    """A mandatory parameter was not sent, is empty, or cannot be read."""
    return WireError(400, -1102, f"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed.")


def no_permission(status: int = 401) -> WireError:
    """Unknown key, wrong address, or a right that the key does not have."""
    return WireError(status, -2015, "Invalid API-key, IP, or permissions for action.")


def no_such_order() -> WireError:
    """A query for an order that the venue does not know."""
    return WireError(400, -2013, "Order does not exist.")
