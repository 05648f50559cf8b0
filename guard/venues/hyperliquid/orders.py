"""Orders in Hyperliquid's words: what is sent and signed, and what became of it.

The venue's client order id is 128 bits in hex; ours is a text. So the one is the digest of the other, the same in every
process, and an order is found again by the id that was journalled.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from guard.ports.errors import OrderRejected
from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.venues.client import Endpoint, VenueClient
from guard.venues.fields import decimal, number, record, refused, rows, text
from guard.venues.hyperliquid import endpoints as at
from guard.venues.hyperliquid.universe import Contract, is_on_grid
from guard.venues.markets import Listing
from guard.venues.orderchecks import check_request, not_sent

_CLIENT_ORDER_ID = re.compile(r"[\x21-\x7e]{1,64}")
_TIMES_IN_FORCE = {"IOC": "Ioc", "GTC": "Gtc"}
_ENDED_UNFILLED = frozenset({"iocCancelRejected", "scheduledCancel"})


def cloid_of(client_order_id: str) -> str:
    """The venue's form of a client order id: 0x and 32 hex digits."""
    return "0x" + hashlib.blake2b(client_order_id.encode(), digest_size=16).hexdigest()


class HyperliquidOrderWords:
    """Implements `guard.venues.orderdesk.OrderWords`.

    Args:
        client: signs with the account's key, and knows the clock difference.
        user: the address of the account.
        contract_of: the contract of a listing, as last read.
        vault_of: the address to act for when the key is the master's: of a sub-account or vault, else None.
    """

    new_order = at.NEW_ORDER
    arrival_window_s = at.ORDER_LIFE_MS / 1000
    unknown_codes = at.OUTCOME_UNKNOWN_CODES
    not_found_codes = frozenset({at.UNKNOWN_ORDER})
    unmatched_codes = frozenset({at.NO_MATCH})
    cancel = at.CANCEL_ORDER
    gone_codes = frozenset({at.NOT_OPEN})

    def __init__(
        self,
        client: VenueClient,
        user: str,
        contract_of: Callable[[Listing], Contract | None],
        vault_of: Callable[[], str | None],
    ) -> None:
        self._client = client
        self._user = user
        self._contract_of = contract_of
        self._vault_of = vault_of
        self._unpriced: dict[str, OrderState] = {}

    def order_params(self, request: OrderRequest, listing: Listing) -> dict[str, object]:
        """The signed action.

        It carries the moment after which the venue must not execute it any more, so that "there is no such order" can
        be believed.

        Raises:
            OrderRejected: the request contradicts itself or the venue's grid, or the contract's number is not known.
        """
        contract = self._contract_of(listing)
        if contract is None:
            raise not_sent(request, f"the number of {listing.market_id} is not known")
        return self._signed(order_action(request, contract))

    def cancel_params(self, venue_order_id: str, listing: Listing) -> dict[str, object]:
        """The signed action, dated like an order.

        Raises:
            OrderRejected: the contract's number is not known, or the id is none of the venue's.
        """
        contract = self._contract_of(listing)
        if contract is None or not venue_order_id.isdigit():
            raise OrderRejected(f"order {venue_order_id} on {listing.market_id} was not cancelled: no number is known")
        return self._signed({"type": "cancel", "cancels": [{"a": contract.asset, "o": int(venue_order_id)}]})

    def read_cancelled(self, answer: object, venue_order_id: str) -> bool:
        """One word; one that is not open any more is a refusal."""
        where = self.cancel.name
        response = record(record(answer, where).get("response"), where)
        if record(response.get("data"), where).get("statuses") != ["success"]:
            raise refused(where, f"does not say that order {venue_order_id} was cancelled")
        return True

    def _signed(self, action: dict[str, Any]) -> dict[str, object]:
        vault = self._vault_of()
        exchange = self._client.exchange
        nonce: int = exchange.incrementing_nonce()
        skew = self._client.site.skew_ms.last
        expires_ms = exchange.milliseconds() - round(skew.value if skew else 0.0) + at.ORDER_LIFE_MS
        signature = exchange.sign_l1_action(action, nonce, vault.removeprefix("0x") if vault else None, expires_ms)
        body: dict[str, object] = {
            "action": action,
            "nonce": nonce,
            "signature": signature,
            "expiresAfter": expires_ms,
        }
        return {**body, "vaultAddress": vault} if vault else body

    def queries(self, client_order_id: str, listing: Listing) -> list[tuple[Endpoint, dict[str, object]]]:  # noqa: ARG002 - the protocol's
        """One request knows every order but not at which price it filled; the other knows the fills."""
        self._unpriced.pop(client_order_id, None)
        return [
            (at.QUERY_ORDER, {"type": "orderStatus", "user": self._user, "oid": cloid_of(client_order_id)}),
            (at.FILLS, {"type": "userFills", "user": self._user}),
        ]

    def read_accepted(self, answer: object, request: OrderRequest, listing: Listing) -> OrderState | None:  # noqa: ARG002 - the protocol's
        """See `read_accepted`."""
        return read_accepted(answer, request)

    def read_found(self, answer: object, client_order_id: str, listing: Listing) -> OrderState | None:
        """The order; one that filled something is known only together with its fills."""
        if isinstance(answer, list):
            unpriced = self._unpriced.pop(client_order_id, None)
            return None if unpriced is None else priced(unpriced, answer)
        found = read_found(answer, client_order_id, listing.symbol)
        if not found.filled:
            return found
        self._unpriced[client_order_id] = found
        return None


