"""Real ccxt trades on the sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ccxt.async_support as ccxt
import pytest

from guard.sandbox.server import SandboxAccount, SandboxServer

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
Connect = Callable[..., Any]


async def code_of(attempt: Any) -> int:
    """The venue's error code in what ccxt raises."""
    with pytest.raises(ccxt.BaseError) as caught:
        await attempt
    text = str(caught.value)
    return int(text[text.index('"code":') + 7 : text.index(',"msg"')])


async def legs(exchange: Any, **params: Any) -> dict[tuple[str, str], Any]:
    """Held legs by symbol and side."""
    positions = await exchange.fetch_positions(params=params)
    return {(item["symbol"], item["side"]): item for item in positions if item["contracts"]}


async def test_markets_load_with_default_options(exchange: Any) -> None:
    """Everything that ccxt asks for with a key in its hands is answered."""
    markets = await exchange.load_markets()
    btc = markets[BTC]
    assert (btc["linear"], btc["settle"], btc["contractSize"], btc["active"]) == (True, "USDT", 1, True)
    assert (btc["precision"]["amount"], btc["precision"]["price"]) == (0.001, 0.1)
    assert btc["limits"]["cost"]["min"] == 100
    assert len(markets) == 15
    assert "USDT" in exchange.currencies


async def test_place_fill_and_account(exchange: Any, server: SandboxServer) -> None:
    """A market order fills, and orders, trades, positions and balance tell the same story."""
    order = await exchange.create_order(BTC, "market", "buy", 1, params={"clientOrderId": "mine-1"})
    assert (order["status"], order["filled"], order["clientOrderId"]) == ("closed", 1, "mine-1")

    again = await exchange.fetch_order(None, BTC, {"clientOrderId": "mine-1"})
    assert (again["id"], again["average"]) == (order["id"], order["average"])
    (trade,) = await exchange.fetch_my_trades(BTC)
    assert (trade["order"], trade["takerOrMaker"]) == (order["id"], "taker")
    assert trade["fee"]["cost"] == pytest.approx(order["average"] * 0.0005)

    server.set_price("BTCUSDT", 44_000)
    balance = await exchange.fetch_balance()
    expected = 100_000 - trade["fee"]["cost"] + 44_000 - order["average"]
    assert balance["USDT"]["total"] == pytest.approx(expected)
    assert balance["USDT"]["total"] == pytest.approx(float(server.equity("alice")))
    assert float(balance["info"]["totalMaintMargin"]) == 44_000 * 0.004
    assert float(balance["info"]["totalInitialMargin"]) == 44_000 / 20


@pytest.mark.parametrize("params", [{}, {"useV2": True}, {"method": "account"}, {"method": "account", "useV2": True}])
async def test_positions_in_every_form(exchange: Any, params: dict[str, Any]) -> None:
    """PositionRisk and account, v2 and v3, agree on what is held."""
    await exchange.create_order(BTC, "market", "sell", 2)
    held = await legs(exchange, **params)
    assert list(held) == [(BTC, "short")]
    position = held[BTC, "short"]
    assert (position["contracts"], position["notional"], position["marginMode"]) == (2, 87_000, "cross")


async def test_v3_shows_only_what_is_alive_and_v2_everything(exchange: Any) -> None:
    """v3 has legs with a position or an order, v2 has every listed symbol; leverage is in v2 only."""
    await exchange.create_order(BTC, "market", "buy", 1)
    await exchange.create_order(ETH, "limit", "buy", 1, 3000)
    rows = {row["symbol"]: row for row in await exchange.fapiPrivateV3GetPositionRisk()}
    assert set(rows) == {"BTCUSDT", "ETHUSDT"}
    assert rows["ETHUSDT"]["positionAmt"] == "0.000"
    assert rows["ETHUSDT"]["openOrderInitialMargin"] == "150"
    assert rows["ETHUSDT"]["bidNotional"] == "3000"
    assert "leverage" not in rows["BTCUSDT"]
    old = await exchange.fapiPrivateV2GetPositionRisk()
    assert len(old) == 15
    assert {row["leverage"] for row in old} == {"20"}
    assert {row["symbol"] for row in (await exchange.fapiPrivateV3GetAccount())["positions"]} == set(rows)
    assert len((await exchange.fapiPrivateV2GetAccount())["positions"]) == 15


