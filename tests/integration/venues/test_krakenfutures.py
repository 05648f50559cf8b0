"""Real ccxt against a small Kraken Futures on loopback that computes its figures by its own published rule."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from guard.app.clock import SystemClock
from guard.ports.errors import (
    BadAnswer,
    CredentialsRejected,
    InputError,
    OrderOutcomeUnknown,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.assess import assess
from guard.venues.krakenfutures.venue import VENUE
from tests.contract.venues.agreement import agrees
from tests.harness.wire_bench import WireBench, on_loopback

D = Decimal
KEY, SECRET = "k" * 56, base64.b64encode(b"s" * 64).decode()
BTC, ETH = "BTC/USD:USD", "ETH/USD:USD"
# Floors in USD (linear) or contracts (inverse) with initial margins; maintenance is half of it.
LEVELS: dict[str, list[tuple[float, float]]] = {
    "PF_XBTUSD": [(0, 0.02), (750_000, 0.04), (1_500_000, 0.1)],
    "PF_ETHUSD": [(0, 0.02), (500_000, 0.04)],
    "FF_XBTUSD_261225": [(0, 0.02), (750_000, 0.04)],
    "PI_XBTUSD": [(0, 0.02), (500_000, 0.04)],
}
UNDERLYING = {"PF_XBTUSD": "BTC", "PF_ETHUSD": "ETH", "FF_XBTUSD_261225": "BTC", "PI_XBTUSD": "BTC"}


def word_of_now() -> str:
    """The time as the venue writes it."""
    return SystemClock().now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass
class Kraken:
    """One account there: `held` by contract as signed size and entry; currencies as quantity, price and haircut."""

    currencies: dict[str, tuple[float, float, float]] = field(default_factory=lambda: {"USD": (100_000.0, 1.0, 0.0)})
    held: dict[str, tuple[float, float]] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    funding: float = -12.5
    orders: list[dict[str, Any]] = field(default_factory=list)
    singles: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, float] = field(
        default_factory=lambda: {"PF_XBTUSD": 50_000.0, "PF_ETHUSD": 2_500.0, "FF_XBTUSD_261225": 51_000.0}
    )
    statuses: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    fills: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[str, Any] | None = None
    error: tuple[str, int, dict[str, Any]] | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """One request: the signature first, then what was asked."""
        path = request.path.removeprefix("/derivatives")
        name = path.rpartition("/v3/")[2] if "/v3/" in path else path.rpartition("/v2/")[2]
        query = dict(request.query)
        if self.error is not None and self.error[0] == name:
            return web.json_response(self.error[2], status=self.error[1])
        if name not in {"instruments", "instruments/status", "tickers", "orderbook"}:
            said = request.rel_url.raw_query_string + path
            made = hmac.new(base64.b64decode(SECRET), hashlib.sha256(said.encode()).digest(), hashlib.sha512).digest()
            if (request.headers.get("APIKey"), request.headers.get("Authent")) != (
                KEY,
                base64.b64encode(made).decode(),
            ):
                return web.json_response({"result": "error", "error": "authenticationError"})
        if "history" in path:
            return web.json_response({"elements": self.history, "len": len(self.history)})
        told = getattr(self, "_" + name.replace("/", "_"))(query)
        return web.json_response({"result": "success", "serverTime": word_of_now(), **told})

    def _margins(self) -> tuple[float, float]:
        """Initial and maintenance margin: the larger side of each underlying."""
        sides: dict[tuple[str, bool], float] = {}
        for name, (size, _) in self.held.items():
            if name in self.fixed or name.startswith("PI_"):
                continue
            value = abs(size) * self.marks[name]
            rate = next(rate for floor, rate in reversed(LEVELS[name]) if value > floor)
            key = (UNDERLYING[name], size > 0)
            sides[key] = sides.get(key, 0.0) + value * rate
        bases = {base for base, _ in sides}
        initial = sum(max(sides.get((base, True), 0.0), sides.get((base, False), 0.0)) for base in bases)
        return initial, initial / 2

    def _accounts(self, _query: dict[str, str]) -> dict[str, Any]:
        initial, maintenance = self._margins()
        value = sum(quantity * price for quantity, price, _ in self.currencies.values())
        counted = sum(quantity * price * (1 - haircut) for quantity, price, haircut in self.currencies.values())
        pnl = sum(size * (self.marks[name] - entry) for name, (size, entry) in self.held.items() if name[:2] != "PI")
        equity = counted + pnl + self.funding
        flex = {
            "currencies": {
                name: {
                    "quantity": quantity,
                    "value": quantity * price,
                    "collateral": quantity * price * (1 - haircut),
                    "available": quantity,
                }
                for name, (quantity, price, haircut) in self.currencies.items()
            },
            "initialMargin": initial,
            "initialMarginWithOrders": initial,
            "maintenanceMargin": maintenance,
            "balanceValue": value,
            "portfolioValue": value + pnl,
            "collateralValue": counted,
            "pnl": pnl,
            "unrealizedFunding": self.funding,
            "totalUnrealized": pnl + self.funding,
            "totalUnrealizedAsMargin": pnl + self.funding,
            "availableMargin": equity - initial,
            "marginEquity": equity,
            "type": "multiCollateralMarginAccount",
        }
        cash = {"balances": {"xbt": "0.0"}, "type": "cashAccount"}
        return {"accounts": {"flex": flex, "cash": cash, **self.singles}}

    def _openpositions(self, _query: dict[str, str]) -> dict[str, Any]:
        rows = [
            {
                "side": "long" if size > 0 else "short",
                "symbol": name,
                "price": entry,
                "fillTime": word_of_now(),
                "size": abs(size),
                "unrealizedFunding": None,
                **({"maxFixedLeverage": self.fixed[name]} if name in self.fixed else {}),
            }
            for name, (size, entry) in self.held.items()
        ]
        return {"openPositions": rows}

    def _openorders(self, _query: dict[str, str]) -> dict[str, Any]:
        return {"openOrders": self.orders}

    def _tickers(self, _query: dict[str, str]) -> dict[str, Any]:
        rows: list[dict[str, Any]] = [{"symbol": name, "markPrice": mark} for name, mark in self.marks.items()]
        return {"tickers": [*rows, {"symbol": "in_xbtusd", "last": 1}]}

    def _instruments_status(self, _query: dict[str, str]) -> dict[str, Any]:
        return {"instrumentStatus": []}

    def _instruments(self, _query: dict[str, str]) -> dict[str, Any]:
        rows: list[dict[str, Any]] = [{"symbol": "in_xbtusd", "type": "spot index", "tradeable": False}]
        for name, levels in LEVELS.items():
            inverse = name.startswith("PI_")
            floor = "contracts" if inverse else "numNonContractUnits"
            rows.append(
                {
                    "symbol": name,
                    "type": "futures_inverse" if inverse else "flexible_futures",
                    "tickSize": 0.5,
                    "contractSize": 1,
                    "contractValueTradePrecision": 0 if inverse else 4,
                    "tradeable": True,
                    "marginLevels": [
                        {floor: start, "initialMargin": rate, "maintenanceMargin": rate / 2} for start, rate in levels
                    ],
                    **({"lastTradingTime": "2026-12-25T15:00:00.000Z"} if name.endswith("261225") else {}),
                }
            )
        return {"instruments": [*rows, {"symbol": "PF_NEWUSD", "type": "flexible_futures"}]}

    def _orderbook(self, _query: dict[str, str]) -> dict[str, Any]:
        return {"orderBook": {"bids": [[49_999, 1], [49_999.5, 2]], "asks": [[50_001, 3], [50_000.5, 0.5]]}}

    def _sendorder(self, query: dict[str, str]) -> dict[str, Any]:
        self.sent = query
        late = datetime.fromisoformat(query["processBefore"]) < SystemClock().now()
        assert (query["orderType"], query["reduceOnly"], late) == ("ioc", "true", False)
        name, asked, limit = query["symbol"], float(query["size"]), float(query["limitPrice"])
        size, entry = self.held.get(name, (0.0, 1.0))
        if size == 0:
            return {"sendStatus": {"status": "wouldNotReducePosition", "order_id": "o-7", "orderEvents": []}}
        if (limit > self.marks[name]) == (query["side"] == "sell"):
            return {"sendStatus": {"status": "iocWouldNotExecute", "order_id": "o-7", "orderEvents": []}}
        filled = min(asked, abs(size))
        self.held[name] = (size - filled, entry)
        client_id = query["cliOrdId"]
        fill = {"cliOrdId": client_id, "order_id": "o-7", "size": filled, "price": self.marks[name], "symbol": name}
        self.fills.append(fill)
        order = {"uid": "o-7", "clientId": client_id, "quantity": str(asked - filled), "filled": str(filled)}
        self.history.insert(0, {"event": {"OrderPlaced": {"order": {**order, "orderType": "IoC"}, "reason": "new"}}})
        event = {"type": "EXECUTION", "price": self.marks[name], "amount": filled}
        return {"sendStatus": {"status": "placed", "order_id": "o-7", "orderEvents": [event]}}

    def _orders_status(self, query: dict[str, str]) -> dict[str, Any]:
        return {"orders": [each for each in self.statuses if each["order"]["cliOrdId"] == query["cliOrdIds"]]}

    def _fills(self, _query: dict[str, str]) -> dict[str, Any]:
        return {"fills": self.fills}


Bench = WireBench[Kraken]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """One venue on loopback."""
    async with on_loopback(Kraken(), VENUE, KEY, SECRET) as found:
        yield found


def reduction(**fields: Any) -> OrderRequest:
    """An order that closes half a BTC of a long leg."""
    request = OrderRequest(
        client_order_id="g0123456789abcdef01s12c3",
        symbol=BTC,
        side="sell",
        leg="long",
        contracts=D("0.5"),
        limit_price=D(49_000),
        reduce_only=True,
        position_mode="one_way",
    )
    return replace(request, **fields)


async def test_a_multi_collateral_wallet(bench: Bench) -> None:
    """Collateral with haircuts, contracts of one underlying that offset each other, every tier; the venue agrees."""
    bench.venue.currencies = {"USD": (500_000.0, 1.0, 0.0), "XBT": (2.0, 50_000.0, 0.03), "EUR": (1_000.0, 1.1, 0.01)}
    bench.venue.held = {
        "PF_XBTUSD": (20.0, 48_000.0),
        "FF_XBTUSD_261225": (-5.0, 52_000.0),
        "PF_ETHUSD": (-300.0, 2_600.0),
    }
    check = await bench.open().check()
    agrees(check.fetched, 1e-9)
    book = check.fetched.book
    assert (book.model, check.account_mode) == ("kraken-futures", "multi-collateral")
    assert {leg.symbol: leg.leverage for leg in book.positions} == {
        BTC: pytest.approx(25.0),
        BTC + "-261225": pytest.approx(50.0),
        ETH: pytest.approx(25.0),
    }
    assert {item.asset for item in book.collateral} == {"USD", "BTC", "EUR"}
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, None, None)


async def test_an_account_without_dollars(bench: Bench) -> None:
    """Contracts settle in them all the same."""
    bench.venue.currencies = {"XBT": (2.0, 50_000.0, 0.03)}
    bench.venue.held = {"PF_XBTUSD": (3.0, 48_000.0)}
    agrees(await bench.open().fetch_book(), 1e-9)


async def test_an_account_dies_where_the_venue_says(bench: Bench) -> None:
    """At our liquidation price the venue's own requirement is its equity."""
    bench.venue.held = {"PF_ETHUSD": (-190.0, 2_500.0), "PF_XBTUSD": (1.0, 50_000.0)}
    (pool,) = assess((await bench.open().fetch_book()).book).pools
    price = next(leg.liquidation_price for leg in pool.positions if leg.symbol == ETH)
    assert price is not None
    bench.venue.marks["PF_ETHUSD"] = price
    flex = bench.venue._accounts({})["accounts"]["flex"]
    assert flex["maintenanceMargin"] == pytest.approx(flex["marginEquity"], rel=1e-6)


