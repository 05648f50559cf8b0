"""Sending an order once, and finding out what became of it. Decides nothing about whether or what to trade."""

from __future__ import annotations

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected, RateLimited, VenueError
from guard.ports.venue import OrderRequest, OrderState
from guard.venues.binanceusdm import endpoints as at
from guard.venues.binanceusdm.orders import order_params, read_order
from guard.venues.binanceusdm.reference import ReferenceDesk
from guard.venues.client import VenueClient
from guard.venues.errors import answer_of
from guard.venues.markets import Listing

# The position mode must have been stated at most this long before an order is sent.
_MODE_PROOF_S = 60.0
# Over the venue's window: our error in measuring its clock, and its own way from the gate to the engine.
_ARRIVAL_MARGIN_S = 1.0
_SENT_MAX = 1_000


class OrderDesk:
    """Orders of one account."""

    def __init__(self, client: VenueClient, reference: ReferenceDesk) -> None:
        self._client = client
        self._reference = reference
        self._clock = client.site.clock
        self._opened_s = self._clock.monotonic()
        self._sent_s: dict[str, float] = {}

    async def submit(self, request: OrderRequest) -> OrderState:
        """Send an order, once.

        Raises:
            OrderRejected: it is certain that nothing is open: not sent, or refused.
            OrderOutcomeUnknown: no certain answer; `find` tells.
        """
        params = await self._prepared(request)
        try:
            answer = await self._client.send(at.NEW_ORDER, params)
            return read_order(answer, request.symbol, at.NEW_ORDER.name)
        except VenueError as error:
            raise _verdict(error, request) from error
        finally:
            self._remember(request.client_order_id)

    async def _prepared(self, request: OrderRequest) -> dict[str, object]:
        """The parameters to send, after everything that can be found wrong before sending."""
        try:
            listing = await self._reference.listing(request.symbol)
            modes = await self._reference.modes(within_s=_MODE_PROOF_S)
        except VenueError as error:
            message = f"order {request.client_order_id} was not sent: {error.message}"
            raise OrderRejected(message, fix=error.fix, code=error.code) from error
        if modes.position_mode != request.position_mode:
            raise OrderRejected(
                f"order {request.client_order_id} was not sent: it is for {request.position_mode} mode, "
                f"the account is in {modes.position_mode} mode",
                fix="the next cycle reads the account anew",
            )
        return order_params(request, listing)

    def _remember(self, client_order_id: str) -> None:
        """When the request left at the latest; the oldest is forgotten first."""
        self._sent_s.pop(client_order_id, None)
        self._sent_s[client_order_id] = self._clock.monotonic()
        if len(self._sent_s) > _SENT_MAX:
            del self._sent_s[next(iter(self._sent_s))]

    async def find(self, client_order_id: str, symbol: str) -> OrderState | None:
        """The order with this client id; None when it is certain that it never arrived.

        A request that is still on its way may arrive until the venue's window for its timestamp closes. So "there is
        no such order" is believed only after that: counted from the sending in this session, else from its start,
        because whoever sent it before is gone. Until then this waits, and asks again.

        Raises:
            VenueError: the venue cannot be asked.
        """
        listing = await self._reference.listing(symbol)
        left_s = self._may_still_arrive_s(client_order_id)
        found = await self._queried(client_order_id, listing)
        if found is None and left_s > 0:
            await self._clock.sleep(left_s)
            found = await self._queried(client_order_id, listing)
        return found

    def _may_still_arrive_s(self, client_order_id: str) -> float:
        sent_s = self._sent_s.get(client_order_id, self._opened_s)
        return sent_s + at.RECV_WINDOW_MS / 1000 + _ARRIVAL_MARGIN_S - self._clock.monotonic()

    async def _queried(self, client_order_id: str, listing: Listing) -> OrderState | None:
        params = {"symbol": listing.market_id, "origClientOrderId": client_order_id}
        try:
            answer = await self._client.call(at.QUERY_ORDER, params)
        except VenueError as error:
            if error.code == at.ORDER_NOT_FOUND:
                return None
            raise
        return read_order(answer, listing.symbol, at.QUERY_ORDER.name)


def _verdict(error: VenueError, request: OrderRequest) -> VenueError:
    """Whether a failed submission is a refusal or an open question.

    Certain is only what was never sent, and what the venue refused with a code of its own that means so.
    """
    answer = answer_of(error)
    never_sent = isinstance(error, RateLimited) and answer is None
    refused = (
        answer is not None
        and 400 <= answer.status < 500
        and answer.code is not None
        and answer.code not in at.OUTCOME_UNKNOWN_CODES
    )
    if never_sent or refused:
        return OrderRejected(error.message, fix=error.fix, code=error.code)
    return OrderOutcomeUnknown(
        f"order {request.client_order_id} on {request.symbol} has no certain answer: {error.message}",
        fix="look it up by its client order id; never send it again",
        code=error.code,
    )
