"""Books of Hyperliquid: several dexes, and the documents' own figures."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import ccxt.async_support as ccxt
import pytest

from guard.ports.venue import FetchedBook, OrderRequest
from guard.risk.assess import assess
from guard.sandbox.dialects.hyperliquid.signing import action_digest, private_key_of, signed_with
from guard.venues.hyperliquid import parse
from guard.venues.hyperliquid.assemble import Answers, Reference, assemble
from guard.venues.hyperliquid.orders import HyperliquidOrderWords
from guard.venues.hyperliquid.universe import Universe, read_universe

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def listed(dex: str, settle: str, *coins: str) -> Universe:
    """A dex with these coins, 20x, at 100."""
    names = [f"{dex}:{coin}" if dex else coin for coin in coins]
    rows = [{"name": name, "szDecimals": 2, "maxLeverage": 20, "marginTableId": 20} for name in names]
    token = 0 if settle == "USDC" else 360
    return read_universe(
        [{"universe": rows, "collateralToken": token}, [{"markPx": "100.0"} for _ in rows]], dex, 0, settle
    )


def state(*legs: dict[str, Any], cash: str = "0.0", value: str = "0.0", maintenance: str = "0.0") -> parse.StateAnswer:
    """One dex of an account."""
    summary = {"accountValue": value, "totalNtlPos": "0.0", "totalRawUsd": cash, "totalMarginUsed": "50.0"}
    return parse.read_state(
        {
            "assetPositions": [{"type": "oneWay", "position": leg} for leg in legs],
            "crossMarginSummary": summary,
            "crossMaintenanceMarginUsed": maintenance,
            "withdrawable": "1.0",
            "time": 1_700_000_000_000,
        }
    )


def cross(coin: str) -> dict[str, Any]:
    """Ten long at 90, marked at 100."""
    leverage = {"type": "cross", "value": 10}
    return {
        "coin": coin,
        "szi": "10.0",
        "entryPx": "90.0",
        "positionValue": "1000.0",
        "leverage": leverage,
        "marginUsed": "100.0",
    }


def fetched(universes: dict[str, Universe], states: dict[str, parse.StateAnswer]) -> FetchedBook:
    """The book of a standard account."""
    answers = Answers(states, (), {"balances": NOW, "positions": NOW})
    return assemble("alice", answers, Reference("standard", universes))


def test_a_builders_dex_in_another_token_is_a_pool_of_its_own() -> None:
    """Each with its money and the venue's figures."""
    book = fetched(
        {"": listed("", "USDC", "BTC"), "flx": listed("flx", "USDH", "ABC")},
        {
            "": state(cross("BTC"), cash="-500.0", value="500.0", maintenance="25.0"),
            "flx": state(cross("flx:ABC"), cash="-800.0", value="200.0", maintenance="25.0"),
        },
    )
    assert book.missing == ()
    ratios = {pool.currency: pool.risk_ratio for pool in assess(book.book).pools}
    assert ratios == {"USDC": pytest.approx(0.05), "USDH": pytest.approx(0.125)}
    assert book.book.venue_reported.pools["USDH"].risk_ratio == pytest.approx(0.125)


def test_a_second_pool_in_the_same_token_is_named() -> None:
    """It cannot stand in the same book; nothing of it is mixed into the first."""
    book = fetched(
        {"": listed("", "USDC", "BTC"), "xyz": listed("xyz", "USDC", "ABC")},
        {"": state(cash="500.0", value="500.0"), "xyz": state(cross("xyz:ABC"), cash="-800.0", value="200.0")},
    )
    assert book.missing == ("the pool of dex xyz: 1 cross positions beside the USDC pool",)
    assert [item.balance for item in book.book.collateral] == [500.0]


def test_the_documents_isolated_position() -> None:
    """Cash and value of the leg give the margin that the venue shows beside them.

    Source: Hyperliquid docs, info endpoint, clearinghouseState (ETH, isolated at 20x).
    """
    leg = {
        "coin": "ETH",
        "szi": "0.0335",
        "entryPx": "2986.3",
        "positionValue": "100.02765",
        "unrealizedPnl": "-0.0134",
        "leverage": {"type": "isolated", "value": 20, "rawUsd": "-95.059824"},
        "marginUsed": "4.967826",
    }
    book = fetched({"": listed("", "USDC", "ETH")}, {"": state(leg, cash="13104.514502", value="13104.514502")})
    pools = {pool.margin_mode: pool for pool in assess(book.book).pools}
    assert pools["isolated"].equity == pytest.approx(4.967826, abs=1e-9)
    assert pools["isolated"].unrealized_pnl == pytest.approx(-0.0134, abs=1e-9)
    assert pools["cross"].equity == pytest.approx(13104.514502, abs=1e-9)


@pytest.mark.parametrize("vault", [None, "0x" + "ab" * 20])
def test_an_order_for_a_sub_account_names_it(vault: str | None) -> None:
    """The master's agent signs for it, and the signature covers whom it acts for."""
    secret = private_key_of("agent")
    exchange = ccxt.hyperliquid({"privateKey": secret})
    site = SimpleNamespace(skew_ms=SimpleNamespace(last=SimpleNamespace(value=250.0)))
    contract = listed("", "USDC", "ETH").by_coin["ETH"]
    client: Any = SimpleNamespace(exchange=exchange, site=site)
    words = HyperliquidOrderWords(client, "0x" + "ab" * 20, lambda _: contract, lambda: vault)
    request = OrderRequest(
        client_order_id="c1",
        symbol="ETH/USDC:USDC",
        side="sell",
        leg="long",
        contracts=Decimal("0.5"),
        limit_price=Decimal(99),
        reduce_only=True,
        position_mode="one_way",
    )
    body: Any = words.order_params(request, contract.listing)
    assert body.get("vaultAddress") == vault
    assert body["expiresAfter"] - body["nonce"] == pytest.approx(5_000 - 250, abs=50)
    digest = action_digest(body["action"], body["nonce"], vault, body["expiresAfter"])
    assert signed_with(secret, body["signature"], digest)
    assert not signed_with(secret, body["signature"], action_digest(body["action"], body["nonce"], None, None))
