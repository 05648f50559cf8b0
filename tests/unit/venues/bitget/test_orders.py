"""Orders in the venue's words, and what its refusals mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import (
    BadAnswer,
    ClockSkew,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.venue import Instrument, OrderRequest, OrderStatus
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.orders import BitgetOrderWords, Situation
from guard.venues.errors import VenueAnswer, classify
from guard.venues.library import exceptions
from guard.venues.markets import Listing

GRID = Instrument("BTC/USDT:USDT", Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1))
LISTING = Listing("BTCUSDT", "BTC/USDT:USDT", "USDT", "linear", 1.0, GRID, 0.0006, 0.0002)
PERP = Listing("BTCPERP", "BTC/USDC:USDC", "USDC", "linear", 1.0, GRID, 0.0006, 0.0002)


def request(**fields: Any) -> OrderRequest:
    """An order that closes a part of a long leg."""
    values: dict[str, Any] = {
        "client_order_id": "g1",
        "symbol": "BTC/USDT:USDT",
        "side": "sell",
        "leg": "long",
        "contracts": Decimal("0.050"),
        "limit_price": Decimal("39999.5"),
        "reduce_only": True,
        "position_mode": "one_way",
    }
    return OrderRequest(**{**values, **fields})


def words(**fields: Any) -> BitgetOrderWords:
    """Of an account in one-way mode with USDT, in hedge mode with USDC."""
    modes: Any = {"USDT-FUTURES": "one_way", "USDC-FUTURES": "hedge"}
    return BitgetOrderWords(Situation(**{"position_modes": modes, **fields}))


def test_one_way() -> None:
    """Exact decimals, a margin mode, reduce-only, IOC."""
    assert words().order_params(request(), LISTING) == {
        "symbol": "BTCUSDT",
        "productType": "USDT-FUTURES",
        "marginCoin": "USDT",
        "marginMode": "crossed",
        "orderType": "limit",
        "force": "ioc",
        "size": "0.050",
        "price": "39999.5",
        "clientOid": "g1",
        "side": "sell",
        "reduceOnly": "YES",
    }


@pytest.mark.parametrize(
    ("leg", "side", "reduces", "said"),
    [
        ("long", "sell", True, ("buy", "close")),
        ("short", "buy", True, ("sell", "close")),
        ("long", "buy", False, ("buy", "open")),
        ("short", "sell", False, ("sell", "open")),
    ],
)
def test_hedge(leg: Any, side: Any, reduces: bool, said: tuple[str, str]) -> None:
    """`side` is the direction of the leg; `reduceOnly` counts if the account is in one-way mode after all."""
    order = request(leg=leg, side=side, reduce_only=reduces, position_mode="hedge")
    params = words().order_params(order, PERP)
    assert (params["side"], params["tradeSide"]) == said
    assert params["reduceOnly"] == ("YES" if reduces else "NO")
    assert params["productType"] == "USDC-FUTURES"


@pytest.mark.parametrize(
    ("change", "situation", "why"),
    [
        ({"position_mode": "hedge"}, {}, "USDT-FUTURES is in one_way mode"),
        ({}, {"position_modes": {}}, "USDT-FUTURES is in no known mode"),
        ({}, {"is_unified": True}, "unified accounts are watched only"),
        ({"client_order_id": "ü"}, {}, "client order id"),
        ({"contracts": Decimal("0.0505")}, {}, "not a positive multiple"),
        ({"side": "buy"}, {}, "opens, reduce_only was True"),
    ],
)
def test_what_is_not_sent(change: dict[str, Any], situation: dict[str, Any], why: str) -> None:
    """Whatever would do something else than it says."""
    with pytest.raises(OrderRejected, match=why):
        words(**situation).order_params(request(**change), LISTING)


def test_isolated() -> None:
    """Legs that had a margin of their own at the last reading."""
    assert words(isolated_ids=frozenset({"BTCUSDT"})).order_params(request(), LISTING)["marginMode"] == "isolated"


def test_acceptance_tells_no_outcome() -> None:
    """It is looked up by our id; another id in the answer is refused."""
    spoken = words()
    for told in ({"clientOid": "g1", "orderId": "5"}, {"clientOid": None, "orderId": ""}):
        spoken.read_accepted({"code": "00000", "data": told}, request(), LISTING)
    with pytest.raises(BadAnswer, match="took order g1 as 'other'"):
        spoken.read_accepted({"code": "00000", "data": {"clientOid": "other"}}, request(), LISTING)
    ((endpoint, params),) = spoken.queries("g1", LISTING)
    assert endpoint is at.QUERY_ORDER
    assert params == {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "clientOid": "g1"}


@pytest.mark.parametrize(
    ("state", "filled", "status"),
    [
        ("live", "0", OrderStatus.OPEN),
        ("partially_filled", "0.02", OrderStatus.OPEN),
        ("filled", "0.05", OrderStatus.FILLED),
        ("canceled", "0.02", OrderStatus.PARTLY_FILLED),
        ("canceled", "0", OrderStatus.EXPIRED),
    ],
)
def test_outcomes(state: str, filled: str, status: OrderStatus) -> None:
    """As the venue words them."""
    row = {"clientOid": "g1", "orderId": "5", "size": "0.05", "baseVolume": filled, "state": state, "priceAvg": "40000"}
    found = words().read_found({"code": "00000", "data": row}, "g1", LISTING)
    assert found is not None
    assert (found.status, found.filled) == (status, Decimal(filled))
    assert found.average_price == (40_000.0 if Decimal(filled) else None)


@pytest.mark.parametrize(
    "change",
    [{"state": "weird"}, {"baseVolume": "0.06"}, {"baseVolume": ""}, {"state": "filled", "baseVolume": "0.01"}],
)
def test_outcomes_that_contradict_themselves(change: dict[str, str]) -> None:
    """Refused."""
    row = {"clientOid": "g1", "orderId": "5", "size": "0.05", "baseVolume": "0", "state": "live", "priceAvg": ""}
    with pytest.raises(BadAnswer):
        words().read_found({"code": "00000", "data": {**row, **change}}, "g1", LISTING)


def test_another_order_is_not_ours() -> None:
    """Nor is an answer without data."""
    row = {"clientOid": "g2", "orderId": "5", "size": "0.05", "baseVolume": "0", "state": "live", "priceAvg": ""}
    assert words().read_found({"code": "00000", "data": row}, "g1", LISTING) is None
    assert words().read_found({"code": "00000", "data": None}, "g1", LISTING) is None


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("40001", 400, CredentialsRejected),
        ("40006", 400, CredentialsRejected),
        ("40009", 400, CredentialsRejected),
        ("40012", 400, CredentialsRejected),
        ("40037", 400, CredentialsRejected),
        ("40014", 400, PermissionMissing),
        ("40018", 400, PermissionMissing),
        ("40004", 400, ClockSkew),
        ("40008", 400, ClockSkew),
        ("429", 429, RateLimited),
        ("40010", 400, VenueUnavailable),
        ("40015", 400, VenueUnavailable),
        ("40200", 400, VenueUnavailable),
        ("40725", 400, VenueUnavailable),
        ("40762", 400, OrderRejected),
        ("40774", 400, OrderRejected),
        ("45110", 400, OrderRejected),
        ("22002", 400, OrderRejected),
        ("40786", 400, OrderOutcomeUnknown),
        ("40109", 400, VenueError),
        (at.IS_UNIFIED, 400, VenueError),
        (at.IS_CLASSIC, 400, VenueError),
    ],
)
def test_refusals(code: str, status: int, kind: type[VenueError]) -> None:
    """Each in its class, whatever ccxt takes it for."""
    error = exceptions().ExchangeError("bitget")
    error.venue_answer = VenueAnswer(status, code, "text")
    found = classify(error, at.ACCOUNTS.name, rulings=at.RULINGS)
    assert type(found) is kind
    assert found.code == code


def test_codes_are_told_apart() -> None:
    """What may have been executed is no refusal; what is not there is no failure."""
    assert not at.OUTCOME_UNKNOWN_CODES & at.ORDER_NOT_FOUND_CODES
    refused = {code for code, ruling in at.RULINGS.items() if ruling.kind is OrderRejected}
    assert not refused & (at.OUTCOME_UNKNOWN_CODES | at.ORDER_NOT_FOUND_CODES)
    for code, ruling in at.RULINGS.items():
        if ruling.kind in {OrderOutcomeUnknown, VenueUnavailable}:
            assert code in at.OUTCOME_UNKNOWN_CODES
