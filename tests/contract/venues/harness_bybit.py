"""`bybit` under test."""

from __future__ import annotations

from typing import Any

from tests.contract.venues.harness import Harness


class Bybit(Harness):
    """What its requests and fields are called."""

    venue = "bybit"
    balances = "/v5/account/wallet-balance"
    positions = "/v5/position/list"
    open_orders = "/v5/order/realtime"
    listings = "/v5/market/instruments-info"
    rights = "/v5/user/query-api"
    orders = "/v5/order/create"
    time = "/v5/market/time"
    inverse = "BTCUSD"
    has_isolated_beside_cross = False
    empty_fields = ("liqPrice", "bustPrice", "positionBalance", "sessionAvgPrice", "unrealisedPnl", "positionMM")
    required_fields = ("size", "avgPrice", "symbol", "side", "positionIdx", "markPrice", "leverage")

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """In the envelope; of a list that is empty, as that of another settlement coin is, a row that nobody reads."""
        found: list[dict[str, Any]] = answer["result"]["list"]
        return found or [{"symbol": ""}]

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"symbol": "NEWCOIN" + row["symbol"]}


HARNESS = Bybit
