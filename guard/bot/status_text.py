"""A snapshot in words for a phone: cards of an account, lists of positions.

Pure: snapshot, present time and a reader's `Speech` in, Telegram HTML out. Every number has its unit, the age of the
data is always shown, and what is missing reads "unknown" with the reason. Foreign texts (names, symbols, errors) are
escaped and clipped.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from guard.bot.limits import Lazy, fitted
from guard.bot.more import more_accounts, more_positions
from guard.language.speech import Speech, quote_of, settle_of
from guard.language.words import quality_word, side_word, zone_word
from guard.ports.records import HedgeRecord, PositionSnapshot, Snapshot
from guard.risk.quality import Quality
from guard.risk.zones import Zone

# A check older than this is pointed out: the guard itself may be stuck. Calm accounts are read every minute or so.
OVERDUE_S = 300.0
CLIP = 240  # characters of one foreign text
NAME_CLIP = 64
HEDGES_SHOWN = 6

_QUALITIES = frozenset(quality.value for quality in Quality)

ICONS = {
    Zone.SAFE: "🟢",
    Zone.WATCH: "🟡",
    Zone.WARNING: "🟠",
    Zone.DANGER: "🔴",
    Zone.LIQUIDATION: "🆘",
    Zone.UNKNOWN: "❓",
}
# Most urgent first. Blindness is an alarm: it comes before every zone in which there is still time.
_URGENCY = (Zone.LIQUIDATION, Zone.UNKNOWN, Zone.DANGER, Zone.WARNING, Zone.WATCH, Zone.SAFE)


def escaped(text: str, length_max: int = CLIP) -> str:
    """A foreign text made harmless: one line, clipped, markup characters escaped."""
    line = " ".join(text.split())
    return html.escape(line if len(line) <= length_max else line[: length_max - 3] + "...", quote=False)


def by_urgency(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """The accounts, the most urgent first: by zone, then by how near liquidation is, then by name."""

    def urgency(snapshot: Snapshot) -> tuple[int, float, str]:
        near = math.inf if snapshot.distance is None else snapshot.distance
        return _URGENCY.index(snapshot.zone), near, snapshot.account

    return sorted(snapshots, key=urgency)


def status_text(speech: Speech, snapshots: Sequence[Snapshot], now: datetime) -> str:
    """One full card, or a short card for each of several accounts; ends with the time of this view."""
    ordered = by_urgency(snapshots)
    updated = speech.text("Updated {at}", at=speech.moment(now))
    if len(ordered) == 1:
        return fitted("", [full_card(speech, ordered[0], now)], updated, partial(more_accounts, speech))
    first = escaped(ordered[0].account, NAME_CLIP)
    tail = f"{speech.text('All figures of one: /status {account}', account=first)}\n{updated}"
    cards = Lazy([partial(short_card, speech, snapshot, now) for snapshot in ordered])
    return fitted("", cards, tail, partial(more_accounts, speech))


def full_card(speech: Speech, snapshot: Snapshot, now: datetime) -> str:
    """Everything that is known of one account."""
    text = speech.text
    if _is_empty(snapshot):
        return "\n".join([*_heading(speech, snapshot), _empty(speech), age_line(speech, snapshot, now)])
    lines = [
        *_heading(speech, snapshot),
        text("Risk ratio: <b>{ratio}</b> (100 % is liquidation)", ratio=_risk_ratio(speech, snapshot)),
        text("Distance to liquidation: <b>{distance}</b>", distance=_distance(speech, snapshot)),
        text("Margin level: <b>{level}</b>", level=_margin_level(speech, snapshot)),
        text("Equity: {money}", money=_money(speech, snapshot, snapshot.equity)),
        text("Unrealized PnL: {money}", money=_money(speech, snapshot, snapshot.unrealized_pnl)),
        text("Available margin: {money}", money=_money(speech, snapshot, snapshot.available_margin)),
        text("Maintenance margin: {money}", money=_money(speech, snapshot, snapshot.maintenance_margin)),
        text("Effective leverage: {leverage}", leverage=_leverage(speech, snapshot)),
        text("Positions: {positions}", positions=_positions_summary(speech, snapshot)),
        *_of_one_pool(speech, snapshot),
        *_hedges(speech, snapshot),
        age_line(speech, snapshot, now),
    ]
    return "\n".join(lines)


def _hedges(speech: Speech, snapshot: Snapshot) -> list[str]:
    """What the guard itself opened and still stands, each with what it protects."""
    if not snapshot.hedges:
        return []
    name = escaped(snapshot.account, NAME_CLIP)
    lines = [speech.text("Hedges of the guard, taken off by /unhedge {account}:", account=name)]
    lines += [hedge_line(speech, hedge) for hedge in snapshot.hedges[:HEDGES_SHOWN]]
    more = len(snapshot.hedges) - HEDGES_SHOWN
    if more > 0:
        lines.append(
            speech.plural("... and {count} more hedge: /actions", "... and {count} more hedges: /actions", more)
        )
    return lines


def hedge_line(speech: Speech, hedge: HedgeRecord) -> str:
    """`• 0.5 contracts BTC/USDT:USDT short against ETH/USDT:USDT long, since 12:00`."""
    return "• " + speech.text(
        "{size} {symbol} {leg} against {protected} {side}, since {at}",
        size=speech.contracts(float(hedge.contracts)),
        symbol=escaped(hedge.symbol, 60),
        leg=side_word(speech, hedge.leg),
        protected=escaped(hedge.protects_symbol, 60),
        side=side_word(speech, hedge.protects_leg),
        at=speech.short_time(hedge.opened_at),
    )


def _of_one_pool(speech: Speech, snapshot: Snapshot) -> list[str]:
    """That money is not that of the whole account, where its legs are in pools of several currencies."""
    if len({leg.currency for leg in snapshot.positions if leg.currency is not None}) < 2:
        return []
    return [speech.text("Money is that of the worst pool. Every pool: /risk")]


def short_card(speech: Speech, snapshot: Snapshot, now: datetime) -> str:
    """Four lines of one account among several; one more where hedges of the guard stand."""
    figures = (
        _empty(speech)
        if _is_empty(snapshot)
        else speech.text(
            "Risk ratio {ratio}, distance {distance}, margin level {level}",
            ratio=_risk_ratio(speech, snapshot),
            distance=_distance(speech, snapshot),
            level=_margin_level(speech, snapshot),
        )
    )
    count = speech.number(len(snapshot.hedges))
    hedges = [speech.text("Hedges of the guard: {count}", count=count)] if snapshot.hedges else []
    return "\n".join([*_heading(speech, snapshot), figures, *hedges, age_line(speech, snapshot, now)])


def positions_text(speech: Speech, snapshots: Sequence[Snapshot], now: datetime) -> str:
    """The legs of all given accounts, per account, the one nearest to its liquidation price first."""
    head = "" if snapshots else speech.text("No accounts.")
    items: list[Callable[[], str]] = []
    for snapshot in by_urgency(snapshots):
        legs = sorted(snapshot.positions, key=_leg_order)
        items.append(partial(_first_card, speech, snapshot, now, legs[0] if legs else None))
        items.extend(partial(position_card, speech, leg, snapshot) for leg in legs[1:])
    as_of = speech.text("As of {at}", at=speech.moment(now))
    return fitted(head, Lazy(items), as_of, partial(more_positions, speech))


def _first_card(speech: Speech, snapshot: Snapshot, now: datetime, leg: PositionSnapshot | None) -> str:
    """An account with its first leg: a leg is never shown without its account and the data's age."""
    name = f"{ICONS[snapshot.zone]} <b>{escaped(snapshot.account, NAME_CLIP)}</b>"
    heading = f"{name}\n{age_line(speech, snapshot, now)}"
    if leg is not None:
        return f"{heading}\n\n{position_card(speech, leg, snapshot)}"
    none = speech.text("Positions: {positions}", positions=_positions_summary(speech, snapshot))
    return f"{heading}\n{none}"


