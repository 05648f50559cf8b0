"""From rows of Deribit to a book of the risk engine. Pure.

Standard margin is `rate = base + size * slope`, with numbers that the venue publishes for few contracts and that no
request tells. They are found from what it charges: the initial rate of a small position is 1 / max_leverage, what a
position is charged above that is its slope, and maintenance has the same slope. So the requirement at the present
prices is the venue's own; the slope says how it grows with size. The venue computes at the index, the rule at the mark:
rates are taken at the mark, too.

Balances are what is left of the venue's margin balance without the unrealized PnL since entry: futures are settled
daily, and part of that is in the venue's `balance` already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, Order, Position, VenueFigures, VenueReported
from guard.venues.deribit.parse import Future, MarginModel, OrderRow, PositionRow, Summary

VENUE = "deribit"
MODEL = "deribit-sm"
REPORTED_MODEL = "reported"
USD = "USD"


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`). `prices` of currencies in USD, cross collateral only."""

    summaries: tuple[Summary, ...]
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    prices: Mapping[str, float] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)

    @property
    def model(self) -> MarginModel:
        """The account's margin model."""
        return self.summaries[0].model

    @property
    def is_cross(self) -> bool:
        """Whether all currencies are one collateral."""
        return self.model in {"cross_sm", "cross_pm"}

    @cached_property
    def futures(self) -> tuple[PositionRow, ...]:
        """The legs in futures."""
        return tuple(row for row in self.positions if row.kind == "future")

    @property
    def has_options(self) -> bool:
        """Whether anything is held or ordered that is no future: its margin is not computed here."""
        return len(self.futures) < len(self.positions) or any(row.is_option for row in self.orders)

    @cached_property
    def futures_orders(self) -> tuple[OrderRow, ...]:
        """The orders of futures; those of currency pairs hold no margin of theirs."""
        return tuple(row for row in self.orders if not row.is_option and not row.is_spot)

    @property
    def is_reported(self) -> bool:
        """Whether the venue's own figures are all there is."""
        return self.has_options or self.model in {"segregated_pm", "cross_pm"}

    @property
    def needs_marks(self) -> frozenset[str]:
        """Instruments of which no mark came along: those that have orders only, and legs without one."""
        marked = {row.market_id for row in self.positions if row.mark_price}
        names = {row.market_id for row in self.futures_orders} | {row.market_id for row in self.futures}
        return frozenset(names - marked)


def assemble(account: str, answers: Answers, futures: Mapping[str, Future]) -> FetchedBook:
    """The book of one cycle.

    Args:
        account: the account's name.
        answers: what was read.
        futures: listed futures by the venue's name.
    """
    builder = _Builder(answers, futures)
    positions = tuple(builder.position(row) for row in answers.futures)
    orders = tuple(builder.order(row) for row in answers.futures_orders)
    book = Book(
        account=account,
        venue=VENUE,
        model=REPORTED_MODEL if answers.is_reported else MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode="one_way",
        fees=builder.fees(),
        collateral=builder.collateral(positions),
        positions=positions,
        orders=orders,
        parameters={} if answers.is_reported else builder.parameters(),
        venue_reported=builder.reported(),
    )
    return FetchedBook(
        book=book, parts=answers.parts, missing=tuple(dict.fromkeys(builder.missing)), position_mode_proven=True
    )


def in_contracts(amount: float, contract_size: float) -> float:
    """An amount in contracts, exactly: a hair less than three contracts could not be closed as three."""
    return float(Decimal(repr(amount)) / Decimal(repr(contract_size)))


