"""Unified accounts of Bitget: their answers as rows, and the book that stands on the venue's own figures. Pure.

One pool carries everything, in USD, with collateral of many coins behind haircuts that depend on the account and with
a requirement whose parts are not published. So the model is `reported`; the rows are shown, not computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Fees, Order, OrderSide, Position, PositionMode, Side, VenueFigures
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.assemble import REPORTED_MODEL, VENUE, pnl_fits
from guard.venues.bitget.parse import OrderRow, PositionRow, closing_side, is_isolated, mode_of, moment_of, side_of
from guard.venues.bitget.pools import reported_of
from guard.venues.fields import Row, number, optional_number, optional_text, positive, record, refused, rows, text
from guard.venues.markets import MarketTable

CURRENCY: Final = "USD"
_SIDES: Final[Mapping[str, OrderSide]] = {"buy": "buy", "sell": "sell"}


class Assets(NamedTuple):
    """`GET v3/account/assets`: the pool in USD, and what each coin is worth. None = the venue did not say."""

    equity: float
    maintenance: float
    initial: float | None
    coins: tuple[tuple[str, float, float], ...]
    """Coin, equity in units of it, and its value in USD."""


@dataclass(frozen=True)
class UnifiedAnswers:
    """What was read of a unified account in one cycle, and when."""

    assets: Assets
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    parts: Mapping[str, datetime]


def read_assets(answer: object) -> Assets:
    """The account's pool.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.UNIFIED_ASSETS.name
    row = record(at.data_of(answer, where), where)
    coins = rows(row.get("assets") or [], f"{where} assets")
    return Assets(
        equity=number(row, "effEquity", where),
        maintenance=number(row, "mmr", where),
        initial=optional_number(row, "imr", where),
        coins=tuple((text(item, "coin", where), number(item, "equity", where), _worth(item, where)) for item in coins),
    )


def _worth(item: Row, where: str) -> float:
    return optional_number(item, "usdValue", where) or 0.0


def read_positions(answer: object, product: str) -> tuple[PositionRow, ...]:
    """The legs held in a product.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.UNIFIED_POSITIONS.name} {product}"
    listed = _listed(answer, where)[0]
    return tuple(_position(row, product, where) for row in listed if number(row, "total", where) != 0.0)


def _listed(answer: object, where: str) -> tuple[list[Row], str | None]:
    """A list and its cursor; the venue wraps most lists, and writes null for empty ones."""
    data = at.data_of(answer, where)
    if data is None or isinstance(data, list):
        return rows(data or [], where), None
    page = record(data, where)
    return rows(page.get("list") or [], where), optional_text(page, "cursor")


def _position(row: Row, product: str, where: str) -> PositionRow:
    mark = optional_number(row, "markPrice", where)
    return PositionRow(
        product=product,
        market_id=text(row, "symbol", where),
        coin=text(row, "marginCoin", where),
        side=side_of(row, "posSide", where),
        mode=mode_of(row, "holdMode", where),
        amount=positive(row, "total", where),
        entry_price=positive(row, "avgPrice", where),
        mark_price=mark if mark is not None and mark > 0 else None,
        leverage=positive(row, "leverage", where),
        is_isolated=is_isolated(row, where),
        margin=optional_number(row, "positionBalance", where),
        unrealized=optional_number(row, "unrealisedPnl", where),
        mm_rate=optional_number(row, "mmr", where),
        opened_at=moment_of(row, "createdTime", where),
    )


def read_orders(answer: object, product: str) -> tuple[tuple[OrderRow, ...], str | None]:
    """One page of resting orders, and where the next one begins; None after the last.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.UNIFIED_ORDERS.name} {product}"
    listed, cursor = _listed(answer, where)
    return tuple(_order(row, product, where) for row in listed), cursor if len(listed) >= at.PAGE else None


