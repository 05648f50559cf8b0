"""Stream messages of every venue, in the venue's own shapes: which are marks, which are news, which are neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.streaming.plan import StreamPlan
from guard.venues.streaming.plans import bingx, bitget, bybit, gate, hyperliquid, kucoinfutures, okx

Json = dict[str, Any]


@dataclass(frozen=True)
class Venue:
    """One plan with messages: a mark and what it says, news, the same news with other prices, other news, neither."""

    plan: StreamPlan
    mark: Json
    marks: Mapping[str, float | None]
    broken: Json
    news: Json
    repeated: Json
    changed: Json
    neither: tuple[object, ...]
    all_marks: object


def bybit_position(**fields: object) -> Json:
    """A `position` push."""
    row = {"symbol": "BTCUSDT", "positionIdx": 0, "side": "Buy", "size": "1", "entryPrice": "43500", "leverage": "10"}
    return {"topic": "position", "data": [{**row, "markPrice": "43500", "unrealisedPnl": "0", **fields}]}


def okx_position(**fields: object) -> Json:
    """A `positions` push."""
    row = {
        "instId": "BTC-USDT-SWAP",
        "mgnMode": "cross",
        "posSide": "net",
        "pos": "100",
        "avgPx": "43500",
        "lever": "10",
    }
    return {
        "arg": {"channel": "positions", "instType": "ANY"},
        "data": [{**row, "markPx": "43500", "upl": "0", **fields}],
    }


def kucoin_position(**fields: object) -> Json:
    """A `position.change` push."""
    row = {"symbol": "XBTUSDTM", "currentQty": 10, "avgEntryPrice": 43500, "posMargin": 20, "markPrice": 43500}
    row["changeReason"] = "positionChange"
    return {
        "type": "message",
        "topic": "/contract/positionAll",
        "subject": "position.change",
        "data": {**row, **fields},
    }


def bitget_account(**fields: object) -> Json:
    """An `account` push."""
    row = {"marginCoin": "USDT", "frozen": "0", "available": "900", "equity": "1000", "unrealizedPL": "0", **fields}
    return {"arg": {"instType": "USDT-FUTURES", "channel": "account", "coin": "default"}, "data": [row]}


def gate_position(**fields: object) -> Json:
    """A `futures.positions` update."""
    row = {"contract": "BTC_USDT", "mode": "single", "size": 10, "entry_price": 43500, "leverage": 10, "margin": 0}
    return {"channel": "futures.positions", "event": "update", "result": [{**row, "liq_price": 1, **fields}]}


def hyperliquid_state(szi: str = "1", mark: str = "0", cash: str = "-33500") -> Json:
    """A `clearinghouseState` push."""
    leg = {
        "coin": "BTC",
        "szi": szi,
        "entryPx": "43500",
        "leverage": {"type": "cross", "value": 10},
        "unrealizedPnl": mark,
    }
    state = {"assetPositions": [{"type": "oneWay", "position": leg}], "crossMarginSummary": {"totalRawUsd": cash}}
    return {"channel": "clearinghouseState", "data": {"dex": "", "user": "0x1", "clearinghouseState": state}}


def ticker(bitget_price: str | None) -> Json:
    """A `ticker` push of Bitget."""
    return {
        "action": "snapshot",
        "arg": {"instType": "USDT-FUTURES", "channel": "ticker", "instId": "BTCUSDT"},
        "data": [{"instId": "BTCUSDT", "lastPr": "1", "markPrice": bitget_price}],
    }


VENUES = {
    "bybit": Venue(
        plan=bybit.PLAN,
        mark={"topic": "tickers.BTCUSDT", "type": "snapshot", "data": {"symbol": "BTCUSDT", "markPrice": "43500.5"}},
        marks={"BTCUSDT": 43_500.5},
        broken={"topic": "tickers.BTCUSDT", "type": "delta", "data": {"symbol": "BTCUSDT", "markPrice": "x"}},
        news=bybit_position(),
        repeated=bybit_position(markPrice="42000", unrealisedPnl="-1500"),
        changed=bybit_position(size="2"),
        neither=({"op": "auth", "success": True}, {"op": "pong"}, "text", {"topic": "orderbook.50.BTCUSDT"}),
        all_marks={"result": {"list": [{"symbol": "BTCUSDT", "markPrice": "1.5"}, {"symbol": "X", "markPrice": ""}]}},
    ),
    "okx": Venue(
        plan=okx.PLAN,
        mark={
            "arg": {"channel": "mark-price", "instId": "BTC-USDT-SWAP"},
            "data": [{"instType": "SWAP", "instId": "BTC-USDT-SWAP", "markPx": "43500.5", "ts": "1"}],
        },
        marks={"BTC-USDT-SWAP": 43_500.5},
        broken={"arg": {"channel": "mark-price"}, "data": [{"instId": "BTC-USDT-SWAP", "markPx": ""}]},
        news=okx_position(),
        repeated=okx_position(markPx="42000", upl="-15"),
        changed=okx_position(pos="50"),
        neither=({"event": "login", "code": "0"}, {"event": "subscribe", "arg": {"channel": "positions"}}, "pong"),
        all_marks={"code": "0", "data": [{"instId": "BTC-USDT-SWAP", "markPx": "1.5"}]},
    ),
    "kucoinfutures": Venue(
        plan=kucoinfutures.PLAN,
        mark={"T": "mark-price", "P": "1", "d": {"s": "XBTUSDTM", "mp": "43500.5", "ip": "43000"}},
        marks={"XBTUSDTM": 43_500.5},
        broken={"T": "mark-price", "d": {"s": "XBTUSDTM"}},
        news=kucoin_position(),
        repeated=kucoin_position(markPrice=42000, changeReason="markPriceChange"),
        changed=kucoin_position(currentQty=20),
        neither=({"type": "welcome"}, {"type": "pong", "id": "1"}, {"type": "message", "topic": "/contract/other"}),
        all_marks={"code": "200000", "data": [{"symbol": "XBTUSDTM", "markPrice": 1.5}, {"symbol": "Y"}]},
    ),
    "bingx": Venue(
        plan=bingx.PLAN,
        mark={
            "code": 0,
            "dataType": "BTC-USDT@markPrice",
            "data": {"e": "markPriceUpdate", "s": "BTC-USDT", "p": "43500.5"},
        },
        marks={"BTC-USDT": 43_500.5},
        broken={"code": 0, "dataType": "BTC-USDT@markPrice", "data": None},
        news={"e": "ACCOUNT_UPDATE", "a": {}},
        repeated={"e": "SNAPSHOT", "ac": {}},
        changed={"e": "ORDER_TRADE_UPDATE", "o": {}},
        neither=({"id": "1", "code": 0, "msg": "SUCCESS"}, "Ping", {"e": "SNAPSHOT"}),
        all_marks={"code": 0, "data": [{"symbol": "BTC-USDT", "markPrice": "1.5"}]},
    ),
    "bitget": Venue(
        plan=bitget.PLAN,
        mark=ticker("43500.5"),
        marks={"BTCUSDT": 43_500.5},
        broken=ticker("x"),
        news=bitget_account(),
        repeated=bitget_account(available="400", equity="500", unrealizedPL="-500"),
        changed=bitget_account(equity="2000"),
        neither=({"event": "login", "code": 0}, {"event": "subscribe", "arg": {"channel": "positions"}}, "pong"),
        all_marks={"code": "00000", "data": [{"symbol": "BTCUSDT", "markPrice": "1.5"}]},
    ),
    "gate": Venue(
        plan=gate.PLAN,
        mark={
            "channel": "futures.tickers",
            "event": "update",
            "result": [{"contract": "BTC_USDT", "last": "1", "mark_price": "43500.5"}],
        },
        marks={"BTC_USDT": 43_500.5},
        broken={
            "channel": "futures.tickers",
            "event": "update",
            "result": [{"contract": "BTC_USDT", "mark_price": "x"}],
        },
        news=gate_position(),
        repeated=gate_position(liq_price=2),
        changed=gate_position(size=20),
        neither=({"channel": "futures.positions", "event": "subscribe", "result": {"status": "success"}}, "pong"),
        all_marks=[{"contract": "BTC_USDT", "mark_price": "1.5"}],
    ),
    "hyperliquid": Venue(
        plan=hyperliquid.PLAN,
        mark={"channel": "activeAssetCtx", "data": {"coin": "BTC", "ctx": {"markPx": "43500.5", "oraclePx": "43000"}}},
        marks={"BTC": 43_500.5},
        broken={"channel": "activeAssetCtx", "data": {"coin": "BTC", "ctx": {}}},
        news=hyperliquid_state(),
        repeated=hyperliquid_state(mark="-1500"),
        changed=hyperliquid_state(cash="-20000"),
        neither=({"channel": "pong"}, {"channel": "subscriptionResponse", "data": {}}, "text"),
        all_marks=[{"universe": [{"name": "BTC"}, {"name": "OLD"}]}, [{"markPx": "1.5"}, {"markPx": None}]],
    ),
}


@pytest.fixture(params=VENUES)
def venue(request: pytest.FixtureRequest) -> Venue:
    """Each venue."""
    return VENUES[request.param]


def substances(plan: StreamPlan, message: Json) -> dict[str, object]:
    """What a message says is held, by key."""
    return {event.key: event.substance for event in plan.read_events(message) or ()}


def test_marks_are_read_and_nothing_else_is_a_mark(venue: Venue) -> None:
    """The mark price, not the last, the index or the oracle price."""
    assert venue.plan.read_marks(venue.mark) == venue.marks
    for message in (venue.news, *venue.neither):
        assert venue.plan.read_marks(message) is None


def test_broken_mark_is_refused(venue: Venue) -> None:
    """What cannot be read ends the connection instead of becoming a figure."""
    with pytest.raises(BadAnswer):
        venue.plan.read_marks(venue.broken)


def test_news_are_what_is_held_and_not_what_it_is_worth(venue: Venue) -> None:
    """The same holdings at other prices are no news; other holdings are; acknowledgements are left to ccxt."""
    said = substances(venue.plan, venue.news)
    assert said
    repeated = substances(venue.plan, venue.repeated)
    assert {key: value for key, value in repeated.items() if value is None or said.get(key) != value} == {}
    changed = substances(venue.plan, venue.changed)
    assert any(value is None or said.get(key) != value for key, value in changed.items())
    for message in venue.neither:
        assert venue.plan.read_events(message) is None


def test_all_marks_at_once(venue: Venue) -> None:
    """The call's answer by the venue's id; contracts without a mark are left out; nonsense is refused."""
    for call in venue.plan.marks_calls[:1]:
        assert list(call.read(venue.all_marks).values()) == [1.5]
        with pytest.raises(BadAnswer):
            call.read({"error": "nonsense"})


def test_delta_without_a_mark_says_that_it_is_as_before() -> None:
    """Bybit's deltas carry what changed."""
    delta = {"topic": "tickers.BTCUSDT", "type": "delta", "data": {"symbol": "BTCUSDT", "lastPrice": "1"}}
    assert bybit.PLAN.read_marks(delta) == {"BTCUSDT": None}


def test_old_fills_are_no_news() -> None:
    """Hyperliquid begins with the fills of the past."""
    fills: Json = {"channel": "userFills", "data": {"isSnapshot": True, "user": "0x1", "fills": [{}]}}
    assert hyperliquid.PLAN.read_events(fills) == ()
    fills["data"]["isSnapshot"] = False
    assert len(hyperliquid.PLAN.read_events(fills) or ()) == 1
