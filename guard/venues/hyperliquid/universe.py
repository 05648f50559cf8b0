"""What a dex of Hyperliquid lists: contracts, their grid, margin tables and mark prices. Pure.

One answer (`metaAndAssetCtxs`) holds all of it. Prices have at most five significant digits and `6 - szDecimals`
decimals, whole numbers always: so the grid of a contract depends on the height of its price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guard.ports.errors import BadAnswer
from guard.ports.venue import Instrument
from guard.risk.book import Tier
from guard.venues.fields import Row, number, optional_number, optional_text, positive, record, refused, rows, text
from guard.venues.hyperliquid import endpoints as at
from guard.venues.markets import Listing

DEFAULT_DEX = ""
"""The name of the venue's own dex; others are run by builders."""
USDC_TOKEN = 0
TAKER, MAKER = 0.00045, 0.00015
"""Base fees, the highest of any user of the venue's own dex."""
BUILDER_FEE_FACTOR = 2.0
"""Contracts of builders' dexes cost up to twice as much."""
MIN_NOTIONAL = Decimal(10)

_FIRST_TIERED = 50
_DECIMALS_MAX = 6
_DIGITS_MAX = 5
# A limit price may lie this far above the mark and still be on the grid.
_REACH = Decimal("1.1")


@dataclass(frozen=True, slots=True)
class Contract:
    """One listed contract. `asset` is its number in orders; `mark` is in the settlement asset, None without one."""

    listing: Listing
    dex: str
    asset: int
    tiers: tuple[Tier, ...]
    mark: float | None


@dataclass(frozen=True, slots=True)
class Universe:
    """The contracts of one dex by coin and by symbol, and the token (by number and name) that they settle in."""

    dex: str
    token: int
    settle: str
    by_coin: Mapping[str, Contract]
    by_symbol: Mapping[str, Contract]


def read_dexes(answer: object) -> dict[str, int]:
    """The dexes by name, and the number of each one's first contract; the venue's own first.

    Raises:
        BadAnswer: unreadable.
    """
    if not isinstance(answer, list) or not answer:
        raise refused(at.DEXES.name, "is no list of dexes")
    found = {DEFAULT_DEX: 0}
    for index, row in enumerate(answer[1:], start=1):
        if row is not None:
            found[text(record(row, at.DEXES.name), "name", at.DEXES.name)] = 100_000 + index * 10_000
    return found


@dataclass(frozen=True, slots=True)
class Token:
    """A token by name, and its price in USDC; None where it is not traded against that."""

    name: str
    price: float | None


def read_tokens(answer: object) -> dict[int, Token]:
    """Tokens by number, with the marks of their pairs with USDC.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.SPOT_META.name
    if not isinstance(answer, list) or len(answer) != 2:
        raise refused(where, "is no list of tokens and prices")
    meta = record(answer[0], where)
    contexts = {optional_text(row, "coin"): row for row in rows(answer[1], where)}
    prices: dict[int, float] = {USDC_TOKEN: 1.0}
    for pair in rows(meta.get("universe"), where):
        tokens = pair.get("tokens")
        context = contexts.get(text(pair, "name", where))
        mark = optional_number(context, "markPx", where) if context else None
        if isinstance(tokens, list) and len(tokens) == 2 and tokens[1] == USDC_TOKEN and mark:
            prices.setdefault(int(number({"token": tokens[0]}, "token", where)), mark)
    listed = rows(meta.get("tokens"), where)
    numbered = {int(number(row, "index", where)): text(row, "name", where).upper() for row in listed}
    return {index: Token(name, prices.get(index)) for index, name in numbered.items()}


def token_of(answer: object, dex: str) -> int:
    """The number of the token that contracts of this universe settle in; the venue's own dex has USDC.

    Raises:
        BadAnswer: unreadable.
    """
    if dex == DEFAULT_DEX:
        return USDC_TOKEN
    return int(number(_meta_of(answer), "collateralToken", at.UNIVERSE.name))


def read_universe(answer: object, dex: str, first_asset: int, settle: str) -> Universe:
    """The contracts of a dex.

    One whose rules cannot be read is left out, so that one new listing cannot blind every account; an account that
    holds it finds it missing.

    Args:
        answer: `metaAndAssetCtxs`.
        dex: name of the dex.
        first_asset: number of its first contract.
        settle: what its contracts settle in.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    meta = _meta_of(answer)
    where = at.UNIVERSE.name
    listed = rows(meta.get("universe"), where)
    contexts = answer[1] if isinstance(answer, list) and len(answer) > 1 else None
    if not isinstance(contexts, list) or len(contexts) < len(listed):
        raise refused(where, "has fewer prices than contracts")
    tables = _margin_tables(meta.get("marginTables"))
    found = []
    for index, (row, context) in enumerate(zip(listed, contexts, strict=False)):
        try:
            found.append(_contract(row, context, tables, dex, first_asset + index, settle))
        except BadAnswer:
            continue
    if not found:
        raise refused(where, "lists no contract")
    return Universe(
        dex=dex,
        token=token_of(answer, dex),
        settle=settle,
        by_coin={contract.listing.market_id: contract for contract in found},
        by_symbol={contract.listing.symbol: contract for contract in found},
    )


