"""Sending an order once, and finding out what became of it. Decides nothing about whether or what to trade.

None of its requests waits for the request budget: readings of other accounts must not delay an order.

Knows no venue: what a venue calls an order, and what its refusals mean, stands in its `OrderWords`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from guard.ports.errors import BadAnswer, OrderOutcomeUnknown, OrderRejected, RateLimited, VenueError
from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.venues.budget import never_waiting
from guard.venues.client import Endpoint, VenueClient
from guard.venues.errors import answer_of
from guard.venues.markets import Listing

if TYPE_CHECKING:
    from guard.venues.reader import VenueReader

# The position mode must have been stated at most this long before an order is sent.
_MODE_PROOF_S = 60.0
# One that opens is sized for the leg that it is against: in the other mode it would do something else.
_MODE_PROOF_OF_OPENING_S = 0.0
# Over the venue's window: our error in measuring its clock, and its own way from the gate to the engine.
_ARRIVAL_MARGIN_S = 1.0
_SENT_MAX = 1_000


class OrderWords(Protocol):
    """How a venue speaks of orders."""

    @property
    def new_order(self) -> Endpoint:
        """The request that sends one."""
        ...

    @property
    def arrival_window_s(self) -> float:
        """How long after its timestamp the venue may still accept a request, in seconds."""
        ...

    @property
    def unknown_codes(self) -> frozenset[str]:
        """Refusals after which an order may nevertheless stand: timeouts, an id that is in use."""
        ...

    @property
    def not_found_codes(self) -> frozenset[str]:
        """Refusals of a query that mean: there is no such order."""
        ...

    @property
    def unmatched_codes(self) -> frozenset[str]:
        """Refusals that are the end of an order which found nobody to trade with at its price: nothing filled."""
        ...

    @property
    def cancel(self) -> Endpoint:
        """The request that cancels a resting order."""
        ...

    @property
    def gone_codes(self) -> frozenset[str]:
        """Refusals of a cancellation that mean: that order is not open any more."""
        ...

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """What to send to cancel one order by the venue's own id of it."""
        ...

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """Whether the venue took the cancellation; False: that order is not open any more.

        Raises:
            BadAnswer: unreadable, or about another order.
        """
        ...

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """What to send; `OrderRejected` when the request contradicts itself or the venue's grid."""
        ...

    def queries(self, client_order_id: str, listing: Listing) -> Sequence[tuple[Endpoint, dict[str, object]]]:
        """The requests that look an order up, asked in turn until one knows it."""
        ...

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:
        """What became of an order that was just sent; None: accepted, and the outcome has to be asked for.

        Raises:
            OrderRejected: the answer says that it was refused.
            BadAnswer: unreadable.
        """
        ...

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """What became of an order that was looked up; None: this answer knows none of that id.

        Raises:
            BadAnswer: unreadable.
        """
        ...


