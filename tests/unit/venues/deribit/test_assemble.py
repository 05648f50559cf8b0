"""Deribit's rows and books: rates found from what is charged, and every field spoiled."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.ports.errors import BadAnswer
from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.venues.deribit import parse
from guard.venues.deribit.assemble import Answers, assemble, in_contracts, rates
from tests.unit.venues.hyperliquid.spoiling import Path, silent_changes

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def summary(currency: str, **fields: Any) -> dict[str, Any]:
    """One currency of a segregated account."""
    return {
        "currency": currency,
        "margin_model": "segregated_sm",
        "balance": 2.0,
        "equity": 2.1,
        "margin_balance": 2.1,
        "initial_margin": 0.05,
        "maintenance_margin": 0.03,
        "available_funds": 2.0,
        **fields,
    }


def instrument(name: str, settle: str, **fields: Any) -> dict[str, Any]:
    """One future on BTC."""
    return {
        "instrument_name": name,
        "base_currency": "BTC",
        "counter_currency": "USD" if settle == "BTC" else settle,
        "settlement_currency": settle,
        "settlement_period": "perpetual",
        "expiration_timestamp": 32_503_708_800_000,
        "contract_size": 10.0,
        "min_trade_amount": 10.0,
        "tick_size": 0.5,
        "max_leverage": 50,
        "taker_commission": 0.0005,
        "maker_commission": 0.0,
        **fields,
    }


ANSWERS: dict[str, Any] = {
    "summaries": {"result": {"summaries": [summary("BTC"), summary("USDC", balance=5.0)]}},
    "positions": {
        "result": [
            {
                "instrument_name": "BTC-PERPETUAL",
                "kind": "future",
                "size": -50_000.0,
                "direction": "sell",
                "average_price": 48_000.0,
                "mark_price": 50_000.0,
                "leverage": 50,
                "initial_margin": 0.021,
                "maintenance_margin": 0.011,
            }
        ]
    },
    "orders": {
        "result": [
            {
                "instrument_name": "BTC_USDC-PERPETUAL",
                "direction": "buy",
                "price": 40_000.0,
                "amount": 0.5,
                "filled_amount": 0.1,
                "order_state": "open",
                "order_type": "limit",
                "reduce_only": False,
                "order_id": "USDC-1",
                "label": "mine",
            }
        ]
    },
    "instruments": {
        "result": [
            instrument("BTC-PERPETUAL", "BTC"),
            instrument("BTC_USDC-PERPETUAL", "USDC", contract_size=0.0001, min_trade_amount=0.0001),
        ]
    },
}


def fetch(answers: dict[str, Any]) -> FetchedBook:
    """The book of these answers."""
    rows = Answers(
        summaries=parse.read_summaries(answers["summaries"]),
        positions=parse.read_positions(answers["positions"]),
        orders=parse.read_orders(answers["orders"]),
        parts={"balances": NOW, "positions": NOW},
        marks={"BTC_USDC-PERPETUAL": 50_000.0},
    )
    return assemble("alice", rows, parse.read_futures(answers["instruments"]))


def harmless(name: str, path: Path, garbage: Any) -> bool:
    """Numbers that are other numbers, rows that are not there, and words that are only names."""
    is_row = len(path) > 1 and isinstance(path[-1], int)
    if garbage == -7.25 or (garbage == "absent" and is_row) or (garbage == [] and path[-1] == "result"):
        return True
    names = {
        "currency",
        "kind",
        "settlement_period",
        "label",
        "order_id",
        "order_state",
        "order_type",
        "expiration_timestamp",
    }
    return path[-1] in names or (name == "instruments" and str(path[-1]).endswith("currency"))


def test_no_spoiled_field_changes_the_book_in_silence() -> None:
    """Nothing becomes 0, nothing is dropped, nothing but a BadAnswer is raised."""
    assert silent_changes(ANSWERS, fetch, harmless) == []
    assert len(assess(fetch(ANSWERS).book).pools) == 2


@given(
    base=st.floats(0.01, 0.2),
    slope=st.floats(0, 0.001),
    size=st.floats(0.001, 500),
)
def test_rates_are_found_from_what_is_charged(base: float, slope: float, size: float) -> None:
    """The published form, recovered from one position's margins."""
    found = rates(base + slope * size, base / 2 + slope * size, size, 1 / base)
    assert found["base_im"] + found["slope"] * size == pytest.approx(base + slope * size)
    assert found["base_mm"] + found["slope"] * size == pytest.approx(base / 2 + slope * size)
    assert found["slope"] * size == pytest.approx(slope * size, abs=1e-9)
    assert min(found["base_im"], found["base_mm"]) > 0


def test_rates_without_a_slope() -> None:
    """Where the venue charges less than its highest leverage promises."""
    assert rates(0.01, 0.008, 2.0, 50.0) == {"base_im": 0.01, "base_mm": 0.008, "slope": 0.0}


def test_a_position_of_an_older_account_form() -> None:
    """Two truth values in place of a margin model."""
    row = summary("BTC", portfolio_margining_enabled=True, cross_collateral_enabled=False)
    del row["margin_model"]
    (found,) = parse.read_summaries({"result": {"summaries": [row]}})
    assert found.model == "segregated_pm"
    with pytest.raises(BadAnswer, match="several margin models"):
        parse.read_summaries({"result": {"summaries": [row, summary("ETH")]}})


def test_steps_of_a_contract() -> None:
    """Orders are in contracts here: whole ones, or as small as the smallest order."""
    (future,) = parse.read_futures({"result": [instrument("BTC-PERPETUAL", "BTC", min_trade_amount=20.0)]}).values()
    assert (future.listing.instrument.minimum, future.listing.instrument.step) == (Decimal(2), Decimal(1))


@pytest.mark.parametrize("contracts", [3, 6, 7, 12, 14, 57])
def test_sizes_in_contracts_are_exact(contracts: int) -> None:
    """0.3 of a contract of 0.1 are three, not a hair less: an order for the whole leg would leave one behind."""
    assert in_contracts(round(contracts * 0.1, 1), 0.1) == contracts
    assert in_contracts(-round(contracts * 0.0001, 4), 0.0001) == -contracts
