"""The dialect without a socket: who may ask what, how much, and what contracts are called."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from guard.sandbox.dialects.bybit.naming import listed, wire_id
from guard.sandbox.dialects.bybit.rest import Endpoints
from guard.sandbox.dialects.bybit.signing import sign
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.engine.engine import Engine
from guard.sandbox.keys import ApiKey, KeyRing

NOW_MS = 1_700_000_000_000


def venue(**rights: Any) -> Endpoints:
    """A venue with one account and one key."""
    engine = Engine(start_ms=NOW_MS, instruments=listed())
    account = engine.add_account("alice", {})
    keys = KeyRing()
    keys.add(ApiKey("key", "secret", account.id, **rights))
    return Endpoints(engine, keys)


def asked(
    endpoints: Endpoints,
    path: str = "/v5/account/info",
    *,
    query: str = "",
    body: str = "",
    sent_ms: int = NOW_MS,
    key: str = "key",
    secret: str = "secret",
) -> dict[str, Any]:
    """The answer to a signed request."""
    head = f"{sent_ms}{key}5000"
    headers = {
        "x-bapi-api-key": key,
        "x-bapi-timestamp": str(sent_ms),
        "x-bapi-recv-window": "5000",
        "x-bapi-sign": sign(head + (body or query), secret),
    }
    raw = RawRequest("POST" if body else "GET", path, query, body, headers, "127.0.0.1")
    payload: dict[str, Any] = endpoints.answer(raw, NOW_MS).payload
    return payload


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 0),
        ({"key": "other"}, 10003),
        ({"secret": "other"}, 10004),
        ({"sent_ms": NOW_MS - 5_000}, 0),
        ({"sent_ms": NOW_MS - 5_001}, 10002),
        ({"sent_ms": NOW_MS + 999}, 0),
        ({"sent_ms": NOW_MS + 1_000}, 10002),
        ({"path": "/v5/no/such"}, 10017),
    ],
)
def test_who_asks(change: dict[str, Any], code: int) -> None:
    """Key, signature and time, in the venue's codes."""
    assert asked(venue(), **change)["retCode"] == code


def test_what_a_key_may_do() -> None:
    """Its addresses and its rights."""
    order = json.dumps({"category": "linear"})
    assert asked(venue(ips=frozenset({"10.0.0.1"})))["retCode"] == 10010
    assert asked(venue(reading=False))["retCode"] == 10005
    assert asked(venue(futures=False), "/v5/order/create", body=order)["retCode"] == 10005
    assert asked(venue(), "/v5/order/create", body=order)["retCode"] == 10001


def test_lists_need_a_settlement_coin() -> None:
    """As the venue says it: linear contracts are told for one coin, or one symbol."""
    codes = [
        asked(venue(), "/v5/position/list", query=query)["retCode"]
        for query in ("category=linear", "category=linear&settleCoin=USDC", "category=inverse", "category=swap")
    ]
    assert codes == [10001, 0, 0, 10001]


def test_an_address_may_ask_600_times_in_5_seconds() -> None:
    """The next one is refused with the status of a banned address."""
    endpoints = venue()
    raw = RawRequest("GET", "/v5/market/time", "", "", {}, "127.0.0.1")
    answers = [endpoints.answer(raw, NOW_MS + index) for index in range(601)]
    assert {answer.status for answer in answers[:600]} == {200}
    assert (answers[600].status, answers[600].payload["retCode"]) == (403, 10018)
    assert endpoints.answer(raw, NOW_MS + 5_700).status == 200


def test_names() -> None:
    """USDC contracts have a name of their own; inverse ones count dollars."""
    contracts = listed()
    assert [wire_id(contracts[name]) for name in ("BTCUSDT", "BTCUSDC", "BTCUSD")] == ["BTCUSDT", "BTCPERP", "BTCUSD"]
    assert contracts["BTCUSD"].contract_size == contracts["BTCUSD"].step == Decimal(1)
