"""The venue's codes through real ccxt: each lands in its class, with what to do."""

from __future__ import annotations

import json

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
from guard.ports.venue import KeyRights
from guard.venues.bybit import endpoints as at
from tests.contract.venues.harness import Harness

READING = {
    "-1": ClockSkew,
    "429": VenueUnavailable,
    "-2015": CredentialsRejected,
    "33004": CredentialsRejected,
    "10000": VenueUnavailable,
    "10001": VenueError,
    "10002": ClockSkew,
    "10003": CredentialsRejected,
    "10004": CredentialsRejected,
    "10005": PermissionMissing,
    "10006": RateLimited,
    "10007": CredentialsRejected,
    "10008": PermissionMissing,
    "10009": PermissionMissing,
    "10010": PermissionMissing,
    "10016": VenueUnavailable,
    "10018": RateLimited,
    "10024": PermissionMissing,
    "10027": PermissionMissing,
    "10028": PermissionMissing,
    "99999": VenueError,
}
REFUSED = ("10001", "10002", "10005", "10006", "110003", "110004", "110007", "110017", "110040", "110066", "110090")


def page(code: str) -> tuple[int, str, bytes]:
    """A refusal, as an answer."""
    body = {"retCode": int(code), "retMsg": "made up", "result": {}, "retExtInfo": {}, "time": 1}
    return 200, "application/json", json.dumps(body).encode()


async def test_refusals_of_a_reading(bench: Harness) -> None:
    """By type, never by text; the code and the venue's words are told."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    for code, kind in READING.items():
        bench.tampering.pages[bench.balances] = page(code)
        with pytest.raises(VenueError) as caught:
            await opened.fetch_book()
        assert (type(caught.value), caught.value.code) == (kind, code)
        assert "made up" in str(caught.value)
        bench.clock.jump(300)


def test_every_ruling_is_asked_for() -> None:
    """A code without a test here is either of orders, or of an answer without any."""
    of_orders = {code for code in at.RULINGS if code.startswith("11")} | {"10014", at.NO_CODE}
    assert set(at.RULINGS) - of_orders <= set(READING)


async def test_refusals_of_an_order(bench: Harness) -> None:
    """Certain, or an open question: a code that may hide an order is never called a refusal."""
    from tests.contract.venues.test_trading import reduce

    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    request = await reduce(bench, opened, "0.5")
    unknown = sorted(at.OUTCOME_UNKNOWN_CODES - {at.NO_CODE})
    for code, kind in {**dict.fromkeys(REFUSED, OrderRejected), **dict.fromkeys(unknown, OrderOutcomeUnknown)}.items():
        bench.tampering.pages[bench.orders] = page(code)
        with pytest.raises((OrderRejected, OrderOutcomeUnknown)) as caught:
            await opened.submit(request)
        assert (type(caught.value), caught.value.code) == (kind, code)
        bench.clock.jump(300)
    bench.tampering.pages[bench.orders] = (200, "application/json", b'{"success": true}')
    with pytest.raises(OrderOutcomeUnknown):
        await opened.submit(request)


async def test_the_same_id_again(bench: Harness) -> None:
    """The venue knows it for ever: nothing is sent twice, and the first is found."""
    from tests.contract.venues.test_trading import reduce

    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    request = await reduce(bench, opened, "0.5")
    state = await opened.submit(request)
    with pytest.raises(OrderOutcomeUnknown, match="look it up"):
        await opened.submit(request)
    assert await opened.find_order(request.client_order_id, request.symbol) == state


async def test_an_order_that_only_the_history_knows(bench: Harness) -> None:
    """The venue forgets ended orders when it restarts."""
    from tests.contract.venues.test_trading import reduce

    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    request = await reduce(bench, opened, "0.5")
    state = await opened.submit(request)
    bench.tampering.changes[bench.open_orders] = lambda answer: {**answer, "result": {**answer["result"], "list": []}}
    assert await opened.find_order(request.client_order_id, request.symbol) == state
    assert bench.tampering.count("/v5/order/history") == 1


async def test_fees_and_loans_that_the_key_may_not_read(bench: Harness) -> None:
    """No reason to be blind: the book says what it lacks."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"), balances={"USDT": -2_000, "BTC": "0.5"})
    for path in ("/v5/account/fee-rate", "/v5/spot-margin-trade/position-tiers"):
        bench.tampering.pages[path] = page("10005")
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ("maintenance rate of the debt in USDT", "fees of BTCUSDT")


async def test_the_demo_network_tells_no_rights(bench: Harness) -> None:
    """Unknown, and said so."""
    bench.tampering.pages[bench.rights] = page(at.NOT_ON_DEMO)
    check = await (await bench.open(bench.account())).check()
    assert check.rights == KeyRights(read=True)
    assert any("does not tell what this key may do" in warning for warning in check.warnings)