def order_action(request: OrderRequest, contract: Contract) -> dict[str, Any]:
    """The action that is signed; the order of its keys is part of what is signed.

    Raises:
        OrderRejected: the request contradicts itself or the venue's grid; nothing was sent.
    """
    instrument = contract.listing.instrument
    if request.position_mode != "one_way":
        raise not_sent(request, "the venue has no hedge mode")
    check_request(request, instrument, _CLIENT_ORDER_ID)
    if not is_on_grid(request.limit_price, max(0, -int(instrument.step.as_tuple().exponent))):
        raise not_sent(request, f"its limit price {request.limit_price} has more than five significant digits")
    return {
        "type": "order",
        "orders": [
            {
                "a": contract.asset,
                "b": request.side == "buy",
                "p": plain(request.limit_price),
                "s": plain(request.contracts),
                "r": request.reduce_only,
                "t": {"limit": {"tif": _TIMES_IN_FORCE[request.time_in_force]}},
                "c": cloid_of(request.client_order_id),
            }
        ],
        "grouping": "na",
    }


def plain(value: Decimal) -> str:
    """A number as the venue signs it: no exponent, no zeros at the end."""
    return format(value.normalize(), "f")


def read_accepted(answer: object, request: OrderRequest) -> OrderState | None:
    """What became of an order that was just sent; None where the answer does not tell yet.

    Raises:
        OrderRejected: it was refused.
        BadAnswer: unreadable.
    """
    where = at.NEW_ORDER.name
    response = record(record(answer, where).get("response"), where)
    statuses = record(response.get("data"), where).get("statuses")
    if not isinstance(statuses, list) or len(statuses) != 1:
        raise refused(where, "does not tell of one order")
    status = statuses[0]
    if not isinstance(status, dict):
        return None
    if "error" in status:
        raise OrderRejected(f"{where}: {status['error']}")
    if "resting" in status:
        return _state(request, text(record(status["resting"], where), "oid", where), Decimal(0), None)
    row = record(status.get("filled"), where)
    return _state(request, text(row, "oid", where), decimal(row, "totalSz", where), number(row, "avgPx", where))


def _state(request: OrderRequest, order_id: str, filled: Decimal, average: float | None) -> OrderState:
    """The state of an order that was answered with what it filled: an IOC order ends with that."""
    if filled > request.contracts:
        raise refused(at.NEW_ORDER.name, f"order {request.client_order_id} filled {filled} of {request.contracts}")
    if filled == request.contracts:
        status = OrderStatus.FILLED
    elif request.time_in_force == "IOC":
        status = OrderStatus.PARTLY_FILLED if filled else OrderStatus.EXPIRED
    else:
        status = OrderStatus.OPEN
    return OrderState(request.client_order_id, order_id, request.symbol, status, filled, average)


def read_found(answer: object, client_order_id: str, symbol: str) -> OrderState:
    """What became of an order that was looked up. Its average price is not told there.

    Raises:
        BadAnswer: unreadable, or the status is not known.
    """
    where = at.QUERY_ORDER.name
    found = record(record(answer, where).get("order"), where)
    row = record(found.get("order"), where)
    asked, left = decimal(row, "origSz", where), decimal(row, "sz", where)
    filled = asked - left
    if filled < 0 or left < 0:
        raise refused(where, f"order {client_order_id} has {left} of {asked} left")
    return OrderState(
        client_order_id=client_order_id,
        venue_order_id=text(row, "oid", where),
        symbol=symbol,
        status=_status(text(found, "status", where), filled, asked, where),
        filled=filled,
        average_price=None,
    )


def priced(state: OrderState, answer: object) -> OrderState:
    """The state with the average price of its fills; without one where the list does not reach back to all of them.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.FILLS.name
    fills = [row for row in rows(answer, where) if text(row, "oid", where) == state.venue_order_id]
    sizes = [decimal(row, "sz", where) for row in fills]
    if not fills or sum(sizes, Decimal(0)) != state.filled:
        return state
    worth = sum((decimal(row, "px", where) * size for row, size in zip(fills, sizes, strict=True)), Decimal(0))
    return replace(state, average_price=float(worth / state.filled))


def _status(word: str, filled: Decimal, asked: Decimal, where: str) -> OrderStatus:
    if word in {"open", "triggered"}:
        return OrderStatus.OPEN
    if word == "filled":
        return OrderStatus.FILLED if filled == asked else OrderStatus.PARTLY_FILLED
    if word in _ENDED_UNFILLED or word.endswith(("anceled", "expired", "Expired")):
        return OrderStatus.PARTLY_FILLED if filled > 0 else OrderStatus.EXPIRED
    if word.endswith("ejected"):
        return OrderStatus.REJECTED
    raise refused(where, f"the status of an order was {word!r}")
