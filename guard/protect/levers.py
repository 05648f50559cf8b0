"""Which legs may be cut, and which hedges may be opened, under the limits; and why others may not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from guard.ports.venue import Depth, Instrument
from guard.protect.cost import cost_curve
from guard.protect.legs import LegKey
from guard.protect.lever import Lever
from guard.protect.plan_values import PlanLimits
from guard.protect.programme import Tie
from guard.protect.proxies import REFERENCE, no_proxy_line, proxy_symbols, shares_of
from guard.protect.sizing import (
    contract_notional,
    exact,
    largest_child,
    leg_notional,
    limit_price,
    smallest_order,
    tradable_leg,
)
from guard.risk.assets import FIAT, STABLE, parts
from guard.risk.book import Book, OrderSide, Position, Side

OPPOSITE: Mapping[Side, Side] = {"long": "short", "short": "long"}


@dataclass(frozen=True, slots=True)
class Market:
    """What is known of the venue's symbols, and what may be used of it."""

    instruments: Mapping[str, Instrument]
    depth: Mapping[str, Depth]
    limits: PlanLimits
    taker: float

    def lever(self, position: Position, *, grows: bool) -> Lever | str:
        """The lever of a leg, or why it cannot be traded. A leg that grows comes with the size that it may grow by."""
        name = f"{position.symbol} {position.side}"
        instrument = self.instruments.get(position.symbol)
        if instrument is None:
            return f"{name} has no trading rules"
        side: OrderSide = "buy" if (position.side == "long") == grows else "sell"
        price = limit_price(side, position.mark_price, self.limits.max_slippage_bps, instrument.tick)
        if price <= 0:
            return f"{name} has no price inside the band: its mark is below the venue's tick of {instrument.tick}"
        smallest = smallest_order(instrument, position, price)
        leg = tradable_leg(instrument, position)
        if leg < smallest:
            return f"{name} of {leg} contracts is below the smallest order of {smallest}"
        if largest_child(instrument, position, price, self.limits.max_child_notional) < 2 * smallest:
            return f"{name} has a smallest order of {smallest} contracts, above half of the largest order allowed"
        # An order that opens a leg eats the side of the order book that closing the opposite leg eats.
        eats = replace(position, side=OPPOSITE[position.side]) if grows else position
        curve = cost_curve(
            eats,
            self.depth.get(position.symbol),
            fee_rate=self.taker,
            max_slippage_bps=self.limits.max_slippage_bps,
            allowance_bps=self.limits.allowance_bps,
        )
        step = instrument.step
        return Lever(position, instrument, curve, int(leg / step), int(smallest / step), grows=grows)

    def barred(self, symbol: str, settle: str) -> str:
        """Why a symbol may not be traded whatever its size; empty = it may."""
        if self.limits.allow_symbols and symbol not in self.limits.allow_symbols:
            return "is not in allow_symbols"
        return quoted_in_coin(symbol, settle)


def quoted_in_coin(symbol: str, settle: str) -> str:
    """Why the limits, which are in dollars, say nothing about a symbol; empty = they do."""
    quote = parts(symbol, settle)[1]
    return "" if quote in STABLE or quote in FIAT else f"is quoted in {quote}, limits are in dollars"


def cutting_levers(book: Book, market: Market) -> tuple[list[Lever], list[str]]:
    """The legs that may be made smaller, by name, and why the others may not."""
    levers, obstacles = [], []
    for position in book.positions:
        why = market.barred(position.symbol, position.settle) or held_twice(book, position)
        lever = f"{position.symbol} {position.side} {why}" if why else market.lever(position, grows=False)
        if isinstance(lever, str):
            obstacles.append(lever)
        else:
            levers.append(lever)
    # By name: the plan must not depend on the order in which a venue lists positions.
    return sorted(levers, key=lambda lever: lever.key), obstacles


def held_twice(book: Book, position: Position) -> str:
    """Why a leg cannot be acted upon because there are two of its name; empty = there are not."""
    if sum((held.symbol, held.side) == (position.symbol, position.side) for held in book.positions) > 1:
        # No order and no look at what is left could tell the two apart.
        return "is held twice, in cross and isolated margin"
    return ""


def netting_groups(levers: Sequence[Lever]) -> tuple[list[Lever], list[tuple[int, ...]], list[Tie]]:
    """Where legs may be netted and not reduced: levers of symbols with both legs, moving by the same size."""
    kept: list[Lever] = []
    groups: list[tuple[int, ...]] = []
    ties: list[Tie] = []
    by_key = {lever.key: lever for lever in levers}
    for lever in levers:
        other = by_key.get((lever.position.symbol, "short"))
        if lever.position.side != "long" or other is None:
            continue
        top = min(lever.top, other.top)
        smallest = max(lever.smallest, other.smallest)
        if top < smallest:
            continue
        index = len(kept)
        kept += [replace(lever, top=top, smallest=smallest), replace(other, top=top, smallest=smallest)]
        groups.append((index, index + 1))
        ties.append(Tie(((index, 1.0), (index + 1, -1.0)), 0.0, exact=True))
    return kept, groups, ties