async def test_inverse_contracts_are_reported_wallet_by_wallet(bench: Bench) -> None:
    """They have wallets of their own, in coins; nothing is recomputed."""
    bench.venue.held = {"PI_XBTUSD": (10_000.0, 48_000.0)}
    bench.venue.marks["PI_XBTUSD"] = 50_000.0
    bench.venue.singles = {
        "fi_xbtusd": {
            "auxiliary": {"usd": "0", "pv": "0.5", "pnl": "0.008", "af": "0.4", "funding": "0.0"},
            "marginRequirements": {"im": "0.004", "mm": "0.002", "lt": "0.001", "tt": "0.0"},
            "balances": {"xbt": "0.49"},
            "currency": "xbt",
            "type": "marginAccount",
        }
    }
    check = await bench.open().check()
    book = check.fetched.book
    assert (book.model, check.account_mode) == ("reported", "multi-collateral beside 1 single-collateral")
    assert set(book.venue_reported.pools) == {"USD", "BTC"}
    assert assess(book).risk_ratio == pytest.approx(0.002 / 0.5)
    assert (book.positions[0].kind, book.positions[0].settle) == ("inverse", "BTC")


async def test_the_margin_of_an_isolated_leg_is_missing(bench: Bench) -> None:
    """The venue does not tell it: the book is INCOMPLETE, and says why."""
    bench.venue.held = {"PF_XBTUSD": (1.0, 48_000.0)}
    bench.venue.fixed = {"PF_XBTUSD": "5.0"}
    fetched = await bench.open().fetch_book()
    assert any("isolated margin of BTC/USD:USD" in name for name in fetched.missing)
    assert (fetched.book.positions[0].margin_mode, fetched.book.positions[0].leverage) == ("isolated", 5.0)


