"""Answers of the sandbox's Bitget that contradict each other: nothing is believed in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderOutcomeUnknown, VenueError
from guard.ports.venue import OrderStatus
from guard.sandbox.engine.sides import Leg, Side
from tests.contract.venues.harness import Harness
from tests.integration.venues.bitget.legs import BTC, btc, reduction


async def test_an_accepted_order_that_is_not_shown_has_arrived_all_the_same(bench: Harness) -> None:
    """It must never be taken for one that may be sent again, however long the venue keeps it to itself."""
    opened = await bench.open(bench.account("alice", btc(bench)))
    await opened.fetch_book()
    gone = json.dumps({"code": "40109", "msg": "The data of the order cannot be found", "data": None}).encode()
    bench.tampering.pages["/v2/mix/order/detail"] = (400, "application/json", gone)
    with pytest.raises(OrderOutcomeUnknown, match="does not show it yet"):
        await opened.submit(reduction())
    with pytest.raises(VenueError, match="was accepted, and the venue does not show it"):
        await opened.find_order(reduction().client_order_id, BTC)
    assert await opened.find_order("g-other", BTC) is None
    bench.tampering.pages.clear()
    found = await opened.find_order(reduction().client_order_id, BTC)
    assert found.status is OrderStatus.FILLED


async def test_a_changed_position_mode_is_noticed(bench: Harness) -> None:
    """The legs say so before the ten minutes are over."""
    account = bench.account()
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    account.account.hedge_mode = True
    bench.rest(account, "BTCUSDT", Side.BUY, "0.5", "40000", leg=Leg.LONG)
    assert (await opened.fetch_book()).book.position_mode == "hedge"


async def test_legs_that_contradict_the_stated_mode_make_no_book(bench: Harness) -> None:
    """Even after it was stated anew."""
    opened = await bench.open(bench.account("alice", btc(bench)))

    def hedged(answer: Any) -> Any:
        for row in bench.rows(answer):
            row["posMode"] = "hedge_mode"
        return answer

    bench.tampering.changes[bench.positions] = hedged
    with pytest.raises(BadAnswer, match="names a position mode that legs and orders contradict"):
        await opened.fetch_book()


async def test_a_leg_that_came_between_balances_and_positions_is_told(bench: Harness) -> None:
    """Read twice, and then said to be torn."""
    opened = await bench.open(bench.account("alice", btc(bench, "2"), bench.holding("ETHUSDT", "-5", "3300")))

    def without_btc(answer: Any) -> Any:
        answer["data"] = [row for row in answer["data"] if row["symbol"] != "BTCUSDT"]
        return answer

    bench.tampering.changes[bench.positions] = without_btc
    before = bench.tampering.count(bench.positions)
    fetched = await opened.fetch_book()
    assert bench.tampering.count(bench.positions) == before + 6
    (torn,) = fetched.torn
    assert torn.startswith("USDT asks for")


async def test_rights_that_may_not_be_asked_for_are_unknown(bench: Harness) -> None:
    """That request needs the right to read spot, which a watching key does not need."""
    refusal = {"code": "40014", "msg": "Incorrect permissions, need stor permissions", "data": None}
    bench.tampering.pages[bench.rights] = (400, "application/json", json.dumps(refusal).encode())
    check = await (await bench.open(bench.account())).check()
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, None, None)
    assert any("does not tell" in warning for warning in check.warnings)