def read_plans(answer: object, product: str) -> tuple[OrderRow, ...]:
    """Waiting orders: take-profit and stop-loss of a leg, or triggers.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.UNIFIED_PLANS.name} {product}"
    return tuple(_plan(row, product, where) for row in _listed(answer, where)[0])


def _order(row: Row, product: str, where: str) -> OrderRow:
    left = number(row, "qty", where) - (optional_number(row, "cumExecQty", where) or 0.0)
    if left <= 0:
        raise refused(where, f"an open order of {row.get('symbol')} has {left:g} left")
    mode = mode_of(row, "holdMode", where)
    leg = side_of(row, "posSide", where) if mode == "hedge" else None
    side = _side(row, where)
    reduces = (optional_text(row, "reduceOnly") or "").upper() in {"YES", "TRUE"}
    return _row(
        row,
        product,
        where,
        side=side,
        leg=leg,
        mode=mode,
        remaining=left,
        reduce_only=reduces if leg is None else side == closing_side(leg),
    )


def _plan(row: Row, product: str, where: str) -> OrderRow:
    word = optional_text(row, "posSide")
    leg = side_of(row, "posSide", where) if word in {"long", "short"} else None
    named = optional_text(row, "side")
    opens = leg is not None and named is not None and _side(row, where) != closing_side(leg)
    side = _side(row, where) if named is not None else closing_side(leg) if leg is not None else None
    return _row(
        row,
        product,
        where,
        side=side,
        leg=leg,
        mode=None,
        remaining=optional_number(row, "qty", where) or None,
        reduce_only=not opens,
        conditional=True,
    )


def _side(row: Row, where: str) -> OrderSide:
    side = _SIDES.get(text(row, "side", where))
    if side is None:
        raise refused(where, f"side of {row.get('symbol')} was {row['side']!r}")
    return side


def _row(
    row: Row,
    product: str,
    where: str,
    *,
    side: OrderSide | None,
    leg: Side | None,
    mode: PositionMode | None,
    remaining: float | None,
    reduce_only: bool,
    conditional: bool = False,
) -> OrderRow:
    return OrderRow(
        product=product,
        market_id=text(row, "symbol", where),
        coin=optional_text(row, "marginCoin") or "",
        side=side,
        leg=leg,
        mode=mode,
        price=optional_number(row, "price", where) or None,
        remaining=remaining,
        leverage=None,
        reduce_only=reduce_only,
        conditional=conditional,
        order_id=text(row, "orderId", where),
        client_order_id=optional_text(row, "clientOid"),
    )


def assemble_unified(
    account: str, answers: UnifiedAnswers, markets: MarketTable, position_mode: PositionMode
) -> FetchedBook:
    """The book of one cycle, on the venue's figures.

    The requirement is the venue's `mmr` over its effective equity: its ratio is rounded to four places.
    """
    missing: list[str] = []
    positions = tuple(_shown(row, markets, missing) for row in answers.positions)
    held = {(row.market_id, closing_side(row.side)): row.amount for row in answers.positions}
    orders = tuple(order for row in answers.orders if (order := _ordered(row, markets, held, missing)) is not None)
    assets = answers.assets
    if assets.equity <= 0 and answers.positions:
        missing.append("effective equity: the venue says none is left")
    ratio = assets.maintenance / assets.equity if assets.equity > 0 else None
    figures = VenueFigures(assets.equity, assets.maintenance, assets.initial, None, ratio)
    book = Book(
        account=account,
        venue=VENUE,
        model=REPORTED_MODEL,
        as_of=min(answers.parts["balances"], answers.parts["positions"]),
        position_mode=position_mode,
        fees=Fees(taker=max((listing.taker for listing in markets.by_id.values()), default=0.0)),
        collateral=tuple(
            Collateral(coin, amount, price=worth / amount if amount > 0 and worth > 0 else 1.0)
            for coin, amount, worth in assets.coins
        ),
        positions=positions,
        orders=orders,
        venue_reported=reported_of({CURRENCY: figures}, alone=True),
    )
    return FetchedBook(book, answers.parts, tuple(dict.fromkeys(missing)), position_mode_proven=True)


def _symbol(market_id: str, coin: str, markets: MarketTable, missing: list[str]) -> str:
    listing = markets.by_id.get(market_id)
    if listing is not None:
        return listing.symbol
    missing.append(f"listing of {market_id}")
    return f"{market_id.removesuffix(coin)}/{coin}:{coin}" if coin else market_id


def _shown(row: PositionRow, markets: MarketTable, missing: list[str]) -> Position:
    symbol = _symbol(row.market_id, row.coin, markets, missing)
    inverse = row.product == at.COIN_MARGINED
    if row.mark_price is None:
        missing.append(f"mark price of {symbol}")
    if row.is_isolated:
        missing.append(f"requirement of {symbol}, isolated: the venue tells that of cross positions only")
    size = row.entry_price if inverse else 1.0
    if inverse and not pnl_fits(row):
        missing.append(f"size of {symbol}: its PnL is not that of {row.amount:g} {row.coin}")
    return Position(
        symbol=symbol,
        side=row.side,
        contracts=row.amount,
        contract_size=size,
        kind="inverse" if inverse else "linear",
        settle=row.coin,
        entry_price=row.entry_price,
        mark_price=row.mark_price or row.entry_price,
        leverage=row.leverage,
        margin_mode="isolated" if row.is_isolated else "cross",
        isolated_margin=(row.margin or 0.0) if row.is_isolated else None,
        opened_at=row.opened_at,
    )


def _ordered(
    row: OrderRow, markets: MarketTable, held: Mapping[tuple[str, OrderSide], float], missing: list[str]
) -> Order | None:
    """The order; one that closes a whole leg has its size, and is none on an empty leg."""
    sides: tuple[OrderSide, ...] = (row.side,) if row.side is not None else ("sell", "buy")
    side = next((side for side in sides if row.remaining is not None or (row.market_id, side) in held), None)
    if side is None:
        return None
    return Order(
        symbol=_symbol(row.market_id, row.coin, markets, missing),
        side=side,
        price=row.price,
        remaining=row.remaining if row.remaining is not None else held[row.market_id, side],
        reduce_only=row.reduce_only,
        position_side=row.leg,
        conditional=row.conditional,
        order_id=row.order_id,
        client_order_id=row.client_order_id,
    )