async def test_orders_are_read(bench: Bench) -> None:
    """Plain and waiting ones, with marks where nothing is held."""
    order = {"symbol": "pf_ethusd", "side": "buy", "unfilledSize": 10, "filledSize": 0, "order_id": "o-1"}
    bench.venue.orders = [
        {**order, "orderType": "lmt", "limitPrice": 2_000.0, "reduceOnly": False, "cliOrdId": "mine"},
        {**order, "orderType": "stop", "stopPrice": 3_000.0, "reduceOnly": True, "order_id": "o-2"},
    ]
    fetched = await bench.open().fetch_book()
    plain, waiting = fetched.book.orders
    assert fetched.missing == ()
    assert (plain.symbol, plain.price, plain.remaining, plain.client_order_id) == (ETH, 2000.0, 10.0, "mine")
    assert (waiting.conditional, waiting.price, waiting.reduce_only) == (True, None, True)
    assert fetched.book.parameters[ETH]["mark_price"] == 2_500.0
    assert assess(fetched.book).pools[0].initial_margin == pytest.approx(10 * 2_000 * 0.02)


async def test_what_is_absent_is_named(bench: Bench) -> None:
    """A contract that nobody lists, a mark that nobody tells."""
    bench.venue.held = {"PF_XBTUSD": (1.0, 48_000.0), "PF_NEWUSD": (1.0, 5.0)}
    bench.venue.fixed = {"PF_NEWUSD": "1.0"}
    bench.venue.marks["PF_NEWUSD"] = 0.0
    missing = (await bench.open().fetch_book()).missing
    assert {"listing of PF_NEWUSD", "mark price of NEW/USD:USD", "tiers of NEW/USD:USD"} <= set(missing)


