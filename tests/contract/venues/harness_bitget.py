"""`bitget` under test."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.bitget.signing import PHRASE
from guard.sandbox.server import SandboxAccount
from tests.contract.venues.harness import Harness


class Bitget(Harness):
    """What its requests and fields are called."""

    venue = "bitget"
    balances = "/v2/mix/account/accounts"
    positions = "/v2/mix/position/all-position"
    open_orders = "/v2/mix/order/orders-pending"
    conditional_orders = "/v2/mix/order/orders-plan-pending"
    listings = "/v2/mix/market/contracts"
    mode = "/v2/mix/account/account"
    rights = "/v2/spot/account/info"
    orders = "/v2/mix/order/place-order"
    time = "/v2/public/time"
    inverse = "BTCUSD"
    has_passphrase = True
    empty_fields = ("liquidationPrice", "marginRatio", "breakEvenPrice", "totalFee", "unrealizedPL", "uTime")
    required_fields = (
        "total",
        "openPriceAvg",
        "markPrice",
        "holdSide",
        "marginMode",
        "leverage",
        "marginCoin",
        "cTime",
    )

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """A list in an envelope. Products without positions answer too: what is done to a stand-in row is lost."""
        found: list[dict[str, Any]] = answer["data"]
        return found or [{}]

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"symbol": "NEWCOIN" + row.get("symbol", "")}

    def key(self, account: SandboxAccount, **rights: Any) -> dict[str, Any]:
        """With the passphrase."""
        return {**super().key(account, **rights), "passphrase": PHRASE}

    def credentials(self, account: SandboxAccount) -> dict[str, Any]:
        """With the passphrase."""
        return {**super().credentials(account), "passphrase": PHRASE}


HARNESS = Bitget
