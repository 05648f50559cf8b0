"""`binancepm` under test."""

from __future__ import annotations

from typing import Any

from tests.contract.venues.harness import Harness


class BinancePortfolio(Harness):
    """What its requests and fields are called; the positions are those of its linear branch."""

    venue = "binancepm"
    balances = "/papi/v1/balance"
    positions = "/papi/v1/um/positionRisk"
    open_orders = "/papi/v1/um/openOrders"
    listings = "/fapi/v1/exchangeInfo"
    rights = "/sapi/v1/account/apiRestrictions"
    time = "/fapi/v1/time"
    inverse = "BTCUSD"
    has_isolated_beside_cross = False
    can_trade = False
    empty_fields = ("markPrice", "liquidationPrice", "leverage")
    required_fields = ("positionAmt", "entryPrice", "positionSide")

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """A bare list."""
        found: list[dict[str, Any]] = answer
        return found

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"symbol": "NEWCOIN" + row["symbol"]}


HARNESS = BinancePortfolio
