"""`kucoinfutures` under test."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.kucoinfutures.signing import PHRASE
from guard.sandbox.server import SandboxAccount
from tests.contract.venues.harness import Harness


class KucoinFutures(Harness):
    """What its requests and fields are called."""

    venue = "kucoinfutures"
    balances = "/api/v1/account-overview"
    positions = "/api/v1/positions"
    open_orders = "/api/v1/orders"
    conditional_orders = "/api/v1/stopOrders"
    listings = "/api/v1/contracts/active"
    mode = "/api/v2/position/getPositionMode"
    rights = "/api/v1/user/api-key"
    orders = "/api/v1/orders"
    time = "/api/v1/timestamp"
    inverse = "BTCUSD"
    has_passphrase = True
    empty_fields = ("liquidationPrice", "bankruptPrice", "markPrice", "leverage", "posComm", "unrealisedPnl")
    required_fields = ("currentQty", "avgEntryPrice", "settleCurrency", "symbol")
    relisted_size = 0.01

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """In an envelope."""
        found: list[dict[str, Any]] = answer["data"]
        return found

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"symbol": "NEWCOIN" + row["symbol"]}

    def relisted(self, answer: Any) -> Any:
        """XBTUSDTM with contracts ten times as large."""
        for row in answer["data"]:
            if row["symbol"] == "XBTUSDTM":
                row["multiplier"] = 0.01
        return answer

    def key(self, account: SandboxAccount, **rights: Any) -> dict[str, Any]:
        """With the passphrase."""
        return {**super().key(account, **rights), "passphrase": PHRASE}

    def credentials(self, account: SandboxAccount) -> dict[str, Any]:
        """With the passphrase."""
        return {**super().credentials(account), "passphrase": PHRASE}


HARNESS = KucoinFutures