async def test_reduce_only_is_rejected_without_a_position(exchange: Any) -> None:
    """-2022, as in life."""
    assert await code_of(exchange.create_order(BTC, "market", "sell", 1, params={"reduceOnly": True})) == -2022
    await exchange.create_order(BTC, "market", "buy", 1)
    assert await code_of(exchange.create_order(BTC, "market", "buy", 1, params={"reduceOnly": True})) == -2022
    closed = await exchange.create_order(BTC, "market", "sell", 1, params={"reduceOnly": True})
    assert closed["filled"] == 1
    assert await legs(exchange) == {}


async def test_refusals_have_their_codes(exchange: Any) -> None:
    """What the venue refuses, it refuses with the code that it has for it."""
    await exchange.load_markets()
    raw = exchange.fapiPrivatePostOrder
    market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
    limit = {**market, "type": "LIMIT", "timeInForce": "GTC"}
    cases = {
        -1121: {**market, "symbol": "NOSUCHUSDT", "quantity": "1"},
        -1102: market,
        -1111: {**market, "quantity": "1.00001"},
        -1116: {**market, "type": "STOPPED", "quantity": "1"},
        -1117: {**market, "side": "HOLD", "quantity": "1"},
        -1115: {**limit, "timeInForce": "NOW", "quantity": "1", "price": "40000"},
        -1106: {**market, "quantity": "1", "price": "40000"},
        -2019: {**market, "quantity": "60"},
        -4003: {**market, "quantity": "0"},
        -4005: {**market, "quantity": "500"},
        -4014: {**limit, "quantity": "1", "price": "40000.05"},
        -4016: {**limit, "quantity": "1", "price": "90000"},
        -4061: {**market, "quantity": "1", "positionSide": "LONG"},
        -4120: {**market, "type": "STOP_MARKET", "quantity": "1", "stopPrice": "40000"},
        -4164: {**market, "quantity": "0.001"},
        -5022: {**limit, "timeInForce": "GTX", "quantity": "1", "price": "44000"},
        -5021: {**limit, "timeInForce": "FOK", "quantity": "1", "price": "43000"},
        -4015: {**market, "quantity": "1", "newClientOrderId": "x" * 37},
    }
    assert {code: await code_of(raw(params)) for code, params in cases.items()} == {code: code for code in cases}
    assert await exchange.fetch_orders(BTC) == []


@pytest.mark.parametrize(("kind", "status", "filled"), [("ACK", "NEW", "0.000"), ("RESULT", "FILLED", "1.000")])
async def test_answer_to_a_new_order(exchange: Any, kind: str, status: str, filled: str) -> None:
    """ACK, the venue's default, does not say that a market order was filled; RESULT does."""
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1", "newOrderRespType": kind}
    answer = await exchange.fapiPrivatePostOrder(order)
    assert (answer["status"], answer["executedQty"]) == (status, filled)
    assert (await exchange.fetch_order(answer["orderId"], BTC))["filled"] == 1


async def test_limit_cancel_and_unknown_orders(exchange: Any) -> None:
    """Placed, listed, cancelled by client id; a second cancel and a query of nothing are refused."""
    order = await exchange.create_order(BTC, "limit", "buy", 1, 43_000, {"clientOrderId": "mine-2", "postOnly": True})
    assert (order["status"], order["timeInForce"]) == ("open", "PO")
    assert [item["id"] for item in await exchange.fetch_open_orders(BTC)] == [order["id"]]
    exchange.options["fetchOpenOrders"]["warnWithoutSymbol"] = False
    assert len(await exchange.fetch_open_orders()) == 1
    assert await code_of(exchange.create_order(BTC, "limit", "buy", 1, 43_000, {"clientOrderId": "mine-2"})) == -4116
    cancelled = await exchange.cancel_order(None, BTC, {"clientOrderId": "mine-2"})
    assert cancelled["status"] == "canceled"
    assert await code_of(exchange.cancel_order(order["id"], BTC)) == -2011
    assert await code_of(exchange.fetch_order("1", BTC)) == -2013
    assert await code_of(exchange.fapiPrivateGetOrder({"symbol": "BTCUSDT"})) == -1102


