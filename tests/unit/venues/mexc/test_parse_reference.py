"""Contracts with their risk limits in each of the venue's schemes, marks, modes, codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import (
    BadAnswer,
    ClockSkew,
    CredentialsRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.risk.book import Tier
from guard.venues.errors import classify
from guard.venues.library import exceptions
from guard.venues.mexc import endpoints as at
from guard.venues.mexc.parse_reference import (
    Charge,
    read_charges,
    read_contracts,
    read_depth,
    read_marks,
    read_position_mode,
)
from guard.venues.wire import read_answer


def enveloped(data: object) -> dict[str, Any]:
    """A good answer."""
    return {"success": True, "code": 0, "data": data}


def test_a_contract(make: Any) -> None:
    """Its grid exactly as written; the dearer of taker and liquidation fee."""
    (contract,) = read_contracts([make.market(liquidationFeeRate=0.0008)]).by_id.values()
    rules = contract.listing.instrument
    assert (rules.contract_size, rules.step, rules.tick) == (Decimal("0.0001"), Decimal(1), Decimal("0.1"))
    assert (contract.listing.taker, contract.listing.kind) == (0.0008, "linear")


def test_risk_limits_that_grow(make: Any) -> None:
    """The first level has a size of its own."""
    (contract,) = read_contracts([make.market()]).by_id.values()
    assert contract.tiers is not None
    assert [(tier.floor, tier.cap, round(tier.mm_rate, 9)) for tier in contract.tiers] == [
        (0.0, 10_000.0, 0.004),
        (10_000.0, 30_000.0, 0.008),
        (30_000.0, None, 0.012),
    ]


def test_a_contract_without_steps_has_one_level(make: Any) -> None:
    """The library makes none of it."""
    (contract,) = read_contracts([make.market(riskIncrVol=0)]).by_id.values()
    assert contract.tiers == (Tier(0.0, None, 0.004),)


@pytest.mark.parametrize(("kind", "by_value"), [("BY_VOLUME", False), ("BY_VALUE", True)])
def test_listed_risk_limits(make: Any, kind: str, by_value: bool) -> None:
    """They stand before the steps, in any order; by contracts or by value."""
    levels = [
        {"level": 2, "maxVol": 500, "mmr": 0.01, "imr": 0.02, "maxLeverage": 50},
        {"level": 1, "maxVol": 100, "mmr": 0.005, "imr": 0.01, "maxLeverage": 100},
    ]
    market = make.market(riskLimitMode="CUSTOM", riskLimitType=kind, riskLimitCustom=levels)
    (contract,) = read_contracts([market]).by_id.values()
    assert contract.by_value is by_value
    assert contract.tiers == (Tier(0.0, 100.0, 0.005, None, 100.0), Tier(100.0, None, 0.01, None, 50.0))


@pytest.mark.parametrize("info", [{"maintenanceMarginRate": None}, {"riskLimitCustom": [{"maxVol": 100}]}])
def test_limits_that_cannot_be_read_are_none(make: Any, info: dict[str, Any]) -> None:
    """The contract is listed all the same."""
    (contract,) = read_contracts([make.market(**info)]).by_id.values()
    assert contract.tiers is None


def test_a_contract_that_cannot_be_read_is_left_out(make: Any) -> None:
    """It cannot blind every account; a table without any is refused."""
    broken = make.market("ETH_USDT", contractSize=0)
    assert set(read_contracts([make.market(), broken]).by_id) == {"BTC_USDT"}
    with pytest.raises(BadAnswer, match="lists no contract"):
        read_contracts([broken])


def test_marks() -> None:
    """Fair prices; what has none is left out."""
    rows = [{"symbol": "A_USDT", "fairPrice": 2.5}, {"symbol": "B_USDT", "fairPrice": None}, {"symbol": "C_USDT"}]
    assert read_marks(enveloped(rows)) == {"A_USDT": 2.5}
    assert read_marks(enveloped(rows[0])) == {"A_USDT": 2.5}


def test_the_position_mode() -> None:
    """1 and 2; nothing else."""
    assert (read_position_mode(enveloped(1)), read_position_mode(enveloped(2))) == ("hedge", "one_way")
    for other in (0, 3, None, "x"):
        with pytest.raises(BadAnswer, match="position_mode"):
            read_position_mode(enveloped(other))


def test_charges() -> None:
    """Of each side and margin mode."""
    row = {"level": 1, "maxVol": 9, "mmr": 0.004, "positionType": 2, "openType": 1, "leverage": 20, "currentMmr": 0.005}
    assert read_charges(enveloped([row, {**row, "openType": 2, "currentMmr": None}])) == (
        Charge("short", isolated=True, leverage=20.0, current_rate=0.005),
        Charge("short", isolated=False, leverage=20.0, current_rate=None),
    )


def test_the_order_book() -> None:
    """In contracts; a third figure counts orders."""
    depth = read_depth(enveloped({"bids": [[10, 5, 1]], "asks": [[11, 6, 2]]}), "A/USDT:USDT")
    assert (depth.bids[0].contracts, depth.asks[0].price) == (5.0, 11.0)
    with pytest.raises(BadAnswer, match="size"):
        read_depth(enveloped({"bids": [[10, 0, 1]], "asks": []}), "A/USDT:USDT")


def test_the_venues_time() -> None:
    """The whole answer."""
    assert at.DIALECT.time_ms(enveloped(1634095541710)) == 1634095541710


@pytest.mark.parametrize(
    ("code", "raised", "kind"),
    [
        (401, "AuthenticationError", CredentialsRejected),
        (402, "AuthenticationError", CredentialsRejected),
        (602, "AuthenticationError", CredentialsRejected),
        (406, "PermissionDenied", PermissionMissing),
        (701, "PermissionDenied", PermissionMissing),
        (513, "BadRequest", ClockSkew),
        (510, "RateLimitExceeded", RateLimited),
        (500, "ExchangeError", VenueUnavailable),
        (501, "ExchangeNotAvailable", VenueUnavailable),
        (1001, "BadSymbol", VenueError),
    ],
)
def test_a_code(code: int, raised: str, kind: type[VenueError]) -> None:
    """With the venue's text, which futures call `message`."""
    error = getattr(exceptions(), raised)("mexc {...}")
    answer = {"success": False, "code": code, "message": "words"}
    error.venue_answer = read_answer(200, {}, "{}", answer, at.DIALECT.refusal)
    found = classify(error, "mexc GET x", rulings=at.RULINGS)
    assert type(found) is kind
    assert f"words (HTTP 200, code {code})" in str(found)
