"""From rows of OKX to a book of the risk engine. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`, which makes the book
INCOMPLETE. A stand-in that keeps such a book well formed never appears without its name there.

Futures mode is a pool for each settlement currency, multi-currency mode one pool in USD (model `okx`). Portfolio
margin, and any account with options or margin trades in it, is not computed: model `reported`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, HaircutTier, Order, Position, Side, Tier
from guard.risk.tiers import TierTables
from guard.venues.markets import Listing, MarketTable
from guard.venues.okx.figures import reported_of
from guard.venues.okx.listings import family_of
from guard.venues.okx.parse import CONTRACT_TYPES, Balance, CurrencyRow, OrderRow, PositionRow, Positions
from guard.venues.okx.parse_reference import AccountMode, Modes
from guard.venues.okx.reserved import reserved_by_currency

VENUE = "okx"
MODEL = "okx"
REPORTED_MODEL = "reported"
# OKX, "Get positions": `adl` has levels from 0 to 5, "the smaller the number, the weaker the adl intensity".
_ADL_NEXT = 5.0
# Contracts in dollars settle in the stable coin that the account has chosen; each position names it.
_ANY_DOLLAR = "USD"

TierKey = tuple[str, str, str]
"""Instrument type, instrument family, margin mode: `("SWAP", "BTC-USDT", "cross")`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: listings, tiers, discounts by currency, the user's taker fee, and the account's modes."""

    markets: MarketTable
    modes: Modes
    tiers: Mapping[TierKey, tuple[Tier, ...]] = field(default_factory=dict)
    discounts: Mapping[str, tuple[HaircutTier, ...]] = field(default_factory=dict)
    taker_fee: float | None = None


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`). `marks` are of ids that only orders name."""

    balance: Balance
    positions: Positions
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    marks: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def contract_orders(self) -> tuple[OrderRow, ...]:
        """Orders on futures and swaps."""
        return tuple(row for row in self.orders if row.instrument_type in CONTRACT_TYPES)

    @cached_property
    def used_ids(self) -> frozenset[str]:
        """Ids of every contract held or ordered."""
        held = frozenset(row.market_id for row in self.positions.held)
        return held | {row.market_id for row in self.contract_orders}

    @cached_property
    def tier_keys(self) -> frozenset[TierKey]:
        """The tier tables that held positions need."""
        return frozenset(tier_key(row) for row in self.positions.held)

    @property
    def marked_ids(self) -> frozenset[str]:
        """Ids of positions that came with a mark."""
        return frozenset(row.market_id for row in self.positions.held if row.mark_price is not None)

    @cached_property
    def uncomputed(self) -> tuple[str, ...]:
        """What is held or ordered that no rule here computes: options and margin trades."""
        kinds = {"SPOT", *CONTRACT_TYPES}
        ordered = (row.market_id for row in self.orders if row.instrument_type not in kinds)
        return (*self.positions.others, *self.positions.unknown, *ordered)


def tier_key(row: PositionRow) -> TierKey:
    """The table of tiers that a position falls under."""
    return (row.instrument_type, family_of(row.market_id), row.mode)


def torn_evidence(balance: Balance, positions: Positions, began_ms: float) -> tuple[str, ...]:
    """What changed at the venue after the reading began (`began_ms`, the venue's clock): the other answers may lack it.

    Balances change with fills, funding and transfers, positions with fills and margins.
    """
    found = [f"{row.currency} balance" for row in balance.currencies if row.changed_ms > began_ms]
    found += [f"{row.market_id} {row.side}" for row in positions.held if row.changed_ms > began_ms]
    return tuple(f"{what} changed while the account was read" for what in sorted(found))


def proven(modes: Modes, answers: Answers) -> bool:
    """Whether what was read agrees with the modes that the venue stated."""
    legs = {row.leg for row in answers.positions.held}
    if legs and (modes.position_mode == "one_way") != (legs == {"net"}):
        return False
    # The account has figures of its own in USD in every mode but that of one pool for each currency.
    if modes.account_mode == "single":
        return answers.balance.adjusted_equity is None
    return answers.balance.adjusted_equity is not None or not legs


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
    positions = tuple(builder.position(row) for row in answers.positions.held)
    orders = builder.orders()
    parameters = builder.parameters()
    collateral = builder.collateral()
    book = Book(
        account=account,
        venue=VENUE,
        model=MODEL if builder.is_computed else REPORTED_MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode=reference.modes.position_mode,
        fees=builder.fees(),
        collateral=collateral,
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == builder.tiers else TierTables(builder.tiers),
        parameters=parameters,
        venue_reported=reported_of(answers.balance, builder.account_mode, builder.reserved),
    )
    if book.venue_reported.equity is None and builder.account_mode != "single":
        builder.missing.append("equity of the account")
    builder.missing += [f"what {name} is" for name in answers.positions.unknown]
    return FetchedBook(
        book=book,
        parts=answers.parts,
        missing=tuple(dict.fromkeys(builder.missing)),
        torn=torn,
        position_mode_proven=True,
        adl=builder.adl,
    )


