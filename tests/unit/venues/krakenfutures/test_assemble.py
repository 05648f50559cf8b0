"""Kraken Futures' rows and books, every field spoiled."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import FetchedBook, OrderRequest, OrderState, OrderStatus
from guard.risk.assess import assess
from guard.risk.bookfile import dump_book, parse_book
from guard.risk.conformity import conformity
from guard.venues.krakenfutures import endpoints as at
from guard.venues.krakenfutures import orders, parse
from guard.venues.krakenfutures.assemble import Answers, assemble
from tests.unit.venues.hyperliquid.spoiling import Path, silent_changes

NOW = datetime(2026, 3, 4, tzinfo=UTC)
LEVELS = [
    {"numNonContractUnits": 0, "initialMargin": 0.02, "maintenanceMargin": 0.01},
    {"numNonContractUnits": 500_000, "initialMargin": 0.04, "maintenanceMargin": 0.02},
]


def instrument(name: str) -> dict[str, Any]:
    """One contract of the multi-collateral wallet."""
    return {
        "symbol": name,
        "type": "flexible_futures",
        "tickSize": 0.5,
        "contractSize": 1,
        "contractValueTradePrecision": 4,
        "marginLevels": LEVELS,
    }


ANSWERS: dict[str, Any] = {
    "accounts": {
        "accounts": {
            "flex": {
                "type": "multiCollateralMarginAccount",
                "currencies": {
                    "USD": {"quantity": "1000.0", "value": "1000.0", "collateral": "1000.0", "available": "1.0"},
                    "XBT": {"quantity": "0.5", "value": "25000.0", "collateral": "24000.0", "available": "0.1"},
                },
                "marginEquity": "24990.0",
                "maintenanceMargin": "500.0",
                "initialMarginWithOrders": "1000.0",
                "availableMargin": "23990.0",
                "unrealizedFunding": "-10.0",
                "pnl": "0.0",
            },
            "cash": {"type": "cashAccount", "balances": {"xbt": "0.0"}},
        }
    },
    "positions": {"openPositions": [{"symbol": "PF_XBTUSD", "side": "long", "size": 1.0, "price": 50_000.0}]},
    "orders": {
        "openOrders": [
            {
                "order_id": "o-1",
                "cliOrdId": "mine",
                "symbol": "PF_ETHUSD",
                "side": "sell",
                "orderType": "lmt",
                "limitPrice": 3_000.0,
                "unfilledSize": 2.0,
                "reduceOnly": False,
            }
        ]
    },
    "tickers": {
        "tickers": [{"symbol": "PF_XBTUSD", "markPrice": 50_000.0}, {"symbol": "PF_ETHUSD", "markPrice": 2_500.0}]
    },
    "instruments": {"instruments": [instrument("PF_XBTUSD"), instrument("PF_ETHUSD")]},
}


def fetch(answers: dict[str, Any]) -> FetchedBook:
    """The book of these answers."""
    rows = Answers(
        flex=parse.read_flex(answers["accounts"]),
        singles=parse.read_singles(answers["accounts"]),
        positions=parse.read_positions(answers["positions"]),
        orders=parse.read_orders(answers["orders"]),
        marks=parse.read_marks(answers["tickers"]),
        parts={"balances": NOW, "positions": NOW},
    )
    return assemble("alice", rows, parse.read_contracts(answers["instruments"]))


def harmless(_name: str, path: Path, garbage: Any) -> bool:
    """Numbers that are other numbers, rows that are not there, and words that are only names."""
    is_row = len(path) > 1 and (isinstance(path[-1], int) or path[-2] == "currencies")
    if garbage == -7.25 or (garbage == "absent" and is_row):
        return True
    if path[-1] in {"openPositions", "openOrders"} and garbage == []:
        return True
    if path[-1] == "currencies" and garbage == {}:
        return True  # nothing in the wallet; the venue's own equity will disagree
    return path[-1] in {"order_id", "cliOrdId", "orderType"}


def test_no_spoiled_field_changes_the_book_in_silence() -> None:
    """Nothing becomes 0, nothing is dropped, nothing but a BadAnswer is raised."""
    assert silent_changes(ANSWERS, fetch, harmless) == []
    assert assess(fetch(ANSWERS).book).pools[0].equity == pytest.approx(24_990.0)


@pytest.mark.parametrize(("pnl", "agrees"), [("200.0", True), ("-200.0", True), ("2000.0", False)])
def test_a_mark_of_another_moment_is_no_dispute(pnl: str, agrees: object) -> None:
    """A profit that no move of prices explains is one: a position was not told."""
    answers = deepcopy(ANSWERS)
    answers["accounts"]["accounts"]["flex"] |= {"pnl": pnl, "marginEquity": str(24_990.0 + float(pnl))}
    book = fetch(answers).book
    assert (conformity(assess(book), book) == ()) is agrees


@pytest.mark.parametrize(("size", "leverage", "needed"), [(10.0, 50.0, 5_000.0), (10.001, 25.0, 10_001.0)])
def test_levels_of_linear_contracts_are_in_dollars(size: float, leverage: float, needed: float) -> None:
    """The level from 500,000 on begins at 10 BTC of 50,000, not at 500,000 BTC."""
    answers = deepcopy(ANSWERS)
    answers["positions"]["openPositions"][0]["size"] = size
    book = fetch(answers).book
    assert book.positions[0].leverage == pytest.approx(leverage)
    assert assess(book).pools[0].maintenance_margin == pytest.approx(needed)


def test_an_inverse_contract_is_told_by_its_type() -> None:
    """Its levels count contracts, it settles in its coin, and a fixed maturity names its day."""
    levels = [{"contracts": 0, "initialMargin": 0.02, "maintenanceMargin": 0.01}]
    row = {**instrument("fi_xbtusd_261225"), "type": "futures_inverse", "marginLevels": levels}
    dated = {**row, "lastTradingTime": "2026-12-25T15:00:00.000Z", "contractValueTradePrecision": 0}
    (contract,) = parse.read_contracts({"instruments": [dated]}).values()
    assert (contract.listing.symbol, contract.listing.kind) == ("BTC/USD:BTC-261225", "inverse")
    assert contract.tiers[0].max_leverage == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("kind", "left", "filled", "order_type", "expected"),
    [
        ("OrderPlaced", "0", "2", "IoC", OrderStatus.FILLED),
        ("OrderPlaced", "1", "1", "IoC", OrderStatus.PARTLY_FILLED),
        ("OrderCancelled", "2", "0", "Limit", OrderStatus.EXPIRED),
        ("OrderUpdated", "1", "1", "Limit", OrderStatus.OPEN),
        ("OrderRejected", "2", "0", "Limit", OrderStatus.REJECTED),
    ],
)
def test_orders_in_the_history(kind: str, left: str, filled: str, order_type: str, expected: OrderStatus) -> None:
    """As the newest event left them."""
    order = {"uid": "o-1", "clientId": "c1", "quantity": left, "filled": filled, "orderType": order_type}
    inside = {"newOrder" if kind == "OrderUpdated" else "order": order}
    older = {"event": {"OrderPlaced": {"order": {**order, "quantity": "9", "filled": "0", "orderType": "Limit"}}}}
    found = orders.read_history({"elements": [{"event": {kind: inside}}, older]}, "c1", "BTC/USD:USD")
    assert found is not None
    assert found.status is expected
    assert orders.read_history({"elements": [older]}, "c2", "BTC/USD:USD") is None


def test_dust_without_a_value_stands_in_the_book() -> None:
    """It counts for nothing, and the book can be written and read."""
    answers = deepcopy(ANSWERS)
    dust = {"quantity": "0.1", "value": "0.0", "collateral": "0.0", "available": "0.1"}
    answers["accounts"]["accounts"]["flex"]["currencies"]["SHIB"] = dust
    book = fetch(answers).book
    assert assess(book).pools[0].equity == pytest.approx(24_990.0)
    assert parse_book(dump_book(book)).collateral == book.collateral


def sent(**words: Any) -> OrderState | None:
    """What is read from an answer to a reduction by 1 BTC."""
    request = OrderRequest("c1", "BTC/USD:USD", "sell", "long", Decimal(1), Decimal(49_000), True, "one_way")
    return orders.read_accepted({"sendStatus": {"order_id": "o-1", **words}}, request)


def test_a_word_that_is_not_known_is_no_refusal() -> None:
    """It may stand: only what the documents call "not placed" is a refusal."""
    with pytest.raises(OrderRejected, match="wouldNotReducePosition"):
        sent(status="wouldNotReducePosition")
    for word in ("attempted", "clientOrderIdAlreadyExist", "somethingNew"):
        with pytest.raises(OrderOutcomeUnknown, match=word):
            sent(status=word)


def test_an_order_that_was_taken_without_a_fill_is_asked_for() -> None:
    """No event of an end, no proof that nothing was filled."""
    assert sent(status="placed", orderEvents=[{"type": "PLACE"}]) is None
    ended = sent(status="placed", orderEvents=[{"type": "CANCEL"}])
    assert ended is not None
    assert ended.status is OrderStatus.EXPIRED


def test_an_unknown_status_is_no_outcome() -> None:
    """It may be open."""
    row = {"orders": [{"order": {"cliOrdId": "c1", "filled": 0, "orderId": "o"}, "status": "SLEEPING"}]}
    with pytest.raises(BadAnswer, match="SLEEPING"):
        orders.read_status(row, "c1", "BTC/USD:USD")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"result": "error", "error": "authenticationError"}, "authenticationError"),
        ({"errors": [{"code": 92, "message": "INSUFFICIENT_MARGIN"}]}, "INSUFFICIENT_MARGIN"),
        ({"result": "success"}, None),
    ],
)
def test_how_the_venue_words_a_refusal(answer: dict[str, Any], code: str | None) -> None:
    """A word, or a list of messages."""
    assert at.refusal(answer)[0] == code