async def test_resting_order_fills_as_maker(exchange: Any, server: SandboxServer) -> None:
    """When the price comes, the bid is filled at its own price for the maker fee."""
    order = await exchange.create_order(BTC, "limit", "buy", 1, 43_000)
    server.set_price("BTCUSDT", 42_900)
    filled = await exchange.fetch_order(order["id"], BTC)
    assert (filled["status"], filled["average"]) == ("closed", 43_000)
    (trade,) = await exchange.fetch_my_trades(BTC)
    assert (trade["takerOrMaker"], trade["fee"]["cost"]) == ("maker", 8.6)


async def test_cancel_all_and_edit(exchange: Any) -> None:
    """Orders are changed in place, and cancelled together by symbol."""
    order = await exchange.create_order(BTC, "limit", "buy", 1, 43_000)
    edited = await exchange.edit_order(order["id"], BTC, "limit", "buy", 2, 42_000)
    assert (edited["id"], edited["amount"], edited["price"]) == (order["id"], 2, 42_000)
    await exchange.create_order(ETH, "limit", "buy", 1, 3000)
    await exchange.cancel_all_orders(BTC)
    assert await exchange.fetch_open_orders(BTC) == []
    assert len(await exchange.fetch_open_orders(ETH)) == 1


async def test_batches_succeed_and_fail_entry_by_entry(exchange: Any) -> None:
    """A refused order of a batch does not take the others with it."""
    order = {"symbol": BTC, "type": "limit", "side": "buy", "amount": 1, "price": 43_000}
    answers = await exchange.create_orders([order, {**order, "params": {"reduceOnly": True}}])
    placed = {item["status"]: item for item in answers}
    assert set(placed) == {"open", "rejected"}
    assert placed["rejected"]["info"]["code"] == -2022
    cancelled = await exchange.cancel_orders([placed["open"]["id"]], BTC)
    assert [item["status"] for item in cancelled] == ["canceled"]


async def test_hedge_mode(exchange: Any) -> None:
    """Both legs of a symbol, closed by ccxt's own means; what does not fit the mode is refused."""
    await exchange.set_position_mode(hedged=True)
    assert (await exchange.fetch_position_mode())["hedged"]
    assert await code_of(exchange.set_position_mode(True)) == -4059
    await exchange.create_order(BTC, "market", "buy", 2, params={"hedged": True})
    await exchange.create_order(BTC, "market", "sell", 1, params={"hedged": True})
    held = await legs(exchange)
    assert {side: item["contracts"] for (_, side), item in held.items()} == {"long": 2, "short": 1}
    assert held[BTC, "long"]["hedged"]
    assert await code_of(exchange.create_order(BTC, "market", "buy", 1)) == -4061
    closed = await exchange.create_order(BTC, "market", "sell", 2, params={"hedged": True, "reduceOnly": True})
    assert closed["info"]["positionSide"] == "LONG"
    assert list(await legs(exchange)) == [(BTC, "short")]
    too_much = exchange.create_order(BTC, "market", "buy", 2, params={"hedged": True, "reduceOnly": True})
    assert await code_of(too_much) == -2022
    assert await code_of(exchange.set_position_mode(False)) == -4068