def position_card(speech: Speech, leg: PositionSnapshot, account: Snapshot) -> str:
    """One leg in five lines; of its account are the currency for symbols that name none, and what is known at all."""
    currency = account.currency
    text, unit = speech.text, _unit(leg, currency)
    margin = speech.money(leg.maintenance_margin, unit)
    if account.of_present_only:
        liquidation = text("Liquidation price: {price}", price=not_told(speech))
        margin = not_told(speech)
    elif leg.liquidation_price is None and is_due(account):
        liquidation = text("Liquidation price: reached")
    elif leg.liquidation_price is None:
        liquidation = text("Liquidation price out of reach")
    else:
        price = _price(speech, leg, leg.liquidation_price, currency)
        liquidation = text("Liquidation price {price} ({move} from mark)", price=price, move=_move(speech, leg))
    side, size = escaped(side_word(speech, leg.side), 10), speech.contracts(leg.contracts)
    return "\n".join(
        [
            f"<b>{escaped(leg.symbol, 60)}</b> {side} {size}",
            text(
                "Notional {notional}, PnL {pnl}",
                notional=speech.money(leg.notional, unit),
                pnl=speech.money(leg.unrealized_pnl, unit),
            ),
            text(
                "Entry {entry}, mark {mark}",
                entry=_price(speech, leg, leg.entry_price, currency),
                mark=_price(speech, leg, leg.mark_price, currency),
            ),
            text("Maintenance margin {money}", money=margin),
            liquidation,
        ]
    )


