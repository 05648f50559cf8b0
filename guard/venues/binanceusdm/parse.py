"""Balances and positions in the words of Binance USD-M. Pure; the rows are `guard.venues.binance.rows`."""

from __future__ import annotations

from guard.venues.binance.rows import AccountAnswer, PositionRow, by_leg, leg_name, read_assets, read_legs
from guard.venues.binanceusdm import endpoints as at
from guard.venues.fields import Row, number, optional_number, positive, record, rows, text


def read_account(answer: object) -> AccountAnswer:
    """`GET fapi/v3/account`.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    where = at.ACCOUNT.name
    top = record(answer, where)
    return AccountAnswer(
        assets=read_assets(top.get("assets"), where),
        legs=read_legs(top.get("positions"), where),
        total_margin_balance=optional_number(top, "totalMarginBalance", where),
        total_maintenance_margin=optional_number(top, "totalMaintMargin", where),
        total_initial_margin=optional_number(top, "totalInitialMargin", where),
        available=optional_number(top, "availableBalance", where),
    )


def read_positions(answer: object) -> tuple[PositionRow, ...]:
    """`GET fapi/v3/positionRisk`; rows without a position stay, for their mark prices.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its side.
    """
    where = at.POSITIONS.name
    return by_leg((_position(row, where) for row in rows(answer, where)), where)


def _position(row: Row, where: str) -> PositionRow:
    market_id, leg = text(row, "symbol", where), leg_name(row, where)
    amount = number(row, "positionAmt", where)
    mark = optional_number(row, "markPrice", where)
    wallet = number(row, "isolatedWallet", where) if amount else 0.0
    return PositionRow(
        market_id=market_id,
        leg=leg,
        amount=amount,
        entry_price=positive(row, "entryPrice", where) if amount else 0.0,
        mark_price=mark if mark is not None and mark > 0 else None,
        notional=optional_number(row, "notional", where),
        initial_margin=optional_number(row, "positionInitialMargin", where),
        isolated_wallet=wallet,
        margin_asset=text(row, "marginAsset", where),
        updated_ms=optional_number(row, "updateTime", where) or 0.0,
        order_margin=optional_number(row, "openOrderInitialMargin", where),
        # A wallet that funding and losses have used up is still one of its own.
        isolated=wallet != 0.0 or bool(amount and optional_number(row, "isolatedMargin", where)),
        adl=optional_number(row, "adl", where),
    )
