"""`POST /exchange`: signed actions. Who signed is found out first; refusals are sentences inside a 200."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from guard.sandbox.dialects.hyperliquid import listing
from guard.sandbox.dialects.hyperliquid.call import Call, bad_body, error
from guard.sandbox.dialects.hyperliquid.listing import Coin
from guard.sandbox.dialects.hyperliquid.shapes import plain
from guard.sandbox.dialects.hyperliquid.signing import action_digest, private_key_of, signed_with
from guard.sandbox.engine import choices, matching
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.orders import Order, OrderKind, OrderRequest, OrderStatus, Reason, Rejection, TimeInForce
from guard.sandbox.engine.sides import Leg, Side

_DAY_MS: Final = 86_400_000
_NOBODY: Final = "0x" + "0" * 40
_NONCES_KEPT: Final = 100
_DIGITS_MAX: Final = 5
_TIMES: Final[Mapping[str, TimeInForce]] = {
    "Gtc": TimeInForce.GTC,
    "Ioc": TimeInForce.IOC,
    "Alo": TimeInForce.GTX,
}
_SENTENCES: Final[Mapping[Reason, str]] = {
    Reason.QTY_MISSING: "Order has zero size.",
    Reason.QTY_TOO_SMALL: "Order has invalid size.",
    Reason.QTY_TOO_LARGE: "Order has invalid size.",
    Reason.QTY_PRECISION: "Order has invalid size.",
    Reason.PRICE_PRECISION: "Price must be divisible by tick size.",
    Reason.PRICE_TOO_HIGH: "Order price cannot be more than 80% away from the reference price",
    Reason.PRICE_TOO_LOW: "Order price cannot be more than 80% away from the reference price",
    Reason.NOTIONAL_TOO_SMALL: "Order must have minimum value of $10.",
    Reason.REDUCE_ONLY_REJECTED: "Reduce only order would increase position.",
    Reason.MARGIN_INSUFFICIENT: "Insufficient margin to place order.",
    Reason.POSITION_TOO_LARGE: "Insufficient margin to place order.",
    Reason.DUPLICATE_CLIENT_ID: "Duplicate cloid.",
    Reason.POST_ONLY_WOULD_TAKE: "Post only order would have immediately matched, bbo was unknown.",
    Reason.NO_DEPTH: "No liquidity available for market order.",
}


class Actions:
    """Executes actions of one venue; remembers the nonces of each signer."""

    def __init__(self) -> None:
        self._nonces: dict[str, list[int]] = {}

    def answer(self, call: Call) -> Any:
        """1. Who signed? 2. In time, and for the first time? 3. Do it."""
        body = call.params
        action, nonce = body.get("action"), body.get("nonce")
        if not isinstance(action, dict) or not isinstance(nonce, int) or not isinstance(body.get("signature"), dict):
            raise bad_body()
        account = self._signer(call, action, nonce)
        kind = action.get("type")
        if kind == "order":
            return _ok("order", [_placed(call, account, row) for row in action["orders"]])
        if kind == "cancel":
            return _ok("cancel", [_cancelled(call, account, row.get("o")) for row in action["cancels"]])
        if kind == "cancelByCloid":
            numbers = [account.client_ids.get(row.get("cloid")) for row in action["cancels"]]
            return _ok("cancel", [_cancelled(call, account, number) for number in numbers])
        if kind == "updateLeverage":
            return _leverage(call, account, action)
        raise bad_body()

    def _signer(self, call: Call, action: Mapping[str, Any], nonce: int) -> Account:
        body = call.params
        expires, vault = body.get("expiresAfter"), body.get("vaultAddress")
        try:
            digest = action_digest(action, nonce, vault, expires)
        except (ValueError, TypeError, OverflowError):
            raise bad_body() from None
        for key in call.wallets.signers():
            if signed_with(private_key_of(key.secret), body["signature"], digest):
                break
        else:
            # A signature by anybody else, or of another action, yields some other address; which does not matter.
            raise error(f"User or API Wallet {_NOBODY} does not exist.")
        if isinstance(expires, int) and call.now_ms > expires:
            raise error("Action expired: expiresAfter is in the past.")
        self._spend(key.key, nonce, call.now_ms)
        return call.engine.accounts[key.account_id]

    def _spend(self, signer: str, nonce: int, now_ms: int) -> None:
        used = self._nonces.setdefault(signer, [])
        if not now_ms - 2 * _DAY_MS < nonce < now_ms + _DAY_MS or nonce in used:
            raise error(f"Invalid nonce: {nonce}")
        if len(used) >= _NONCES_KEPT and nonce < min(used):
            raise error(f"Invalid nonce: {nonce} is too low")
        used.append(nonce)
        used.sort()
        del used[:-_NONCES_KEPT]


def _ok(kind: str, statuses: list[Any]) -> Any:
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": statuses}}}


def _placed(call: Call, account: Account, row: Any) -> Any:
    """What became of one order of an action."""
    coin = _coin(row.get("a")) if isinstance(row, dict) else None
    if coin is None:
        raise bad_body()
    try:
        request = _request(row, coin.symbol)
        order = matching.place_order(call.engine.state, account, request)
    except Rejection as rejection:
        return _refusal(rejection.reason, coin.asset)
    call.engine.settle_account(account)
    if order.filled:
        return {"filled": {"totalSz": plain(order.filled), "avgPx": plain(order.average_price), "oid": order.id}}
    if order.status is OrderStatus.EXPIRED:
        return {"error": f"Order could not immediately match against any resting orders. asset={coin.asset}"}
    return {"resting": _resting(order)}


def _coin(asset: object) -> Coin | None:
    return listing.BY_ASSET.get(asset) if isinstance(asset, int) else None


def _resting(order: Order) -> Any:
    row: dict[str, Any] = {"oid": order.id}
    return {**row, "cloid": order.client_order_id} if order.client_order_id.startswith("0x") else row


def _request(row: Mapping[str, Any], symbol: str) -> OrderRequest:
    try:
        price, size = Decimal(row["p"]), Decimal(row["s"])
        time_in_force = _TIMES[row["t"]["limit"]["tif"]]
        side = Side.BUY if row["b"] else Side.SELL
        reduces = bool(row["r"])
    except (KeyError, TypeError, InvalidOperation):
        raise bad_body() from None
    if price != price.to_integral_value() and len(price.normalize().as_tuple().digits) > _DIGITS_MAX:
        raise Rejection(Reason.PRICE_PRECISION)
    return OrderRequest(
        symbol=symbol,
        side=side,
        leg=Leg.BOTH,
        kind=OrderKind.LIMIT,
        qty=size,
        price=price,
        time_in_force=time_in_force,
        reduce_only=reduces,
        client_order_id=str(row.get("c") or ""),
    )


def _refusal(reason: Reason, asset: int) -> Any:
    return {"error": f"{_SENTENCES.get(reason, 'Order is invalid.')} asset={asset}"}


def _cancelled(call: Call, account: Account, number: object) -> Any:
    try:
        matching.cancel_order(call.engine.state, account, number if isinstance(number, int) else -1)
    except Rejection:
        return {"error": "Order was never placed, already canceled, or filled."}
    return "success"


def _leverage(call: Call, account: Account, action: Mapping[str, Any]) -> Any:
    coin = _coin(action.get("asset"))
    leverage = action.get("leverage")
    if coin is None or not isinstance(leverage, int):
        raise bad_body()
    try:
        choices.set_leverage(call.engine.state, account, coin.symbol, leverage)
    except Rejection:
        raise error("Invalid leverage value") from None
    return {"status": "ok", "response": {"type": "default"}}
