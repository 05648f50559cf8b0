"""Tiers, settings, modes, rates, marks, rights and order books: from the venue's shapes to values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import DepthLevel, KeyRights
from guard.risk.book import Tier
from guard.venues.binance import parse_reference as parse
from guard.venues.binanceusdm.branch import USDM

EMPTY: list[Any] = ["", None]
WHERE = "binanceusdm GET fapi/v1"
read_brackets = partial(
    parse.read_brackets, where=f"{WHERE}/leverageBracket", floors=USDM.bracket_floors, cap=USDM.bracket_cap
)


def bracket(number: int, floor: float, cap: float, rate: float, **fields: object) -> dict[str, Any]:
    """One bracket as the venue writes it: numbers, not strings."""
    return {
        "bracket": number,
        "initialLeverage": 125,
        "notionalCap": cap,
        "notionalFloor": floor,
        "maintMarginRatio": rate,
        "cum": 50.0,
        **fields,
    }


def test_brackets_become_tiers_lowest_first_with_an_open_end() -> None:
    """Their order is not relied on; a position beyond the last cap is charged the last rate."""
    rows = [bracket(2, 50_000, 250_000, 0.005), bracket(1, 0, 50_000, 0.004, cum=0.0)]
    table = read_brackets([{"symbol": "BTCUSDT", "brackets": rows}])
    assert table == {
        "BTCUSDT": (Tier(0.0, 50_000.0, 0.004, 0.0, 125.0), Tier(50_000.0, None, 0.005, 50.0, 125.0)),
    }


def test_a_symbol_without_brackets_has_no_tiers() -> None:
    """An empty table is a missing one: it is named where it is needed."""
    assert read_brackets([{"symbol": "ETHUSDT", "notionalCoef": 1.5, "brackets": []}]) == {}


@pytest.mark.parametrize("empty", EMPTY)
def test_a_missing_deduction_is_derived_later_a_missing_rate_is_refused(empty: object) -> None:
    """`cum` can be derived from the rates; the rates cannot."""
    (tier,) = read_brackets([{"symbol": "X", "brackets": [bracket(1, 0, 9, 0.1, cum=empty)]}])["X"]
    assert tier.mm_deduction is None
    for key in ("maintMarginRatio", "notionalFloor", "notionalCap"):
        with pytest.raises(BadAnswer, match=f"leverageBracket BTCUSDT: .* has no {key}"):
            read_brackets([{"symbol": "BTCUSDT", "brackets": [bracket(1, 0, 9, 0.1, **{key: empty})]}])


@pytest.mark.parametrize("leverage", ["21", 21])
def test_leverage_by_symbol(leverage: object) -> None:
    """From the symbol's settings: V3 of the positions has none."""
    row = {"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": leverage}
    assert parse.read_symbol_settings([row], WHERE) == {"BTCUSDT": parse.SymbolSetting(21.0, "cross")}


@pytest.mark.parametrize(("told", "mode"), [("ISOLATED", "isolated"), ("crossed", "cross"), ("", None), (None, None)])
def test_margin_mode_by_symbol(told: object, mode: str | None) -> None:
    """In which an order would open a leg; one that is not told is not guessed."""
    found = parse.read_symbol_settings([{"symbol": "BTCUSDT", "marginType": told, "leverage": 5}], WHERE)
    assert found["BTCUSDT"].margin_mode == mode


@pytest.mark.parametrize("leverage", ["", None, 0, "-5"])
def test_no_leverage_is_refused(leverage: object) -> None:
    """Initial margin divides by it."""
    with pytest.raises(BadAnswer, match=WHERE):
        parse.read_symbol_settings([{"symbol": "BTCUSDT", "leverage": leverage}], WHERE)


def test_modes() -> None:
    """Stated, or refused."""
    assert parse.read_position_mode({"dualSidePosition": True}, WHERE) == "hedge"
    assert parse.read_position_mode({"dualSidePosition": False}, WHERE) == "one_way"
    assert parse.read_is_multi_assets({"multiAssetsMargin": "true"}, WHERE)
    for read in (partial(parse.read_position_mode, where=WHERE), partial(parse.read_is_multi_assets, where=WHERE)):
        with pytest.raises(BadAnswer):
            read({})


def test_rates_by_asset() -> None:
    """The index is named after the pair with USD."""
    row = {"symbol": "BTCUSD", "index": "60000", "bidRate": "57000", "askRate": "63000", "bidBuffer": "0.05"}
    assert parse.read_asset_rates([row], WHERE) == {"BTC": parse.AssetRate(60000.0, 57000.0, 63000.0)}


