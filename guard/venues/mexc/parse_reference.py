"""What MEXC tells about its contracts and about the user's settings, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guard.ports.errors import BadAnswer
from guard.ports.venue import Depth, Instrument
from guard.risk.book import PositionMode, Side, Tier
from guard.venues.depth import read_sides
from guard.venues.fields import (
    Row,
    exact,
    number,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
)
from guard.venues.fields import text as word
from guard.venues.markets import Listing, readable
from guard.venues.mexc import endpoints as at
from guard.venues.mexc.parse import data_of, listed

_LEVELS_MAX = 1_000
_MODES: Mapping[int, PositionMode] = {1: "hedge", 2: "one_way"}
_SIDES: Mapping[str, Side] = {"1": "long", "2": "short"}


@dataclass(frozen=True, slots=True)
class Contract:
    """A listed contract with its risk limits: the lowest first, by contracts, or by value (`by_value`).

    `tiers` None: the venue's table cannot be read. `taker` is the fee that closing costs, at liquidation too.
    """

    listing: Listing
    tiers: tuple[Tier, ...] | None
    by_value: bool


@dataclass(frozen=True, slots=True)
class Contracts:
    """Contracts by the venue's id and by symbol."""

    by_id: Mapping[str, Contract]
    by_symbol: Mapping[str, Contract]


def read_contracts(markets: object) -> Contracts:
    """The listed contracts; one whose rules cannot be read is left out.

    Args:
        markets: ccxt's `fetch_swap_markets()`.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    found = readable(markets, at.MARKETS.name, _contract)
    return Contracts({each.listing.market_id: each for each in found}, {each.listing.symbol: each for each in found})


def _contract(market: Mapping[str, Any]) -> Contract:
    where = f"{at.MARKETS.name} {market.get('id')}"
    info, symbol = record(market.get("info"), where), word(market, "symbol", where)
    positive(info, "contractSize", where)
    size = exact(info, "contractSize", where)
    listing = Listing(
        market_id=word(market, "id", where),
        symbol=symbol,
        settle=word(market, "settle", where),
        kind="inverse" if market.get("inverse") else "linear",
        contract_size=float(size),
        instrument=Instrument(
            symbol=symbol,
            step=exact(info, "volUnit", where),
            minimum=exact(info, "minVol", where),
            tick=exact(info, "priceUnit", where),
            contract_size=size,
        ),
        # Whichever is higher: a cost is never estimated too low.
        taker=max(number(info, "takerFeeRate", where), optional_number(info, "liquidationFeeRate", where) or 0.0),
        maker=number(info, "makerFeeRate", where),
    )
    return Contract(listing, _tiers(info, where), optional_text(info, "riskLimitType") == "BY_VALUE")


def _tiers(info: Row, where: str) -> tuple[Tier, ...] | None:
    """The risk limits. The last one has no upper bound: a position that grew beyond it is charged its rate."""
    try:
        custom = info.get("riskLimitCustom")
        tiers = _listed_tiers(rows(custom, where), where) if custom else _grown_tiers(info, where)
    except BadAnswer:
        return None
    last = tiers[-1]
    return (*tiers[:-1], Tier(last.floor, None, last.mm_rate, None, last.max_leverage))


def _listed_tiers(levels: list[Row], where: str) -> list[Tier]:
    """The newer scheme: a list of levels."""
    floor, found = 0.0, []
    for level in sorted(levels, key=lambda level: number(level, "maxVol", where)):
        cap = positive(level, "maxVol", where)
        found.append(
            Tier(floor, cap, positive(level, "mmr", where), None, optional_number(level, "maxLeverage", where))
        )
        floor = cap
    return found


def _grown_tiers(info: Row, where: str) -> list[Tier]:
    """The older scheme: a first level, and the same step from each level to the next.

    Formula:
        cap of level k  = riskBaseVol + riskIncrVol * (k - 1)
        rate of level k = maintenanceMarginRate + riskIncrMmr * (k - 1)
    """
    rate = positive(info, "maintenanceMarginRate", where)
    step = number(info, "riskIncrVol", where)
    if step <= 0:
        return [Tier(0.0, None, rate)]
    base, growth = positive(info, "riskBaseVol", where), number(info, "riskIncrMmr", where)
    levels = min(_LEVELS_MAX, max(1, int(number(info, "riskLevelLimit", where))))
    caps = [base + step * level for level in range(levels)]
    floors = [0.0, *caps[:-1]]
    return [
        Tier(floor, cap, rate + growth * level) for level, (floor, cap) in enumerate(zip(floors, caps, strict=True))
    ]


def read_marks(answer: object) -> dict[str, float]:
    """Fair prices by the venue's id; contracts without one are left out.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.TICKERS.name
    data = data_of(answer, where)
    found = {}
    for row in rows(data if isinstance(data, list) else [data], where):
        price = optional_number(row, "fairPrice", where)
        if price is not None and price > 0:
            found[word(row, "symbol", where)] = price
    return found


def read_position_mode(answer: object) -> PositionMode:
    """Hedge or one-way mode.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.POSITION_MODE.name
    code = number({"data": data_of(answer, where)}, "data", where)
    mode = _MODES.get(int(code))
    if mode is None:
        raise refused(where, f"the position mode was {code:g}")
    return mode


@dataclass(frozen=True, slots=True)
class Charge:
    """What the venue says of a side of a symbol: the leverage, and the maintenance rate that it charges now."""

    side: Side
    isolated: bool
    leverage: float
    current_rate: float | None


def read_charges(answer: object) -> tuple[Charge, ...]:
    """Leverage and current rate of each side and margin mode of a symbol.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.LEVERAGE.name
    found = []
    for row in listed(answer, where):
        side = _SIDES.get(word(row, "positionType", where))
        if side is None:
            raise refused(where, f"positionType was {row['positionType']!r}")
        found.append(
            Charge(
                side,
                word(row, "openType", where) == "1",
                positive(row, "leverage", where),
                optional_number(row, "currentMmr", where),
            )
        )
    return tuple(found)


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book, in contracts.

    Raises:
        BadAnswer: a level is not a price with a size.
    """
    where = at.DEPTH.name
    row = record(data_of(answer, where), where)
    return read_sides(row, symbol, where)
