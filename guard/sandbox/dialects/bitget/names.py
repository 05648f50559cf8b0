"""What Bitget calls contracts, products and amounts: the way between the wire and the engine."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Final

from guard.sandbox.dialects import numbers
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market

PRODUCTS: Final = ("USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES")
COIN_MARGINED: Final = "COIN-FUTURES"
plain = partial(numbers.plain, places=16)
"""How the venue writes a number."""


def product_of(instrument: Instrument) -> str:
    """The product type that a contract belongs to."""
    return COIN_MARGINED if instrument.is_inverse else f"{instrument.margin_asset}-FUTURES"


def coins_of(product: str, market: Market) -> list[str]:
    """The margin coins of a product."""
    return sorted({each.margin_asset for each in market.instruments.values() if product_of(each) == product})


def wire_id(symbol: str) -> str:
    """The venue's id of an engine's symbol: `BTCPERP` settles in USDC."""
    return f"{symbol.removesuffix('USDC')}PERP" if symbol.endswith("USDC") else symbol


def engine_symbol(name: str) -> str:
    """The engine's symbol of a venue's id, in either case."""
    name = name.upper()
    return f"{name.removesuffix('PERP')}USDC" if name.endswith("PERP") else name


def size_of(instrument: Instrument, qty: Decimal, price: Decimal) -> Decimal:
    """A quantity of the engine at `price` as a size of the wire: base units, of coin-margined contracts too."""
    return abs(qty) / price if instrument.is_inverse else abs(qty)


def mode_word(account: Account) -> str:
    """The position mode."""
    return "hedge_mode" if account.hedge_mode else "one_way_mode"
