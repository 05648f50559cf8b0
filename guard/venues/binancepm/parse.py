"""An account in portfolio margin, in the venue's words: totals, balances, rates, and both branches' rows. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from guard.ports.errors import BadAnswer
from guard.venues.binance.rows import (
    AccountAnswer,
    OrderRow,
    PositionRow,
    by_leg,
    leg_name,
    order_row,
    read_assets,
    read_legs,
    read_leverages,
)
from guard.venues.fields import Row, number, optional_number, positive, record, refused, rows, text

_WALLETS = ("crossMarginFree", "crossMarginLocked", "umWalletBalance", "cmWalletBalance")


class Totals(NamedTuple):
    """`GET papi/v1/account`: the venue's own figures in USD. `uni_mmr` is equity over maintenance margin."""

    uni_mmr: float | None
    equity: float | None
    maintenance_margin: float | None
    initial_margin: float | None
    available: float | None


class Balance(NamedTuple):
    """One row of `GET papi/v1/balance`, in units of the asset; `owed` is the margin loan with its interest."""

    asset: str
    wallet: float
    owed: float


def read_totals(answer: object, where: str) -> Totals:
    """The account's totals.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    row = record(answer, where)
    return Totals(
        uni_mmr=optional_number(row, "uniMMR", where),
        equity=optional_number(row, "accountEquity", where),
        maintenance_margin=optional_number(row, "accountMaintMargin", where),
        initial_margin=optional_number(row, "accountInitialMargin", where),
        available=optional_number(row, "totalAvailableBalance", where),
    )


def read_balances(answer: object, where: str) -> tuple[Balance, ...]:
    """The assets, empty ones too. The wallet is margin asset and both futures wallets, without unrealized PnL.

    The margin asset is what is free and what is locked of it. `crossMarginAsset` is not read: the documents call it
    that sum, and so it is in a public answer, but in their example loan and interest are off already: by that a debt
    would be taken off twice.

    Raises:
        BadAnswer: a required field is missing or unreadable, or an asset stands twice.
    """
    found: dict[str, Balance] = {}
    for row in rows(answer, where):
        asset = text(row, "asset", where)
        if asset in found:
            raise refused(where, f"{asset} stands twice")
        wallet = sum(number(row, key, where) for key in _WALLETS)
        owed = number(row, "crossMarginBorrowed", where) + number(row, "crossMarginInterest", where)
        found[asset] = Balance(asset, wallet, owed)
    return tuple(found.values())


def read_rates(answer: object, where: str) -> dict[str, float]:
    """Which part of an asset's worth counts as collateral.

    Raises:
        BadAnswer: a rate is missing, or not between 0 and 1.
    """
    found = {}
    for row in rows(answer, where):
        asset, rate = text(row, "asset", where), number(row, "collateralRate", where)
        if not 0 <= rate <= 1:
            raise refused(where, f"collateralRate of {asset} was {rate:g}")
        found[asset] = rate
    return found


def read_index_prices(answer: object, where: str) -> dict[str, float]:
    """USD per unit of an asset.

    An asset without a price is left out, so that one that is not traded any more cannot blind every account; an
    account that has it finds it missing.

    Raises:
        BadAnswer: no list, or a row that names nothing.
    """
    found = {}
    for row in rows(answer, where):
        asset = text(row, "asset", where)
        try:
            found[asset] = positive(row, "assetIndexPrice", where)
        except BadAnswer:
            continue
    return found


def read_loan_leverages(answer: object, where: str) -> dict[str, float]:
    """At which leverage an asset is lent.

    Raises:
        BadAnswer: a leverage is missing or not above 0.
    """
    return {text(row, "asset", where): positive(row, "leverage", where) for row in rows(answer, where)}


def read_branch_account(answer: object, where: str) -> AccountAnswer:
    """`GET papi/v2/um/account` or `papi/v1/cm/account`: the branch's assets and held legs.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    top = record(answer, where)
    return AccountAnswer(
        assets=read_assets(top.get("assets"), where),
        legs=read_legs(top.get("positions"), where),
        leverages=read_leverages(top.get("positions"), f"{where} positions"),
    )


def read_branch_positions(
    answer: object, where: str, notional: str, settle_of: Callable[[str], str]
) -> tuple[PositionRow, ...]:
    """`GET papi/v1/um/positionRisk` or `papi/v1/cm/positionRisk`: every leg is cross, and names no margin asset.

    Args:
        answer: the answer.
        where: the request.
        notional: under which name a row tells its value.
        settle_of: the margin asset, from a contract's id.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its side.
    """
    return by_leg((_position(row, where, notional, settle_of) for row in rows(answer, where)), where)


def _position(row: Row, where: str, notional: str, settle_of: Callable[[str], str]) -> PositionRow:
    market_id, leg = text(row, "symbol", where), leg_name(row, where)
    amount = number(row, "positionAmt", where)
    mark = optional_number(row, "markPrice", where)
    return PositionRow(
        market_id=market_id,
        leg=leg,
        amount=amount,
        entry_price=positive(row, "entryPrice", where) if amount else 0.0,
        mark_price=mark if mark is not None and mark > 0 else None,
        notional=optional_number(row, notional, where),
        initial_margin=None,
        isolated_wallet=0.0,
        margin_asset=settle_of(market_id),
        # Deliberately not read: nothing says that both answers mean the same time by it.
        updated_ms=0.0,
        leverage=optional_number(row, "leverage", where),
        isolated=False,
    )


def read_strategies(answer: object, where: str) -> tuple[OrderRow, ...]:
    """`GET papi/v1/cm/conditional/openOrders`: the older form of conditional orders.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    return tuple(
        order_row(
            row,
            where,
            optional_number(row, "origQty", where) or 0.0,
            "strategyId",
            "newClientStrategyId",
            conditional=True,
        )
        for row in rows(answer, where)
    )
