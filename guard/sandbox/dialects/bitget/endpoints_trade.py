"""Endpoints that place, find and cancel orders, and change settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.bitget import shapes
from guard.sandbox.dialects.bitget.call import Call, Endpoint, Table
from guard.sandbox.dialects.bitget.errors import WireError, empty
from guard.sandbox.dialects.bitget.names import mode_word
from guard.sandbox.dialects.bitget.signing import Security
from guard.sandbox.engine import choices, matching
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import Order, OrderKind, OrderRequest, Reason, Rejection, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

_LONGEST_CLIENT_ID = 50
_FORCES = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK, "post_only": TimeInForce.GTX}
_DIRECTIONS = {"buy": Leg.LONG, "sell": Leg.SHORT}


def _order_request(call: Call, instrument: Instrument) -> OrderRequest:
    """What the parameters of a new order ask for, or the venue's refusal."""
    if instrument.is_inverse:
        raise WireError("40308", "The contract is being temporarily maintained")
    client_id = call.maybe("clientOid") or ""
    if len(client_id) > _LONGEST_CLIENT_ID:
        raise WireError("40305", "client_oid length is not greater than 50, and cannot be Martian characters")
    if client_id and client_id in call.account.client_ids:
        raise Rejection(Reason.DUPLICATE_CLIENT_ID)
    kind = {"limit": OrderKind.LIMIT, "market": OrderKind.MARKET}.get(call.text("orderType"))
    force = _FORCES.get((call.maybe("force") or "gtc").lower())
    if kind is None or force is None:
        raise WireError("40020", f"Parameter {'orderType' if kind is None else 'force'} error")
    side, leg, reduces = _ways(call)
    return OrderRequest(
        symbol=instrument.symbol,
        side=side,
        leg=leg,
        kind=kind,
        qty=call.decimal("size"),
        price=call.decimal("price") if kind is OrderKind.LIMIT else None,
        time_in_force=force,
        reduce_only=reduces,
        client_order_id=client_id,
    )


def _ways(call: Call) -> tuple[Side, Leg, bool | None]:
    """In hedge mode `side` is the direction of the leg: to buy with `close` sells the long leg.

    `tradeSide` is ignored in one-way mode, `reduceOnly` in hedge mode.
    """
    word, turn = call.text("side").lower(), (call.maybe("tradeSide") or "").lower()
    if word not in _DIRECTIONS:
        raise WireError("40020", "Parameter side error")
    if not call.account.hedge_mode:
        return Side(word.upper()), Leg.BOTH, (call.maybe("reduceOnly") or "NO").upper() == "YES"
    if turn not in {"open", "close"}:
        raise Rejection(Reason.WRONG_LEG)
    leg = _DIRECTIONS[word]
    opening = Side.BUY if leg is Leg.LONG else Side.SELL
    closing = Side.SELL if leg is Leg.LONG else Side.BUY
    return opening if turn == "open" else closing, leg, None


def _use_margin_mode(call: Call, symbol: str) -> None:
    """An order names its margin mode; while anything is held or ordered it must be the one in force."""
    word = call.text("marginMode")
    if word not in {"crossed", "isolated"}:
        raise WireError("40020", "Parameter marginMode error")
    if call.account.settings_of(symbol).isolated != (word == "isolated"):
        choices.set_isolated(call.engine.state, call.account, symbol, isolated=word == "isolated")


def _place(call: Call) -> Any:
    instrument = call.instrument()
    if call.text("marginCoin").upper() != instrument.margin_asset:
        raise WireError("40020", "Parameter marginCoin error")
    request = _order_request(call, instrument)
    _use_margin_mode(call, instrument.symbol)
    held = abs(call.account.position(request.symbol, request.leg).qty)
    if request.leg is not Leg.BOTH and not request.leg.opened_by(request.side) and 0 < held < request.qty:
        raise WireError("40757", "Not enough position is available.")
    placed = matching.place_order(call.engine.state, call.account, request)
    call.engine.settle_account(call.account)
    return {"clientOid": placed.client_order_id, "orderId": str(placed.id)}


def _found(call: Call) -> Order | None:
    instrument = call.instrument()
    order_id, client_id = call.maybe("orderId"), call.maybe("clientOid")
    if order_id is None and client_id is None:
        raise empty("orderId")
    return matching.find_order(call.account, instrument.symbol, int(order_id) if order_id else None, client_id)


def _detail(call: Call) -> Any:
    order = _found(call)
    if order is None:
        raise WireError("40109", "The data of the order cannot be found, please confirm the order number")
    return shapes.order(call.account, call.market, order, "state")


def _cancel(call: Call) -> Any:
    order = _found(call)
    if order is None:
        raise Rejection(Reason.UNKNOWN_ORDER)
    matching.cancel_order(call.engine.state, call.account, order.id)
    return {"orderId": str(order.id), "clientOid": order.client_order_id}


def _set_leverage(call: Call) -> Any:
    instrument, leverage = call.instrument(), call.decimal("leverage")
    choices.set_leverage(call.engine.state, call.account, instrument.symbol, int(leverage))
    settings = call.account.settings_of(instrument.symbol)
    return {
        "symbol": call.text("symbol"),
        "marginCoin": instrument.margin_asset,
        "longLeverage": str(settings.leverage),
        "shortLeverage": str(settings.leverage),
        "crossMarginLeverage": str(settings.leverage),
        "marginMode": "isolated" if settings.isolated else "crossed",
    }


def _set_position_mode(call: Call) -> Any:
    """The venue keeps a mode for each product; here it is one for the account."""
    call.product()
    word = call.text("posMode")
    if word not in {"hedge_mode", "one_way_mode"}:
        raise WireError("40020", "Parameter posMode error")
    if word != mode_word(call.account):
        choices.set_hedge_mode(call.account, hedge_mode=word == "hedge_mode")
    return {"posMode": word}


def _set_margin(call: Call) -> Any:
    instrument, amount = call.instrument(), call.decimal("amount")
    leg = Leg(call.text("holdSide").upper()) if call.account.hedge_mode else Leg.BOTH
    choices.move_isolated_margin(call.engine.state, call.account, instrument.symbol, leg, Decimal(amount))
    return ""


TABLE: Table = {
    ("POST", "/api/v2/mix/order/place-order"): Endpoint(_place, Security.TRADE),
    ("POST", "/api/v2/mix/order/cancel-order"): Endpoint(_cancel, Security.TRADE),
    ("GET", "/api/v2/mix/order/detail"): Endpoint(_detail, Security.READ),
    ("POST", "/api/v2/mix/account/set-leverage"): Endpoint(_set_leverage, Security.TRADE),
    ("POST", "/api/v2/mix/account/set-position-mode"): Endpoint(_set_position_mode, Security.TRADE),
    ("POST", "/api/v2/mix/account/set-margin"): Endpoint(_set_margin, Security.TRADE),
}