async def test_conditional_orders_are_a_book_of_their_own(exchange: Any, server: SandboxServer) -> None:
    """Placed, listed and cancelled as trigger orders; unseen among plain ones; triggered by the price."""
    await exchange.create_order(BTC, "market", "buy", 1)
    stop = await exchange.create_order(BTC, "market", "sell", 1, params={"stopLossPrice": 42_000, "reduceOnly": True})
    other = await exchange.create_order(BTC, "limit", "sell", 1, 46_000, {"takeProfitPrice": 45_000})
    assert await exchange.fetch_open_orders(BTC) == []
    listed = await exchange.fetch_open_orders(BTC, params={"trigger": True})
    assert [(item["id"], item["triggerPrice"]) for item in listed] == [(stop["id"], 42_000), (other["id"], 45_000)]
    await exchange.cancel_order(other["id"], BTC, {"trigger": True})
    assert await code_of(exchange.cancel_order(other["id"], BTC, {"trigger": True})) == -2011
    early = exchange.create_order(BTC, "market", "sell", 1, params={"stopLossPrice": 44_000})
    assert await code_of(early) == -2021

    server.set_price("BTCUSDT", 41_900)
    assert await legs(exchange) == {}
    done = await exchange.fetch_order(stop["id"], BTC, {"trigger": True})
    assert done["status"] == "closed"
    actual = await exchange.fetch_order(done["info"]["actualOrderId"], BTC)
    assert (actual["status"], actual["info"]["origType"]) == ("closed", "STOP_MARKET")

    await exchange.create_order(BTC, "market", "buy", 1, params={"triggerPrice": 45_000})
    await exchange.cancel_all_orders(BTC, {"trigger": True})
    assert await exchange.fetch_open_orders(BTC, params={"trigger": True}) == []


async def test_liquidation_over_the_wire(exchange: Any, server: SandboxServer) -> None:
    """An account that is wiped out shows no position, no order, nothing in the wallet, and the forced order."""
    await exchange.create_order(BTC, "market", "buy", 40)
    await exchange.create_order(BTC, "limit", "sell", 1, 45_000)
    price = (await legs(exchange))[BTC, "long"]["liquidationPrice"]
    server.set_price("BTCUSDT", str(round(price, 2) + 1))
    assert list(await legs(exchange)) == [(BTC, "long")]
    server.set_price("BTCUSDT", str(round(price, 2) - 1))
    assert server.liquidated("alice")
    assert await legs(exchange) == {}
    assert await exchange.fetch_open_orders(BTC) == []
    (forced,) = await exchange.fetch_my_liquidations(BTC)
    assert (forced["contracts"], forced["info"]["status"]) == (40, "FILLED")
    assert forced["info"]["clientOrderId"].startswith("autoclose-")
    kinds = [row["incomeType"] for row in await exchange.fapiPrivateGetIncome()]
    assert kinds == ["TRANSFER", *["COMMISSION"] * kinds.count("COMMISSION"), "REALIZED_PNL", "INSURANCE_CLEAR"]
    assert await code_of(exchange.create_order(BTC, "market", "buy", 40)) == -2019


async def test_leverage_and_margin_mode(exchange: Any) -> None:
    """Settings are changed, read back, and refused as in life."""
    await exchange.set_leverage(10, BTC)
    assert (await exchange.fetch_leverages())[BTC]["longLeverage"] == 10
    assert await code_of(exchange.fapiPrivatePostLeverage({"symbol": "BTCUSDT", "leverage": 200})) == -4028
    await exchange.set_margin_mode("isolated", BTC)
    assert (await exchange.fetch_margin_modes())[BTC]["marginMode"] == "isolated"
    with pytest.raises(ccxt.MarginModeAlreadySet):
        await exchange.set_margin_mode("isolated", BTC)
    await exchange.create_order(BTC, "market", "buy", 1)
    before = (await legs(exchange))[BTC, "long"]
    assert before["marginMode"] == "isolated"
    await exchange.add_margin(BTC, 500)
    after = (await legs(exchange))[BTC, "long"]
    assert after["positionMargin"] == pytest.approx(before["positionMargin"] + 500)
    assert after["liquidationPrice"] < before["liquidationPrice"]
    assert await code_of(exchange.fapiPrivatePostMultiAssetsMargin({"multiAssetsMargin": "true"})) == -4167


