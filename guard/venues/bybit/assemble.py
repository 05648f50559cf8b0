"""From rows of Bybit to a book of the risk engine. Pure.

Nothing is dropped and nothing is made up: what is needed and absent is named in `missing`, which makes the book
INCOMPLETE. A stand-in that keeps such a book well formed never appears without its name there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, HaircutTier, Tier
from guard.risk.tiers import TierTables
from guard.venues.bybit.builder import BookBuilder
from guard.venues.bybit.parse import Category, OrderRow, PositionRow, WalletAnswer
from guard.venues.bybit.parse_reference import FeeRates, LoanTier, MarginWord, Modes
from guard.venues.bybit.reported import reported
from guard.venues.markets import MarketTable

VENUE = "bybit"
UNIFIED_MODEL = "bybit-uta"
REPORTED_MODEL = "reported"
# Two sights of one maintenance margin, a moment apart: prices do not move this far in it.
_SIGHTS_APART = 0.05
# The legs' own margins hold fees to close, of which the documents do not say whether the wallet's sum does: at the
# lowest rate and the highest fee they are this much of a margin.
_FEES_OF_MARGIN = 0.25
_DUST = 1e-6


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely or is public. By the venue's symbol id, or by coin (`ratios`, `loans`, `prices`).

    `leverages` and `marks` are of symbols that have orders and no position; `prices` are of coins whose price the
    wallet does not tell.
    """

    markets: MarketTable
    modes: Modes
    tiers: Mapping[str, tuple[Tier, ...]] = field(default_factory=dict)
    fees: Mapping[str, FeeRates] = field(default_factory=dict)
    ratios: Mapping[str, tuple[HaircutTier, ...]] = field(default_factory=dict)
    loans: Mapping[str, tuple[LoanTier, ...]] = field(default_factory=dict)
    leverages: Mapping[str, float] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`).

    `options` names options that are held, by symbol, or by their worth where they show in the wallet only. `cut_off`
    names what is there and was not read: lists that went on beyond the last page.
    """

    wallet: WalletAnswer
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]
    options: tuple[str, ...] = ()
    cut_off: tuple[str, ...] = ()

    @cached_property
    def held(self) -> tuple[PositionRow, ...]:
        """The rows that hold something."""
        return tuple(row for row in self.positions if row.size != 0.0)

    @cached_property
    def used(self) -> Mapping[str, Category]:
        """Ids of everything held or ordered, with their category."""
        return {
            **{row.market_id: row.category for row in self.orders},
            **{row.market_id: row.category for row in self.held},
        }

    @cached_property
    def only_ordered(self) -> Mapping[str, Category]:
        """Of these the symbols without a position whose orders hold margin."""
        held = {row.market_id for row in self.held}
        asking = (row for row in self.orders if not row.reduce_only and not row.conditional)
        return {row.market_id: row.category for row in asking if row.market_id not in held}


def contradicts(margin: MarginWord, answers: Answers) -> bool:
    """Whether what was read cannot be of an account in this margin mode.

    In portfolio margin mode legs have no leverage, in isolated margin mode the account has no figures.
    """
    if margin == "portfolio":
        return any(row.leverage is not None for row in answers.held)
    if any(row.leverage is None for row in answers.held):
        return True
    return answers.wallet.maintenance is None if margin == "cross" else bool(answers.wallet.maintenance)


def torn_evidence(answers: Answers, markets: MarketTable) -> tuple[str, ...]:
    """Coins whose positions carry one maintenance margin in the wallet and another one in the positions.

    It is also what tells that positions are held which no list has shown. Hedged legs are compared by whether there
    are any: the venue charges them by a rule of their own, which need not be the sum.
    """
    if answers.options:  # their margins are in the wallet's figure
        return ()
    legs = Counter(row.market_id for row in answers.held)
    hedged: set[str] = set()
    found: dict[str, float] = {}
    for row in answers.held:
        listing = markets.by_id.get(row.market_id)
        if listing is None or row.maintenance is None:
            return ()
        found[listing.settle] = found.get(listing.settle, 0.0) + row.maintenance
        if legs[row.market_id] > 1:
            hedged.add(listing.settle)
    wallet = {row.coin: row.position_maintenance for row in answers.wallet.coins}
    evidence = []
    for coin in sorted(found.keys() | wallet.keys()):
        there, here = wallet.get(coin, 0.0), found.get(coin, 0.0)
        if there is None or (coin in hedged and there > _DUST):
            continue
        most, least = (1 + _SIGHTS_APART) * here, (1 - _FEES_OF_MARGIN) * here
        if there > most + _DUST or there < least - _DUST:
            evidence.append(f"positions in {coin} need {there:g} {coin} by the wallet and {here:g} by themselves")
    return tuple(evidence)


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
    builder = BookBuilder(answers, reference)
    positions = builder.positions()
    orders = builder.orders()
    collateral = builder.collateral()
    book = Book(
        account=account,
        venue=VENUE,
        model=REPORTED_MODEL if reference.modes.margin == "portfolio" else UNIFIED_MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode=reference.modes.position_mode,
        fees=builder.fees(positions, collateral),
        collateral=collateral,
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == builder.tiers else TierTables(builder.tiers),
        parameters=builder.parameters(),
        venue_reported=reported(answers.wallet, reference.modes.margin),
    )
    return FetchedBook(
        book=book,
        parts=answers.parts,
        missing=tuple(dict.fromkeys((*builder.missing, *answers.cut_off))),
        torn=torn,
        position_mode_proven=True,
        adl=builder.adl,
    )
