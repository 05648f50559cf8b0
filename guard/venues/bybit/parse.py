"""Wallet, positions and orders of a Bybit unified account as rows of plain values. Pure: no ccxt, no clock, no I/O.

Only fields that the venue computes itself are read. "" and null mean missing, never 0; a required field that is absent
is a `BadAnswer`; what may be absent is None and is named as missing by `guard.venues.bybit.assemble`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from guard.ports.errors import BadAnswer
from guard.risk.book import OrderSide, PositionMode, Side
from guard.venues.bybit import endpoints as at
from guard.venues.fields import (
    Row,
    flag,
    number,
    optional_flag,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
    text,
)

Category = Literal["linear", "inverse"]
LegKey = tuple[str, Side]
_SIDES: Mapping[str, OrderSide] = {"Buy": "buy", "Sell": "sell"}
_LEG_OF_SIDE: Mapping[str, Side] = {"Buy": "long", "Sell": "short"}
_SIDE_OF_INDEX: Mapping[int, Side] = {1: "long", 2: "short"}
_INDEXES: Mapping[str, int] = {"0": 0, "1": 1, "2": 2}
# Below this much of a coin its equity, written with 8 places, tells no price.
_PRICED_FROM = 1e-3


class CoinRow(NamedTuple):
    """One coin of the wallet, in units of the coin; `usd_value` is what `equity` is worth. None = not told.

    `wallet` holds the margins of isolated legs. `owed` is every liability in the coin, of which `spot_owed` is not in
    `wallet` yet. `counts`: whether it may carry positions, by the venue and by the user's own switch.
    """

    coin: str
    wallet: float
    equity: float | None
    usd_value: float | None
    unrealized: float
    owed: float
    spot_owed: float
    counts: bool
    position_maintenance: float | None

    @property
    def price(self) -> float | None:
        """USD per unit; None where it cannot be told from what the coin is worth."""
        if not self.equity or not self.usd_value:
            return None
        price = self.usd_value / self.equity
        return price if price > 0 else None

    @property
    def is_priced_well(self) -> bool:
        """Whether `price` is exact enough for positions that settle in the coin."""
        return self.price is not None and abs(self.equity or 0.0) >= _PRICED_FROM

    @property
    def option_value(self) -> float:
        """What equity holds beside wallet, debts and unrealized PnL; 0 up to rounding: no options."""
        if self.equity is None:
            return 0.0
        rest = self.equity - (self.wallet - self.spot_owed + self.unrealized)
        return rest if abs(rest) > 1e-6 * max(1.0, abs(self.equity)) else 0.0


class WalletAnswer(NamedTuple):
    """`GET v5/account/wallet-balance`: coins, and the account's figures in USD (not told in isolated margin mode).

    `margin_rate` is `accountMMRate` and `initial_rate` `accountIMRate`, both cut off after 4 places.
    """

    coins: tuple[CoinRow, ...]
    maintenance: float | None
    initial: float | None
    available: float | None
    margin_rate: float | None
    initial_rate: float | None = None


class PositionRow(NamedTuple):
    """One row of `GET v5/position/list`. `size` in base units (linear) or USD (inverse), 0 for an empty leg.

    `maintenance`, `initial` and `balance` (the margin of an isolated leg) are in the settlement coin and None in
    portfolio margin mode, as is `leverage`. `adl` is the place in the auto-deleveraging queue, from 1 to 5 = next;
    None: not told.
    """

    category: Category
    market_id: str
    leg_index: int
    side: Side
    size: float
    entry_price: float
    mark_price: float | None
    leverage: float | None
    maintenance: float | None
    initial: float | None
    balance: float | None
    adl: float | None = None

    @property
    def key(self) -> LegKey:
        """The leg."""
        return self.market_id, self.side

    @property
    def mode(self) -> PositionMode:
        """The position mode that the venue states for the symbol."""
        return "one_way" if self.leg_index == 0 else "hedge"


class OrderRow(NamedTuple):
    """An open order. `price` None: unpriced; `remaining` None: closes whatever the leg holds."""

    category: Category
    market_id: str
    side: OrderSide
    position_side: Side | None
    price: float | None
    remaining: float | None
    reduce_only: bool
    conditional: bool
    order_id: str
    client_order_id: str | None


class Page(NamedTuple):
    """One page of a list, and where the next one begins (None: nowhere)."""

    rows: list[Row]
    cursor: str | None


def result_of(answer: object, where: str) -> Row:
    """What is inside an answer's envelope.

    Raises:
        BadAnswer: it is no envelope.
    """
    return record(record(answer, where).get("result"), f"{where} result")


def read_page(answer: object, where: str) -> Page:
    """A page of a list.

    Raises:
        BadAnswer: no list in it.
    """
    result = result_of(answer, where)
    return Page(rows(result.get("list"), f"{where} list"), optional_text(result, "nextPageCursor"))


def read_wallet(answer: object) -> WalletAnswer:
    """The wallet.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a coin stands twice.
    """
    where = at.WALLET.name
    accounts = read_page(answer, where).rows
    if len(accounts) != 1:
        raise refused(where, f"tells of {len(accounts)} accounts, not of one")
    top = accounts[0]
    coins = tuple(_coin(row, where) for row in rows(top.get("coin"), f"{where} coin"))
    names = [row.coin for row in coins]
    if len(set(names)) != len(names):
        raise refused(where, f"a coin of {', '.join(names)} stands twice")
    return WalletAnswer(
        coins=coins,
        maintenance=optional_number(top, "totalMaintenanceMargin", where),
        initial=optional_number(top, "totalInitialMargin", where),
        available=optional_number(top, "totalAvailableBalance", where),
        margin_rate=optional_number(top, "accountMMRate", where),
        initial_rate=optional_number(top, "accountIMRate", where),
    )


def _coin(row: Row, where: str) -> CoinRow:
    coin = text(row, "coin", where)
    where = f"{where} {coin}"
    return CoinRow(
        coin=coin,
        wallet=number(row, "walletBalance", where),
        equity=optional_number(row, "equity", where),
        usd_value=optional_number(row, "usdValue", where),
        unrealized=optional_number(row, "unrealisedPnl", where) or 0.0,
        owed=optional_number(row, "borrowAmount", where) or 0.0,
        spot_owed=optional_number(row, "spotBorrow", where) or 0.0,
        counts=flag(row, "marginCollateral", where) and flag(row, "collateralSwitch", where),
        position_maintenance=optional_number(row, "totalPositionMM", where),
    )


def read_positions(found: Sequence[Row], category: Category) -> tuple[PositionRow, ...]:
    """Rows of the positions of a category, empty legs included.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its side contradicts its index.
    """
    where = at.POSITIONS.name
    positions = [_position(row, category, where) for row in found]
    held: set[LegKey] = set()
    modes: dict[str, PositionMode] = {}
    for position in positions:
        if position.size == 0.0:
            continue
        if position.key in held:
            raise refused(where, f"{position.market_id} {position.side} stands twice")
        held.add(position.key)
        if modes.setdefault(position.market_id, position.mode) != position.mode:
            raise refused(where, f"legs of one-way and of hedge mode of {position.market_id} stand side by side")
    return tuple(positions)


def _position(row: Row, category: Category, where: str) -> PositionRow:
    market_id, index = text(row, "symbol", where), _index(row, where)
    size = number(row, "size", where)
    side = _leg(row, index, size, where)
    mark = optional_number(row, "markPrice", where)
    leverage = optional_number(row, "leverage", where)
    return PositionRow(
        category=category,
        market_id=market_id,
        leg_index=index,
        side=side,
        size=size,
        entry_price=_entry_price(row, size, side, mark, where) if size else 0.0,
        mark_price=mark if mark is not None and mark > 0 else None,
        leverage=leverage if leverage is not None and leverage > 0 else None,
        maintenance=optional_number(row, "positionMM", where),
        initial=optional_number(row, "positionIM", where),
        balance=optional_number(row, "positionBalance", where),
        # 0 is said of empty positions, and stands beside a held one before its place is known.
        adl=optional_number(row, "adlRankIndicator", where) or None,
    )


def _index(row: Row, where: str) -> int:
    index = _INDEXES.get(text(row, "positionIdx", where))
    if index is None:
        raise refused(where, f"positionIdx of {row.get('symbol')} was {row['positionIdx']!r}")
    return index


def _leg(row: Row, index: int, size: float, where: str) -> Side:
    word = row.get("side")
    by_index = _SIDE_OF_INDEX.get(index)
    if size == 0.0:
        return by_index or "long"
    side = _LEG_OF_SIDE.get(str(word))
    if side is None or size < 0 or by_index not in {None, side}:
        raise refused(where, f"side of {row.get('symbol')} was {word!r}, at index {index} with a size of {size:g}")
    return side


def _entry_price(row: Row, size: float, side: Side, mark: float | None, where: str) -> float:
    """The price from which the wallet still owes the PnL.

    USDC contracts settle their PnL into the wallet every session: there it is the session's price. Which of both holds
    is told by the row's own unrealized PnL.
    """
    entry = positive(row, "avgPrice", where)
    session = optional_number(row, "sessionAvgPrice", where)
    unrealized = optional_number(row, "unrealisedPnl", where)
    if not session or session <= 0 or session == entry or mark is None or unrealized is None:
        return entry
    sign = 1.0 if side == "long" else -1.0
    return min((entry, session), key=lambda price: abs(sign * size * (mark - price) - unrealized))


def read_orders(found: Sequence[Row], category: Category) -> tuple[OrderRow, ...]:
    """The open orders of a category, those that wait for a trigger included.

    One that stands on two pages, because the list moved between them, is one.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    orders = (_order(row, category, at.OPEN_ORDERS.name) for row in found)
    return tuple({order.order_id: order for order in orders}.values())


