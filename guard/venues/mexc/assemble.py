"""From rows of MEXC to a book of the risk engine. Pure.

Nothing is dropped in silence and nothing is made up: what is needed and absent is named in `missing`, which makes the
book INCOMPLETE. A stand-in that keeps such a book well formed never appears without its name there. Coin-margined
contracts have no rule here: they settle in wallets of their own, are left out, and are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from guard.ports.venue import FetchedBook
from guard.risk.book import (
    Book,
    Collateral,
    Fees,
    Order,
    Position,
    PositionMode,
    Tier,
    VenueFigures,
    VenueReported,
)
from guard.risk.tiers import TierTables
from guard.venues.mexc.parse import AssetRow, OrderRow, PositionRow
from guard.venues.mexc.parse_reference import Charge, Contract, Contracts

VENUE = "mexc"
UNTOLD_MODE: Final[PositionMode] = "hedge"
"""Stands in where the mode is not told: orders withhold the more in it."""
MODEL = "mexc"
_MARGIN_TOLERANCE = 0.005
_RATE_TOLERANCE = 1e-9
# How far prices may move between two answers, as a fraction.
_PRICE_LAG = 0.005
# How far above the present price limits by value must hold for a short leg.
_PRICE_REACH = 2.0
# MEXC, "adl automatic reduction of position level": 1 to 5, of which 5 lights mean the first to be closed; it sends 0
# until it knows.
_ADL_NEXT = 5.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What was read in one cycle, and when (`parts`). `asked_ms` is the venue's time when the reading began.

    `incomplete` names lists of orders that were longer than what is read of them.
    """

    assets: tuple[AssetRow, ...]
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    marks: Mapping[str, float]
    parts: Mapping[str, datetime]
    asked_ms: float
    incomplete: tuple[str, ...] = ()

    @property
    def used_ids(self) -> frozenset[str]:
        """Ids of everything held or ordered."""
        return frozenset([row.market_id for row in self.positions] + [row.market_id for row in self.orders])


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: contracts with their risk limits, what the venue charges of held symbols, the mode.

    `position_mode` None: not told to this key.
    """

    contracts: Contracts
    charges: Mapping[str, tuple[Charge, ...]]
    position_mode: PositionMode | None


def torn_evidence(answers: Answers, contracts: Contracts) -> tuple[str, ...]:
    """Legs that changed while the answers were collected, and that the balances do not show."""
    used = {row.asset: row.used for row in answers.assets}
    margins: dict[str, float] = {}
    for row in answers.positions:
        margins[_settle(row, contracts)] = margins.get(_settle(row, contracts), 0.0) + row.margin
    return tuple(
        f"{row.name} was traded between balances and positions"
        for row in answers.positions
        if row.updated_ms > answers.asked_ms
        and not _agrees(used.get(_settle(row, contracts)), margins[_settle(row, contracts)])
    )


def _agrees(stated: float | None, computed: float) -> bool:
    return stated is not None and abs(stated - computed) <= max(1e-4, _MARGIN_TOLERANCE * abs(stated))


def _settle(row: PositionRow, contracts: Contracts) -> str:
    contract = contracts.by_id.get(row.market_id)
    return contract.listing.settle if contract else row.market_id.partition("_")[2]


def contradicts(stated: PositionMode, positions: tuple[PositionRow, ...]) -> bool:
    """Whether both legs of a symbol are held though the venue stated one-way mode."""
    legs = {(row.market_id, row.side) for row in positions}
    return stated == "one_way" and any((market_id, "short") in legs for market_id, side in legs if side == "long")


def assemble(
    account: str,
    answers: Answers,
    reference: Reference,
    torn: tuple[str, ...],
    last_tiers: Mapping[str, tuple[Tier, ...]] | None = None,
) -> FetchedBook:
    """The book of one cycle.

    Args:
        account: the account's name.
        answers: what was read.
        reference: what was known.
        torn: evidence that parts belong to different moments.
        last_tiers: `tiers` of the last book; taken over while nothing changed, with the tables built from them.
    """
    builder = _Builder(answers, reference)
    positions = builder.positions()
    orders = builder.orders()
    tiers = builder.tiers
    book = Book(
        account=account,
        venue=VENUE,
        model=MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode=reference.position_mode or UNTOLD_MODE,
        fees=builder.fees(),
        collateral=builder.collateral(positions),
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == tiers else TierTables(tiers),
        parameters=builder.parameters(),
        venue_reported=builder.reported(positions),
    )
    return FetchedBook(
        book=book,
        parts=answers.parts,
        missing=tuple(dict.fromkeys((*builder.missing, *answers.incomplete))),
        torn=torn,
        position_mode_proven=reference.position_mode is not None,
        adl=builder.adl,
    )


class _Builder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, reference: Reference) -> None:
        self._answers = answers
        self._reference = reference
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}
        self.adl: dict[tuple[str, str], float] = {}

    def _contract(self, market_id: str) -> Contract | None:
        contract = self._reference.contracts.by_id.get(market_id)
        if contract is None:
            self.missing.append(f"listing of {market_id}")
        return contract

    def positions(self) -> tuple[Position, ...]:
        """The legs of linear contracts that are listed; others are named."""
        found = []
        for row in self._answers.positions:
            contract = self._contract(row.market_id)
            if contract is None:
                continue
            if contract.listing.kind == "inverse":
                self.missing.append(f"a rule for the coin-margined position in {contract.listing.symbol}")
                continue
            found.append(self._position(row, contract))
        return tuple(found)

    def _position(self, row: PositionRow, contract: Contract) -> Position:
        """One leg. Without a fair price its entry price stands in, and the mark is named as missing."""
        listing, mark = contract.listing, self._answers.marks.get(row.market_id)
        if mark is None:
            self.missing.append(f"mark price of {listing.symbol}")
        self._tier(row, contract, mark or row.entry_price)
        if row.adl is not None:
            self.adl[listing.symbol, row.side] = min(1.0, row.adl / _ADL_NEXT)
        return Position(
            symbol=listing.symbol,
            side=row.side,
            contracts=row.contracts,
            contract_size=listing.contract_size,
            kind="linear",
            settle=listing.settle,
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=row.leverage,
            margin_mode="isolated" if row.is_isolated else "cross",
            isolated_margin=row.margin if row.is_isolated else None,
        )

    def _tier(self, row: PositionRow, contract: Contract, mark: float) -> None:
        """The table of a leg's symbol, in contracts.

        Limits by value stand in at the present price. They move with it: of a long leg, whose value falls on the way to
        its liquidation, that asks for too much; a short leg that a rising price would soon bring into the next level is
        named. So are limits that are not those that the venue charges this user.
        """
        symbol, tiers = contract.listing.symbol, contract.tiers
        if tiers is None:
            self.missing.append(f"tiers of {symbol}")
            return
        if contract.by_value:
            unit = contract.listing.contract_size * mark
            if row.side == "short" and _leaves_its_level(row.contracts * unit, tiers):
                self.missing.append(f"tiers of {symbol} in contracts: the venue has them by value")
            tiers = tuple(
                Tier(each.floor / unit, None if each.cap is None else each.cap / unit, each.mm_rate) for each in tiers
            )
        self.tiers[symbol] = tiers
        ours = next(each.mm_rate for each in reversed(tiers) if row.contracts > each.floor or each.floor == 0.0)
        theirs = self._charged(row)
        if theirs is not None and abs(theirs - ours) > _RATE_TOLERANCE:
            self.missing.append(
                f"tiers of {symbol} for this user: {100 * theirs:g} % is charged, {100 * ours:g} % listed"
            )

    def _charged(self, row: PositionRow) -> float | None:
        """The rate that the venue says it charges a leg now."""
        charges = self._reference.charges.get(row.market_id, ())
        return next(
            (
                each.current_rate
                for each in charges
                if each.side == row.side and each.isolated == row.is_isolated and each.current_rate
            ),
            None,
        )

    def orders(self) -> tuple[Order, ...]:
        """The orders of linear contracts that are listed; others are named."""
        found = []
        for row in self._answers.orders:
            contract = self._contract(row.market_id)
            if contract is None:
                continue
            if contract.listing.kind == "inverse":
                self.missing.append(f"a rule for the coin-margined order in {contract.listing.symbol}")
                continue
            found.append(self._order(row, contract.listing.symbol))
        return tuple(found)

    def _order(self, row: OrderRow, symbol: str) -> Order:
        return Order(
            symbol=symbol,
            side=row.side,
            price=row.price,
            remaining=row.remaining,
            reduce_only=row.reduce_only,
            position_side=row.leg if (self._reference.position_mode or UNTOLD_MODE) == "hedge" else None,
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
        )

    def collateral(self, positions: tuple[Position, ...]) -> tuple[Collateral, ...]:
        """The wallets before unrealized PnL: what the venue calls equity, less the PnL that it counted into it.

        What orders froze is not taken off here: the rule takes off the margin of each order.
        """
        for asset in sorted({leg.settle for leg in positions} - {row.asset for row in self._answers.assets}):
            self.missing.append(f"balance of {asset}")
        return tuple(Collateral(row.asset, row.equity - row.upl) for row in self._answers.assets)

    def fees(self) -> Fees:
        """The contracts' base fees, the highest of any user: a cost is never estimated too low."""
        by_id = self._reference.contracts.by_id
        used = [by_id[market_id].listing for market_id in self._answers.used_ids if market_id in by_id]
        listings = used or [each.listing for each in by_id.values()][:1]
        return Fees(
            taker=max((listing.taker for listing in listings), default=0.0),
            maker=max((listing.maker for listing in listings), default=0.0),
        )

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What rules must know of symbols that have orders and no position."""
        held = {row.market_id for row in self._answers.positions}
        found: dict[str, dict[str, Any]] = {}
        for market_id in sorted({row.market_id for row in self._answers.orders} - held):
            contract = self._reference.contracts.by_id.get(market_id)
            if contract is None or contract.listing.kind == "inverse":
                continue
            terms = {
                "contract_size": contract.listing.contract_size,
                "leverage": self._leverage(market_id, contract.listing.symbol),
            }
            mark = self._answers.marks.get(market_id)
            found[contract.listing.symbol] = terms if mark is None else {**terms, "mark_price": mark}
        return found

    def _leverage(self, market_id: str, symbol: str) -> float:
        """The lowest leverage of a symbol's orders: it asks for most margin."""
        told = [row.leverage for row in self._answers.orders if row.market_id == market_id and row.leverage]
        if not told:
            self.missing.append(f"leverage of {symbol}")
        return min(told, default=1.0)

    def reported(self, positions: tuple[Position, ...]) -> VenueReported:
        """The venue's equity of each wallet's cross pool; it tells no requirement and no ratio."""
        return VenueReported(
            pools={
                row.asset: VenueFigures(
                    equity=_cross_equity(row, [leg for leg in positions if leg.settle == row.asset]),
                    available_margin=row.available,
                )
                for row in self._answers.assets
            }
        )


