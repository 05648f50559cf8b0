"""`binanceusdm` under test."""

from __future__ import annotations

from typing import Any

from tests.contract.venues.harness import Harness


class BinanceUsdm(Harness):
    """What its requests and fields are called."""

    venue = "binanceusdm"
    balances = "/fapi/v3/account"
    positions = "/fapi/v3/positionRisk"
    open_orders = "/fapi/v1/openOrders"
    conditional_orders = "/fapi/v1/openAlgoOrders"
    tiers = "/fapi/v1/leverageBracket"
    listings = "/fapi/v1/exchangeInfo"
    settings = "/fapi/v1/symbolConfig"
    mode = "/fapi/v1/accountConfig"
    rights = "/sapi/v1/account/apiRestrictions"
    orders = "/fapi/v1/order"
    time = "/fapi/v1/time"
    empty_fields = ("markPrice", "liquidationPrice", "initialMargin")
    required_fields = ("positionAmt", "entryPrice", "marginAsset")

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """A bare list."""
        found: list[dict[str, Any]] = answer
        return found

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"symbol": "NEWCOIN" + row["symbol"]}


HARNESS = BinanceUsdm
