"""From rows of Kraken Futures to a book of the risk engine. Pure.

The multi-collateral wallet is one pool in USD. Inverse contracts belong to single-collateral wallets, each with margins
of its own in a coin: an account that holds some is shown with the venue's own figures, wallet by wallet. Of isolated
legs the venue does not tell the margin: it is named as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, Order, Position, Tier, VenueFigures, VenueReported
from guard.risk.tiers import TierTables
from guard.venues.krakenfutures.parse import MAKER, TAKER, Contract, Flex, OrderRow, PositionRow, SingleWallet, asset_of

VENUE = "krakenfutures"
MODEL = "kraken-futures"
REPORTED_MODEL = "reported"
USD = "USD"
# How far prices may move between the answers about wallets and marks, as a fraction.
_PRICE_LAG = 0.005


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`); marks by the venue's name."""

    flex: Flex
    singles: tuple[SingleWallet, ...]
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    marks: Mapping[str, float]
    parts: Mapping[str, datetime]

    @property
    def used_ids(self) -> frozenset[str]:
        """Names of everything held or ordered."""
        return frozenset(row.market_id for row in self.positions) | frozenset(row.market_id for row in self.orders)


def assemble(
    account: str,
    answers: Answers,
    contracts: Mapping[str, Contract],
    last_tiers: Mapping[str, tuple[Tier, ...]] | None = None,
) -> FetchedBook:
    """The book of one cycle.

    Args:
        account: the account's name.
        answers: what was read.
        contracts: what is listed, by the venue's name.
        last_tiers: `tiers` of the last book; taken over while nothing changed, with the tables built from them.
    """
    builder = _Builder(answers, contracts)
    positions = tuple(builder.position(row) for row in answers.positions)
    orders = tuple(builder.order(row) for row in answers.orders)
    is_reported = any(position.kind == "inverse" for position in positions)
    tiers = {} if is_reported else builder.tiers
    book = Book(
        account=account,
        venue=VENUE,
        model=REPORTED_MODEL if is_reported else MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode="one_way",
        fees=Fees(taker=TAKER, maker=MAKER),
        collateral=builder.collateral(),
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == tiers else TierTables(tiers),
        parameters={} if is_reported else builder.parameters(),
        venue_reported=builder.reported(positions, wallets=is_reported),
    )
    return FetchedBook(
        book=book, parts=answers.parts, missing=tuple(dict.fromkeys(builder.missing)), position_mode_proven=True
    )