async def test_a_reduction_fills_and_is_found_again(bench: Bench) -> None:
    """By its events; later in the history, with the price of its fills."""
    bench.venue.held = {"PF_XBTUSD": (2.0, 48_000.0)}
    opened = bench.open()
    state = await opened.submit(reduction())
    assert (state.status, state.filled, state.average_price) == (OrderStatus.FILLED, D("0.5"), 50_000.0)
    assert bench.venue.held["PF_XBTUSD"][0] == 1.5
    assert await opened.find_order(state.client_order_id, BTC) == state
    assert await opened.find_order("another", BTC) is None


async def test_an_order_that_ended_just_now(bench: Bench) -> None:
    """Known by its status, with nothing filled."""
    order = {"orderId": "o-9", "cliOrdId": "c9", "quantity": 1, "filled": 0}
    bench.venue.statuses = [{"order": order, "status": "CANCELLED", "updateReason": "IOC"}]
    found = await bench.open().find_order("c9", BTC)
    assert found is not None
    assert (found.status, found.filled, found.venue_order_id) == (OrderStatus.EXPIRED, D(0), "o-9")


async def test_refusals_inside_an_answer(bench: Bench) -> None:
    """Certain ones, and an id that is in use."""
    opened = bench.open()
    with pytest.raises(OrderRejected, match="wouldNotReducePosition"):
        await opened.submit(reduction())
    bench.venue.held = {"PF_XBTUSD": (2.0, 48_000.0)}
    assert (await opened.submit(reduction(limit_price=D(51_000)))).status is OrderStatus.EXPIRED
    bench.venue.error = ("sendorder", 200, {"result": "success", "sendStatus": {"status": "clientOrderIdAlreadyExist"}})
    with pytest.raises(OrderOutcomeUnknown):
        await opened.submit(reduction(client_order_id="c2"))


