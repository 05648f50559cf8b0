"""What changed in an account between two readings that nobody in the guard did. Pure.

A venue does not say "I closed a part of your position": it shows less of it. So two books are compared: legs that
vanished or shrank, money that came or went, tables and modes that the venue changed, a place at the head of the
auto-deleveraging queue, a stablecoin among the collateral that lost its peg.

What explains a smaller leg: the guard's own orders, and orders that rested in the book before and are gone or smaller
now. What explains money: a changed leg of the same currency (realized PnL, fees; another entry price of the same size
is a settlement), a fee taken in the venue's own coin, or an amount that funding can have.
So a transfer at the very moment of a fill, or one as small as funding, is not told; the zone follows it all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from guard.language.speech import ENGLISH, Speech
from guard.language.words import side_word
from guard.risk.assets import STABLE
from guard.risk.book import Book, Collateral, Position, Side, Tier

LegKey = tuple[str, str]
"""Symbol and side of a leg."""

Told = Callable[[Speech], tuple[str, ...]]
"""Lines in a person's way of reading, the most important one first."""

_CLOSED_BY: Final[Mapping[str, str]] = {"long": "sell", "short": "buy"}
_SIZE_NOISE: Final = 1e-9
# Funding of one interval is capped at 3 % of notional on the venues in view, and rarely passes a tenth of that.
_FUNDING_SHARE: Final = 0.01
# Less than one unit of a dollar's worth is dust: interest, rounding, what a conversion left.
_DUST: Final = 1.0
# Fees of a trade may be taken in these, whatever its currency.
_FEE_ASSETS: Final = frozenset({"BNB"})


