"""A snapshot in words for a phone: cards of an account, lists of positions.

Pure: snapshot and present time in, Telegram HTML out. Every number has its unit, the age of the data is always shown,
and what is missing reads "unknown" with the reason. Foreign texts (names, symbols, errors) are escaped and clipped.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from guard.bot.figures import UNKNOWN, age, amount, clock_time, contracts, multiple, percent
from guard.bot.limits import fitted
from guard.ports.records import PositionSnapshot, Snapshot
from guard.risk.zones import Zone

# A check older than this is pointed out: the guard itself may be stuck. Calm accounts are read every minute or so.
OVERDUE_S = 300.0
CLIP = 240  # characters of one foreign text
NAME_CLIP = 64

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
    """The accounts, the most urgent first, then by name."""
    return sorted(snapshots, key=lambda snapshot: (_URGENCY.index(snapshot.zone), snapshot.account))


def status_text(snapshots: Sequence[Snapshot], now: datetime) -> str:
    """One full card, or a short card for each of several accounts; ends with the time of this view."""
    ordered = by_urgency(snapshots)
    updated = f"Updated {clock_time(now)}"
    if len(ordered) == 1:
        return fitted("", [full_card(ordered[0], now)], updated, "accounts")
    tail = f"All figures of one: /status {escaped(ordered[0].account, NAME_CLIP)}\n{updated}"
    return fitted("", [short_card(snapshot, now) for snapshot in ordered], tail, "accounts")


def full_card(snapshot: Snapshot, now: datetime) -> str:
    """Everything that is known of one account."""
    currency = snapshot.currency or ""
    why = _why_missing(snapshot)
    lines = [
        *_heading(snapshot),
        f"Risk ratio: <b>{_risk_ratio(snapshot)}</b> (100 % is liquidation)",
        f"Distance to liquidation: <b>{_distance(snapshot)}</b>",
        f"Margin level: <b>{_margin_level(snapshot)}</b>",
        f"Equity: {_money(snapshot.equity, currency, why)}",
        f"Unrealized PnL: {_money(snapshot.unrealized_pnl, currency, why)}",
        f"Available margin: {_money(snapshot.available_margin, currency, why)}",
        f"Maintenance margin: {_money(snapshot.maintenance_margin, currency, why)}",
        f"Effective leverage: {_leverage(snapshot)}",
        f"Positions: {_positions_summary(snapshot)}",
        _age_line(snapshot, now),
    ]
    return "\n".join(lines)


def short_card(snapshot: Snapshot, now: datetime) -> str:
    """Four lines of one account among several."""
    figures = (
        f"Risk ratio {_risk_ratio(snapshot)}, distance {_distance(snapshot)}, margin level {_margin_level(snapshot)}"
    )
    return "\n".join([*_heading(snapshot), figures, _age_line(snapshot, now)])


def positions_text(snapshots: Sequence[Snapshot], now: datetime) -> str:
    """The legs of all given accounts, per account, the one nearest to its liquidation price first."""
    head = "" if snapshots else "No accounts."
    items: list[str] = []
    for snapshot in by_urgency(snapshots):
        heading = f"{ICONS[snapshot.zone]} <b>{escaped(snapshot.account, NAME_CLIP)}</b>\n{_age_line(snapshot, now)}"
        legs = sorted(snapshot.positions, key=_leg_order)
        if not legs:
            items.append(f"{heading}\nPositions: {_positions_summary(snapshot)}")
            continue
        # The heading travels with the first leg: a leg is never shown without its account and the data's age.
        items.append(f"{heading}\n\n{position_card(legs[0], snapshot.currency)}")
        items.extend(position_card(leg, snapshot.currency) for leg in legs[1:])
    return fitted(head, items, f"As of {clock_time(now)}", "positions")


def position_card(leg: PositionSnapshot, currency: str | None) -> str:
    """One leg in five lines."""
    settle, quote = _units(leg.symbol, currency)
    if leg.liquidation_price is None:
        liquidation = "out of reach"
    else:
        liquidation = f"{amount(leg.liquidation_price, quote)} ({_move(leg)} from mark)"
    return "\n".join(
        [
            f"<b>{escaped(leg.symbol, 60)}</b> {escaped(leg.side, 10)} {contracts(leg.contracts)}",
            f"Notional {amount(leg.notional, settle)}, PnL {amount(leg.unrealized_pnl, settle)}",
            f"Entry {amount(leg.entry_price, quote)}, mark {amount(leg.mark_price, quote)}",
            f"Maintenance margin {amount(leg.maintenance_margin, settle)}",
            f"Liquidation price {liquidation}",
        ]
    )


def _heading(snapshot: Snapshot) -> list[str]:
    lines = [f"{ICONS[snapshot.zone]} <b>{escaped(snapshot.account, NAME_CLIP)}</b>: <b>{snapshot.zone.upper()}</b>"]
    if snapshot.reason:
        lines.append(escaped(snapshot.reason))
    if snapshot.error and snapshot.error not in snapshot.reason:
        lines.append(f"Not read: {escaped(snapshot.error)}")
    return lines


def _why_missing(snapshot: Snapshot) -> str:
    """Why a figure is absent, when it should be there."""
    if snapshot.error:
        return "the account could not be read"
    if snapshot.data_at is None:
        return "never read"
    return f"data {escaped(snapshot.quality)}"


def _unknown(snapshot: Snapshot) -> str:
    return f"{UNKNOWN} ({_why_missing(snapshot)})"


def _blind(snapshot: Snapshot) -> bool:
    """No figures at all: nothing may be concluded from an absent one."""
    return snapshot.equity is None


def _risk_ratio(snapshot: Snapshot) -> str:
    if snapshot.risk_ratio is not None:
        return percent(snapshot.risk_ratio)
    if _blind(snapshot):
        return _unknown(snapshot)
    return "beyond 100 % (no equity left)"


def _distance(snapshot: Snapshot) -> str:
    if snapshot.distance is not None:
        return percent(snapshot.distance)
    if _blind(snapshot):
        return _unknown(snapshot)
    if snapshot.risk_ratio is None:
        return "none left (no equity left)"
    return "out of reach" if snapshot.positions else "out of reach (no positions)"


def _margin_level(snapshot: Snapshot) -> str:
    if snapshot.margin_level is not None:
        return percent(snapshot.margin_level)
    return _unknown(snapshot) if _blind(snapshot) or snapshot.positions else "not defined (no positions)"


def _leverage(snapshot: Snapshot) -> str:
    if snapshot.effective_leverage is not None:
        return multiple(snapshot.effective_leverage)
    return _unknown(snapshot) if _blind(snapshot) else "not defined (no equity left)"


def _money(value: float | None, currency: str, why: str) -> str:
    return f"{UNKNOWN} ({why})" if value is None else amount(value, escaped(currency, 12))


def _positions_summary(snapshot: Snapshot) -> str:
    if not snapshot.positions:
        return _unknown(snapshot) if _blind(snapshot) else "none"
    nearest = min(snapshot.positions, key=_leg_order)
    count = len(snapshot.positions)
    symbol = f"{escaped(nearest.symbol, 60)} {escaped(nearest.side, 10)}"
    if nearest.liquidation_price is None:
        return f"{count}, largest {symbol}"
    _, quote = _units(nearest.symbol, snapshot.currency)
    return f"{count}, nearest to liquidation {symbol} at {amount(nearest.liquidation_price, quote)} ({_move(nearest)})"


def _age_line(snapshot: Snapshot, now: datetime) -> str:
    checked_s = (now - snapshot.at).total_seconds()
    if snapshot.data_at is None:
        line = "Data: never read"
    else:
        line = f"Data: {escaped(snapshot.quality)}, {age((now - snapshot.data_at).total_seconds())} old"
    if checked_s > OVERDUE_S:
        line += f"\n⚠️ The guard has not looked for {age(checked_s)}"
    return line


def _leg_order(leg: PositionSnapshot) -> tuple[float, float]:
    """Nearest to its liquidation price first; legs that cannot be liquidated last, the largest first."""
    if leg.liquidation_price is None or leg.mark_price <= 0:
        return (float("inf"), -abs(leg.notional))
    return (abs(leg.liquidation_price / leg.mark_price - 1), -abs(leg.notional))


def _move(leg: PositionSnapshot) -> str:
    """The relative move of the mark that reaches the liquidation price, with its sign."""
    if leg.liquidation_price is None or leg.mark_price <= 0:
        return UNKNOWN
    move = leg.liquidation_price / leg.mark_price - 1
    return f"+{percent(move)}" if move > 0 else percent(move)


def _units(symbol: str, currency: str | None) -> tuple[str, str]:
    """Settle and quote currency of a unified symbol `BASE/QUOTE:SETTLE`; the account's currency where it says none."""
    pair, _, settle = symbol.partition(":")
    _, _, quote = pair.partition("/")
    fallback = currency or ""
    return escaped(settle.partition("-")[0] or fallback, 12), escaped(quote or fallback, 12)