class _Builder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, reference: Reference) -> None:
        self._answers = answers
        self._reference = reference
        self.account_mode: AccountMode = reference.modes.account_mode
        self.is_computed = self.account_mode != "portfolio" and not answers.uncomputed
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}
        self.adl: dict[tuple[str, str], float] = {}
        self._marks: dict[str, float] = dict(answers.marks)
        for row in answers.positions.held:
            # Legs of one contract share its mark, though their rows may be a moment apart.
            if row.mark_price is not None:
                self._marks.setdefault(row.market_id, row.mark_price)
        self.reserved = self._reserved() if self.is_computed else {}

    def _listing(self, market_id: str) -> Listing | None:
        listing = self._reference.markets.by_id.get(market_id)
        if listing is None:
            self.missing.append(f"listing of {market_id}")
        return listing

    def position(self, row: PositionRow) -> Position:
        """One leg. Without a mark its entry price stands in, without a listing a contract of size 1."""
        listing = self._listing(row.market_id)
        symbol = listing.symbol if listing else _symbol_like(row.market_id, row.currency)
        mark = self._marks.get(row.market_id)
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
        if row.is_isolated and row.isolated_margin is None:
            self.missing.append(f"isolated margin of {symbol}")
        if listing is not None and listing.settle not in {row.currency, _ANY_DOLLAR}:
            self.missing.append(f"settlement currency of {symbol}")
        if self.is_computed:
            self._take_tiers(row, symbol)
        if row.adl is not None:
            leg = (symbol, row.side)
            self.adl[leg] = max(self.adl.get(leg, 0.0), min(1.0, row.adl / _ADL_NEXT))
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=row.contracts,
            contract_size=listing.contract_size if listing else 1.0,
            kind=listing.kind if listing else "linear",
            settle=row.currency,
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=self._leverage(row.leverage, symbol),
            margin_mode="isolated" if row.is_isolated else "cross",
            isolated_margin=(row.isolated_margin or 0.0) if row.is_isolated else None,
        )

    def _take_tiers(self, row: PositionRow, symbol: str) -> None:
        tiers = self._reference.tiers.get(tier_key(row))
        if not tiers:
            self.missing.append(f"tiers of {symbol}")
        elif self.tiers.setdefault(symbol, tiers) != tiers:
            self.missing.append(f"tiers of {symbol} that hold for cross and isolated legs alike")

    def _leverage(self, stated: float | None, symbol: str) -> float:
        if stated is None and self.is_computed:
            self.missing.append(f"leverage of {symbol}")
        return stated or 1.0

    def orders(self) -> tuple[Order, ...]:
        """Orders on contracts; one that closes whatever its leg holds has the size of the leg, none on an empty one."""
        rows = self._answers.contract_orders
        sized = ((row, self._closed_by(row) if row.remaining is None else row.remaining) for row in rows)
        return tuple(self._order(row, remaining) for row, remaining in sized if remaining > 0)

    def _order(self, row: OrderRow, remaining: float) -> Order:
        listing = self._listing(row.market_id)
        sides: Mapping[str, Side | None] = {"net": None, "long": "long", "short": "short"}
        return Order(
            symbol=listing.symbol if listing else _symbol_like(row.market_id, "USDT"),
            side=row.side,
            price=row.price,
            remaining=remaining,
            reduce_only=row.closes,
            position_side=sides[row.leg],
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
            margin_mode="isolated" if row.is_isolated else "cross",
        )

    def _closed_by(self, order: OrderRow) -> float:
        closes: Side = "long" if order.side == "sell" else "short"
        key = (order.market_id, order.leg, closes, order.is_isolated)
        held = self._answers.positions.held
        return next((row.contracts for row in held if (row.market_id, row.leg, row.side, row.is_isolated) == key), 0.0)

    def parameters(self) -> dict[str, dict[str, Any]]:
        """The account's mode, and what the rule must know of symbols that have orders and no position."""
        if not self.is_computed:
            return {}
        found: dict[str, dict[str, Any]] = {"*": {"account_mode": self.account_mode}}
        held = {row.market_id for row in self._answers.positions.held}
        for row in self._answers.contract_orders:
            listing = self._listing(row.market_id)
            asks = not (row.closes or row.conditional or row.is_isolated)
            if row.market_id in held or listing is None or not asks:
                continue
            self._take_order_tiers(row, listing.symbol)
            leverage = self._leverage(row.leverage, listing.symbol)
            terms = found.setdefault(listing.symbol, {"contract_size": listing.contract_size, "leverage": leverage})
            # Of orders with several leverages, the one that needs more margin.
            terms["leverage"] = min(terms["leverage"], leverage)
            mark = self._marks.get(row.market_id)
            if mark is None:
                self.missing.append(f"mark price of {listing.symbol}")
            else:
                terms["mark_price"] = mark
        return found

    def _take_order_tiers(self, row: OrderRow, symbol: str) -> None:
        """Cross orders that open ask for the rate of the tier that they lead to."""
        tiers = self._reference.tiers.get(order_tier_key(row))
        if tiers:
            self.tiers.setdefault(symbol, tiers)
        else:
            self.missing.append(f"tiers of {symbol}")

    def collateral(self) -> tuple[Collateral, ...]:
        """The currencies; in multi-currency mode with the venue's price and what it does not count of them."""
        held = {row.currency for row in self._answers.balance.currencies}
        settles = {row.currency for row in self._answers.positions.held if not row.is_isolated}
        for currency in sorted(settles - held):
            self.missing.append(f"balance of {currency}")
        return tuple(self._item(row) for row in self._answers.balance.currencies)

    def _item(self, row: CurrencyRow) -> Collateral:
        balance = row.cash - row.interest
        frozen = self.reserved.get(row.currency, 0.0)
        if self.account_mode == "single":
            return Collateral(row.currency, balance, frozen=frozen)
        price = self._price(row)
        if price is None:
            if self._may_count(row, balance):
                self.missing.append(f"price of {row.currency}")
            return Collateral(row.currency, balance, price=1.0, haircut=1.0, frozen=frozen)
        haircut, tiers = self._haircuts(row) if self.is_computed else (0.0, ())
        return Collateral(row.currency, balance, price=price, haircut=haircut, frozen=frozen, haircut_tiers=tiers)

    def _may_count(self, row: CurrencyRow, balance: float) -> bool:
        """Whether anything in the currency may matter: a balance that the venue counts, a debt, what settles in it."""
        listings = (self._reference.markets.by_id.get(market_id) for market_id in self._answers.used_ids)
        settles = {listing.settle for listing in listings if listing}
        if row.currency in settles or row.currency in {each.currency for each in self._answers.positions.held}:
            return True
        if balance == 0.0 and row.equity == 0.0:
            return False
        return not (balance > 0.0 and row.equity > 0.0 and row.counted_usd == 0.0)

    def _haircuts(self, row: CurrencyRow) -> tuple[float, tuple[HaircutTier, ...]]:
        """What is not counted of a currency: one fraction, or tiers of them."""
        # What the venue counts as nothing (a currency not chosen as collateral) has no tier of its own.
        if row.counted_usd == 0.0 and row.equity > 0.0 and row.usd_equity:
            return 1.0, ()
        tiers = self._reference.discounts.get(row.currency)
        if not tiers:
            self.missing.append(f"discount rate of {row.currency}")
            return 1.0, ()
        return (tiers[0].haircut, ()) if tiers[0].cap is None else (0.0, tiers)

    def _price(self, row: CurrencyRow) -> float | None:
        """USD per unit: from the venue's two figures of one equity, else as it stands with a position."""
        if row.equity and row.usd_equity and row.usd_equity / row.equity > 0.0:
            return row.usd_equity / row.equity
        told = (each.usd_price for each in self._answers.positions.held if each.currency == row.currency)
        return next((price for price in told if price is not None and price > 0.0), None)

    def _reserved(self) -> dict[str, float]:
        found, unknown = reserved_by_currency(
            self._answers.orders, self._reference.markets, self._marks, self._reference.taker_fee or 0.0
        )
        self.missing += unknown
        return found

    def fees(self) -> Fees:
        """The highest taker fee on contracts: the venue adds it to the requirement as the cost of liquidation."""
        used = [self._reference.markets.by_id.get(market_id) for market_id in self._answers.used_ids]
        listings = [listing for listing in used if listing]
        taker = self._reference.taker_fee
        if taker is None:
            taker = max((listing.taker for listing in listings), default=0.0)
            if listings and self.is_computed:
                self.missing.append("taker fee of the account")
        return Fees(taker=taker, maker=max((listing.maker for listing in listings), default=0.0))


def order_tier_key(row: OrderRow) -> tuple[str, str, str]:
    """The table of tiers that a cross order falls under."""
    return (row.instrument_type, family_of(row.market_id), "cross")


def mode_words(modes: Modes) -> str:
    """The account mode as people know it."""
    words: Mapping[AccountMode, str] = {
        "single": "futures mode (acctLv 2)",
        "multi": "multi-currency margin (acctLv 3)",
        "portfolio": "portfolio margin (acctLv 4)",
    }
    return words[modes.account_mode]


def _symbol_like(market_id: str, settle: str) -> str:
    """What a contract that is not listed would be called."""
    base, _, rest = market_id.partition("-")
    return f"{base}/{rest.partition('-')[0] or settle}:{settle}"
