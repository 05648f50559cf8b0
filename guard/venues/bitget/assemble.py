"""From rows of a classic Bitget account to a book of the risk engine. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`, which makes the book
INCOMPLETE. A stand-in that keeps such a book well formed never appears without its name there.

Linear contracts in single-asset mode are computed by our rule. Coin-margined contracts (whose value in coin is fixed,
which no inverse contract's is) and multi-assets mode (whose requirement is not published) stand on the venue's figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, Order, OrderSide, Position, PositionMode, Tier, VenueReported
from guard.risk.tiers import TierTables
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.parse import AccountRow, OrderRow, PositionRow, closing_side
from guard.venues.bitget.pools import Pool, cross_wallet, figures_of, orphans, pools_of, reported_of
from guard.venues.markets import Listing, MarketTable

VENUE: Final = "bitget"
MODEL: Final = "bitget"
REPORTED_MODEL: Final = "reported"
# Sizes are in base units on every market.
CONTRACT_SIZE: Final = 1.0
_FIT = 0.05


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: listings, tiers by the venue's id, and the position mode of each product."""

    markets: MarketTable
    tiers: Mapping[str, tuple[Tier, ...]]
    position_modes: Mapping[str, PositionMode]


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`). `marks` are of contracts that are only ordered, by id."""

    accounts: tuple[AccountRow, ...]
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    marks: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def held_ids(self) -> frozenset[str]:
        """Ids of everything held."""
        return frozenset(row.market_id for row in self.positions)

    @cached_property
    def used_ids(self) -> frozenset[str]:
        """Ids of everything held or ordered."""
        return self.held_ids | frozenset(row.market_id for row in self.orders)

    @cached_property
    def used_products(self) -> tuple[str, ...]:
        """Products in which something is held or ordered."""
        used = {row.product for row in self.positions} | {row.product for row in self.orders}
        return tuple(product for product in at.PRODUCTS if product in used)


def contradicted(modes: Mapping[str, PositionMode], answers: Answers) -> str | None:
    """The first product whose legs or orders are of another position mode than was stated; None: all agree."""
    told = {(row.product, row.mode) for row in answers.positions} | {(row.product, row.mode) for row in answers.orders}
    wrong = sorted(product for product, mode in told if mode is not None and modes.get(product) != mode)
    return wrong[0] if wrong else None


def model_of(answers: Answers) -> str:
    """The rule that this account can be computed by."""
    coin = any(row.product == at.COIN_MARGINED for row in answers.positions) or any(
        row.product == at.COIN_MARGINED and not row.reduce_only and not row.conditional for row in answers.orders
    )
    union = any(row.is_union and not row.is_empty for row in answers.accounts)
    return REPORTED_MODEL if coin or union else MODEL


def book_mode(modes: Mapping[str, PositionMode], used: tuple[str, ...]) -> PositionMode:
    """The position mode of the book: hedge when it is that of any product in use.

    The mode decides how much open orders withhold, and hedge mode withholds the more.
    """
    asked = used or tuple(modes)[:1]
    return "hedge" if any(modes.get(product) == "hedge" for product in asked) else "one_way"


def pnl_fits(row: PositionRow) -> bool:
    """Whether the venue's PnL of a coin-margined leg is that of `amount` units of the coin; True where it says none."""
    if row.mark_price is None or row.unrealized is None:
        return True
    gained = row.amount * (row.mark_price - row.entry_price) / row.mark_price * (1 if row.side == "long" else -1)
    return abs(gained - row.unrealized) <= _FIT * abs(row.unrealized) + 0.001 * row.amount


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
    book = Book(
        account=account,
        venue=VENUE,
        model=builder.model,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode=book_mode(reference.position_modes, answers.used_products),
        fees=builder.fees(),
        collateral=collateral,
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == builder.tiers else TierTables(builder.tiers),
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


class _Builder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, reference: Reference) -> None:
        self._answers = answers
        self._reference = reference
        self.model = model_of(answers)
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}
        self._pools = self._told_apart(pools_of(answers.accounts, answers.positions))

    def _told_apart(self, pools: tuple[Pool, ...]) -> dict[str, list[Pool]]:
        """Pools by coin. A coin may carry legs of one product only: a book knows one pool of each currency."""
        found: dict[str, list[Pool]] = {}
        for pool in pools:
            found.setdefault(pool.row.coin, []).append(pool)
        for coin, same in found.items():
            carrying = [pool for pool in same if pool.legs]
            if len(carrying) > 1:
                products = " and ".join(pool.row.product for pool in carrying)
                self.missing.append(f"one pool for {coin}: it carries positions of {products}")
            if carrying:
                found[coin] = carrying[:1]
        return found

    def position(self, row: PositionRow) -> Position:
        """One leg. Without a mark price its entry price stands in, and the mark is named as missing."""
        listing, symbol = self._listing(row.market_id, row.coin)
        inverse = row.product == at.COIN_MARGINED
        if row.mark_price is None:
            self.missing.append(f"mark price of {symbol}")
        if inverse:
            self._check_coin_margined(row, listing, symbol)
        else:
            self._check_computable(row, symbol)
        if row.is_isolated:
            self._check_isolated(row, symbol)
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=row.amount,
            contract_size=row.entry_price if inverse else CONTRACT_SIZE,
            kind="inverse" if inverse else "linear",
            settle=row.coin,
            entry_price=row.entry_price,
            mark_price=row.mark_price or row.entry_price,
            leverage=row.leverage,
            margin_mode="isolated" if row.is_isolated else "cross",
            isolated_margin=(row.margin or 0.0) if row.is_isolated else None,
            opened_at=row.opened_at,
        )

    def _listing(self, market_id: str, coin: str) -> tuple[Listing | None, str]:
        """The listing, and the symbol; for a contract that is not listed, what it would be called as a perpetual."""
        listing = self._reference.markets.by_id.get(market_id)
        if listing is not None:
            return listing, listing.symbol
        self.missing.append(f"listing of {market_id}")
        return None, f"{market_id.removesuffix(coin)}/{coin}:{coin}"

    def _check_computable(self, row: PositionRow, symbol: str) -> None:
        tiers = self._reference.tiers.get(row.market_id)
        if tiers:
            self.tiers[symbol] = tiers
        elif self.model == MODEL:
            self.missing.append(f"tiers of {symbol}")
            if row.mm_rate is not None and row.mm_rate > 0:
                # The rate that it is charged now: without any the rest of the account could not be assessed either.
                other = self.tiers.get(symbol, (Tier(0.0, None, 0.0),))[0].mm_rate
                self.tiers[symbol] = (Tier(0.0, None, max(row.mm_rate, other)),)
        if row.opened_at is None:
            self.missing.append(f"opening time of {symbol}")

    def _check_coin_margined(self, row: PositionRow, listing: Listing | None, symbol: str) -> None:
        """A leg is shown as so many quote units as it was worth when it was opened: then its PnL is the venue's."""
        if listing is not None and listing.settle != row.coin:
            self.missing.append(f"value of {symbol} in {row.coin}")
        if not pnl_fits(row):
            self.missing.append(f"size of {symbol}: its PnL is not that of {row.amount:g} {row.coin}")

    def _check_isolated(self, row: PositionRow, symbol: str) -> None:
        if row.margin is None:
            self.missing.append(f"isolated margin of {symbol}")
        if self.model == REPORTED_MODEL:
            self.missing.append(f"requirement of {symbol}, isolated: the venue tells that of cross positions only")

    def orders(self) -> tuple[Order, ...]:
        """The orders. One that closes whatever its leg holds has the leg's size, and is none on an empty leg."""
        found = []
        for row in self._answers.orders:
            side, remaining = self._aimed(row)
            if side is None or remaining <= 0:
                continue
            found.append(
                Order(
                    symbol=self._listing(row.market_id, row.coin)[1],
                    side=side,
                    price=row.price,
                    remaining=remaining,
                    reduce_only=row.reduce_only,
                    position_side=row.leg,
                    conditional=row.conditional,
                    order_id=row.order_id,
                    client_order_id=row.client_order_id,
                )
            )
        return tuple(found)

    def _aimed(self, order: OrderRow) -> tuple[OrderSide | None, float]:
        """Side and size, those of the leg that the order closes where it names none."""
        legs = [
            row
            for row in self._answers.positions
            if row.market_id == order.market_id and (order.side is None or closing_side(row.side) == order.side)
        ]
        side = order.side if order.side is not None else next((closing_side(row.side) for row in legs), None)
        size = order.remaining if order.remaining is not None else next((row.amount for row in legs), 0.0)
        return side, size

    def collateral(self) -> tuple[Collateral, ...]:
        """The cross wallet of each margin coin."""
        for coin in orphans(self._answers.accounts, self._answers.positions):
            self.missing.append(f"balance of {coin}")
        return tuple(Collateral(coin, sum(map(self._wallet, pools))) for coin, pools in self._pools.items())

    def _wallet(self, pool: Pool) -> float:
        wallet = cross_wallet(pool)
        if wallet is None:
            self.missing.append(f"wallet of {pool.row.coin} without unrealized PnL and isolated margins")
            return pool.row.equity
        return wallet

    def fees(self) -> Fees:
        """The venue's base fees of what is held, the highest of them: part of the requirement."""
        used = self._answers.held_ids or self._answers.used_ids
        markets = self._reference.markets.by_id
        listings = [markets[market_id] for market_id in used if market_id in markets]
        listings = listings or list(markets.values())[:1]
        return Fees(
            taker=max((listing.taker for listing in listings), default=0.0),
            maker=max((listing.maker for listing in listings), default=0.0),
        )

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What rules must know of contracts that have orders and no position."""
        found: dict[str, dict[str, Any]] = {}
        for row in self._answers.orders:
            if row.market_id in self._answers.held_ids:
                continue
            symbol, mark = self._listing(row.market_id, row.coin)[1], self._answers.marks.get(row.market_id)
            terms = found.setdefault(symbol, {"contract_size": CONTRACT_SIZE})
            if mark is not None:
                terms["mark_price"] = mark
            if row.leverage is not None:
                terms["leverage"] = min(row.leverage, terms.get("leverage", row.leverage))
            elif not row.conditional and not row.reduce_only:
                self.missing.append(f"leverage of {symbol}")
                terms.setdefault("leverage", 1.0)
        return found

    def reported(self) -> VenueReported:
        """The venue's own figures of its cross pools; the only ones there are under model `reported`."""
        figures = {coin: figures_of(pools[0]) for coin, pools in self._pools.items() if len(pools) == 1}
        if self.model == REPORTED_MODEL:
            for coin, each in figures.items():
                if each.equity is None or (each.maintenance_margin is None and each.risk_ratio is None):
                    self.missing.append(f"the venue's equity and requirement of {coin}")
        return reported_of(figures, alone=not any(row.is_isolated for row in self._answers.positions))