def symbol_of(coin: str, settle: str) -> str:
    """The symbol of a coin; a builder's `xyz:ABC` is `XYZ-ABC`."""
    return f"{coin.upper().replace(':', '-')}/{settle}:{settle}"


def _meta_of(answer: object) -> Row:
    if not isinstance(answer, list) or not answer:
        raise refused(at.UNIVERSE.name, "is no list of contracts and prices")
    return record(answer[0], at.UNIVERSE.name)


def _contract(
    row: Row, context: object, tables: Mapping[int, tuple[Tier, ...]], dex: str, asset: int, settle: str
) -> Contract:
    where = at.UNIVERSE.name
    coin = text(row, "name", where)
    prices: Mapping[str, Any] = context if isinstance(context, dict) else {}
    mark = optional_number(prices, "markPx", where)
    decimals = int(number(row, "szDecimals", where))
    factor = 1.0 if dex == DEFAULT_DEX else BUILDER_FEE_FACTOR
    symbol = symbol_of(coin, settle)
    listing = Listing(
        market_id=coin,
        symbol=symbol,
        settle=settle,
        kind="linear",
        contract_size=1.0,
        instrument=Instrument(
            symbol=symbol,
            step=Decimal(1).scaleb(-decimals),
            minimum=Decimal(1).scaleb(-decimals),
            tick=tick_of(Decimal(str(mark)) if mark else Decimal(1), decimals),
            contract_size=Decimal(1),
            min_notional=MIN_NOTIONAL,
        ),
        taker=TAKER * factor,
        maker=MAKER * factor,
    )
    return Contract(listing, dex, asset, _tiers_of(row, tables), mark if mark and mark > 0 else None)


def tick_of(mark: Decimal, size_decimals: int) -> Decimal:
    """The smallest step of a price near `mark`, coarse enough for prices a tenth above it.

    Args:
        mark: a price, > 0.
        size_decimals: decimals of the contract's size.
    """
    whole_digits = (mark * _REACH).adjusted() + 1
    decimals = min(_DECIMALS_MAX - size_decimals, _DIGITS_MAX - whole_digits)
    return Decimal(1).scaleb(-max(0, decimals))


def is_on_grid(price: Decimal, size_decimals: int) -> bool:
    """Whether the venue takes this price: whole, or five significant digits and not too many decimals."""
    plain = price.normalize()
    exponent = int(plain.as_tuple().exponent)
    if exponent >= 0:
        return True
    return -exponent <= _DECIMALS_MAX - size_decimals and len(plain.as_tuple().digits) <= _DIGITS_MAX


def _tiers_of(row: Row, tables: Mapping[int, tuple[Tier, ...]]) -> tuple[Tier, ...]:
    """The tiers of a contract. The number of a table that is not listed is its only leverage."""
    where = at.UNIVERSE.name
    table = int(positive(row, "marginTableId", where))
    if table in tables:
        return tables[table]
    if table >= _FIRST_TIERED:
        raise refused(where, f"{row.get('name')} has table {table}, which is not listed")
    return (_tier(0.0, None, float(table)),)


def _margin_tables(listed: object) -> dict[int, tuple[Tier, ...]]:
    """Tables by number.

    Raises:
        BadAnswer: one of them is not understood.
    """
    found: dict[int, tuple[Tier, ...]] = {}
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, list) or len(entry) != 2:
            raise refused(at.UNIVERSE.name, "a margin table is no pair of number and table")
        tiers = rows(record(entry[1], at.UNIVERSE.name).get("marginTiers"), at.UNIVERSE.name)
        found[int(number({"table": entry[0]}, "table", at.UNIVERSE.name))] = _table(tiers)
    return found


def _table(tiers: Sequence[Row]) -> tuple[Tier, ...]:
    where = at.UNIVERSE.name
    floors = [number(tier, "lowerBound", where) for tier in tiers]
    if not floors or floors[0] != 0 or floors != sorted(set(floors)):
        raise refused(where, f"tiers of a margin table begin at {floors}")
    caps: list[float | None] = [*floors[1:], None]
    return tuple(
        _tier(floor, cap, positive(tier, "maxLeverage", where))
        for tier, floor, cap in zip(tiers, floors, caps, strict=True)
    )


def _tier(floor: float, cap: float | None, leverage: float) -> Tier:
    return Tier(floor, cap, 1.0 / (2.0 * leverage), max_leverage=leverage)
