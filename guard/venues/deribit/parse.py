"""Deribit's answers to rows. Pure.

Everything stands in `result`. Sizes of inverse futures are in USD, of linear ones in the base coin; margins are in the
settlement currency. What lies: percentages and contract sizes of unified positions (no use is made of them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from guard.ports.errors import BadAnswer
from guard.ports.venue import Depth, DepthLevel, Instrument, KeyRights
from guard.risk.book import Kind, OrderSide, Side
from guard.venues.depth import read_levels
from guard.venues.deribit import endpoints as at
from guard.venues.fields import (
    Row,
    decimal,
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
from guard.venues.markets import Listing

MarginModel = Literal["segregated_sm", "cross_sm", "segregated_pm", "cross_pm"]
_PERPETUAL = "perpetual"


@dataclass(frozen=True, slots=True)
class Future:
    """A listed future, and the highest leverage that the venue gives a small position of it."""

    listing: Listing
    max_leverage: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The account in one currency; the totals in USD where the venue tells them.

    With cross collateral all but `balance` and `equity` are of the whole account, converted to this currency.
    """

    currency: str
    model: MarginModel
    balance: float
    equity: float
    margin_balance: float
    initial_margin: float
    maintenance_margin: float
    available: float | None
    total_equity_usd: float | None
    total_margin_balance_usd: float | None
    total_initial_usd: float | None
    total_maintenance_usd: float | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in this currency."""
        return self.balance == self.equity == 0.0


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One leg; `size` signed."""

    market_id: str
    kind: str
    size: float
    entry_price: float
    mark_price: float | None
    leverage: float | None
    initial_margin: float
    maintenance_margin: float

    @property
    def side(self) -> Side:
        """The side that it is on."""
        return "long" if self.size > 0 else "short"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An open order; sizes as of positions."""

    market_id: str
    side: OrderSide
    price: float | None
    remaining: float
    reduce_only: bool
    conditional: bool
    order_id: str
    client_order_id: str | None

    @property
    def is_option(self) -> bool:
        """Whether it is an order of an option: `BTC-25DEC26-60000-C`."""
        return self.market_id.endswith(("-C", "-P"))

    @property
    def is_spot(self) -> bool:
        """Whether it is an order of a currency pair: `BTC_USDC`."""
        return "_" in self.market_id and "-" not in self.market_id


def result_of(answer: object, where: str) -> object:
    """What the venue answered.

    Raises:
        BadAnswer: no object with a result.
    """
    row = record(answer, where)
    if "result" not in row:
        raise refused(where, "has no result")
    return row["result"]


def read_futures(answer: object) -> dict[str, Future]:
    """Listed futures by the venue's name; one whose rules cannot be read is left out.

    Raises:
        BadAnswer: no list, or not one future in it.
    """
    where = at.INSTRUMENTS.name
    found = {}
    for row in rows(result_of(answer, where), where):
        try:
            future = _future(row, where)
        except BadAnswer:
            continue
        found[future.listing.market_id] = future
    if not found:
        raise refused(where, "lists no future")
    return found


def _future(row: Row, where: str) -> Future:
    market_id, settle = text(row, "instrument_name", where), text(row, "settlement_currency", where)
    base, quote = text(row, "base_currency", where), text(row, "counter_currency", where)
    kind: Kind = "linear" if settle == quote else "inverse"
    symbol = f"{base}/{quote}:{settle}"
    if row.get("settlement_period") != _PERPETUAL:
        symbol += "-" + _expiry(number(row, "expiration_timestamp", where))
    size, least = _exact(row, "contract_size", where), _exact(row, "min_trade_amount", where)
    if size <= 0 or least <= 0:
        raise refused(where, f"{market_id} has a contract size of {size} and a smallest order of {least}")
    listing = Listing(
        market_id=market_id,
        symbol=symbol,
        settle=settle,
        kind=kind,
        contract_size=float(size),
        instrument=Instrument(
            symbol=symbol,
            step=Decimal(1) if least % size == 0 else least / size,
            minimum=least / size,
            tick=_exact(row, "tick_size", where),
            contract_size=size,
        ),
        taker=number(row, "taker_commission", where),
        maker=number(row, "maker_commission", where),
    )
    return Future(listing, positive(row, "max_leverage", where))


def _exact(row: Row, key: str, where: str) -> Decimal:
    """The venue writes numbers, not texts; their shortest form is what it means."""
    return decimal({**row, key: str(number(row, key, where))}, key, where).normalize()


def _expiry(timestamp_ms: float) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).strftime("%y%m%d")


def read_summaries(answer: object) -> tuple[Summary, ...]:
    """The account in each currency.

    Raises:
        BadAnswer: unreadable, none, a currency twice, or margin models that contradict each other.
    """
    where = at.SUMMARIES.name
    listed = rows(record(result_of(answer, where), where).get("summaries"), where)
    found = tuple(_summary(row, where) for row in listed)
    if not found:
        raise refused(where, "has no summary")
    names = [summary.currency for summary in found]
    if len(set(names)) != len(names):
        raise refused(where, "has a currency twice")
    models = {summary.model for summary in found}
    if len(models) > 1:
        raise refused(where, f"has several margin models: {', '.join(sorted(models))}")
    return found


def _summary(row: Row, where: str) -> Summary:
    return Summary(
        currency=text(row, "currency", where),
        model=_model(row, where),
        balance=number(row, "balance", where),
        equity=number(row, "equity", where),
        margin_balance=number(row, "margin_balance", where),
        initial_margin=number(row, "initial_margin", where),
        maintenance_margin=number(row, "maintenance_margin", where),
        available=optional_number(row, "available_funds", where),
        total_equity_usd=optional_number(row, "total_equity_usd", where),
        total_margin_balance_usd=optional_number(row, "total_margin_balance_usd", where),
        total_initial_usd=optional_number(row, "total_initial_margin_usd", where),
        total_maintenance_usd=optional_number(row, "total_maintenance_margin_usd", where),
    )


def _model(row: Row, where: str) -> MarginModel:
    """The margin model; older answers tell it by two truth values."""
    named = optional_text(row, "margin_model")
    if named is None:
        crosses = optional_flag(row, "cross_collateral_enabled", where) or False
        nets = flag(row, "portfolio_margining_enabled", where)
        named = f"{'cross' if crosses else 'segregated'}_{'pm' if nets else 'sm'}"
    for model in ("segregated_sm", "cross_sm", "segregated_pm", "cross_pm"):
        if named == model:
            return model
    raise refused(where, f"has the margin model {named!a}")


def read_positions(answer: object) -> tuple[PositionRow, ...]:
    """The legs that are held, options included.

    Raises:
        BadAnswer: unreadable, or an instrument twice.
    """
    where = at.POSITIONS.name
    found = [_position(row, where) for row in rows(result_of(answer, where), where)]
    held = tuple(row for row in found if row is not None)
    names = [row.market_id for row in held]
    if len(set(names)) != len(names):
        raise refused(where, "has an instrument twice")
    return held


def _position(row: Row, where: str) -> PositionRow | None:
    market_id = text(row, "instrument_name", where)
    where = f"{where} {market_id}"
    size = number(row, "size", where)
    if size == 0:
        return None
    direction = text(row, "direction", where)
    if direction not in {"buy", "sell"} or (size > 0) != (direction == "buy"):
        raise refused(where, f"its size was {size:g}, its direction {direction!a}")
    return PositionRow(
        market_id=market_id,
        kind=text(row, "kind", where),
        size=size,
        entry_price=positive(row, "average_price", where),
        mark_price=optional_number(row, "mark_price", where),
        leverage=optional_number(row, "leverage", where),
        initial_margin=number(row, "initial_margin", where),
        maintenance_margin=number(row, "maintenance_margin", where),
    )


def read_orders(answer: object) -> tuple[OrderRow, ...]:
    """Open orders, those that wait for a trigger included.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.OPEN_ORDERS.name
    return tuple(_order(row, where) for row in rows(result_of(answer, where), where))


