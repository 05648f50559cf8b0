"""From rows of Hyperliquid to a book of the risk engine. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`.

Standard accounts keep a balance for each dex: the venue's own dex is the USDC pool, and a builder's dex is a pool
where no other one settles in its token; cross legs of a second dex in the same token cannot stand in the same book and
are named as missing. Unified accounts keep one balance for each token, in spot, which carries the legs of every dex.
Isolated legs are pools of their own everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, Order, Position, Side, Tier, VenueFigures, VenueReported
from guard.risk.tiers import TierTables
from guard.venues.fields import refused
from guard.venues.hyperliquid import endpoints as at
from guard.venues.hyperliquid.parse import Abstraction, OrderRow, PositionRow, SpotAnswer, StateAnswer
from guard.venues.hyperliquid.universe import (
    DEFAULT_DEX,
    MAKER,
    TAKER,
    USDC_TOKEN,
    Contract,
    Token,
    Universe,
    symbol_of,
)

VENUE = "hyperliquid"
MODEL = "hyperliquid"
REPORTED_MODEL = "reported"
USDC = "USDC"
# Portfolio margin accounts are liquidated when the venue's ratio passes this.
_PORTFOLIO_LIQUIDATION = 0.95


@dataclass(frozen=True)
class Reference:
    """What changes rarely: universes of the dexes in use, tokens of unified accounts, leverages by coin, the mode."""

    abstraction: Abstraction
    universes: Mapping[str, Universe]
    tokens: Mapping[int, Token] = field(default_factory=dict)
    leverages: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """Every contract by coin."""
        return {coin: contract for each in self.universes.values() for coin, contract in each.by_coin.items()}


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`); `states` by dex, the venue's own always among them."""

    states: Mapping[str, StateAnswer]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    spot: SpotAnswer | None = None

    @cached_property
    def held(self) -> Mapping[str, PositionRow]:
        """The legs by coin."""
        return {row.coin: row for state in self.states.values() for row in state.positions}

    @property
    def ordered_only(self) -> tuple[str, ...]:
        """Coins that have orders and no position."""
        return tuple(sorted({row.coin for row in self.orders} - self.held.keys()))


def assemble(
    account: str,
    answers: Answers,
    reference: Reference,
    last_tiers: Mapping[str, tuple[Tier, ...]] | None = None,
) -> FetchedBook:
    """The book of one cycle.

    Args:
        account: the account's name.
        answers: what was read.
        reference: what was known.
        last_tiers: `tiers` of the last book; taken over while nothing changed, with the tables built from them.
    """
    builder = _Builder(answers, reference)
    pools = builder.pools()
    positions = builder.positions(pools)
    is_reported = reference.abstraction == "portfolio"
    book = Book(
        account=account,
        venue=VENUE,
        model=REPORTED_MODEL if is_reported else MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode="one_way",
        fees=builder.fees(),
        collateral=builder.wallets() if is_reported else tuple(pool.collateral for pool in pools),
        positions=positions,
        orders=builder.orders(),
        tiers=last_tiers if last_tiers is not None and last_tiers == builder.tiers else TierTables(builder.tiers),
        parameters={} if is_reported else builder.parameters(),
        venue_reported=builder.portfolio() if is_reported else _reported(pools),
    )
    return FetchedBook(
        book=book,
        parts=answers.parts,
        missing=tuple(dict.fromkeys(builder.missing)),
        position_mode_proven=True,
    )


@dataclass(frozen=True, slots=True)
class _Pool:
    """One cross pool: which dexes' cross legs are in it, its balance, and the venue's own figures of it."""

    dexes: frozenset[str]
    collateral: Collateral
    figures: VenueFigures


