"""Each of KuCoin's refusals in its class, when reading and when ordering."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import (
    ClockSkew,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.venue import OrderRequest
from tests.contract.venues.harness import Harness

REQUEST = OrderRequest(
    "mine-1", "BTC/USDT:USDT", "sell", "long", Decimal(100), Decimal(43_000), reduce_only=True, position_mode="one_way"
)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "400001", CredentialsRejected),
        (400, "400002", ClockSkew),
        (401, "400003", CredentialsRejected),
        (401, "400004", CredentialsRejected),
        (401, "400005", CredentialsRejected),
        (401, "400006", PermissionMissing),
        (403, "400007", PermissionMissing),
        (200, "411100", PermissionMissing),
        (429, "429000", RateLimited),
        (200, "429000", RateLimited),
        (200, "408000", VenueUnavailable),
        (200, "500000", VenueUnavailable),
        (500, "500000", VenueUnavailable),
        (503, "503", VenueUnavailable),
        (200, "777777", VenueError),
    ],
)
async def test_refused_readings(bench: Harness, status: int, code: str, expected: type[VenueError]) -> None:
    """By class, with the venue's code and text, and what to do where that is known."""
    body = json.dumps({"code": code, "msg": "the venue's own words"}).encode()
    bench.tampering.pages[bench.balances] = (status, "application/json", body)
    with pytest.raises(expected) as caught:
        await (await bench.open(bench.account())).fetch_book()
    assert type(caught.value) is expected
    assert caught.value.code == code
    assert "the venue's own words" in str(caught.value)
    assert caught.value.fix or expected is VenueError


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (200, "300003", "Balance insufficient", OrderRejected),
        (200, "330008", "maximum open limit", OrderRejected),
        (200, "300009", "No open positions to close.", OrderRejected),
        (200, "330005", "margin mode does not match", OrderRejected),
        (200, "330012", "position mode", OrderRejected),
        (200, "300012", "price", OrderRejected),
        (400, "400100", "Quantity parameter invalid.", OrderRejected),
        (403, "400007", "Access denied", OrderRejected),
        (200, "999999", "something new", OrderRejected),
        (400, "400100", "validation.createOrder.clientOidDuplicated", OrderOutcomeUnknown),
        (200, "408000", "Network timeout", OrderOutcomeUnknown),
        (200, "500000", "Internal Server Error", OrderOutcomeUnknown),
        (502, "400100", "gateway", OrderOutcomeUnknown),
    ],
)
async def test_refused_orders(bench: Harness, status: int, code: str, text: str, expected: type[VenueError]) -> None:
    """Certain is only what the venue says in a code of its own that means so."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.instrument("BTC/USDT:USDT")
    body = json.dumps({"code": code, "msg": text}).encode()
    bench.tampering.pages[bench.orders] = (status, "application/json", body)
    with pytest.raises(expected) as caught:
        await opened.submit(REQUEST)
    assert type(caught.value) is expected


async def test_an_order_that_the_venue_does_not_show_yet(bench: Harness) -> None:
    """It was accepted: its outcome is unknown, and found once the venue's index has caught up."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    late = json.dumps({"code": "100001", "msg": "error.getOrder.orderNotExist"}).encode()
    bench.tampering.pages["/orders/byClientOid"] = (200, "application/json", late)
    with pytest.raises(OrderOutcomeUnknown, match="does not show it yet"):
        await opened.submit(REQUEST)
    del bench.tampering.pages["/orders/byClientOid"]
    found = await opened.find_order("mine-1", "BTC/USDT:USDT")
    assert found is not None
    assert found.filled == Decimal(100)


async def test_orders_are_always_across(bench: Harness) -> None:
    """What is sent says so: the venue would take it for an isolated one."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.submit(REQUEST)
    (query,) = [query for method, path, query in bench.tampering.seen if method == "POST" and path == bench.orders]
    sent: Mapping[str, Any] = query
    assert {name: sent[name] for name in ("marginMode", "reduceOnly", "size")} == {
        "marginMode": "CROSS",
        "reduceOnly": True,
        "size": 100,
    }
