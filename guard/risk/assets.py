"""Words about assets: which are pegged, and what a symbol is made of. Knows no prices."""

from __future__ import annotations

from functools import lru_cache

STABLE = frozenset(
    {
        "USD", "USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USDP", "USDD", "DAI", "PYUSD", "USDE", "USDS", "USD1", "RLUSD",
        "GUSD", "BFUSD", "LDUSDT", "RWUSD", "USDF", "XUSD", "USDG", "USDH", "USDB",
    }
)  # fmt: skip
"""Assets pegged to the dollar: they stand still when the market moves."""

FIAT = frozenset({"EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "TRY", "BRL", "KRW", "EURI", "EURC", "EURT"})
"""Other currencies: as collateral they stand still too, as the underlying of a position they move."""


@lru_cache(maxsize=4096)
def parts(symbol: str, settle: str) -> tuple[str, str]:
    """Base and quote of a ccxt symbol: `BTC`, `USDT` of `BTC/USDT:USDT`.

    A symbol of another form (`EURUSD` of a broker) is its own base, quoted in `settle`.
    """
    base, slash, rest = symbol.partition("/")
    quote = rest.partition(":")[0]
    return (base, quote) if slash and quote else (symbol, settle)


def moves(asset: str, underlyings: frozenset[str]) -> bool:
    """Whether `asset` takes part in a move of the whole market; `underlyings` are the bases of held positions."""
    if asset in STABLE:
        return False
    return asset in underlyings or asset not in FIAT