def _leaves_its_level(value: float, tiers: tuple[Tier, ...]) -> bool:
    """Whether a value comes into another level before the price has doubled."""
    return any(value <= tier.floor < _PRICE_REACH * value for tier in tiers if tier.floor > 0)


def _cross_equity(row: AssetRow, legs: list[Position]) -> float:
    """What carries the cross legs: equity less what orders froze and less the isolated legs.

    Balances and fair prices come in answers of their own. The PnL at our marks stands for the venue's as long as it
    differs by no more than prices move meanwhile; else the venue's, so that a position that was not told is noticed.
    """
    profits = [leg.sign * _size(leg) * (leg.mark_price - leg.entry_price) for leg in legs]
    isolated = [leg.margin_mode == "isolated" for leg in legs]
    beyond = row.upl - sum(profits)
    lag = max(0.01, _PRICE_LAG * sum(_size(leg) * leg.mark_price for leg in legs))
    cross = sum(profit for profit, alone in zip(profits, isolated, strict=True) if not alone)
    margins = sum(leg.isolated_margin or 0.0 for leg in legs)
    return row.equity - row.upl + cross + (0.0 if abs(beyond) <= lag else beyond) - row.frozen - margins


def _size(leg: Position) -> float:
    return leg.contracts * leg.contract_size
