"""Every field of every row, spoiled in every way: an answer is refused, or the book does not change in silence."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import FetchedBook, Instrument
from guard.risk.book import Book, Tier
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.assemble import Answers, Reference, assemble, contradicted
from guard.venues.bitget.parse import read_accounts, read_orders, read_positions
from guard.venues.bitget.parse_reference import read_tiers
from guard.venues.bitget.pools import pools_of, torn_evidence
from guard.venues.markets import Listing, MarketTable

GARBAGE: list[Any] = [None, "", "x", "nan", "inf", [], {}, True, "1e400", "absent"]
NOW = datetime(2026, 1, 5, tzinfo=UTC)
USDT = "USDT-FUTURES"
GRID = Instrument("BTC/USDT:USDT", Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1))
MARKETS = MarketTable.of([Listing("BTCUSDT", "BTC/USDT:USDT", "USDT", "linear", 1.0, GRID, 0.0006, 0.0002)])
TIERS = (Tier(0.0, 50_000.0, 0.004), Tier(50_000.0, None, 0.01))


def spoil(row: dict[str, Any], key: str, garbage: Any) -> dict[str, Any]:
    """The row with one field spoiled."""
    if garbage == "absent":
        return {name: value for name, value in row.items() if name != key}
    return {**row, key: garbage}


def money(book: Book) -> Any:
    """What decides over liquidation."""
    orders = [(each.side, each.remaining, each.reduce_only, each.position_side) for each in book.orders]
    return (book.positions, book.collateral, book.tiers, book.position_mode, book.model, orders)


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
@pytest.mark.parametrize("kind", ["account", "position", "isolated", "order", "plan"])
@pytest.mark.parametrize("mode", ["one_way_mode", "hedge_mode"])
def test_no_spoiled_field_changes_the_book_in_silence(
    enveloped: Any,
    account_row: Any,
    position_row: Any,
    order_row: Any,
    plan_row: Any,
    kind: str,
    garbage: Any,
    mode: str,
) -> None:
    """Refused, named as missing, seen as torn or contradicted, or of no consequence."""
    hedged: dict[str, str] = {"posSide": "long", "tradeSide": "close"} if mode == "hedge_mode" else {}
    rows = {
        "account": account_row(crossedRiskRate="0.0099"),
        "position": position_row(posMode=mode),
        "isolated": position_row(posMode=mode, holdSide="short", marginMode="isolated", unrealizedPL="-100"),
        "order": order_row(posMode=mode, reduceOnly="YES", side="sell", **hedged),
        "plan": plan_row(posMode=mode, planType="loss_plan", side="sell", **hedged),
    }

    def book(spoiled: dict[str, Any]) -> FetchedBook | None:
        accounts = read_accounts(enveloped([spoiled["account"]]), USDT)
        legs = read_positions(enveloped([spoiled["position"], spoiled["isolated"]]), USDT)
        plain, _ = read_orders(enveloped({"entrustedList": [spoiled["order"]], "endId": ""}), USDT, at.OPEN_ORDERS)
        plans, _ = read_orders(enveloped({"entrustedList": [spoiled["plan"]], "endId": ""}), USDT, at.PLAN_ORDERS)
        parts = {"balances": NOW, "positions": NOW}
        answers = Answers(accounts, legs, plain + plans, parts)
        reference = Reference(MARKETS, {"BTCUSDT": TIERS}, {USDT: "hedge" if hedged else "one_way"})
        if contradicted(reference.position_modes, answers):
            return None
        return assemble("alice", answers, reference, torn_evidence(pools_of(accounts, legs), reference.tiers))

    whole = book(rows)
    assert whole is not None
    assert (whole.missing, whole.torn) == ((), ())
    for key in rows[kind]:
        try:
            fetched = book({**rows, kind: spoil(rows[kind], key, garbage)})
        except BadAnswer as error:
            assert str(error).startswith("bitget GET "), key  # noqa: PT017 - either outcome is right
            continue
        if fetched is None or fetched.missing or fetched.torn:
            continue
        assert money(fetched.book) == money(whole.book), (key, garbage)


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
@pytest.mark.parametrize("key", ["startUnit", "endUnit", "keepMarginRate"])
def test_no_spoiled_tier_is_taken(enveloped: Any, key: str, garbage: Any) -> None:
    """The end of the last tier is of no consequence; everything else is refused."""
    row = {
        "symbol": "X",
        "level": "1",
        "startUnit": "0",
        "endUnit": "50000",
        "leverage": "125",
        "keepMarginRate": "0.004",
    }
    with pytest.raises(BadAnswer):
        read_tiers(enveloped([spoil(row, key, garbage)]), "X")