def _heading(speech: Speech, snapshot: Snapshot) -> list[str]:
    zone = zone_word(speech, snapshot.zone).upper()
    lines = [f"{ICONS[snapshot.zone]} <b>{escaped(snapshot.account, NAME_CLIP)}</b>: <b>{zone}</b>"]
    if snapshot.reason:
        lines.append(escaped(speech.sentence(snapshot.reason)))
    if snapshot.error and snapshot.error not in snapshot.reason:
        lines.append(speech.text("Not read: {error}", error=escaped(speech.sentence(snapshot.error))))
    return lines


def _why_missing(speech: Speech, snapshot: Snapshot) -> str:
    """Why a figure is absent, when it should be there."""
    if snapshot.error:
        return speech.text("the account could not be read")
    if snapshot.data_at is None:
        return speech.text("never read")
    return speech.text("data {quality}", quality=_quality(speech, snapshot))


def _quality(speech: Speech, snapshot: Snapshot) -> str:
    known = snapshot.quality in _QUALITIES
    return quality_word(speech, Quality(snapshot.quality)) if known else escaped(snapshot.quality)


def _unknown(speech: Speech, snapshot: Snapshot) -> str:
    return speech.text("unknown ({why})", why=_why_missing(speech, snapshot))


def not_told(speech: Speech) -> str:
    """What stands for prices of an account that is watched by its venue's own figures; never "out of reach"."""
    return speech.text("not known (the venue tells the present only)")


def is_due(snapshot: Snapshot) -> bool:
    """Whether the venue may liquidate a pool of the account now: equity does not cover the required margin."""
    if snapshot.risk_ratio is not None:
        return bool(snapshot.positions) and snapshot.risk_ratio >= 1.0
    return bool(snapshot.positions) and snapshot.equity is not None and snapshot.equity <= 0


def _blind(snapshot: Snapshot) -> bool:
    """No figures at all: nothing may be concluded from an absent one."""
    return snapshot.equity is None and not _is_empty(snapshot)


def _is_empty(snapshot: Snapshot) -> bool:
    """Nothing is held, as was just seen: there are no figures because there is nothing to compute them from."""
    seen = snapshot.quality == Quality.FRESH.value and snapshot.risk_ratio == 0.0
    return seen and snapshot.equity is None and not snapshot.positions


def _empty(speech: Speech) -> str:
    return speech.text("The account is empty: no collateral, no positions.")


def _risk_ratio(speech: Speech, snapshot: Snapshot) -> str:
    if snapshot.risk_ratio is not None:
        return speech.percent(snapshot.risk_ratio)
    if _blind(snapshot):
        return _unknown(speech, snapshot)
    return speech.text("beyond 100 % (no equity left)")