async def test_the_order_book_is_sorted(bench: Bench) -> None:
    """Best level first."""
    depth = await bench.open().depth(BTC)
    assert [level.price for level in depth.bids] == [49_999.5, 49_999.0]
    assert [level.price for level in depth.asks] == [50_000.5, 50_001.0]


@pytest.mark.parametrize(
    ("status", "word", "expected"),
    [
        (200, "authenticationError", CredentialsRejected),
        (200, "accountInactive", PermissionMissing),
        (200, "apiLimitExceeded", RateLimited),
        (429, "apiLimitExceeded", RateLimited),
        (200, "unavailable", VenueUnavailable),
        (500, "Server Error", VenueUnavailable),
        (400, "somethingNew", VenueError),
    ],
)
async def test_refusals(bench: Bench, status: int, word: str, expected: type[VenueError]) -> None:
    """By the venue's words."""
    bench.venue.error = ("openpositions", status, {"result": "error", "error": word})
    with pytest.raises(expected, match=word) as caught:
        await bench.open().fetch_book()
    assert SECRET not in str(caught.value)


async def test_a_wrong_key_and_a_secret_of_another_form(bench: Bench) -> None:
    """The one is refused by the venue, the other before anything is asked."""
    with pytest.raises(CredentialsRejected):
        await bench.open(api_key="wrong").fetch_book()
    with pytest.raises(InputError, match="base64"):
        bench.open(secret="not base64!")


async def test_answers_with_holes(bench: Bench) -> None:
    """Nothing is guessed."""
    bench.venue.error = ("openpositions", 200, {"result": "success", "openPositions": [{"symbol": "PF_XBTUSD"}]})
    with pytest.raises(BadAnswer, match="has no size"):
        await bench.open().fetch_book()
    bench.venue.error = ("accounts", 200, {"result": "success", "accounts": {}})
    with pytest.raises(BadAnswer):
        await bench.open().fetch_book()