class _Builder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, contracts: Mapping[str, Contract]) -> None:
        self._answers = answers
        self._contracts = contracts
        self.missing: list[str] = []
        self.tiers: dict[str, tuple[Tier, ...]] = {}

    def _symbol(self, market_id: str) -> str:
        contract = self._contracts.get(market_id)
        if contract is not None:
            return contract.listing.symbol
        self.missing.append(f"listing of {market_id}")
        pair = market_id.split("_")[1] if "_" in market_id else market_id
        return f"{asset_of(pair.removesuffix(USD))}/{USD}:{USD}"

    def position(self, row: PositionRow) -> Position:
        """One leg. What is absent gets a stand-in, and its name in `missing`."""
        contract, mark = self._contracts.get(row.market_id), self._answers.marks.get(row.market_id)
        symbol = self._symbol(row.market_id)
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
        if contract is None:
            self.missing.append(f"tiers of {symbol}")
        else:
            self.tiers[symbol] = contract.tiers
        leverage = row.fixed_leverage or (contract.leverage_at(row.size, mark or row.entry_price) if contract else 1.0)
        if row.fixed_leverage is not None:
            self.missing.append(f"isolated margin of {symbol}, which the venue does not tell")
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=row.size,
            contract_size=contract.listing.contract_size if contract else 1.0,
            kind=contract.listing.kind if contract else "linear",
            settle=contract.listing.settle if contract else USD,
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=leverage,
            margin_mode="cross" if row.fixed_leverage is None else "isolated",
            isolated_margin=None if row.fixed_leverage is None else self._opening_margin(row, contract),
        )

    @staticmethod
    def _opening_margin(row: PositionRow, contract: Contract | None) -> float:
        """What an isolated leg was opened with, as a stand-in for what it has."""
        inverse = contract is not None and contract.listing.kind == "inverse"
        value = row.size / row.entry_price if inverse else row.size * row.entry_price
        return value / (row.fixed_leverage or 1.0)

    def order(self, row: OrderRow) -> Order:
        """One order."""
        return Order(
            symbol=self._symbol(row.market_id),
            side=row.side,
            price=row.price,
            remaining=row.remaining,
            reduce_only=row.reduce_only,
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
        )

    def collateral(self) -> tuple[Collateral, ...]:
        """The currencies at their price and haircut; dollars always, for contracts settle in them.

        Funding that has accrued and is not paid yet counts like dollars.
        """
        funding = self._answers.flex.unrealized_funding
        found = {USD: Collateral(USD, funding)}
        for row in self._answers.flex.currencies:
            if row.asset == USD:
                found[USD] = Collateral(USD, row.quantity + funding)
            elif row.quantity > 0 and row.value == 0:
                found[row.asset] = Collateral(row.asset, row.quantity, haircut=1.0)  # dust is worth nothing there
            elif row.quantity:
                price, haircut = row.value / row.quantity, 1.0 - row.collateral / row.value if row.value else 0.0
                found[row.asset] = Collateral(row.asset, row.quantity, price=price, haircut=min(1.0, max(0.0, haircut)))
        return tuple(found.values())

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What rules must know of symbols that have orders and no position."""
        held = {row.market_id for row in self._answers.positions}
        found: dict[str, dict[str, Any]] = {}
        for market_id in sorted({row.market_id for row in self._answers.orders} - held):
            contract, mark = self._contracts.get(market_id), self._answers.marks.get(market_id)
            if contract is None:
                continue
            terms: dict[str, Any] = {
                "contract_size": contract.listing.contract_size,
                "leverage": contract.leverage_at(0.0, 0.0),
            }
            if mark is None:
                self.missing.append(f"mark price of {contract.listing.symbol}")
            found[contract.listing.symbol] = terms if mark is None else {**terms, "mark_price": mark}
        return found

    def _lag(self, positions: tuple[Position, ...]) -> float:
        """What prices moved between wallets and marks, which come in answers of their own, in USD.

        The PnL at our marks stands for the venue's as long as it differs by no more than prices move meanwhile; else
        nothing is taken off, so that a position that was not told is noticed.
        """
        beyond = self._answers.flex.pnl - sum(_upl(leg) for leg in positions)
        value = sum(leg.contracts * leg.contract_size * leg.mark_price for leg in positions)
        return beyond if abs(beyond) <= max(0.01, _PRICE_LAG * value) else 0.0

    def reported(self, positions: tuple[Position, ...], *, wallets: bool) -> VenueReported:
        """The venue's own figures: of the multi-collateral wallet, and of the single ones where they are told."""
        flex = self._answers.flex
        equity = flex.equity if wallets else flex.equity - self._lag(positions)
        whole = _figures(equity, flex.maintenance_margin, flex.initial_margin, flex.available)
        pools = {USD: whole}
        for wallet in self._answers.singles if wallets else ():
            if wallet.asset in pools:
                self.missing.append(f"wallet {wallet.name}, beside another in {wallet.asset}")
                continue
            pools[wallet.asset] = _figures(
                wallet.equity, wallet.maintenance_margin, wallet.initial_margin, wallet.equity - wallet.initial_margin
            )
        if len(pools) > 1:
            return VenueReported(pools=pools)
        return VenueReported(
            equity=whole.equity,
            maintenance_margin=whole.maintenance_margin,
            initial_margin=whole.initial_margin,
            available_margin=whole.available_margin,
            risk_ratio=whole.risk_ratio,
            pools=pools,
        )


def _upl(leg: Position) -> float:
    return leg.sign * leg.contracts * leg.contract_size * (leg.mark_price - leg.entry_price)


def _figures(equity: float, maintenance: float, initial: float, available: float | None) -> VenueFigures:
    ratio = None
    if equity > 0 or maintenance == 0:
        ratio = maintenance / equity if maintenance else 0.0
    return VenueFigures(equity, maintenance, initial, available, ratio)
