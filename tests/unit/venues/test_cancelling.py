"""Answers to a cancellation that no sandbox gives: read for what they say, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderRejected
from guard.venues.binance.orders import BinanceOrderWords
from guard.venues.binanceusdm.branch import USDM
from guard.venues.bitget.orders import BitgetOrderWords, Situation
from guard.venues.bybit.orders import BybitOrderWords
from guard.venues.deribit.orders import DeribitOrderWords
from guard.venues.gate.orders import GateOrderWords
from guard.venues.krakenfutures.orders import KrakenOrderWords
from guard.venues.kucoinfutures.orders import KucoinOrderWords
from guard.venues.okx.orders import OkxOrderWords
from guard.venues.orderdesk import OrderWords

WORDS: dict[str, OrderWords] = {
    "binance": BinanceOrderWords(USDM.requests),
    "bitget": BitgetOrderWords(Situation()),
    "bybit": BybitOrderWords(),
    "deribit": DeribitOrderWords(lambda: 0),
    "gate": GateOrderWords(),
    "kraken": KrakenOrderWords(lambda: 0.0),
    "kucoin": KucoinOrderWords(lambda: False),
    "okx": OkxOrderWords(),
}


def kraken(word: str) -> Any:
    """Its answer."""
    return {"result": "success", "cancelStatus": {"status": word, "order_id": "7"}}


@pytest.mark.parametrize(
    ("venue", "answer", "taken"),
    [
        ("kraken", kraken("cancelled"), True),
        ("kraken", kraken("notFound"), False),
        ("kraken", kraken("filled"), False),
        ("deribit", {"result": {"order_id": "7", "order_state": "cancelled"}}, True),
        ("kucoin", {"code": "200000", "data": {"cancelledOrderIds": ["7"]}}, True),
        ("kucoin", {"code": "200000", "data": {"cancelledOrderIds": []}}, False),
    ],
)
def test_whether_it_was_taken(venue: str, answer: Any, taken: bool) -> None:
    """Some say in the answer that the order was not open."""
    assert WORDS[venue].read_cancelled(answer, "7") is taken


@pytest.mark.parametrize(
    ("venue", "answer"),
    [
        ("binance", {"orderId": 8}),
        ("bitget", {"code": "00000", "data": {"orderId": "8"}}),
        ("bybit", {"retCode": 0, "result": {"orderId": "8"}}),
        ("deribit", {"result": {"order_id": "8"}}),
        ("gate", {"id": 8}),
        ("kraken", {"cancelStatus": {"status": "cancelled", "order_id": "8"}}),
        ("kraken", kraken("somehow")),
        ("kucoin", {"code": "200000", "data": {"cancelledOrderIds": ["8"]}}),
        ("kucoin", {"code": "200000", "data": {}}),
        ("okx", {"code": "0", "data": [{"sCode": "0", "ordId": "8"}]}),
    ],
)
def test_an_answer_about_another_order_is_none(venue: str, answer: Any) -> None:
    """Nothing is claimed of ours."""
    with pytest.raises(BadAnswer):
        WORDS[venue].read_cancelled(answer, "7")


def test_a_refusal_inside_an_answer() -> None:
    """OKX tells it in the row."""
    with pytest.raises(OrderRejected, match="no text"):
        WORDS["okx"].read_cancelled({"code": "0", "data": [{"sCode": "51000", "ordId": "7"}]}, "7")
