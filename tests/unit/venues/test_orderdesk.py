"""What the desk believes about an order whose answer it has seen."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from guard.ports.errors import BadAnswer, OrderOutcomeUnknown, OrderRejected, VenueError
from guard.ports.venue import OrderRequest, OrderStatus
from guard.venues.orderdesk import OrderDesk

REQUEST = OrderRequest(
    "g-1", "BTC/USDT:USDT", "sell", "long", Decimal(1), Decimal(100), reduce_only=True, position_mode="one_way"
)


class _Venue:
    """Client, reader and words of a venue that answers every order with 200 and shows none."""

    arrival_window_s = 5.0
    unknown_codes = frozenset[str]()
    not_found_codes = frozenset[str]()
    unmatched_codes = frozenset({"nobody"})
    new_order = query = cast("Any", object())

    def __init__(self, reading: VenueError) -> None:
        self.reading = reading
        self.passed_s = 0.0
        self.site = SimpleNamespace(clock=self)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.passed_s += seconds
        await asyncio.sleep(0)

    async def send(self, *_: object) -> object:
        """An answer that is no refusal."""
        return {}

    call = send

    async def listing(self, _symbol: str) -> object:
        """Whatever."""
        return object()

    async def modes(self, **_: object) -> object:
        """As the order wants it."""
        return SimpleNamespace(position_mode="one_way")

    def order_params(self, *_: object) -> dict[str, object]:
        """None."""
        return {}

    def queries(self, *_: object) -> list[tuple[object, dict[str, object]]]:
        """One."""
        return [(self.query, {})]

    def read_accepted(self, *_: object) -> None:
        """It cannot be read, or says no."""
        raise self.reading

    def read_found(self, *_: object) -> None:
        """Not there."""


def desk_of(venue: _Venue) -> OrderDesk:
    """A desk at the venue."""
    return OrderDesk(cast("Any", venue), cast("Any", venue), cast("Any", venue))


async def test_an_answer_that_is_no_refusal_and_cannot_be_read_is_no_proof_of_absence() -> None:
    """The venue took something: that it does not show the order is never a reason to send it again."""
    desk = desk_of(_Venue(BadAnswer("the status of an order was 'brand_new'")))
    with pytest.raises(OrderOutcomeUnknown) as raised:
        await desk.submit(REQUEST)
    assert raised.value.accepted
    with pytest.raises(VenueError, match="does not show it"):
        await desk.find("g-1", REQUEST.symbol)
    assert await desk.find("g-2", REQUEST.symbol) is None


@pytest.mark.parametrize(
    ("told", "raised"),
    [(OrderRejected("no"), OrderRejected), (OrderOutcomeUnknown("busy"), OrderOutcomeUnknown)],
)
async def test_what_the_answer_says_is_believed(told: VenueError, raised: type[VenueError]) -> None:
    """A refusal, or that the venue itself does not know: then "there is no such order" ends it."""
    venue = _Venue(told)
    desk = desk_of(venue)
    with pytest.raises(raised):
        await desk.submit(REQUEST)
    assert await desk.find("g-1", REQUEST.symbol) is None
    assert venue.passed_s == pytest.approx(6.0)


async def test_nobody_to_trade_with_is_an_end_and_no_refusal() -> None:
    """The venue words it as an error; of the order nothing filled, and it is over."""
    state = await desk_of(_Venue(OrderRejected("no match", code="nobody"))).submit(REQUEST)
    assert (state.status, state.filled, state.client_order_id) == (OrderStatus.EXPIRED, Decimal(0), "g-1")
