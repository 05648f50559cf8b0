"""The market of the venue at its present moment: marks, books and funding rates. Knows no accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orderbook import Depth, Level, OrderBook, without
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.engine.prices import PricePath, PriceSeries, flat_path
from guard.sandbox.engine.sides import Side

if TYPE_CHECKING:
    from guard.sandbox.engine.rule import MarginRule

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AssetIndex:
    """What a margin asset is worth in USD: `index` and the buffers of multi-assets mode (fractions).

    With `follows` the index is the mark of that symbol instead.
    """

    index: Decimal = Decimal(1)
    bid_buffer: Decimal = _ZERO
    ask_buffer: Decimal = _ZERO
    follows: str = ""

    @property
    def bid_rate(self) -> Decimal:
        """USD per unit when the account has the asset."""
        return self.index * (1 - self.bid_buffer)

    @property
    def ask_rate(self) -> Decimal:
        """USD per unit when the account owes it."""
        return self.index * (1 + self.ask_buffer)


@dataclass(slots=True)
class Market:
    """Prices of every listed symbol at `now_ms`; the mark, the index and the last price are all the mid.

    `rule` is how the venue computes margins; every part of the engine that needs a margin asks it.
    """

    instruments: dict[str, Instrument]
    now_ms: int
    rule: MarginRule
    depth: Depth = field(default_factory=Depth)
    refill_ms: int = 1000
    series: dict[str, PriceSeries] = field(default_factory=dict)
    funding_rates: dict[str, Decimal] = field(default_factory=dict)
    default_funding_rate: Decimal = Decimal("0.0001")
    assets: dict[str, AssetIndex] = field(default_factory=dict)
    _taken: dict[tuple[str, Side], tuple[int, Decimal]] = field(default_factory=dict)
    _marks: dict[str, tuple[int, Decimal]] = field(default_factory=dict)

    def list_symbol(self, instrument: Instrument, path: PricePath) -> None:
        """Start (or restart) a symbol on a price path."""
        self.instruments[instrument.symbol] = instrument
        self.series[instrument.symbol] = PriceSeries(instrument.symbol, path)
        self.assets.setdefault(instrument.margin_asset, AssetIndex())
        self._marks.pop(instrument.symbol, None)

    def instrument(self, symbol: str) -> Instrument:
        """The contract, or a Rejection when the venue does not list it."""
        if symbol not in self.series:
            raise Rejection(Reason.UNKNOWN_SYMBOL, symbol)
        return self.instruments[symbol]

    def symbols(self) -> list[str]:
        """Every listed symbol, in a fixed order."""
        return sorted(self.series)

    def mark(self, symbol: str) -> Decimal:
        """The mark price now, in quote units."""
        cached = self._marks.get(symbol)
        if cached is None or cached[0] != self.now_ms:
            cached = (self.now_ms, self.series[symbol].price(self.now_ms))
            self._marks[symbol] = cached
        return cached[1]

    def marks(self) -> Mapping[str, Decimal]:
        """The mark of every listed symbol."""
        return {symbol: self.mark(symbol) for symbol in self.symbols()}

    def supposing(self, symbol: str, price: Decimal) -> Market:
        """This market as it would be now if the mark of `symbol` were `price`; for a look only."""
        return replace(self, _marks={**self._marks, symbol: (self.now_ms, price)})

    def set_path(self, symbol: str, path: PricePath) -> None:
        """Follow another path from now on."""
        self.series[self.instrument(symbol).symbol].replace_from(self.now_ms, path)
        self._marks.pop(symbol, None)

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Put the mark at `price` (> 0, quote units) and hold it there."""
        self.set_path(symbol, flat_path(price))

    def funding_rate(self, symbol: str) -> Decimal:
        """What longs pay shorts at the next funding, as a fraction of notional."""
        return self.funding_rates.get(symbol, self.default_funding_rate)

    def asset(self, asset: str) -> AssetIndex:
        """The index and buffers of a margin asset."""
        found = self.assets.get(asset) or AssetIndex()
        return replace(found, index=self.mark(found.follows)) if found.follows else found

    def book(self, symbol: str) -> OrderBook:
        """The order book now, less what takers took since the last refill."""
        book = self.depth.around(self.mark(symbol), self.instruments[symbol])
        return OrderBook(
            bids=without(book.bids, self._taken_of(symbol, Side.SELL)),
            asks=without(book.asks, self._taken_of(symbol, Side.BUY)),
        )

    def levels_for(self, symbol: str, side: Side) -> tuple[Level, ...]:
        """The levels that a taker of `side` meets now."""
        return self.book(symbol).against(side)

    def take(self, symbol: str, side: Side, qty: Decimal) -> None:
        """Remember that a taker of `side` took `qty` from the book."""
        self._taken[symbol, side] = (self.now_ms, self._taken_of(symbol, side) + qty)

    def _taken_of(self, symbol: str, side: Side) -> Decimal:
        at_ms, qty = self._taken.get((symbol, side), (self.now_ms, _ZERO))
        return qty if self.now_ms - at_ms < self.refill_ms else _ZERO