async def test_multi_assets_mode(connect: Connect, server: SandboxServer) -> None:
    """The flag, the asset index and totals in USD."""
    bob = server.add_account("bob", {"USDT": 1000, "USDC": 500})
    exchange = connect(bob)
    assert (await exchange.fapiPrivateGetMultiAssetsMargin())["multiAssetsMargin"] is False
    await exchange.fapiPrivatePostMultiAssetsMargin({"multiAssetsMargin": "true"})
    assert (await exchange.fapiPrivateGetMultiAssetsMargin())["multiAssetsMargin"] is True
    assert {row["symbol"] for row in await exchange.fapiPublicGetAssetIndex()} == {"USDCUSD", "USDTUSD"}
    account = await exchange.fapiPrivateV3GetAccount()
    assert (account["totalMarginBalance"], account["availableBalance"]) == ("1500.00000000", "1500.00000000")


async def test_tiers_carry_cum(exchange: Any) -> None:
    """The maintenance amounts of the brackets, as the venue writes them: numbers, with `cum`."""
    tiers = (await exchange.fetch_leverage_tiers())[BTC]
    assert [tier["info"]["cum"] for tier in tiers][:4] == [0.0, 50.0, 1300.0, 16300.0]
    assert (tiers[1]["minNotional"], tiers[1]["maintenanceMarginRate"], tiers[1]["maxLeverage"]) == (50_000, 0.005, 100)


async def test_market_data(connect: Connect, server: SandboxServer) -> None:
    """Prices, book, candles and funding need no key and agree with one another."""
    public = connect(None)
    server.set_price("BTCUSDT", 40_000)
    book = await public.fetch_order_book(BTC, 5)
    assert book["bids"][0][0] < 40_000 < book["asks"][0][0]
    assert (await public.fetch_mark_prices())[BTC]["markPrice"] == 40_000
    assert (await public.fetch_funding_rates())[BTC]["fundingRate"] == 0.0001
    ticker = await public.fetch_ticker(BTC)
    assert (ticker["last"], ticker["open"]) == (40_000, 43_500)
    candles = await public.fetch_ohlcv(BTC, "1m", limit=3)
    assert len(candles) == 3
    assert (candles[0][1], candles[-1][4]) == (43_500, 40_000)
    assert candles[1][0] - candles[0][0] == 60_000
    assert len(await public.fetch_funding_rate_history(BTC, limit=3)) == 3
    assert abs(await public.fetch_time() - server.engine.now_ms) < 1000
    assert await code_of(public.fapiPublicGetDepth({"symbol": "BTCUSDT", "limit": 7})) == -4021
    assert await code_of(public.fapiPublicGetKlines({"symbol": "BTCUSDT", "interval": "7m"})) == -1120


async def test_countdown_cancels_orders(exchange: Any, server: SandboxServer) -> None:
    """The venue's dead man's switch."""
    await exchange.create_order(BTC, "limit", "buy", 1, 43_000)
    await exchange.fapiPrivatePostCountdownCancelAll({"symbol": "BTCUSDT", "countdownTime": 60_000})
    assert len(await exchange.fetch_open_orders(BTC)) == 1
    server.advance(60_000)
    assert await exchange.fetch_open_orders(BTC) == []


async def test_transfers_need_their_right(exchange: Any, alice: SandboxAccount, server: SandboxServer) -> None:
    """Money moves between wallets only with a key that may, and never more than there is."""
    await exchange.load_markets()
    assert await code_of(exchange.transfer("USDT", 10, "spot", "swap")) == -2015
    server.keys.keys[alice.api_key].universal_transfer = True
    await exchange.transfer("USDT", 10, "spot", "swap")
    assert server.equity("alice") == 100_010
    assert await code_of(exchange.transfer("USDT", 200_000, "swap", "spot")) == -5002
