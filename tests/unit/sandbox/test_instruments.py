from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.engine.instruments import Instrument, make_brackets
from guard.sandbox.engine.listing import START_PRICES, default_instruments


def test_cum_follows_from_continuity() -> None:
    """The published maintenance amounts of the third tier are derived, not typed in."""
    brackets = make_brackets([(0, "0.004", 125), (50_000, "0.005", 100), (250_000, "0.01", 50)], cap=1_000_000)
    assert [bracket.cum for bracket in brackets] == [Decimal(0), Decimal(50), Decimal(1300)]


@pytest.mark.parametrize("instrument", default_instruments().values(), ids=lambda item: item.symbol)
def test_every_listed_table_is_consistent(instrument: Instrument) -> None:
    """Brackets follow one another without gap or jump, and leverage falls while the rate rises."""
    for lower, upper in zip(instrument.brackets, instrument.brackets[1:], strict=False):
        assert lower.cap == upper.floor
        edge = upper.floor
        assert edge * lower.mm_rate - lower.cum == edge * upper.mm_rate - upper.cum
        assert lower.mm_rate < upper.mm_rate
        assert lower.max_leverage > upper.max_leverage


@pytest.mark.parametrize("instrument", default_instruments().values(), ids=lambda item: item.symbol)
def test_maintenance_is_below_initial_margin(instrument: Instrument) -> None:
    """At the highest leverage of a bracket there is room between opening and dying."""
    for bracket in instrument.brackets:
        assert bracket.mm_rate < Decimal(1) / bracket.max_leverage


def test_every_listed_symbol_has_a_start_price() -> None:
    """A symbol without a price could not be served."""
    assert set(START_PRICES) == set(default_instruments())


@pytest.mark.parametrize(
    ("notional", "expected"),
    [("0", "0"), ("10000", "40"), ("50000", "200"), ("50001", "200.005"), ("3500032.46", "71200.8115")],
)
def test_maintenance_by_bracket(notional: str, expected: str) -> None:
    """Margin is `notional * rate - cum` of the bracket, edges included."""
    btc = default_instruments()["BTCUSDT"]
    assert btc.maintenance(Decimal(notional)) == Decimal(expected)


@pytest.mark.parametrize(("leverage", "cap"), [(125, 50_000), (100, 250_000), (20, 10_000_000), (1, 500_000_000)])
def test_leverage_caps_the_notional(leverage: int, cap: int) -> None:
    """The higher the leverage, the smaller the position may be."""
    assert default_instruments()["BTCUSDT"].max_notional(leverage) == cap