class _Builder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, futures: Mapping[str, Future]) -> None:
        self._answers = answers
        self._futures = futures
        self.missing: list[str] = []

    def _symbol(self, market_id: str) -> str:
        future = self._futures.get(market_id)
        if future is not None:
            return future.listing.symbol
        self.missing.append(f"listing of {market_id}")
        return market_id

    def position(self, row: PositionRow) -> Position:
        """One leg. What is absent gets a stand-in, and its name in `missing`."""
        future = self._futures.get(row.market_id)
        mark = row.mark_price or self._answers.marks.get(row.market_id)
        symbol = self._symbol(row.market_id)
        if not mark:
            self.missing.append(f"mark price of {symbol}")
        if not row.leverage and not self._answers.is_reported:
            self.missing.append(f"leverage of {symbol}")
        size = future.listing.contract_size if future else 1.0
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=in_contracts(abs(row.size), size),
            contract_size=size,
            kind=future.listing.kind if future else "inverse",
            settle=future.listing.settle if future else row.market_id.partition("-")[0],
            entry_price=row.entry_price,
            mark_price=mark or row.entry_price,
            leverage=row.leverage or 1.0,
        )

    def order(self, row: OrderRow) -> Order:
        """One order, in contracts."""
        future = self._futures.get(row.market_id)
        return Order(
            symbol=self._symbol(row.market_id),
            side=row.side,
            price=row.price,
            remaining=in_contracts(row.remaining, future.listing.contract_size if future else 1.0),
            reduce_only=row.reduce_only,
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
        )

    def collateral(self, positions: tuple[Position, ...]) -> tuple[Collateral, ...]:
        """What each currency holds without unrealized PnL; with cross collateral at its price."""
        used = {position.settle for position in positions} | self._ordered()
        known = {summary.currency for summary in self._answers.summaries}
        self.missing += [f"balance of {currency}" for currency in sorted(used - known)]
        return tuple(
            self._wallet(summary, sum(_upl(leg) for leg in positions if leg.settle == summary.currency))
            for summary in self._answers.summaries
            if not summary.is_empty or summary.currency in used
        )

    def _ordered(self) -> set[str]:
        """Currencies in which orders settle."""
        found = (self._futures.get(row.market_id) for row in self._answers.futures_orders)
        return {future.listing.settle for future in found if future}

    def _wallet(self, summary: Summary, upl: float) -> Collateral:
        if not self._answers.is_cross:
            return Collateral(summary.currency, summary.margin_balance - upl)
        price = self._answers.prices.get(summary.currency)
        if price is None:
            self.missing.append(f"index price of {summary.currency}")
        return Collateral(summary.currency, summary.equity - upl, price=price or 1.0, haircut=0.0 if price else 1.0)

    def parameters(self) -> dict[str, dict[str, Any]]:
        """The rates of every symbol held, and what rules must know of symbols that have orders only."""
        found: dict[str, dict[str, Any]] = {}
        if self._answers.is_cross:
            found["*"] = {"account_mode": "cross"}
        held = {row.market_id for row in self._answers.futures}
        for row in self._answers.futures:
            future = self._futures.get(row.market_id)
            if future is not None:
                found[future.listing.symbol] = self._rates(row, future)
        for market_id in sorted({row.market_id for row in self._answers.futures_orders} - held):
            self._ordered_only(market_id, found)
        return found

    def _rates(self, row: PositionRow, future: Future) -> dict[str, Any]:
        mark = row.mark_price or self._answers.marks.get(row.market_id) or row.entry_price
        size = abs(row.size)
        value, unit = (size / mark, size / mark) if future.listing.kind == "inverse" else (size * mark, size)
        if not row.maintenance_margin or not row.initial_margin:
            self.missing.append(f"margins of {future.listing.symbol}")
            return {}
        return rates(row.initial_margin / value, row.maintenance_margin / value, unit, future.max_leverage)

    def _ordered_only(self, market_id: str, found: dict[str, dict[str, Any]]) -> None:
        future, mark = self._futures.get(market_id), self._answers.marks.get(market_id)
        if future is None:
            return
        symbol, leverage = future.listing.symbol, future.max_leverage
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
        base = 1.0 / leverage
        terms = {"contract_size": future.listing.contract_size, "leverage": leverage, "slope": 0.0}
        found[symbol] = {
            **terms,
            "base_im": base,
            "base_mm": base / 2,
            **({} if mark is None else {"mark_price": mark}),
        }

    def fees(self) -> Fees:
        """The venue's base fees, the highest of any user: a cost is never estimated too low."""
        names = {row.market_id for row in self._answers.futures} | self._answers.needs_marks
        used = [self._futures[name].listing for name in names if name in self._futures]
        return Fees(
            taker=max((listing.taker for listing in used), default=0.0005),
            maker=max((listing.maker for listing in used), default=0.0),
        )

    def reported(self) -> VenueReported:
        """The venue's own figures: of each currency, or of the whole account in USD."""
        if self._answers.is_cross:
            return self._whole()
        pools = {
            summary.currency: _figures(
                summary.margin_balance, summary.maintenance_margin, summary.initial_margin, summary.available
            )
            for summary in self._answers.summaries
            if not summary.is_empty or summary.maintenance_margin
        }
        if not pools:
            first = self._answers.summaries[0]
            pools = {first.currency: _figures(first.margin_balance, 0.0, 0.0, first.available)}
        return _told(pools)

    def _whole(self) -> VenueReported:
        """Totals in USD, as told or converted from the currency that is worth most."""
        first = next((each for each in self._answers.summaries if each.total_margin_balance_usd is not None), None)
        if first is not None and first.total_margin_balance_usd is not None:
            figures = _figures(
                first.total_margin_balance_usd, first.total_maintenance_usd, first.total_initial_usd, None
            )
            return _told({USD: figures})
        for summary in self._answers.summaries:
            price = self._answers.prices.get(summary.currency)
            if price is not None:
                figures = _figures(
                    summary.margin_balance * price,
                    summary.maintenance_margin * price,
                    summary.initial_margin * price,
                    None if summary.available is None else summary.available * price,
                )
                return _told({USD: figures})
        self.missing.append("totals of the account")
        return VenueReported()


def rates(initial: float, maintenance: float, size: float, max_leverage: float) -> dict[str, Any]:
    """Base rates and slope that give a position of `size` base units the rates that the venue charges.

    Formula:
        slope = (initial - 1 / max_leverage) / size, not below 0;  base = rate - size * slope
    """
    slope = max(0.0, (initial - 1.0 / max_leverage) / size)
    # The slope may not take more off than there is: what is small here is the venue's rounding.
    slope = min(slope, 0.999 * maintenance / size)
    return {
        "base_im": min(1.0, initial - size * slope),
        "base_mm": min(1.0, maintenance - size * slope),
        "slope": slope,
    }


def _upl(leg: Position) -> float:
    size = leg.contracts * leg.contract_size * leg.sign
    if leg.kind == "inverse":
        return size * (1.0 / leg.entry_price - 1.0 / leg.mark_price)
    return size * (leg.mark_price - leg.entry_price)


def _figures(equity: float, maintenance: float | None, initial: float | None, available: float | None) -> VenueFigures:
    ratio = None
    if maintenance is not None and (equity > 0 or maintenance == 0):
        ratio = maintenance / equity if maintenance else 0.0
    return VenueFigures(equity, maintenance, initial, available, ratio)


def _told(pools: Mapping[str, VenueFigures]) -> VenueReported:
    """Of each pool, and as the account's where it is the only one."""
    if len(pools) != 1:
        return VenueReported(pools=pools)
    (one,) = pools.values()
    return VenueReported(
        equity=one.equity,
        maintenance_margin=one.maintenance_margin,
        initial_margin=one.initial_margin,
        available_margin=one.available_margin,
        risk_ratio=one.risk_ratio,
        pools=pools,
    )
