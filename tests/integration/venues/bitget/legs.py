"""Legs, orders and requests that tests of Bitget have in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.ports.venue import OrderRequest
from tests.contract.venues.harness import Harness

D = Decimal
BTC = "BTC/USDT:USDT"


def btc(bench: Harness, qty: str = "2", leg: str = "BOTH", **fields: Any) -> Any:
    """A leg in BTC."""
    return bench.holding("BTCUSDT", qty, "43000", leg, **fields)


def reduction(**fields: Any) -> OrderRequest:
    """An order that closes half a BTC of a long leg."""
    values: dict[str, Any] = {
        "client_order_id": "g0123456789abcdef01s12c3",
        "symbol": BTC,
        "side": "sell",
        "leg": "long",
        "contracts": D("0.5"),
        "limit_price": D(43_000),
        "reduce_only": True,
        "position_mode": "one_way",
    }
    return OrderRequest(**{**values, **fields})


def asked(bench: Harness, end: str) -> list[dict[str, Any]]:
    """The parameters of the requests whose path ends so."""
    return [dict(query) for _, path, query in bench.tampering.seen if path.endswith(end)]
