"""From rows of a classic account to a book of the risk engine. Pure.

A pool for each settlement currency. Linear contracts are computed by the venue's continuous maintenance rate (model
`kucoin`). Its rule for inverse contracts is not published: while one is held or on order across, the book is made of
the venue's own figures (model `reported`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, MarginMode, Tier, VenueFigures, VenueReported
from guard.risk.tiers import TierTables
from guard.venues.kucoinfutures.legs import VENUE, Held, LegBuilder, Reference, settle_of, torn_evidence
from guard.venues.kucoinfutures.parse import OrderRow, Overview, PositionRow

COMPUTED_MODEL = "kucoin"
REPORTED_MODEL = "reported"

TiersBySymbol = Mapping[str, tuple[Tier, ...]]


@dataclass(frozen=True, slots=True)
class ClassicAnswers:
    """What was read of a classic account in one cycle; `overviews` by currency."""

    held: Held
    overviews: Mapping[str, Overview]


def needed_currencies(held: Held, reference: Reference) -> frozenset[str]:
    """Currencies that something held or ordered settles in."""
    listed = reference.markets.by_id
    found = {settle_of(row, reference.markets) for row in held.positions}
    return frozenset(found | {listed[row.market_id].settle for row in held.orders if row.market_id in listed})


def model_of(held: Held, reference: Reference) -> str:
    """Which model carries what is held and ordered."""
    listed = reference.markets.by_id
    inverse_ids = {
        market_id for market_id in held.used_ids if market_id in listed and listed[market_id].kind == "inverse"
    }
    inverse = any(row.inverse for row in held.positions) or inverse_ids
    return REPORTED_MODEL if inverse else COMPUTED_MODEL


def assemble_classic(
    account: str, answers: ClassicAnswers, reference: Reference, last_tiers: TiersBySymbol | None = None
) -> FetchedBook:
    """The book of one cycle.

    Args:
        account: the account's name.
        answers: what was read.
        reference: what was known.
        last_tiers: `tiers` of the last book; taken over while nothing changed, with the tables built from them.
    """
    builder = _Builder(answers, reference)
    positions = tuple(builder.legs.position(row) for row in answers.held.positions)
    orders = builder.legs.orders()
    collateral, parameters, tiers = builder.collateral(), builder.parameters(), builder.tiers()
    parts = answers.held.parts
    book = Book(
        account=account,
        venue=VENUE,
        model=builder.model,
        as_of=min(parts["balances"], parts["positions"]),
        position_mode=reference.position_mode,
        fees=builder.fees,
        collateral=collateral,
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == tiers else TierTables(tiers),
        parameters=parameters,
        venue_reported=builder.reported(),
    )
    return FetchedBook(
        book=book,
        parts=parts,
        missing=tuple(dict.fromkeys(builder.legs.missing)),
        torn=torn_evidence(answers.held),
        position_mode_proven=True,
        adl=builder.legs.adl,
    )


class _Builder:
    """The parts of a classic book that are not legs."""

    def __init__(self, answers: ClassicAnswers, reference: Reference) -> None:
        self._answers = answers
        self._held = answers.held
        self._reference = reference
        self.legs = LegBuilder(answers.held, reference)
        self.fees = self.legs.fees()
        self.model = model_of(answers.held, reference)

    def collateral(self) -> tuple[Collateral, ...]:
        """The wallets with something in them, and those that something settles in."""
        needed = needed_currencies(self._held, self._reference)
        self.legs.missing += [f"balance of {name}" for name in sorted(needed - self._answers.overviews.keys())]
        return tuple(
            Collateral(name, overview.balance, frozen=self._frozen(overview))
            for name, overview in sorted(self._answers.overviews.items())
            if name in needed or not overview.is_empty
        )

    def tiers(self) -> dict[str, tuple[Tier, ...]]:
        """Of isolated legs the rate that the venue charges them: it follows the risk limit that the user chose."""
        found: dict[str, tuple[Tier, ...]] = {}
        for row in self._held.positions:
            if row.margin_mode == "cross" or self.model == REPORTED_MODEL:
                continue
            symbol = self.legs.symbol(row.market_id, row.currency)
            if row.mm_rate is None:
                self.legs.missing.append(f"maintenance rate of {symbol}")
            else:
                found[symbol] = (Tier(0.0, None, row.mm_rate),)
        return found

    def parameters(self) -> dict[str, dict[str, Any]]:
        """The constants of every contract that is held or on order, and what rules must know of those only ordered.

        Of these only the ones whose orders ask for cross margin: contracts without cross margin have no such constants.
        """
        found: dict[str, dict[str, Any]] = {}
        if self.model == REPORTED_MODEL:
            return found
        as_of_ms = self._held.parts["positions"].timestamp() * 1000
        asking = {row.market_id for row in self._held.orders if _asks_for_cross_margin(row)}
        for market_id in sorted(self._held.held_ids | asking):
            symbol = self.legs.symbol(market_id)
            terms = self._constants(market_id, symbol, as_of_ms)
            if market_id not in self._held.held_ids:
                terms |= self._order_terms(market_id, symbol)
            found[symbol] = terms
        return found

    def _constants(self, market_id: str, symbol: str, as_of_ms: float) -> dict[str, Any]:
        constants = self._reference.constants.get(market_id)
        isolated = any(row.market_id == market_id and row.margin_mode == "isolated" for row in self._held.positions)
        if constants is None:
            if not isolated:
                self.legs.missing.append(f"margin constants of {symbol}")
            return {}
        known: dict[str, Any] = dict(constants.at(as_of_ms))
        if not isolated:
            known.pop("funding_rate", None)  # of isolated legs only, and it moves all day
        return known

    def _order_terms(self, market_id: str, symbol: str) -> dict[str, Any]:
        listing, mark = self._reference.markets.by_id.get(market_id), self.legs.mark(market_id)
        terms = {"contract_size": listing.contract_size if listing else 1.0, "leverage": self.legs.leverage(market_id)}
        if mark is None:
            self.legs.missing.append(f"mark price of {symbol}")
            return terms
        return {**terms, "mark_price": mark}

    def reported(self) -> VenueReported:
        """The venue's own figures of its cross pools; the account's own where it is one cross pool only.

        Model `reported` knows no pools of isolated legs, so the account's ratio is the worst of them there.
        """
        pools = {
            name: self._pool(overview)
            for name, overview in self._answers.overviews.items()
            if not overview.is_empty or self._legs_in(name)
        }
        if self.model == REPORTED_MODEL:
            ratios = (figures.risk_ratio for figures in pools.values())
            return VenueReported(risk_ratio=worst_ratio(*ratios, self.legs.isolated_ratio()), pools=pools)
        if len(pools) == 1 and not any(row.margin_mode == "isolated" for row in self._held.positions):
            only = next(iter(pools.values()))
            return VenueReported(
                only.equity, only.maintenance_margin, only.initial_margin, only.available_margin, only.risk_ratio, pools
            )
        return VenueReported(pools=pools)

    def _pool(self, overview: Overview) -> VenueFigures:
        """A cross pool as the venue sees it.

        Its risk ratio is over the equity less isolated legs, funds on their way out, and fees to open. Where the ratio
        is not told (0 beside cross legs tells nothing), the requirement is the sum over the legs.
        """
        legs = self._legs_in(overview.currency)
        cross = [row for row in legs if row.margin_mode == "cross"]
        apart = [row for row in legs if row.margin_mode == "isolated"]
        equity = overview.equity - self._frozen(overview) - self._fees_to_open(overview.currency)
        for row in apart:
            equity -= (row.margin or 0.0) + (row.unrealized_pnl or 0.0)
        ratio = overview.risk_ratio if overview.risk_ratio or not cross else None
        requirement = ratio * equity if ratio is not None and equity > 0 else self._sum_of(cross, overview.currency)
        initial = None
        if overview.position_margin is not None and overview.order_margin is not None:
            isolated = sum(row.margin or 0.0 for row in apart)
            initial = max(0.0, overview.position_margin - isolated) + overview.order_margin
        return VenueFigures(equity, requirement, initial, overview.available, ratio if equity > 0 else None)

    def _legs_in(self, currency: str) -> list[PositionRow]:
        """Legs that settle in a currency."""
        return [row for row in self._held.positions if settle_of(row, self._reference.markets) == currency]

    def _sum_of(self, cross: list[PositionRow], currency: str) -> float | None:
        """What the venue asks of the legs, and the fees to close them.

        None where that is not the pool's requirement: orders count in it, and the legs of a hedge count once. Under
        model `reported`, which has nothing else to go by, it stands all the same.
        """
        known = [row.maintenance + (row.value or 0.0) * self.fees.taker for row in cross if row.maintenance is not None]
        if len(known) < len(cross):
            if self.model == REPORTED_MODEL:
                self.legs.missing.append(f"maintenance margin in {currency}")
                return sum(known)
            return None
        ids = [row.market_id for row in cross]
        plain = len(set(ids)) == len(ids) and not self._opening(currency, "cross")
        return sum(known) if plain or self.model == REPORTED_MODEL else None

    def _frozen(self, overview: Overview) -> float:
        """What carries no cross leg: funds on their way out, and the margin of isolated orders with their fees."""
        taker = self.fees.taker
        orders = self._opening(overview.currency, "isolated")
        return overview.frozen + sum(value * (1 / (row.leverage or 1.0) + taker) for row, value in orders)

    def _fees_to_open(self, currency: str) -> float:
        return self.fees.taker * sum(value for _, value in self._opening(currency, "cross"))

    def _opening(self, currency: str, mode: MarginMode) -> list[tuple[OrderRow, float]]:
        """Resting orders in contracts of `currency` that may open a position, with what they are worth in it."""
        found = []
        for row in self._held.orders:
            listing = self._reference.markets.by_id.get(row.market_id)
            price = row.price or self.legs.mark(row.market_id)
            if row.reduce_only or row.conditional or not listing or listing.settle != currency or not price:
                continue
            if (row.margin_mode or "cross") == mode and row.remaining:
                size = row.remaining * listing.contract_size
                found.append((row, size / price if listing.kind == "inverse" else size * price))
        return found


def _asks_for_cross_margin(row: OrderRow) -> bool:
    return not row.reduce_only and not row.conditional and row.margin_mode != "isolated"


def worst_ratio(*ratios: float | None) -> float | None:
    """The highest ratio that the venue tells; None when it tells none."""
    return max((ratio for ratio in ratios if ratio is not None), default=None)
