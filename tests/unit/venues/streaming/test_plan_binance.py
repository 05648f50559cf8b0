"""Binance's stream messages, as the venue writes them."""

from __future__ import annotations

import pytest

from guard.ports.errors import BadAnswer, VenueUnavailable
from guard.venues.streaming.plan import Event
from guard.venues.streaming.plans.binance import USDM, read_events, read_marks

MARK = {
    "e": "markPriceUpdate",
    "E": 1_562_305_380_000,
    "s": "BTCUSDT",
    "p": "11794.15000000",
    "ap": "11794.15000000",
    "i": "11784.62659091",
    "P": "11784.25641265",
    "r": "0.00038167",
    "T": 1_562_306_400_000,
}


@pytest.mark.parametrize(
    ("message", "marks"),
    [
        (MARK, {"BTCUSDT": 11794.15}),
        ([MARK, MARK | {"s": "ETHUSDT", "p": "300"}], {"BTCUSDT": 11794.15, "ETHUSDT": 300.0}),
        ({"stream": "btcusdt@markPrice", "data": MARK}, {"BTCUSDT": 11794.15}),
        ({"result": None, "id": 1}, None),
        ({"e": "bookTicker", "s": "BTCUSDT"}, None),
        ("pong", None),
    ],
)
def test_marks(message: object, marks: dict[str, float] | None) -> None:
    """The mark is `p`; index and settlement prices are not."""
    assert read_marks(message) == marks


@pytest.mark.parametrize("price", ["", None, "NaN", "abc"])
def test_broken_mark_is_refused(price: object) -> None:
    """A price that is none ends the connection instead of becoming a figure."""
    with pytest.raises(BadAnswer, match="markPriceUpdate"):
        read_marks(MARK | {"p": price})


def test_events() -> None:
    """Whatever changes the account is news; answers of the venue are left to ccxt; an expired key ends the stream."""
    assert read_events({"e": "ACCOUNT_UPDATE", "a": {}}) == (Event("ACCOUNT_UPDATE"),)
    assert read_events({"e": "ORDER_TRADE_UPDATE", "o": {}}) == (Event("ORDER_TRADE_UPDATE"),)
    assert read_events({"result": None, "id": 1}) is None
    assert read_events([]) is None
    with pytest.raises(VenueUnavailable, match="listen key"):
        read_events({"e": "listenKeyExpired"})


def test_all_marks_in_one_answer() -> None:
    """The call's answer: every symbol, those without a mark left out."""
    (call,) = USDM.marks_calls
    rows = [{"symbol": "BTCUSDT", "markPrice": "40000.5"}, {"symbol": "OLDUSDT", "markPrice": "0.00000000"}]
    assert call.read(rows) == {"BTCUSDT": 40_000.5}
    with pytest.raises(BadAnswer):
        call.read({"code": -1})
