"""Rows of Bybit turned into the values of a book, with the names of what is missing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from guard.risk.book import Collateral, Fees, Order, Position, Side, Tier
from guard.venues.bybit.closing_fee import ChargedLeg, measured_taker
from guard.venues.bybit.parse import Category, CoinRow, OrderRow, PositionRow
from guard.venues.bybit.parse_reference import FeeRates, loan_rate

if TYPE_CHECKING:
    from guard.venues.bybit.assemble import Answers, Reference
    from guard.venues.markets import MarketTable

_CONTRACT_SIZE = 1.0
# Bybit, "adlRankIndicator": 1 to 5, of which 5 lights mean the head of the queue; 0 belongs to an empty position.
_ADL_NEXT = 5.0
_STABLE_QUOTES = ("USDT", "USDC")


def unpriced(answers: Answers, markets: MarketTable) -> tuple[str, ...]:
    """Coins that something settles in or that count for something, and whose price the wallet does not tell.

    The venue writes no worth of coins that are no collateral, and has no index price of them: only debts need one.
    """
    rows = {row.coin: row for row in answers.wallet.coins}
    listings = (markets.by_id.get(market_id) for market_id in answers.used)
    settles = {listing.settle for listing in listings if listing}
    settling = {coin for coin in settles if coin not in rows or not rows[coin].is_priced_well}
    worth = {row.coin for row in rows.values() if row.price is None and _is_worth_something(row)}
    return tuple(sorted(settling | worth))


def _is_worth_something(row: CoinRow) -> bool:
    return row.owed != 0.0 or row.wallet < 0.0 or (row.counts and row.wallet != 0.0)


def isolated_margin(row: PositionRow) -> float | None:
    """What an isolated leg has for itself before its PnL: `positionIM`, or the deprecated `positionBalance`.

    Source: V5 documents, "Add Or Reduce Margin": 0.11033265 BTC at 12x with 0.01 BTC added has a `positionIM` of
    0.01926611 = 0.11033265 / 12 + 0.01 + fee to close; so it holds added margin and the fee.
    """
    return row.initial or row.balance


class BookBuilder:
    """Turns rows into book values, collecting what is missing."""

    def __init__(self, answers: Answers, reference: Reference) -> None:
        self._answers = answers
        self._reference = reference
        self._marks: dict[str, float] = {}
        self._unpriced = frozenset(unpriced(answers, reference.markets)) - reference.prices.keys()
        self.adl: dict[tuple[str, str], float] = {}
        # The venue's own figures, which are all there is of portfolio margin, hold options too.
        options = () if self._margin == "portfolio" else answers.options
        self.missing: list[str] = [f"option position {symbol}" for symbol in options]
        self.tiers: dict[str, tuple[Tier, ...]] = {}
        if reference.modes.has_inverse_apart and any(category == "inverse" for category in answers.used.values()):
            self.missing.append("wallet of inverse contracts, which this older unified account keeps apart")

    @property
    def _margin(self) -> str:
        return self._reference.modes.margin

    def _names(self, market_id: str, category: Category) -> tuple[str, str]:
        """Symbol and settlement coin; for a market that is not listed, what they would be."""
        listing = self._reference.markets.by_id.get(market_id)
        if listing is not None:
            return listing.symbol, listing.settle
        self.missing.append(f"listing of {market_id}")
        base, quote = _guessed(market_id, category)
        settle = base if category == "inverse" else quote
        return f"{base}/{quote}:{settle}", settle

    def positions(self) -> tuple[Position, ...]:
        """The legs that are held."""
        return tuple(self._position(row) for row in self._answers.held)

    def _position(self, row: PositionRow) -> Position:
        """One leg. Without a mark price its entry price stands in, and the mark is named as missing."""
        symbol, settle = self._names(row.market_id, row.category)
        self._take_tiers(row.market_id, symbol)
        # Both legs of a hedge share a mark, in whichever row it stands.
        mark = self._marks.get(symbol) or row.mark_price
        if mark is None:
            self.missing.append(f"mark price of {symbol}")
            mark = row.entry_price
        self._marks[symbol] = mark
        if row.adl is not None:
            self.adl[symbol, row.side] = min(1.0, row.adl / _ADL_NEXT)
        isolated = self._margin == "isolated"
        return Position(
            symbol=symbol,
            side=row.side,
            contracts=row.size,
            contract_size=_CONTRACT_SIZE,
            kind=row.category,
            settle=settle,
            entry_price=row.entry_price,
            mark_price=mark,
            leverage=self._leverage(row.leverage, symbol),
            margin_mode="isolated" if isolated else "cross",
            isolated_margin=self._isolated_margin(row, symbol) if isolated else None,
        )

    def _take_tiers(self, market_id: str, symbol: str) -> None:
        if self._margin == "portfolio":  # the venue's own figures are all there is
            return
        tiers = self._reference.tiers.get(market_id)
        if tiers:
            self.tiers[symbol] = tiers
        else:
            self.missing.append(f"tiers of {symbol}")

    def _leverage(self, leverage: float | None, symbol: str) -> float:
        if leverage is not None:
            return leverage
        if self._margin != "portfolio":  # there it does not exist, and nothing is computed with it
            self.missing.append(f"leverage of {symbol}")
        return 1.0

    def _isolated_margin(self, row: PositionRow, symbol: str) -> float:
        """The leg's own margin; named as missing where it is not told."""
        margin = isolated_margin(row)
        if margin is None:
            self.missing.append(f"margin of {symbol} {row.side}")
        return margin or 0.0

    def orders(self) -> tuple[Order, ...]:
        """The orders. One that closes whatever its leg holds has the leg's size, and is none on an empty leg."""
        sized = (
            (row, self._closed_by(row) if row.remaining is None else row.remaining) for row in self._answers.orders
        )
        return tuple(self._order(row, remaining) for row, remaining in sized if remaining > 0)

    def _order(self, row: OrderRow, remaining: float) -> Order:
        symbol, _ = self._names(row.market_id, row.category)
        if not row.reduce_only and not row.conditional:
            self._take_tiers(row.market_id, symbol)
        return Order(
            symbol=symbol,
            side=row.side,
            price=row.price,
            remaining=remaining,
            reduce_only=row.reduce_only,
            position_side=row.position_side,
            conditional=row.conditional,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
        )

    def _closed_by(self, order: OrderRow) -> float:
        closes: Side = "long" if order.side == "sell" else "short"
        held = (row for row in self._answers.held if row.market_id == order.market_id)
        return next((row.size for row in held if row.side == closes), 0.0)

    def collateral(self) -> tuple[Collateral, ...]:
        """The coins with their prices and haircuts, without what isolated legs have put aside.

        A coin that something settles in stands there even where the wallet holds none of it: its PnL does.
        """
        aside = self._put_aside()
        settles = {self._names(market_id, category)[1] for market_id, category in self._answers.used.items()}
        found = [
            self._coin(row, aside.get(row.coin, 0.0))
            for row in self._answers.wallet.coins
            if row.wallet or row.owed or row.unrealized or row.coin in settles
        ]
        absent = sorted(settles - {item.asset for item in found})
        return (*found, *(Collateral(coin, 0.0, price=self._price(coin, None)) for coin in absent))

    def _put_aside(self) -> dict[str, float]:
        aside: dict[str, float] = {}
        if self._margin == "isolated":
            for row in self._answers.held:
                _, settle = self._names(row.market_id, row.category)
                aside[settle] = aside.get(settle, 0.0) + (isolated_margin(row) or 0.0)
        return aside

    def _coin(self, row: CoinRow, aside: float) -> Collateral:
        price = self._price(row.coin, row)
        # Debts are owed on top of the balance in the book; here a part of them may be in the wallet already.
        balance = row.wallet - row.spot_owed + row.owed - aside
        rate = 0.0
        if row.owed:
            known = loan_rate(self._reference.loans.get(row.coin, ()), row.owed)
            if known is None and self._margin != "portfolio":
                self.missing.append(f"maintenance rate of the debt in {row.coin}")
            rate = known or 0.0
        if not row.counts:
            return Collateral(row.coin, balance, price, haircut=1.0, borrowed=row.owed, borrow_mm_rate=rate)
        tiers = self._reference.ratios.get(row.coin, ())
        if not tiers and self._margin != "portfolio":
            self.missing.append(f"collateral ratio of {row.coin}")
        if len(tiers) == 1 and tiers[0].cap is None:
            haircut, tiers = tiers[0].haircut, ()
        else:
            haircut = 0.0 if tiers else 1.0
        return Collateral(
            row.coin, balance, price, haircut, borrowed=row.owed, borrow_mm_rate=rate, haircut_tiers=tiers
        )

    def _price(self, coin: str, row: CoinRow | None) -> float:
        """USD per coin; one that is needed and not told well is named as missing."""
        if coin in self._unpriced:
            self.missing.append(f"index price of {coin}")
        return self._reference.prices.get(coin) or (row.price if row else None) or 1.0

    def fees(self, positions: Sequence[Position], collateral: Sequence[Collateral]) -> Fees:
        """The highest fees of what is used; the taker's as the venue's own margins contain it (`closing_fee`)."""
        rates = [self._rates(market_id) for market_id in self._answers.used]
        listings = list(self._reference.markets.by_id.values())[:1] if not rates else []
        rates += [FeeRates(listing.taker, listing.maker) for listing in listings]
        taker = max((rate.taker for rate in rates), default=0.0)
        maker = max((rate.maker for rate in rates), default=0.0)
        return Fees(taker=measured_taker(self._plain_legs(positions, collateral), taker), maker=maker)

    def _rates(self, market_id: str) -> FeeRates:
        own = self._reference.fees.get(market_id)
        if own is not None:
            return own
        self.missing.append(f"fees of {market_id}")
        listing = self._reference.markets.by_id.get(market_id)
        return FeeRates(listing.taker, listing.maker) if listing else FeeRates(0.0, 0.0)

    def _plain_legs(self, positions: Sequence[Position], collateral: Sequence[Collateral]) -> list[ChargedLeg]:
        """Cross legs without a hedge or open orders, whose margins have the plain form."""
        if self._margin != "cross":
            return []
        legs = Counter(position.symbol for position in positions)
        ordered = {row.market_id for row in self._answers.orders if not row.reduce_only and not row.conditional}
        prices = {item.asset: item.price for item in collateral}
        return [
            ChargedLeg(position, self.tiers[position.symbol], row.maintenance, prices[position.settle])
            for position, row in zip(positions, self._answers.held, strict=True)
            if row.maintenance is not None
            and legs[position.symbol] == 1
            and row.market_id not in ordered
            and position.symbol in self.tiers
        ]

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What rules must know of symbols that have orders and no position."""
        found: dict[str, dict[str, Any]] = {}
        for market_id, category in sorted(self._answers.only_ordered.items()):
            symbol, _ = self._names(market_id, category)
            leverage = self._leverage(self._reference.leverages.get(market_id), symbol)
            terms = {"contract_size": _CONTRACT_SIZE, "leverage": leverage}
            mark = self._reference.marks.get(market_id)
            if mark is None:
                self.missing.append(f"mark price of {symbol}")
            found[symbol] = terms if mark is None else {**terms, "mark_price": mark}
        return found


def _guessed(market_id: str, category: Category) -> tuple[str, str]:
    """Base and quote of a market that is not listed, by its name."""
    name = market_id.partition("-")[0]
    if category == "inverse":
        return name.removesuffix("USD"), "USD"
    for quote in _STABLE_QUOTES:
        if name.endswith(quote):
            return name.removesuffix(quote), quote
    return name.removesuffix("PERP"), "USDC"
