"""Every field of Hyperliquid's answers, spoiled: refused, named as missing, or of no consequence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.venues.hyperliquid import parse, universe
from guard.venues.hyperliquid.assemble import Answers, Reference, assemble
from tests.unit.venues.hyperliquid.spoiling import Path, silent_changes

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def leg(coin: str, size: str, entry: str, value: str, **leverage: Any) -> dict[str, Any]:
    """One position."""
    return {
        "type": "oneWay",
        "position": {
            "coin": coin,
            "szi": size,
            "entryPx": entry,
            "positionValue": value,
            "unrealizedPnl": "1.0",
            "returnOnEquity": "0.1",
            "leverage": {"type": "cross", "value": 20, **leverage},
            "liquidationPx": None,
            "marginUsed": "75.0",
            "maxLeverage": 40,
        },
    }


def order(coin: str, oid: int, **fields: Any) -> dict[str, Any]:
    """One open order."""
    return {
        "coin": coin,
        "side": "B",
        "limitPx": "90.0",
        "sz": "2.0",
        "oid": oid,
        "isTrigger": False,
        "triggerPx": "0.0",
        "isPositionTpsl": False,
        "reduceOnly": False,
        "orderType": "Limit",
        "cloid": None,
        **fields,
    }


SUMMARY = {"accountValue": "1000.0", "totalNtlPos": "0.0", "totalRawUsd": "-19100.0", "totalMarginUsed": "1005.0"}
TIERS = [{"lowerBound": "0.0", "maxLeverage": 40}, {"lowerBound": "1000.0", "maxLeverage": 20}]
ANSWERS: dict[str, Any] = {
    "state": {
        "assetPositions": [
            leg("BTC", "0.4", "50000.0", "20100.0"),
            leg("ETH", "-0.5", "2000.0", "1005.0", type="isolated", rawUsd="1080.0"),
        ],
        "crossMarginSummary": SUMMARY,
        "marginSummary": SUMMARY,
        "crossMaintenanceMarginUsed": "400.0",
        "withdrawable": "10.0",
        "time": 1_700_000_000_000,
    },
    "orders": [
        order("SOL", 1),
        order(
            "BTC", 2, side="A", isTrigger=True, reduceOnly=True, isPositionTpsl=True, sz="0.0", orderType="Stop Market"
        ),
    ],
    "universe": [
        {
            "universe": [
                {"name": name, "szDecimals": 3, "maxLeverage": 40, "marginTableId": table}
                for name, table in (("BTC", 56), ("ETH", 25), ("SOL", 10))
            ],
            "marginTables": [[56, {"description": "tiered", "marginTiers": TIERS}]],
        },
        [{"markPx": "50250.0"}, {"markPx": "2010.0"}, {"markPx": "100.0"}],
    ],
    "spot": {
        "balances": [{"coin": "USDC", "token": 0, "total": "1000.0", "hold": "0.0"}],
        "tokenToAvailableAfterMaintenance": [[0, "600.0"]],
    },
}


def fetch(answers: dict[str, Any], mode: parse.Abstraction) -> FetchedBook:
    """The book of these answers."""
    listed = universe.read_universe(answers["universe"], "", 0, "USDC")
    rows = Answers(
        states={"": parse.read_state(answers["state"])},
        orders=parse.read_orders(answers["orders"]),
        parts={"balances": NOW, "positions": NOW},
        spot=parse.read_spot(answers["spot"]) if mode == "unified" else None,
    )
    return assemble("alice", rows, Reference(mode, {"": listed}, leverages={"SOL": 10.0}))


def harmless(name: str, path: Path, garbage: Any) -> bool:
    """Numbers that are other numbers, rows that are not there, and what a wrong word cannot be told from."""
    is_row = len(path) > 1 and isinstance(path[-1], int)
    if garbage == -7.25:
        return True
    if name == "orders" and path[-1] in {"cloid", "coin", "orderType", "oid"}:
        return True
    return garbage == "absent" and (is_row or len(path) == 1 or path[-1] == "balances")


@pytest.mark.parametrize("mode", ["standard", "unified"])
def test_no_spoiled_field_changes_the_book_in_silence(mode: parse.Abstraction) -> None:
    """Nothing becomes 0, nothing is dropped, nothing but a BadAnswer is raised."""
    assert silent_changes(ANSWERS, lambda answers: fetch(answers, mode), harmless) == []


@pytest.mark.parametrize("mode", ["standard", "unified"])
def test_the_whole_answer(mode: parse.Abstraction) -> None:
    """What the spoilt ones are compared with is a book that the rule takes."""
    assert len(assess(fetch(ANSWERS, mode).book).pools) == 2
