"""Which symbol or asset a person means."""

from __future__ import annotations

import pytest

from guard.bot.symbols import Meant, meant_asset, meant_symbol

BTC, ETH, PEPE, INVERSE = "BTC/USDT:USDT", "ETH/USDT:USDT", "1000PEPE/USDT:USDT", "BTC/USD:BTC"
HELD = (BTC, ETH, PEPE)


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [(typed, BTC) for typed in ("BTC", "btc", "BTC/USDT", "btcusdt", "BTC-USDT", "BTC/USDT:USDT", "BTCUSDT.P"[:7])]
    + [("BTCUSDTPERP", BTC), ("BTC-PERP", BTC), ("1000pepe", PEPE), ("ethusdt", ETH), ("EURUSD", "EURUSD")],
)
def test_symbols_are_known_by_every_usual_form(typed: str, symbol: str) -> None:
    """With and without settlement, punctuation and capitals."""
    assert meant_symbol(typed, (*HELD, "EURUSD")) == Meant(symbol)


def test_a_typo_finds_the_nearest() -> None:
    """And nothing is taken for it by itself."""
    assert meant_symbol("BTCUSTD", HELD) == Meant(nearest=BTC)
    assert meant_symbol("etj", HELD) == Meant(nearest=ETH)
    assert meant_symbol("zzz", HELD) == Meant()
    assert meant_symbol("", HELD) == Meant()
    assert meant_symbol("🙂", HELD) == Meant()


def test_what_fits_several_is_not_guessed() -> None:
    """Linear and inverse of one coin: the pair tells them apart."""
    both = (BTC, INVERSE, BTC)
    assert meant_symbol("btc", both) == Meant(choice=(BTC, INVERSE))
    assert meant_symbol("btc/usd", both) == Meant(INVERSE)
    assert meant_symbol("btcusdt", both) == Meant(BTC)


@pytest.mark.parametrize(
    ("typed", "asset"),
    [("BTC", "BTC"), ("btc", "BTC"), ("BTCUSDT", "BTC"), ("BTC/USDT", "BTC"), ("usdt", "USDT"), ("kPEPE", "kPEPE")],
)
def test_assets_are_known_by_name_and_by_symbol(typed: str, asset: str) -> None:
    """A symbol means its base."""
    assert meant_asset(typed, ("BTC", "ETH", "USDT", "kPEPE")) == Meant(asset)


def test_an_asset_that_is_not_there() -> None:
    """The nearest is proposed, not taken."""
    assert meant_asset("BTX", ("BTC", "USDT")) == Meant(nearest="BTC")
    assert meant_asset("DOGE", ("BTC", "USDT")) == Meant()
