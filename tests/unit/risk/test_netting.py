"""Self-trading: long against short of one symbol."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.netting import netted

MakeBook = Callable[..., Book]
MakeLeg = Callable[..., Position]


def test_equity_stays(book: MakeBook, leg: MakeLeg) -> None:
    """What both legs had in common becomes wallet; the fee of both closings comes off."""
    legs = (leg(contracts=2.0), leg(side="short", contracts=3.0, entry_price=9000.0))
    hedged = book(position_mode="hedge", positions=legs)
    after = netted(hedged)
    assert [(each.side, each.contracts) for each in after.positions] == [("short", 1.0)]
    assert after.collateral[0].balance == pytest.approx(5000.0 - 2000.0)
    assert assess(after).pools[0].equity == pytest.approx(assess(hedged).pools[0].equity)
    paid = netted(hedged, fee_rate=0.001)
    assert after.collateral[0].balance - paid.collateral[0].balance == pytest.approx(2 * 2 * 10_000 * 0.001)


def test_inverse_legs(book: MakeBook, leg: MakeLeg) -> None:
    """In coin: equity stays as well."""
    symbol = "BTC/USD:BTC"
    legs = tuple(
        leg(symbol=symbol, settle="BTC", kind="inverse", side=side, contracts=10_000.0, entry_price=entry)
        for side, entry in (("long", 11_000.0), ("short", 9_500.0))
    )
    hedged = book(
        model="tiered", position_mode="hedge", positions=legs, collateral=(Collateral("BTC", 1.0),),
        tiers={symbol: (Tier(0.0, None, 0.01),)},
    )  # fmt: skip
    after = netted(hedged)
    assert after.positions == ()
    assert assess(after).pools[0].equity == pytest.approx(assess(hedged).pools[0].equity)


def test_leaves_alone_what_is_not_hedged(book: MakeBook, leg: MakeLeg) -> None:
    """One-sided symbols, isolated legs and symbols that were not named stay as they are."""
    assert netted(book()) == book()
    alone = leg(side="short", margin_mode="isolated", isolated_margin=100.0)
    mixed = book(position_mode="hedge", positions=(leg(), alone))
    assert netted(mixed) == mixed
    hedged = book(position_mode="hedge", positions=(leg(), leg(side="short")))
    assert netted(hedged, "ETH/USDT:USDT") == hedged
