"""Portfolio margin: balances with empty fields, loans, rates, and the venue's own ratio."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.book import Collateral
from guard.venues.binancepm.assemble import Money, assemble, joint_mode, reported
from guard.venues.binancepm.parse import (
    Balance,
    Totals,
    read_balances,
    read_branch_account,
    read_index_prices,
    read_rates,
    read_strategies,
    read_totals,
)

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ROW = {
    "asset": "USDT",
    "totalWalletBalance": "150",
    "crossMarginAsset": "92.5",
    "crossMarginBorrowed": "10",
    "crossMarginFree": "100",
    "crossMarginInterest": "0.5",
    "crossMarginLocked": "3",
    "umWalletBalance": "40",
    "umUnrealizedPNL": "23.7",
    "cmWalletBalance": "17.5",
    "cmUnrealizedPNL": "",
    "negativeBalance": "0",
}


def money(**fields: Any) -> Money:
    """1,000 USDT, priced and counted in full."""
    given: dict[str, Any] = {
        "balances": (Balance("USDT", 1_000.0, 0.0),),
        "totals": Totals(None, None, None, None, None),
        "index_prices": {"USDT": 1.0},
        "collateral_rates": {"USDT": 1.0},
        "loan_leverages": None,
        "parts": {"balances": NOW, "positions": NOW},
    }
    return Money(**{**given, **fields})


def test_a_balance_is_the_sum_of_its_wallets() -> None:
    """PnL is computed, not read, so that an empty one is none; a loan grows by its interest, and is owed once.

    The venue's example has 100 free, 3 locked, 10.5 owed and a margin asset of 92.5: the loan is off that already.
    """
    assert read_balances([ROW], "w") == (Balance("USDT", 160.5, 10.5),)


@pytest.mark.parametrize(
    "key", ["crossMarginFree", "crossMarginLocked", "umWalletBalance", "cmWalletBalance", "crossMarginBorrowed"]
)
def test_a_balance_with_a_hole_is_refused(key: str) -> None:
    """A wallet that is not told is not empty."""
    with pytest.raises(BadAnswer, match=f"USDT has no {key}"):
        read_balances([{**ROW, key: ""}], "w")
    with pytest.raises(BadAnswer, match="twice"):
        read_balances([ROW, ROW], "w")


@pytest.mark.parametrize("rate", ["1.5", "-0.1", "", None])
def test_a_rate_that_is_none_is_refused(rate: object) -> None:
    """Between 0 and 1."""
    with pytest.raises(BadAnswer):
        read_rates([{"asset": "BTC", "collateralRate": rate}], "w")
    assert read_rates([{"asset": "BTC", "collateralRate": "0.9500"}], "w") == {"BTC": 0.95}


def test_index_prices_are_above_zero() -> None:
    """Nothing is worth nothing by accident; one that is not traded any more blinds nobody who does not have it."""
    bitcoin = {"asset": "BTC", "assetIndexPrice": "43500.5", "time": 1}
    for none in ("0", "", None, "x"):
        assert read_index_prices([bitcoin, {"asset": "OLD", "assetIndexPrice": none}], "w") == {"BTC": 43_500.5}
    with pytest.raises(BadAnswer):
        read_index_prices([{"assetIndexPrice": "1"}], "w")


def test_the_ratio_of_the_venue_is_turned_round() -> None:
    """The documents' sample: uniMMR 5167.92171923 of 122,607.35 over 23.72; dead at 1.05."""
    totals = read_totals(
        {
            "uniMMR": "5167.92171923",
            "accountEquity": "122607.35137903",
            "accountMaintMargin": "23.72469206",
            "accountInitialMargin": "47.4",
            "totalAvailableBalance": "",
        },
        "w",
    )
    told = reported(totals)
    assert told.risk_ratio == pytest.approx(1.05 * 23.72469206 / 122_607.35137903, rel=1e-9)
    assert told.maintenance_margin == pytest.approx(1.05 * 23.72469206)
    assert told.available_margin is None
    assert told.pools["USD"].equity == 122_607.35137903


@pytest.mark.parametrize(("uni_mmr", "maintenance", "ratio"), [(None, 5.0, None), (None, 0.0, 0.0), (-1.0, 5.0, None)])
def test_a_ratio_that_is_not_told(uni_mmr: float | None, maintenance: float, ratio: float | None) -> None:
    """Nothing to maintain is no risk; anything else is not made up."""
    assert reported(Totals(uni_mmr, 1.0, maintenance, None, None)).risk_ratio == ratio


def test_loans_ask_for_margin_by_the_leverage_at_which_they_are_lent() -> None:
    """5x: 8 %; a leverage that is not in the venue's table, or cannot be read, is missing."""
    owed = (Balance("USDT", 0.0, 100.0),)
    fetched = assemble("a", (), money(balances=owed, loan_leverages={"USDT": 5.0}))
    assert (fetched.book.collateral[0].borrow_mm_rate, fetched.missing) == (0.08, ())
    for leverages in ({"USDT": 4.0}, {}, None):
        fetched = assemble("a", (), money(balances=owed, loan_leverages=leverages))
        assert fetched.missing == ("loan margin rate of USDT",)


def test_what_is_no_collateral_counts_nothing_and_needs_no_price() -> None:
    """But a debt in it does."""
    held = (Balance("DUST", 5.0, 0.0),)
    fetched = assemble("a", (), money(balances=held))
    assert fetched.book.collateral == (Collateral("DUST", 5.0, price=1.0, haircut=1.0),)
    assert fetched.missing == ()
    owed = (Balance("DUST", 0.0, 5.0),)
    assert "index price of DUST" in assemble("a", (), money(balances=owed, loan_leverages={"DUST": 3.0})).missing


def test_an_account_of_two_modes_is_not_proven() -> None:
    """One word stands for both, and says that it does not fit."""
    assert joint_mode({"hedge", "one_way"}) == "hedge"
    assert joint_mode({"one_way"}) == "one_way"


def test_leverages_of_contracts_that_are_not_held() -> None:
    """Told with the coins' account only."""
    row = {"symbol": "ETHUSD_PERP", "positionAmt": "0", "positionSide": "BOTH", "leverage": "75"}
    account = read_branch_account({"assets": [], "positions": [row, {**row, "symbol": "X", "leverage": ""}]}, "w")
    assert account.leverages == {"ETHUSD_PERP": 75.0}
    assert account.legs == {}


def test_conditional_orders_in_the_older_form() -> None:
    """They have ids of their own."""
    row = {
        "newClientStrategyId": "abc",
        "strategyId": 123445,
        "strategyStatus": "NEW",
        "origQty": "4",
        "price": "0",
        "reduceOnly": False,
        "side": "BUY",
        "positionSide": "SHORT",
        "symbol": "BTCUSD_PERP",
    }
    (order,) = read_strategies([row], "w")
    assert (order.order_id, order.client_order_id, order.remaining, order.conditional) == ("123445", "abc", 4.0, True)
    assert (order.price, order.leg, order.side) == (None, "SHORT", "buy")
