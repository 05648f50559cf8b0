"""From rows of positions and orders to those of a book, for classic and unified accounts. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`. A stand-in that keeps such a
book well formed never appears without its name there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from guard.risk.book import Fees, Order, Position, PositionMode, Side
from guard.venues.fields import refused
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.kucoinfutures.listings import symbol_of
from guard.venues.kucoinfutures.parse import LegKey, LegName, OrderRow, PositionRow
from guard.venues.kucoinfutures.parse_reference import Constants
from guard.venues.markets import Listing, MarketTable

VENUE = "kucoinfutures"
# Ratio of a leg that has lost all its margin: far beyond liquidation, and still a number.
_NO_EQUITY = 100.0
_POSITION_SIDES: Mapping[LegName, Side | None] = {"BOTH": None, "LONG": "long", "SHORT": "short"}


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: listings, the contracts' constants (by the venue's id), and the position mode."""

    markets: MarketTable
    constants: Mapping[str, Constants]
    position_mode: PositionMode


@dataclass(frozen=True)
class Held:
    """Positions and orders that were read in one cycle, and when each part was (`parts`).

    `again` are the positions once more, read after everything else. `marks` and `leverages` fill in, by the venue's
    id, for contracts that only orders name. `cut` names lists that were longer than is read.
    """

    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    again: tuple[PositionRow, ...] | None = None
    marks: Mapping[str, float] = field(default_factory=dict)
    leverages: Mapping[str, float] = field(default_factory=dict)
    cut: tuple[str, ...] = ()

    @cached_property
    def used_ids(self) -> frozenset[str]:
        """Ids of everything held or ordered."""
        return self.held_ids | frozenset(row.market_id for row in self.orders)

    @cached_property
    def held_ids(self) -> frozenset[str]:
        """Ids of everything held."""
        return frozenset(row.market_id for row in self.positions)

    @property
    def unmarked_ids(self) -> frozenset[str]:
        """Ids whose mark price did not come along."""
        return self.used_ids - {row.market_id for row in self.positions if row.mark_price is not None}


def torn_evidence(held: Held) -> tuple[str, ...]:
    """Legs that changed while the other parts were read: those parts belong to different moments."""
    if held.again is None:
        return ()
    before, after = _amounts(held.positions), _amounts(held.again)
    return tuple(
        f"{market_id} {leg} was {before.get((market_id, leg), 0.0):g} at the start of the reading and "
        f"{after.get((market_id, leg), 0.0):g} at its end"
        for market_id, leg in sorted(before.keys() | after.keys())
        if before.get((market_id, leg)) != after.get((market_id, leg))
    )


def _amounts(rows: tuple[PositionRow, ...]) -> dict[LegKey, float]:
    return {(row.market_id, row.leg): row.amount for row in rows}


def unknown_ids(held: Held, markets: MarketTable) -> frozenset[str]:
    """Ids of positions and orders that are not listed in `markets`."""
    return held.used_ids - markets.by_id.keys()


def settle_of(row: PositionRow, markets: MarketTable) -> str:
    """The currency that a leg settles in, by its listing; empty where neither that nor the row tells it."""
    listing = markets.by_id.get(row.market_id)
    return listing.settle if listing else row.currency


def proven_mode(stated: PositionMode, held: Held) -> PositionMode | None:
    """The position mode if held legs agree with what the venue stated; None when they contradict it.

    Raises:
        BadAnswer: legs of both modes are held at once.
    """
    names = {row.leg for row in held.positions}
    if "BOTH" in names and len(names) > 1:
        raise refused(at.POSITIONS.name, "legs of one-way and of hedge mode stand side by side")
    if names and (stated == "one_way") != ("BOTH" in names):
        return None
    return stated