def _order(row: Row, category: Category, where: str) -> OrderRow:
    side = _SIDES.get(text(row, "side", where))
    if side is None:
        raise refused(where, f"side of {row.get('symbol')} was {row['side']!r}")
    conditional = text(row, "orderStatus", where) == "Untriggered"
    left = _left(row, where, conditional=conditional)
    price = optional_number(row, "price", where)
    position_side = _SIDE_OF_INDEX.get(_index(row, where))
    # In hedge mode selling the long leg and buying the short one only ever closes, flag or no flag.
    closes = position_side is not None and (position_side == "long") == (side == "sell")
    flagged = flag(row, "reduceOnly", where) or optional_flag(row, "closeOnTrigger", where) is True
    return OrderRow(
        category=category,
        market_id=text(row, "symbol", where),
        side=side,
        position_side=position_side,
        price=price or None,
        remaining=left,
        reduce_only=flagged or closes,
        conditional=conditional,
        order_id=text(row, "orderId", where),
        client_order_id=optional_text(row, "orderLinkId"),
    )


def _left(row: Row, where: str, *, conditional: bool) -> float | None:
    """What is left to fill; None: a waiting order of size 0 closes its whole leg."""
    quantity = number(row, "qty", where)
    left = optional_number(row, "leavesQty", where)
    if conditional:
        left = quantity
        if quantity == 0:
            return None
    elif left is None:
        left = quantity - number(row, "cumExecQty", where)
    if left <= 0:
        raise _spent(row, left, where)
    return left


def _spent(row: Row, left: float, where: str) -> BadAnswer:
    return refused(where, f"an open order of {row.get('symbol')} has {left:g} left")