def _order(row: Row, where: str) -> OrderRow:
    waiting = text(row, "order_state", where) == "untriggered"
    # A market order has a word where others have their price.
    is_market = text(row, "order_type", where).endswith("market")
    filled = optional_number(row, "filled_amount", where) if waiting else number(row, "filled_amount", where)
    return OrderRow(
        market_id=text(row, "instrument_name", where),
        side=side_of(row, where),
        price=None if is_market else positive(row, "price", where),
        remaining=number(row, "amount", where) - (filled or 0.0),
        reduce_only=optional_flag(row, "reduce_only", where) or False,
        conditional=waiting,
        order_id=text(row, "order_id", where),
        client_order_id=optional_text(row, "label"),
    )


def side_of(row: Row, where: str) -> OrderSide:
    """Buy or sell.

    Raises:
        BadAnswer: neither.
    """
    word = text(row, "direction", where)
    if word == "buy":
        return "buy"
    if word == "sell":
        return "sell"
    raise refused(where, f"the direction of an order was {word!a}")


def read_index_price(answer: object) -> float:
    """What a coin is worth in USD.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.INDEX_PRICE.name
    return positive(record(result_of(answer, where), where), "index_price", where)


def read_mark(answer: object) -> float:
    """The mark price of an instrument.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.TICKER.name
    return positive(record(result_of(answer, where), where), "mark_price", where)


def read_depth(answer: object, listing: Listing) -> Depth:
    """The order book, in contracts.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    where = at.DEPTH.name
    row = record(result_of(answer, where), where)
    bids, asks = (
        tuple(DepthLevel(each.price, each.contracts / listing.contract_size) for each in read_levels(row, side, where))
        for side in ("bids", "asks")
    )
    return Depth(listing.symbol, bids, asks)


def read_rights(answer: object) -> KeyRights:
    """What the scope of a key allows: words such as `trade:read_write`, and `ip:` where it is bound to an address.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.AUTH.name
    words = text(record(result_of(answer, where), where), "scope", where).split()
    scope: Mapping[str, str] = dict(word.partition(":")[::2] for word in words)
    wallet = scope.get("wallet") == "read_write"
    return KeyRights(
        read=scope.get("account") in {"read", "read_write"},
        trade=scope.get("trade") == "read_write",
        withdraw=wallet,
        transfer=wallet,
        ip_restricted=True if "ip" in scope else None,
    )
