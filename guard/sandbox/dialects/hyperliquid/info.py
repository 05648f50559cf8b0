"""`POST /info`: what anybody may ask, by the `type` in the body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from guard.sandbox.dialects.hyperliquid import listing, shapes
from guard.sandbox.dialects.hyperliquid.call import Call, bad_body, no_such_coin
from guard.sandbox.dialects.hyperliquid.listing import BUILDER_DEX, Coin
from guard.sandbox.dialects.hyperliquid.wallets import signer_of
from guard.sandbox.engine.accounts import Account

_EMPTY_STATE: Final = Account(id=0, name="nobody")


def _account(call: Call) -> Account:
    """The account of `user`; an address that nobody knows is an empty account, not an error."""
    user = call.params.get("user")
    if not isinstance(user, str) or not user.startswith("0x") or len(user) != 42:
        raise bad_body()
    return call.wallets.account(user) or _EMPTY_STATE


def _dex(call: Call) -> str:
    dex = call.params.get("dex") or ""
    if dex not in {"", BUILDER_DEX}:
        raise bad_body()
    return str(dex)


def _coin(call: Call) -> Coin:
    coin = listing.BY_NAME.get(str(call.params.get("coin")))
    if coin is None:
        raise no_such_coin()
    return coin


def _exchange_status(call: Call) -> Any:
    return {"specialStatuses": None, "time": call.now_ms}


def _dexes(_call: Call) -> Any:
    return [None, {"name": BUILDER_DEX, "fullName": "XYZ", "deployer": "0x" + "8" * 40, "oracleUpdater": None}]


def _meta(call: Call) -> Any:
    return shapes.universe(call.market, _dex(call))[0]


def _universe(call: Call) -> Any:
    return shapes.universe(call.market, _dex(call))


def _mids(call: Call) -> Any:
    return shapes.mids(call.market, _dex(call))


def _spot_universe(call: Call) -> Any:
    return shapes.spot_universe(call.market)


def _spot_meta(call: Call) -> Any:
    return shapes.spot_universe(call.market)[0]


def _state(call: Call) -> Any:
    return shapes.state(_account(call), call.market, _dex(call), call.now_ms)


def _spot_state(call: Call) -> Any:
    return shapes.spot_state(_account(call), call.market)


def _open_orders(call: Call) -> Any:
    return shapes.open_orders(_account(call), _dex(call))


def _plain_orders(call: Call) -> Any:
    return [shapes.basic_order(order) for order in _account(call).open_orders.values()]


def _abstraction(call: Call) -> Any:
    return _account(call).mode or "default"


def _role(call: Call) -> Any:
    _account(call)
    return call.wallets.role(str(call.params["user"]))


def _agents(call: Call) -> Any:
    until_ms = call.now_ms + 90 * 86_400_000
    agents = call.wallets.agents(_account(call))
    return [{"name": key.key[:8], "address": signer_of(key), "validUntil": until_ms} for key in agents]


def _leverage(call: Call) -> Any:
    return shapes.active_asset(_account(call), call.market, _coin(call), str(call.params["user"]))


def _depth(call: Call) -> Any:
    return shapes.depth(call.market, _coin(call), call.now_ms)


def _order_status(call: Call) -> Any:
    account, wanted = _account(call), call.params.get("oid")
    number = account.client_ids.get(wanted) if isinstance(wanted, str) else wanted
    order = account.orders.get(number) if isinstance(number, int) else None
    return {"status": "unknownOid"} if order is None else shapes.found_order(order)


def _fills(call: Call) -> Any:
    return [shapes.fill(trade) for trade in reversed(_account(call).trades)][:2000]


ASKED: Final[Mapping[str, Callable[[Call], Any]]] = {
    "exchangeStatus": _exchange_status,
    "perpDexs": _dexes,
    "meta": _meta,
    "metaAndAssetCtxs": _universe,
    "allMids": _mids,
    "spotMeta": _spot_meta,
    "spotMetaAndAssetCtxs": _spot_universe,
    "clearinghouseState": _state,
    "spotClearinghouseState": _spot_state,
    "frontendOpenOrders": _open_orders,
    "openOrders": _plain_orders,
    "userAbstraction": _abstraction,
    "userRole": _role,
    "extraAgents": _agents,
    "activeAssetData": _leverage,
    "l2Book": _depth,
    "orderStatus": _order_status,
    "userFills": _fills,
}


def answer(call: Call) -> Any:
    """The answer to what the body asks."""
    asked = ASKED.get(str(call.params.get("type")))
    if asked is None:
        raise bad_body()
    return asked(call)