@dataclass(frozen=True, slots=True)
class Hedges:
    """Levers that hedge, with what keeps them below the exposure that they hedge.

    `ties` hold a hedge to the exposure that is left after the plan; every allowed plan obeys `loose` (a plan may also
    cut the protected leg further and not hedge at all). Lever indices count from the first cutting lever on.
    """

    levers: tuple[Lever, ...]
    ties: tuple[Tie, ...]
    loose: tuple[Tie, ...]


def hedging_levers(
    book: Book,
    legs: Sequence[Position],
    cutting: Sequence[Lever],
    market: Market,
    betas: Mapping[str, float],
    hedged: Mapping[LegKey, float],
) -> Hedges:
    """Hedges of the cross legs of one pool: the opposite leg of a symbol in hedge mode, proxies where betas are given.

    Args:
        book: the account.
        legs: the pool's legs.
        cutting: levers of the pool that come before these.
        market: what may be traded.
        betas: beta of coins; those with beta 1 are what others are hedged with.
        hedged: quote value of legs that proxies stand against already.
    """
    own = _opposites(book, legs, cutting, market, hedged)
    proxy = _proxy(book, legs, market, betas, hedged)
    if proxy is not None:
        own = [each for each in own if each[0].key != proxy.key]
    levers, ties, loose = [], [], []
    for offset, (lever, tie, relaxed) in enumerate(own):
        index = len(cutting) + offset
        levers.append(lever)
        ties.append(replace(tie, weights=((index, 1.0), *tie.weights)))
        loose.append(replace(relaxed, weights=((index, 1.0), *relaxed.weights)))
    if proxy is not None:
        tie, relaxed = _weighed([*cutting, *levers], proxy, legs, betas)
        levers.append(proxy)
        ties.append(tie)
        loose.append(relaxed)
    return Hedges(tuple(levers), tuple(ties), tuple(loose))


_Hedge = tuple[Lever, Tie, Tie]


def _opposites(
    book: Book, legs: Sequence[Position], cutting: Sequence[Lever], market: Market, hedged: Mapping[LegKey, float]
) -> list[_Hedge]:
    if book.position_mode != "hedge":
        return []
    held = {(leg.symbol, leg.side): leg for leg in legs}
    place = {lever.key: index for index, lever in enumerate(cutting)}
    found: list[_Hedge] = []
    for key in sorted(held):
        leg, side = held[key], OPPOSITE[key[1]]
        other = held.get((leg.symbol, side))
        room = exact(leg.contracts) - (exact(other.contracts) if other is not None else 0)
        # What a proxy stands against is hedged: an order would have no room for it.
        room -= exact(hedged.get(key, 0.0) / contract_notional(leg.kind, leg.contract_size, leg.mark_price))
        if room <= 0 or market.barred(leg.symbol, leg.settle) or _isolated_there(book, leg.symbol, side):
            continue
        template = replace(leg, side=side, contracts=float(room), entry_price=leg.mark_price)
        lever = market.lever(template, grows=True)
        if isinstance(lever, str):
            continue
        lever = replace(lever, held=other is not None, protects=f"{leg.symbol} {leg.side}")
        most = float(room) * lever.curve.unit
        whole = leg.contracts * lever.curve.unit
        cut, widened = place.get(key), place.get((leg.symbol, side))
        tie = [(cut, 1.0)] if cut is not None else []
        relaxed = [(cut, most / whole)] if cut is not None else []
        wider = [(widened, -1.0)] if widened is not None else []
        found.append((lever, Tie((*tie, *wider), most), Tie((*relaxed, *wider), most)))
    return found


def _isolated_there(book: Book, symbol: str, side: Side) -> bool:
    return any((leg.symbol, leg.side, leg.margin_mode) == (symbol, side, "isolated") for leg in book.positions)


def _exposure(legs: Sequence[Position], betas: Mapping[str, float]) -> float:
    """What the legs weigh together by their betas, in quote currency; positive: long."""
    return sum(leg.sign * betas[leg.base] * leg_notional(leg) for leg in legs if leg.base in betas)