class OrderDesk:
    """Orders of one account."""

    def __init__(self, client: VenueClient, reader: VenueReader, words: OrderWords) -> None:
        self._client = client
        self._reader = reader
        self._words = words
        self._clock = client.site.clock
        self._opened_s = self._clock.monotonic()
        self._sent_s: dict[str, float] = {}
        self._taken: dict[str, None] = {}

    async def submit(self, request: OrderRequest) -> OrderState:
        """Send an order, once.

        Raises:
            OrderRejected: it is certain that nothing is open: not sent, or refused.
            OrderOutcomeUnknown: no certain answer; `find` tells.
        """
        with never_waiting():
            listing, params = await self._prepared(request)
            try:
                answer = await self._client.send(self._words.new_order, params)
                state = self._read(answer, request, listing)
            except VenueError as error:
                if error.code in self._words.unmatched_codes:
                    return _unmatched(request)
                raise self._verdict(error, request) from error
            finally:
                self._remember(request.client_order_id)
            return state or await self._accepted(request, listing)

    def _read(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:
        try:
            return self._words.read_accepted(answer, request, listing)
        except BadAnswer:
            # It was no refusal: the venue may well have taken the order.
            self._take(request.client_order_id)
            raise

    def _take(self, client_order_id: str) -> None:
        self._taken[client_order_id] = None
        if len(self._taken) > _SENT_MAX:
            del self._taken[next(iter(self._taken))]

    async def _accepted(self, request: OrderRequest, listing: Listing) -> OrderState:
        """What became of an order that the venue has accepted without saying more."""
        self._take(request.client_order_id)
        try:
            state = await self._queried(request.client_order_id, listing)
        except VenueError as error:
            what = f"was accepted, and cannot be looked up: {error.message}"
            raise _unknown(request, what, error.code, accepted=True) from error
        if state is None:
            raise _unknown(request, "was accepted, and the venue does not show it yet", accepted=True)
        return state

    async def cancel(self, symbol: str, venue_order_id: str) -> bool:
        """Cancel a resting order; False: it is not open any more.

        Raises:
            OrderRejected: refused for certain, nothing changed.
            OrderOutcomeUnknown: no certain answer.
        """
        with never_waiting():
            try:
                listing = await self._reader.listing(symbol)
            except VenueError as error:
                raise OrderRejected(
                    f"order {venue_order_id} was not cancelled: {error.message}", fix=error.fix, code=error.code
                ) from error
            try:
                answer = await self._client.send(self._words.cancel, self._words.cancel_params(venue_order_id, listing))
                return self._words.read_cancelled(answer, venue_order_id)
            except VenueError as error:
                if error.code in self._words.gone_codes:
                    return False
                raise self._verdict_on_cancelling(error, symbol, venue_order_id) from error

    async def _prepared(self, request: OrderRequest) -> tuple[Listing, dict[str, object]]:
        """Listing and parameters, after everything that can be found wrong before sending."""
        try:
            listing = await self._reader.listing(request.symbol)
            modes = await self._reader.modes(
                within_s=_MODE_PROOF_S if request.reduce_only else _MODE_PROOF_OF_OPENING_S
            )
        except VenueError as error:
            message = f"order {request.client_order_id} was not sent: {error.message}"
            raise OrderRejected(message, fix=error.fix, code=error.code) from error
        if modes.position_mode != request.position_mode:
            raise OrderRejected(
                f"order {request.client_order_id} was not sent: it is for {request.position_mode} mode, "
                f"the account is in {modes.position_mode} mode",
                fix="the next cycle reads the account anew",
            )
        return listing, self._words.order_params(request, listing)

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
        because whoever sent it before is gone. Until then this waits, and asks again. Of an order that the venue has
        accepted, or answered otherwise than with a refusal, it is never believed: it may well have arrived.

        Raises:
            VenueError: the venue cannot be asked, or does not show an order that it has accepted.
        """
        with never_waiting():
            listing = await self._reader.listing(symbol)
            left_s = self._may_still_arrive_s(client_order_id)
            found = await self._queried(client_order_id, listing)
            if found is None and left_s > 0:
                await self._clock.sleep(left_s)
                found = await self._queried(client_order_id, listing)
            if found is None and client_order_id in self._taken:
                raise VenueError(
                    f"order {client_order_id} on {symbol} was accepted, and the venue does not show it",
                    fix="look at the venue what became of it; never send it again",
                )
            return found

    def _may_still_arrive_s(self, client_order_id: str) -> float:
        sent_s = self._sent_s.get(client_order_id, self._opened_s)
        return sent_s + self._words.arrival_window_s + _ARRIVAL_MARGIN_S - self._clock.monotonic()

    async def _queried(self, client_order_id: str, listing: Listing) -> OrderState | None:
        for endpoint, params in self._words.queries(client_order_id, listing):
            try:
                answer = await self._client.call(endpoint, params)
            except VenueError as error:
                if error.code in self._words.not_found_codes:
                    continue
                raise
            found = self._words.read_found(answer, client_order_id, listing)
            if found is not None:
                return found
        return None

    def _verdict(self, error: VenueError, request: OrderRequest) -> VenueError:
        """Whether a failed submission is a refusal or an open question.

        Certain is only what was never sent, and what the venue refused with a code of its own that means so.
        """
        if self._is_refused(error):
            return OrderRejected(error.message, fix=error.fix, code=error.code)
        accepted = request.client_order_id in self._taken
        return _unknown(request, f"has no certain answer: {error.message}", error.code, accepted=accepted)

    def _verdict_on_cancelling(self, error: VenueError, symbol: str, venue_order_id: str) -> VenueError:
        if self._is_refused(error):
            return OrderRejected(error.message, fix=error.fix, code=error.code)
        return OrderOutcomeUnknown(
            f"cancelling order {venue_order_id} on {symbol} has no certain answer: {error.message}",
            fix="the next reading of the book tells",
            code=error.code,
        )

    def _is_refused(self, error: VenueError) -> bool:
        answer = answer_of(error)
        if answer is None:
            # Silence that the venue asked for: it was not even sent.
            return isinstance(error, OrderRejected | RateLimited)
        return answer.status < 500 and answer.code is not None and answer.code not in self._words.unknown_codes


def _unmatched(request: OrderRequest) -> OrderState:
    return OrderState(request.client_order_id, "", request.symbol, OrderStatus.EXPIRED, Decimal(0), None)


def _unknown(
    request: OrderRequest, what: str, code: str | None = None, *, accepted: bool = False
) -> OrderOutcomeUnknown:
    return OrderOutcomeUnknown(
        f"order {request.client_order_id} on {request.symbol} {what}",
        fix="look it up by its client order id; never send it again",
        code=code,
        accepted=accepted,
    )
