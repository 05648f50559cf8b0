"""A unified account of KuCoin as rows of plain values. Pure: no ccxt, no clock, no I/O.

Its margins are computed by tiers and haircuts that the venue does not publish in full: the venue's own figures are
what counts. Numbers are strings; sides and modes are upper case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from guard.risk.book import OrderSide
from guard.venues.fields import (
    Row,
    above_zero,
    flag,
    number,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
    text,
)
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.kucoinfutures.parse import (
    OrderRow,
    Page,
    PositionRow,
    SizeUnit,
    closes_leg,
    leg_name,
    margin_mode_of,
    once,
    size_of,
)

_SIDES: Mapping[str, OrderSide] = {"BUY": "buy", "SELL": "sell"}
_UNITS: Mapping[str, SizeUnit] = {"UNIT": "contracts", "BASECCY": "base", "QUOTECCY": "quote"}


class UnifiedOverview(NamedTuple):
    """`GET unified/account/overview`, in USD. None = the venue did not say.

    `risk_ratio` is (maintenance margin and fees to close) over the adjusted equity, liquidation at 1.
    """

    adjusted_equity: float
    maintenance_margin: float
    initial_margin: float | None
    available: float | None
    risk_ratio: float | None


def read_is_unified(answer: object) -> bool:
    """Whether the account is a unified one.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.ACCOUNT_MODE.name
    mode = text(record(at.data_of(answer, where), where), "selfAccountMode", where)
    if mode not in {"UNIFIED", "CLASSIC"}:
        raise refused(where, f"selfAccountMode was {mode!r}")
    return mode == "UNIFIED"


def read_unified_overview(answer: object) -> UnifiedOverview:
    """The account's own figures.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.UNIFIED_OVERVIEW.name
    row = record(at.data_of(answer, where), where)
    return UnifiedOverview(
        adjusted_equity=number(row, "adjustedEquity", where),
        maintenance_margin=number(row, "mm", where),
        initial_margin=optional_number(row, "im", where),
        available=optional_number(row, "availableMargin", where),
        risk_ratio=optional_number(row, "riskRatio", where),
    )


def read_unified_positions(answer: object) -> tuple[tuple[PositionRow, ...], bool]:
    """The held legs of one page, and whether the page was full.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a leg stands twice.
    """
    where = at.UNIFIED_POSITIONS.name
    page = rows(at.data_of(answer, where), where)
    held = [_position(row, where) for row in page if number(row, "size", where) != 0.0]
    return once(_named(held), where), len(page) >= at.PAGE_UNIFIED


def _named(held: list[PositionRow]) -> Iterable[PositionRow]:
    """The legs; both of a hedge are told by their signs where the venue does not name them."""
    signs: dict[str, set[bool]] = {}
    for row in held:
        signs.setdefault(row.market_id, set()).add(row.amount > 0)
    for row in held:
        if row.leg == "BOTH" and len(signs[row.market_id]) > 1:
            yield row._replace(leg="LONG" if row.amount > 0 else "SHORT")
        else:
            yield row


def _position(row: Row, where: str) -> PositionRow:
    market_id, leg, size = text(row, "symbol", where), leg_name(row, where), number(row, "size", where)
    if leg == "LONG" and size < 0:
        raise refused(where, f"size of {market_id} LONG was {size:g}")
    mode = margin_mode_of(row, where)
    return PositionRow(
        market_id=market_id,
        leg=leg,
        amount=-abs(size) if leg == "SHORT" else size,
        entry_price=positive(row, "entryPrice", where),
        mark_price=above_zero(row, "markPrice", where),
        currency="",
        inverse=False,
        margin_mode=mode or "cross",
        leverage=above_zero(row, "leverage", where),
        margin=optional_number(row, "initialMargin", where) if mode == "isolated" else None,
        maintenance=optional_number(row, "maintenanceMargin", where),
        mm_rate=optional_number(row, "mmr", where),
        value=size_of(row, "positionValue", where),
        unrealized_pnl=optional_number(row, "unrealizedPnL", where),
    )


def read_unified_orders(answer: object) -> Page:
    """One page of the open orders, those that wait for a trigger among them.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.UNIFIED_ORDERS.name
    data = record(at.data_of(answer, where), where)
    found = tuple(_order(row, where) for row in rows(data.get("items"), where))
    return Page(found, int(number(data, "totalPage", where)), optional_number(data, "totalNum", where))


def _order(row: Row, where: str) -> OrderRow:
    side = _SIDES.get(text(row, "side", where))
    if side is None:
        raise refused(where, f"side of {row.get('symbol')} was {row['side']!r}")
    unit = _UNITS.get(optional_text(row, "sizeUnit") or "UNIT")
    if unit is None:
        raise refused(where, f"sizeUnit of {row.get('symbol')} was {row['sizeUnit']!r}")
    left = number(row, "size", where) - (optional_number(row, "filledSize", where) or 0.0)
    if left <= 0:
        raise refused(where, f"an open order of {row.get('symbol')} has {left:g} left")
    leg = leg_name(row, where)
    return OrderRow(
        market_id=text(row, "symbol", where),
        side=side,
        leg=leg,
        price=above_zero(row, "price", where),
        remaining=left,
        reduce_only=flag(row, "reduceOnly", where) or closes_leg(side, leg),
        conditional=any(optional_text(row, key) for key in ("triggerPrice", "tpTriggerPrice", "slTriggerPrice")),
        margin_mode=margin_mode_of(row, where),
        order_id=text(row, "orderId", where),
        client_order_id=optional_text(row, "clientOid"),
        unit=unit,
    )
