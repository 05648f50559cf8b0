"""`binancecoinm` under test: the suite's coins are dollars here, and its dollars are coins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.contract.venues.harness import Harness

_SYMBOLS = {"BTCUSDT": "BTCUSD", "ETHUSDT": "BTCUSD_301227"}
_UNIFIED = {"BTCUSDT": "BTC/USD:BTC", "ETHUSDT": "BTC/USD:BTC-301227"}
# Dollars of a contract that stand for one coin of the suite, and of money for one bitcoin.
_UNITS = {"BTCUSDT": Decimal(40_000), "ETHUSDT": Decimal(400), "ETHUSD": Decimal(400)}
_DOLLARS = Decimal(40_000)


class BinanceCoinm(Harness):
    """What its requests and fields are called. A delivery contract in bitcoin stands for `ETHUSDT`."""

    venue = "binancecoinm"
    wallet_asset = "BTC"
    balances = "/dapi/v1/account"
    positions = "/dapi/v1/positionRisk"
    open_orders = "/dapi/v1/openOrders"
    listings = "/dapi/v1/exchangeInfo"
    rights = "/sapi/v1/account/apiRestrictions"
    orders = "/dapi/v1/order"
    time = "/dapi/v1/time"
    second_settle = ("ETH", "ETHUSD")
    empty_fields = ("markPrice", "liquidationPrice")
    required_fields = ("positionAmt", "entryPrice", "marginType", "leverage")
    relisted_size = 10.0

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.server.set_price(_SYMBOLS["ETHUSDT"], 3_400)

    def engine_symbol(self, name: str) -> str:
        """Inverse contracts."""
        return _SYMBOLS.get(name, name)

    def symbol(self, name: str) -> str:
        """Likewise."""
        return _UNIFIED[name]

    def money(self, usd: float) -> Decimal:
        """Bitcoin."""
        return Decimal(str(usd)) / _DOLLARS

    def qty(self, name: str, base: Decimal) -> Decimal:
        """Dollars."""
        return base * _UNITS[name]

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """A bare list."""
        found: list[dict[str, Any]] = answer
        return found

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"symbol": "NEWCOIN" + row["symbol"]}

    def relisted(self, answer: Any) -> Any:
        """A contract is 10 dollars."""
        for row in answer["symbols"]:
            row["contractSize"] = 10
        return answer


HARNESS = BinanceCoinm
