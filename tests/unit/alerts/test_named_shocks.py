"""Named shocks: how they are written, stored and judged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.alerts.named_shocks import NamedShock, liquidating, own_shocks, read_shocks, stored_name
from guard.ports.errors import InputError
from guard.risk.book import Book, Collateral, Position, Tier

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def book() -> Book:
    """Long 100,000 of BTC, short 100,000 of ETH, behind 10,000 dollars: as safe as can be while both move alike."""
    legs = (
        Position(BTC, "long", 2.0, 1.0, "linear", "USDT", 50_000.0, 50_000.0, 10.0),
        Position(ETH, "short", 40.0, 1.0, "linear", "USDT", 2_500.0, 2_500.0, 10.0),
    )
    tiers = {symbol: (Tier(0.0, None, 0.005),) for symbol in (BTC, ETH)}
    money = (Collateral("USDT", 10_000.0),)
    return Book("a", "v", "tiered", NOW, collateral=money, positions=legs, tiers=tiers)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("BTC -10%", ["BTC -10 %"]),
        ("btc -8% ETH=+12.5 %", ["BTC -8 % ETH +12.5 %"]),
        ("BTC -10%, ALL -5%; ETH +3%", ["BTC -10 %", "ALL -5 %", "ETH +3 %"]),
        ('"BTC -8% ETH -12%"', ["BTC -8 % ETH -12 %"]),
    ],
)
def test_how_they_are_written(typed: str, shown: list[str]) -> None:
    """Several, joined by commas; each may move several assets. What is stored is read again as the same."""
    shocks = read_shocks(typed)
    assert [shock.name for shock in shocks] == shown
    assert read_shocks(", ".join(shock.name for shock in shocks)) == shocks
    assert own_shocks([stored_name(shocks), "stress", "drawdown"]) == shocks


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "names no asset"),
        ("BTC", "is no shock"),
        ("BTC 10%", "is no shock"),
        ("BTC -10", "is no shock"),
        ("BTC -10% alice", "is no shock"),
        ("BTC -100%", "above -100 %"),
        ("BTC -5% BTC -6%", "twice"),
        ("BTC +0%", "moves nothing"),
        (", ".join(["BTC -1%"] * 11), "at most 10"),
    ],
)
def test_what_is_none(typed: str, why: str) -> None:
    """A shock without a sign could be meant either way; one that moves nothing would look like safety."""
    with pytest.raises(InputError, match=why):
        read_shocks(typed)


def test_which_of_them_liquidate() -> None:
    """BTC alone by a tenth does; everything together by as much does not; a standing one is left later."""
    shocks = read_shocks("BTC -10%, ALL -10%, BTC -9%, BTC -9% ETH -9%")
    assert [shock.name for shock in liquidating(book(), shocks)] == ["BTC -10 %"]
    assert [shock.name for shock in liquidating(book(), shocks, 1.1)] == ["BTC -10 %", "BTC -9 %"]
    assert liquidating(book(), (NamedShock((("XRP", -0.9),)),)) == []


def test_assets_are_found_however_a_venue_spells_them() -> None:
    """Typed in capitals, moved as the book has it: one that moves nothing would look like safety."""
    leg = Position("kPEPE/USDT:USDT", "long", 2.0, 1.0, "linear", "USDT", 50_000.0, 50_000.0, 10.0)
    tiers = {"kPEPE/USDT:USDT": (Tier(0.0, None, 0.005),)}
    held = Book("a", "v", "tiered", NOW, collateral=(Collateral("USDT", 10_000.0),), positions=(leg,), tiers=tiers)
    assert [shock.name for shock in liquidating(held, read_shocks("kPEPE -10%"))] == ["KPEPE -10 %"]


def test_nobodys_own() -> None:
    """None: what is configured holds."""
    assert own_shocks(["stress"]) is None
    assert own_shocks(["shocks"]) == ()
