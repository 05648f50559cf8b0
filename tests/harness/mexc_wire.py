"""A small MEXC on loopback, in the shapes of its answers; and how to open its account."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from guard.app.clock import SystemClock
from guard.ports.venue import AccountSpec, Credentials, VenueAccount
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account

Row = dict[str, Any]
_RECV_WINDOW_MS = 10_000


def contract(symbol: str, size: float, **fields: object) -> Row:
    """A listed contract with three risk limits."""
    base, quote = symbol.split("_")
    return {
        "symbol": symbol,
        "displayNameEn": f"{symbol} SWAP",
        "baseCoin": base,
        "quoteCoin": quote,
        "settleCoin": base if quote == "USD" else quote,
        "contractSize": size,
        "minLeverage": 1,
        "maxLeverage": 125,
        "priceUnit": 0.1,
        "volUnit": 1,
        "minVol": 1,
        "maxVol": 1000000,
        "takerFeeRate": 0.0006,
        "makerFeeRate": 0.0002,
        "maintenanceMarginRate": 0.004,
        "initialMarginRate": 0.008,
        "riskBaseVol": 10000,
        "riskIncrVol": 200000,
        "riskIncrMmr": 0.004,
        "riskIncrImr": 0.004,
        "riskLevelLimit": 3,
        "state": 0,
        **fields,
    }


class Venue:
    """One account of the venue over HTTP; what is told stands in plain fields, and the key is checked by name only."""

    def __init__(self) -> None:
        self.contracts = [contract("BTC_USDT", 0.0001), contract("ETH_USDT", 0.01), contract("BTC_USD", 100)]
        self.contracts.append(contract("BTC_USDC", 0.0001, settleCoin="USDC"))
        self.marks = {"BTC_USDT": 43_500.0, "ETH_USDT": 3_400.0, "BTC_USD": 43_500.0, "BTC_USDC": 43_500.0}
        self.assets: list[Row] = []
        self.positions: list[Row] = []
        self.orders: list[Row] = []
        self.plans: list[Row] = []
        self.stops: list[Row] = []
        self.trails: list[Row] = []
        self.mode: Any = 2
        self.rate = 0.004
        self.refusals: dict[str, tuple[int, Any]] = {}
        self.seen: list[str] = []
        self.ahead_ms = 0
        self.fund("USDT", 10_000)

    def fund(
        self, currency: str, equity: float, unrealized: float = 0.0, frozen: float = 0.0, used: float = 0.0
    ) -> None:
        """Put money into a wallet."""
        self.assets = [row for row in self.assets if row["currency"] != currency]
        self.assets.append(
            {
                "currency": currency,
                "positionMargin": used,
                "availableBalance": equity - used - frozen,
                "cashBalance": equity - used - frozen,
                "frozenBalance": frozen,
                "equity": equity,
                "unrealized": unrealized,
                "bonus": 0,
            }
        )

    def hold(self, symbol: str, contracts: int, entry: float, **fields: object) -> None:
        """Open a leg: long above 0, cross unless `openType` says otherwise."""
        self.positions.append(
            {
                "positionId": len(self.positions) + 1,
                "symbol": symbol,
                "positionType": 1 if contracts > 0 else 2,
                "openType": 2,
                "state": 1,
                "holdVol": abs(contracts),
                "frozenVol": 0,
                "closeVol": 0,
                "holdAvgPrice": entry,
                "openAvgPrice": entry,
                "closeAvgPrice": 0,
                "liquidatePrice": 0,
                "oim": 100,
                "im": 100,
                "holdFee": 0,
                "realised": 0,
                "leverage": 20,
                "createTime": 1609991676000,
                "updateTime": 1609991676000,
                "autoAddIm": False,
                **fields,
            }
        )

    def rest(self, number: int, symbol: str, side: int, price: float, **fields: object) -> Row:
        """A resting order of 100 contracts."""
        return {
            "orderId": str(number),
            "symbol": symbol,
            "price": price,
            "vol": 100,
            "leverage": 20,
            "side": side,
            "category": 1,
            "orderType": 1,
            "dealVol": 0,
            "openType": 2,
            "state": 2,
            "externalOid": f"_m_{number}",
            **fields,
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Any request."""
        path = request.path
        self.seen.append(path)
        status, payload = next(
            (said for name, said in self.refusals.items() if path.endswith(name)), (200, self._answer(request, path))
        )
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return web.Response(status=status, text=text, content_type="application/json")

    def _answer(self, request: web.Request, path: str) -> Row:
        now_ms = int(datetime.now(tz=UTC).timestamp() * 1000) + self.ahead_ms
        if "/private/" in path:
            if request.headers.get("ApiKey") != "key" or not request.headers.get("Signature"):
                return {"success": False, "code": 401, "message": "Not logged in or login has expired"}
            if abs(int(request.headers["Request-Time"]) - now_ms) > _RECV_WINDOW_MS:
                return {"success": False, "code": 513, "message": "Invalid request"}
        page = int(request.query.get("page_num") or request.query.get("pageIndex") or 1)
        window = slice((page - 1) * 100, page * 100)
        charge = {"level": 1, "maxVol": 10000, "mmr": 0.004, "imr": 0.008, "openType": 2, "leverage": 20}
        tables: dict[str, Any] = {
            "/api/v1/contract/ping": now_ms,
            "/api/v1/contract/detail": self.contracts,
            "/api/v1/contract/ticker": [{"symbol": name, "fairPrice": mark} for name, mark in self.marks.items()],
            "/api/v1/contract/depth/BTC_USDT": {"bids": [[43499, 5, 1]], "asks": [[43501, 6, 1]], "version": 1},
            "/api/v1/private/account/assets": self.assets,
            "/api/v1/private/position/open_positions": self.positions,
            "/api/v1/private/order/list/open_orders": self.orders[window],
            "/api/v1/private/planorder/list/orders": self.plans[window],
            "/api/v1/private/trackorder/list/orders": self.trails[window],
            "/api/v1/private/stoporder/open_orders": self.stops,
            "/api/v1/private/position/position_mode": self.mode,
            "/api/v1/private/position/leverage": [
                {**charge, "positionType": side, "currentMmr": self.rate} for side in (1, 2)
            ],
        }
        if path not in tables:
            return {"success": False, "code": 404, "message": f"no {path}"}
        return {"success": True, "code": 0, "data": tables[path]}


class DriftingClock(SystemClock):
    """Real time, except that sleeping takes none and the wall clock may be wrong."""

    drift_s = 0.0
    ahead_s = 0.0

    def now(self) -> datetime:
        """Wall time."""
        return super().now() + timedelta(seconds=self.drift_s)

    def monotonic(self) -> float:
        """Stopwatch."""
        return super().monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        """Jump."""
        self.ahead_s += seconds


class Bench:
    """The venue, a clock and a hub; `open` opens the account."""

    def __init__(self, venue: Venue, base_url: str) -> None:
        self.venue = venue
        self.clock = DriftingClock()
        self.hub = VenueHub(self.clock, timeout_s=5.0)
        self._base_url = base_url
        self._opened: list[VenueAccount] = []

    async def open(self, name: str = "alice", key: str = "key") -> VenueAccount:
        """Open it with real ccxt."""
        spec = AccountSpec(name, "mexc", Credentials(api_key=key, secret="secret"), base_url=self._base_url)
        self._opened.append(await open_account(spec, self.clock, self.hub))
        return self._opened[-1]

    async def close(self) -> None:
        """Release connections."""
        for account in self._opened:
            await account.close()
        await self.hub.close()
