"""`bingx` under test."""

from __future__ import annotations

from typing import Any

from tests.contract.venues.harness import Harness


class Bingx(Harness):
    """What its requests and fields are called. Coin-margined contracts are never complete here: see its own tests."""

    venue = "bingx"
    balances = "/openApi/swap/v3/user/balance"
    positions = "/openApi/swap/v2/user/positions"
    open_orders = "/openApi/swap/v2/trade/openOrders"
    listings = "/openApi/swap/v2/quote/contracts"
    time = "/openApi/swap/v2/server/time"
    orders = "/openApi/swap/v2/trade/order"
    rights = "/openApi/v1/account/apiPermissions"
    empty_fields = ("markPrice", "positionValue", "liquidationPrice", "maxMarginReduction")
    required_fields = ("symbol", "positionSide", "positionAmt", "avgPrice", "leverage", "isolated")

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """Inside the envelope."""
        found: list[dict[str, Any]] = answer["data"]
        return found

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"symbol": "NEWCOIN" + row["symbol"]}


HARNESS = Bingx
