"""From both branches, the balances and the rates of a portfolio margin account to one book. Pure.

What is needed and absent is named in `missing`; a stand-in that keeps such a book well formed never appears without
its name there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, Order, PositionMode, Tier, VenueFigures, VenueReported
from guard.risk.tiers import TierTables
from guard.venues.binance.assemble import Answers, Reference, RowBuilder
from guard.venues.binancepm.branches import MODEL, VENUE
from guard.venues.binancepm.parse import Balance, Totals

# Maintenance margin of a loan by the leverage at which the asset is lent, as the venue publishes it.
LOAN_MM_RATES: Mapping[float, float] = {3.0: 0.10, 5.0: 0.08, 10.0: 0.05}
# The account is liquidated when equity is this many times the maintenance margin.
LIQUIDATION_AT = 1.05


@dataclass(frozen=True, slots=True)
class Wing:
    """What was read and known of one branch."""

    answers: Answers
    reference: Reference
    torn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """The account's balances, totals and prices. None: it could not be read."""

    balances: tuple[Balance, ...]
    totals: Totals
    index_prices: Mapping[str, float]
    collateral_rates: Mapping[str, float] | None
    loan_leverages: Mapping[str, float] | None
    parts: Mapping[str, datetime]


def assemble(
    account: str,
    wings: Sequence[Wing],
    money: Money,
    last_tiers: Mapping[str, tuple[Tier, ...]] | None = None,
) -> FetchedBook:
    """The book of one cycle.

    Args:
        account: the account's name.
        wings: both branches.
        money: balances, totals, prices.
        last_tiers: `tiers` of the last book; taken over while nothing changed, with the tables built from them.
    """
    builders = [RowBuilder(wing.answers, wing.reference) for wing in wings]
    positions = tuple(
        builder.position(row) for builder, wing in zip(builders, wings, strict=True) for row in wing.answers.held
    )
    orders = tuple(order for builder in builders for order in builder.orders())
    parameters = {symbol: terms for builder in builders for symbol, terms in builder.parameters().items()}
    fees = [builder.fees() for builder in builders]
    collateral, missing = _collateral(money, {leg.settle for leg in positions}, {settle_of(each) for each in orders})
    tiers = {symbol: table for builder in builders for symbol, table in builder.tiers.items()}
    parts = _parts(wings, money)
    modes = {wing.reference.position_mode for wing in wings}
    book = Book(
        account=account,
        venue=VENUE,
        model=MODEL,
        as_of=min(parts["balances"], parts["positions"]),
        position_mode=joint_mode(modes),
        fees=Fees(
            taker=max((fee.taker for fee in fees), default=0.0), maker=max((fee.maker for fee in fees), default=0.0)
        ),
        collateral=collateral,
        positions=positions,
        orders=orders,
        tiers=last_tiers if last_tiers is not None and last_tiers == tiers else TierTables(tiers),
        parameters=parameters,
        venue_reported=reported(money.totals),
    )
    return FetchedBook(
        book=book,
        parts=parts,
        missing=tuple(dict.fromkeys([*(name for builder in builders for name in builder.missing), *missing])),
        torn=tuple(evidence for wing in wings for evidence in wing.torn),
        position_mode_proven=len(modes) == 1,
    )


def joint_mode(modes: set[PositionMode]) -> PositionMode:
    """One word for both branches: hedge when either is."""
    return "hedge" if "hedge" in modes else "one_way"


def reported(totals: Totals) -> VenueReported:
    """The venue's own figures as the margin rule counts them: the requirement is what the account dies at.

    `risk_ratio` is 1.05 over uniMMR, which is told for an account that must maintain something.
    """
    maintenance = None if totals.maintenance_margin is None else LIQUIDATION_AT * totals.maintenance_margin
    ratio = None
    if totals.maintenance_margin == 0:
        ratio = 0.0
    elif totals.uni_mmr is not None and totals.uni_mmr > 0:
        ratio = LIQUIDATION_AT / totals.uni_mmr
    figures = VenueFigures(totals.equity, maintenance, totals.initial_margin, totals.available, ratio)
    return VenueReported(
        equity=figures.equity,
        maintenance_margin=figures.maintenance_margin,
        initial_margin=figures.initial_margin,
        available_margin=figures.available_margin,
        risk_ratio=figures.risk_ratio,
        pools={"USD": figures},
    )


def settle_of(order: Order) -> str:
    """What an order's contract settles in: `USDC` of `BTC/USDC:USDC`."""
    return order.symbol.partition(":")[2].partition("-")[0]


def _collateral(money: Money, settles: set[str], ordered: set[str]) -> tuple[tuple[Collateral, ...], list[str]]:
    """Everything that is had, owed, settled in, or ordered in, at its index price and its collateral rate.

    An asset of which the venue lists no balance is missing where a position settles in it, and none where only an
    order would.
    """
    missing: list[str] = []
    wanted = settles | ordered
    used = [balance for balance in money.balances if balance.wallet or balance.owed or balance.asset in wanted]
    for asset in sorted(wanted - {balance.asset for balance in used}):
        if asset in settles:
            missing.append(f"balance of {asset}")
        used.append(Balance(asset, 0.0, 0.0))
    return tuple(_priced(balance, money, wanted, missing) for balance in used), missing


def _priced(balance: Balance, money: Money, settles: set[str], missing: list[str]) -> Collateral:
    asset = balance.asset
    rate = _rate_of(asset, money, missing)
    price = money.index_prices.get(asset)
    # Nothing is had that would count: then nobody needs its price.
    if price is None and (rate > 0 or balance.owed or balance.wallet < 0 or asset in settles):
        missing.append(f"index price of {asset}")
    return Collateral(
        asset,
        balance.wallet,
        price=1.0 if price is None else price,
        haircut=1.0 - rate,
        borrowed=balance.owed,
        borrow_mm_rate=_loan_rate_of(balance, money, missing),
    )


def _rate_of(asset: str, money: Money, missing: list[str]) -> float:
    """The collateral rate; an asset that the venue's list does not have is no collateral."""
    if money.collateral_rates is None:
        missing.append(f"collateral rate of {asset}")
        return 0.0
    return money.collateral_rates.get(asset, 0.0)


def _loan_rate_of(balance: Balance, money: Money, missing: list[str]) -> float:
    if not balance.owed:
        return 0.0
    leverage = (money.loan_leverages or {}).get(balance.asset)
    rate = None if leverage is None else LOAN_MM_RATES.get(leverage)
    if rate is None:
        missing.append(f"loan margin rate of {balance.asset}")
        return max(LOAN_MM_RATES.values())
    return rate


def _parts(wings: Sequence[Wing], money: Money) -> dict[str, datetime]:
    """Each part is as old as the oldest answer in it."""
    parts = dict(money.parts)
    for wing in wings:
        for name, at in wing.answers.parts.items():
            parts[name] = min(at, parts.get(name, at))
    return parts
