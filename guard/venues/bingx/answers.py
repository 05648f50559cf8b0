"""What was read of a BingX account in one cycle, what was known before, and whether both fit together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from guard.risk.book import Kind, PositionMode, Tier
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.parse import BalanceRow, OrderRow, PositionRow
from guard.venues.bingx.parse_reference import Leverages
from guard.venues.fields import refused
from guard.venues.markets import MarketTable

# Of a positions' margin that the wallet states, allowed difference: both are rounded.
_MARGIN_TOLERANCE = 0.005


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about the account; `standard` is whether its separate "standard futures" hold anything.

    `is_multi_assets`, `standard` None: the key may not ask.
    """

    position_mode: PositionMode
    is_multi_assets: bool | None
    standard: bool | None


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: listings, the user's tiers and leverages (by the venue's id), and the account's modes."""

    markets: MarketTable
    tiers: Mapping[str, tuple[Tier, ...]]
    leverages: Mapping[str, Leverages]
    modes: Modes


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`). `asked_ms` is the venue's time when the reading began.

    `marks` fills in for rows without a mark price, by id. `unlisted` are kinds of contracts whose orders the key may
    not list.
    """

    balances: tuple[BalanceRow, ...]
    coin_balances: tuple[BalanceRow, ...]
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    asked_ms: float
    marks: Mapping[str, float] = field(default_factory=dict)
    unlisted: tuple[Kind, ...] = ()

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """Lists of orders that the key may not see and in which something rests that would open.

        What opens withholds margin, and the balances tell how much. So without any the figures are whole: what may
        rest unseen can only close.
        """
        wallets: Mapping[Kind, tuple[BalanceRow, ...]] = {"linear": self.balances, "inverse": self.coin_balances}
        frozen = (kind for kind in self.unlisted if any(row.frozen for row in wallets[kind]))
        return tuple((at.OPEN_ORDERS if kind == "linear" else at.COIN_OPEN_ORDERS).name for kind in frozen)

    @cached_property
    def used_ids(self) -> frozenset[str]:
        """Ids of everything held or ordered."""
        return frozenset([row.market_id for row in self.positions] + [row.market_id for row in self.orders])

    @cached_property
    def coin_ids(self) -> frozenset[str]:
        """Ids of everything coin-margined that is held or ordered."""
        held = [row.market_id for row in self.positions if row.kind == "inverse"]
        return frozenset(held + [row.market_id for row in self.orders if row.kind == "inverse"])

    @cached_property
    def unmarked_ids(self) -> frozenset[str]:
        """Ids of everything held without a mark price, or only ordered."""
        return self.used_ids - {row.market_id for row in self.positions if row.mark_price is not None}


def torn_evidence(answers: Answers, markets: MarketTable) -> tuple[str, ...]:
    """Legs that were traded while the answers were collected, and that the balances do not show.

    A leg's time alone is no proof (it may be told anew without a trade), nor is a margin that differs (what the venue
    counts into it is not documented); both together are.
    """
    found = []
    for kind, balances in (("linear", answers.balances), ("inverse", answers.coin_balances)):
        held = [row for row in answers.positions if row.kind == kind]
        used = {row.asset: row.used for row in balances}
        for settle in sorted({settle_of(row, markets) for row in held}):
            legs = [row for row in held if settle_of(row, markets) == settle]
            young = [row for row in legs if row.updated_ms > answers.asked_ms]
            if young and not _agrees(used.get(settle), [row.initial_margin for row in legs]):
                found += [f"{row.name} was traded between balances and positions" for row in young]
    return tuple(found)


def _agrees(stated: float | None, margins: list[float | None]) -> bool:
    known = [margin for margin in margins if margin is not None]
    if stated is None or len(known) != len(margins):
        return False
    return abs(stated - sum(known)) <= max(1e-4, _MARGIN_TOLERANCE * abs(stated))


def proven_mode(stated: PositionMode, answers: Answers) -> PositionMode | None:
    """The position mode if held legs agree with what the venue stated; None when they contradict it.

    Raises:
        BadAnswer: legs of both modes are held at once.
    """
    told = {row.one_way for row in answers.positions if row.kind == "linear" and row.one_way is not None}
    if len(told) > 1:
        raise refused(at.POSITIONS.name, "legs of one-way and of hedge mode stand side by side")
    return None if told and (stated == "one_way") not in told else stated


def settle_of(row: PositionRow, markets: MarketTable) -> str:
    """In what a position settles; of one that is not listed, as its id says."""
    listing = markets.by_id.get(row.market_id)
    return (
        listing.settle
        if listing is not None
        else row.settle or parts_of(row.market_id, inverse=row.kind == "inverse")[2]
    )


def parts_of(market_id: str, *, inverse: bool) -> tuple[str, str, str]:
    """Base, quote and settlement asset by the venue's id, `BTC-USDT` or `BTC-USD`."""
    base, _, quote = market_id.partition("-")
    return base, quote, base if inverse else quote
