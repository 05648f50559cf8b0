"""Contracts that legs could be hedged with: which are asked for, and which are left out and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from guard.app.proxy_market import BARRED, ISOLATED, UNREADABLE, UNTOLD, plan_market, read_proxy_terms, wanted_proxies
from guard.ports.errors import VenueError
from guard.ports.venue import Depth, DepthLevel, Instrument, SymbolTerms, VenueAccount
from guard.protect.policy import ProtectPolicy
from guard.protect.quotes import read_quotes
from guard.risk.book import Book, Collateral, Fees, Position, Tier

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
TIERS = (Tier(0.0, None, 0.01),)
POLICY = ProtectPolicy(remedies=("reduce", "hedge"), betas={"BTC": 1.0, "ETH": 1.2}, target_distance=0.2)
BOOK = Book(
    account="alice",
    venue="somewhere",
    model="tiered",
    as_of=NOW,
    fees=Fees(taker=0.0005),
    collateral=(Collateral("USDT", 2_600.0),),
    positions=(Position(ETH, "long", 10.0, 1.0, "linear", "USDT", 2_500.0, 2_500.0, 50.0),),
    tiers={ETH: TIERS},
)
PRICES = {BTC: 40_000.0, ETH: 2_500.0}


class Mute:
    """A venue with trading rules and order books, that tells no terms."""

    def __init__(self, *, crossed: bool = False) -> None:
        self._crossed = crossed
        self.asked: list[str] = []

    async def instrument(self, symbol: str) -> Instrument:
        """Steps of a thousandth."""
        return Instrument(symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1))

    async def depth(self, symbol: str) -> Depth:
        """One level a side."""
        gap = -0.0001 if self._crossed else 0.0001
        bid, ask = PRICES[symbol] * (1 - gap), PRICES[symbol] * (1 + gap)
        return Depth(symbol, (DepthLevel(bid, 1e6),), (DepthLevel(ask, 1e6),))


class Teller(Mute):
    """One that may tell terms."""

    def __init__(self, answer: SymbolTerms | VenueError | None, *, crossed: bool = False) -> None:
        super().__init__(crossed=crossed)
        self._answer = answer

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """What the test wants."""
        self.asked.append(symbol)
        if isinstance(self._answer, VenueError):
            raise self._answer
        return self._answer


CROSS = SymbolTerms(BTC, TIERS, 50.0, "cross")


async def seen(venue: Any, policy: ProtectPolicy = POLICY, book: Book = BOOK) -> Any:
    """The market of a plan."""
    wanted = wanted_proxies(book, policy)
    quotes = await read_quotes(cast("VenueAccount", venue), {leg.symbol for leg in book.positions} | set(wanted), 1.0)
    return plan_market(book, quotes, await read_proxy_terms(cast("VenueAccount", venue), wanted, policy, 1.0))


async def test_terms_that_are_told_are_used() -> None:
    """With the middle of the order book as its mark; the book itself stays what was read."""
    market = await seen(Teller(CROSS))
    assert (set(market.instruments), market.notes) == ({BTC, ETH}, ())
    assert market.book.tiers[BTC] == TIERS
    assert market.book.parameters[BTC] == {"contract_size": 1.0, "leverage": 50.0, "mark_price": 40_000.0}
    assert BTC not in BOOK.tiers


@pytest.mark.parametrize(
    ("venue", "policy", "why"),
    [
        (Mute(), POLICY, UNTOLD),
        (Teller(None), POLICY, UNTOLD),
        (Teller(VenueError("down")), POLICY, UNREADABLE),
        (Teller(replace(CROSS, margin_mode="isolated")), POLICY, ISOLATED),
        (Teller(CROSS, crossed=True), POLICY, UNREADABLE),
        (Teller(CROSS), replace(POLICY, allow_symbols=(ETH,)), BARRED),
    ],
)
async def test_what_is_left_out_is_named(venue: Any, policy: ProtectPolicy, why: str) -> None:
    """Nothing is guessed: no trading rules are handed on, so no plan can use it."""
    market = await seen(venue, policy)
    assert market.notes == (f"no hedge with {BTC}: {why}",)
    assert set(market.instruments) == {ETH}
    assert market.book is BOOK


@pytest.mark.parametrize(
    ("policy", "book"),
    [
        (replace(POLICY, remedies=("reduce",)), BOOK),
        (replace(POLICY, betas={}), BOOK),
        (POLICY, replace(BOOK, positions=(*BOOK.positions, replace(BOOK.positions[0], symbol=BTC, side="short")))),
    ],
)
async def test_nobody_is_asked_without_need(policy: ProtectPolicy, book: Book) -> None:
    """No hedges, no betas, or it is held: its terms stand in the book."""
    venue = Teller(CROSS)
    market = await seen(venue, policy, book)
    assert venue.asked == []
    assert market.notes == ()
