"""Balances and positions in the words of Binance COIN-M. Pure; the rows are `guard.venues.binance.rows`.

Sizes are contracts, money is in the coin. The positions' answer has a row for every contract, held or not, with the
leverage that the user set; it names no margin asset, and a leg's isolated margin only with its unrealized PnL in it.
"""

from __future__ import annotations

from guard.venues.binance.names import coin_of
from guard.venues.binance.rows import AccountAnswer, PositionRow, by_leg, leg_name, read_assets, read_legs
from guard.venues.binancecoinm import endpoints as at
from guard.venues.fields import Row, number, optional_number, positive, record, refused, rows, text

_MODES = {"isolated": True, "cross": False, "crossed": False}


def read_account(answer: object) -> AccountAnswer:
    """`GET dapi/v1/account`; it has no totals, because coins are pools of their own.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    where = at.ACCOUNT.name
    top = record(answer, where)
    return AccountAnswer(
        assets=read_assets(top.get("assets"), where),
        legs=read_legs(top.get("positions"), where),
    )


def read_positions(answer: object) -> tuple[PositionRow, ...]:
    """`GET dapi/v1/positionRisk`; rows without a position stay, for their mark prices and leverages.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its side.
    """
    where = at.POSITIONS.name
    return by_leg((_position(row, where) for row in rows(answer, where)), where)


def _position(row: Row, where: str) -> PositionRow:
    market_id, leg = text(row, "symbol", where), leg_name(row, where)
    amount = number(row, "positionAmt", where)
    mark = optional_number(row, "markPrice", where)
    isolated = _is_isolated(row, market_id, where) if amount else False
    return PositionRow(
        market_id=market_id,
        leg=leg,
        amount=amount,
        entry_price=positive(row, "entryPrice", where) if amount else 0.0,
        mark_price=mark if mark is not None and mark > 0 else None,
        notional=optional_number(row, "notionalValue", where),
        initial_margin=None,
        isolated_wallet=_isolated_wallet(row, where) if isolated else 0.0,
        margin_asset=coin_of(market_id),
        updated_ms=optional_number(row, "updateTime", where) or 0.0,
        leverage=optional_number(row, "leverage", where),
        isolated=isolated,
    )


def _is_isolated(row: Row, market_id: str, where: str) -> bool:
    mode = text(row, "marginType", where).lower()
    if mode not in _MODES:
        raise refused(where, f"marginType of {market_id} was {mode!r}")
    return _MODES[mode]


def _isolated_wallet(row: Row, where: str) -> float:
    """The leg's own money; where only its margin is told, that less the unrealized PnL in it."""
    wallet = optional_number(row, "isolatedWallet", where)
    if wallet is not None:
        return wallet
    return number(row, "isolatedMargin", where) - number(row, "unRealizedProfit", where)
