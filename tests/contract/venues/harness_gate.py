"""`gate` under test."""

from __future__ import annotations

from typing import Any

from tests.contract.venues.harness import Harness


class Gate(Harness):
    """What its requests and fields are called."""

    venue = "gate"
    balances = "/api/v4/futures/usdt/accounts"
    positions = "/api/v4/futures/usdt/positions"
    open_orders = "/api/v4/futures/usdt/orders"
    listings = "/api/v4/futures/usdt/contracts"
    rights = "/api/v4/account/main_keys"
    orders = "/api/v4/futures/usdt/orders"
    time = "/api/v4/spot/time"
    second_settle = None
    # Accounts with coins in them are taken as the venue reports them: see the venue's own tests.
    inverse = None
    empty_fields = (
        "liq_price",
        "maintenance_margin",
        "average_maintenance_rate",
        "initial_margin",
        "adl_ranking",
        "update_time",
        "risk_limit",
        "mark_price",
        "value",
    )
    required_fields = ("size", "entry_price", "leverage", "mode", "contract", "cross_leverage_limit")
    relisted_size = 0.001

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """The answer itself."""
        found: list[dict[str, Any]] = answer
        return found

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"contract": "NEWCOIN" + row["contract"]}

    def relisted(self, answer: Any) -> Any:
        """BTC_USDT with contracts ten times as large."""
        for row in answer:
            if row["name"] == "BTC_USDT":
                row["quanto_multiplier"] = "0.001"
        return answer


HARNESS = Gate