@pytest.mark.parametrize("key", ["symbol", "index", "bidRate", "askRate"])
@pytest.mark.parametrize("raw", ["", None, "x"])
def test_a_rate_without_figures_is_none(key: str, raw: object) -> None:
    """Collateral at a price of nothing would be worth nothing, or everything; who does not have it is not blinded."""
    fine = {"symbol": "ETHUSD", "index": "60000", "bidRate": "57000", "askRate": "63000"}
    row = {**fine, "symbol": "BTCUSD", key: raw}
    if key != "symbol":
        assert set(parse.read_asset_rates([row, fine], WHERE)) == {"ETH"}
    elif raw == "x":
        assert set(parse.read_asset_rates([row, fine], WHERE)) == {"x", "ETH"}
    else:
        with pytest.raises(BadAnswer, match=WHERE):
            parse.read_asset_rates([row], WHERE)


@pytest.mark.parametrize(("said", "scale"), [(1.5, 1.0), ("4.0", 1.0), (0.5, 0.5), (1, 1.0), (None, 1.0), ("", 1.0)])
def test_a_users_brackets_are_never_taken_too_wide(said: object, scale: float) -> None:
    """Whether the multiple is in the bounds already is not documented: one below 1 is applied, one above is not."""
    rows = [bracket(1, 0, 50_000, 0.004, cum=0.0), bracket(2, 50_000, 250_000, 0.005)]
    first, second = read_brackets([{"symbol": "BTCUSDT", "notionalCoef": said, "brackets": rows}])["BTCUSDT"]
    assert (first.cap, second.floor, second.mm_deduction) == (50_000 * scale, 50_000 * scale, 50 * scale)
    with pytest.raises(BadAnswer, match="notionalCoef of BTCUSDT"):
        read_brackets([{"symbol": "BTCUSDT", "notionalCoef": -1, "brackets": rows}])


@pytest.mark.parametrize(("raw", "mark"), [("11.5", 11.5), ("", None), (None, None), ("0.00", None)])
def test_a_mark_price(raw: object, mark: float | None) -> None:
    """0 and nothing are no price."""
    assert parse.read_mark({"symbol": "BTCUSDT", "markPrice": raw}, WHERE) == mark


RIGHTS = {
    "ipRestrict": False,
    "enableReading": True,
    "enableFutures": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "permitsUniversalTransfer": False,
}


def test_rights() -> None:
    """Read from the venue's words."""
    assert parse.read_rights(RIGHTS, WHERE) == KeyRights(True, True, False, False, False)
    assert parse.read_rights({**RIGHTS, "enableWithdrawals": True}, WHERE).withdraw
    assert parse.read_rights({**RIGHTS, "permitsUniversalTransfer": True}, WHERE).transfer


def test_rights_that_are_not_told_are_unknown() -> None:
    """Unknown is not "no"."""
    assert parse.read_rights({}, WHERE) == KeyRights(None, None, None, None, None)
    with pytest.raises(BadAnswer, match="enableWithdrawals"):
        parse.read_rights({"enableWithdrawals": "maybe"}, WHERE)


def test_an_order_book() -> None:
    """Pairs of decimal strings."""
    depth = parse.read_depth({"bids": [["99.5", "2"]], "asks": [["100.5", "3.5"]]}, "BTC/USDT:USDT", WHERE)
    assert (depth.symbol, depth.bids, depth.asks) == (
        "BTC/USDT:USDT",
        (DepthLevel(99.5, 2.0),),
        (DepthLevel(100.5, 3.5),),
    )


@pytest.mark.parametrize(
    "bids", [None, "x", [["1"]], [[]], ["12"], [["", "1"]], [["0", "1"]], [["1", "0"]], [["1", None]]]
)
def test_a_broken_order_book_is_refused(bids: object) -> None:
    """A level of nothing is no level."""
    with pytest.raises(BadAnswer, match="GET fapi/v1"):
        parse.read_depth({"bids": bids, "asks": []}, "BTC/USDT:USDT", WHERE)


@pytest.mark.parametrize(
    "read",
    [
        read_brackets,
        partial(parse.read_symbol_settings, where=WHERE),
        partial(parse.read_position_mode, where=WHERE),
        partial(parse.read_is_multi_assets, where=WHERE),
        partial(parse.read_asset_rates, where=WHERE),
        partial(parse.read_mark, where=WHERE),
        partial(parse.read_rights, where=WHERE),
    ],
)
@pytest.mark.parametrize("answer", [None, "<html>", 3, [3]])
def test_an_answer_of_another_shape_is_refused(read: Callable[[object], object], answer: object) -> None:
    """A page is no answer."""
    with pytest.raises(BadAnswer):
        read(answer)