class LegBuilder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, held: Held, reference: Reference) -> None:
        self.held = held
        self.reference = reference
        self.missing: list[str] = list(held.cut)
        self.adl: dict[tuple[str, str], float] = {}
        # Both legs of a hedged symbol have one mark.
        self._marks = dict(held.marks)
        for row in held.positions:
            if row.mark_price is not None:
                self._marks.setdefault(row.market_id, row.mark_price)

    def listing(self, market_id: str) -> Listing | None:
        """The contract's listing; named as missing where there is none."""
        listing = self.reference.markets.by_id.get(market_id)
        if listing is None:
            self.missing.append(f"listing of {market_id}")
        return listing

    def symbol(self, market_id: str, currency: str = "") -> str:
        """What the contract is called."""
        return symbol_of(market_id, currency, self.reference.markets)

    def mark(self, market_id: str) -> float | None:
        """The mark price; None where the venue gave none."""
        return self._marks.get(market_id)

    def leverage(self, market_id: str, stated: float | None = None) -> float:
        """The leverage that is set; named as missing where nothing tells it."""
        found = stated or self.held.leverages.get(market_id)
        if found is None:
            self.missing.append(f"leverage of {self.symbol(market_id)}")
        return found or 1.0

    def position(self, row: PositionRow) -> Position:
        """One leg. Without a mark price its entry price stands in, and the mark is named as missing."""
        listing, symbol, mark = (
            self.listing(row.market_id),
            self.symbol(row.market_id, row.currency),
            self.mark(row.market_id),
        )
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
        if listing and row.currency not in {"", listing.settle}:
            self.missing.append(f"settlement currency of {symbol}")
        if row.adl is not None:
            self.adl[symbol, row.side] = min(1.0, max(0.0, row.adl))
        if row.margin_mode == "isolated" and row.margin is None:
            self.missing.append(f"margin of {symbol}")
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=abs(row.amount),
            contract_size=listing.contract_size if listing else _size_of_one(row, mark),
            kind=listing.kind if listing else "inverse" if row.inverse else "linear",
            settle=settle_of(row, self.reference.markets) or symbol.partition(":")[2],
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=self.leverage(row.market_id, row.leverage),
            margin_mode=row.margin_mode,
            isolated_margin=(row.margin or 0.0) if row.margin_mode == "isolated" else None,
        )

    def orders(self) -> tuple[Order, ...]:
        """The orders. One that closes whatever its leg holds has the leg's size, and is none on an empty leg."""
        sized = ((row, self._contracts(row)) for row in self.held.orders)
        return tuple(self._order(row, remaining) for row, remaining in sized if remaining > 0)

    def _contracts(self, row: OrderRow) -> float:
        """What is left of an order, in contracts."""
        if row.remaining is None:
            return self._closed_by(row)
        listing = self.reference.markets.by_id.get(row.market_id)
        price = row.price or self.mark(row.market_id)
        if row.unit == "contracts" or listing is None:
            return row.remaining
        if row.unit == "quote" and listing.kind == "linear" and price:
            return row.remaining / price / listing.contract_size
        return row.remaining / listing.contract_size

    def _order(self, row: OrderRow, remaining: float) -> Order:
        if row.market_id not in self.held.held_ids:
            self.listing(row.market_id)
        return Order(
            symbol=self.symbol(row.market_id),
            side=row.side,
            price=row.price,
            remaining=remaining,
            reduce_only=row.reduce_only,
            position_side=self._leg_of(row),
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
            margin_mode=row.margin_mode or "cross",
        )

    def _leg_of(self, row: OrderRow) -> Side | None:
        """The leg that an order acts on; in hedge mode side and purpose tell it where the venue does not name it."""
        named = _POSITION_SIDES[row.leg]
        if named is not None or self.reference.position_mode == "one_way":
            return named
        return "long" if (row.side == "buy") != row.reduce_only else "short"

    def _closed_by(self, order: OrderRow) -> float:
        closes: Side = "long" if order.side == "sell" else "short"
        legs = (row for row in self.held.positions if row.market_id == order.market_id)
        return next((abs(row.amount) for row in legs if row.side == closes), 0.0)

    def isolated_ratio(self) -> float | None:
        """The worst ratio of an isolated leg by the venue's figures, requirement over margin and PnL; None without one.

        What the venue does not tell is named as missing.
        """
        found = []
        for row in self.held.positions:
            if row.margin_mode != "isolated":
                continue
            if row.maintenance is None or row.margin is None or row.unrealized_pnl is None:
                self.missing.append(f"isolated margins of {self.symbol(row.market_id, row.currency)}")
                continue
            equity = row.margin + row.unrealized_pnl
            found.append(min(row.maintenance / equity, _NO_EQUITY) if equity > 0 else _NO_EQUITY)
        return max(found, default=None)

    def fees(self) -> Fees:
        """The venue's base fees, the highest of any user: a cost is never estimated too low."""
        by_id = self.reference.markets.by_id
        listings = [by_id[market_id] for market_id in self.held.used_ids if market_id in by_id]
        listings = listings or list(by_id.values())[:1]
        return Fees(
            taker=max((listing.taker for listing in listings), default=0.0),
            maker=max((listing.maker for listing in listings), default=0.0),
        )


def _size_of_one(row: PositionRow, mark: float | None) -> float:
    """Size of a contract that is not listed, as its leg's value tells it."""
    if not row.value or not mark:
        return 1.0
    return row.value * mark / abs(row.amount) if row.inverse else row.value / (abs(row.amount) * mark)
