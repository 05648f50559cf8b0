"""Names and refusals in KuCoin's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from guard.sandbox.dialects.rest import Answer
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import Reason, Rejection

OK_CODE: Final = "200000"
NANOSECONDS: Final = 1_000_000


class WireError(Exception):
    """An error answer: `{"code": code, "msg": msg}` with an HTTP status."""

    def __init__(self, code: str, msg: str, status: int = 200) -> None:
        super().__init__(f"{status} {code} {msg}")
        self.code = code
        self.msg = msg
        self.status = status

    def answer(self) -> Answer:
        """As it is sent."""
        return Answer(self.status, {"code": self.code, "msg": self.msg})


# {} is the rejection's detail.
_REFUSALS: Final[dict[Reason, tuple[str, str]]] = {
    Reason.UNKNOWN_SYMBOL: ("400100", "Contract parameter invalid."),
    Reason.QTY_MISSING: ("400100", "Quantity parameter invalid."),
    Reason.QTY_TOO_SMALL: ("400100", "Quantity parameter cannot be less than 1."),
    Reason.QTY_TOO_LARGE: ("400100", "Quantity parameter cannot exceed {}."),
    Reason.QTY_PRECISION: ("400100", "Quantity parameter must be a multiple of the lot size."),
    Reason.PRICE_MISSING: ("400100", "Price parameter invalid."),
    Reason.PRICE_PRECISION: ("400100", "Price must be a multiple of the tick size."),
    Reason.PRICE_TOO_HIGH: ("300011", "Order price cannot be higher than {}."),
    Reason.PRICE_TOO_LOW: ("300012", "Order price cannot be lower than {}."),
    Reason.WRONG_LEG: (
        "330012",
        "The position mode of your order is not that of your account. Update your settings so they match.",
    ),
    Reason.REDUCE_ONLY_REJECTED: ("300009", "No open positions to close."),
    Reason.MARGIN_INSUFFICIENT: (
        "330008",
        "Your current margin and leverage have reached the maximum open limit. Please increase your margin.",
    ),
    Reason.POSITION_TOO_LARGE: ("200005", "Exceed the risk limit."),
    Reason.DUPLICATE_CLIENT_ID: ("400100", "validation.createOrder.clientOidDuplicated"),
    Reason.UNKNOWN_ORDER: ("100001", "error.getOrder.orderNotExist"),
    Reason.BALANCE_INSUFFICIENT: ("300003", "Balance insufficient, please deposit or transfer."),
}


def from_rejection(error: Rejection) -> WireError:
    """The engine's refusal in the venue's words."""
    code, text = _REFUSALS.get(error.reason, ("300000", error.reason.value))
    return WireError(code, text.format(error.detail))


def bad_parameter(what: str) -> WireError:
    """The refusal of a parameter."""
    return WireError("400100", what)


def said(data: Any) -> Answer:
    """The answer to a request that was done."""
    return Answer(200, {"code": OK_CODE, "data": data})


def currency_id(asset: str) -> str:
    """What the wire calls a currency."""
    return "XBT" if asset == "BTC" else asset


def asset_of(currency: str) -> str:
    """The way back."""
    return "BTC" if currency == "XBT" else currency


def contract_id(instrument: Instrument) -> str:
    """What the wire calls a contract: `XBTUSDTM`, `XBTUSDM`."""
    return f"{currency_id(instrument.base)}{instrument.quote}M"


def symbol_of(market: Market, wire_id: str) -> str:
    """The engine's symbol of a contract.

    Raises:
        WireError: it is not listed.
    """
    for symbol in market.symbols():
        if contract_id(market.instruments[symbol]) == wire_id:
            return symbol
    raise from_rejection(Rejection(Reason.UNKNOWN_SYMBOL, wire_id))


def number(value: Decimal) -> float:
    """A figure that the venue writes as a number."""
    return float(value)


def plain(value: Decimal) -> str:
    """A figure that the venue writes as a text."""
    return format(value.normalize(), "f") if value else "0"


def lots(instrument: Instrument, qty: Decimal) -> int | float:
    """A quantity in contracts, whole as a rule."""
    found = instrument.contracts(qty)
    return int(found) if found == found.to_integral_value() else float(found)