class ChangeKind(StrEnum):
    """What changed."""

    LEG_GONE = "leg_gone"
    LEG_SHRUNK = "leg_shrunk"
    MONEY_OUT = "money_out"
    MONEY_IN = "money_in"
    TIERS = "tiers"
    POSITION_MODE = "position_mode"
    ACCOUNT_MODE = "account_mode"
    ADL = "adl"
    DEPEG = "depeg"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it is of (a leg, a currency, a symbol), and how it is told, the most important line first."""

    kind: ChangeKind
    subject: str
    told: Told = field(compare=False, repr=False)

    @property
    def lines(self) -> tuple[str, ...]:
        """How it is told in English."""
        return self.told(ENGLISH)


@dataclass(frozen=True, slots=True)
class ChangeBars:
    """From where on a change is told: fractions.

    `transfer`: of the balance of a currency. `adl`: place in the deleveraging queue, 1 = next. `depeg`: distance of a
    stablecoin from 1. `legs`: whether legs that vanish or shrink are told.
    """

    transfer: float = 0.01
    adl: float = 0.8
    depeg: float = 0.01
    legs: bool = True


def leg_sizes(book: Book) -> dict[LegKey, float]:
    """Contracts by leg; one-way and isolated legs alike."""
    sizes: defaultdict[LegKey, float] = defaultdict(float)
    for leg in book.positions:
        sizes[leg.symbol, leg.side] += leg.contracts
    return dict(sizes)


def lost_legs(before: Mapping[LegKey, float], after: Mapping[LegKey, float]) -> dict[LegKey, float]:
    """How many contracts each leg has lost."""
    lost = {key: size - after.get(key, 0.0) for key, size in before.items()}
    return {key: size for key, size in lost.items() if size > _SIZE_NOISE * before[key]}


def explained_by_orders(before: Book, after: Book) -> dict[LegKey, float]:
    """Contracts by leg that resting and conditional orders of the earlier book can have closed since.

    A conditional order that still waits has closed nothing, also when it is smaller: one for the whole leg always is as
    large as the leg, and shrinks with it when the leg is liquidated in part.
    """
    closed: defaultdict[LegKey, float] = defaultdict(float)
    still = {order.order_id: order.remaining for order in after.orders if order.order_id}
    waiting = {order.order_id for order in after.orders if order.order_id and order.conditional}
    sides: tuple[Side, Side] = ("long", "short")
    for order in before.orders:
        if order.conditional and order.order_id in waiting:
            continue
        for side in sides:
            closes = order.side == _CLOSED_BY[side] and order.position_side in {None, side}
            if closes:
                closed[order.symbol, side] += max(0.0, order.remaining - still.get(order.order_id or "", 0.0))
    return dict(closed)


def leg_changes(
    before: Mapping[LegKey, float],
    after: Mapping[LegKey, float],
    explained: Mapping[LegKey, float],
) -> Iterator[Change]:
    """Legs that vanished or shrank by more than what is explained.

    Args:
        before: contracts by leg at the earlier reading.
        after: contracts by leg now.
        explained: contracts by leg that known orders can have closed in between.
    """
    for key, lost in sorted(lost_legs(before, after).items()):
        unexplained = lost - explained.get(key, 0.0)
        if unexplained <= _SIZE_NOISE * before[key]:
            continue
        yield _smaller_leg(key, before[key], after.get(key, 0.0))


def _smaller_leg(key: LegKey, was: float, now: float) -> Change:
    symbol, side = key
    is_gone = now <= _SIZE_NOISE * was

    def told(speech: Speech) -> tuple[str, ...]:
        cause = speech.text(
            "No order that the guard knows of did that: you, a liquidation or auto-deleveraging. Check the venue."
        )
        leg = f"{side_word(speech, side)} {symbol}"
        if is_gone:
            head = speech.text("The {leg} position is gone ({size}).", leg=leg, size=speech.contracts(was))
        else:
            smaller, size = speech.number(was, 10, at_least=0), speech.contracts(now)
            head = speech.text("The {leg} position shrank from {was} to {size}.", leg=leg, was=smaller, size=size)
        return (head, cause)

    return Change(ChangeKind.LEG_GONE if is_gone else ChangeKind.LEG_SHRUNK, f"{side} {symbol}", told)


def book_changes(before: Book, after: Book, bars: ChangeBars) -> Iterator[Change]:
    """Everything else that changed between two books of one account."""
    yield from mode_changes(before.position_mode, before.model, after.position_mode, after.model)
    yield from _money_changes(before, after, bars.transfer)
    yield from _tier_changes(before, after)
    yield from _depegs(before, after, bars.depeg)


def mode_changes(mode_before: str, model_before: str, mode: str, model: str) -> Iterator[Change]:
    """The position mode, or the rule by which margin is computed, became another."""
    if mode_before != mode:
        yield Change(ChangeKind.POSITION_MODE, f"position mode {mode}", _position_mode_told(mode))
    if model_before != model:
        yield Change(ChangeKind.ACCOUNT_MODE, f"account mode {model}", _model_told(model_before, model))


def _position_mode_told(after: str) -> Told:
    def told(speech: Speech) -> tuple[str, ...]:
        if after == "hedge":
            head = speech.text("The position mode changed from one-way to hedge.")
        else:
            head = speech.text("The position mode changed from hedge to one-way.")
        return (head, speech.text("Orders of the guard follow the new mode."))

    return told


def _model_told(before: str, after: str) -> Told:
    def told(speech: Speech) -> tuple[str, ...]:
        return (
            speech.text(
                "The margin mode of the account changed: it is now computed as {now}, was {was}.", now=after, was=before
            ),
            speech.text("Zones and distances before and after are not the same measure."),
        )

    return told


def _money_changes(before: Book, after: Book, bar: float) -> Iterator[Change]:
    """Balances that moved while no leg of their currency did."""
    was = {item.asset: item.balance - item.borrowed for item in before.collateral}
    now = {item.asset: item.balance - item.borrowed for item in after.collateral}
    if was == now:
        return
    held, holds = _legs_by_settle(before), _legs_by_settle(after)
    traded = {asset for asset in held.keys() | holds.keys() if held.get(asset) != holds.get(asset)}
    # Spot trades and conversions are no transfers: where a shared pool trades one asset for another both move.
    for asset in sorted((was.keys() | now.keys()) - traded):
        moved = now.get(asset, 0.0) - was.get(asset, 0.0)
        floor = max(bar * max(abs(was.get(asset, 0.0)), abs(now.get(asset, 0.0))), _funding(before, asset))
        floor = max(floor, _DUST) if asset in STABLE else floor
        is_fee = asset in _FEE_ASSETS and moved < 0 and bool(traded)
        if abs(moved) <= floor or moved == 0 or is_fee:
            continue
        kind = ChangeKind.MONEY_IN if moved > 0 else ChangeKind.MONEY_OUT
        yield Change(kind, asset, _money_told(asset, was.get(asset, 0.0), now.get(asset, 0.0)))


def _money_told(asset: str, was: float, now: float) -> Told:
    def told(speech: Speech) -> tuple[str, ...]:
        moved = speech.money(abs(now - was), asset)
        if now > was:
            head = speech.text("{amount} came in while no position in {asset} changed.", amount=moved, asset=asset)
        else:
            head = speech.text("{amount} left while no position in {asset} changed.", amount=moved, asset=asset)
        balance = speech.text("Balance {now}, was {was}.", now=speech.money(now, asset), was=speech.money(was, asset))
        return (head, balance, speech.text("A transfer, a withdrawal, a conversion or a charge of the venue."))

    return told


def _legs_by_settle(book: Book) -> dict[str, frozenset[tuple[str, str, float, float, float | None]]]:
    found: dict[str, set[tuple[str, str, float, float, float | None]]] = {}
    for leg in book.positions:
        held = (leg.symbol, leg.side, leg.contracts, leg.entry_price, leg.isolated_margin)
        found.setdefault(leg.settle, set()).add(held)
    return {settle: frozenset(legs) for settle, legs in found.items()}


def _funding(book: Book, asset: str) -> float:
    """An amount of `asset` that funding of the held legs can have been."""
    return _FUNDING_SHARE * sum(_notional(leg) for leg in book.positions if leg.settle == asset)


def _notional(leg: Position) -> float:
    size = leg.contracts * leg.contract_size
    return size / leg.mark_price if leg.kind == "inverse" else size * leg.mark_price


def _tier_changes(before: Book, after: Book) -> Iterator[Change]:
    if before.tiers is after.tiers:
        return
    held = {leg.symbol for leg in before.positions} & {leg.symbol for leg in after.positions}
    for symbol in sorted(held):
        was, now = before.tiers.get(symbol), after.tiers.get(symbol)
        if was and now and was != now:
            yield Change(ChangeKind.TIERS, symbol, _tiers_told(symbol, was, now))


def _tiers_told(symbol: str, was: tuple[Tier, ...], now: tuple[Tier, ...]) -> Told:
    def told(speech: Speech) -> tuple[str, ...]:
        head = speech.text("The venue changed the margin tiers of {symbol}.", symbol=symbol)
        return (head, _first_difference(speech, was, now))

    return told


def _first_difference(speech: Speech, was: tuple[Tier, ...], now: tuple[Tier, ...]) -> str:
    """The first row that differs, in words."""
    for old, new in zip(was, now, strict=False):
        if old != new:
            return speech.text(
                "From {floor}: maintenance rate {rate}, was {old_rate} from {old_floor}.",
                floor=speech.amount(new.floor),
                rate=speech.percent(new.mm_rate),
                old_rate=speech.percent(old.mm_rate),
                old_floor=speech.amount(old.floor),
            )
    return speech.text("It has {now} rows now, had {was}.", now=len(now), was=len(was))


def _depegs(before: Book, after: Book, bar: float) -> Iterator[Change]:
    """Stablecoins among the collateral that lost their peg since."""
    was = {item.asset: item.price for item in before.collateral if item.asset in STABLE}
    for item in after.collateral:
        if item.asset not in STABLE or item.balance == 0:
            continue
        off, earlier = abs(item.price - 1.0), abs(was.get(item.asset, 1.0) - 1.0)
        if off >= bar > earlier:
            yield Change(ChangeKind.DEPEG, item.asset, _depeg_told(item))


def _depeg_told(item: Collateral) -> Told:
    def told(speech: Speech) -> tuple[str, ...]:
        price, held = speech.price(item.price, f"{item.asset}/USD"), speech.money(item.balance, item.asset)
        return (
            speech.text("{asset} among the collateral is at {price}, off its peg.", asset=item.asset, price=price),
            speech.text("You hold {amount} of it.", amount=held),
        )

    return told


def adl_changes(before: Mapping[LegKey, float], after: Mapping[LegKey, float], bar: float) -> Iterator[Change]:
    """Legs that have come to the head of the auto-deleveraging queue; places as fractions, 1 = next."""
    for key, place in sorted(after.items()):
        if place >= bar > before.get(key, 0.0):
            symbol, side = key
            yield Change(ChangeKind.ADL, f"{side} {symbol}", _adl_told(symbol, side, place))


def _adl_told(symbol: str, side: str, place: float) -> Told:
    def told(speech: Speech) -> tuple[str, ...]:
        return (
            speech.text(
                "The {leg} position is near the head of the venue's auto-deleveraging queue ({place}).",
                leg=f"{side_word(speech, side)} {symbol}",
                place=speech.percent(place),
            ),
            speech.text(
                "The venue may close it against somebody's liquidation. Less leverage or taking profit moves it back."
            ),
        )

    return told
