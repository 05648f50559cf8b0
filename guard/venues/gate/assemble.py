"""From rows of Gate to a book of the risk engine. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`, which makes the book
INCOMPLETE. A stand-in that keeps such a book well formed never appears without its name there.

Classic accounts, and unified ones in single-currency mode, are a pool for each settlement currency, unified ones in
multi-currency mode one pool in USD (model `gate`). Portfolio margin, loans, losses of spot orders, and any account with
coin-settled contracts in it, are not computed: model `reported`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, HaircutTier, Order, OrderSide, Position, Side, Tier
from guard.risk.tiers import TierTables
from guard.venues.gate.answers import Answers, Modes, SettleState
from guard.venues.gate.figures import USD, measured_fee, reported_of
from guard.venues.gate.parse import AccountMode, LegTerms, PositionRow
from guard.venues.gate.parse_orders import OrderRow
from guard.venues.gate.parse_unified import Unified
from guard.venues.markets import Listing, MarketTable

VENUE = "gate"
MODEL = "gate"
REPORTED_MODEL = "reported"
# Of every other currency the venue tells prices in this one; its totals are in USD.
_PRICED_IN = "USDT"
_CLOSED_BY: Mapping[OrderSide, Side] = {"sell": "long", "buy": "short"}
_CLOSING: Mapping[Side, OrderSide] = {"long": "sell", "short": "buy"}


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: listings, and tiers by the venue's id of a contract; and what currencies count for.

    `discounts` is what is not counted of a currency, `prices` is USDT per unit: both in multi-currency mode only.
    """

    markets: MarketTable
    tiers: Mapping[str, tuple[Tier, ...]] = field(default_factory=dict)
    discounts: Mapping[str, tuple[HaircutTier, ...]] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    """Kinds of contracts that the user holds beside perpetual ones, and that nobody here reads."""


