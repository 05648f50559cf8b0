"""From rows of Binance's futures to a book of the risk engine. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`, which makes the book
INCOMPLETE. A stand-in that keeps such a book well formed never appears without its name there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import isclose
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import (
    Book,
    Collateral,
    Fees,
    Order,
    Position,
    PositionMode,
    Side,
    Tier,
    VenueFigures,
    VenueReported,
)
from guard.risk.tiers import TierTables
from guard.venues.binance.branch import Branch
from guard.venues.binance.parse_reference import AssetRate, SymbolSetting
from guard.venues.binance.rows import AccountAnswer, AccountLeg, AssetRow, LegKey, LegName, OrderRow, PositionRow
from guard.venues.fields import refused
from guard.venues.markets import MarketTable

MULTI_ASSETS_CURRENCY = "USD"
# Binance, "Position ADL Quantile Estimation": 0 to 4 show "the queue position and possibility of ADL from low to high".
_ADL_NEXT = 4.0
# COIN-M may tell an isolated wallet as a difference of two rounded figures.
_ROUNDING = 1e-4
_SETTLED_MS = 60_000.0
_POSITION_SIDES: Mapping[LegName, Side | None] = {"BOTH": None, "LONG": "long", "SHORT": "short"}


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: listings, the user's tiers and leverages (by the venue's id), and the account's modes."""

    branch: Branch
    markets: MarketTable
    tiers: Mapping[str, tuple[Tier, ...]]
    settings: Mapping[str, SymbolSetting]
    position_mode: PositionMode
    is_multi_assets: bool


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`). `marks` fills in for rows without a mark price, by id."""

    account: AccountAnswer
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    rates: Mapping[str, AssetRate] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def held(self) -> tuple[PositionRow, ...]:
        """The rows that hold something."""
        return tuple(row for row in self.positions if row.amount != 0.0)

    @cached_property
    def used_ids(self) -> frozenset[str]:
        """Ids of everything held or ordered."""
        return frozenset(row.market_id for row in self.held) | frozenset(row.market_id for row in self.orders)


def torn_evidence(
    account: AccountAnswer, positions: tuple[PositionRow, ...], read_at: datetime | None = None
) -> tuple[str, ...]:
    """Legs on which the balances' answer and the positions' answer do not describe the same moment.

    Times of a leg that differ are evidence for a minute before `read_at` (None: always). What was traded before that
    is in both answers: times that differ then are two things by one name, and no leg is torn for ever.
    """
    rows: dict[LegKey, PositionRow] = {(row.market_id, row.leg): row for row in positions if row.amount != 0.0}
    since_ms = 0.0 if read_at is None else read_at.timestamp() * 1000 - _SETTLED_MS
    found = ((key, _torn(account.legs.get(key), rows.get(key), since_ms)) for key in rows.keys() | account.legs.keys())
    return tuple(f"{key[0]} {key[1]} {how}" for key, how in sorted(found) if how)


def _torn(leg: AccountLeg | None, row: PositionRow | None, since_ms: float) -> str:
    """How two sights of one leg differ; empty when they do not."""
    if leg is None or row is None or leg.amount != row.amount:
        balances, positions = leg.amount if leg else 0.0, row.amount if row else 0.0
        return f"was {balances:g} with the balances and {positions:g} with the positions"
    if leg.isolated_wallet is not None and not isclose(leg.isolated_wallet, row.isolated_wallet, rel_tol=_ROUNDING):
        return "had its isolated margin changed between balances and positions"
    differ = leg.updated_ms and row.updated_ms and leg.updated_ms != row.updated_ms
    if differ and max(leg.updated_ms, row.updated_ms) >= since_ms:
        return "was traded between balances and positions"
    return ""


def unknown_ids(answers: Answers, markets: MarketTable) -> tuple[str, ...]:
    """Ids of positions and orders that are not listed in `markets`."""
    return tuple(sorted(answers.used_ids - markets.by_id.keys()))


def outdated_settings(answers: Answers, settings: Mapping[str, SymbolSetting]) -> bool:
    """Whether a leverage is not known, or contradicts what the venue charges a position."""
    for row in answers.held:
        setting = settings.get(row.market_id)
        if setting is None:
            return True
        if row.notional and row.initial_margin:
            charged = abs(row.notional) / row.initial_margin
            if abs(charged - setting.leverage) > 0.01 * setting.leverage:
                return True
    return not answers.used_ids <= settings.keys()


def proven_mode(stated: PositionMode, answers: Answers, where: str) -> PositionMode | None:
    """The position mode if held legs agree with what the venue stated; None when they contradict it.

    Raises:
        BadAnswer: legs of both modes are held at once.
    """
    names = {row.leg for row in answers.held}
    if "BOTH" in names and len(names) > 1:
        raise refused(where, "legs of one-way and of hedge mode stand side by side")
    if names and (stated == "one_way") != ("BOTH" in names):
        return None
    return stated


def symbol_of(market_id: str, margin_asset: str, reference: Reference) -> str:
    """The symbol of a market; for one that is not listed, what it would be called."""
    listing = reference.markets.by_id.get(market_id)
    return listing.symbol if listing is not None else reference.branch.unlisted_symbol(market_id, margin_asset)


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
    builder = RowBuilder(answers, reference)
    positions = tuple(builder.position(row) for row in answers.held)
    orders = builder.orders()
    collateral = builder.collateral()
    book = Book(
        account=account,
        venue=reference.branch.venue,
        model=reference.branch.multi_assets_model if reference.is_multi_assets else reference.branch.model,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode=reference.position_mode,
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
        adl=builder.adl,
    )


class RowBuilder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, reference: Reference) -> None:
        self._answers = answers
        self._reference = reference
        self._branch = reference.branch
        self._rows = {row.market_id: row for row in answers.positions}
        self._symbols = {
            row.market_id: symbol_of(row.market_id, row.margin_asset, reference) for row in answers.positions
        }
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}
        self.adl: dict[tuple[str, str], float] = {}

    def _symbol(self, market_id: str) -> str:
        symbol = self._symbols.get(market_id)
        if symbol is None:
            symbol = self._symbols[market_id] = symbol_of(market_id, self._branch.settle_of(market_id), self._reference)
        if market_id not in self._reference.markets.by_id:
            self.missing.append(f"listing of {market_id}")
        return symbol

    def _contract_size(self, market_id: str) -> float:
        """1 stands in where the market is not listed, which is named as missing."""
        listing = self._reference.markets.by_id.get(market_id)
        return 1.0 if listing is None else listing.contract_size

    def _leverage(self, market_id: str, symbol: str) -> float:
        setting = self._reference.settings.get(market_id)
        if setting is not None:
            return setting.leverage
        self.missing.append(f"leverage of {symbol}")
        return 1.0

    def _mark(self, row: PositionRow) -> float | None:
        return row.mark_price or self._answers.marks.get(row.market_id)

    def position(self, row: PositionRow) -> Position:
        """One leg. Without a mark price its entry price stands in, and the mark is named as missing."""
        symbol = self._symbol(row.market_id)
        mark = self._mark(row)
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
        if row.adl is not None:
            self.adl[symbol, row.side] = min(row.adl / _ADL_NEXT, 1.0)
        tiers = self._reference.tiers.get(row.market_id)
        if tiers:
            self.tiers[symbol] = tiers
        else:
            self.missing.append(f"tiers of {symbol}")
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=abs(row.amount),
            contract_size=self._contract_size(row.market_id),
            kind=self._branch.kind,
            settle=row.margin_asset,
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=self._leverage(row.market_id, symbol),
            margin_mode="isolated" if row.is_isolated else "cross",
            isolated_margin=row.isolated_wallet if row.is_isolated else None,
        )

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
        held = (row for row in self._answers.held if (row.market_id, row.leg) == (order.market_id, order.leg))
        return next((abs(row.amount) for row in held if row.side == closes), 0.0)

    def collateral(self) -> tuple[Collateral, ...]:
        """The margin assets; in multi-assets mode at their index price, with what bid and ask rate take off and add."""
        settles = {row.margin_asset for row in self._answers.held}
        for asset in sorted(settles - {row.asset for row in self._answers.account.assets}):
            self.missing.append(f"balance of {asset}")
        if not self._reference.is_multi_assets:
            return tuple(Collateral(row.asset, row.cross_wallet) for row in self._answers.account.assets)
        return tuple(self._priced(row) for row in self._answers.account.assets)

    def _priced(self, row: AssetRow) -> Collateral:
        rate = self._answers.rates.get(row.asset)
        if rate is None:
            self.missing.append(f"index price of {row.asset}")
            return Collateral(row.asset, row.cross_wallet, price=1.0, haircut=1.0)
        return Collateral(
            row.asset,
            row.cross_wallet,
            price=rate.index,
            haircut=max(0.0, 1.0 - rate.bid / rate.index),
            markup=max(0.0, rate.ask / rate.index - 1.0),
        )

    def fees(self) -> Fees:
        """The venue's base fees, the highest of any user: a cost is never estimated too low."""
        used = [self._reference.markets.by_id.get(market_id) for market_id in self._answers.used_ids]
        listings = [listing for listing in used if listing] or list(self._reference.markets.by_id.values())[:1]
        return Fees(
            taker=max((listing.taker for listing in listings), default=0.0),
            maker=max((listing.maker for listing in listings), default=0.0),
        )

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What rules must know of symbols that have orders and no position."""
        held = {row.market_id for row in self._answers.held}
        found: dict[str, dict[str, Any]] = {}
        for market_id in sorted({row.market_id for row in self._answers.orders} - held):
            symbol, known = self._symbol(market_id), self._rows.get(market_id)
            mark = self._mark(known) if known else self._answers.marks.get(market_id)
            terms = {"contract_size": self._contract_size(market_id), "leverage": self._leverage(market_id, symbol)}
            found[symbol] = terms if mark is None else {**terms, "mark_price": mark}
        return found

    def reported(self) -> VenueReported:
        """The venue's own figures of its cross pools.

        In single-asset mode the venue's totals cover USDT only, with isolated legs in them; so they are not used, and
        the account's own figures are told only where the account is one cross pool.
        """
        account = self._answers.account
        if self._reference.is_multi_assets:
            total = _figures(
                account.total_margin_balance,
                account.total_maintenance_margin,
                account.total_initial_margin,
                account.available,
            )
            return _reported_of(total, {MULTI_ASSETS_CURRENCY: total})
        pools = {row.asset: self._pool(row) for row in account.assets}
        if len(pools) == 1 and not any(row.is_isolated for row in self._answers.held):
            return _reported_of(next(iter(pools.values())), pools)
        return VenueReported(pools=pools)

    def _pool(self, asset: AssetRow) -> VenueFigures:
        """A cross pool: the asset's margins less those of its isolated legs."""
        isolated = [
            self._answers.account.legs.get((row.market_id, row.leg))
            for row in self._answers.held
            if row.is_isolated and row.margin_asset == asset.asset
        ]
        return _figures(
            asset.cross_wallet + asset.cross_upl,
            _less(asset.maintenance_margin, [leg.maintenance_margin if leg else None for leg in isolated]),
            _less(asset.initial_margin, [leg.initial_margin if leg else None for leg in isolated]),
            asset.available,
        )


def _less(total: float | None, parts: list[float | None]) -> float | None:
    """`total` without its parts; None when one of them is not known."""
    if total is None:
        return None
    for part in parts:
        if part is None:
            return None
        total -= part
    return max(total, 0.0)


def _figures(
    equity: float | None, maintenance: float | None, initial: float | None, available: float | None
) -> VenueFigures:
    ratio = None
    if equity is not None and maintenance is not None and (equity > 0 or maintenance == 0):
        ratio = maintenance / equity if maintenance else 0.0
    return VenueFigures(equity, maintenance, initial, available, ratio)


def _reported_of(figures: VenueFigures, pools: Mapping[str, VenueFigures]) -> VenueReported:
    return VenueReported(
        equity=figures.equity,
        maintenance_margin=figures.maintenance_margin,
        initial_margin=figures.initial_margin,
        available_margin=figures.available_margin,
        risk_ratio=figures.risk_ratio,
        pools=pools,
    )