class _Builder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, reference: Reference) -> None:
        self._answers = answers
        self._reference = reference
        self._settles = {dex: universe.settle for dex, universe in reference.universes.items()}
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}

    def pools(self) -> list[_Pool]:
        """The cross pools of the account."""
        if self._reference.abstraction == "portfolio":
            return [_Pool(frozenset(self._answers.states), Collateral(USDC, 0.0), VenueFigures())]
        return self._unified() if self._reference.abstraction == "unified" else self._standard()

    def _standard(self) -> list[_Pool]:
        """A pool for each dex, as far as no two of them settle in one token."""
        found: dict[str, _Pool] = {}
        for dex, state in self._answers.states.items():
            settle = self._settles[dex]
            cross = [row for row in state.positions if not row.is_isolated]
            if dex != DEFAULT_DEX and not cross:
                continue
            if settle in found:
                self.missing.append(f"the pool of dex {dex}: {len(cross)} cross positions beside the {settle} pool")
                continue
            found[settle] = _Pool(
                dexes=frozenset({dex}),
                collateral=Collateral(settle, state.cross_cash + sum(row.amount * row.entry_price for row in cross)),
                figures=_figures(
                    state.cross_equity,
                    state.cross_maintenance_margin,
                    state.cross_initial_margin,
                    state.withdrawable,
                ),
            )
        return list(found.values())

    def _unified(self) -> list[_Pool]:
        """A pool for each token: its spot balance, less what isolated legs have in them, carries all dexes' legs."""
        dexes: dict[int, list[str]] = {}
        for dex in self._answers.states:
            dexes.setdefault(self._reference.universes[dex].token, []).append(dex)
        return [self._token_pool(token, names) for token, names in sorted(dexes.items())]

    def _token_pool(self, token: int, names: list[str]) -> _Pool:
        spot = self._answers.spot
        states = [self._answers.states[name] for name in names]
        rows = [row for state in states for row in state.positions]
        settle = self._settles[names[0]]
        total = spot.totals.get(token) if spot else None
        if total is None:
            total = 0.0
            if rows:
                self.missing.append(f"balance of {settle}")
        equity = total - sum(row.margin_used for row in rows if row.is_isolated)
        balance = equity - sum(row.upl for row in rows if not row.is_isolated)
        figures = _figures(
            equity,
            sum(state.cross_maintenance_margin for state in states),
            sum(state.cross_initial_margin for state in states),
            spot.available.get(token) if spot else None,
        )
        return _Pool(frozenset(names), Collateral(settle, balance), figures)

    def positions(self, pools: list[_Pool]) -> tuple[Position, ...]:
        """The legs: cross ones of the pools, and every isolated one."""
        pooled = frozenset[str]().union(*(pool.dexes for pool in pools))
        return tuple(
            self._position(row, self._settles[dex])
            for dex, state in self._answers.states.items()
            for row in state.positions
            if row.is_isolated or dex in pooled
        )

    def _position(self, row: PositionRow, settle: str) -> Position:
        contract = self._reference.contracts.get(row.coin)
        symbol = symbol_of(row.coin, settle)
        if contract is None:
            self.missing += [f"listing of {row.coin}", f"tiers of {symbol}"]
        else:
            self.tiers[symbol] = contract.tiers
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=abs(row.amount),
            contract_size=1.0,
            kind="linear",
            settle=settle,
            entry_price=row.entry_price,
            mark_price=row.mark,
            leverage=row.leverage,
            margin_mode="isolated" if row.is_isolated else "cross",
            isolated_margin=None if row.raw_usd is None else row.raw_usd + row.amount * row.entry_price,
        )

    def orders(self) -> tuple[Order, ...]:
        """The orders. One that closes whatever its leg holds has the leg's size, and is none without a leg."""
        sized = (
            (row, self._closed_by(row) if row.remaining is None else row.remaining) for row in self._answers.orders
        )
        return tuple(self._order(row, remaining) for row, remaining in sized if remaining > 0)

    def _order(self, row: OrderRow, remaining: float) -> Order:
        return Order(
            symbol=self._symbol(row.coin),
            side=row.side,
            price=row.price,
            remaining=remaining,
            reduce_only=row.reduce_only,
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
        )

    def _symbol(self, coin: str) -> str:
        contract = self._reference.contracts.get(coin)
        if contract is not None:
            return contract.listing.symbol
        self.missing.append(f"listing of {coin}")
        dex, colon, _ = coin.partition(":")
        return symbol_of(coin, self._settles.get(dex if colon else DEFAULT_DEX, USDC))

    def _closed_by(self, order: OrderRow) -> float:
        held = self._answers.held.get(order.coin)
        closes: Side = "long" if order.side == "sell" else "short"
        return abs(held.amount) if held is not None and held.side == closes else 0.0

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What rules must know of symbols that have orders and no position."""
        found: dict[str, dict[str, Any]] = {}
        for coin in self._answers.ordered_only:
            contract, symbol = self._reference.contracts.get(coin), self._symbol(coin)
            leverage = self._reference.leverages.get(coin)
            if leverage is None:
                self.missing.append(f"leverage of {symbol}")
            terms: dict[str, Any] = {"contract_size": 1.0, "leverage": leverage or 1.0}
            mark = contract.mark if contract else None
            if mark is None:
                self.missing.append(f"mark price of {symbol}")
            found[symbol] = terms if mark is None else {**terms, "mark_price": mark}
        return found

    def fees(self) -> Fees:
        """The venue's base fees, the highest of any user: a cost is never estimated too low."""
        coins = self._answers.held.keys() | {row.coin for row in self._answers.orders}
        used = [contract for coin in coins if (contract := self._reference.contracts.get(coin))]
        return Fees(
            taker=max((contract.listing.taker for contract in used), default=TAKER),
            maker=max((contract.listing.maker for contract in used), default=MAKER),
        )

    def wallets(self) -> tuple[Collateral, ...]:
        """All spot balances at their price, in USDC."""
        found = []
        for token, total in sorted((self._answers.spot.totals if self._answers.spot else {}).items()):
            known = self._reference.tokens.get(token)
            if total == 0.0:
                continue
            if known is None or known.price is None:
                self.missing.append(f"price of {known.name if known else f'token {token}'}")
                continue
            found.append(Collateral(known.name, total, price=1.0 if token == USDC_TOKEN else known.price))
        return tuple(found)

    def portfolio(self) -> VenueReported:
        """What the venue says of an account with portfolio margin: a ratio. Its equity is what the balances are worth.

        Raises:
            BadAnswer: the ratio is not told, and nothing can be said without it.
        """
        spot = self._answers.spot
        if spot is None or spot.ratio is None:
            raise refused(at.SPOT_STATE.name, "has no portfolioMarginRatio")
        equity = sum(item.balance * item.price for item in self.wallets())
        ratio = spot.ratio / _PORTFOLIO_LIQUIDATION
        figures = VenueFigures(equity=equity, risk_ratio=ratio)
        return VenueReported(equity=equity, risk_ratio=ratio, pools={USDC: figures})


def _figures(equity: float, maintenance: float, initial: float, available: float | None) -> VenueFigures:
    ratio = None
    if equity > 0 or maintenance == 0:
        ratio = maintenance / equity if maintenance else 0.0
    return VenueFigures(equity, maintenance, initial, available, ratio)


def _reported(pools: list[_Pool]) -> VenueReported:
    """The venue's figures of each pool, and as the account's where it is the only one."""
    told = {pool.collateral.asset: pool.figures for pool in pools}
    if len(pools) != 1:
        return VenueReported(pools=told)
    one = pools[0].figures
    return VenueReported(
        equity=one.equity,
        maintenance_margin=one.maintenance_margin,
        initial_margin=one.initial_margin,
        available_margin=one.available_margin,
        risk_ratio=one.risk_ratio,
        pools=told,
    )
