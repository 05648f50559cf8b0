"""Alert messages as a person reads them on a phone: the most important line first. Pure.

Every figure has its unit and its age; a figure that is not known says so and why. Text from outside (names, reasons,
errors of a venue) is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from guard.alerts.markup import bold, safe
from guard.alerts.ways_text import ways_lines
from guard.alerts.worst import WorstPosition, is_due, worst_pool, worst_position
from guard.language.speech import Speech, base_of
from guard.language.words import quality_word, side_word, zone_word
from guard.ports.records import AlertReason, Reading, Snapshot
from guard.ports.ways_out import WaysOut
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


@dataclass(frozen=True, slots=True)
class More:
    """What a message about a zone is written with besides the reading: `then`, what was known a while ago, and ways."""

    then: Snapshot | None = None
    ways: WaysOut | None = None


NOTHING_MORE: Final = More()

_COMPARED_FROM_S: Final = 60.0
"""What was known less than a minute ago says nothing about where an account is going."""


def render_zone(
    speech: Speech,
    reason: AlertReason,
    reading: Reading,
    before: Zone,
    earlier: Snapshot | Reading | None = None,
    more: More = NOTHING_MORE,
) -> str:
    """The message about a change of zone.

    Args:
        speech: how the reader reads.
        reason: why it is sent.
        reading: the cycle's result; the zone and the reason for it are taken from it.
        before: the zone that was shown until now.
        earlier: the last snapshot or reading with figures.
        more: levels of a while ago to compare with (else those of `earlier`), ways out.

    Returns:
        Chat markup, one fact a line.
    """
    was = known_levels(earlier)
    then = known_levels(more.then) or was
    head = [_zone_head(speech, reason, reading, before)]
    if reading.zone is Zone.UNKNOWN:
        return "\n".join([*head, *_blind_lines(speech, reading, was)])
    if reading.risk is None:
        return "\n".join([*head, *_unread_lines(speech, reading, was), _time_line(speech, reading)])
    tail = [*_doubt_lines(speech, reading), _time_line(speech, reading)]
    if positions_gone(reading.risk, before, earlier):
        was_zone = speech.text("was {zone}", zone=zone_word(speech, before))
        title = f"⚪ <b>{speech.text('NO POSITIONS')}</b> · {bold(reading.account)}"
        head = [speech.text("{first} ({second})", first=title, second=was_zone)]
        return "\n".join([*head, *_gone_lines(speech, reading.risk), *tail])
    if reading.zone is Zone.SAFE:
        return "\n".join([*head, *_calm_lines(speech, reading, reading.risk, then), *tail])
    return "\n".join([*head, *_alarm_lines(speech, reading, reading.risk, then, more.ways), *tail])


def _zone_head(speech: Speech, reason: AlertReason, reading: Reading, before: Zone) -> str:
    """`🔴 DANGER · alice (was warning)`."""
    zone = reading.zone
    note = _head_note(speech, reason, before, zone)
    title = f"{ZONE_MARKS[zone]} <b>{zone_word(speech, zone).upper()}</b> · {bold(reading.account)}"
    return speech.text("{first} ({second})", first=title, second=note)


def _head_note(speech: Speech, reason: AlertReason, before: Zone, zone: Zone) -> str:
    if before is Zone.UNKNOWN:
        return speech.text("data is back")
    was = zone_word(speech, before)
    match reason:
        case AlertReason.REPEAT:
            return speech.text("still")
        case AlertReason.RESOLVED:
            return speech.text("resolved, was {zone}", zone=was)
        case AlertReason.BETTER:
            return speech.text("better, was {zone}", zone=was)
        case AlertReason.WORSE if before is zone:
            return speech.text("nearer to liquidation")
        case _:
            return speech.text("was {zone}", zone=was)


def positions_gone(risk: AccountRisk, before: Zone, earlier: Snapshot | Reading | None) -> bool:
    """Whether an account that had positions has none: an alarm needs positions, and so does the eye of `earlier`."""
    if any(pool.positions for pool in risk.pools):
        return False
    if before not in {Zone.SAFE, Zone.UNKNOWN}:
        return True
    if isinstance(earlier, Snapshot):
        return bool(earlier.positions)
    return earlier is not None and earlier.risk is not None and any(pool.positions for pool in earlier.risk.pools)


def _gone_lines(speech: Speech, risk: AccountRisk) -> list[str]:
    """Deliberately no "resolved": a book that was liquidated is as empty as one that was closed."""
    gone = speech.text("All its positions are gone.")
    check = speech.text("If neither you nor the guard closed them, the venue liquidated them. Check the venue now.")
    return [f"<b>{gone}</b>", check, *_equity_lines(speech, risk)]


def _alarm_lines(
    speech: Speech, reading: Reading, risk: AccountRisk, then: KnownLevels | None, ways: WaysOut | None
) -> list[str]:
    """What kills, how near it is, what is worst, what helps; then why, and the rest."""
    worst = worst_position(risk)
    return [
        *_liquidation_lines(speech, worst),
        *_level_lines(speech, reading, risk, then),
        *_worst_lines(speech, worst),
        *ways_lines(speech, ways),
        speech.text("Why: {why}", why=safe(speech.sentence(reading.reason))),
        *_equity_lines(speech, risk),
    ]


def _calm_lines(speech: Speech, reading: Reading, risk: AccountRisk, then: KnownLevels | None) -> list[str]:
    return [
        *_level_lines(speech, reading, risk, then),
        *_liquidation_lines(speech, worst_position(risk)),
        *_equity_lines(speech, risk),
    ]


def _liquidation_lines(speech: Speech, worst: WorstPosition | None) -> list[str]:
    """`BTC at 57,200 USDT liquidates you (4.2 % below 59,700 USDT now)`."""
    if worst is None:
        return [speech.text("No open positions.")]
    if is_due(worst.pool):
        return [f"<b>{speech.text('It can be liquidated now: equity does not cover the required margin.')}</b>"]
    leg = worst.leg
    if leg.liquidation_price is None or worst.move is None:
        return [speech.text("No price of a single position liquidates you by itself.")]
    level = speech.text(
        "{base} at {price} liquidates you",
        base=safe(base_of(leg.symbol)),
        price=safe(speech.price(leg.liquidation_price, leg.symbol)),
    )
    move, mark = speech.percent(abs(worst.move)), safe(speech.price(leg.mark_price, leg.symbol))
    if worst.move < 0:
        now = speech.text("{move} below {mark} now", move=move, mark=mark)
    else:
        now = speech.text("{move} above {mark} now", move=move, mark=mark)
    return [speech.text("{first} ({second})", first=f"<b>{level}</b>", second=now)]


def _level_lines(speech: Speech, reading: Reading, risk: AccountRisk, was: KnownLevels | None) -> list[str]:
    past_s = (reading.at - was.at).total_seconds() if was else 0.0
    ago = speech.duration(past_s)

    def then(figure: float | None) -> str:
        if figure is None or past_s < _COMPARED_FROM_S:
            return ""
        return speech.text(", was {figure} {age} ago", figure=speech.percent(figure), age=ago)

    return [
        speech.text(
            "Risk ratio {level}{was} (100 % = liquidation)",
            level=risk_ratio_word(speech, risk),
            was=then(was.risk_ratio if was else None),
        ),
        speech.text(
            "Distance to liquidation {level}{was}",
            level=_distance(speech, risk),
            was=then(was.distance if was else None),
        ),
    ]


def risk_ratio_word(speech: Speech, risk: AccountRisk) -> str:
    """The risk ratio of an account, also where there is no equity to divide by."""
    if risk.risk_ratio is None:
        return speech.text("above 100 %, no equity is left")
    return speech.percent(risk.risk_ratio)


def _distance(speech: Speech, risk: AccountRisk) -> str:
    if risk.distance is not None:
        return speech.text("{distance} of all prices together", distance=speech.percent(risk.distance))
    return no_distance_word(speech, risk)


def no_distance_word(speech: Speech, risk: AccountRisk) -> str:
    """Why an account has no distance: nothing is left, nobody tells it, or no move of all prices liquidates."""
    if risk.risk_ratio is None:
        return speech.text("none left")
    if risk.of_present_only:
        return speech.text("not known (the venue tells the present only)")
    return speech.text("out of reach")


def _worst_lines(speech: Speech, worst: WorstPosition | None) -> list[str]:
    """`Worst position: long 109.488 contracts BTC/USDT:USDT, PnL -56,354 USDT, 17 % of the maintenance margin`."""
    if worst is None:
        return []
    leg = worst.leg
    line = speech.text(
        "Worst position: {side} {size} {symbol}, PnL {pnl}",
        side=side_word(speech, leg.side),
        size=speech.contracts(leg.contracts),
        symbol=safe(leg.symbol),
        pnl=speech.money(leg.unrealized_pnl, safe(worst.pool.currency)),
    )
    if worst.share is None:
        return [line]
    share = speech.text("{share} of the maintenance margin", share=speech.percent(worst.share))
    return [speech.text("{first}, {second}", first=line, second=share)]


def _equity_lines(speech: Speech, risk: AccountRisk) -> list[str]:
    pool = worst_pool(risk)
    if pool is None:
        return []
    line = speech.text("Equity {money}", money=speech.money(pool.equity, safe(pool.currency)))
    if len(risk.pools) > 1:
        if pool.symbol:
            kind = speech.text("isolated {symbol}", symbol=safe(pool.symbol))
        else:
            kind = speech.text("cross {currency}", currency=safe(pool.currency))
        line = speech.text("{equity} (worst pool: {pool})", equity=line, pool=kind)
    if risk.margin_level is None:
        return [line]
    level = speech.text("margin level {figure}", figure=speech.percent(risk.margin_level))
    return [speech.text("{first}, {second} (equity / initial margin)", first=line, second=level)]


def _doubt_lines(speech: Speech, reading: Reading) -> list[str]:
    """What is wrong with the data behind the figures, if anything."""
    if reading.quality.quality is Quality.FRESH:
        return []
    quality = quality_word(speech, reading.quality.quality)
    return ["⚠️ " + speech.text("Data is {quality}: {why}", quality=quality, why=_doubts(speech, reading))]


def _doubts(speech: Speech, reading: Reading) -> str:
    why = "; ".join(speech.sentence(reason) for reason in reading.quality.reasons)
    return safe(why or speech.text("no detail"))


def _time_line(speech: Speech, reading: Reading) -> str:
    if reading.risk is None:
        return speech.text("Checked {moment}", moment=speech.moment(reading.at))
    age = speech.duration(reading.quality.age_s)
    return f"{speech.text('Data {age} old', age=age)} · {speech.moment(reading.at)}"


def _blind_lines(speech: Speech, reading: Reading, was: KnownLevels | None) -> list[str]:
    why = [speech.sentence(reading.reason)]
    if reading.error and reading.error not in reading.reason:
        why.append(speech.sentence(reading.error))
    shown = "; ".join(line for line in why if line) or speech.text("no detail")
    return [
        f"<b>{speech.text('The guard cannot see this account.')}</b>",
        speech.text("Why: {why}", why=safe(shown)),
        *_unread_lines(speech, reading, was),
        speech.text("While it is blind, no order is sent. Check the venue yourself."),
        speech.text("Checked {moment}", moment=speech.moment(reading.at)),
    ]


def _unread_lines(speech: Speech, reading: Reading, was: KnownLevels | None) -> list[str]:
    """Figures that are unknown say so; the last known ones never stand without their age."""
    lines = [speech.text("Risk ratio, distance and margin level now: unknown")]
    if was is None:
        return [*lines, speech.text("Nothing is known from before.")]
    parts = []
    if was.risk_ratio is not None:
        parts.append(speech.text("risk ratio {figure}", figure=speech.percent(was.risk_ratio)))
    if was.distance is not None:
        parts.append(speech.text("distance to liquidation {figure}", figure=speech.percent(was.distance)))
    if was.margin_level is not None:
        parts.append(speech.text("margin level {figure}", figure=speech.percent(was.margin_level)))
    figures = ", ".join(parts) or speech.text("no positions")
    age = speech.duration((reading.at - was.at).total_seconds())
    return [*lines, speech.text("Last known, {age} ago: {figures}", age=age, figures=figures)]


def render_dispute(speech: Speech, reason: AlertReason, reading: Reading) -> str:
    """The message that our figures and the venue's own do not, or again do, agree."""
    if reason is AlertReason.RESOLVED:
        head = f"🟢 <b>{speech.text('AGREES AGAIN')}</b> · {bold(reading.account)}"
        agree = speech.text("our figures and the venue's")
        return "\n".join([f"{head}: {agree}", _time_line(speech, reading)])
    return "\n".join(
        [
            f"⚠️ <b>{speech.text('DISPUTED')}</b> · {bold(reading.account)}",
            speech.text("Our figures and the venue's do not agree: {why}", why=_doubts(speech, reading)),
            speech.text("The worse of both counts; no order is sent until they agree."),
            _time_line(speech, reading),
        ]
    )


def render_undelivered(speech: Speech, destination: str, error: str, text: str, at: datetime) -> str:
    """The notice, on another channel, that a message could not be delivered; it carries the whole message."""
    head = speech.text("<b>NOT DELIVERED</b> to {destination}", destination=safe(destination))
    why = speech.text("Why: {why}", why=safe(speech.sentence(error)))
    return "\n".join([f"📭 {head}", why, speech.moment(at), "", text])
