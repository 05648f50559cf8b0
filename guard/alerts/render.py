"""Alert messages as a person reads them on a phone: the most important line first. Pure, English.

Every figure has its unit and its age; a figure that is not known says so and why. Text from outside (names, reasons,
errors of a venue) is escaped. The wording lives here alone, so that a catalogue of languages can replace it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from guard.alerts.figures import amount, base_of, duration, money, percent, price, utc_time
from guard.alerts.markup import bold, safe
from guard.alerts.worst import WorstPosition, worst_pool, worst_position
from guard.ports.records import AlertReason, Reading, Snapshot
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk
from guard.risk.zones import Zone

ZONE_MARKS: Final = {
    Zone.SAFE: "🟢",
    Zone.WATCH: "🟡",
    Zone.WARNING: "🟠",
    Zone.DANGER: "🔴",
    Zone.LIQUIDATION: "🆘",
    Zone.UNKNOWN: "⚫",
}


@dataclass(frozen=True, slots=True)
class KnownLevels:
    """What was known at an earlier moment; each figure None when it was not known or has no value."""

    at: datetime
    risk_ratio: float | None
    distance: float | None
    margin_level: float | None


def known_levels(earlier: Snapshot | Reading | None) -> KnownLevels | None:
    """The levels of an earlier snapshot or reading; None when it knew none."""
    if earlier is None:
        return None
    if isinstance(earlier, Reading):
        if earlier.risk is None:
            return None
        risk = earlier.risk
        return KnownLevels(earlier.at, risk.risk_ratio, risk.distance, risk.margin_level)
    if earlier.data_at is None or (earlier.risk_ratio is None and earlier.equity is None):
        return None
    return KnownLevels(earlier.data_at, earlier.risk_ratio, earlier.distance, earlier.margin_level)


def render_zone(reason: AlertReason, reading: Reading, before: Zone, earlier: Snapshot | Reading | None = None) -> str:
    """The message about a change of zone.

    Args:
        reason: why it is sent.
        reading: the cycle's result; the zone and the reason for it are taken from it.
        before: the zone that was shown until now.
        earlier: a former snapshot or reading, the last one with figures, to compare with.

    Returns:
        Chat markup, one fact a line.
    """
    was = known_levels(earlier)
    head = [_zone_head(reason, reading, before)]
    if reading.zone is Zone.UNKNOWN:
        return "\n".join([*head, *_blind_lines(reading, was)])
    if reading.risk is None:
        return "\n".join([*head, *_unread_lines(reading, was), _time_line(reading)])
    if positions_gone(reading.risk, before, earlier):
        head = [f"⚪ <b>NO POSITIONS</b> · {bold(reading.account)} (was {before})"]
        return "\n".join([*head, *_gone_lines(reading.risk), *_doubt_lines(reading), _time_line(reading)])
    body = _calm_lines if reading.zone is Zone.SAFE else _alarm_lines
    return "\n".join([*head, *body(reading, reading.risk, was), *_doubt_lines(reading), _time_line(reading)])


def _zone_head(reason: AlertReason, reading: Reading, before: Zone) -> str:
    """`🔴 DANGER · alice (was warning)`."""
    notes = {
        AlertReason.REPEAT: "still",
        AlertReason.RESOLVED: f"resolved, was {before}",
        AlertReason.BETTER: f"better, was {before}",
    }
    note = notes.get(reason, f"was {before}")
    if before is Zone.UNKNOWN:
        note = "data is back"
    zone = reading.zone
    return f"{ZONE_MARKS[zone]} <b>{zone.upper()}</b> · {bold(reading.account)} ({note})"


def positions_gone(risk: AccountRisk, before: Zone, earlier: Snapshot | Reading | None) -> bool:
    """Whether an account that had positions has none: an alarm needs positions, and so does the eye of `earlier`."""
    if any(pool.positions for pool in risk.pools):
        return False
    if before not in {Zone.SAFE, Zone.UNKNOWN}:
        return True
    if isinstance(earlier, Snapshot):
        return bool(earlier.positions)
    return earlier is not None and earlier.risk is not None and any(pool.positions for pool in earlier.risk.pools)


def _gone_lines(risk: AccountRisk) -> list[str]:
    """Deliberately no "resolved": a book that was liquidated is as empty as one that was closed."""
    return [
        "<b>All its positions are gone.</b>",
        "If neither you nor the guard closed them, the venue liquidated them. Check the venue now.",
        *_equity_lines(risk),
    ]


def _alarm_lines(reading: Reading, risk: AccountRisk, was: KnownLevels | None) -> list[str]:
    worst = worst_position(risk)
    return [
        *_liquidation_lines(worst),
        f"Why: {safe(reading.reason)}",
        *_level_lines(reading, risk, was),
        *_worst_lines(worst),
        *_equity_lines(risk),
    ]


def _calm_lines(reading: Reading, risk: AccountRisk, was: KnownLevels | None) -> list[str]:
    return [*_level_lines(reading, risk, was), *_liquidation_lines(worst_position(risk)), *_equity_lines(risk)]


def _liquidation_lines(worst: WorstPosition | None) -> list[str]:
    """`BTC at 57,200 USDT liquidates you (4.2 % below 59,700 USDT now)`."""
    if worst is None:
        return ["No open positions."]
    leg = worst.leg
    if leg.liquidation_price is None or worst.move is None:
        return ["No price of a single position liquidates you by itself."]
    side = "below" if worst.move < 0 else "above"
    level = f"{safe(base_of(leg.symbol))} at {safe(price(leg.liquidation_price, leg.symbol))}"
    now = f"{percent(abs(worst.move))} {side} {safe(price(leg.mark_price, leg.symbol))} now"
    return [f"<b>{level} liquidates you</b> ({now})"]


def _level_lines(reading: Reading, risk: AccountRisk, was: KnownLevels | None) -> list[str]:
    ago = f"{duration((reading.at - was.at).total_seconds())} ago" if was else ""

    def then(figure: float | None) -> str:
        return f", was {percent(figure)} {ago}" if figure is not None else ""

    return [
        f"Risk ratio {_risk_ratio(risk)}{then(was.risk_ratio if was else None)} (100 % = liquidation)",
        f"Distance to liquidation {_distance(risk)}{then(was.distance if was else None)}",
        f"Margin level {_margin_level(risk)}{then(was.margin_level if was else None)} (equity / initial margin)",
    ]


def _risk_ratio(risk: AccountRisk) -> str:
    return "above 100 %, no equity is left" if risk.risk_ratio is None else percent(risk.risk_ratio)


def _distance(risk: AccountRisk) -> str:
    if risk.distance is not None:
        return f"{percent(risk.distance)} of all prices together"
    return "none left" if risk.risk_ratio is None else "out of reach"


def _margin_level(risk: AccountRisk) -> str:
    return "none, no positions" if risk.margin_level is None else percent(risk.margin_level)


def _worst_lines(worst: WorstPosition | None) -> list[str]:
    """`Worst position: long 109.488 contracts BTC/USDT:USDT (smallest own move to liquidation; 17 % of ...)`."""
    if worst is None:
        return []
    leg = worst.leg
    share = f"; {percent(worst.share)} of the maintenance margin" if worst.share is not None else ""
    size = f"{leg.side} {amount(leg.contracts, 8)} contracts {safe(leg.symbol)}"
    pnl = f"unrealized PnL {money(leg.unrealized_pnl, safe(worst.pool.currency))}"
    return [f"Worst position: {size} ({worst.why}{share}), {pnl}"]


def _equity_lines(risk: AccountRisk) -> list[str]:
    pool = worst_pool(risk)
    if pool is None:
        return []
    kind = f"isolated {safe(pool.symbol)}" if pool.symbol else f"{pool.margin_mode} {safe(pool.currency)}"
    which = f" (worst pool: {kind})" if len(risk.pools) > 1 else ""
    return [f"Equity {money(pool.equity, safe(pool.currency))}{which}"]


def _doubt_lines(reading: Reading) -> list[str]:
    """What is wrong with the data behind the figures, if anything."""
    if reading.quality.quality is Quality.FRESH:
        return []
    why = "; ".join(reading.quality.reasons) or "no detail"
    return [f"⚠️ Data is {reading.quality.quality}: {safe(why)}"]


def _time_line(reading: Reading) -> str:
    if reading.risk is None:
        return f"Checked {utc_time(reading.at)}"
    return f"Data {duration(reading.quality.age_s)} old · {utc_time(reading.at)}"


def _blind_lines(reading: Reading, was: KnownLevels | None) -> list[str]:
    why = [reading.reason]
    if reading.error and reading.error not in reading.reason:
        why.append(reading.error)
    return [
        "<b>The guard cannot see this account.</b>",
        f"Why: {safe('; '.join(line for line in why if line) or 'no detail')}",
        *_unread_lines(reading, was),
        "While it is blind, no order is sent. Check the venue yourself.",
        f"Checked {utc_time(reading.at)}",
    ]


def _unread_lines(reading: Reading, was: KnownLevels | None) -> list[str]:
    """Figures that are unknown say so; the last known ones never stand without their age."""
    lines = ["Risk ratio, distance and margin level now: unknown"]
    if was is None:
        return [*lines, "Nothing is known from before."]
    parts = [
        f"{name} {percent(figure)}"
        for name, figure in (
            ("risk ratio", was.risk_ratio),
            ("distance to liquidation", was.distance),
            ("margin level", was.margin_level),
        )
        if figure is not None
    ]
    ago = duration((reading.at - was.at).total_seconds())
    return [*lines, f"Last known, {ago} ago: {', '.join(parts) or 'no positions'}"]


def render_dispute(reason: AlertReason, reading: Reading) -> str:
    """The message that our figures and the venue's own do not, or again do, agree."""
    if reason is AlertReason.RESOLVED:
        return "\n".join(
            [f"🟢 <b>AGREES AGAIN</b> · {bold(reading.account)}: our figures and the venue's", _time_line(reading)]
        )
    why = "; ".join(reading.quality.reasons) or "no detail"
    return "\n".join(
        [
            f"⚠️ <b>DISPUTED</b> · {bold(reading.account)}",
            f"Our figures and the venue's do not agree: {safe(why)}",
            "The worse of both counts; no order is sent until they agree.",
            _time_line(reading),
        ]
    )


def render_undelivered(destination: str, error: str, text: str, at: datetime) -> str:
    """The notice, on another channel, that a message could not be delivered; it carries the whole message."""
    return "\n".join([f"📭 <b>NOT DELIVERED</b> to {safe(destination)}", f"Why: {safe(error)}", utc_time(at), "", text])