def _proxy(
    book: Book,
    legs: Sequence[Position],
    market: Market,
    betas: Mapping[str, float],
    hedged: Mapping[LegKey, float],
) -> Lever | None:
    """The side of a reference symbol that offsets what the pool's legs weigh together.

    One reference is enough, and two would have to share the exposure.
    """
    exposure = _exposure(legs, betas)
    if exposure == 0.0:
        return None
    exposed: Side = "long" if exposure > 0.0 else "short"
    shares = shares_of(legs, exposed, betas, hedged)
    settles = {leg.settle for leg in legs}
    for symbol in sorted(market.instruments):
        settle = symbol.partition(":")[2]
        if betas.get(symbol.partition("/")[0]) != REFERENCE or settle not in settles:
            continue
        lever = _proxy_on(book, symbol, OPPOSITE[exposed], market, abs(exposure))
        # Against its own symbol alone it is no proxy.
        if isinstance(lever, Lever) and any(each.key[0] != symbol for each in shares):
            return replace(lever, protects=f"{shares[0].key[0]} {shares[0].key[1]}", shares=shares)
    return None


def _proxy_on(book: Book, symbol: str, side: Side, market: Market, exposure: float) -> Lever | str:
    """The lever that opens or grows a leg of a reference symbol against `exposure` (quote), or why there is none."""
    why = market.barred(symbol, symbol.partition(":")[2])
    alone = next((each for each in (side, OPPOSITE[side]) if _isolated_there(book, symbol, each)), None)
    if not why and alone is not None:
        why = f"has an isolated {alone} leg"
    held = [leg.side for leg in book.positions if leg.symbol == symbol]
    if not why and book.position_mode == "one_way" and OPPOSITE[side] in held:
        why = f"is held {OPPOSITE[side]} in one-way mode, an order would make that leg smaller"
    if why:
        return f"it {why}"
    template = _template(book, symbol, side, market)
    if template is None:
        return "it has no price"
    unit = contract_notional(template.kind, template.contract_size, template.mark_price)
    lever = market.lever(replace(template, contracts=exposure / unit), grows=True)
    return lever if isinstance(lever, str) else replace(lever, held=side in held)


def _weighed(
    levers: Sequence[Lever], proxy: Lever, legs: Sequence[Position], betas: Mapping[str, float]
) -> tuple[Tie, Tie]:
    """What keeps a proxy below the exposure that the levers before it leave."""
    side = proxy.position.side
    exposure = abs(_exposure(legs, betas))
    less, more = [], []
    for index, lever in enumerate(levers):
        beta = betas.get(lever.position.base, 0.0)
        if not beta:
            continue
        # A leg of the exposed side that is cut, or one of the other side that grows, leaves less of it.
        if (lever.position.side == side) == lever.grows:
            less.append((index, beta))
        else:
            more.append((index, -beta))
    me = (len(levers), 1.0)
    return Tie((me, *less, *more), exposure), Tie((me, *more), exposure)


def proxy_obstacles(book: Book, market: Market, betas: Mapping[str, float]) -> list[str]:
    """Which contracts with known trading rules cannot be what cross legs are hedged with, and why, one line each."""
    found = []
    for symbol in proxy_symbols(book, betas):
        exposure = _exposure([leg for leg in book.positions if leg.margin_mode == "cross"], betas)
        if symbol in market.instruments and exposure:
            side: Side = "short" if exposure > 0.0 else "long"
            lever = _proxy_on(book, symbol, side, market, abs(exposure))
            found += [no_proxy_line(symbol, lever)] if isinstance(lever, str) else []
    return found


def _template(book: Book, symbol: str, side: Side, market: Market) -> Position | None:
    """A leg of a symbol: like one that is held, or from trading rules, parameters and order book."""
    like = next((leg for leg in book.positions if leg.symbol == symbol and leg.margin_mode == "cross"), None)
    if like is not None:
        return replace(like, side=side, entry_price=like.mark_price)
    terms, depth = book.parameters.get(symbol, {}), market.depth.get(symbol)
    mark = terms.get("mark_price")
    if mark is None and depth is not None and depth.bids and depth.asks:
        mark = (depth.bids[0].price + depth.asks[0].price) / 2.0
    if mark is None:
        return None
    settle = symbol.partition(":")[2]
    leverage = terms.get("leverage") or min((leg.leverage for leg in book.positions), default=1.0)
    return Position(
        symbol=symbol,
        side=side,
        contracts=1.0,
        contract_size=float(market.instruments[symbol].contract_size),
        kind="inverse" if symbol.partition("/")[0] == settle else "linear",
        settle=settle,
        entry_price=float(mark),
        mark_price=float(mark),
        leverage=float(leverage),
    )


def alone(levers: Iterable[Lever]) -> tuple[tuple[int, ...], ...]:
    """Groups of levers that each move by themselves."""
    return tuple((index,) for index, _ in enumerate(levers))
