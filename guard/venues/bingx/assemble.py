"""From rows of BingX to a book of the risk engine. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`, which makes the book
INCOMPLETE. A stand-in that keeps such a book well formed never appears without its name there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, Order, Position, Side, Tier, VenueReported
from guard.risk.tiers import TierTables
from guard.venues.bingx.answers import Answers, Reference, parts_of, settle_of
from guard.venues.bingx.figures import implied_rate, multi_assets_figures, pool_figures
from guard.venues.bingx.parse import LegName, OrderRow, PositionRow
from guard.venues.markets import Listing

VENUE = "bingx"
MODEL = "bingx"
REPORTED_MODEL = "reported"
_POSITION_SIDES: Mapping[LegName, Side | None] = {"BOTH": None, "LONG": "long", "SHORT": "short"}


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
    positions = tuple(builder.position(row) for row in answers.positions)
    orders = builder.orders()
    collateral = builder.collateral()
    tiers = builder.tiers
    modes = reference.modes
    if modes.is_multi_assets:
        builder.missing.append("value of the margin in multi-assets mode")
    if modes.is_multi_assets is None and len(answers.balances) > 1:
        # With one asset both modes are the same; with more, single-asset mode asks for no less.
        builder.missing.append("asset mode, which the venue tells keys only that may trade perpetual futures")
    builder.missing += [f"{name}, which the venue tells keys only that may trade" for name in answers.unseen]
    book = Book(
        account=account,
        venue=VENUE,
        model=REPORTED_MODEL if modes.is_multi_assets else MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode="hedge" if _holds_both_coin_legs(answers) else modes.position_mode,
        fees=builder.fees(),
        collateral=collateral,
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == tiers else TierTables(tiers),
        parameters=builder.parameters(),
        venue_reported=builder.reported(),
    )
    return FetchedBook(
        book=book,
        parts=answers.parts,
        missing=tuple(dict.fromkeys(builder.missing)),
        torn=torn,
        position_mode_proven=True,
    )


def _holds_both_coin_legs(answers: Answers) -> bool:
    """The stated mode is that of USDT and USDC contracts; a coin-margined symbol may have both legs all the same.

    Such a book is incomplete anyway, and an order for the mode that it names is refused before it is sent.
    """
    held = [row.market_id for row in answers.positions if row.kind == "inverse"]
    return len(set(held)) < len(held)


class _Builder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, reference: Reference) -> None:
        self._answers = answers
        self._reference = reference
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}

    def _listing(self, market_id: str) -> Listing | None:
        listing = self._reference.markets.by_id.get(market_id)
        if listing is None:
            self.missing.append(f"listing of {market_id}")
        return listing

    def _symbol(self, market_id: str) -> str:
        """The symbol; for a market that is not listed, what it would be called."""
        listing = self._listing(market_id)
        if listing is not None:
            return listing.symbol
        base, quote, settle = parts_of(market_id, inverse=market_id in self._answers.coin_ids)
        return f"{base}/{quote}:{settle}"

    def _mark(self, row: PositionRow) -> float | None:
        return row.mark_price or self._answers.marks.get(row.market_id)

    def position(self, row: PositionRow) -> Position:
        """One leg. Without a mark price its entry price stands in, and the mark is named as missing."""
        symbol, listing = self._symbol(row.market_id), self._reference.markets.by_id.get(row.market_id)
        mark = self._mark(row)
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
        if row.is_isolated and row.margin is None:
            self.missing.append(f"isolated margin of {symbol}")
        if row.parts > 1:
            self.missing.append(
                f"each margin of {symbol} {row.side} ({row.parts} separate isolated positions, shown as one)"
            )
        held = Position(
            symbol=symbol,
            side=row.side,
            contracts=row.contracts,
            contract_size=listing.contract_size if listing else 1.0,
            kind=row.kind,
            settle=settle_of(row, self._reference.markets),
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=row.leverage,
            margin_mode="isolated" if row.is_isolated else "cross",
            isolated_margin=(row.margin or 0.0) if row.is_isolated else None,
        )
        self._tier(row, held)
        return held

    def _tier(self, row: PositionRow, held: Position) -> None:
        """The table of a leg's symbol.

        The venue publishes none of coin-margined contracts. There the rate that the venue's own risk rate implies
        stands in, and the table is named as missing.
        """
        known = self._reference.tiers.get(row.market_id)
        if known:
            self.tiers[held.symbol] = known
            return
        self.missing.append(f"tiers of {held.symbol}")
        if row.kind == "inverse":
            rate = implied_rate(row, self._answers, self._reference.markets, self.fees().taker)
            if rate is not None:
                self.tiers.setdefault(held.symbol, (Tier(0.0, None, rate),))

    def orders(self) -> tuple[Order, ...]:
        """The orders. One that closes whatever its leg holds has the leg's size, and is none on an empty leg."""
        sized = (
            (row, self._closed_by(row) if row.remaining is None else row.remaining) for row in self._answers.orders
        )
        return tuple(self._order(row, remaining) for row, remaining in sized if remaining > 0)

    def _order(self, row: OrderRow, remaining: float) -> Order:
        return Order(
            symbol=self._symbol(row.market_id),
            side=row.side,
            price=row.price,
            remaining=remaining,
            reduce_only=row.reduce_only,
            position_side=_POSITION_SIDES[row.leg],
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
        )

    def _closed_by(self, order: OrderRow) -> float:
        closes: Side = "long" if order.side == "sell" else "short"
        return next(
            (
                row.contracts
                for row in self._answers.positions
                if row.market_id == order.market_id and row.side == closes
            ),
            0.0,
        )

    def collateral(self) -> tuple[Collateral, ...]:
        """The wallets: of USDT- and USDC-margined contracts, and one of each coin for coin-margined ones."""
        wallets = [*self._answers.balances, *self._answers.coin_balances]
        settles = {settle_of(row, self._reference.markets) for row in self._answers.positions}
        for asset in sorted(settles - {row.asset for row in wallets}):
            self.missing.append(f"balance of {asset}")
        found: dict[str, Collateral] = {}
        for row in wallets:
            found.setdefault(row.asset, Collateral(row.asset, row.balance, frozen=row.frozen))
        return tuple(found.values())

    def fees(self) -> Fees:
        """The venue's base fees, the highest of any user: a cost is never estimated too low."""
        by_id = self._reference.markets.by_id
        listings = [by_id[market_id] for market_id in self._answers.used_ids if market_id in by_id]
        listings = listings or list(by_id.values())[:1]
        return Fees(
            taker=max((listing.taker for listing in listings), default=0.0),
            maker=max((listing.maker for listing in listings), default=0.0),
        )

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What rules must know of symbols that have orders and no position."""
        held = {row.market_id for row in self._answers.positions}
        found: dict[str, dict[str, Any]] = {}
        for market_id in sorted({row.market_id for row in self._answers.orders} - held):
            symbol, listing = self._symbol(market_id), self._reference.markets.by_id.get(market_id)
            terms = {
                "contract_size": listing.contract_size if listing else 1.0,
                "leverage": self._leverage(market_id, symbol),
            }
            mark = self._answers.marks.get(market_id)
            found[symbol] = terms if mark is None else {**terms, "mark_price": mark}
        return found

    def _leverage(self, market_id: str, symbol: str) -> float:
        """The lower of both sides' leverages: it asks for more margin."""
        known = self._reference.leverages.get(market_id)
        if known is not None:
            return min(known)
        self.missing.append(f"leverage of {symbol}")
        return 1.0

    def reported(self) -> VenueReported:
        """The venue's own figures of its cross pools."""
        if self._reference.modes.is_multi_assets:
            return multi_assets_figures(self._answers)
        return pool_figures(self._answers, self._reference.markets)
