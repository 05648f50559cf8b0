"""`/sandbox/...`: routes with which another process drives the sandbox. Loopback only, never a venue's path."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from aiohttp import web

from guard.sandbox.engine.engine import Holding
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.engine.sides import Leg
from guard.sandbox.faults import Fault, FaultKind

if TYPE_CHECKING:
    from guard.sandbox.server import SandboxServer

Json = dict[str, Any]
_LOOPBACK = {"127.0.0.1", "::1"}


class ControlRoutes:
    """Prices, faults, accounts and time, over HTTP."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register every route."""
        router.add_get("/sandbox/state", self._told(self._state))
        router.add_post("/sandbox/price", self._told(self._price))
        router.add_post("/sandbox/fault", self._told(self._fault))
        router.add_delete("/sandbox/fault", self._told(self._clear))
        router.add_post("/sandbox/account", self._told(self._account))
        router.add_post("/sandbox/advance", self._told(self._advance))

    def _told(self, action: Callable[[Json], Json]) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A route around `action`: JSON in, JSON out, a readable 400 for what cannot be done."""

        async def handle(request: web.Request) -> web.Response:
            if request.remote not in _LOOPBACK:
                return web.json_response({"error": "only from this machine"}, status=403)
            try:
                body = json.loads(await request.text() or "{}")
                return web.json_response(action(body))
            except (KeyError, ValueError, InvalidOperation, TypeError, Rejection) as error:
                return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

        return handle

    def _state(self, _body: Json) -> Json:
        now_ms = self.server.sync()
        market = self.server.engine.market
        return {
            "now_ms": now_ms,
            "engine_ms": self.server.engine.now_ms,
            "marks": {symbol: str(price) for symbol, price in market.marks().items()},
            "accounts": {name: self._account_state(name) for name in self.server.accounts},
            "faults": [fault.kind.value for fault in self.server.faults.active],
            "struck": dict(self.server.faults.struck),
        }

    def _account_state(self, name: str) -> Json:
        opened = self.server.accounts[name]
        return {
            "equity": str(self.server.equity(name)),
            "liquidated": opened.account.liquidated,
            "wallets": {asset: str(amount) for asset, amount in opened.account.wallets.items()},
            "positions": [
                {"symbol": leg.symbol, "leg": leg.leg.value, "qty": str(leg.qty), "entry_price": str(leg.entry_price)}
                for leg in opened.account.held()
            ],
            "open_orders": len(opened.account.open_orders) + len(opened.account.open_algo_orders),
        }

    def _price(self, body: Json) -> Json:
        prices = body["prices"] if "prices" in body else {body["symbol"]: body["price"]}
        self.server.set_prices({str(symbol): Decimal(str(price)) for symbol, price in prices.items()})
        return {"marks": {symbol: str(self.server.engine.market.mark(symbol)) for symbol in prices}}

    def _fault(self, body: Json) -> Json:
        fault = Fault(
            kind=FaultKind(body["kind"]),
            path=str(body.get("path", "")),
            times=None if body.get("times") is None else int(body["times"]),
            value_ms=int(body.get("value_ms", 0)),
            probability=float(body.get("probability", 1.0)),
        )
        self.server.faults.add(fault)
        return {"faults": [active.kind.value for active in self.server.faults.active]}

    def _clear(self, body: Json) -> Json:
        self.server.faults.clear(FaultKind(body["kind"]) if body.get("kind") else None)
        return {"faults": [active.kind.value for active in self.server.faults.active]}

    def _account(self, body: Json) -> Json:
        opened = self.server.add_account(
            str(body["name"]),
            {str(asset): str(amount) for asset, amount in body["balances"].items()},
            [_holding(entry) for entry in body.get("positions", [])],
            hedge_mode=bool(body.get("hedge_mode", False)),
            multi_assets=bool(body.get("multi_assets", False)),
            default_leverage=int(body.get("leverage", 20)),
        )
        return {"name": opened.name, "api_key": opened.api_key, "secret": opened.secret}

    def _advance(self, body: Json) -> Json:
        self.server.advance(int(body["ms"]))
        return {"engine_ms": self.server.engine.now_ms}


def _holding(entry: Mapping[str, Any]) -> Holding:
    wallet = entry.get("isolated_wallet")
    return Holding(
        symbol=str(entry["symbol"]),
        qty=Decimal(str(entry["qty"])),
        entry_price=Decimal(str(entry["entry_price"])),
        leverage=None if entry.get("leverage") is None else int(entry["leverage"]),
        leg=Leg(entry.get("leg", "BOTH")),
        isolated_wallet=None if wallet is None else Decimal(str(wallet)),
    )
