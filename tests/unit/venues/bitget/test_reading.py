"""Reading lists of orders to their end."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.reading import StateReader
from guard.venues.client import Endpoint, Timed

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Paged:
    """A venue with one account of 100 USDT and `orders` plain orders; `shift`: how far a page reaches back."""

    def __init__(self, orders: int, order_row: Any, account_row: Any, *, stuck: bool = False) -> None:
        self._rows = [order_row(orderId=str(number)) for number in range(orders, 0, -1)]
        self._account = account_row()
        self._stuck = stuck
        self.asked: list[dict[str, Any]] = []
        self.now_s = 100.0
        self.site = SimpleNamespace(
            clock=SimpleNamespace(now=lambda: NOW, monotonic=lambda: self.now_s, sleep=self._sleep)
        )

    async def _sleep(self, seconds: float) -> None:
        self.now_s += seconds

    async def timed(self, endpoint: Endpoint, params: dict[str, Any]) -> Timed:
        """One answer."""
        self.asked.append(params)
        return Timed({"code": "00000", "data": self._data(endpoint, params)}, NOW)

    def _data(self, endpoint: Endpoint, params: dict[str, Any]) -> Any:
        is_usdt = params["productType"] == "USDT-FUTURES"
        if endpoint is at.ACCOUNTS:
            return [self._account] if is_usdt else []
        if endpoint is at.POSITIONS:
            return []
        before = 0 if self._stuck else int(params.get("idLessThan", 0))
        rows = [row for row in self._rows if not before or int(row["orderId"]) < before][: int(params["limit"])]
        return {
            "entrustedList": rows if endpoint is at.OPEN_ORDERS else None,
            "endId": rows[-1]["orderId"] if rows else None,
        }


@pytest.mark.parametrize(("orders", "pages"), [(0, 1), (99, 1), (100, 2), (101, 2), (250, 3)])
async def test_every_page(orders: int, pages: int, order_row: Any, account_row: Any) -> None:
    """Until one is not full."""
    venue = Paged(orders, order_row, account_row)
    answers = await StateReader(cast("Any", venue)).classic()
    assert len({row.order_id for row in answers.orders}) == len(answers.orders) == orders
    plain = [params for params in venue.asked if "limit" in params and "planType" not in params]
    assert len(plain) == pages


async def test_a_list_without_an_end(order_row: Any, account_row: Any) -> None:
    """Given up, and told."""
    venue = Paged(150, order_row, account_row, stuck=True)
    with pytest.raises(BadAnswer, match="did not come to an end after 20 pages"):
        await StateReader(cast("Any", venue)).classic()


async def test_readings_keep_the_pace_that_the_venue_allows(order_row: Any, account_row: Any) -> None:
    """Five requests for positions in a second, three in each reading: the second one waits, a later one does not."""
    venue = Paged(1, order_row, account_row)
    reader = StateReader(cast("Any", venue))
    moments = []
    for pause_s in (0.0, 0.3, 5.0):
        venue.now_s += pause_s
        await reader.classic()
        moments.append(venue.now_s)
    assert moments == pytest.approx([100.0, 101.0, 106.0])