def _distance(speech: Speech, snapshot: Snapshot) -> str:
    if snapshot.distance is not None:
        return speech.percent(snapshot.distance)
    if _blind(snapshot):
        return _unknown(speech, snapshot)
    if snapshot.risk_ratio is None:
        return speech.text("none left (no equity left)")
    if snapshot.of_present_only:
        return not_told(speech)
    return speech.text("out of reach") if snapshot.positions else speech.text("out of reach (no positions)")


def _margin_level(speech: Speech, snapshot: Snapshot) -> str:
    if snapshot.margin_level is not None:
        return speech.percent(snapshot.margin_level)
    if _blind(snapshot) or snapshot.positions:
        return _unknown(speech, snapshot)
    return speech.text("not defined (no positions)")


def _leverage(speech: Speech, snapshot: Snapshot) -> str:
    if snapshot.effective_leverage is not None:
        return speech.multiple(snapshot.effective_leverage)
    return _unknown(speech, snapshot) if _blind(snapshot) else speech.text("not defined (no equity left)")


def _money(speech: Speech, snapshot: Snapshot, value: float | None) -> str:
    if value is None:
        return _unknown(speech, snapshot)
    return speech.money(value, escaped(snapshot.currency or "", 12))


def _positions_summary(speech: Speech, snapshot: Snapshot) -> str:
    if not snapshot.positions:
        return _unknown(speech, snapshot) if _blind(snapshot) else speech.text("none")
    nearest = min(snapshot.positions, key=_leg_order)
    count = len(snapshot.positions)
    if is_due(snapshot):  # the price of a leg would be where that ends
        return speech.text("{count}, can be liquidated now", count=count)
    leg = f"{escaped(nearest.symbol, 60)} {escaped(side_word(speech, nearest.side), 10)}"
    if nearest.liquidation_price is None:
        return speech.text("{count}, largest {leg}", count=count, leg=leg)
    return speech.text(
        "{count}, nearest to liquidation {leg} at {price} ({move})",
        count=count,
        leg=leg,
        price=_price(speech, nearest, nearest.liquidation_price, snapshot.currency),
        move=_move(speech, nearest),
    )


def age_line(speech: Speech, snapshot: Snapshot, now: datetime) -> str:
    """How good and how old the data is; in a second line when the guard itself has not looked for long."""
    checked_s = (now - snapshot.at).total_seconds()
    if snapshot.data_at is None:
        line = speech.text("Data: never read")
    else:
        age = speech.duration((now - snapshot.data_at).total_seconds())
        line = speech.text("Data: {quality}, {age} old", quality=_quality(speech, snapshot), age=age)
    if checked_s > OVERDUE_S:
        late = speech.text("The guard has not looked for {age}", age=speech.duration(checked_s))
        line += f"\n⚠️ {late}"
    return line


def _leg_order(leg: PositionSnapshot) -> tuple[float, float]:
    """Nearest to its liquidation price first; legs that cannot be liquidated last, the largest first."""
    if leg.liquidation_price is None or leg.mark_price <= 0:
        return (float("inf"), -abs(leg.notional))
    return (abs(leg.liquidation_price / leg.mark_price - 1), -abs(leg.notional))


def _move(speech: Speech, leg: PositionSnapshot) -> str:
    """The relative move of the mark that reaches the liquidation price, with its sign."""
    if leg.liquidation_price is None or leg.mark_price <= 0:
        return speech.text("unknown")
    return speech.change(leg.liquidation_price / leg.mark_price - 1)


def _price(speech: Speech, leg: PositionSnapshot, value: float, currency: str | None) -> str:
    """A price of a leg in what its symbol is quoted in; the account's currency where it says nothing."""
    unit = escaped(quote_of(leg.symbol) or currency or "", 12)
    return f"{speech.amount(value)} {unit}".rstrip()


def _unit(leg: PositionSnapshot, currency: str | None) -> str:
    """The currency of a leg's money: that of the pool it is in, which need not be the one it settles in."""
    return escaped(leg.currency or settle_of(leg.symbol) or currency or "", 12)
