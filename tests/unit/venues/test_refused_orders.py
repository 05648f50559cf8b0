"""What each venue says when it does not take an order, through real ccxt: refused for certain, or an open question.

A refusal is certain when the venue says so with a code of its own; trouble of its own, and an id that is in use, is
never taken for one. Codes and texts are the venues' (their error pages, and what ccxt lists of them).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from guard.app.clock import SystemClock
from guard.ports.errors import OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import AccountSpec, Credentials, OrderRequest, OrderStatus
from guard.venues.binance import refusals as binance
from guard.venues.binance.orders import BinanceOrderWords
from guard.venues.binancecoinm import endpoints as coinm
from guard.venues.binanceusdm import endpoints as usdm
from guard.venues.bingx import endpoints as bingx
from guard.venues.bingx.orders import BingxOrderWords
from guard.venues.bitget import endpoints as bitget
from guard.venues.bitget.orders import BitgetOrderWords
from guard.venues.bybit import endpoints as bybit
from guard.venues.bybit.orders import BybitOrderWords
from guard.venues.client import Dialect, Endpoint, VenueClient
from guard.venues.gate import endpoints as gate
from guard.venues.gate.orders import GateOrderWords
from guard.venues.hub import VenueSite
from guard.venues.hyperliquid import endpoints as hyperliquid
from guard.venues.hyperliquid.orders import HyperliquidOrderWords
from guard.venues.kucoinfutures import endpoints as kucoin
from guard.venues.kucoinfutures.orders import KucoinOrderWords
from guard.venues.okx import endpoints as okx
from guard.venues.okx.orders import OkxOrderWords
from guard.venues.orderdesk import OrderDesk

REQUEST = OrderRequest("g-1", "BTC/USDT:USDT", "sell", "long", Decimal(1), Decimal(1), True, "one_way")


@dataclass(frozen=True)
class Venue:
    """How a venue words a refusal: HTTP status and body by code and text."""

    dialect: Dialect
    words: Any
    new_order: Endpoint
    status: int
    body: str
    refused: dict[str, str]
    open: dict[str, str]


BINANCE = {
    "-1111": "Precision is over the maximum defined for this asset.",
    "-1021": "Timestamp for this request is outside of the recvWindow.",
    "-2015": "Invalid API-key, IP, or permissions for action.",
    "-2018": "Balance is insufficient.",
    "-2019": "Margin is insufficient.",
    "-2022": "ReduceOnly Order is rejected.",
    "-2027": "Exceeded the maximum allowable position at current leverage.",
    "-4003": "Quantity less than zero.",
    "-4005": "Quantity greater than max quantity.",
    "-4014": "Price not increased by tick size.",
    "-4016": "Limit price can't be higher than 50000.",
    "-4024": "Limit price can't be lower than 30000.",
    "-4061": "Order's position side does not match user's setting.",
    "-4062": "Invalid or improper reduceOnly value.",
    "-4118": "ReduceOnly Order Failed. Please check your existing position and open orders",
    "-4131": "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
    "-4164": "Order's notional must be no smaller than 100",
}
BINANCE_OPEN = {
    "-1000": "An unknown error occured while processing the request.",
    "-1001": "Internal error; unable to process your request. Please try again.",
    "-1006": "An unexpected response was received from the message bus. Execution status unknown.",
    "-1007": "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    "-1008": "Server is currently overloaded with other requests.",
    "-4116": "ClientOrderId is duplicated.",
}
VENUES = {
    "binanceusdm": Venue(
        binance.dialect(usdm.TIME, "linear"),
        BinanceOrderWords,
        usdm.NEW_ORDER,
        400,
        '{"code": @, "msg": "%"}',
        BINANCE,
        BINANCE_OPEN,
    ),
    "binancecoinm": Venue(
        binance.dialect(coinm.TIME, "inverse"),
        BinanceOrderWords,
        coinm.NEW_ORDER,
        400,
        '{"code": @, "msg": "%"}',
        BINANCE,
        BINANCE_OPEN,
    ),
    "bybit": Venue(
        bybit.DIALECT,
        BybitOrderWords,
        bybit.NEW_ORDER,
        200,
        '{"retCode": @, "retMsg": "%", "result": {}, "retExtInfo": {}, "time": 1}',
        {
            "10001": "position idx not match position mode",
            "10003": "API key is invalid.",
            "10005": "Permission denied, please check your API key permissions.",
            "110003": "Order price exceeds the allowable range.",
            "110004": "Wallet balance is insufficient",
            "110007": "Available balance is insufficient",
            "110012": "Insufficient available balance",
            "110017": "current position is zero, cannot fix reduce-only order qty",
            "110020": "Not allowed to have more than 500 active orders",
            "110021": "Not allowed to exceeded position limits due to Open Interest",
            "110066": "Trading is currently not allowed.",
            "110094": "Order does not meet minimum order value 5USDT",
        },
        {
            "10000": "Server Timeout",
            "10014": "Invalid duplicate request.",
            "10016": "Internal server error.",
            "110030": "Duplicate orderId",
            "110072": "OrderLinkedID is duplicate",
            "110079": "The order is processing and can not be operated, please try again later",
        },
    ),
    "okx": Venue(
        okx.DIALECT,
        OkxOrderWords,
        okx.NEW_ORDER,
        200,
        '{"code": "1", "msg": "All operations failed", "data": [{"ordId": "", "sCode": "@", "sMsg": "%"}]}',
        {
            "51000": "Parameter posSide error",
            "51006": "Order price is not within the price limit",
            "51008": "Order failed. Insufficient USDT margin in account",
            "51010": "You can't complete this request under your current account mode.",
            "51020": "Order amount should be greater than the min available amount.",
            "51023": "Position does not exist.",
            "51112": "Close order size exceeds available size for this position.",
            "51121": "Order quantity must be a multiple of the lot size.",
            "51137": "The highest price limit for buy orders is 50000.",
            "51138": "The lowest price limit for sell orders is 30000.",
            "51169": "Order failed because you don't have any positions in this direction for this contract.",
            "51205": "Reduce Only is not available.",
        },
        {
            "50004": "API endpoint request timeout (does not indicate success or failure of order)",
            "50026": "System error. Try again later",
            "51016": "Duplicated client order ID",
            "51054": "Request timed out. Please try again.",
            "51149": "Order timed out. Please try again later.",
        },
    ),
    "kucoinfutures": Venue(
        kucoin.DIALECT,
        KucoinOrderWords,
        kucoin.NEW_ORDER,
        200,
        '{"code": "@", "msg": "%"}',
        {
            "100001": "Quantity parameter must be a positive integer.",
            "200003": "The contract does not support trading at the moment.",
            "200005": "Risk limit exceeded.",
            "300000": "No open positions to close.",
            "300003": "Balance insufficient. The order would cost 123.45.",
            "300009": "No open positions to close.",
            "300011": "Order price cannot be higher than 50000.",
            "300012": "Order price cannot be lower than 30000.",
            "330005": "The order's margin mode does not match the selected one. Please switch and try again.",
            "330011": "The position mode you selected differs from the existing mode.",
            "400007": "Access denied--> Require more permission.",
        },
        {"408000": "Request timeout", "500000": "Internal Server Error", "100002": "clientOid parameter is duplicated"},
    ),
    "bingx": Venue(
        bingx.DIALECT,
        BingxOrderWords,
        bingx.NEW_ORDER,
        200,
        '{"code": @, "msg": "%", "data": {}}',
        {
            "100001": "Signature verification failed due to signature mismatch",
            "100004": "Permission denied as the API key was created without the permission",
            "101204": "Insufficient margin",
            "101205": "No position to close",
            "101209": "The maximum position value for this leverage is 50000 USDT",
            "101211": "The order price should be lower than the market price",
            "109400": "Invalid parameters, err:In the Hedge mode, PositionSide can only be set to LONG or SHORT",
            "110425": "Please ensure that the minimum nominal value of the order placed must be greater than 2u",
        },
        {
            "80001": "Request failed",
            "80012": "Service unavailable",
            "100500": "Internal system error",
            "101400": "clientOrderID already exists",
            "101500": "RPC timeout",
            "109201": "The same order number is only allowed to be submitted once within 1 second",
        },
    ),
    "bitget": Venue(
        bitget.DIALECT,
        BitgetOrderWords,
        bitget.NEW_ORDER,
        400,
        '{"code": "@", "msg": "%", "requestTime": 1, "data": null}',
        {
            "22002": "No position to close",
            "40014": "Incorrect permissions",
            "40020": "Parameter tradeSide error",
            "40309": "The contract has been removed",
            "40754": "balance not enough",
            "40757": "Not enough position is available.",
            "40762": "The order amount exceeds the balance",
            "40774": "The order type for unilateral position must also be the unilateral position type.",
            "45110": "less than the minimum amount 5 USDT",
            "45111": "less than the minimum order quantity",
        },
        {
            "40010": "Request timed out",
            "40015": "System is abnormal, please try again later",
            "40725": "service return an error",
            "40786": "Duplicate clientOid",
            "45001": "Unknown error",
            "50008": "Unknown Error",
        },
    ),
    "gate": Venue(
        gate.DIALECT,
        GateOrderWords,
        gate.NEW_ORDER,
        400,
        '{"label": "@", "message": "%"}',
        {
            "BALANCE_NOT_ENOUGH": "balance not enough",
            "CONTRACT_NO_COUNTER": "no counter party",
            "INCREASE_POSITION": "reduce-only order would increase the position",
            "INSUFFICIENT_AVAILABLE": "insufficient available balance",
            "INVALID_PARAM_VALUE": "invalid argument: size",
            "LIQUIDATE_IMMEDIATELY": "the position would be liquidated at once",
            "POSITION_EMPTY": "empty position",
            "POSITION_IN_LIQUIDATION": "position is in liquidation",
            "PRICE_TOO_DEVIATED": "order price is too far from the mark price",
            "READ_ONLY": "the key may only read",
            "REDUCE_EXCEEDED": "reduce-only orders exceed the position",
            "RISK_LIMIT_EXCEEDED": "risk limit exceeded",
        },
        {"TOO_BUSY": "server is too busy", "REPEATED_CREATION": "order with the same text was created before"},
    ),
    "hyperliquid": Venue(
        hyperliquid.DIALECT,
        HyperliquidOrderWords,
        hyperliquid.NEW_ORDER,
        200,
        '{"status": "ok", "response": {"type": "order", "data": {"statuses": [{"error": "%"}]}}}',
        {
            "margin": "Insufficient margin to place order. asset=0",
            "reduceOnly": "Reduce only order would increase position. asset=0",
            "tick": "Price must be divisible by tick size. asset=0",
            "minimum": "Order must have minimum value of $10. asset=0",
            "size": "Order has invalid size. asset=0",
            "price": "Order price cannot be more than 80% away from the reference price asset=0",
            "halted": "Trading is halted. asset=0",
            "openInterest": "Order would increase open interest while open interest is capped asset=0",
        },
        {"duplicate": "Duplicate cloid. asset=0", "other": "Something that nobody has seen yet asset=0"},
    ),
}


class Answers:
    """A client of real ccxt whose requests are answered with one status and body; reader and words beside it."""

    def __init__(self, name: str) -> None:
        self.venue = VENUES[name]
        self.status, self.body = 200, "{}"
        self.site = VenueSite(SystemClock(), name, "http://127.0.0.1:9", 1.0, 10**6)
        spec = AccountSpec(name, name, Credentials("a1b2c3", "d4e5f6", "g7h8i9", "0x" + "1" * 40))
        self.client = VenueClient(self.site, spec, self.venue.dialect)
        setattr(self.client.exchange, self.venue.new_order.method, self._answered)
        setattr(self.client, "send", self._sent)  # noqa: B010 - the clock of a venue is not asked here
        self.desk = OrderDesk(self.client, cast("Any", self), cast("Any", self._words()))

    async def _sent(self, endpoint: Endpoint, params: Any) -> Any:
        return await self.client._asked(endpoint, dict(params), endpoint.name)

    async def _answered(self, _params: Any) -> Any:
        exchange, parsed = self.client.exchange, json.loads(self.body)
        exchange.handle_errors(self.status, "", "http://127.0.0.1:9/x", "POST", {}, self.body, parsed, {}, "{}")
        return parsed

    def _words(self) -> SimpleNamespace:
        words, new_order = self.venue.words, self.venue.new_order
        taken = {key: getattr(words, key) for key in ("unknown_codes", "not_found_codes", "unmatched_codes")}
        return SimpleNamespace(new_order=new_order, order_params=lambda *_: {}, read_accepted=self._accepted, **taken)

    def _accepted(self, answer: Any, *_: object) -> None:
        raise AssertionError(f"ccxt took this for an order: {answer}")

    async def listing(self, _symbol: str) -> object:
        """Whatever."""
        return object()

    async def modes(self, **_: object) -> object:
        """As the order wants it."""
        return SimpleNamespace(position_mode="one_way")

    async def close(self) -> None:
        """Leave nothing open."""
        await self.client.close()
        await self.site.close()

    async def refuse(self, code: str, text: str, status: int | None = None) -> Any:
        """Send an order that is answered like this."""
        self.status = self.venue.status if status is None else status
        self.body = self.venue.body.replace("@", code).replace("%", text)
        return await self.desk.submit(REQUEST)


@pytest.mark.parametrize("name", VENUES)
async def test_every_code(name: str) -> None:
    """Refused with the venue's own words and code; open where the venue itself does not know; the same with any 5xx."""
    answers = Answers(name)
    for code, text in answers.venue.refused.items():
        with pytest.raises(OrderRejected) as refused:
            await answers.refuse(code, text)
        assert text[:40] in refused.value.message, code
        assert refused.value.code == code
        with pytest.raises(OrderOutcomeUnknown):
            await answers.refuse(code, text, status=502)
    for code, text in answers.venue.open.items():
        with pytest.raises(OrderOutcomeUnknown, match="has no certain answer"):
            await answers.refuse(code, text)
    await answers.close()


async def test_nobody_to_trade_with_at_hyperliquid() -> None:
    """Worded as an error, it is how an IOC order ends."""
    answers = Answers("hyperliquid")
    for text in ("Order could not immediately match against any resting orders. asset=0", "No liquidity available"):
        state = await answers.refuse("", text)
        assert (state.status, state.filled) == (OrderStatus.EXPIRED, 0)
    await answers.close()