def is_computed(answers: Answers, markets: MarketTable) -> bool:
    """Whether the model `gate` holds for everything that is in the account."""
    kinds = {listing.kind for listing in map(markets.by_id.get, answers.held_ids) if listing is not None}
    if answers.account_mode == "portfolio" or "inverse" in kinds:
        return False
    if answers.account_mode != "multi":
        return True
    unified = answers.unified
    beside = any(
        state.account.account_mode == "classic" and (state.positions or state.orders)
        for state in answers.states.values()
    )
    return unified is not None and not (beside or unified.owes or unified.spot_order_loss)


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

    Raises:
        VenueError: the settlement currencies are in different position modes.
    """
    modes = answers.modes()
    builder = _Builder(answers, reference, modes)
    positions = tuple(builder.position(row) for row in answers.held)
    orders = builder.orders()
    parameters = builder.parameters()
    collateral = builder.collateral()
    reported = reported_of(answers)
    builder.check_reported(frozenset(reported.pools))
    builder.missing += [f"{kind}, which the guard does not read" for kind in reference.others]
    book = Book(
        account=account,
        venue=VENUE,
        model=MODEL if builder.is_computed else REPORTED_MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode=modes.position_mode,
        fees=builder.fees(),
        collateral=collateral,
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == builder.tiers else TierTables(builder.tiers),
        parameters=parameters,
        venue_reported=reported,
    )
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

    def __init__(self, answers: Answers, reference: Reference, modes: Modes) -> None:
        self._answers = answers
        self._reference = reference
        self._modes = modes
        self.is_computed = is_computed(answers, reference.markets)
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}
        self.adl: dict[tuple[str, str], float] = {}
        self._marks: dict[str, float] = dict(answers.marks)
        for row in answers.held:
            # Legs of one contract share its mark, though their rows may be a moment apart.
            if row.mark_price is not None:
                self._marks.setdefault(row.market_id, row.mark_price)
        self._terms: dict[str, LegTerms] = dict(answers.terms)
        for row in answers.held:
            self._terms[row.market_id] = LegTerms(row.leverage, row.is_isolated)

    def _listing(self, market_id: str, settle: str) -> Listing | None:
        listing = self._reference.markets.by_id.get(market_id)
        if listing is None or listing.settle.lower() != settle:
            self.missing.append(f"listing of {market_id}")
            return None
        return listing

    def position(self, row: PositionRow) -> Position:
        """One leg. Without a mark its entry price stands in, without a listing a contract of size 1."""
        listing = self._listing(row.market_id, row.settle)
        symbol = listing.symbol if listing else symbol_like(row.market_id, row.settle)
        mark = self._marks.get(row.market_id)
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
        if self.is_computed:
            self._take_tiers(row.market_id, symbol)
            if row.leverage is None:
                self.missing.append(f"leverage of {symbol}")
        if row.adl is not None:
            self.adl[symbol, row.side] = row.adl
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=row.contracts,
            contract_size=listing.contract_size if listing else 1.0,
            kind=listing.kind if listing else "linear",
            settle=row.settle.upper(),
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=row.leverage or 1.0,
            margin_mode="isolated" if row.is_isolated else "cross",
            isolated_margin=row.isolated_margin,
        )

    def _take_tiers(self, market_id: str, symbol: str) -> None:
        tiers = self._reference.tiers.get(market_id)
        if tiers:
            self.tiers[symbol] = tiers
        else:
            self.missing.append(f"tiers of {symbol}")

    def orders(self) -> tuple[Order, ...]:
        """Orders that rest or wait; one that closes a whole leg has the leg's size, and is none on an empty leg."""
        found = []
        for row in self._answers.orders:
            leg = self._closed_leg(row)
            side = row.side or (None if leg is None else _CLOSING[leg.side])
            remaining = row.remaining or (0.0 if leg is None else leg.contracts)
            if side is not None and remaining > 0.0:
                found.append(self._order(row, side, remaining))
        return tuple(found)

    def _order(self, row: OrderRow, side: OrderSide, remaining: float) -> Order:
        listing = self._listing(row.market_id, row.settle)
        opened: Side = "long" if side == "buy" else "short"
        leg = _CLOSED_BY[side] if row.closes else opened
        # The margin mode is the contract's own setting.
        terms = self._terms.get(row.market_id)
        return Order(
            symbol=listing.symbol if listing else symbol_like(row.market_id, row.settle),
            side=side,
            price=row.price,
            remaining=remaining,
            reduce_only=row.closes,
            position_side=leg if self._modes.position_mode == "hedge" else None,
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
            margin_mode="isolated" if terms is not None and terms.is_isolated else "cross",
        )

    def _closed_leg(self, order: OrderRow) -> PositionRow | None:
        """The leg that an order closes whole."""
        side = None if order.side is None else _CLOSED_BY[order.side]
        legs = [row for row in self._answers.held if row.market_id == order.market_id]
        return next((row for row in legs if side in {None, row.side}), None)

    def parameters(self) -> dict[str, dict[str, Any]]:
        """The account's rule of tiers, and what the rule must know of symbols that have orders and no position."""
        if not self.is_computed:
            return {}
        mode = "unified" if self._answers.account_mode == "multi" else "classic"
        found: dict[str, dict[str, Any]] = {"*": {"account_mode": mode}}
        rules = {state.account.tiered for state in self._answers.states.values() if state.positions} - {None}
        if len(rules) > 1:
            self.missing.append("one rule of tiers (enable_tiered_mm) for all settlement currencies")
        elif rules:
            found["*"]["tiered_mm"] = rules.pop()
        for settle, market_id in self._answers.ordered_only:
            listing = self._listing(market_id, settle)
            if listing is not None:
                found[listing.symbol] = self._order_terms(listing)
        return found

    def _order_terms(self, listing: Listing) -> dict[str, Any]:
        stated = self._terms.get(listing.market_id)
        if stated is None or stated.leverage is None:
            self.missing.append(f"leverage of {listing.symbol}")
        leverage = (stated.leverage if stated else None) or 1.0
        terms = {"contract_size": listing.contract_size, "leverage": leverage}
        mark = self._marks.get(listing.market_id)
        if mark is None:
            self.missing.append(f"mark price of {listing.symbol}")
            return terms
        return {**terms, "mark_price": mark}

    def collateral(self) -> tuple[Collateral, ...]:
        """The balance of each settlement currency without isolated margins; the total where the venue reports one."""
        unified = self._answers.unified
        if self._answers.account_mode in {"multi", "portfolio"}:
            if unified is not None and self.is_computed:
                return tuple(self._counted(unified))
            return (Collateral(USD, (unified.totals.equity if unified else None) or 0.0),)
        return tuple(self._item(state) for state in self._answers.states.values())

    def _counted(self, unified: Unified) -> Iterator[Collateral]:
        """The currencies of multi-currency mode before unrealized PnL; those that count for nothing are left out."""
        gains = self._gains()
        for currency, row in unified.balances.items():
            if row.whole is None:
                self.missing.append(f"equity in {currency}")
                continue
            balance = row.whole - gains.pop(currency, 0.0)
            tiers = self._reference.discounts.get(currency) if row.is_collateral else ()
            if currency not in self._settles and (row.whole == 0.0 or (not tiers and row.whole > 0.0)):
                continue
            price = 1.0 if currency == _PRICED_IN else self._reference.prices.get(currency)
            if price is None:
                self.missing.append(f"price of {currency}")
            if not tiers:
                yield Collateral(currency, balance, price=price or 1.0, haircut=1.0)
            elif tiers[0].cap is None:
                yield Collateral(currency, balance, price=price or 1.0, haircut=tiers[0].haircut)
            else:
                yield Collateral(currency, balance, price=price or 1.0, haircut_tiers=tiers)
        for currency in gains:
            self.missing.append(f"balance of {currency}")
            yield Collateral(currency, 0.0)

    def _gains(self) -> dict[str, float]:
        """Unrealized PnL of cross legs by settlement currency, of linear contracts."""
        found: dict[str, float] = {}
        for row in self._answers.held:
            listing = self._reference.markets.by_id.get(row.market_id)
            mark = self._marks.get(row.market_id)
            gain = 0.0
            if listing is not None and mark is not None:
                size = row.contracts * listing.contract_size * (1.0 if row.side == "long" else -1.0)
                gain = size * (mark - row.entry_price)
            found[row.settle.upper()] = found.get(row.settle.upper(), 0.0) + (0.0 if row.is_isolated else gain)
        return found

    @cached_property
    def _settles(self) -> frozenset[str]:
        """Currencies in which something is held or ordered."""
        held = {row.settle.upper() for row in self._answers.held}
        return frozenset(held | {row.settle.upper() for row in self._answers.orders})

    def _item(self, state: SettleState) -> Collateral:
        account = state.account
        if self._answers.account_mode == "single" and account.account_mode != "classic":
            unified = self._answers.unified
            row = None if unified is None else unified.balances.get(account.currency)
            if row is None or row.cross_balance is None:
                if state.positions or (row is not None and row.equity):
                    self.missing.append(f"balance of {account.currency}")
                return Collateral(account.currency, 0.0)
            return Collateral(account.currency, row.cross_balance, frozen=row.frozen)
        isolated = account.isolated_margin
        if isolated is None:
            isolated = sum(row.isolated_margin or 0.0 for row in state.positions)
        has_cross = any(not row.is_isolated for row in state.positions)
        if account.evolved is False and has_cross and (account.equity is None or not state.is_told):
            # Before the upgrade each cross leg was liquidated by itself, at its own price.
            self.missing.append(
                f"whether {account.currency} legs are liquidated together (enable_evolved_classic is off)"
            )
        return Collateral(account.currency, account.wallet - isolated, frozen=account.isolated_orders)

    def check_reported(self, pools: frozenset[str]) -> None:
        """Name what a reported book cannot do without, and what its pools leave out."""
        if self.is_computed:
            return
        for row in self._answers.held:
            if row.is_isolated:
                symbol = symbol_like(row.market_id, row.settle)
                self.missing.append(f"requirement of {symbol}, isolated: the account's figures are of cross legs only")
        if self._answers.account_mode in {"multi", "portfolio"}:
            totals = None if self._answers.unified is None else self._answers.unified.totals
            if totals is None or totals.equity is None:
                self.missing.append("equity of the unified account")
            if len(pools) > 1:
                self.missing.append("a book of its own for the classic accounts beside the unified one")
            return
        held = {state.account.currency for state in self._answers.states.values() if state.positions}
        self.missing += [f"equity of the {currency} account" for currency in sorted(held - pools)]

    def fees(self) -> Fees:
        """The fee to close that the requirement contains, and the highest maker fee."""
        used = [self._reference.markets.by_id.get(market_id) for market_id in self._answers.used_ids]
        listings = [listing for listing in used if listing]
        listed = max((listing.taker for listing in listings), default=0.0)
        return Fees(
            taker=measured_fee(self._answers.held, listed),
            maker=max((listing.maker for listing in listings), default=0.0),
        )


def mode_words(mode: AccountMode) -> str:
    """The account mode as people know it."""
    words: Mapping[AccountMode, str] = {
        "classic": "classic futures",
        "single": "unified, single-currency margin",
        "multi": "unified, multi-currency margin",
        "portfolio": "unified, portfolio margin",
    }
    return words[mode]


def symbol_like(market_id: str, settle: str) -> str:
    """What a contract that is not listed would be called."""
    base, _, quote = market_id.partition("_")
    return f"{base}/{quote or settle.upper()}:{settle.upper()}"
