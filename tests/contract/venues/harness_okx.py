"""`okx` under test."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.okx.signing import PHRASE
from guard.sandbox.server import SandboxAccount
from tests.contract.venues.harness import Harness


class Okx(Harness):
    """What its requests and fields are called."""

    venue = "okx"
    balances = "/api/v5/account/balance"
    positions = "/api/v5/account/positions"
    open_orders = "/api/v5/trade/orders-pending"
    listings = "/api/v5/public/instruments"
    rights = "/api/v5/account/config"
    orders = "/api/v5/trade/order"
    time = "/api/v5/public/time"
    inverse = "BTCUSD"
    has_passphrase = True
    empty_fields = ("liqPx", "mgnRatio", "mmr", "imr", "usdPx", "uTime", "margin", "markPx")
    required_fields = ("pos", "avgPx", "lever", "mgnMode", "ccy", "instType")
    relisted_size = 0.1

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """Inside `data`."""
        found: list[dict[str, Any]] = answer["data"]
        return found

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"instId": "NEWCOIN" + row["instId"]}

    def relisted(self, answer: Any) -> Any:
        """BTC-USDT-SWAP with contracts ten times as large."""
        for row in answer["data"]:
            if row["instId"] == "BTC-USDT-SWAP":
                row["ctVal"] = "0.1"
        return answer

    def credentials(self, account: SandboxAccount) -> dict[str, Any]:
        """With the passphrase that every key of the sandbox has."""
        return {**super().credentials(account), "passphrase": PHRASE}

    def key(self, account: SandboxAccount, **rights: Any) -> dict[str, Any]:
        """Likewise."""
        return {**super().key(account, **rights), "passphrase": PHRASE}


HARNESS = Okx
